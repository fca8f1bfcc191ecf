"""Trade reduction: the last efficient pair stays out and sets the prices of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from evenwatt.markets.admission import unit_demand
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Book, Terms, Trade, each_book, mechanism
from evenwatt.markets.orders import Orders
from evenwatt.markets.unit_demand import efficient_trades, reduced


@mechanism(
    "trade-reduction",
    title="Trade reduction",
    source="McAfee 1992, doi:10.1016/0022-0531(92)90091-U",
    # With one lot each, the only other quantity is none at all, which gains nobody anything.
    satisfies={"no-deficit", "rational", "no-better-unserved", "truthful-price", "truthful-quantity"},
)
@dataclass(frozen=True, kw_only=True)
class TradeReduction:
    """Give up the least valuable of the k efficient trades; the others trade at its bid and its ask.

    The difference of the two is left with the operator, and at most a k-th of the worth is lost. ``price``
    is not a number unless the two are equal: ``low`` is what sellers get, ``high`` what buyers pay.

    Raises
    ------
    ProblemError
        If an agent has more than one order in a market, or lots differ in size; names the orders.

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> side, lot = ["buy"] * 4 + ["sell"] * 4, [1] * 8
    >>> cleared = clear(Orders(range(8), side, [74, 66, 58, 30, 33, 40, 52, 95], lot), "trade-reduction")
    >>> cleared.payments, cleared.budget
    (array([ 58,  58,   0,   0, -52, -52,   0,   0]), array([12]))
    """

    # One lot a head: `markets.OneLot` makes books of any quantities such.
    unit_demand: ClassVar[bool] = True

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders."""
        unit_demand(orders, terms, "trade-reduction")
        return each_book(orders, terms, _one)


def _one(book: Book) -> Trade:
    return reduced(book, efficient_trades(book))
