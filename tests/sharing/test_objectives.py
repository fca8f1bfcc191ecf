"""Money and fairness are certified as shared energy is; an independent solver agrees on small groups."""

from __future__ import annotations

import clarabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from evenwatt.core.errors import ProblemError
from evenwatt.data.group import group
from evenwatt.sharing.keys import certified
from evenwatt.sharing.objectives import Coverage, Money, Shared


def random_group(seed: int):
    """Everybody can get something, so that all coverages count."""
    rng = np.random.default_rng(seed)
    steps, producers, consumers = rng.integers(2, 9), rng.integers(1, 4), rng.integers(2, 5)
    supply = 10 * rng.integers(0, 20, (steps, producers))
    demand = 10 * rng.integers(0, 12, (steps, consumers))
    supply[0], demand[0] = 50, 10 + 10 * rng.integers(0, 5, consumers)
    return supply, demand


def flows(supply, demand):
    """Rows ``matrix @ (w, x) <= most``: x_tij <= w_ij s_it, sum over i of x_tij <= d_tj, sum over j of w_ij <= 1."""
    steps, producers = supply.shape
    consumers = demand.shape[1]
    pairs = producers * consumers
    below = sparse.lil_matrix((steps * pairs, pairs))
    for t in range(steps):
        for pair in range(pairs):
            below[t * pairs + pair, pair] = -supply[t, pair // consumers]
    into = sparse.kron(sparse.eye(steps), sparse.kron(np.ones((1, producers)), sparse.eye(consumers)))
    sums = sparse.kron(sparse.eye(producers), np.ones((1, consumers)))
    matrix = sparse.bmat([[below, sparse.eye(steps * pairs)], [None, into], [sums, None]], format="csc")
    most = np.concatenate([np.zeros(steps * pairs), demand.ravel(), np.ones(producers)])
    totals = sparse.kron(np.ones((1, steps)), sparse.kron(np.ones((1, producers)), sparse.eye(consumers)))
    return matrix, most, sparse.hstack([sparse.csr_matrix((consumers, pairs)), totals], format="csc")


def least_by_peer(supply, demand) -> float:
    matrix, most, totals = flows(supply, demand)
    size = matrix.shape[1]
    rows = sparse.bmat([[matrix, None], [-totals, demand.sum(axis=0)[:, None]]])
    cost = np.append(np.zeros(size), -1.0)
    return -linprog(cost, A_ub=rows, b_ub=np.append(most, np.zeros(demand.shape[1])), bounds=(0, None)).fun


def nash_by_peer(supply, demand) -> float:
    """Sum of logarithms of what members get, by cones: (log_j, 1, total_j) in the exponential cone."""
    matrix, most, totals = flows(supply, demand)
    size, consumers = matrix.shape[1], demand.shape[1]
    own = sparse.eye(size)
    cones = []
    for j in range(consumers):
        row = np.zeros((1, consumers))
        row[0, j] = -1.0
        empty = sparse.csr_matrix((1, size))
        cones += [
            sparse.hstack([empty, row]), sparse.csr_matrix((1, size + consumers)),
            sparse.hstack([-totals[j], sparse.csr_matrix((1, consumers))]),
        ]  # fmt: skip
    plain = sparse.hstack([sparse.vstack([matrix, -own]), sparse.csr_matrix((len(most) + size, consumers))])
    rows = sparse.vstack([plain, *cones], format="csc")
    right = np.concatenate([most, np.zeros(size), np.tile([0.0, 1.0, 0.0], consumers)])
    kinds = [clarabel.NonnegativeConeT(len(most) + size), *[clarabel.ExponentialConeT()] * consumers]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    cost = np.append(np.zeros(size), -np.ones(consumers))
    empty = sparse.csc_matrix((len(cost), len(cost)))
    return -clarabel.DefaultSolver(empty, cost, rows, right, kinds, settings).solve().obj_val


def money_by_peer(supply, demand, gains) -> float:
    """Any flows below the keys' draws: no order of priority can gain more."""
    matrix, most, _ = flows(supply, demand)
    pairs = gains.size
    cost = np.concatenate([np.zeros(pairs), np.tile(-gains.ravel(), len(supply))])
    return -linprog(cost, A_ub=matrix, b_ub=most, bounds=(0, None)).fun / 1e6


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_the_least_coverage_is_the_peers(seed):
    supply, demand = random_group(seed)
    found = certified(supply, demand, objective=Coverage(np.inf), tolerance=1e-7)
    best = least_by_peer(supply, demand)
    assert found.value - 1e-7 <= best <= found.bound + 1e-7
    assert found.gap <= 1e-7


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_the_nash_product_is_the_peers(seed):
    supply, demand = random_group(seed)
    found = certified(supply, demand, objective=Coverage(1.0), tolerance=1e-7)
    mean = (nash_by_peer(supply, demand) - np.log(demand.sum(axis=0)).sum()) / demand.shape[1]
    assert found.value * (1 - 1e-5) <= np.exp(mean) <= found.bound * (1 + 1e-5)
    assert found.gap <= 1e-7


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_money_is_the_peers(seed):
    supply, demand = random_group(seed)
    gains = np.random.default_rng(seed).integers(-2, 6, (supply.shape[1], demand.shape[1])) * 20.0
    found = certified(supply, demand, objective=Money(gains), tolerance=1e-7)
    best = money_by_peer(supply, demand, gains)
    assert found.value <= best * (1 + 1e-7) + 1e-12
    assert found.bound >= best * (1 - 1e-7) - 1e-12
    assert found.gap <= 1e-7


@given(seed=st.integers(0, 10**6), alpha=st.sampled_from([0.5, 1.0, 2.0, 5.0]))
def test_no_other_keys_beat_the_bound(seed, alpha):
    supply, demand = random_group(seed)
    found = certified(supply, demand, objective=Coverage(alpha), tolerance=1e-2)
    chance = np.random.default_rng(seed)
    total = demand.sum(axis=0)
    weights = total ** max(0.0, 1 - alpha)
    for _ in range(20):
        keys = chance.dirichlet(np.ones(demand.shape[1]), supply.shape[1])
        coverage = np.minimum(demand, supply @ keys).sum(axis=0) / total
        if alpha == 1:
            equivalent = np.exp((weights @ np.log(coverage)) / weights.sum())
        else:
            equivalent = ((weights @ coverage ** (1 - alpha)) / weights.sum()) ** (1 / (1 - alpha))
        assert equivalent <= found.bound * (1 + 1e-9)


def test_alpha_zero_is_all_that_is_shared():
    month = group(5, 20, days=5, mixed=2)
    energy = certified(month.supply, month.demand, objective=Shared(), tolerance=1e-5)
    fair = certified(month.supply, month.demand, objective=Coverage(0.0), tolerance=1e-5)
    assert fair.shared == pytest.approx(energy.shared, rel=2e-5)
    assert fair.value * month.demand.sum() == pytest.approx(fair.shared, rel=1e-9)


def test_equal_gains_are_shared_energy():
    month = group(4, 10, days=3)
    energy = certified(month.supply, month.demand, tolerance=1e-6)
    money = certified(month.supply, month.demand, objective=Money(np.full((4, 10), 50.0)), tolerance=1e-6)
    assert money.value == pytest.approx(energy.value * 50e-6, rel=2e-6)


def test_money_is_what_the_priorities_pay():
    """The consumer of the nearer producer draws there first: 3 at 50, and 1 of the other at 20."""
    gains = np.array([[50.0], [20.0]])
    money = Money(gains)
    found = certified([[3, 5]], [[4]], objective=money, tolerance=1e-9)
    assert found.value == pytest.approx((3 * 50 + 1 * 20) / 1e6)
    assert (money.priority == [[2], [1]]).all()


def test_a_pair_that_loses_is_not_linked():
    found = certified([[4]], [[4, 4]], objective=Money([[-5.0, 5.0]]))
    assert found.weights[0, 0] == 0
    assert found.value == pytest.approx(20e-6)


def test_members_whom_nobody_can_give_to_are_left_aside():
    found = certified([[4, 4], [0, 0]], [[3, 0, 0], [3, 0, 5]], objective=Coverage(np.inf), tolerance=1e-6)
    assert found.value == pytest.approx(0.5)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 3.0, 8.0, np.inf])
def test_every_alpha_is_certified_on_a_month(alpha):
    month = group(10, 50, mixed=4)
    found = certified(month.supply, month.demand, objective=Coverage(alpha))
    assert 0 <= found.gap <= 1e-3
    assert 0 < found.value < 1


def test_faults_of_objectives_are_named():
    with pytest.raises(ProblemError, match=r"alpha: -1; expected 0 to 8"):
        Coverage(-1)
    with pytest.raises(ProblemError, match="one finite number above 0"):
        Coverage(1.0, np.array([1.0, 0.0]))
    with pytest.raises(ProblemError, match="the least coverage knows none"):
        Coverage(np.inf, np.ones(2))
    with pytest.raises(ProblemError, match="weights: 3; expected 2"):
        certified([[1]], [[1, 1]], objective=Coverage(1.0, np.ones(3)))
    with pytest.raises(ProblemError, match=r"gains: shape \(1, 1\), expected \(1, 2\)"):
        certified([[1]], [[1, 1]], objective=Money([[1.0]]))
    with pytest.raises(ProblemError, match=r"\[0, 1\]: inf is not finite"):
        Money([[1.0, np.inf]])
