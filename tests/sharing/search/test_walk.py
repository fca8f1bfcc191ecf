"""Whatever moves a search makes, it stands on legal keys and knows to the watt-hour what they share."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.sharing.search import proportional
from evenwatt.sharing.search.ground import ground
from evenwatt.sharing.search.state import State, states
from evenwatt.sharing.search.walk import Walk, chance

_spec = importlib.util.spec_from_file_location("reference", Path(__file__).parents[1] / "reference.py")
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)


def worth_by_the_book(held, state, quantum):
    """Worth of a state, replayed by the slow rule; only the intervals that a search keeps."""
    producers = len(held.allowed)
    flows, _, _ = reference.replay(
        held.supply.astype(np.int64),
        held.demand_rows.T.astype(np.int64),
        state.keys(producers),
        state.priority(producers),
        held.rounds,
        quantum,
    )
    lost = held.pull * np.abs(state.keys(producers) - held.current).sum() if held.pull else 0.0
    return float((flows.sum(axis=0) * held.value.T).sum()) - lost


@st.composite
def problems(draw):
    """A small group with zeros, ties and plenty, whole Wh that need not be multiples of the floor."""
    producers, consumers, steps = draw(st.integers(1, 4)), draw(st.integers(1, 6)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scale = draw(st.sampled_from([30, 400, 5000]))
    supply = rng.integers(0, scale, (steps, producers)) * (rng.random((steps, producers)) < 0.8)
    demand = rng.integers(0, scale, (steps, consumers)) * (rng.random((steps, consumers)) < 0.8)
    links = rng.random((producers, consumers)) < draw(st.sampled_from([0.5, 1.0]))
    return supply, demand, links, draw(st.integers(1, 3)), rng


@given(
    problem=problems(),
    rounds=st.sampled_from([1, 2, 3, 5, None]),
    quantum=st.sampled_from([1, 7, 10]),
    heat=st.sampled_from([0.0, 50.0, np.inf]),
    objective=st.sampled_from(["shared", "value", "pull"]),
)
def test_what_a_search_believes_equals_a_replay_by_the_book(
    problem, rounds, quantum, heat, objective
) -> None:
    supply, demand, links, most, rng = problem
    value = rng.integers(1, 9, links.shape) * 1.0 if objective == "value" else None
    pull = 0.25 if objective == "pull" else 0.0
    current = np.full(links.shape, 700)
    held = ground(
        supply,
        demand,
        rounds=rounds,
        quantum=quantum,
        links=links,
        value=value,
        pull=pull,
        current=current,
    )
    start = proportional(supply, demand, links=links, max_links=most)
    walk = Walk(held, states(start, held.allowed, min(most, len(links)))[0], 3)
    assert walk.worth == pytest.approx(worth_by_the_book(held, walk.here, quantum), rel=1e-12, abs=1e-6)
    for first in (0, 40, 80):
        walk.move(first, 40, heat=heat)
        assert walk.worth == pytest.approx(worth_by_the_book(held, walk.here, quantum), rel=1e-11, abs=1e-6)
        assert walk.best_worth == pytest.approx(
            worth_by_the_book(held, walk.best, quantum), rel=1e-11, abs=1e-6
        )


@pytest.mark.parametrize("rounds", [1, 4, 20])
def test_a_long_walk_that_accepts_everything_still_knows_its_total_to_the_watt_hour(rounds) -> None:
    rng = np.random.default_rng(5)
    supply, demand = rng.integers(0, 9000, (12, 4)), rng.integers(0, 3000, (12, 9))
    held = ground(supply, demand, rounds=rounds, quantum=10)
    walk = Walk(held, states(proportional(supply, demand, max_links=3), held.allowed, 3)[0], 8)
    seen = set()
    for first in range(0, 3000, 500):
        walk.move(first, 500, heat=np.inf)
        assert walk.worth == worth_by_the_book(held, walk.here, 10)
        seen.add(walk.worth)
    assert len(seen) > 3


@given(problem=problems(), seed=st.integers(0, 1000))
def test_no_move_breaks_a_budget_a_limit_or_a_link_that_is_not_allowed(problem, seed) -> None:
    supply, demand, links, most, _ = problem
    held = ground(supply, demand, rounds=3, quantum=10, links=links)
    start = proportional(supply, demand, links=links, max_links=most)
    walk = Walk(held, states(start, held.allowed, min(most, len(links)))[0], seed)
    for first in range(0, 1500, 300):
        walk.move(first, 300, heat=np.inf)
        assert_legal(walk.here, held.allowed, most)


def test_thousands_of_moves_move_keys_priorities_and_links() -> None:
    rng = np.random.default_rng(2)
    supply, demand = rng.integers(0, 900, (3, 6)), rng.integers(0, 300, (3, 8))
    held = ground(supply, demand, rounds=2, quantum=10)
    start = states(proportional(supply, demand, max_links=3), held.allowed, 3)[0]
    walk = Walk(held, start, 1)
    linked = np.zeros(held.allowed.shape, dtype=bool)
    orders = set()
    for first in range(0, 5000, 250):
        walk.move(first, 250, heat=np.inf)
        assert_legal(walk.here, held.allowed, 3)
        linked |= walk.here.priority(6) > 0
        orders.add(tuple(walk.here.order[0]))
    assert linked.all()
    assert len(orders) > 5
    assert (walk.here.keys(6) != start.keys(6)).any()


def assert_legal(state: State, allowed, most) -> None:
    """Budgets, links and the order of priority are what the rule allows."""
    producers = len(allowed)
    keys = state.keys(producers)
    assert (state.share >= 0).all()
    assert (keys.sum(axis=1) <= 10_000).all()
    assert (state.share[state.order < 0] == 0).all()
    for row in state.order:
        linked = row[row >= 0]
        assert (row[: len(linked)] >= 0).all(), "padding stands at the end"
        assert len(set(linked)) == len(linked) <= most
    assert allowed[keys > 0].all()
    assert keys.sum() == state.share.sum()


def test_moves_that_neither_gain_nor_lose_are_kept() -> None:
    # One consumer that wants nothing and one that wants all: keys wander between two that are always full.
    supply, demand = np.array([[1000]]), np.array([[10, 10, 400]])
    held = ground(supply, demand, rounds=1, quantum=10)
    walk = Walk(held, states(([[2000, 2000, 6000]], [[1, 1, 1]]), held.allowed, 1)[0], 4)
    assert walk.worth == 420
    walk.move(0, 200)
    assert walk.worth == 420
    assert (walk.here.share != [[2000], [2000], [6000]]).any()


def test_chance_of_a_move_does_not_depend_on_the_batch() -> None:
    whole = chance(11, 0, 100)
    assert (np.vstack([chance(11, 0, 1), chance(11, 1, 36), chance(11, 37, 63)]) == whole).all()
    assert (chance(12, 0, 100) != whole).any()
