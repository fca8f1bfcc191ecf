"""The auction of Vickrey, Clarke and Groves: efficient and truthful, and somebody must fund it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evenwatt.markets.admission import priced_demand
from evenwatt.markets.best_first import crossing, served
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.externality import pivotal_payments
from evenwatt.markets.mechanism import Book, Terms, Trade, each_book, mechanism, no_trade
from evenwatt.markets.orders import Orders


@mechanism(
    "vcg",
    title="Vickrey-Clarke-Groves",
    source="Vickrey 1961, doi:10.1111/j.1540-6261.1961.tb02789.x; Clarke 1971, doi:10.1007/BF01726210",
    satisfies={"efficient", "rational", "no-better-unserved", "truthful-price", "truthful-quantity"},
)
@dataclass(frozen=True, kw_only=True)
class Vcg:
    """Make all efficient trades, and let each agent keep what it adds to their worth.

    An agent is all its orders in a market, of either side. It pays what the others could gain without it,
    less what they gain with it; where demand meets supply is shared by ``ration`` if prices tie. Buyers
    together never pay more than sellers get, mostly less: ``budget`` is 0 or below, and ``notes`` say who
    adds the rest. Each agent's payment is rounded down, which also falls to the funder.

    There is no one price: ``low`` and ``high`` bound the prices at which nobody would regret a call auction.

    Parameters
    ----------
    funder : str
        Who adds what is missing, for the notes.

    Raises
    ------
    ProblemError
        If there is demand that takes any price.

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> side = ["buy"] * 4 + ["sell"] * 3
    >>> book = Orders(range(7), side, [70, 60, 60, 45, 20, 40, 80], [300, 200, 100, 400, 250, 200, 300])
    >>> cleared = clear(book, "vcg")
    >>> cleared.fills.sum() // 2, cleared.budget, cleared.notes
    (np.int64(450), array([-4500]), ('the operator funds a deficit of 4500 micro-units',))
    """

    funder: str = "the operator"

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders."""
        priced_demand(terms, "vcg")
        cleared = each_book(orders, terms, lambda book: _one(book, terms))
        deficit = -int(cleared.budget.sum())
        return replace(cleared, notes=(f"{self.funder} funds a deficit of {deficit} micro-units",))


def _one(book: Book, terms: Terms) -> Trade:
    bids, asks = book.bids, book.asks
    met = crossing(bids, asks)
    if not met.volume:
        return no_trade(book)
    bought, sold = served(bids, met.volume, terms.ration), served(asks, met.volume, terms.ration)
    payments = pivotal_payments(
        np.concatenate([bids.agent, asks.agent]),
        np.repeat([1, -1], [len(bids), len(asks)]),
        np.concatenate([bids.price, asks.price]),
        np.concatenate([bids.quantity, asks.quantity]),
        np.concatenate([bought, sold]),
    )
    paid, earned = payments[: len(bids)], -payments[len(bids) :]
    return Trade(bought, sold, paid, earned, low=met.low, high=met.high)
