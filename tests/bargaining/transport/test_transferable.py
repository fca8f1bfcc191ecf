"""With side payments: the printed transfers, the surplus by a second solver, and rents that prove it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.bargaining.transport.transferable import solve_with_transfers


def surplus_by_programme(problem, row):
    s, n = problem.suppliers, problem.agents
    ends = np.vstack([np.kron(np.eye(s), np.ones(n)), np.kron(np.ones(s), np.eye(n))])
    room = np.concatenate([problem.capacity[row], problem.demand[row]])
    bounds = [(0, top) for top in problem.most[row].ravel()]
    return -linprog(-problem.joint_gain[row].ravel(), A_ub=ends, b_ub=room, bounds=bounds).fun


def varied(random_bargains, kind, suppliers, agents):
    """Bargains of one kind, in which some links lose and no one has anything outside."""
    rng = np.random.default_rng(6)
    problem = random_bargains(25, suppliers, agents, seed=1, one_price=kind != "fees").changed(disagreement=0)
    problem = problem.changed(cost=problem.cost + 50)
    if kind == "ties":
        return problem.changed(cost=np.round(problem.cost, -1), willingness=np.round(problem.willingness, -1))
    if kind == "limits":
        share = rng.uniform(0, 1, problem.most.shape) * rng.integers(0, 2, problem.most.shape)
        return problem.changed(limit=np.where(rng.random(share.shape) < 0.5, share * problem.most, np.inf))
    if kind == "fees that add up":
        fee = rng.uniform(0, 9, (25, suppliers, 1)) + rng.uniform(0, 40, (25, 1, agents))
        return problem.changed(charge=fee)
    return problem


def test_worked_example_pays_as_printed(worked) -> None:
    found = solve_with_transfers(worked)
    assert found.surplus == pytest.approx(1048)
    assert found.flows == pytest.approx(np.array([[8, 2], [0, 6]]))
    assert found.utilities == pytest.approx([262] * 4)
    assert found.payments == pytest.approx([-38, 142, -122, 18])


def test_weights_move_money_and_no_energy(worked) -> None:
    plain, weighted = solve_with_transfers(worked), solve_with_transfers(worked.changed(weights=[1, 1, 1, 5]))
    assert (weighted.flows == plain.flows).all()
    assert weighted.utilities == pytest.approx([131, 131, 131, 655])


@pytest.mark.parametrize("kind", ["one price", "ties", "limits", "fees", "fees that add up"])
@pytest.mark.parametrize(("suppliers", "agents"), [(3, 5), (1, 4), (4, 1), (1, 1)])
def test_surplus_agrees_with_a_second_solver_and_is_proved(random_bargains, kind, suppliers, agents) -> None:
    problem = varied(random_bargains, kind, suppliers, agents)
    found = solve_with_transfers(problem)
    expected = np.array([surplus_by_programme(problem, row) for row in range(25)])
    assert found.surplus == pytest.approx(expected, rel=1e-9, abs=1e-9)
    scale = 1 + np.abs(problem.joint_gain).max() * problem.capacity.sum(axis=-1)
    assert (np.abs(found.certificate) <= 1e-11 * scale).all()
    assert min(found.capacity_rent.min(), found.demand_rent.min(), found.limit_rent.min()) >= 0
    assert (found.limit_rent[np.isinf(problem.limit)] == 0).all()
    assert (found.flows >= 0).all()
    assert (found.flows <= problem.most * (1 + 1e-12)).all()
    assert (found.flows.sum(axis=2) <= problem.capacity * (1 + 1e-12)).all()
    assert (found.flows.sum(axis=1) <= problem.demand * (1 + 1e-12)).all()


def test_payments_sum_to_nothing_and_add_up_to_utilities(random_bargains) -> None:
    problem = random_bargains(30, 3, 5, seed=2)
    found = solve_with_transfers(problem)
    assert (found.status == "optimal").all()
    assert np.abs(found.payments.sum(axis=-1)).max() <= 1e-9 * found.surplus.max()
    assert problem.utilities(found.flows) + found.payments == pytest.approx(found.utilities)
    shares = problem.weights / problem.weights.sum(axis=-1, keepdims=True)
    spare = found.surplus - problem.disagreement.sum(axis=-1)
    assert found.utilities - problem.disagreement == pytest.approx(shares * spare[:, None])


def test_suppliers_of_one_cost_share_the_margin_by_capacity() -> None:
    found = solve_with_transfers(
        TransportBargain([2, 6, 4], [8], cost=[3, 5, 5], offer=[6] * 3, willingness=[9])
    )
    assert found.flows.ravel() == pytest.approx([2, 3.6, 2.4])
    assert found.method == "merit order"


def test_a_link_that_gains_nothing_stays_empty() -> None:
    found = solve_with_transfers(TransportBargain([5, 5], [8], cost=[3, 9], offer=[9, 9], willingness=[9]))
    assert found.flows.ravel() == pytest.approx([5, 0])


@pytest.mark.parametrize(
    ("disagreement", "status"), [(263, "no_agreement"), (262, "no_gain"), (261, "optimal")]
)
def test_status_follows_the_surplus(worked, disagreement, status) -> None:
    found = solve_with_transfers(worked.changed(disagreement=[disagreement] * 4))
    assert found.status == status
    assert found.utilities == pytest.approx([max(disagreement, 262 if status == "optimal" else 0)] * 4)
    assert found.payments.sum() == pytest.approx(0, abs=1e-9)


def test_nothing_to_trade_leaves_everybody_its_disagreement() -> None:
    problem = TransportBargain(
        [[0.0, 2.0]], [0.0], cost=[1, 1], offer=[2, 2], willingness=[3], disagreement=[1, 0, 2]
    )
    found = solve_with_transfers(problem)
    assert found.status.tolist() == ["nothing_to_trade"]
    assert found.utilities.tolist() == [[1, 0, 2]]
    assert found.flows.sum() == found.payments.sum() == 0


def test_batches_of_any_depth_keep_their_shape(random_bargains) -> None:
    flat = random_bargains(6, 2, 3)
    parts = {
        name: getattr(flat, name) for name in ("capacity", "demand", "cost", "offer", "willingness", "charge")
    }
    deep = TransportBargain(**{name: part.reshape(2, 3, *part.shape[1:]) for name, part in parts.items()})
    found, expected = solve_with_transfers(deep), solve_with_transfers(TransportBargain(**parts))
    assert found.flows.shape == (2, 3, 2, 3)
    assert (found.utilities.reshape(6, 5) == expected.utilities).all()
