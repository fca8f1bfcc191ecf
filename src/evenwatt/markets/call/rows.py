"""The columns of orders as the loops read them: one stretch after another, a stretch a market."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import GOLDEN, mixed
from evenwatt.engine.threads import FEWEST, MANY
from evenwatt.markets.mechanism import Terms
from evenwatt.markets.orders import Orders, Sides

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Orders, market by market.

    Attributes
    ----------
    price, quantity : (m,)
        Limits [currency per MWh] and quantities [Wh].
    side, agent : (m,), or (n,) where all markets share them
        +1 or -1; and who it is.
    shared, one_agent : bool
        Whether all markets share ``side``; and ``agent``.
    edges : (T + 1,)
        Market t holds rows ``edges[t]`` to ``edges[t + 1]``.
    salts : (T,)
        What lots are drawn from.
    place : (m,) or None
        Where each row was before it was put beside the others of its market; None where it still is.
    """

    price: Array
    quantity: Whole
    side: Sides
    agent: Whole
    shared: bool
    one_agent: bool
    edges: Whole
    salts: npt.NDArray[np.uint64]
    place: Whole | None = None

    def __post_init__(self) -> None:
        # Loops are compiled once for columns that may be written to and once for those that may not: these never are.
        for name in ("price", "quantity", "side", "agent"):
            column = getattr(self, name).view()
            column.flags.writeable = False
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        """How many markets."""
        return len(self.edges) - 1

    @property
    def least(self) -> int:
        """Markets that are worth a thread: those of some 15,000 orders."""
        return max(FEWEST, MANY * len(self) // max(len(self.price), 1))

    def back(self, values: Whole, shape: tuple[int, ...]) -> Whole:
        """Values a row, in the order and shape of the orders."""
        if self.place is None:
            return values.reshape(shape)
        out = np.empty_like(values)
        out[self.place] = values
        return out


def rows(orders: Orders, terms: Terms) -> Rows:
    """The orders with each market's together, in their order."""
    chance = terms.chance("ties")
    if orders.is_dense:
        markets, n = orders.shape
        return Rows(
            orders.price.reshape(-1), orders.quantity.reshape(-1), orders.side.reshape(-1), orders.agent,
            orders.side.ndim == 1, True, np.arange(markets + 1) * n, chance.salts(np.arange(markets)),
        )  # fmt: skip
    salts = chance.salts(orders.markets[:, 0])
    if len(orders.markets) <= 1:
        edges = np.array([0, len(orders)] if len(orders.markets) else [0])
        return Rows(orders.price, orders.quantity, orders.side, orders.agent, False, False, edges, salts)
    place, edges = orders.by_market
    if place is None:
        return Rows(orders.price, orders.quantity, orders.side, orders.agent, False, False, edges, salts)
    return Rows(
        orders.price[place], orders.quantity[place], orders.side[place], orders.agent[place], False, False,
        edges, salts, place,
    )  # fmt: skip


def ties(agent: Whole, salts: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The lot that breaks an agent's ties in a market: the same wherever its order stands."""
    with np.errstate(over="ignore"):
        drawn: npt.NDArray[np.uint64] = mixed(agent.astype(np.uint64) * GOLDEN + salts)
    return drawn
