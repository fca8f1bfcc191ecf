"""Several nodes, lines of limited capacity between them, and one price at each node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.core.errors import ProblemError, gather
from evenwatt.markets.admission import priced_demand
from evenwatt.markets.auctions import _nodes
from evenwatt.markets.clearing import Clearing, settled
from evenwatt.markets.mechanism import Divide, Terms, mechanism
from evenwatt.markets.orders import BUY, Orders
from evenwatt.markets.payments import shares

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Line:
    """A line between two nodes.

    Attributes
    ----------
    from_node, to_node : int
        Its ends.
    capacity_wh : int
        The most it carries in a period [Wh].
    back_wh : int, optional
        The most it carries the other way; by default as much [Wh].
    """

    from_node: int
    to_node: int
    capacity_wh: int
    back_wh: int = -1

    def __post_init__(self) -> None:
        if self.back_wh == -1:
            object.__setattr__(self, "back_wh", self.capacity_wh)


@mechanism(
    "zonal",
    title="Zonal prices with limited lines",
    source="Schweppe, Caramanis, Tabors & Bohn 1988, doi:10.1007/978-1-4613-1683-1",
    satisfies={"single-price", "no-deficit", "rational", "efficient", "no-better-unserved"},
)
@dataclass(frozen=True, kw_only=True)
class Zonal:
    """Trade what is worth most across all nodes of a period, as far as the lines carry it; one price a node.

    A linear programme finds the trades; the prices are the duals of the nodes' balances. These form an
    interval at each node, of which the split takes its share, so that without limits the outcome is the
    call auction of all nodes' orders. Where a line is full, the price beyond it is higher, and the
    difference over what flows is left with the operator: the budget is that of a node, negative where energy
    leaves, and at least 0 over all nodes together. Ties at a node's margin are shared by the rule passed in.

    Energy goes where it is sent: a loop of lines knows no Kirchhoff law (a transport model), and lines lose
    nothing. ``low`` and ``high`` are prices at which nobody regrets at the node, those beyond its lines
    included; a node where nothing trades has these, too.

    Parameters
    ----------
    lines : sequence of Line, or of (from_node, to_node, capacity_wh)
        Nodes without a line between them clear on their own.

    Raises
    ------
    ProblemError
        Naming every line that leads to itself or whose capacity is not a whole number of at least 0.

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> book = Orders([1, 2, 3], ["sell", "sell", "buy"], [20.0, 50.0, 90.0], [300, 300, 200], node=[0, 1, 1])
    >>> cleared = clear(book, Zonal(lines=[(0, 1, 150)]), split=0.0)
    >>> cleared.price, cleared.fills, cleared.budget, int(cleared.budget.sum()) == 150 * (50 - 20)
    (array([20., 50.]), array([150,  50, 200]), array([-3000,  7500]), True)
    """

    lines: Sequence[Line | tuple[int, int, int]] = ()

    def __post_init__(self) -> None:
        lines = tuple(line if isinstance(line, Line) else Line(*line) for line in self.lines)
        with gather("zonal lines", ProblemError) as faults:
            for place, line in enumerate(lines):
                if line.from_node == line.to_node:
                    faults.append(f"line {place}: leads from node {line.from_node} to itself")
                limits = np.array([line.capacity_wh, line.back_wh], dtype=np.float64)
                if not (np.isfinite(limits) & (limits >= 0) & (limits == np.floor(limits))).all():
                    faults.append(
                        f"line {place}: carries {line.capacity_wh} Wh and back {line.back_wh} Wh; "
                        "expected whole numbers of at least 0"
                    )
        object.__setattr__(self, "lines", lines)

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every period, all its nodes together."""
        return self.with_flows(orders, terms)[0]

    def with_flows(self, orders: Orders, terms: Terms) -> tuple[Clearing, Whole]:
        """The clearing, and (periods, lines) what flows from each line's first node to its second [Wh]."""
        priced_demand(terms, "zonal")
        markets = orders.markets
        price, low, high = (np.full(len(markets), np.nan) for _ in range(3))
        fills, payments = np.zeros(len(orders), dtype=np.int64), np.zeros(len(orders), dtype=np.int64)
        flows = []
        for book in _books(orders, terms):
            filled, met = self._best(book, terms.ration)
            here, last = book.markets, len(book.nodes)
            low[here], high[here] = met.low[:last], met.high[:last]
            at = low[here] + terms.split * (high[here] - low[here])
            traded = np.bincount(book.node, weights=filled, minlength=last) > 0
            price[here] = np.where(traded, at, np.nan)
            fills[book.row], payments[book.row] = filled, _paid(book, filled, at)
            flows.append(met.flows)
        cleared = settled(
            orders, fills.reshape(orders.shape), payments.reshape(orders.shape),
            price=price, low=low, high=high, coupled=bool(self.lines),
        )  # fmt: skip
        return cleared, np.array(flows, dtype=np.int64).reshape(len(flows), len(self.lines))

    def _best(self, book: _Book, ration: Divide) -> tuple[Whole, _nodes.Best]:
        """What each order trades, ties at a node shared, and what the nodes come to."""
        columns = np.stack([book.node, book.side, book.price])
        distinct, place = np.unique(columns, axis=1, return_inverse=True)
        total = np.zeros(distinct.shape[1], dtype=np.int64)
        np.add.at(total, place.ravel(), book.quantity)
        node, side = distinct[:2].astype(np.int64)
        levels = _nodes.Levels(node, side, distinct[2], total)
        met = _nodes.best(levels, *self._numbered(book.nodes))
        return _divided(book.quantity, place.ravel(), total, met.filled, ration), met

    def _numbered(self, nodes: Whole) -> tuple[_nodes.Lines, int]:
        """Lines between nodes numbered from 0, those without orders last; and how many nodes there are."""
        ends = [np.array([end(line) for line in self.lines], dtype=np.int64) for end in _ENDS]
        known = np.concatenate([nodes, np.setdiff1d(np.concatenate(ends[:2]), nodes)])
        order = np.argsort(known)
        start, end = (order[np.searchsorted(known[order], numbers)] for numbers in ends[:2])
        return _nodes.Lines(start, end, *ends[2:]), len(known)


def _divided(quantity: Whole, level: Whole, total: Whole, filled: Whole, ration: Divide) -> Whole:
    """What each order trades of what its level does."""
    fills = np.where(filled[level] == total[level], quantity, 0)
    for cut in np.flatnonzero((filled > 0) & (filled < total)):
        tied, left = np.flatnonzero(level == cut), int(filled[cut])
        fills[tied] = exact.vector(ration(np.asarray(float(left)), quantity[tied].astype(np.float64)), left)
    return fills


_ENDS: tuple[Callable[[Any], int], ...] = (
    attrgetter("from_node"), attrgetter("to_node"), attrgetter("capacity_wh"), attrgetter("back_wh"),
)  # fmt: skip


@dataclass(frozen=True)
class _Book:
    """All orders of a period: rows of the orders, nodes numbered from 0 within ``nodes``; ties by chance."""

    markets: slice
    nodes: Whole
    row: Whole
    node: Whole
    side: Whole
    price: Array
    quantity: Whole


def _books(orders: Orders, terms: Terms) -> Iterator[_Book]:
    flat: list[npt.NDArray[Any]] = [
        np.broadcast_to(column, orders.shape).ravel()
        for column in (orders.market, orders.agent, orders.side, orders.price, orders.quantity)
    ]
    market, agent, side, price, quantity = flat
    held = np.flatnonzero(quantity > 0)
    held = held[np.argsort(market[held], kind="stable")]
    periods, first = np.unique(orders.markets[:, 0], return_index=True)
    for period, start, end in zip(periods, first, np.append(first, len(orders.markets))[1:], strict=True):
        at = slice(*np.searchsorted(market[held], [start, end]))
        # Watt-hours that cannot be split fall by lot, not by place.
        lots = terms.chance("ties", int(period)).bits(agent[held[at]])
        row = held[at][np.argsort(lots, kind="stable")]
        columns = row, market[row] - start, side[row].astype(np.int64), price[row], quantity[row]
        yield _Book(slice(start, end), orders.markets[start:end, 1], *columns)


def _paid(book: _Book, fills: Whole, price: Array) -> Whole:
    """What each order pays at its node's price.

    Where as much is bought as sold at a price, both come to the same; else energy crosses a full line, and buyers
    pay what is rounded up and sellers get what is rounded down, so that nobody has to add to what the line earns.
    """
    paid = np.zeros(len(fills), dtype=np.int64)
    at = price[book.node]
    for level in np.unique(at[fills > 0]):
        sides = [np.flatnonzero((fills > 0) & (at == level) & (book.side == side)) for side in (BUY, -BUY)]
        bought, sold = (level * fills[rows].sum() for rows in sides)
        # Six places more than a micro-unit, so that float noise is not rounded up.
        totals = [round(bought)] * 2 if bought == sold else [ceil(round(bought, 6)), floor(round(sold, 6))]
        for rows, total, side in zip(sides, totals, (BUY, -BUY), strict=True):
            paid[rows] = side * shares(level * fills[rows], total)
    return paid
