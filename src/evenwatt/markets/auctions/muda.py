"""MUDA, the multi-unit double auction: two halves of a market, each trading at the price of the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import Keyed
from evenwatt.core.errors import RuleError
from evenwatt.markets.admission import one_side_each
from evenwatt.markets.best_first import crossing, served
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.externality import pivotal_payments
from evenwatt.markets.mechanism import Book, Side, Terms, Trade, each_book, mechanism, no_trade
from evenwatt.markets.orders import BUY, Orders
from evenwatt.markets.payments import at_price

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Coins = npt.NDArray[np.bool_]

DISPLACED = ("vickrey", "lottery")


@mechanism(
    "muda",
    title="Multi-unit double auction (MUDA)",
    source="Segal-Halevi, Hassidim & Aumann 2018, doi:10.1609/aaai.v32i1.11450",
    satisfies={"no-deficit", "rational", "truthful-price", "truthful-quantity"},
)
@dataclass(frozen=True, kw_only=True)
class Muda:
    """Send each agent to one of two halves by a coin; each half trades at the call auction's price of the other.

    Buyers that bid that price or more and sellers that ask it or less take part, and the side that holds less
    trades all of it. On the other, "vickrey" serves the best first, and each winner also pays what those it
    keeps out would have gained; "lottery" serves agents in an order drawn by lot, and leaves nothing with the
    operator. Coins and lots depend on nobody's report. A half whose other half lacks buyers or sellers
    does not trade, so small markets do badly; in large ones next to nothing is lost.

    ``price`` is not a number unless all trade at one; ``low`` and ``high`` are the lower and the higher price
    of the halves that trade.

    Parameters
    ----------
    displaced : "vickrey" or "lottery"
        Who of the longer side trades.

    Raises
    ------
    RuleError
        If ``displaced`` is neither.
    ProblemError
        If an agent buys and sells in the same market; names the orders.

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> side, lot = ["buy"] * 20 + ["sell"] * 20, [10] * 40
    >>> book = Orders(range(40), side, [*range(60, 40, -1), *range(30, 50)], lot)
    >>> cleared = clear(book, Muda(displaced="lottery"), rng=1)
    >>> cleared.low, cleared.high, cleared.volume, cleared.budget
    (array([43.5]), array([45.5]), array([140]), array([0]))
    """

    displaced: Literal["vickrey", "lottery"] = "vickrey"

    def __post_init__(self) -> None:
        if self.displaced not in DISPLACED:
            raise RuleError(f"muda: displaced '{self.displaced}' is not one of {', '.join(DISPLACED)}")

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders."""
        one_side_each(orders, terms, "muda")
        return each_book(orders, terms, lambda book: self._one(book, terms))

    def _one(self, book: Book, terms: Terms) -> Trade:
        lots = terms.chance("muda", book.period)
        coins = [lots.uniform(side.agent, "half") < 0.5 for side in (book.bids, book.asks)]
        return in_halves(book, coins[0], coins[1], self.displaced, lots, split=terms.split)


def in_halves(
    book: Book, bids: Coins, asks: Coins, displaced: str, lots: Keyed, *, split: float = 0.5
) -> Trade:
    """The trade of a book whose coins have fallen: true for bids and asks of the first half.

    Parameters
    ----------
    book : Book
        One market.
    bids, asks : (k,) bool
        Which orders are in the first half.
    displaced : str
        "vickrey" or "lottery".
    lots : Keyed
        Chance of the lottery.
    split : float
        The sellers' share of the interval of each half's prices [-].
    """
    coins = True, False
    halves = [(_part(book.bids, bids == coin), _part(book.asks, asks == coin)) for coin in coins]
    prices = [_price(*half, split) for half in reversed(halves)]
    whole, at = no_trade(book), []
    for coin, half, price in zip(coins, halves, prices, strict=True):
        some = _at(price, *half, displaced, lots)
        whole.bought[bids == coin], whole.paid[bids == coin] = some.bought, some.paid
        whole.sold[asks == coin], whole.earned[asks == coin] = some.sold, some.earned
        at += [price] if some.bought.any() else []
    if not at:
        return whole
    one = min(at) == max(at) and whole.paid.sum() == whole.earned.sum()
    return replace(whole, price=at[0] if one else np.nan, low=min(at), high=max(at))


def _part(side: Side, chosen: Coins) -> Side:
    columns = side.row[chosen], side.agent[chosen], side.price[chosen], side.quantity[chosen]
    return Side(*columns, side.kind[chosen])


def _price(bids: Side, asks: Side, split: float) -> float:
    """The call auction's price, or the middle of best bid and best ask; not a number where a side is missing."""
    met = crossing(bids, asks)
    return met.low + split * (met.high - met.low)


def _at(price: float, bids: Side, asks: Side, displaced: str, lots: Keyed) -> Trade:
    """What a half trades at a price that is not its own."""
    buying, selling = bids.price >= price, asks.price <= price
    volume = int(min(bids.quantity[buying].sum(), asks.quantity[selling].sum()))
    cut = _best if displaced == "vickrey" else _drawn
    bought, more = _spread(buying, *cut(_part(bids, buying), bids.price[buying] - price, volume, lots))
    sold, fewer = _spread(selling, *cut(_part(asks, selling), price - asks.price[selling], volume, lots))
    return Trade(bought, sold, at_price(price, bought) + more, at_price(price, sold) - fewer)


def _best(side: Side, gain: Array, volume: int, lots: Keyed) -> tuple[Whole, Whole]:
    """Serve best first; fills, and what each owes to those it keeps out."""
    fills = served(side, volume)
    if volume == fills.sum() == side.quantity.sum():
        return fills, np.zeros_like(fills)
    # What the other half's price leaves them, against a block of what there is to share: all VCG needs.
    block = int(side.agent.min()) - 1
    owed = pivotal_payments(
        np.append(side.agent, block),
        np.append(np.ones(len(side), dtype=np.int64), -BUY),
        np.append(gain, 0.0),
        np.append(side.quantity, volume),
        np.append(fills, volume),
    )
    return fills, owed[:-1]


def _drawn(side: Side, gain: Array, volume: int, lots: Keyed) -> tuple[Whole, Whole]:
    """Serve agents as they are drawn, each one's best orders first; fills, and nothing owed."""
    turn = np.lexsort((-gain, lots.bits(side.agent, "turn")))
    until = np.cumsum(side.quantity[turn])
    fills = np.zeros_like(side.quantity)
    fills[turn] = np.clip(volume - (until - side.quantity[turn]), 0, side.quantity[turn])
    return fills, np.zeros_like(fills)


def _spread(chosen: Coins, *parts: Whole) -> list[Whole]:
    """Each part's values where chosen, 0 elsewhere."""
    whole = [np.zeros(len(chosen), dtype=np.int64) for _ in parts]
    for held, part in zip(whole, parts, strict=True):
        held[chosen] = part
    return whole
