"""Kalai-Smorodinsky and egalitarian over flows: by hand, by brute force on tiny bargains, and efficient."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from evenwatt.bargaining.transport.compromise import egalitarian_flows, kalai_smorodinsky_flows
from evenwatt.bargaining.transport.problem import TransportBargain

RULES = [kalai_smorodinsky_flows, egalitarian_flows]


def levels(found):
    """What the rule compares: gains by ideal gain, or by weight."""
    problem = found.problem
    if np.allclose(found.common, (found.gains / found.ideal).min(axis=-1)):
        return found.gains / found.ideal
    return found.gains / (problem.weights / problem.weights.mean(axis=-1, keepdims=True))


def most_in_all(problem, row, unit, level):
    """The largest sum of gains while everybody has ``level``, by another solver; gains in ``unit``."""
    s, n = problem.suppliers, problem.agents
    worth = np.zeros((s + n, s, n))
    worth[np.arange(s), np.arange(s)] = problem.margin[row][:, None]
    worth[s + np.arange(n), :, np.arange(n)] = problem.gain[row].T
    worth = worth.reshape(s + n, -1) / unit[:, None]
    ends = np.vstack([np.kron(np.eye(s), np.ones(n)), np.kron(np.ones(s), np.eye(n))])
    room = np.concatenate([problem.capacity[row], problem.demand[row]])
    floor = problem.disagreement[row] / unit + level
    bounds = [(0, top) for top in problem.most[row].ravel()]
    found = linprog(
        -worth.sum(axis=0),
        A_ub=np.vstack([ends, -worth]),
        b_ub=np.concatenate([room, -floor]),
        bounds=bounds,
    )
    return -found.fun - (problem.disagreement[row] / unit).sum() if found.success else -np.inf


def grid_of_flows(problem, steps):
    """All flows of one small bargain on a grid, (M, S, N)."""
    axes = [np.linspace(0, top, steps) for top in problem.most.ravel()]
    flows = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, *problem.most.shape)
    fits = (flows.sum(axis=2) <= problem.capacity + 1e-9).all(axis=1)
    return flows[fits & (flows.sum(axis=1) <= problem.demand + 1e-9).all(axis=1)]


def test_kalai_smorodinsky_is_met_by_hand(worked) -> None:
    # Both suppliers sell out; q kWh of supplier 1 to agent 1: 48 q / 384 = (524 - 35 q) / 408.
    found = kalai_smorodinsky_flows(worked)
    q = 524 * 384 / (48 * 408 + 35 * 384)
    assert found.ideal == pytest.approx([300, 120, 384, 408])
    assert found.gains == pytest.approx([300, 120, 48 * q, 524 - 35 * q])
    assert found.common == pytest.approx(48 * q / 384)


def test_egalitarian_is_met_by_hand(worked) -> None:
    # Supplier 2 holds all back at 120; then supplier 1 at 300; the agents share alike: 48 q = 524 - 35 q.
    found = egalitarian_flows(worked)
    assert found.gains == pytest.approx([300, 120, 48 * 524 / 83, 48 * 524 / 83])
    assert found.common == pytest.approx(120)


def test_weights_set_the_pace_of_egalitarian_gains(worked) -> None:
    found = egalitarian_flows(worked.changed(weights=[1, 1, 3, 2], disagreement=[0, 0, 10, 20]))
    assert found.gains[2] == pytest.approx(1.5 * found.gains[3])


@pytest.mark.parametrize(("suppliers", "agents"), [(1, 2), (2, 1), (1, 3)])
@pytest.mark.parametrize("rule", RULES)
def test_brute_force_finds_nothing_that_comes_before(random_bargains, rule, suppliers, agents) -> None:
    batch = random_bargains(4, suppliers, agents, seed=12)
    for row in range(4):
        problem = TransportBargain(
            **{
                name: getattr(batch, name)[row]
                for name in ("capacity", "demand", "cost", "offer", "willingness")
            },
            **{name: getattr(batch, name)[row] for name in ("charge", "disagreement", "weights")},
        )
        found = rule(problem)
        unit = found.gains / levels(found)
        gains = problem.utilities(grid_of_flows(problem, 60 if agents == 3 else 300)) - problem.disagreement
        tried = np.sort(gains / unit, axis=-1)
        best, ours = tried[np.lexsort(tried.T[::-1])[-1]], np.sort(levels(found))
        # The grid comes near from below: at the first level that differs, ours is the higher one.
        first = np.flatnonzero(np.abs(best - ours) > 1e-9 * ours)
        assert not first.size or best[first[0]] < ours[first[0]]
        assert best[0] >= ours[0] - 0.03 * ours.max()


@pytest.mark.parametrize("rule", RULES)
def test_the_common_level_is_the_highest_and_nothing_is_wasted(random_bargains, rule) -> None:
    problem = random_bargains(8, 3, 5, seed=9)
    found = rule(problem)
    reached = levels(found)
    assert (found.status == "optimal").all()
    assert reached.min(axis=-1) == pytest.approx(found.common, rel=1e-9)
    for row in range(8):
        unit = found.gains[row] / reached[row]
        assert most_in_all(problem, row, unit, found.common[row] * (1 + 1e-6)) == -np.inf
        # Efficient: with everybody at what it has, the sum cannot rise.
        most = most_in_all(problem, row, unit, reached[row] * (1 - 1e-9))
        assert most == pytest.approx(reached[row].sum(), rel=1e-6)


@pytest.mark.parametrize("rule", RULES)
def test_flows_stay_within_capacities_demands_and_limits(random_bargains, rule) -> None:
    problem = random_bargains(10, 3, 4, seed=5, one_price=True)
    problem = problem.changed(limit=problem.most * 0.6)
    found = rule(problem)
    assert found.flows.min() >= 0
    assert (found.flows <= problem.limit).all()
    assert (found.flows.sum(axis=2) <= problem.capacity * (1 + 1e-12)).all()
    assert (found.flows.sum(axis=1) <= problem.demand * (1 + 1e-12)).all()
    assert problem.utilities(found.flows) == pytest.approx(found.utilities)


@pytest.mark.parametrize("rule", RULES)
def test_who_cannot_gain_is_named_and_does_not_stop_the_others(rule) -> None:
    problem = TransportBargain(
        [[5.0, 4.0]], [4.0, 4.0], cost=[3.0, 2.0], offer=[3.0, 3.0], willingness=[5.0, 5.0]
    )
    found = rule(problem)
    assert found.status.tolist() == ["no_gain"]
    assert found.reasons == {0: "supplier 0 cannot gain"}
    assert found.gains[0, 0] == 0
    assert found.gains[0, 1:] == pytest.approx([4, 8, 8])


@pytest.mark.parametrize("rule", RULES)
def test_degenerate_bargains_have_named_answers(worked, rule) -> None:
    asked = rule(worked.changed(disagreement=[0, 0, 320, 320]))
    assert (asked.status, asked.reasons) == (
        "no_agreement",
        {0: "no flows give everybody its disagreement utility"},
    )
    assert asked.utilities.tolist() == [0, 0, 320, 320]
    closed = rule(worked.changed(capacity=[0, 0]))
    assert closed.status == "nothing_to_trade"
    assert closed.flows.sum() == 0


@pytest.mark.parametrize("rule", RULES)
def test_a_player_without_a_link_is_no_obstacle(worked, rule) -> None:
    found = rule(worked.changed(demand=[8, 0]))
    assert found.status == "optimal"
    assert found.gains[3] == 0
    assert found.gains[:3].min() > 0


def test_scaling_one_players_money_does_not_move_kalai_smorodinsky_flows(random_bargains) -> None:
    problem = random_bargains(6, 2, 3, seed=7)
    # Supplier 0's gains ten times as large: an affine change of its utility.
    dearer = problem.cost - np.array([9.0, 0.0]) * problem.margin
    point = problem.disagreement * np.array([10.0, 1, 1, 1, 1])
    found = kalai_smorodinsky_flows(problem)
    scaled = kalai_smorodinsky_flows(problem.changed(cost=dearer, disagreement=point))
    assert scaled.gains[:, 1:] == pytest.approx(found.gains[:, 1:], rel=1e-7)
    assert scaled.gains[:, 0] == pytest.approx(10 * found.gains[:, 0], rel=1e-7)
