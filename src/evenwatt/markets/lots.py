"""One lot each: how mechanisms made for unit demand serve books in which everybody wants another quantity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenwatt.core.errors import ProblemError
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Mechanism, Terms
from evenwatt.markets.orders import Orders


@dataclass(frozen=True, kw_only=True)
class OneLot:
    """Let everybody trade one lot of the same size, by a mechanism that is truthful for unit demand.

    An order of at least a lot takes part with one, a smaller one sits out; the rest of every order is left to
    wherever else there is. The size is fixed beforehand, not by the orders, so that nobody moves it by a report.

    Parameters
    ----------
    mechanism : Mechanism
        Such as McAfee's.
    lot_wh : int
        Size of the lot, at least 1 [Wh].

    Raises
    ------
    ProblemError
        If the size is below 1.

    Examples
    --------
    >>> from evenwatt.markets import clear, found
    >>> book = Orders([1, 2, 3, 4], ["buy", "buy", "sell", "sell"], [70.0, 60.0, 30.0, 40.0], [250, 90, 120, 300])
    >>> clear(book, OneLot(mechanism=found("trade-reduction"), lot_wh=80)).fills
    array([80,  0, 80,  0])
    """

    mechanism: Mechanism
    lot_wh: int

    def __post_init__(self) -> None:
        if self.lot_wh < 1:
            raise ProblemError(f"lot_wh {self.lot_wh}: a lot holds at least 1 Wh")

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders, a lot each."""
        lots = np.where(orders.quantity >= self.lot_wh, self.lot_wh, 0)
        return self.mechanism.clear(orders.holding(lots), terms)
