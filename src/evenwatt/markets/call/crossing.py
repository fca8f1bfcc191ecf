"""Where demand meets supply in each market: the volume, the price nobody regrets, and the level that is divided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.engine.threads import share_rows
from evenwatt.markets.call.rows import Rows

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Crossing:
    """One row a market.

    Attributes
    ----------
    volume : (T,)
        What trades [Wh].
    price, low, high : (T,)
        As ``Clearing`` has them [currency per MWh].
    cuts : (T, 2)
        Prices of the last bid and the last ask served [currency per MWh].
    left : (T,)
        What is for the last level served of one side, where that is less than its orders ask for [Wh]; else 0.
    tied : (T,)
        How many orders that level has, negative where they are asks; else 0.
    status : (T,) int8
        As ``Clearing`` has it.
    """

    volume: Whole
    price: Array
    low: Array
    high: Array
    cuts: Array
    left: Whole
    tied: Whole
    status: npt.NDArray[np.int8]


def crossing(rows: Rows, split: float, near: Array | None = None) -> Crossing:
    """Find every market's crossing, exactly, whatever the guesses ``near``.

    Parameters
    ----------
    rows : Rows
        The orders.
    split : float
        The sellers' share of the interval of prices [-].
    near : (T,), optional
        Guesses of the prices; not a number where there is none [currency per MWh].

    Source: the set of prices of the k-double auction, Wilson 1985, doi:10.2307/1911013.
    """
    from evenwatt.markets.call import _crossing_kernels as kernels

    markets = len(rows)
    guesses = np.full(markets, np.nan) if near is None else np.array(near, dtype=np.float64)
    found = Crossing(
        volume=np.empty(markets, dtype=np.int64),
        price=np.empty(markets), low=np.empty(markets), high=np.empty(markets), cuts=np.empty((markets, 2)),
        left=np.empty(markets, dtype=np.int64), tied=np.empty(markets, dtype=np.int64),
        status=np.empty(markets, dtype=np.int8),
    )  # fmt: skip

    def work(begin: int, finish: int) -> None:
        kernels.cross_rows(
            rows.price, rows.quantity, rows.side, rows.shared, rows.edges, guesses, split,
            found.volume, found.price, found.low, found.high, found.cuts, found.left, found.tied, found.status,
            begin, finish,
        )  # fmt: skip

    share_rows(markets, work, least=rows.least)
    return found
