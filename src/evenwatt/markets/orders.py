"""Orders: who would buy or sell how much, at which price or better; a column a fact, a row an order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Sides = npt.NDArray[np.int8]

BUY, SELL = 1, -1
SIDES = {"buy": BUY, "sell": SELL}


@dataclass(frozen=True, init=False, eq=False)
class Orders:
    """Orders for any number of markets: one market for each distinct (period, node).

    A row with a quantity of 0 is no order: it is never sorted, and its price may be anything.

    Parameters
    ----------
    agent : (n,) whole numbers
        Who stands behind each order.
    side : str or (n,)
        ``"buy"`` or ``"sell"``, or +1 and -1.
    price : (n,)
        Limit: the most a buyer pays, the least a seller takes [currency per MWh]; may be negative.
    quantity : (n,) whole numbers
        The most that is traded [Wh].
    node, period : (n,) whole numbers, optional
        Which market an order is for; 0 unless given.
    kind : (n,) whole numbers, optional
        A tag that mechanisms hand on, such as renewable or not; 0 unless given.

    Attributes
    ----------
    agent, side, price, quantity : (n,) or, dense, (T, n)
        The columns; ``side`` holds +1 and -1.
    node, period, kind : (n,)
        Dense books have none: row t is period t at node 0.

    Raises
    ------
    ProblemError
        Naming every order whose price is not finite, whose quantity is not whole and at least 0, or whose
        side is unknown.

    Examples
    --------
    >>> book = Orders([1, 2, 3], ["buy", "sell", "sell"], [60.0, 20.0, 40.0], [100, 80, 50])
    >>> book.markets
    array([[0, 0]])
    """

    agent: Whole
    side: Sides
    price: Array
    quantity: Whole
    node: Whole
    period: Whole
    kind: Whole

    def __init__(
        self,
        agent: npt.ArrayLike,
        side: npt.ArrayLike,
        price: npt.ArrayLike,
        quantity: npt.ArrayLike,
        *,
        node: npt.ArrayLike | None = None,
        period: npt.ArrayLike | None = None,
        kind: npt.ArrayLike | None = None,
    ) -> None:
        limits = np.asarray(price, dtype=np.float64)
        if limits.ndim != 1:
            raise ProblemError(f"orders: price has shape {limits.shape}; expected one row an order")
        n = len(limits)
        held: dict[str, Any] = {"price": limits}
        with gather("orders", ProblemError) as faults:
            held["side"] = _sides(side, (n,), faults)
            whole = {"agent": agent, "quantity": quantity, "node": node, "period": period, "kind": kind}
            for name, values in whole.items():
                held[name] = _whole(name, 0 if values is None else values, (n,), faults)
            if not faults:
                faults += _faults(held["price"], held["quantity"])
        for name, values in held.items():
            object.__setattr__(self, name, values)

    @classmethod
    def dense(cls, price: npt.ArrayLike, quantity: npt.ArrayLike, side: npt.ArrayLike) -> Orders:
        """Books of equal size: row t is one market, column a one agent's order.

        Parameters
        ----------
        price : (T, n)
            Limits [currency per MWh].
        quantity : (T, n) whole numbers
            The most that is traded; 0 where there is no order [Wh].
        side : (n,) or (T, n)
            ``"buy"``, ``"sell"``, +1 or -1.

        Examples
        --------
        >>> Orders.dense([[60.0, 20.0], [10.0, 20.0]], [[100, 80], [100, 80]], ["buy", "sell"]).shape
        (2, 2)
        """
        limits = np.ascontiguousarray(price, dtype=np.float64)
        if limits.ndim != 2:
            raise ProblemError(f"orders: price has shape {limits.shape}; dense books are (T, n)")
        with gather("orders", ProblemError) as faults:
            shape = limits.shape if np.ndim(side) == 2 else limits.shape[1:]
            sides = _sides(side, shape, faults)
            amounts = _whole("quantity", quantity, limits.shape, faults)
            if not faults:
                faults += _faults(limits, amounts)
        nothing = np.zeros(0, dtype=np.int64)
        made = cls.__new__(cls)
        columns = {"agent": np.arange(limits.shape[1]), "side": sides, "price": limits, "quantity": amounts}
        for name, values in {**columns, "node": nothing, "period": nothing, "kind": nothing}.items():
            object.__setattr__(made, name, values)
        return made

    def like(self, *, side: Sides, price: Array, quantity: Whole, period: int) -> Orders:
        """The same agents at the same nodes with other orders in another period; nothing is checked again.

        For loops over steps: the grouping by node is kept, which else takes longer than the auction.

        Parameters
        ----------
        side : (n,) int8
            +1 and -1.
        price : (n,) float64
            Finite wherever there is a quantity [currency per MWh].
        quantity : (n,) int64
            At least 0 [Wh].
        period : int
            The period of them all.
        """
        made = Orders.__new__(Orders)
        markets, place = self.markets.copy(), self.market
        markets[:, 0] = period
        columns = {"agent": self.agent, "side": side, "price": price, "quantity": quantity}
        columns |= {
            "node": self.node,
            "period": np.broadcast_to(np.int64(period), self.shape),
            "kind": self.kind,
        }
        for name, values in {**columns, "_grouped": (markets, place), "by_market": self.by_market}.items():
            made.__dict__[name] = values
        return made

    def holding(self, quantity: Whole) -> Orders:
        """The same orders over other quantities, of the same shape [Wh]; nothing is checked again."""
        made = Orders.__new__(Orders)
        for name, values in self.__dict__.items():
            made.__dict__[name] = values
        made.__dict__["quantity"] = quantity
        return made

    @cached_property
    def by_market(self) -> tuple[Whole | None, Whole]:
        """Rows with each market's together, in their order, None where they are so already; (T + 1,) its edges."""
        market = self.market.ravel()
        edges = np.zeros(len(self.markets) + 1, dtype=np.int64)
        np.cumsum(np.bincount(market, minlength=len(self.markets)), out=edges[1:])
        if (market[1:] >= market[:-1]).all():
            return None, edges
        return np.argsort(market, kind="stable"), edges

    @property
    def is_dense(self) -> bool:
        """Whether the books are rows of equal size."""
        return self.price.ndim == 2

    @property
    def shape(self) -> tuple[int, ...]:
        """(n,), or (T, n) of dense books: the shape of fills and payments."""
        return self.price.shape

    def __len__(self) -> int:
        """How many rows there are, dense books counted whole."""
        return self.price.size

    @cached_property
    def markets(self) -> Whole:
        """(T, 2) the distinct (period, node), sorted."""
        if self.is_dense:
            rows = np.arange(len(self.price))
            return np.stack([rows, np.zeros_like(rows)], axis=-1)
        return self._grouped[0]

    @cached_property
    def market(self) -> Whole:
        """(n,) the row of ``markets`` each order belongs to; dense, (T, n)."""
        if self.is_dense:
            return np.broadcast_to(np.arange(len(self.price))[:, None], self.shape)
        return self._grouped[1]

    @cached_property
    def _grouped(self) -> tuple[Whole, Whole]:
        if not len(self):
            return np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64)
        first, last = int(self.node.min()), int(self.node.max())
        if first == last and int(self.period.min()) == int(self.period.max()):
            return np.array([[self.period[0], first]]), np.zeros(len(self), dtype=np.int64)
        # One number a market, in the order of (period, node).
        width, start = last - first + 1, int(self.period.min())
        if (int(self.period.max()) - start + 1) * width > np.iinfo(np.int64).max:
            rows, market = np.unique(np.stack([self.period, self.node], axis=-1), axis=0, return_inverse=True)
            return rows, market.reshape(-1).astype(np.int64)
        code = (self.period - start) * width + (self.node - first)
        distinct, place = _distinct(code)
        return np.stack([distinct // width + start, distinct % width + first], axis=-1), place


def _distinct(code: Whole) -> tuple[Whole, Whole]:
    """The distinct codes, sorted, and which of them each one is."""
    most = int(code.max())
    if most > 4 * len(code):
        distinct, place = np.unique(code, return_inverse=True)
        return distinct, place.astype(np.int64)
    # Few codes beside the orders: counting them is faster than sorting.
    found = np.bincount(code, minlength=most + 1) > 0
    return np.flatnonzero(found), (np.cumsum(found) - 1)[code]


def _sides(side: npt.ArrayLike, shape: tuple[int, ...], faults: list[str]) -> Sides:
    """Sides as +1 and -1; one for all where a single one is given."""
    found = np.asarray(side)
    if found.dtype.kind in "US":
        unknown = sorted(set(np.unique(found).tolist()) - set(SIDES))
        if unknown:
            faults.append(f"side '{unknown[0]}' is not one of buy, sell")
            return np.ones(shape, dtype=np.int8)
        found = np.where(found == "buy", BUY, SELL)
    if found.shape not in ((), shape):
        faults.append(f"side has shape {found.shape}; expected {shape}")
        return np.ones(shape, dtype=np.int8)
    if not np.isin(found, (BUY, SELL)).all():
        faults.append("side: expected buy and sell, or +1 and -1")
    return np.ascontiguousarray(np.broadcast_to(found, shape).astype(np.int8))


def _whole(name: str, values: npt.ArrayLike, shape: tuple[int, ...], faults: list[str]) -> Whole:
    """Whole numbers; the first that is not is named."""
    found = np.asarray(values)
    if found.shape not in ((), shape):
        faults.append(f"{name} has shape {found.shape}; expected {shape}")
        return np.zeros(shape, dtype=np.int64)
    if found.dtype.kind not in "iub":
        odd = np.argwhere(np.atleast_1d(~(np.isfinite(found) & (found == np.floor(found)))))
        if len(odd):
            place = tuple(int(i) for i in odd[0])
            faults.append(
                f"order {_place(odd[0])}: {name} {np.atleast_1d(found)[place]} is not a whole number"
            )
            return np.zeros(shape, dtype=np.int64)
    return np.ascontiguousarray(np.broadcast_to(found.astype(np.int64, copy=False), shape))


def _faults(price: Array, quantity: Whole) -> list[str]:
    """What is wrong with prices and quantities, order by order."""
    faults = []
    # A sum is finite only if every part is; looking at each is left to books that have a fault.
    if quantity.size and int(quantity.min()) < 0:
        faults += [
            f"order {_place(row)}: {quantity[tuple(row)]} Wh is below 0" for row in np.argwhere(quantity < 0)
        ]
    if not np.isfinite(price.sum()):
        odd = np.argwhere(~np.isfinite(price) & (quantity > 0))
        faults += [f"order {_place(row)}: price {price[tuple(row)]} is not finite" for row in odd]
    return faults


def _place(row: Whole) -> str:
    return ", ".join(map(str, row.tolist()))
