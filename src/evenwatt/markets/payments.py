"""Whole payments: a sum is rounded once, then shared, so that both sides come to the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]


def at_price(price: float, fills: Whole) -> Whole:
    """What each fill comes to at ``price``, together the rounded worth of all of them.

    Parameters
    ----------
    price : float
        May be negative [currency per MWh].
    fills : (n,) whole
        What each trades [Wh].

    Returns
    -------
    (n,) whole
        ``price * fills`` by largest remainder [micro-units].

    Examples
    --------
    >>> at_price(54.5, np.array([101, 50, 49]))
    array([5505, 2725, 2670])
    """
    traded = np.flatnonzero(fills)
    payments = np.zeros_like(fills)
    if not len(traded):
        return payments
    worth = abs(price) * fills[traded]
    whole = np.floor(worth).astype(np.int64)
    # Float noise may leave less than nothing to hand out; then everybody's part is one less, and is handed out again.
    each, left = divmod(round(abs(price) * int(fills.sum())) - int(whole.sum()), len(traded))
    whole += each
    whole[np.argsort(whole - worth, kind="stable")[:left]] += 1
    payments[traded] = whole if price >= 0 else -whole
    return payments


def shares(worth: npt.NDArray[Any], total: int) -> Whole:
    """Round every part down or up, the largest remainders first, so that all come to ``total``.

    Parameters
    ----------
    worth : (n,)
        What each part is worth exactly; may be negative [micro-units].
    total : int
        The sum of all parts, rounded down or up [micro-units].

    Returns
    -------
    (n,) whole
        Less than a micro-unit away from ``worth`` each [micro-units].

    Examples
    --------
    >>> shares(np.array([5504.5, 2725.0, 2670.5]), 10_900)
    array([5505, 2725, 2670])
    >>> shares(np.array([-0.5, -0.5, 0.0]), -1)
    array([ 0, -1,  0])
    """
    floor = np.floor(worth)
    up = np.lexsort((np.arange(len(worth)), floor - worth))[: total - int(floor.sum())]
    whole: Whole = floor.astype(np.int64)
    whole[up] += 1
    return whole
