"""Who trades with whom where fills are given: the best bid with the best ask, down both lists."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.markets.call.rows import ties
from evenwatt.markets.clearing import Pairs
from evenwatt.markets.mechanism import Terms
from evenwatt.markets.orders import BUY, SELL, Orders

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

UNIT = 32  # bits of a micro-unit in which fractions are summed, so that sums are exact


def matched(orders: Orders, fills: Whole, terms: Terms) -> tuple[Pairs, Whole]:
    """Pair what is traded in order of merit, each pair at a price between its ask and its bid.

    Parameters
    ----------
    orders : Orders
        The orders.
    fills : the shape of the orders
        What each trades; as much is bought as sold in each market [Wh].
    terms : Terms
        ``split`` is how far from ask to bid the price of a pair lies.

    Returns
    -------
    Pairs, payments
        Row by row, and what each order pays, whole: within a micro-unit of its pairs' prices, and none left over
        [micro-units].
    """
    market, filled = np.ravel(orders.market), np.ravel(fills)
    price = np.ravel(orders.price)
    side = np.ravel(np.broadcast_to(orders.side, orders.shape))
    agent = np.ravel(np.broadcast_to(orders.agent, orders.shape))
    salts = terms.chance("ties").salts(orders.markets[:, 0])
    lots = ties(agent, salts[market])
    bids, asks = (
        best[np.lexsort((best, lots[best], -sign * price[best], market[best]))]
        for sign in (BUY, SELL)
        for best in [np.flatnonzero((side == sign) & (filled > 0))]
    )
    # Bought and sold are the same in each market, so all markets laid end to end pair within themselves.
    demand, supply = np.cumsum(filled[bids]), np.cumsum(filled[asks])
    ends = np.union1d(demand, supply)
    bid, ask = bids[np.searchsorted(demand, ends)], asks[np.searchsorted(supply, ends)]
    quantity = np.diff(ends, prepend=0)
    # With all of the gap to the seller the sum may round past the bid.
    rate = np.minimum(price[ask] + terms.split * (price[bid] - price[ask]), price[bid])
    paid = _in_turn(rate * quantity, market[bid])
    payments = np.zeros(len(filled), dtype=np.int64)
    np.add.at(payments, bid, paid)
    np.add.at(payments, ask, -paid)
    columns = orders.shape[1] if orders.is_dense else len(filled) + 1
    pairs = Pairs(market[bid], bid % columns, ask % columns, quantity, rate)
    return pairs, payments.reshape(orders.shape)


def _in_turn(amounts: Array, market: Whole) -> Whole:
    """Whole amounts, each market's rounded as running sums: pairs in a row are off by a unit together at most."""
    floor = np.floor(amounts)
    rest = np.cumsum(((amounts - floor) * 2.0**UNIT).astype(np.int64))
    opens = np.diff(market, prepend=-1) != 0
    held = np.concatenate(([0], rest))[:-1]
    start = held[opens][np.cumsum(opens) - 1]
    until, since = ((sums - start + (1 << (UNIT - 1))) >> UNIT for sums in (rest, held))
    whole: Whole = floor.astype(np.int64) + until - since
    return whole
