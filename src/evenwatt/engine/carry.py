"""Rounding over time: what one interval rounds away, the next gives back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.core.exact import NOISE

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def carried(parts: Array, totals: Whole, residue: Array) -> tuple[Whole, Array]:
    """Round a series of divisions so that every interval and, nearly, every member's sum is kept.

    Each part becomes its floor or its ceiling, so no award passes a whole claim. The units left by the
    floors go to those owed most so far (residue plus remainder); a tie goes to the larger part, then
    to the earlier member.

    Parameters
    ----------
    parts : (T, n)
        Awards as the rule computed them, in the order of time [Wh].
    totals : (T,) int64
        Whole sum of each interval [Wh].
    residue : (n,)
        What each member is still owed from before [Wh].

    Returns
    -------
    whole : (T, n) int64
        Whole awards; row ``t`` sums to ``totals[t]`` [Wh].
    residue : (n,)
        What each member is owed after the last interval [Wh].

    Raises
    ------
    ProblemError
        If the parts of an interval miss its total by more than float noise.

    Examples
    --------
    >>> thirds = np.full((3, 3), 1 / 3)
    >>> carried(thirds, np.ones(3, dtype=np.int64), np.zeros(3))[0]
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 0, 1]])
    """
    from evenwatt.engine._carry import carry_rows

    wanted = np.ascontiguousarray(parts, dtype=np.float64)
    off = np.abs(wanted.sum(axis=1) - totals) > NOISE * (1 + np.abs(totals))
    if off.any() or not np.isfinite(wanted).all():
        row = int(np.flatnonzero(off)[0]) if off.any() else -1
        raise ProblemError(f"carried: interval {row}: parts sum to {wanted[row].sum()!r}, not {totals[row]}")
    whole = np.empty(wanted.shape, dtype=np.int64)
    owed = np.array(residue, dtype=np.float64)
    failed = carry_rows(wanted, np.ascontiguousarray(totals, dtype=np.int64), owed, whole)
    if failed >= 0:
        raise ProblemError(f"carried: interval {failed}: no neighbouring whole numbers meet the total")
    return whole, owed
