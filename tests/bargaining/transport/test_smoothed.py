"""The rounded-off bargain: near the optimum, and with the derivatives that differences show."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.bargaining import TransportBargain, smoothed, solve
from evenwatt.core.errors import ProblemError

BARRIER = 1e-5


def loss_of(point, by_flow, by_gain):
    return (point.flows * by_flow).sum((-1, -2)) + (point.gains * by_gain).sum(-1)


def slope_by_differences(problem, name, place, by_flow, by_gain):
    """Fourth-order central differences at the same barrier; the point's own bends are far wider than the step."""
    values = getattr(problem, name)
    step = 2e-5 * np.abs(values[(slice(None), *place)])

    def loss(times):
        moved = values.copy()
        moved[(slice(None), *place)] += times * step
        return loss_of(smoothed(problem.changed(**{name: moved}), barrier=BARRIER), by_flow, by_gain)

    return (8 * (loss(1) - loss(-1)) - (loss(2) - loss(-2))) / (12 * step)


TERMS = ["weights", "capacity", "demand", "disagreement"]


@pytest.mark.parametrize(
    ("name", "limits"), [*((n, False) for n in TERMS), *((n, True) for n in [*TERMS, "limit"])]
)
def test_slopes_are_what_differences_show(name, limits, random_bargains):
    problem = random_bargains(150, 3, 5, seed=12, limits=limits)
    rng = np.random.default_rng(0)
    point = smoothed(problem, barrier=BARRIER)
    by_flow, by_gain = rng.normal(size=point.flows.shape), 0.01 * rng.normal(size=point.gains.shape)
    slopes = getattr(point.pull(by_flow, by_gain), name)
    errors = []
    for _ in range(3):
        place = tuple(int(rng.integers(size)) for size in slopes.shape[1:])
        shown = slope_by_differences(problem, name, place, by_flow, by_gain)
        scale = np.abs(slopes).reshape(150, -1).max(axis=1)
        errors.append(np.abs(shown - slopes[(slice(None), *place)]) / scale)
    assert np.median(errors) <= 1e-7
    assert np.max(errors) <= 1e-5


def test_slopes_of_weights_ignore_their_common_size(random_bargains):
    point = smoothed(random_bargains(20, 3, 4, seed=1))
    slopes = point.pull(np.random.default_rng(1).normal(size=point.flows.shape))
    assert slopes.log_weights.sum(-1) == pytest.approx(np.zeros(20), abs=1e-8)
    assert slopes.weights * point.problem.weights == pytest.approx(slopes.log_weights, abs=1e-12)


def test_sensitivities_are_what_pulling_each_gain_gives(random_bargains):
    problem = random_bargains(15, 2, 4, seed=3)
    point = smoothed(problem, barrier=1e-6)
    table = point.sensitivity()
    for player in range(6):
        by_gain = np.zeros_like(point.gains)
        by_gain[:, player] = 1 / point.gains[:, player]
        pulled = point.pull(np.zeros_like(point.flows), by_gain).log_weights
        assert table[:, player] == pytest.approx(pulled, abs=1e-9)
    assert table.sum(-1) == pytest.approx(np.zeros((15, 6)), abs=1e-9)


def test_the_point_lies_near_the_optimum(random_bargains):
    problem = random_bargains(100, 3, 6, seed=4)
    point, outcome = smoothed(problem, barrier=1e-9), solve(problem, grade="settlement")
    assert (point.miss <= 1e-6).all()
    assert point.gains == pytest.approx(outcome.gains, rel=1e-3)


def test_players_who_cannot_gain_have_no_slope():
    problem = TransportBargain([5, 5], [3, 0], cost=[10, 20], offer=[10, 40], willingness=[80, 90])
    point = smoothed(problem)
    slopes = point.pull(np.ones((2, 2)))
    assert point.gains[[0, 3]].tolist() == [0, 0]
    assert slopes.weights[[0, 3]].tolist() == [0, 0]
    assert np.isfinite(slopes.weights).all()
    assert np.isfinite(point.sensitivity()).all()


def test_what_a_slack_constraint_allows_has_hardly_a_slope():
    """A supplier with ten times what anybody wants: one unit more changes nothing."""
    problem = TransportBargain([100, 6], [8, 12], cost=[40, 60], offer=[70, 80], willingness=[120, 110])
    slopes = smoothed(problem, barrier=1e-8).pull(np.ones((2, 2)))
    assert abs(slopes.capacity[0]) < 1e-6
    assert slopes.demand.min() > 0.5


@pytest.mark.parametrize("barrier", [0.0, 1.0, np.nan])
def test_a_barrier_outside_its_range_is_named(barrier, random_bargains):
    with pytest.raises(ProblemError, match="barrier"):
        smoothed(random_bargains(1, 2, 2, seed=0), barrier=barrier)


def exact_slope(problem, row, slope):
    """Slopes in the demands of one bargain, by differences of solutions right to the last digits."""
    one = problem.rows(np.array([row]))

    def loss(agent, change):
        demand = one.demand.copy()
        demand[0, agent] += change
        return float((solve(one.changed(demand=demand), grade="settlement").flows[0] * slope).sum())

    return np.array([(loss(j, 1e-4) - loss(j, -1e-4)) / 2e-4 for j in range(problem.agents)])


def test_near_the_optimum_slopes_are_those_of_the_optimum(random_bargains):
    problem = random_bargains(12, 3, 6, seed=7)
    slope = np.random.default_rng(0).normal(size=(3, 6))
    pulled = smoothed(problem, barrier=1e-9).pull(np.broadcast_to(slope, (12, 3, 6))).demand
    shown = np.array([exact_slope(problem, row, slope) for row in range(12)])
    apart = np.abs(pulled - shown).max(axis=1)
    assert np.abs(shown).max() > 0.1
    assert np.median(apart) < 2e-3
    assert apart.max() < 2e-2


def test_no_layer_of_another_library_is_nearer_to_the_optimums_slopes(random_bargains):
    """Its derivative of the cone programme is right at some vertices only; differences are the judge."""
    pytest.importorskip("jax", reason="jax is not installed")
    layers = pytest.importorskip("cvxpylayers.jax", reason="cvxpylayers is not installed")
    import cvxpy as cp
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    problem = random_bargains(5, 2, 3, seed=7)
    slope = np.random.default_rng(0).normal(size=(2, 3))
    ours = smoothed(problem, barrier=1e-9).pull(np.broadcast_to(slope, (5, 2, 3))).demand
    mine, theirs = [], []
    for row in range(5):
        flows, gains, demand = cp.Variable((2, 3), nonneg=True), cp.Variable(5), cp.Parameter(3, nonneg=True)
        sold = cp.multiply(problem.margin[row], cp.sum(flows, axis=1))
        won = cp.hstack([sold, cp.sum(cp.multiply(problem.gain[row], flows), axis=0)])
        told = cp.Problem(
            cp.Maximize(problem.weights[row] @ cp.log(gains)),
            [gains == won - problem.disagreement[row], cp.sum(flows, 1) <= problem.capacity[row],
             cp.sum(flows, 0) <= demand],
        )  # fmt: skip
        layer = layers.CvxpyLayer(told, parameters=[demand], variables=[flows])
        back = jax.grad(
            lambda d, layer=layer: jnp.sum(layer(d, solver_args={"solve_method": "Clarabel"})[0] * slope)
        )
        shown = exact_slope(problem, row, slope)
        theirs.append(np.abs(np.asarray(back(jnp.array(problem.demand[row]))) - shown).max())
        mine.append(np.abs(ours[row] - shown).max())
    assert np.median(mine) <= np.median(theirs) + 1e-3
