"""The renewable quota: certificates for energy that was delivered, not for contracts that were signed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.core.errors import ProblemError
from evenwatt.markets.ledger import money

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Surrender:
    """How utilities met the quota.

    Attributes
    ----------
    due, used, short, left : (U,)
        Certificates needed, given up, missing, and kept for later [Wh].
    penalties : (U,)
        What is owed to the fund [micro-units].
    """

    due: Whole
    used: Whole
    short: Whole
    left: Whole
    penalties: Whole


def certificates(renewable_wh: int, pool_wh: npt.ArrayLike, contracted_wh: npt.ArrayLike = 0) -> Whole:
    """What each utility may call renewable: its contracts' deliveries, and its share of the market's.

    Parameters
    ----------
    renewable_wh : int
        Renewable energy sold at wholesale, contracts apart [Wh].
    pool_wh : (U,)
        What each utility bought there; others' purchases may be columns of their own [Wh].
    contracted_wh : (U,), optional
        Renewable energy delivered to each by contract [Wh].

    Returns
    -------
    (U,) int64
        Certificates, one for each renewable Wh; they sum to what was generated [Wh].

    Raises
    ------
    ProblemError
        If more renewable energy was sold than bought.

    Examples
    --------
    >>> certificates(100, [150, 50], [0, 30])
    array([75, 55])
    """
    bought = np.asarray(pool_wh, dtype=np.int64)
    total = int(bought.sum())
    if renewable_wh > total:
        raise ProblemError(f"certificates: {renewable_wh} renewable Wh were sold, {total} Wh bought")
    shares = exact.vector(bought * (renewable_wh / max(total, 1)), renewable_wh)
    granted: Whole = shares + np.asarray(contracted_wh, dtype=np.int64)
    return granted


def surrender(
    sales_wh: npt.ArrayLike, held_wh: npt.ArrayLike, *, quota: float, penalty_per_mwh: float
) -> Surrender:
    """Give up certificates for the quota's share of sales, and pay for those missing.

    Parameters
    ----------
    sales_wh, held_wh : (U,)
        What each utility sold to its customers, and its certificates [Wh].
    quota : float
        Share of sales, rounded up to a Wh [-].
    penalty_per_mwh : float
        For a missing one [currency per MWh].

    Examples
    --------
    >>> met = surrender([1000, 1000], [400, 100], quota=0.3, penalty_per_mwh=50.0)
    >>> met.used, met.short, met.left, met.penalties
    (array([300, 100]), array([  0, 200]), array([100,   0]), array([    0, 10000]))
    """
    held = np.asarray(held_wh, dtype=np.int64)
    # 0.3 x 1000 is 300, though not always in floats.
    due = np.ceil(np.asarray(sales_wh) * quota * (1 - 2.0**-49)).astype(np.int64)
    used = np.minimum(due, held)
    return Surrender(due, used, due - used, held - used, money(penalty_per_mwh, due - used))
