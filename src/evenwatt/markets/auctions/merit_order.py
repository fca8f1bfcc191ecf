"""Merit order: demand that takes any price is served by the cheapest offers, all at the price of the dearest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenwatt.core.errors import ProblemError
from evenwatt.markets.call import call_with_demand
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Terms, mechanism
from evenwatt.markets.orders import BUY, Orders


@mechanism(
    "merit-order",
    title="Merit order with demand that takes any price",
    source="Schweppe, Caramanis, Tabors & Bohn 1988, doi:10.1007/978-1-4613-1683-1",
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
class MeritOrder:
    """Dispatch offers from the cheapest up until demand is served; the dearest that runs sets the price.

    It is the call auction with one bid of the whole demand at the value of lost load and the price at the lower
    end of its interval: where demand meets a step exactly, the price is that of the last offer dispatched. Where
    offers are not enough the rest is unserved and the price is the value of lost load; an offer dearer than that
    does not run. ``welfare`` is the cost of what runs, negative: such demand reports no value.

    Parameters
    ----------
    lost_load_per_mwh : float
        Value of lost load [currency per MWh].

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> units = Orders(range(4), "sell", [0.0, 12.0, 64.0, 110.0], [30, 40, 50, 20])
    >>> cleared = clear(units, "merit-order", demand_wh=85)
    >>> cleared.price, cleared.fills, cleared.demand_payment
    (array([64.]), array([30, 40, 15,  0]), array([5440]))
    """

    lost_load_per_mwh: float = 3000.0

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders."""
        self._refuse(orders, terms)
        return call_with_demand(orders, terms, self.lost_load_per_mwh)

    def _refuse(self, orders: Orders, terms: Terms) -> None:
        if terms.demand is None:
            raise ProblemError("merit-order: demand_wh is needed, the Wh that take any price in each market")
        if not np.isfinite(self.lost_load_per_mwh):
            raise ProblemError(f"merit-order: lost_load_per_mwh {self.lost_load_per_mwh} is not finite")
        bids = np.argwhere((orders.side == BUY) & (orders.quantity > 0))
        if len(bids):
            shown = "; ".join(", ".join(map(str, row)) for row in bids[:5].tolist())
            raise ProblemError(
                f"merit-order: {len(bids)} bids (order {shown}{' ...' if len(bids) > 5 else ''}); it takes "
                "offers only, and demand by demand_wh: clear bids with prices by 'uniform-price'"
            )
