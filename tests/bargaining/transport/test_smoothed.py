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


def test_slopes_agree_with_a_layer_of_another_library(random_bargains):
    """Another library differentiates the exact optimum; far from kinks the barrier's point has the same slopes."""
    layers = pytest.importorskip("cvxpylayers.torch", reason="cvxpylayers is not installed")
    torch = pytest.importorskip("torch", reason="torch is not installed")
    import cvxpy as cp

    problem = random_bargains(6, 2, 3, seed=7)
    for row in range(6):
        one = problem.rows(np.array([row]))
        flows, weights, demand = (
            cp.Variable((2, 3), nonneg=True),
            cp.Parameter(5, nonneg=True),
            cp.Parameter(3),
        )
        margin, gain = np.asarray(one.margin[0]), np.asarray(one.gain[0])
        reached = cp.hstack(
            [cp.multiply(margin, cp.sum(flows, axis=1)), cp.sum(cp.multiply(gain, flows), axis=0)]
        )
        gains = cp.Variable(5)
        told = cp.Problem(
            cp.Maximize(weights @ cp.log(gains)),
            [
                gains == reached - one.disagreement[0],
                cp.sum(flows, 1) <= one.capacity[0],
                cp.sum(flows, 0) <= demand,
            ],
        )
        layer = layers.CvxpyLayer(told, parameters=[weights, demand], variables=[flows])
        w = torch.tensor(one.weights[0] / one.weights[0].sum(), requires_grad=True)
        d = torch.tensor(np.array(one.demand[0]), requires_grad=True)
        slope = np.random.default_rng(row).normal(size=(2, 3))
        (found,) = layer(w, d)
        (found * torch.tensor(slope)).sum().backward()
        pulled = smoothed(one, barrier=1e-9).pull(slope[None])
        assert pulled.demand[0] == pytest.approx(d.grad.numpy(), abs=1e-3)
