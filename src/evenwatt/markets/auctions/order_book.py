"""The continuous order book: whoever comes trades at once with the best that waits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import RuleError
from evenwatt.markets.admission import priced_demand
from evenwatt.markets.auctions.bilateral import of_pairs
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Book, Terms, Trade, each_book, mechanism, no_trade
from evenwatt.markets.orders import Orders

Whole = npt.NDArray[np.int64]

ARRIVALS = ("shuffled", "given")


@mechanism(
    "order-book",
    title="Continuous order book (price-time priority)",
    source="Gould, Porter, Williams, McDonald, Fenn & Howison 2013, doi:10.1080/14697688.2013.803148",
    satisfies={"budget-balanced", "no-deficit", "rational"},
)
@dataclass(frozen=True, kw_only=True)
class OrderBook:
    """Each order that arrives trades with the best resting one at that one's price, while prices cross.

    Of resting orders the better price goes first, then the earlier. What is left of an order rests until the
    gate closes, so the book is never crossed. ``price`` is not a number where trades differ; ``low`` and
    ``high`` are the lowest and the highest; ``pairs`` are in the order in which they happened.

    Parameters
    ----------
    arrival : "shuffled" or "given"
        By lot, which depends on the agent and the period and on nobody's report, an agent's orders one after
        another as they are listed; or as all orders are listed.

    Raises
    ------
    RuleError
        If ``arrival`` is neither.

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> side, price = ["sell", "sell", "buy", "sell", "buy"], [50.0, 48.0, 49.0, 45.0, 52.0]
    >>> cleared = clear(Orders(range(5), side, price, [100, 100, 150, 80, 60]), OrderBook(arrival="given"))
    >>> cleared.pairs.quantity, cleared.pairs.price
    (array([100,  50,  30,  30]), array([48., 49., 45., 50.]))
    """

    arrival: Literal["shuffled", "given"] = "shuffled"

    def __post_init__(self) -> None:
        if self.arrival not in ARRIVALS:
            raise RuleError(f"order-book: arrival '{self.arrival}' is not one of {', '.join(ARRIVALS)}")

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders."""
        priced_demand(terms, "order-book")
        return each_book(orders, terms, lambda book: self._one(book, terms))

    def _one(self, book: Book, terms: Terms) -> Trade:
        from evenwatt.markets.auctions._book_kernels import match

        bids, asks = book.bids, book.asks
        row, agent, price, quantity = (
            np.concatenate([getattr(bids, name), getattr(asks, name)]) for name in ("row", "agent", "price", "quantity")
        )  # fmt: skip
        lots = terms.chance("arrival", book.period).bits(agent)
        turn = np.argsort(row) if self.arrival == "given" else np.lexsort((row, lots))
        buys = turn < len(bids)
        arrived, rested, traded = match(buys, price[turn], quantity[turn])
        if not len(traded):
            return replace(no_trade(book), pairs=[])
        met = np.where(buys[arrived], turn[arrived], turn[rested])
        by = np.where(buys[arrived], turn[rested], turn[arrived]) - len(bids)
        return of_pairs(book, met, by, traded, price[turn[rested]])
