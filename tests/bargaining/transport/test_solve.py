"""Suppliers and agents agree on what nobody can improve, and every answer proves it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt import bargaining
from evenwatt.bargaining import TransportBargain, solve
from evenwatt.bargaining.transport.certificate import certified_gaps
from evenwatt.bargaining.transport.conic import solve_conic
from evenwatt.bargaining.transport.presolve import parties, weights_of
from evenwatt.core.errors import ProblemError

KINDS = [(uniform, limits) for uniform in (False, True) for limits in (False, True)]
# The reference example: K = (10, 6), D = (8, 12), margins 30 and 20.
EXAMPLE = {
    "capacity": [10, 6], "demand": [8, 12], "cost": [40, 60], "offer": [70, 80], "willingness": [120, 110],
    "charge": [[2, 5], [4, 1]],
}  # fmt: skip


def feasible(problem, flows, scale=1e-9):
    size = scale * (1 + problem.capacity.max())
    assert (flows >= 0).all()
    assert (flows.sum(-1) <= problem.capacity + size).all()
    assert (flows.sum(-2) <= problem.demand + size).all()
    assert (flows <= problem.limit + size).all()


@pytest.mark.parametrize(
    ("weights", "limit", "flows", "utilities"),
    [
        ([1, 1, 1, 1], np.inf, [[524 / 70, 10 - 524 / 70], [0, 6]], [300, 120, 359.314286, 262]),
        ([1, 1, 1, 2], np.inf, [[524 / 105, 10 - 524 / 105], [0, 6]], [300, 120, 239.542857, 349.333333]),
        ([5, 1, 1, 1], np.inf, [[524 / 70, 10 - 524 / 70], [0, 6]], [300, 120, 359.314286, 262]),
        # By hand: 36 / (288 + 36 q) = 29 / (314 - 29 q).
        (
            [1, 1, 1, 1],
            [[6, np.inf], [np.inf, np.inf]],
            [[6, 4], [2952 / 2088, 6 - 2952 / 2088]],
            [300, 120, 338.896552, 273.0],
        ),
    ],
)
def test_the_example_by_hand(weights, limit, flows, utilities):
    outcome = solve(TransportBargain(**EXAMPLE, weights=weights, limit=limit), grade="settlement")
    assert outcome.flows == pytest.approx(np.array(flows), abs=1e-9)
    assert outcome.utilities == pytest.approx(np.array(utilities), abs=1e-6)


def test_multipliers_of_the_example():
    outcome = solve(TransportBargain(**EXAMPLE), grade="settlement")
    m = outcome.multipliers
    assert m.capacity == pytest.approx([0.0583969, 0.0693384], abs=1e-7)
    assert m.demand == pytest.approx([0, 0], abs=1e-12)
    assert m.flow[1, 0] == pytest.approx(0.0026240, abs=1e-7)
    # With no disagreement the capacities' worth is the sum of the weights.
    assert m.capacity @ [10, 6] == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("uniform", "limits"), KINDS)
@pytest.mark.parametrize("size", [(2, 3), (4, 8), (7, 3)])
def test_drawn_bargains_agree_with_the_conic_solver(size, uniform, limits, random_bargains):
    problem = random_bargains(40, *size, seed=size[0], one_price=uniform, limits=limits)
    outcome = solve(problem, grade="settlement")
    other = solve_conic(problem)
    feasible(problem, outcome.flows)
    assert other.solved.all()
    assert (outcome.status == "optimal").all()
    # Utilities are unique, flows need not be; a gap of 1e-10 leaves gains open by about the root of it.
    assert outcome.utilities == pytest.approx(problem.utilities(other.flows), rel=1e-4)


@pytest.mark.parametrize(("uniform", "limits"), KINDS)
def test_every_answer_is_certified_apart_from_its_solver(uniform, limits, random_bargains):
    problem = random_bargains(300, 3, 6, seed=9, one_price=uniform, limits=limits)
    outcome = solve(problem)
    held = parties(problem)
    weights = weights_of(problem, held.playing)
    curve = weights / outcome.gains
    gaps = certified_gaps(problem, held.is_open, weights, outcome.flows, outcome.multipliers, curve)
    assert (outcome.certificate <= 1e-6).all()
    assert (gaps <= 1e-5).all()
    assert set(outcome.method.tolist()) <= {"interior point", "conic"}


def test_a_certificate_is_never_below_what_could_be_gained(random_bargains):
    """Flows made worse on purpose: the gap says at least by how much."""
    problem = random_bargains(50, 3, 5, seed=2)
    outcome = solve(problem, grade="settlement")
    held = parties(problem)
    weights = weights_of(problem, held.playing)
    worse = 0.97 * outcome.flows
    gains = problem.utilities(worse) - problem.disagreement
    lost = (weights * np.log(outcome.gains / gains)).sum(-1)
    gaps = certified_gaps(problem, held.is_open, weights, worse, outcome.multipliers, weights / gains)
    assert (lost > 1e-3).all()
    assert (gaps >= lost - 1e-9).all()


@pytest.mark.parametrize(("uniform", "limits"), KINDS)
def test_settlement_meets_the_optimality_conditions_to_twelve_digits(uniform, limits, random_bargains):
    outcome = solve(random_bargains(150, 4, 6, seed=4, one_price=uniform, limits=limits), grade="settlement")
    assert (outcome.method == "active set").all()
    assert (outcome.residual <= 1e-12).all()
    assert (outcome.certificate <= 1e-9).all()


def test_settlement_finishes_bargains_in_which_somebody_cannot_gain():
    problem = TransportBargain([[5, 5]], [3, 4], cost=[10, 20], offer=[5, 40], willingness=[80, 90])
    outcome = solve(problem, grade="settlement")
    assert (outcome.status[0], outcome.method[0]) == ("no_gain", "active set")
    assert outcome.residual[0] <= 1e-12


def test_nobody_can_propose_a_change_with_a_relative_gain(random_bargains):
    """The second proof: the best weighted relative gain over the polytope is what everybody has."""
    from scipy.optimize import linprog

    problem = random_bargains(10, 3, 4, seed=6)
    outcome = solve(problem, grade="settlement")
    for row in range(10):
        weights = problem.weights[row] / problem.weights[row].sum()
        worth = weights / outcome.gains[row]
        value = worth[:3, None] * problem.margin[row][:, None] + worth[None, 3:] * problem.gain[row]
        rows = np.vstack([np.kron(np.eye(3), np.ones(4)), np.kron(np.ones(3), np.eye(4))])
        best = linprog(-value.ravel(), A_ub=rows, b_ub=np.r_[problem.capacity[row], problem.demand[row]])
        assert -best.fun - worth @ problem.disagreement[row] == pytest.approx(1, abs=1e-9)


def test_one_supplier_is_one_pot(random_bargains):
    problem = random_bargains(60, 1, 7, seed=1).changed(disagreement=0.0)
    outcome = solve(problem)
    assert (outcome.method == "closed form").all()
    awards = bargaining.nash(
        np.minimum(problem.capacity[:, 0], problem.demand.sum(-1)), np.zeros((60, 7)),
        weights=problem.weights[:, 1:], upper=problem.demand,
    )  # fmt: skip
    assert outcome.bought == pytest.approx(awards, rel=1e-9)


def test_one_supplier_with_weights_of_claims_shares_in_proportion():
    demand = np.array([3.0, 5.0, 9.0])
    outcome = solve(
        TransportBargain([8.5], demand, cost=[10], offer=[20], willingness=[50] * 3, weights=[1, *demand])
    )
    assert outcome.bought == pytest.approx(demand / 2)


@pytest.mark.parametrize("agents", [1, 3])
def test_the_closed_form_is_what_the_search_finds(agents, random_bargains):
    from evenwatt.bargaining.transport.interior import iterate

    suppliers = 1 if agents > 1 else 4
    problem = random_bargains(50, suppliers, agents, seed=8, one_price=True)
    outcome = solve(problem)
    closed = outcome.method == "closed form"
    assert closed.mean() > 0.5
    held = parties(problem)
    found = iterate(problem, held.is_open, weights_of(problem, held.playing), goal=1e-10)
    flows = np.swapaxes(found.flow, 1, 2)
    assert outcome.utilities[closed] == pytest.approx(problem.utilities(flows)[closed], rel=1e-4)


def test_a_batch_of_any_shape_is_a_batch(random_bargains):
    problem = random_bargains(6, 2, 3, seed=3)
    folded = TransportBargain(
        problem.capacity.reshape(2, 3, 2), problem.demand.reshape(2, 3, 3), cost=problem.cost.reshape(2, 3, 2),
        offer=problem.offer.reshape(2, 3, 2), willingness=problem.willingness.reshape(2, 3, 3),
        charge=problem.charge.reshape(2, 3, 2, 3), disagreement=problem.disagreement.reshape(2, 3, 5),
        weights=problem.weights.reshape(2, 3, 5),
    )  # fmt: skip
    one, two = solve(problem), solve(folded)
    assert two.flows.shape == (2, 3, 2, 3)
    assert np.array_equal(one.flows.reshape(2, 3, 2, 3), two.flows)
    assert two.certificate.shape == two.status.shape == (2, 3)


def test_the_number_of_threads_changes_nothing(monkeypatch, random_bargains):
    problem = random_bargains(200, 3, 4, seed=5)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    one = solve(problem)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    three = solve(problem)
    assert np.array_equal(one.flows, three.flows)


BASE = {"cost": [10, 20], "offer": [30, 40], "willingness": [80, 90]}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"capacity": [0, 0], "demand": [3, 4]}, "nothing_to_trade"),
        ({"capacity": [5, 5], "demand": [0, 0]}, "nothing_to_trade"),
        ({"capacity": [5, 5], "demand": [3, 4], "limit": 0.0}, "nothing_to_trade"),
        ({"capacity": [5, 0], "demand": [3, 4]}, "optimal"),
        ({"capacity": [5, 5], "demand": [0, 4]}, "optimal"),
        ({"capacity": [5, 5], "demand": [3, 4], "offer": [10, 40]}, "no_gain"),
        ({"capacity": [5, 5], "demand": [3, 4], "offer": [5, 40]}, "no_gain"),
        ({"capacity": [5, 5], "demand": [3, 4], "willingness": [10, 90]}, "no_gain"),
        ({"capacity": [5, 5], "demand": [3, 4], "disagreement": [1e4, 0, 0, 0]}, "no_agreement"),
        ({"capacity": [5, 0], "demand": [3, 4], "disagreement": [0, 1, 0, 0]}, "no_agreement"),
        # Supplier 0 wants all it can have: agents' demand is 7, of which supplier 1 then sells 2.
        ({"capacity": [5, 5], "demand": [3, 4], "disagreement": [100, 0, 0, 0]}, "no_gain"),
        ({"capacity": [5, 5], "demand": [3, 4], "disagreement": [-10, -5, -1, -1]}, "optimal"),
        ({"capacity": [5, 5], "demand": [3, 4], "offer": [5, 15], "disagreement": [-1, -1, 0, 0]}, "optimal"),
    ],
)  # fmt: skip
def test_degenerate_bargains_have_a_named_status(changed, status):
    problem = TransportBargain(**{**BASE, **changed})
    outcome = solve(problem)
    assert str(outcome.status) == status
    feasible(problem, outcome.flows)
    assert np.isfinite(outcome.utilities).all()
    assert float(outcome.certificate) <= 1e-6
    assert (0 in outcome.reasons) == (status != "optimal")
    if status == "no_agreement":
        assert np.array_equal(outcome.utilities, problem.disagreement)
    elif status != "nothing_to_trade":
        assert (outcome.gains >= -1e-7).all()
        assert outcome.gains.max() > 0


def test_reasons_name_the_players():
    problem = TransportBargain([5, 5], [3, 4], cost=[10, 20], offer=[10, 40], willingness=[80, 90])
    assert solve(problem).reasons == {0: "supplier 0 cannot gain"}


@pytest.mark.parametrize(("suppliers", "agents"), [(0, 3), (3, 0), (0, 0)])
def test_a_bargain_without_one_side_has_nothing_to_trade(suppliers, agents):
    problem = TransportBargain(
        np.ones((2, suppliers)), np.ones((2, agents)), cost=np.zeros(suppliers), offer=np.ones(suppliers),
        willingness=2 * np.ones(agents),
    )  # fmt: skip
    outcome = solve(problem)
    assert (outcome.status == "nothing_to_trade").all()
    assert outcome.flows.shape == (2, suppliers, agents)


def test_an_empty_batch_is_an_answer(random_bargains):
    assert solve(random_bargains(3, 2, 2, seed=1).rows(np.zeros(0, int))).flows.shape == (0, 2, 2)


def test_sizes_may_differ_by_eight_orders():
    problem = TransportBargain(
        [1e6, 1e-2, 3], [2e6, 5, 1e-2], cost=[10, 20, 15], offer=[30, 40, 35], willingness=[80, 90, 70]
    )
    outcome = solve(problem)
    assert str(outcome.status) == "optimal"
    assert float(outcome.certificate) <= 1e-6


@given(
    seed=st.integers(0, 10**6), suppliers=st.integers(1, 5), agents=st.integers(1, 6), zeros=st.floats(0, 0.5),
    tight=st.booleans(),
)  # fmt: skip
def test_any_bargain_has_an_answer(seed, suppliers, agents, zeros, tight):
    """Zero capacities, dead links, losses on links, wild sizes: never an exception, never an unproved answer."""
    rng = np.random.default_rng(seed)
    shape = (4, suppliers), (4, agents), (4, suppliers, agents)
    problem = TransportBargain(
        np.where(rng.random(shape[0]) < zeros, 0, 10 ** rng.uniform(-2, 3, shape[0])),
        np.where(rng.random(shape[1]) < zeros, 0, 10 ** rng.uniform(-2, 3, shape[1])),
        cost=rng.uniform(0, 60, shape[0]), offer=rng.uniform(20, 90, shape[0]),
        willingness=rng.uniform(40, 150, shape[1]),
        limit=np.where(rng.random(shape[2]) < zeros, 0, 10 ** rng.uniform(-2, 3, shape[2])),
        charge=rng.uniform(0, 20, shape[2]), weights=10 ** rng.uniform(-2, 2, (4, suppliers + agents)),
        disagreement=rng.uniform(-1, 1, (4, suppliers + agents)) * 10 if tight else 0.0,
    )  # fmt: skip
    outcome = solve(problem)
    feasible(problem, outcome.flows, 1e-8)
    assert (outcome.certificate <= 1e-6).all()
    agreed = np.isin(outcome.status, ("optimal", "no_gain"))
    assert (outcome.gains[agreed] >= -1e-6 * (1 + np.abs(outcome.utilities[agreed]))).all()
    assert set(outcome.reasons) == set(np.flatnonzero(outcome.status != "optimal").tolist())


def test_faults_of_a_bargain_are_told_together():
    with pytest.raises(ProblemError) as told:
        TransportBargain([1, -2], [np.nan], cost=[1, 1], offer=[2, 2], willingness=[3], weights=[1, 0, 1])
    for part in ("capacity [1]: -2.0", "demand [0]: nan", "weights [1]: 0.0"):
        assert part in str(told.value)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ProblemError, match=r"cost of shape \(3,\); expected \(\.\.\., 2\)"):
        TransportBargain([1, 2], [1], cost=[1, 1, 1], offer=[2, 2], willingness=[3])


def test_an_unknown_grade_is_named(random_bargains):
    with pytest.raises(ProblemError, match="grade 'best'"):
        solve(random_bargains(1, 2, 2, seed=0), grade="best")
