"""Weights by the optimality conditions themselves: exact where flows and gains are, and only there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.core.errors import ProblemError

Array = npt.NDArray[np.float64]

TIGHT = 1e-6  # share of a bound within which it counts as binding
SILENT = 1e-9  # share of the largest entry below which the conditions say nothing of a weight


def kkt_weights(
    problem: TransportBargain, flows: npt.ArrayLike, *, gains: npt.ArrayLike | None = None
) -> Array:
    """Weights under which the flows come nearest to satisfying the conditions of a Nash bargain.

    On every link in use, the sum of the two ends' ``weight * gain per unit / gain`` must be a price of the
    constraints that bind there. What binds is read off the flows and its directions are projected out; the norm of
    what remains is least at the weights returned. **Only for exact data**: noise enters the matrix itself, and at 5 %
    the result is worse than equal weights. Use :func:`evenwatt.learning.inverse.infer_weights` for anything observed.

    Parameters
    ----------
    problem : TransportBargain
        T bargains; their weights are not looked at.
    flows : (T, S, N)
        What flowed [energy].
    gains : (T, P), optional
        Beyond the disagreement; those of the flows by default [money].

    Returns
    -------
    (P,)
        Summing to 1; NaN for players of whom the conditions say nothing, such as a supplier always sold out.

    Raises
    ------
    ProblemError
        If the flows do not fit the problem.

    Source: Keshavarz, Wang & Boyd 2011, doi:10.1109/ISIC.2011.6045410 (imputing an objective from residuals).

    Examples
    --------
    >>> from evenwatt import bargaining
    >>> rng = np.random.default_rng(0)
    >>> struck = TransportBargain(rng.uniform(5, 9, (40, 1)), rng.uniform(8, 12, (40, 2)), cost=[40], offer=[70],
    ...                           willingness=[120, 110], weights=[1, 1, 3])
    >>> kkt_weights(struck, bargaining.solve(struck, grade="settlement").flows).round(6)
    array([ nan, 0.25, 0.75])
    """
    flat = problem.flat
    moved = np.asarray(flows, dtype=np.float64)
    if moved.shape != (*problem.shape, problem.suppliers, problem.agents) or not np.isfinite(moved).all():
        expected = (*problem.shape, problem.suppliers, problem.agents)
        raise ProblemError(
            f"kkt_weights: flows of shape {moved.shape}; expected finite numbers of shape {expected}"
        )
    moved = moved.reshape(-1, problem.suppliers, problem.agents)
    gained = (
        flat.utilities(moved) - flat.disagreement if gains is None else np.asarray(gains, dtype=np.float64)
    )
    gained = gained.reshape(-1, flat.players)
    total = np.zeros((flat.players, flat.players))
    for row in range(len(moved)):
        left = _residual(flat, moved[row], gained[row], row)
        total += left.T @ left
    return _least(total)


def _residual(problem: TransportBargain, flows: Array, gains: Array, row: int) -> Array:
    """What each weight leaves unexplained on the free links, (links, P)."""
    suppliers = problem.suppliers
    most = problem.most[row]
    i, j = np.nonzero((flows > TIGHT * most) & (flows < problem.limit[row] * (1 - TIGHT)))
    links = np.arange(i.size)
    slopes, ends = np.zeros((i.size, problem.players)), np.zeros((i.size, problem.players))
    useful = np.where(gains > 0, gains, np.inf)
    slopes[links, i] = problem.margin[row][i] / useful[i]
    slopes[links, suppliers + j] = problem.gain[row][i, j] / useful[suppliers + j]
    ends[links, i] = ends[links, suppliers + j] = 1.0
    used = np.concatenate([flows.sum(axis=1), flows.sum(axis=0)])
    bounds = np.concatenate([problem.capacity[row], problem.demand[row]])
    binding = ends[:, used >= (1 - TIGHT) * bounds]
    scale = np.abs(slopes).max(initial=0.0)
    slopes = slopes / scale if scale > 0 else slopes
    return np.asarray(slopes - binding @ np.linalg.pinv(binding) @ slopes)


def _least(total: Array) -> Array:
    """The weights summing to 1 at which the quadratic form is least, of the players it hears."""
    diagonal = np.diagonal(total)
    heard = diagonal > SILENT * diagonal.max(initial=0.0)
    weights = np.full(len(total), np.nan)
    if heard.sum() > 1:
        some = total[np.ix_(heard, heard)]
        # Exact data make the form singular at the answer; the lift is far below what noise would add.
        found = np.linalg.solve(some + 1e-13 * np.trace(some) * np.eye(len(some)), np.ones(len(some)))
        weights[heard] = found / found.sum()
    return weights
