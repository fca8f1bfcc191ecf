"""The single-price auction with a balanced budget: what the last trade would cost is drawn by lot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evenwatt.markets.admission import unit_demand
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Book, Terms, Trade, each_book, mechanism
from evenwatt.markets.orders import Orders
from evenwatt.markets.unit_demand import efficient_trades, sale


@mechanism(
    "sbba",
    title="Strongly budget-balanced auction",
    source="Segal-Halevi, Hassidim & Aumann 2016, doi:10.1007/978-3-662-53354-3_21",
    # With one lot each, the only other quantity is none at all, which gains nobody anything.
    satisfies={
        "single-price",
        "budget-balanced",
        "no-deficit",
        "rational",
        "truthful-price",
        "truthful-quantity",
    },
)
@dataclass(frozen=True, kw_only=True)
class Sbba:
    """One price for both sides: the smaller of the last efficient bid and the first ask that is too dear.

    If it is that ask, all k efficient trades are made. If it is the bid at k, or no ask is left, its buyer
    stays out, and so does one of the k sellers, drawn by a lot that depends on nobody's report: k - 1 trade.
    On average at most a k-th of the worth is lost.

    Raises
    ------
    ProblemError
        If an agent has more than one order in a market, or lots differ in size; names the orders.

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> side, lot = ["buy"] * 5 + ["sell"] * 5, [1] * 10
    >>> book = Orders(range(10), side, [74, 66, 58, 49, 41, 33, 40, 52, 57, 63], lot)
    >>> clear(book, "sbba").price, clear(book, "sbba").volume, clear(book, "sbba").budget
    (array([57.]), array([3]), array([0]))
    """

    # One lot a head: `markets.OneLot` makes books of any quantities such.
    unit_demand: ClassVar[bool] = True

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders."""
        unit_demand(orders, terms, "sbba")
        return each_book(orders, terms, lambda book: _one(book, terms))


def _one(book: Book, terms: Terms) -> Trade:
    k = efficient_trades(book)
    best, bid, ask = np.arange(k), book.bids.price, book.asks.price
    if k and k < len(ask) and ask[k] <= bid[k - 1]:
        return sale(book, best, best, pay=float(ask[k]), get=float(ask[k]))
    if k < 2:
        return sale(book, best[:0], best[:0], pay=np.nan, get=np.nan)
    lots = terms.chance("sbba", book.period).bits(book.asks.agent[:k], "left out")
    price = float(bid[k - 1])
    return sale(book, best[:-1], np.delete(best, np.argmax(lots)), pay=price, get=price)
