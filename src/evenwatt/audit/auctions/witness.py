"""One book on which a mechanism breaks a promise, kept with all that is needed to see it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evenwatt.audit.auctions.properties import PROPERTIES
from evenwatt.markets.clear import found
from evenwatt.markets.mechanism import Mechanism, Terms
from evenwatt.markets.orders import BUY, Orders


@dataclass(frozen=True)
class Breach:
    """A book, how it was cleared, and by how much the promise is broken.

    Attributes
    ----------
    promise : str
        Id of the promise.
    bids, asks : tuple of (agent, price, quantity)
        Limits [currency per MWh] and quantities [Wh]; a fourth number is the node.
    gap : float
        By how much [micro-units or Wh, as the property says].
    split, seed, demand
        How the auction is run.
    options : mapping
        Of the mechanism, where they are not its own.

    Examples
    --------
    >>> Breach("truthful-price", ((1, 60.0, 100),), ((2, 20.0, 100),), 2000.0).sentence
    'bids 1: 60@100; asks 2: 20@100: truthful-price is missed by 2000 micro-units'
    """

    promise: str
    bids: tuple[tuple[float, ...], ...]
    asks: tuple[tuple[float, ...], ...]
    gap: float
    split: float = 0.5
    seed: int = 0
    demand: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What happens, in one line for people."""
        given = "".join(f"{name} {value}, " for name, value in self.options.items())
        needed = "" if self.demand is None else f"demand {self.demand} Wh, "
        book = f"bids {_told(self.bids)}; asks {_told(self.asks)}"
        unit = PROPERTIES[self.promise].unit
        return f"{given}{needed}{book}: {self.promise} is missed by {self.gap:g} {unit}"

    @property
    def orders(self) -> Orders:
        """The book."""
        rows = [(BUY, *bid) for bid in self.bids] + [(-BUY, *ask) for ask in self.asks]
        side, agent, price, quantity, node = zip(*((*row, 0)[:5] for row in rows), strict=True)
        return Orders(agent, np.array(side), price, quantity, node=node)

    @property
    def terms(self) -> Terms:
        """How it is cleared."""
        demand = (
            None if self.demand is None else np.full(len(self.orders.markets), self.demand, dtype=np.int64)
        )
        return Terms(split=self.split, seed=self.seed, demand=demand)

    def gap_of(self, mechanism: str | Mechanism) -> float:
        """Measure the gap again; a mechanism of a name is made with the options kept here."""
        made = found(mechanism, self.options) if isinstance(mechanism, str) else mechanism
        return PROPERTIES[self.promise](made, self.orders, terms=self.terms)

    def stored(self) -> dict[str, Any]:
        """What a file needs to make it again."""
        plain = {
            "bids": [list(bid) for bid in self.bids],
            "asks": [list(ask) for ask in self.asks],
            "gap": self.gap,
        }
        others = {
            "split": self.split,
            "seed": self.seed,
            "demand": self.demand,
            "options": dict(self.options),
        }
        usual: dict[str, Any] = {"split": 0.5, "seed": 0, "demand": None, "options": {}}
        return plain | {name: value for name, value in others.items() if value != usual[name]}

    @classmethod
    def from_dict(cls, promise: str, held: Mapping[str, Any]) -> Breach:
        """The breach whose :meth:`stored` form is ``held``."""
        made: dict[str, Any] = {name: tuple(tuple(row) for row in held[name]) for name in ("bids", "asks")}
        made |= {name: held[name] for name in ("split", "seed", "demand", "options") if name in held}
        return cls(promise=promise, gap=float(held["gap"]), **made)


def breach(promise: str, orders: Orders, terms: Terms, gap: float, options: Mapping[str, Any]) -> Breach:
    """The breach of one market, or of the nodes of one period."""
    rows = [
        (int(side), (int(agent), float(price), int(quantity), *([int(node)] if node else [])))
        for side, agent, price, quantity, node in zip(
            orders.side, orders.agent, orders.price, orders.quantity, orders.node, strict=True
        )
        if quantity > 0
    ]
    return Breach(
        promise=promise, gap=gap, split=terms.split, seed=terms.seed, options=dict(options),
        demand=None if terms.demand is None or not len(terms.demand) else int(terms.demand[0]),
        bids=tuple(row for side, row in rows if side == BUY), asks=tuple(row for side, row in rows if side != BUY),
    )  # fmt: skip


def _told(orders: tuple[tuple[float, ...], ...]) -> str:
    return ", ".join(
        f"{order[0]:g}: {order[1]:g}@{order[2]:g}" + (f" at node {order[3]:g}" if len(order) > 3 else "")
        for order in orders
    )
