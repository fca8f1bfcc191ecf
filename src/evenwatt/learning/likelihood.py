"""How well hidden weights explain observed gains, and the weights that explain them best."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from evenwatt import bargaining
from evenwatt.bargaining.transport.problem import TransportBargain

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

AT_ONCE = 60_000  # bargains solved in one call; bounds the memory of their sensitivities
NO_AGREEMENT = 1e-6  # a point that misses the barrier by more belongs to no bargain
PRIOR = 3.0  # standard deviation of a log weight before anything is seen; keeps what nothing tells in reach
LONGEST = 1.0  # a step of a log weight
SETTLED = 1e-3  # of the deviance: a gain no interval can feel
STILL = 1e-8  # a step of a log weight that is none
STIFFEST = 1e6  # damping at which a step is given up


@dataclass(frozen=True)
class Observed:
    """Past bargains without weights, and the logarithms of the gains seen of them.

    Attributes
    ----------
    problem : TransportBargain
        T bargains on one batch axis.
    logs : (T, P)
        Log gains; NaN where nothing was seen.
    scale : (P,)
        Noise of each player relative to the others.
    """

    problem: TransportBargain
    logs: Array
    scale: Array

    @property
    def count(self) -> int:
        """How many gains were seen."""
        return int((~np.isnan(self.logs)).sum())


@dataclass(frozen=True)
class Fit:
    """M vectors of log weights, with the misfit there and its first two derivatives.

    Attributes
    ----------
    theta : (M, P)
        Log weights; a constant added to all of a row changes nothing.
    misfit : (M,)
        Sum of the squared residuals of the log gains, each over its player's ``scale``.
    slope : (M, P)
        Minus half the gradient of the misfit.
    curvature : (M, P, P)
        Half its Gauss-Newton Hessian: the information at unit noise.
    """

    theta: Array
    misfit: Array
    slope: Array
    curvature: Array

    def rows(self, chosen: npt.NDArray[np.bool_] | Indices) -> Fit:
        """Some of them."""
        return Fit(*(getattr(self, part.name)[chosen] for part in fields(self)))

    def put(self, rows: Indices, other: Fit) -> None:
        """Overwrite some of them."""
        for part in fields(self):
            getattr(self, part.name)[rows] = getattr(other, part.name)


@dataclass(frozen=True)
class Pins:
    """For each fit, one player whose weight is held at a given ratio to those of some others.

    Attributes
    ----------
    player : (M,)
        Who is pinned.
    beside : (M, P) bool
        Whose weights count for the ratio; never the player itself.
    ratio : (M,)
        Log of its weight over the sum of theirs.
    """

    player: Indices
    beside: npt.NDArray[np.bool_]
    ratio: Array

    def rows(self, chosen: npt.NDArray[np.bool_] | Indices) -> Pins:
        """Some of them."""
        return Pins(self.player[chosen], self.beside[chosen], self.ratio[chosen])

    def held(self, theta: Array) -> Array:
        """The same log weights with the pinned ones moved to their ratio."""
        theta = theta.copy()
        theta[np.arange(len(theta)), self.player] = self.ratio + log_sum(theta, self.beside)
        return theta

    def directions(self, theta: Array) -> Array:
        """How all log weights move with the free ones, (M, P, P); the pinned player's column is 0."""
        rows = np.arange(len(theta))
        basis = np.broadcast_to(np.eye(theta.shape[1]), (*theta.shape, theta.shape[1])).copy()
        basis[rows, self.player] = np.where(
            self.beside, np.exp(theta - log_sum(theta, self.beside)[:, None]), 0.0
        )
        return basis


def log_sum(theta: Array, among: npt.NDArray[np.bool_]) -> Array:
    """Log of the sum of the weights of some players, (M,)."""
    chosen = np.where(among, theta, -np.inf)
    most = chosen.max(axis=-1)
    return np.asarray(most + np.log(np.exp(chosen - most[..., None]).sum(axis=-1)))


def log_ratio(theta: Array, beside: npt.NDArray[np.bool_]) -> Array:
    """Log of each player's weight over the sum of the others' that count, (..., P, P) flags -> (..., P)."""
    return np.asarray(theta - log_sum(theta[..., None, :], beside))


def misfit(observed: Observed, theta: Array, barrier: float) -> Fit:
    """How far the bargains by each row of log weights are from what was seen.

    Parameters
    ----------
    observed : Observed
        T bargains.
    theta : (M, P)
        Log weights.
    barrier : float
        Of the smoothed bargain: rounds off the kinks where a constraint begins to bind.

    Returns
    -------
    Fit
        Of every row.
    """
    rows = max(1, AT_ONCE // max(1, len(observed.logs)))
    parts = [_misfit(observed, theta[first : first + rows], barrier) for first in range(0, len(theta), rows)]
    return Fit(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Fit)))


def _misfit(observed: Observed, theta: Array, barrier: float) -> Fit:
    weights = np.exp(theta - theta.max(axis=-1, keepdims=True))
    point = bargaining.smoothed(observed.problem.changed(weights=weights[:, None, :]), barrier=barrier)
    known = ~np.isnan(observed.logs) & agreed(point)
    apart = np.where(known, observed.logs - np.log(np.where(known, point.gains, 1.0)), 0.0) / observed.scale
    moves = np.where(known[..., None], point.sensitivity(), 0.0) / observed.scale[:, None]
    flat = moves.reshape(len(theta), -1, theta.shape[1])
    residuals = apart.reshape(len(theta), 1, -1)
    return Fit(theta, (apart**2).sum(axis=(1, 2)), (residuals @ flat)[:, 0], flat.transpose(0, 2, 1) @ flat)


def agreed(point: bargaining.Smoothed) -> npt.NDArray[np.bool_]:
    """Players who gain in bargains that end in agreement, (..., P)."""
    return np.asarray((point.gains > 0) & (point.miss <= NO_AGREEMENT)[..., None])


def best(
    observed: Observed,
    start: Array,
    noise: Array,
    barrier: float,
    *,
    pins: Pins | None = None,
    most: int = 25,
    enough: float = SETTLED,
) -> tuple[Fit, int]:
    """Log weights of least misfit near each start, by damped Gauss-Newton steps, all rows at once.

    A row stops when its next step gains less than ``enough``, or none at all. A weak
    prior (log weights normal around their mean, standard deviation 3) takes part, so that a weight which
    nothing tells stays where it is.

    Parameters
    ----------
    observed : Observed
        What was seen.
    start : (M, P)
        Log weights to start from.
    noise : (M,)
        Noise of the gains at unit scale; sets when a step is worth nothing, and how much the prior counts.
    barrier : float
        See :func:`misfit`.
    pins : Pins, optional
        What is held.
    most : int
        Steps allowed.
    enough : float
        Fall of the deviance that makes another step worth its while.

    Returns
    -------
    Fit
        Never worse than at the start.
    int
        Passes over all bargains that it took.

    Source: Levenberg 1944, doi:10.1090/qam/10666.
    """
    state = misfit(observed, start if pins is None else pins.held(start), barrier)
    damping = np.full(len(start), 1e-6)
    live, passes = np.arange(len(start)), len(start)
    for _ in range(most):
        now, some = state.rows(live), None if pins is None else pins.rows(live)
        step, hoped = _step(now, damping[live], noise[live], some)
        worth = (hoped > enough) & (np.abs(step).max(axis=-1) > STILL) & (damping[live] < STIFFEST)
        live = live[worth]
        if not live.size:
            break
        theta = now.theta[worth] + step[worth]
        trial = misfit(observed, theta if some is None else some.rows(worth).held(theta), barrier)
        passes += live.size
        gained = _objective(now.rows(worth), noise[live]) - _objective(trial, noise[live])
        better = gained > 0
        state.put(live[better], trial.rows(better))
        damping[live] = np.where(
            better, np.maximum(damping[live] / 10, 1e-9), np.maximum(damping[live] * 10, 1e-3)
        )
        live = live[~better | (gained > enough)]
    return state, passes


def _objective(fit: Fit, noise: Array) -> Array:
    """The deviance with the prior's part."""
    away = fit.theta - fit.theta.mean(axis=-1, keepdims=True)
    return np.asarray(fit.misfit / noise**2 + (away**2).sum(axis=-1) / PRIOR**2)


def _step(fit: Fit, damping: Array, noise: Array, pins: Pins | None) -> tuple[Array, Array]:
    """The damped step of every row (M, P), and the fall of the objective it promises (M,)."""
    players = fit.theta.shape[1]
    centre = np.eye(players) - 1 / players
    curvature = fit.curvature / noise[:, None, None] ** 2 + centre / PRIOR**2
    slope = fit.slope / noise[:, None] ** 2 - fit.theta @ centre / PRIOR**2
    basis = None if pins is None else pins.directions(fit.theta)
    matrix, right = curvature, slope
    if pins is not None and basis is not None:
        matrix, right = basis.transpose(0, 2, 1) @ matrix @ basis, (slope[:, None, :] @ basis)[:, 0]
        matrix[np.arange(len(slope)), pins.player, pins.player] = 1.0
    diagonal = np.einsum("mkk->mk", matrix)
    lift = damping[:, None] * diagonal + 1e-12 * diagonal.sum(axis=-1, keepdims=True)
    step = np.linalg.solve(matrix + lift[..., None] * np.eye(players), right[..., None])[..., 0]
    step *= np.minimum(1.0, LONGEST / np.maximum(np.abs(step).max(axis=-1, keepdims=True), 1e-300))
    promised = 2 * (step * right).sum(axis=-1) - (step[:, None, :] @ matrix @ step[..., None])[:, 0, 0]
    return step, promised
