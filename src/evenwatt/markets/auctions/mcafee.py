"""McAfee's double auction: the first pair that does not trade sets the price for those that do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evenwatt.markets.admission import unit_demand
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Book, Terms, Trade, each_book, mechanism
from evenwatt.markets.orders import Orders
from evenwatt.markets.unit_demand import efficient_trades, reduced, sale


@mechanism(
    "mcafee",
    title="McAfee's double auction",
    source="McAfee 1992, doi:10.1016/0022-0531(92)90091-U",
    # With one lot each, the only other quantity is none at all, which gains nobody anything.
    satisfies={"no-deficit", "rational", "no-better-unserved", "truthful-price", "truthful-quantity"},
)
@dataclass(frozen=True, kw_only=True)
class McAfee:
    """Trade at the middle of the first pair that is too dear, if that suits all; else give up the last trade.

    With k efficient trades: if the middle of the bid and the ask at k + 1 lies between the ask and the bid at
    k, all k trade at it. Otherwise, or where one side has no order k + 1, k - 1 trade: buyers pay the bid at
    k, sellers get the ask at k, and the difference is left with the operator.

    At most the least valuable of the k trades is lost. ``price`` is not a number when a trade is given up:
    ``low`` is what sellers get, ``high`` what buyers pay.

    Raises
    ------
    ProblemError
        If an agent has more than one order in a market, or lots differ in size; names the orders.

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> side, lot = ["buy"] * 5 + ["sell"] * 5, [1] * 10
    >>> book = Orders(range(10), side, [74, 66, 58, 49, 41, 33, 40, 52, 57, 63], lot)
    >>> clear(book, "mcafee").price, clear(book, "mcafee").volume
    (array([53.]), array([3]))
    """

    # One lot a head: `markets.OneLot` makes books of any quantities such.
    unit_demand: ClassVar[bool] = True

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders."""
        unit_demand(orders, terms, "mcafee")
        return each_book(orders, terms, _one)


def _one(book: Book) -> Trade:
    k = efficient_trades(book)
    if k == 0 or k == min(len(book.bids), len(book.asks)):
        return reduced(book, k)
    bid, ask = book.bids.price, book.asks.price
    middle = float(bid[k] + ask[k]) / 2
    if not ask[k - 1] <= middle <= bid[k - 1]:
        return reduced(book, k)
    best = np.arange(k)
    return sale(book, best, best, pay=middle, get=middle)
