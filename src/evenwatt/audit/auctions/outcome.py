"""One auction as its auditor sees it: a row an order, whatever the shape of the book."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Mechanism, Terms
from evenwatt.markets.orders import Orders

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outcome:
    """Orders beside what became of them; rows of no quantity are left out.

    Attributes
    ----------
    mechanism, orders, terms, clearing
        What was asked, and the answer.
    market, agent, side, quantity, kind, fill, payment : (n,)
        Columns of the orders and of the clearing, flat.
    price : (n,)
        Limits [currency per MWh].
    """

    mechanism: Mechanism
    orders: Orders
    terms: Terms
    clearing: Clearing
    market: Whole
    agent: Whole
    side: Whole
    price: Array
    quantity: Whole
    kind: Whole
    fill: Whole
    payment: Whole

    @property
    def served(self) -> Whole:
        """(T,) what demand that takes any price was given [Wh]."""
        demand = self.terms.demand
        return (
            np.zeros(len(self.orders.markets), np.int64)
            if demand is None
            else demand - self.clearing.unserved
        )

    def by_market(self) -> Iterator[tuple[int, Whole]]:
        """Each market, and the rows of its orders."""
        order = np.argsort(self.market, kind="stable")
        count = np.bincount(self.market, minlength=len(self.orders.markets))
        yield from enumerate(np.split(order, np.cumsum(count)[:-1]) if len(count) else [])


def held(mechanism: Mechanism, orders: Orders, terms: Terms) -> Outcome:
    """Run the auction and lay it out."""
    clearing = mechanism.clear(orders, terms)
    kind = np.int64(0) if orders.is_dense else orders.kind
    flat: dict[str, Any] = {
        name: np.broadcast_to(values, orders.shape).ravel()
        for name, values in (
            ("market", orders.market), ("agent", orders.agent), ("side", orders.side.astype(np.int64)),
            ("price", orders.price), ("quantity", orders.quantity), ("kind", kind),
            ("fill", clearing.fills), ("payment", clearing.payments),
        )
    }  # fmt: skip
    kept = flat["quantity"] > 0
    return Outcome(
        mechanism, orders, terms, clearing, **{name: values[kept] for name, values in flat.items()}
    )
