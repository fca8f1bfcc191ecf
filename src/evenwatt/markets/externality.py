"""What each agent costs the others by taking part: the payments of Vickrey, Clarke and Groves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

# Float noise that must not cost a micro-unit when a whole payment comes out a hair below itself.
NOISE = 1e-6


def pivotal_payments(agent: Whole, side: Whole, price: Array, quantity: Whole, fills: Whole) -> Whole:
    """What each order pays when its agent leaves the others as well off as without it.

    An agent is all its orders. It keeps what it adds to the worth of the market, spread evenly over what it
    trades, so no order of its own loses. Each agent's payment is rounded down: nobody loses by rounding, and
    the operator adds what is missing.

    Parameters
    ----------
    agent, side : (n,)
        Who stands behind each order, and +1 for bids, -1 for asks.
    price : (n,)
        Limits [currency per MWh].
    quantity, fills : (n,) whole
        What each would trade at most, and what it does trade in a market of the largest worth [Wh].

    Returns
    -------
    (n,) whole
        Negative where an order is paid [micro-units].

    Source: Clarke 1971, doi:10.1007/BF01726210; for double auctions McAfee 1992, doi:10.1016/0022-0531(92)90091-U.

    Examples
    --------
    Three buyers and two sellers at 70, 60, 60 against 20, 40; the last buyer gets half of what it wants.

    >>> side = np.array([1, 1, 1, -1, -1])
    >>> price = np.array([70.0, 60.0, 60.0, 20.0, 40.0])
    >>> fills = np.array([300, 100, 50, 250, 200])
    >>> pivotal_payments(np.arange(5), side, price, np.array([300, 100, 100, 250, 200]), fills)
    array([ 12000,   5000,   2000, -16000, -12500])
    """
    members, member = np.unique(agent, return_inverse=True)
    added = _Market(member, len(members), side, price, quantity).added()
    traded = np.bincount(member, weights=fills, minlength=len(members))
    kept = np.divide(added, traded, out=np.zeros_like(added), where=traded > 0)
    payments = np.zeros(len(fills), dtype=np.int64)
    filled = np.flatnonzero(fills)
    due = (side * price - kept[member])[filled] * fills[filled]
    payments[filled] = _floored(member[filled], due)
    return payments


@dataclass(frozen=True)
class _Market:
    """Orders by price level; the worth of the market is the least, over prices, of what all would gain at a price.

    That least is where demand meets supply. Without an agent it lies a few levels away, and how far is found
    for all agents at once by bisection, so no market is cleared again.
    """

    member: Whole
    members: int
    side: Whole
    price: Array
    quantity: Whole

    def added(self) -> Array:
        """(members,) the worth of the market less what it would be without each [micro-units]."""
        if not len(self.price):
            return np.zeros(self.members)
        levels, level = np.unique(self.price, return_inverse=True)
        excess = self._excess(level, len(levels))
        place = self._without(level, excess)
        gain = np.maximum(self.side * (self.price - levels[place][self.member]), 0.0) * self.quantity
        own = np.bincount(self.member, weights=gain, minlength=self.members)
        added: Array = np.maximum(own - _rise(levels, excess)[place], 0.0)
        return added

    def _excess(self, level: Whole, levels: int) -> Array:
        """(levels,) demand above each level less supply up to it, which falls as prices rise [Wh]."""
        bids = np.bincount(level, weights=np.where(self.side > 0, self.quantity, 0), minlength=levels)
        asks = np.bincount(level, weights=np.where(self.side < 0, self.quantity, 0), minlength=levels)
        excess: Array = bids.sum() - np.cumsum(bids) - np.cumsum(asks)
        return excess

    def _without(self, level: Whole, excess: Array) -> Whole:
        """(members,) the first level at which the others have no excess demand."""
        low, high = np.zeros(self.members, dtype=np.int64), np.full(self.members, len(excess) - 1)
        signed = self.side * self.quantity
        while (low < high).any():
            middle = (low + high) // 2
            # A bid above the level demands still; an ask up to it supplies already.
            counts = (level > middle[self.member]) == (self.side > 0)
            own = np.bincount(self.member, weights=signed * counts, minlength=self.members)
            met = excess[middle] - own <= 0
            low, high = np.where(met, low, middle + 1), np.where(met, middle, high)
        return high


def _rise(levels: Array, excess: Array) -> Array:
    """What all would gain at each level, above what they gain where demand meets supply [micro-units]."""
    meeting = int(np.count_nonzero(excess > 0))
    steps = -excess[:-1] * np.diff(levels)
    # Summed outwards from there: the numbers stay as small as the differences they are.
    below = -np.cumsum(steps[:meeting][::-1])[::-1]
    return np.concatenate([below, [0.0], np.cumsum(steps[meeting:])])


def _floored(member: Whole, due: Array) -> Whole:
    """Whole payments: each agent's sum rounded down, each order's part by less than one."""
    first = np.argsort(member, kind="stable")
    member, due = member[first], due[first]
    start = np.flatnonzero(np.diff(member, prepend=-1))
    whole = _down(due)
    left = _down(np.add.reduceat(due, start)) - np.add.reduceat(whole, start) if len(start) else start
    count = np.diff(start, append=len(due))
    rank = np.arange(len(due)) - np.repeat(start, count)
    payments = np.empty_like(whole)
    payments[first] = whole + (rank < np.repeat(left, count))
    return payments


def _down(amounts: Array) -> Whole:
    return np.floor(amounts + NOISE + 1e-14 * np.abs(amounts)).astype(np.int64)
