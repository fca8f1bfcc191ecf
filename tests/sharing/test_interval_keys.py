"""The maximum flow of a quarter-hour, and its fair division."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from evenwatt.claims import constrained_equal_awards, constrained_equal_losses, proportional, talmud
from evenwatt.core.chance import stream
from evenwatt.core.errors import ProblemError
from evenwatt.sharing.flows import Flows
from evenwatt.sharing.interval_keys import best_flows, coefficients, fair_awards, fair_flows

RULES = [proportional, constrained_equal_awards, constrained_equal_losses, talmud]
TWO_PRODUCERS = np.array([[True, True, False], [False, False, True]])  # the note's example


def random_problem(rng, steps=6, producers=4, consumers=6, density=0.4):
    """Energies of whole Wh, some zero, and random links."""
    supply = rng.integers(0, 60, (steps, producers)) * (rng.random((steps, producers)) < 0.8)
    demand = rng.integers(0, 50, (steps, consumers)) * (rng.random((steps, consumers)) < 0.8)
    return supply, demand, rng.random((producers, consumers)) < density


def least_cut(supply, demand, links):
    """Maximum flow as the least cut over all sets of producers: those outside pay, consumers of the rest too."""
    cuts = []
    for chosen in product([False, True], repeat=len(links)):
        inside = np.array(chosen)
        reached = links[inside].any(axis=0)
        cuts.append(supply[:, ~inside].sum(axis=1) + demand[:, reached].sum(axis=1))
    return np.min(cuts, axis=0)


def test_the_note_s_example_flows_five():
    assert best_flows([[3, 2]], [[2, 2, 2]], links=TWO_PRODUCERS) == [5]


def test_flows_are_the_least_cut():
    rng = stream(0, "least cut")
    for _ in range(60):
        supply, demand, links = random_problem(rng, density=float(rng.uniform(0.1, 0.9)))
        assert (best_flows(supply, demand, links=links) == least_cut(supply, demand, links)).all()


def test_with_all_links_the_smaller_sum_flows():
    supply, demand, _ = random_problem(stream(1, "all links"))
    assert (best_flows(supply, demand) == np.minimum(supply.sum(axis=1), demand.sum(axis=1))).all()
    links = np.ones((4, 6), dtype=bool)
    assert (best_flows(supply, demand, links=links) == least_cut(supply, demand, links)).all()


@pytest.mark.parametrize("rule", RULES)
def test_awards_sum_to_the_maximum_flow_and_can_be_met(rule):
    rng = stream(2, "awards")
    for _ in range(25):
        supply, demand, links = random_problem(rng)
        awards = fair_awards(supply, demand, rule, links=links)
        assert awards.sum(axis=1) == pytest.approx(least_cut(supply, demand, links), abs=1e-6)
        assert (awards <= demand + 1e-9).all()
        for some in product([False, True], repeat=6):
            group = np.array(some)
            reach = links[:, group].any(axis=1)
            assert (awards[:, group].sum(axis=1) <= supply[:, reach].sum(axis=1) + 1e-4).all()


@pytest.mark.parametrize("rule", RULES)
def test_with_all_links_the_division_is_the_rule(rule):
    supply, demand, _ = random_problem(stream(3, "the rule"))
    endowment = np.minimum(supply.sum(axis=1), demand.sum(axis=1)).astype(float)
    expected = rule(endowment, demand.astype(float))
    assert fair_awards(supply, demand, rule) == pytest.approx(expected, abs=1e-9)


def test_equal_awards_are_the_lexicographically_largest():
    """Held against raising everyone's level together and stopping those whom a cut stops."""
    rng = stream(4, "lexicographic")
    for _ in range(40):
        supply, demand, links = random_problem(rng, steps=1, consumers=5)
        awards = fair_awards(supply, demand, constrained_equal_awards, links=links)
        assert awards[0] == pytest.approx(levels(supply[0], demand[0], links, np.ones(5)), abs=1e-4)


def test_proportional_awards_are_the_lexicographically_largest_coverages():
    rng = stream(5, "coverages")
    for _ in range(40):
        supply, demand, links = random_problem(rng, steps=1, consumers=5)
        demand += 1
        awards = fair_awards(supply, demand, proportional, links=links)
        assert awards[0] == pytest.approx(levels(supply[0], demand[0], links, demand[0]), abs=1e-4)


def levels(supply, demand, links, speed):
    """Raise awards at given speeds; at every stop the tightest set of consumers stays where it is."""
    sets = [np.array(some) for some in product([False, True], repeat=demand.size) if any(some)]
    room = {}
    for group in sets:
        subsets = product(*[[False, True] if inside else [False] for inside in group])
        # What a group can have: for any part of it the supply of its producers, the others their demand.
        room[group.tobytes()] = min(
            supply[links[:, np.array(part)].any(axis=1)].sum() + demand[group & ~np.array(part)].sum()
            for part in subsets
        )
    awards, fixed = np.zeros(demand.size), np.zeros(demand.size, dtype=bool)
    while not fixed.all():
        stops = [
            ((room[group.tobytes()] - awards[group & fixed].sum()) / speed[group & ~fixed].sum(), group)
            for group in sets
            if (group & ~fixed).any()
        ]
        level = min(stop for stop, _ in stops)
        stopped = np.any([group for stop, group in stops if stop <= level + 1e-9], axis=0) & ~fixed
        awards[stopped] = level * speed[stopped]
        fixed |= stopped
    return awards


@pytest.mark.parametrize("rule", RULES)
def test_equals_are_treated_equally(rule):
    rng = stream(6, "equals")
    for _ in range(25):
        supply, demand, links = random_problem(rng)
        demand[:, 3], links[:, 3] = demand[:, 1], links[:, 1]
        awards = fair_awards(supply, demand, rule, links=links)
        assert awards[:, 1] == pytest.approx(awards[:, 3], abs=1e-4)


@pytest.mark.parametrize("rule", RULES)
def test_flows_are_conserved_capped_on_links_and_maximal(rule):
    rng = stream(7, "flows")
    for _ in range(25):
        supply, demand, links = random_problem(rng)
        flows = fair_flows(supply, demand, rule, links=links)
        assert (flows.by_producer() <= supply).all()
        assert (flows.by_consumer() <= demand).all()
        assert (flows.wh.sum(axis=1) == least_cut(supply, demand, links)).all()
        assert links[flows.links[:, 0], flows.links[:, 1]].all()


@pytest.mark.parametrize("rule", RULES)
def test_both_sides_of_the_flows_are_the_rule_s_to_the_whole(rule):
    rng = stream(8, "both sides")
    for _ in range(25):
        supply, demand, links = random_problem(rng)
        flows = fair_flows(supply, demand, rule, links=links)
        got, gave = (
            fair_awards(supply, demand, rule, links=links),
            fair_awards(demand, supply, rule, links=links.T),
        )
        assert (np.abs(flows.by_consumer() - got) < 1 + 1e-5).all()
        assert (np.abs(flows.by_producer() - gave) < 1 + 1e-5).all()


def test_pairs_are_proportional_where_everyone_may_share():
    flows = fair_flows([[300, 100]], [[100, 300]], proportional)
    assert flows.dense().tolist() == [[[75, 225], [25, 75]]]


def test_coefficients_give_the_flows_back():
    supply, demand, links = random_problem(stream(9, "coefficients"))
    flows = fair_flows(supply, demand, proportional, links=links)
    filed = coefficients(flows, supply)
    assert flows.total > 0
    assert (filed * supply[:, flows.links[:, 0]]).round(6).tolist() == flows.wh.tolist()
    assert (np.bincount(flows.links[:, 0], filed[0], len(links)) <= 1 + 1e-12).all()


def test_coefficients_of_more_than_there_was_are_refused():
    flows = Flows(np.array([[0, 0]]), np.array([[30]]), producers=1, consumers=1)
    with pytest.raises(ProblemError, match="interval 0: producer 0 gave 30 of 20 Wh"):
        coefficients(flows, [[20]])


@pytest.mark.parametrize(
    ("supply", "demand", "links"),
    [
        ([[5]], [[7]], [[False]]),
        (np.zeros((3, 2), int), np.ones((3, 2), int), np.ones((2, 2), bool)),
        (np.ones((3, 2), int), np.zeros((3, 2), int), np.eye(2, dtype=bool)),
        (np.zeros((0, 2), int), np.zeros((0, 3), int), np.ones((2, 3), bool)),
        (np.ones((2, 0), int), np.ones((2, 3), int), np.ones((0, 3), bool)),
        (np.ones((2, 2), int), np.ones((2, 0), int), np.ones((2, 0), bool)),
    ],
)
def test_where_nothing_can_flow_nothing_does(supply, demand, links):
    assert not best_flows(supply, demand, links=np.array(links)).any()
    assert fair_flows(supply, demand, proportional, links=np.array(links)).total == 0


def test_large_energies_stay_exact():
    supply, demand = np.array([[10**11, 7]]), np.array([[10**11 - 1, 10**11]])
    links = np.array([[True, False], [False, True]])
    flows = fair_flows(supply, demand, proportional, links=links)
    assert flows.by_consumer().tolist() == [[10**11 - 1, 7]]


def test_a_rule_that_does_not_divide_is_named():
    with pytest.raises(ProblemError, match=r"divide: awards \[0\.0, 0\.0\] of 3 Wh"):
        fair_awards([[3]], [[2, 2]], lambda endowment, claims: 0 * claims)


def test_faults_of_shape_are_named_together():
    with pytest.raises(ProblemError, match=r"2 faults\n.*intervals.*\n.*links"):
        best_flows([[3]], [[2], [2]], links=[[1, 1]])
