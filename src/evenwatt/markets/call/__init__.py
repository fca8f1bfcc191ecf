"""The engine of the call auctions: one exact crossing for any number of markets of any size."""

from __future__ import annotations

from dataclasses import replace

from evenwatt.markets.call.filling import cleared
from evenwatt.markets.call.inelastic import call_with_demand
from evenwatt.markets.call.pairing import matched
from evenwatt.markets.call.rows import Rows, rows
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Terms
from evenwatt.markets.orders import Orders

__all__ = ["Rows", "call", "call_with_demand", "cleared", "matched", "rows"]


def call(orders: Orders, terms: Terms, *, own_prices: bool = False) -> Clearing:
    """Clear every market of the orders by one call; everybody pays one price, or their own."""
    together = rows(orders, terms)
    answer = cleared(together, terms, orders.markets, own_prices=own_prices)
    if together.place is None and not orders.is_dense:
        return answer
    fills, payments = (together.back(values, orders.shape) for values in (answer.fills, answer.payments))
    return replace(answer, fills=fills, payments=payments)
