"""How far the two sides of a book cross when they are matched best first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.markets.mechanism import Divide, Side

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Crossing:
    """The most that pleases both sides, and the prices that call for it.

    Attributes
    ----------
    volume : int
        What trades [Wh].
    last_bid, last_ask : int
        Places of the last orders that trade; -1 where none does.
    low, high : float
        The prices at which nobody regrets; where nothing trades, the best bid and the best ask, and not a
        number on a side without orders [currency per MWh].
    """

    volume: int
    last_bid: int
    last_ask: int
    low: float
    high: float


def crossing(bids: Side, asks: Side) -> Crossing:
    """Match best first, order by order: equal prices stay apart.

    Source: the definition of a call auction; see Friedman 1993, The Double Auction Market, ch. 1.

    Examples
    --------
    >>> one, two = np.arange(1), np.arange(2)
    >>> bids = Side(two, two, np.array([60.0, 50.0]), np.array([100, 100]), two)
    >>> crossing(bids, Side(one, one, np.array([20.0]), np.array([150]), one))
    Crossing(volume=150, last_bid=1, last_ask=0, low=50.0, high=50.0)
    """
    begun = _begun(bids, asks)
    if not begun:
        return Crossing(0, -1, -1, _at(bids, 0), _at(asks, 0))
    offered = int(np.searchsorted(asks.price, bids.price[begun - 1], side="right"))
    volume = int(min(bids.until[begun - 1], asks.until[offered - 1]))
    bid, ask = (int(np.searchsorted(side.until, volume)) for side in (bids, asks))
    unmet, unsold = (int(np.searchsorted(side.until, volume, side="right")) for side in (bids, asks))
    # A price outside these bounds would leave somebody wanting to trade at it.
    low, high = np.fmax(asks.price[ask], _at(bids, unmet)), np.fmin(bids.price[bid], _at(asks, unsold))
    return Crossing(volume, bid, ask, float(low), float(high))


def served(side: Side, volume: int, ration: Divide | None = None) -> Whole:
    """(k,) what each order trades of ``volume``, best first; ``ration`` shares the price level that is cut [Wh]."""
    fills: Whole = np.clip(volume - (side.until - side.quantity), 0, side.quantity)
    last = int(np.searchsorted(side.until, volume))
    if ration is None or last == len(side) or volume == side.until[last]:
        return fills
    tied = np.flatnonzero(side.price == side.price[last])
    left = int(fills[tied].sum())
    claims = side.quantity[tied].astype(np.float64)
    fills[tied] = exact.vector(ration(np.asarray(float(left)), claims), left)
    return fills


def _begun(bids: Side, asks: Side) -> int:
    """How many bids get their first Wh from an ask that asks no more."""
    serving = np.searchsorted(asks.until, bids.until - bids.quantity, side="right")
    serving = serving[serving < len(asks)]
    return int(np.count_nonzero(bids.price[: len(serving)] >= asks.price[serving]))


def _at(side: Side, place: int) -> float:
    return float(side.price[place]) if place < len(side) else np.nan
