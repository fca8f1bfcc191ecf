"""The conic solver: the worked example by hand, its own optimality conditions, and who can gain at all."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from evenwatt.bargaining.transport.conic import agreeable, solve_conic
from evenwatt.bargaining.transport.problem import TransportBargain


def batch(problem, **parts):
    """One bargain as a batch of one, some of its parts replaced."""
    return problem.changed(**parts).flat


@pytest.mark.parametrize(
    ("parts", "flows", "gains"),
    [
        ({}, [[524 / 70, 10 - 524 / 70], [0, 6]], [300, 120, 359.314286, 262]),
        (
            {"weights": [1, 1, 1, 2]},
            [[524 / 105, 10 - 524 / 105], [0, 6]],
            [300, 120, 239.542857, 349.333333],
        ),
        ({"weights": [5, 1, 1, 1]}, [[524 / 70, 10 - 524 / 70], [0, 6]], [300, 120, 359.314286, 262]),
        # With link 11 limited agent 1 buys of supplier 2: 36 (314 - 29 x) = 29 (288 + 36 x).
        (
            {"limit": [[6, np.inf], [np.inf, np.inf]]},
            [[6, 4], [2952 / 2088, 6 - 2952 / 2088]],
            [300, 120, 288 + 36 * 2952 / 2088, 314 - 29 * 2952 / 2088],
        ),
        ({"limit": [[6, np.inf], [0, np.inf]]}, [[6, 4], [0, 6]], [300, 120, 288, 314]),
    ],
)
def test_worked_example_is_met_in_every_row(worked, parts, flows, gains) -> None:
    problem = batch(worked, **parts)
    found = solve_conic(problem)
    assert found.solved.all()
    assert found.flows[0] == pytest.approx(np.array(flows), abs=1e-4)
    assert problem.utilities(found.flows)[0] == pytest.approx(gains, rel=1e-5)


def test_worked_multipliers_are_in_natural_units(worked) -> None:
    found = solve_conic(worked.flat).multipliers
    assert found.capacity[0] == pytest.approx([0.0583968, 0.0693384], rel=1e-5)
    assert found.demand[0] == pytest.approx([0, 0], abs=1e-7)
    # What agent 1 would have to gain more on a unit of supplier 2: 29 / (4 * 262) - 36 / (4 * 359.314286).
    assert found.flow[0] == pytest.approx(np.array([[0, 0], [0.00262405, 0]]), abs=2e-8)
    # y'(A x - d) = sum of weights = 1, so the prices of the ends pay for it all.
    assert found.capacity[0] @ [10, 6] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("suppliers", "agents", "one_price"), [(3, 6, False), (4, 8, True), (1, 5, False), (6, 1, True)]
)
def test_optimality_conditions_hold(random_bargains, suppliers, agents, one_price) -> None:
    problem = random_bargains(20, suppliers, agents, seed=4, one_price=one_price)
    rng = np.random.default_rng(2)
    problem = problem.changed(
        limit=np.where(rng.random(problem.gain.shape) < 0.8, problem.most * 0.2, np.inf)
    )
    found = solve_conic(problem)
    assert found.solved.all()
    many, prices = found.multipliers, found.prices
    worth = (
        problem.margin[:, :, None] * prices[:, :suppliers, None] + problem.gain * prices[:, None, suppliers:]
    )
    rest = worth - many.capacity[:, :, None] - many.demand[:, None, :] - many.limit + many.flow
    assert np.abs(rest).max() <= 1e-8 * worth.max()
    gains = problem.utilities(found.flows) - problem.disagreement
    weights = problem.weights / problem.weights.sum(axis=-1, keepdims=True)
    assert prices * gains == pytest.approx(weights, rel=1e-3)
    assert min(part.min() for part in (many.capacity, many.demand, many.limit, many.flow)) >= 0
    assert np.abs(many.flow * found.flows).max() <= 1e-8
    assert np.abs(many.limit * (problem.most - found.flows)).max() <= 1e-8
    assert many.limit.max() > 1e-4  # some limit binds


def test_nobody_could_propose_a_change_with_relative_gain(random_bargains) -> None:
    # The second check, which knows no multipliers: max over flows of sum w (A x - d) / u* is 1.
    problem = random_bargains(5, 3, 4, seed=8)
    gains = problem.utilities(solve_conic(problem).flows) - problem.disagreement
    weights = problem.weights / problem.weights.sum(axis=-1, keepdims=True)
    price = weights / gains
    for row in range(5):
        worth = problem.margin[row][:, None] * price[row][:3, None] + problem.gain[row] * price[row][3:]
        ends = np.vstack([np.kron(np.eye(3), np.ones(4)), np.kron(np.ones(3), np.eye(4))])
        room = np.concatenate([problem.capacity[row], problem.demand[row]])
        best = -linprog(-worth.ravel(), A_ub=ends, b_ub=room).fun
        assert best - price[row] @ problem.disagreement[row] == pytest.approx(1, abs=1e-5)


def test_a_player_left_out_only_keeps_its_floor(worked) -> None:
    problem = batch(worked, disagreement=[0, 0, 300, 0])
    found = solve_conic(problem, outside=[[False, False, True, False]])
    utilities = problem.utilities(found.flows)[0]
    # Agent 2 would take 12 of the 16; agent 1 is left its floor.
    assert utilities[2] == pytest.approx(300, abs=1e-5)
    assert utilities[3] == pytest.approx(35 * (10 - 300 / 48) + 29 * 6, rel=1e-6)
    assert found.prices[0, 2] > 0


def test_closed_links_stay_empty_and_are_priced() -> None:
    problem = TransportBargain(
        [[10, 6, 0]],
        [8, 12, 0],
        cost=[40, 60, 50],
        offer=[70, 80, 70],
        willingness=[120, 110, 100],
        limit=[[np.inf, 0, 5], [3, np.inf, 5], [5, 5, 5]],
    )
    found = solve_conic(problem)
    assert found.solved.all()
    assert (found.flows[problem.most == 0] == 0).all()
    many, s = found.multipliers, 3
    worth = problem.margin[:, :, None] * found.prices[:, :s, None] + problem.gain * found.prices[:, None, s:]
    lacking = worth - many.capacity[:, :, None] - many.demand[:, None, :] - many.limit
    assert lacking.max() <= 1e-8  # nothing closed looks worth opening at these prices


def test_no_open_link_moves_nothing() -> None:
    found = solve_conic(TransportBargain([[5.0]], [0.0], cost=[3.0], offer=[4.0], willingness=[5.0]))
    assert found.solved.all()
    assert found.flows.sum() == 0


def test_an_empty_batch_has_empty_answers() -> None:
    problem = TransportBargain(
        np.zeros((0, 2)), np.zeros((0, 3)), cost=[1, 1], offer=[2, 2], willingness=[3, 3, 3]
    )
    assert solve_conic(problem).flows.shape == (0, 2, 3)
    assert [part.shape for part in agreeable(problem)] == [(0,), (0, 5)]


def test_what_cannot_please_all_has_no_common_gain(worked) -> None:
    common, reachable = agreeable(batch(worked, disagreement=[200, 0, 320, 320]))
    assert common[0] < -1e-3
    assert np.isnan(reachable).all()


def test_common_gain_is_reached_and_no_more(random_bargains) -> None:
    problem = random_bargains(6, 3, 4, seed=3)
    common, _ = agreeable(problem)
    assert (common > 0).all()
    # The interior exists, so the bargain with every disagreement raised by less than that is solvable.
    margin, gain = problem.margin[:, :, None] * problem.most, problem.gain * problem.most
    stakes = np.concatenate([margin.max(axis=2), gain.max(axis=1)], axis=-1)
    raised = problem.changed(disagreement=problem.disagreement + 0.99 * common[:, None] * stakes)
    beyond = problem.changed(disagreement=problem.disagreement + 1.01 * common[:, None] * stakes)
    assert solve_conic(raised).solved.all()
    assert (agreeable(beyond)[0] < 0).all()


def test_who_cannot_gain_is_told_from_who_can() -> None:
    problem = TransportBargain([[5.0, 4.0]], [4.0], cost=[3.0, 2.0], offer=[3.0, 3.0], willingness=[5.0])
    common, reachable = agreeable(problem)
    assert common[0] == pytest.approx(0, abs=1e-9)
    assert reachable[0] == pytest.approx([0, 4, 8])
