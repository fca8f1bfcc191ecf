"""Which flows, where everybody values several alike: feasible, worth the same, nearest to proportional, unique."""

from __future__ import annotations

import clarabel
import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csc_array

from evenwatt.bargaining.transport.conic import solve_conic
from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.bargaining.transport.selection import proportional_flows
from evenwatt.core.errors import ProblemError


def kept_rows(problem, row):
    """What must not change, as rows over the links: totals of both ends and the agents' utilities."""
    s, n = problem.suppliers, problem.agents
    sold, bought = np.kron(np.eye(s), np.ones(n)), np.kron(np.ones(s), np.eye(n))
    return np.vstack([sold, bought, bought * (problem.gain[row] / np.abs(problem.gain[row]).max()).ravel()])


def corner(problem, row, flows, rng):
    """Other flows that keep all of it, at a random corner."""
    kept = kept_rows(problem, row)
    bounds = [(0, top) for top in problem.most[row].ravel()]
    found = linprog(rng.normal(size=flows.size), A_eq=kept, b_eq=kept @ flows.ravel(), bounds=bounds)
    # Within its bounds exactly, as flows must be.
    return np.clip(found.x.reshape(flows.shape), 0, problem.most[row])


def nearest(problem, row, flows):
    """The same programme by a general solver."""
    kept = kept_rows(problem, row)
    weight = np.outer(flows.sum(axis=1), flows.sum(axis=0)).ravel() / flows.sum()
    size = flows.size
    matrix = np.vstack([kept, np.eye(size), -np.eye(size)])
    bounds = np.concatenate([kept @ flows.ravel(), problem.most[row].ravel(), np.zeros(size)])
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    cones = [clarabel.ZeroConeT(len(kept)), clarabel.NonnegativeConeT(2 * size)]
    quadratic = csc_array(np.diag(1 / weight))
    solver = clarabel.DefaultSolver(quadratic, np.zeros(size), csc_array(matrix), bounds, cones, settings)
    return np.array(solver.solve().x).reshape(flows.shape)


def grouped(random_bargains, count, suppliers, agents):
    """One price, limits on most links, and fees of two levels: few flows are unique."""
    rng = np.random.default_rng(5)
    problem = random_bargains(count, suppliers, agents, one_price=True)
    fee = 6.0 * rng.integers(0, 2, (count, suppliers, 1))
    limit = problem.most * rng.uniform(0.3, 1.0, problem.most.shape)
    return problem.changed(disagreement=0, charge=np.broadcast_to(fee, limit.shape), limit=limit)


def test_one_price_gives_exactly_the_product_of_totals(random_bargains) -> None:
    problem = random_bargains(200, 4, 8, one_price=True)
    flows = solve_conic(problem).flows
    chosen = proportional_flows(problem, flows)
    sold, bought = flows.sum(axis=2), flows.sum(axis=1)
    product = sold[:, :, None] * bought[:, None, :] / sold.sum(axis=1)[:, None, None]
    assert chosen.moved.all()
    assert chosen.flows == pytest.approx(product, rel=1e-13)


def test_generic_prices_leave_nothing_to_choose(random_bargains) -> None:
    problem = random_bargains(100, 4, 8)
    flows = solve_conic(problem).flows
    chosen = proportional_flows(problem, flows)
    assert chosen.settled.all()
    assert not chosen.moved.any()
    assert (chosen.flows == flows).all()


def test_nothing_that_counts_is_changed(random_bargains) -> None:
    problem = grouped(random_bargains, 60, 4, 8)
    flows = solve_conic(problem).flows
    chosen = proportional_flows(problem, flows)
    assert chosen.moved.mean() > 0.5
    assert problem.utilities(chosen.flows) == pytest.approx(problem.utilities(flows), rel=1e-12)
    assert chosen.flows.sum(axis=1) == pytest.approx(flows.sum(axis=1), rel=1e-12)
    assert chosen.flows.sum(axis=2) == pytest.approx(flows.sum(axis=2), rel=1e-12)
    assert chosen.flows.min() >= 0
    assert (chosen.flows <= np.maximum(problem.most, flows)).all()


def test_the_choice_does_not_depend_on_where_it_starts(random_bargains) -> None:
    problem = grouped(random_bargains, 30, 3, 6)
    rng = np.random.default_rng(1)
    start = proportional_flows(problem, solve_conic(problem).flows).flows
    elsewhere = np.array([corner(problem, row, start[row], rng) for row in range(30)])
    assert np.abs(elsewhere - start).max() > 1  # the corners are somewhere else indeed
    chosen = proportional_flows(problem, elsewhere, links=problem.most > 0)
    assert chosen.settled.all()
    assert chosen.flows == pytest.approx(start, abs=1e-5)


def test_the_choice_is_the_nearest_to_proportional(random_bargains) -> None:
    problem = grouped(random_bargains, 10, 3, 5)
    flows = solve_conic(problem).flows
    chosen = proportional_flows(problem, flows, links=problem.most > 0).flows
    for row in range(10):
        assert chosen[row] == pytest.approx(nearest(problem, row, chosen[row]), abs=1e-5)


def test_a_limit_in_the_way_is_met_exactly() -> None:
    problem = TransportBargain(
        [6, 3], [4, 5], cost=[40, 50], offer=[70, 70], willingness=[120, 110], limit=[[2, 9], [9, 9]]
    )
    chosen = proportional_flows(problem, [[1.9, 4.1], [2.1, 0.9]])
    assert chosen.flows == pytest.approx(np.array([[2, 4], [2, 1]]), rel=1e-12)


def test_flows_of_another_shape_are_refused() -> None:
    problem = TransportBargain([6, 3], [4, 5], cost=[40, 50], offer=[70, 70], willingness=[120, 110])
    with pytest.raises(ProblemError, match=r"flows: shape \(2, 3\); expected \(2, 2\)"):
        proportional_flows(problem, np.zeros((2, 3)))


@pytest.mark.parametrize(("suppliers", "agents"), [(1, 1), (1, 4), (4, 1)])
def test_one_end_alone_leaves_nothing_to_choose(suppliers, agents) -> None:
    offers = {"cost": np.ones(suppliers), "offer": np.full(suppliers, 2.0)}
    problem = TransportBargain(
        np.ones(suppliers), np.ones(agents), **offers, willingness=np.full(agents, 3.0)
    )
    flows = np.full((suppliers, agents), 0.25)
    chosen = proportional_flows(problem, flows)
    assert chosen.settled
    assert chosen.flows == pytest.approx(flows, rel=1e-14)


def test_no_flow_stays_no_flow() -> None:
    problem = TransportBargain([0.0, 3], [0.0], cost=[1, 1], offer=[2, 2], willingness=[3])
    chosen = proportional_flows(problem, [[0.0], [0.0]])
    assert chosen.settled
    assert not chosen.moved
    assert (chosen.flows == 0).all()
