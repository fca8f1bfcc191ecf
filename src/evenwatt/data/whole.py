"""Energy of a file as whole Wh, so that each register's local day keeps its sum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Whole
from evenwatt.core.units import MICRO_WH_PER_WH

LARGEST = 2**51  # a decimal of at most 15 digits survives float64, IEEE 754; more would not be exact


def micro_wh(values: npt.NDArray[np.float64], per_unit: float) -> tuple[Whole, npt.NDArray[np.bool_]]:
    """Decimal numbers, read as floats, as whole micro-Wh; exact, because the product is a whole number.

    Parameters
    ----------
    values : (R, n)
        Numbers of the file [unit]; NaN where there is none.
    per_unit : float
        How many micro-Wh a unit has.

    Returns
    -------
    micro : (R, n) int64
        Energy [micro-Wh]; 0 where there is no number or it is too large.
    readable : (R, n) bool
        Whether the number is finite and small enough to be exact.

    Examples
    --------
    >>> micro_wh(np.array([[0.02, 0.1234567]]), 1e9)[0]
    array([[ 20000000, 123456700]])
    """
    scaled = values * per_unit
    readable = np.asarray(np.abs(scaled) < LARGEST)
    return np.rint(np.where(readable, scaled, 0.0)).astype(np.int64), readable


def rounded(
    micro: Whole, present: npt.NDArray[np.bool_], dates: npt.NDArray[np.datetime64]
) -> tuple[Whole, int]:
    """Whole Wh by largest remainder per register and local day.

    Ties go to the larger reading, then to the earlier one, as in ``core.exact``.

    Parameters
    ----------
    micro : (T, n)
        Energy, non-negative [micro-Wh].
    present : (T, n)
        Where there is a reading.
    dates : (T,)
        Local calendar date of each interval, increasing.

    Returns
    -------
    wh : (T, n) int64
        Readings; a day's sum is the exact sum, rounded [Wh].
    moved : int
        Largest change of a reading [micro-Wh].
    """
    wh, rest = np.divmod(micro, MICRO_WH_PER_WH)
    fine = np.asarray(rest.any(axis=1))
    edges = np.append(np.flatnonzero(np.append(True, dates[1:] != dates[:-1])), len(dates))
    for first, last in zip(edges.tolist(), edges[1:].tolist(), strict=False):
        if fine[first:last].any():
            _round_day(wh[first:last], rest[first:last], present[first:last])
    return wh, int(np.abs(wh * MICRO_WH_PER_WH - micro).max(initial=0))


def _round_day(wh: Whole, rest: Whole, present: npt.NDArray[np.bool_]) -> None:
    """Raise the readings with the largest remainders by one, in place."""
    short = (rest.sum(axis=0) + MICRO_WH_PER_WH // 2) // MICRO_WH_PER_WH
    steps, columns = wh.shape
    # One number ranks a reading: remainder (20 bits), then size (31), then how early it is (12).
    early = np.arange(steps - 1, -1, -1)[:, None]
    key = (rest << 43) | (np.minimum(wh, 2**31 - 1) << 12) | early
    key[~present | (rest == 0)] = -1
    ranked = np.sort(key, axis=0)
    # Never more than there are fractions: each is below 1, so their rounded sum is at most their number.
    limit = ranked[np.clip(steps - short, 0, steps - 1), np.arange(columns)]
    wh += ((key >= limit) & (short > 0)).astype(np.int64)
