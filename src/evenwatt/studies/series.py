"""A rule over a series of intervals: asked only where it matters, rounded so that nothing gets lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.outcome import Outcome
from evenwatt.studies.division import Division

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Stage:
    """One rule's division of a day: as computed, and as whole watt-hours with what is still owed."""

    awards: Array
    whole: Whole
    residue: Array


def divide(endowment: Whole, claims: Whole, division: Division, weights: Array | None = None) -> Array:
    """Divide each interval's endowment by the rule, which is asked only where it matters, (T, n) [Wh]."""
    matters = contested(endowment, claims)
    awards = np.where((endowment >= claims.sum(axis=-1))[:, None], claims, 0).astype(np.float64)
    alone = (endowment > 0) & ~matters & (endowment < claims.sum(axis=-1))
    # One claimant takes what there is; no rule has a say.
    awards[alone] = np.minimum(claims[alone], endowment[alone, None])
    if matters.any():
        awards[matters] = division.awards(
            endowment[matters].astype(np.float64), claims[matters].astype(np.float64), weights
        )
    return awards


def contested(endowment: Whole, claims: Whole) -> Flags:
    """Where a rule matters: something to divide, not enough for all, and at least two who ask, (T,)."""
    several = (claims > 0).sum(axis=-1) > 1
    return np.asarray((endowment > 0) & (endowment < claims.sum(axis=-1)) & several)


def rounded(awards: Array, endowment: Whole, claims: Whole, residue: Array) -> Stage:
    """Round a series of divisions, carrying what is owed; an outcome that does not conserve raises."""
    from evenwatt.engine.carry import carried

    whole, owed = carried(awards, np.minimum(endowment, claims.sum(axis=-1)), residue)
    Outcome(endowment, claims, whole)
    return Stage(awards, whole, owed)


def flows(given: Whole, stock: Whole) -> Whole:
    """Who supplied whom, (T, S) and (T, A) -> (T, S, A) [Wh]: proportional, whole margins kept on both sides."""
    from evenwatt.engine.tables import proportional

    table = np.zeros((len(given), given.shape[1], stock.shape[1]), dtype=np.int64)
    for t in np.flatnonzero(stock.sum(axis=1)):
        rows, columns = np.flatnonzero(given[t]), np.flatnonzero(stock[t])
        sources, sinks = given[t, rows], stock[t, columns]
        table[t, rows[:, None], columns] = proportional(sources, sinks)
    return table
