"""The weights behind past divisions of one pot, by a fit in which members and intervals add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining import nash
from evenwatt.core.errors import ProblemError, gather

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

EXACT = 1e-12  # of its claim below it at which a member is served in full
ROUNDS = 50


@dataclass(frozen=True, eq=False)
class PotWeights:
    """Weights of the members of one pot, as far as what they got tells them.

    Attributes
    ----------
    weights : (n,)
        Summing to 1 over the members whose ratios are known; NaN for the others [-].
    log_se : (n,)
        Standard error of the log of each weight over the geometric mean of the known ones; infinite for the
        others [-].
    sigma : float
        Standard deviation of the noise of the log gains.
    capped : (T, n) bool
        Who was taken to be served in full, which says nothing about weights.
    residuals : (T, n)
        Log of each gain over the gain explained; NaN where it said nothing.
    """

    weights: Array
    log_se: Array
    sigma: float
    capped: Flags
    residuals: Array


def pot_weights(
    awards: npt.ArrayLike,
    claims: npt.ArrayLike,
    *,
    disagreement: npt.ArrayLike = 0.0,
    capped: npt.ArrayLike | None = None,
) -> PotWeights:
    """Weights of a Nash bargain over one pot, from what its members got.

    A member below its claim gains its weight times the level of the interval, so log gains are a sum of a
    member's and an interval's term; least squares finds both. Who was served in full is decided by dividing what was
    got again by the weights found, until both agree: deciding by the noisy award itself (say, at least ``1 - 3 sigma``
    of the claim) leaves out the lucky and bends the weights.

    Parameters
    ----------
    awards, claims : (T, n)
        What each member got, and the most it could get; NaN awards were not seen [energy].
    disagreement : (n,) or (T, n), optional
        What each had without a bargain [energy].
    capped : (T, n) bool, optional
        Who was served in full, where that is known.

    Returns
    -------
    PotWeights
        Members who were never below their claim together with others have no weight.

    Raises
    ------
    ProblemError
        If shapes do not fit or a claim is not a number; names all of them.

    Source: least squares in a two-way layout with empty cells, Searle 1987, Linear Models for Unbalanced Data.

    Examples
    --------
    >>> from evenwatt.bargaining import nash
    >>> claims = np.tile([6.0, 12.0, 18.0], (4, 1))
    >>> awards = nash([10, 14, 18, 22], np.zeros((4, 3)), weights=[1, 1, 2], upper=claims)
    >>> pot_weights(awards, claims).weights.round(6)
    array([0.25, 0.25, 0.5 ])
    """
    got, most = np.asarray(awards, dtype=np.float64), np.asarray(claims, dtype=np.float64)
    kept = np.asarray(disagreement, dtype=np.float64)
    full = None if capped is None else np.asarray(capped, dtype=np.bool_)
    _check(got, most, kept, full)
    gains, room = got - kept, most - kept
    logs = np.log(np.where(gains > 0, gains, np.nan))
    told = ~np.isnan(logs)
    if full is not None:
        return _fitted(logs, told & ~full, full)
    fit = _fitted(logs, told, ~told)
    for _ in range(ROUNDS):
        full = _served(fit.weights, np.where(told, gains, 0.0), np.where(told, room, 0.0))
        if (full == fit.capped).all():
            break
        fit = _fitted(logs, told & ~full, full)
    return fit


def _fitted(logs: Array, heard: Flags, full: Flags) -> PotWeights:
    """Least squares of log gains (T, n) on members and intervals, over the cells that are heard."""
    cells = heard & (heard.sum(axis=1) > 1)[:, None]  # alone below its claim, a member is told nothing
    count = np.maximum(cells.sum(axis=1), 1)[:, None]
    values = np.where(cells, logs, 0.0)
    inner = np.where(cells, values - values.sum(axis=1, keepdims=True) / count, 0.0)
    information = np.diag(cells.sum(axis=0).astype(np.float64)) - (cells / count).T @ cells
    known = _tied(information)
    spread = _spread(information, known)
    effect = np.where(known, spread @ np.where(known, inner.sum(axis=0), 0.0), np.nan)
    level = (values - np.where(cells, np.nan_to_num(effect), 0.0)).sum(axis=1, keepdims=True) / count
    residuals = np.where(cells & known, logs - np.nan_to_num(effect) - level, np.nan)
    freedom = int((cells & known).sum() - (cells & known).any(axis=1).sum() - max(known.sum() - 1, 0))
    sigma = float(np.sqrt(np.nansum(residuals**2) / max(freedom, 1)))
    weights = np.exp(effect - np.nanmax(effect, initial=-np.inf))
    log_se = np.where(known, sigma * np.sqrt(np.maximum(np.diagonal(spread), 0.0)), np.inf)
    return PotWeights(
        weights / np.nansum(weights) if known.any() else weights, log_se, sigma, full, residuals
    )


def _spread(information: Array, known: Flags) -> Array:
    """Covariance at unit noise of the known members' effects, which sum to 0; 0 for the others, (n, n)."""
    spread = np.zeros_like(information)
    if known.any():
        some = np.ix_(known, known)
        even = np.full((known.sum(), known.sum()), 1 / known.sum())
        scale = np.trace(information[some])
        spread[some] = np.linalg.inv(information[some] + scale * even) - even / scale
    return spread


def _tied(information: Array) -> Flags:
    """Members of the largest group that intervals tie together; nobody where no two were below their claims."""
    linked = (information != 0) | np.eye(len(information), dtype=np.bool_)
    for _ in range(len(information)):
        linked = linked @ linked
    sizes = linked.sum(axis=1)
    group = linked[int(np.argmax(sizes))] if len(sizes) else np.zeros(0, dtype=np.bool_)
    return np.asarray(group if group.sum() > 1 else np.zeros(len(information), dtype=np.bool_))


def _served(weights: Array, gains: Array, room: Array) -> Flags:
    """Who is served in full when everything that was gained is divided again by these weights.

    A Nash bargain among some members divides what they have together, so unseen members do not matter.
    """
    again = np.where(np.isnan(weights), np.nanmean(weights) if np.isfinite(weights).any() else 1.0, weights)
    shared = np.minimum(gains.sum(axis=1), room.sum(axis=1))
    divided = nash(shared, np.zeros_like(room), weights=np.broadcast_to(again, room.shape), upper=room)
    return np.asarray(divided >= (1 - EXACT) * room)


def _check(got: Array, most: Array, kept: Array, full: Flags | None) -> None:
    with gather("pot_weights", ProblemError) as faults:
        if got.ndim != 2 or most.shape != got.shape:
            faults.append(f"awards {got.shape} and claims {most.shape}; expected both (intervals, members)")
        if kept.shape not in ((), got.shape, got.shape[1:]):
            faults.append(f"disagreement {kept.shape}; expected one for each member, or for each award")
        if full is not None and full.shape != got.shape:
            faults.append(f"capped {full.shape}; expected {got.shape}, that of the awards")
        for name, bad in (("claims", ~np.isfinite(most)), ("disagreement", ~np.isfinite(kept))):
            if bad.any():
                faults.append(f"{name}: {int(bad.sum())} entries are not finite numbers")
        if np.isinf(got).any() or (got < 0).any():
            faults.append("awards: expected numbers of at least 0, NaN where nothing was seen")
