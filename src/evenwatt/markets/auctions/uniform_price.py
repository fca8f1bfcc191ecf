"""The call auction: one price for all, at which nobody wants to trade more or less."""

from __future__ import annotations

from dataclasses import dataclass

from evenwatt.markets.admission import priced_demand
from evenwatt.markets.call import call
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Terms, mechanism
from evenwatt.markets.orders import Orders


@mechanism(
    "uniform-price",
    title="Call auction at one price",
    source="Wilson 1985, doi:10.2307/1911013 (k-double auction)",
    satisfies={
        "single-price",
        "budget-balanced",
        "no-deficit",
        "rational",
        "efficient",
        "no-better-unserved",
    },
)
@dataclass(frozen=True, kw_only=True)
class UniformPrice:
    """Trade all that pleases both sides, at one price within the interval at which nobody regrets.

    The interval runs from the last ask sold or the best bid unmet, whichever is higher, to the last bid met or
    the best ask unsold, whichever is lower; ``split`` is how far into it the price lies. An order partly filled
    is on both sides, so that its own price is the price. Ties at the margin are shared by ``ration``; with equal
    awards (Sprumont 1991, Econometrica 59, 509-519) asking for more than one wants gains nothing there.

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> book = Orders(range(4), ["buy", "buy", "sell", "sell"], [60.0, 50.0, 20.0, 55.0], [100, 100, 150, 100])
    >>> cleared = clear(book, UniformPrice())
    >>> cleared.price, cleared.fills
    (array([50.]), array([100,  50, 150,   0]))
    """

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders."""
        priced_demand(terms, "uniform-price")
        return call(orders, terms)
