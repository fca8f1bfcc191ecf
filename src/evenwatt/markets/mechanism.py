"""What a mechanism is: a frozen dataclass of its options that turns orders into a clearing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from evenwatt.core import rule as registry
from evenwatt.core.chance import Keyed
from evenwatt.markets.clearing import Clearing, Pairs, settled
from evenwatt.markets.orders import BUY, Orders

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
# (endowment (), claims (n,)) -> awards (n,): any claims rule.
Divide = Callable[[Array, Array], Array]
M = TypeVar("M", bound=type)

KIND = "markets.auctions"

# What a mechanism may promise; each is a function in ``evenwatt.audit.auctions`` and tested on random books.
PROPERTIES = {
    "single-price": "everybody who trades in a market does so at one price",
    "budget-balanced": "what buyers pay is what sellers get, to the micro-unit",
    "no-deficit": "what buyers pay is at least what sellers get",
    "rational": "nobody pays more than bid or gets less than asked, but for a micro-unit of rounding",
    "efficient": "no other trades have a larger worth by the reports",
    "no-better-unserved": "no order goes short while a worse one of its side is served",
    "truthful-price": "no agent gains by reporting another price for its quantity",
    "truthful-quantity": "no agent gains by reporting another quantity at its price",
}


def proportional(endowment: Array, claims: Array) -> Array:
    """The same share of every claim: how ties at the margin are divided unless another rule is passed in."""
    total = claims.sum(axis=-1, keepdims=True)
    share = np.divide(np.asarray(endowment)[..., None], total, out=np.zeros_like(total), where=total > 0)
    awards: Array = claims * np.minimum(share, 1.0)
    return awards


@dataclass(frozen=True)
class Terms:
    """How an auction is run, whatever the mechanism.

    Attributes
    ----------
    split : float
        The sellers' share of the interval of prices at which nobody regrets [-].
    ration : callable
        Any claims rule ``(endowment, claims) -> awards``: shares a tie at the margin.
    demand : (T,) or None
        Demand that takes any price, in each market [Wh].
    seed : int
        Of everything drawn by chance: coins, orders of arrival, ties.
    near : (T,) or None
        Guesses of the prices, such as those of the step before; they change how long it takes and nothing else.
    """

    split: float = 0.5
    ration: Divide = proportional
    demand: Whole | None = None
    seed: int = 0
    near: Array | None = None

    def chance(self, stream: str, period: int = 0) -> Keyed:
        """Chance of an auction's own, by agent; the period is the step."""
        return Keyed(self.seed, stream, period)


class Mechanism(Protocol):
    """Turns orders into a clearing; its fields are its options."""

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders."""
        ...


def mechanism(
    name: str, *, title: str, source: str, satisfies: Iterable[str], polynomial: bool = True
) -> Callable[[M], M]:
    """Enrol a frozen dataclass as the mechanism ``name``; its keyword fields are its options."""
    promised = set(satisfies)
    unknown = promised - set(PROPERTIES)
    assert not unknown, f"{name}: no such property: {sorted(unknown)}"
    return registry.rule(
        name, title=title, source=source, satisfies=promised, polynomial=polynomial, kind=KIND
    )


@dataclass(frozen=True)
class Side:
    """One side of one market, best first: bids by falling price, asks by rising; ties by chance, not by place.

    Attributes
    ----------
    row : (k,)
        Rows of the orders; in a dense book, columns.
    agent, price, quantity, kind : (k,)
        Their columns.
    """

    row: Whole
    agent: Whole
    price: Array
    quantity: Whole
    kind: Whole

    def __len__(self) -> int:
        return len(self.row)

    @cached_property
    def until(self) -> Whole:
        """(k,) cumulative quantity, each order's own included [Wh]."""
        return np.cumsum(self.quantity)


@dataclass(frozen=True)
class Book:
    """One market: its bids and asks, best first.

    Attributes
    ----------
    market : int
        Row of ``Orders.markets``.
    period, node : int
        Which that is.
    demand : int
        Demand that takes any price [Wh].
    """

    market: int
    period: int
    node: int
    bids: Side
    asks: Side
    demand: int = 0


@dataclass(frozen=True)
class Trade:
    """What one book comes to; arrays in the order of the book's bids and asks.

    Attributes
    ----------
    bought, sold : (k,) whole
        Fills [Wh].
    paid, earned : (k,) whole
        What each bid pays and each ask gets [micro-units].
    price, low, high : float
        See :class:`Clearing`; not a number where there is none.
    served : int
        Of demand that takes any price [Wh].
    demand_payment : int
        What that demand pays [micro-units].
    pairs : sequence of (bid, ask, quantity, price)
        Places in the book's sides, where the mechanism pairs.
    """

    bought: Whole
    sold: Whole
    paid: Whole
    earned: Whole
    price: float = np.nan
    low: float = np.nan
    high: float = np.nan
    served: int = 0
    demand_payment: int = 0
    pairs: list[tuple[int, int, int, float]] | None = None


def no_trade(book: Book) -> Trade:
    """Nothing changes hands; the best bid and the best ask are all there is to say."""
    bids, asks = np.zeros(len(book.bids), dtype=np.int64), np.zeros(len(book.asks), dtype=np.int64)
    low = float(book.bids.price[0]) if len(book.bids) else np.nan
    high = float(book.asks.price[0]) if len(book.asks) else np.nan
    return Trade(bids, asks, bids.copy(), asks.copy(), low=low, high=high)


def books(orders: Orders, terms: Terms) -> Iterator[Book]:
    """Each market in turn, sorted best first; rows of no quantity are left out."""
    held = np.zeros(len(orders.markets), dtype=np.int64) if terms.demand is None else terms.demand
    for market, rows in enumerate(_rows(orders)):
        period, node = (int(part) for part in orders.markets[market])
        sides = [_side(orders, market, rows, terms, period, side) for side in (BUY, -BUY)]
        yield Book(market, period, node, sides[0], sides[1], int(held[market]))


def _rows(orders: Orders) -> Iterator[Whole]:
    if orders.is_dense:
        yield from (np.arange(orders.shape[1]) for _ in range(orders.shape[0]))
        return
    if not len(orders):
        return
    order = np.argsort(orders.market, kind="stable")
    yield from np.split(order, np.cumsum(np.bincount(orders.market, minlength=len(orders.markets)))[:-1])


def _side(orders: Orders, market: int, rows: Whole, terms: Terms, period: int, side: int) -> Side:
    dense = orders.is_dense
    sides = orders.side[market] if orders.side.ndim == 2 else orders.side[rows]
    price = orders.price[market] if dense else orders.price[rows]
    quantity = orders.quantity[market] if dense else orders.quantity[rows]
    kept = np.flatnonzero((sides == side) & (quantity > 0))
    rows, price, quantity = rows[kept], price[kept], quantity[kept]
    agent = orders.agent[rows]
    tie = terms.chance("ties", period).bits(agent)
    best = np.lexsort((rows, tie, -side * price))
    kind = np.zeros(len(rows), dtype=np.int64) if dense else orders.kind[rows]
    return Side(rows[best], agent[best], price[best], quantity[best], kind[best])


class _Answer:
    """Columns that are filled book by book."""

    def __init__(self, orders: Orders) -> None:
        markets = len(orders.markets)
        self.fills, self.payments = (np.zeros(orders.shape, dtype=np.int64) for _ in range(2))
        self.price, self.low, self.high = (np.full(markets, np.nan) for _ in range(3))
        self.served, self.demand_payment = (np.zeros(markets, dtype=np.int64) for _ in range(2))
        self.pairs: list[tuple[int, int, int, int, float]] = []


def each_book(
    orders: Orders, terms: Terms, one: Callable[[Book], Trade], *, notes: tuple[str, ...] = ()
) -> Clearing:
    """Clear market by market with a function of one book."""
    answer = _Answer(orders)
    paired = False
    for book in books(orders, terms):
        trade = one(book)
        paired |= trade.pairs is not None
        _enter(answer, orders, book, trade)
    demand = terms.demand
    return settled(
        orders, answer.fills, answer.payments, price=answer.price, low=answer.low, high=answer.high,
        served=answer.served, unserved=None if demand is None else demand - answer.served,
        demand_payment=answer.demand_payment, pairs=_pairs(answer.pairs) if paired else None, notes=notes,
    )  # fmt: skip


def _enter(answer: _Answer, orders: Orders, book: Book, trade: Trade) -> None:
    at = book.market
    for side, fills, money in ((book.bids, trade.bought, trade.paid), (book.asks, trade.sold, -trade.earned)):
        place = (at, side.row) if orders.is_dense else (side.row,)
        answer.fills[place] = fills
        answer.payments[place] = money
    answer.price[at], answer.low[at], answer.high[at] = trade.price, trade.low, trade.high
    answer.served[at], answer.demand_payment[at] = trade.served, trade.demand_payment
    answer.pairs += [
        (at, int(book.bids.row[bid]), int(book.asks.row[ask]), quantity, price)
        for bid, ask, quantity, price in trade.pairs or ()
    ]


def _pairs(rows: list[tuple[int, int, int, int, float]]) -> Pairs:
    whole = np.array([row[:4] for row in rows], dtype=np.int64).reshape(-1, 4)
    market, bid, ask, quantity = whole.T
    return Pairs(market, bid, ask, quantity, np.array([row[4] for row in rows], dtype=np.float64))
