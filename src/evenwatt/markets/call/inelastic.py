"""Demand that takes any price: one more bid in every market, at the value of lost load."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from evenwatt.markets.call.filling import cleared
from evenwatt.markets.call.rows import Rows, rows
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Terms
from evenwatt.markets.orders import BUY, SELL, Orders

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def call_with_demand(orders: Orders, terms: Terms, lost_load_per_mwh: float) -> Clearing:
    """Serve ``terms.demand`` from the offers, all at the lower end of the prices nobody regrets.

    Parameters
    ----------
    orders : Orders
        Offers only.
    terms : Terms
        ``demand`` (T,), ``ration`` and ``near``; the price is the lower end whatever the ``split``.
    lost_load_per_mwh : float
        What demand would pay at most [currency per MWh].
    """
    offers = rows(orders, terms)
    wanted = np.zeros(len(offers), dtype=np.int64) if terms.demand is None else terms.demand
    together, demand = _joined(offers, wanted, lost_load_per_mwh)
    answer = cleared(together, replace(terms, split=0.0), orders.markets)
    served = answer.fills[demand]
    fills, payments = (
        offers.back(np.delete(values, demand), orders.shape) for values in (answer.fills, answer.payments)
    )
    return replace(
        answer, fills=fills, payments=payments, demand_payment=answer.payments[demand],
        unserved=wanted - served, welfare=-_cost(together, answer.fills, demand),
    )  # fmt: skip


def _joined(offers: Rows, wanted: Whole, limit: float) -> tuple[Rows, Whole]:
    """Each market with its demand as its last row; and which rows those are."""
    ends = offers.edges[1:]
    demand = ends + np.arange(len(offers))
    side = np.full(len(offers.price) + len(offers), SELL, dtype=np.int8)
    side[demand] = BUY
    nobody = len(offers.agent) if offers.one_agent else ends
    return Rows(
        np.insert(offers.price, ends, limit), np.insert(offers.quantity, ends, wanted), side,
        np.insert(offers.agent, nobody, -1), False, offers.one_agent,
        offers.edges + np.arange(len(offers) + 1), offers.salts,
    ), demand  # fmt: skip


def _cost(together: Rows, fills: Whole, demand: Whole) -> Array:
    """What the offers that run ask for, by market."""
    worth = np.where(fills > 0, together.price, 0.0) * fills
    worth[demand] = 0.0
    cost: Array = np.add.reduceat(worth, together.edges[:-1]) if len(worth) else np.zeros(len(together))
    return cost
