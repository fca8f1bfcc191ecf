"""The double auction of Huang, Scheller-Wolf and Sycara: many units, truthful in price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.markets.admission import one_order_each
from evenwatt.markets.best_first import crossing
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Book, Side, Terms, Trade, each_book, mechanism, no_trade
from evenwatt.markets.orders import Orders
from evenwatt.markets.payments import at_price

Whole = npt.NDArray[np.int64]


@mechanism(
    "huang",
    title="Huang, Scheller-Wolf & Sycara's double auction",
    source="Huang, Scheller-Wolf & Sycara 2002, doi:10.1111/1467-8640.t01-1-00206",
    satisfies={"no-deficit", "rational", "truthful-price"},
)
@dataclass(frozen=True, kw_only=True)
class Huang:
    """Those before the last bid and the last ask to trade do trade, at the prices of these two.

    Matched best first, the last bid and the last ask that get anything stay out: buyers before the one pay
    its bid, sellers before the other get its ask, and the difference is left with the operator. The side
    that holds more gives up the same from each order, but no more than it has; a watt-hour that cannot be
    split is given up by lot, which depends on nobody's report.

    Quantities can be overstated to gain: the test of it is a buyer that asks for 315 Wh and gets the 300 it
    wants instead of 290. ``price`` is not a number unless both prices are equal: ``low`` is what sellers
    get, ``high`` what buyers pay.

    Raises
    ------
    ProblemError
        If an agent has more than one order in a market; names the orders.

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> side = ["buy"] * 4 + ["sell"] * 3
    >>> book = Orders(range(7), side, [90, 80, 70, 60, 30, 35, 55], [300, 250, 40, 100, 200, 360, 400])
    >>> cleared = clear(book, "huang")
    >>> cleared.fills, cleared.low, cleared.high, cleared.budget
    (array([290, 240,  30,   0, 200, 360,   0]), array([55.]), array([60.]), array([2800]))
    """

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders."""
        one_order_each(orders, terms, "huang")
        return each_book(orders, terms, lambda book: _one(book, terms))


def _one(book: Book, terms: Terms) -> Trade:
    met = crossing(book.bids, book.asks)
    if min(met.last_bid, met.last_ask) < 1:
        return no_trade(book)
    pay, get = float(book.bids.price[met.last_bid]), float(book.asks.price[met.last_ask])
    wished, offered = book.bids.quantity[: met.last_bid], book.asks.quantity[: met.last_ask]
    volume = int(min(wished.sum(), offered.sum()))
    lots = terms.chance("huang", book.period)
    bought = _first(book.bids, less(wished, volume, lots.bits(book.bids.agent[: met.last_bid])))
    sold = _first(book.asks, less(offered, volume, lots.bits(book.asks.agent[: met.last_ask])))
    paid, earned = at_price(pay, bought), at_price(get, sold)
    return Trade(bought, sold, paid, earned, price=pay if pay == get else np.nan, low=get, high=pay)


def _first(side: Side, fills: Whole) -> Whole:
    """What all orders of a side trade where only the first of them do."""
    return np.concatenate([fills, np.zeros(len(side) - len(fills), dtype=np.int64)])


def less(quantity: Whole, volume: int, lots: npt.NDArray[np.uint64]) -> Whole:
    """(n,) quantities cut by equal losses to ``volume``, whole; a Wh that cannot be split falls to the least lot.

    Examples
    --------
    >>> less(np.array([300, 250, 40]), 560, np.arange(3, dtype=np.uint64))
    array([290, 240,  30])
    >>> less(np.array([300, 250, 5]), 500, np.array([2, 1, 0], dtype=np.uint64))
    array([275, 225,   0])
    """
    excess = int(quantity.sum()) - volume
    rising = np.sort(quantity)
    cut = np.cumsum(rising) - rising
    many = len(quantity) - np.arange(len(quantity))
    # Orders below the loss give up all they have; the first that does not sets it.
    full = int(np.count_nonzero(cut + many * rising <= excess))
    if full == len(quantity):
        return np.zeros_like(quantity)
    loss, odd = divmod(excess - int(cut[full]), int(many[full]))
    kept = np.maximum(quantity - loss, 0)
    drawn = np.lexsort((lots, kept == 0))[:odd]
    kept[drawn] -= 1
    return kept
