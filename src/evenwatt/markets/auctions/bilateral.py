"""Trades between those who prefer each other: level by level of preference, each pair at a price of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.core.errors import ProblemError, gather
from evenwatt.markets.admission import priced_demand
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Book, Divide, Terms, Trade, each_book, mechanism, no_trade
from evenwatt.markets.orders import Orders
from evenwatt.markets.payments import shares

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

BEST, NEVER = 5, 0
MOST_PAIRS = 10_000_000  # of a market; all of them are looked at, with some hundred bytes each


@dataclass(frozen=True, eq=False)
class Preferences:
    """How much each buyer and each seller would rather trade with each other.

    Attributes
    ----------
    buyers, sellers : (b,), (s,) whole
        Agent numbers.
    levels : (b, s) whole
        5 first, 1 last, 0 never.

    Raises
    ------
    ProblemError
        Naming levels that are not from 0 to 5, agents named twice, and shapes that do not fit.
    """

    buyers: npt.ArrayLike
    sellers: npt.ArrayLike
    levels: npt.ArrayLike

    def __post_init__(self) -> None:
        levels = np.asarray(self.levels)
        shape = np.size(self.buyers), np.size(self.sellers)
        with gather("preferences", ProblemError) as faults:
            for name, agents in (("buyers", self.buyers), ("sellers", self.sellers)):
                if len(np.unique(np.asarray(agents))) < np.size(agents):
                    faults.append(f"{name}: an agent is named twice")
            if levels.shape != shape:
                faults.append(f"levels: shape {levels.shape}; expected (buyers, sellers) = {shape}")
            elif not np.isin(levels, np.arange(NEVER, BEST + 1)).all():
                faults.append(f"levels: expected whole numbers from {NEVER} (never) to {BEST} (first)")

    def between(self, buyers: Whole, sellers: Whole) -> Whole:
        """(b, s) levels of these agents; never, where one is not named."""
        rows, known_rows = _places(self.buyers, buyers)
        columns, known_columns = _places(self.sellers, sellers)
        if not np.size(self.levels):
            return np.zeros((len(buyers), len(sellers)), dtype=np.int64)
        levels = np.asarray(self.levels, dtype=np.int64)[rows[:, None], columns]
        return np.where(known_rows[:, None] & known_columns, levels, NEVER)

    @classmethod
    def of_pairs(cls, pairs: Mapping[tuple[int, int], int]) -> Preferences:
        """Preferences from the level of each (buyer, seller); never, for pairs that are not named."""
        buyers, sellers = (sorted({pair[end] for pair in pairs}) for end in (0, 1))
        levels = np.zeros((len(buyers), len(sellers)))
        ends = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
        levels[np.searchsorted(buyers, ends[:, 0]), np.searchsorted(sellers, ends[:, 1])] = list(
            pairs.values()
        )
        return cls(buyers, sellers, levels)


def _places(named: npt.ArrayLike, wanted: Whole) -> tuple[Whole, Flags]:
    """Where each agent stands among those named, and whether it does."""
    agents = np.asarray(named, dtype=np.int64)
    order = np.argsort(agents, kind="stable")
    if not len(agents):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.bool_)
    at = order[np.minimum(np.searchsorted(agents[order], wanted), len(agents) - 1)]
    return at, agents[at] == wanted


@mechanism(
    "bilateral",
    title="Bilateral trades by preference",
    source="evenwatt: levels of preference as in energy sharing, rationed by any claims rule",
    satisfies={"budget-balanced", "no-deficit", "rational"},
)
@dataclass(frozen=True, kw_only=True)
class Bilateral:
    """Those who prefer each other most trade first, each pair between its own limits.

    Level by level, from 5 to 1: each seller offers what it has left to those of its buyers at this level whose
    bid is no less than its ask, divided by the rule passed in; a buyer that is offered more than it wants divides
    what it takes by the same rule; again, until nothing moves. What is left goes wherever else there is.

    ``price`` is not a number where pairs trade at different prices; ``low`` and ``high`` are the lowest and the
    highest of them. Nobody trades with itself.

    Parameters
    ----------
    preference : Preferences or mapping of (buyer, seller) to level, optional
        5 first, 1 last, 0 or not named never; by default everyone is the same to everyone.

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> book = Orders(
    ...     [1, 2, 3, 11, 12], ["buy"] * 3 + ["sell"] * 2, [200.0, 180.0, 95.0, 90.0, 100.0], [400, 400, 200, 500, 300]
    ... )
    >>> liked = Preferences([1, 2, 3], [11, 12], [[5, 2], [5, 0], [1, 4]])
    >>> cleared = clear(book, Bilateral(preference=liked))
    >>> cleared.fills
    array([400, 250,   0, 500, 150])
    >>> cleared.pairs.quantity, cleared.pairs.price
    (array([250, 250, 150]), array([145., 135., 150.]))
    """

    preference: Preferences | Mapping[tuple[int, int], int] | None = None

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders."""
        priced_demand(terms, "bilateral")
        return each_book(orders, terms, lambda book: self._one(book, terms))

    @cached_property
    def _preferences(self) -> Preferences | None:
        given = self.preference
        return given if given is None or isinstance(given, Preferences) else Preferences.of_pairs(given)

    def _one(self, book: Book, terms: Terms) -> Trade:
        bids, asks = book.bids, book.asks
        check_pairs(len(bids), len(asks))
        crossing = bids.price[:, None] >= asks.price
        levels = np.ones(crossing.shape, dtype=np.int64)
        if self._preferences is not None:
            levels = self._preferences.between(bids.agent, asks.agent)
        levels = np.where(crossing & (bids.agent[:, None] != asks.agent), levels, NEVER)
        traded = paired(levels, bids.quantity, asks.quantity, terms.ration)
        if not traded:
            no = no_trade(book)
            return Trade(no.bought, no.sold, no.paid, no.earned, low=no.low, high=no.high, pairs=[])
        bid, ask, quantity = (np.concatenate(column) for column in zip(*traded, strict=True))
        price = asks.price[ask] + terms.split * (bids.price[bid] - asks.price[ask])
        return of_pairs(book, bid, ask, quantity, price)


def check_pairs(buyers: int, sellers: int) -> None:
    """Refuse a market too large to compare everybody with everybody.

    Raises
    ------
    ProblemError
        If there are more than ``MOST_PAIRS``.
    """
    if buyers * sellers > MOST_PAIRS:
        raise ProblemError(
            f"bilateral: {buyers:,} buyers and {sellers:,} sellers of one market are {buyers * sellers:,} pairs, "
            f"expected at most {MOST_PAIRS:,}; spread them over more nodes"
        )


def of_pairs(book: Book, bid: Whole, ask: Whole, quantity: Whole, price: Array) -> Trade:
    """The trade of a book's pairs: money rounded once, and shared so that nobody is off by a micro-unit.

    Parameters
    ----------
    book : Book
        One market.
    bid, ask, quantity : (m,) whole
        Places in the book's sides, and what they trade [Wh].
    price : (m,)
        Between the limits of the two [currency per MWh].
    """
    worth = price * quantity
    total = round(float(worth.sum()))
    bought, sold = np.zeros(len(book.bids), dtype=np.int64), np.zeros(len(book.asks), dtype=np.int64)
    np.add.at(bought, bid, quantity)
    np.add.at(sold, ask, quantity)
    paid = shares(np.bincount(bid, weights=worth, minlength=len(bought)), total)
    earned = shares(np.bincount(ask, weights=worth, minlength=len(sold)), total)
    low, high = float(price.min()), float(price.max())
    pairs = list(zip(bid.tolist(), ask.tolist(), quantity.tolist(), price.tolist(), strict=True))
    return Trade(
        bought, sold, paid, earned, price=low if low == high else np.nan, low=low, high=high, pairs=pairs
    )


def paired(levels: Whole, wanted: Whole, offered: Whole, ration: Divide) -> list[tuple[Whole, Whole, Whole]]:
    """Trades as (bid, ask, quantity), a triple of columns for each round that moves something.

    Parameters
    ----------
    levels : (b, s) whole
        5 first, 1 last, 0 never.
    wanted, offered : (b,), (s,) whole
        What bids want and asks have [Wh].
    ration : callable
        ``(endowment, claims) -> awards``.
    """
    want, have = wanted.copy(), offered.copy()
    rounds = []
    for level in range(BEST, NEVER, -1):
        bids, asks = np.nonzero(levels == level)
        while True:
            # Ends: in each round somebody who may still trade is served in full.
            left = (want[bids] > 0) & (have[asks] > 0)
            bids, asks = bids[left], asks[left]
            if not len(bids):
                break
            moved = _round(bids, asks, want, have, ration)
            rounds.append(moved)
            np.subtract.at(want, moved[0], moved[2])
            np.subtract.at(have, moved[1], moved[2])
    return rounds


def _round(bids: Whole, asks: Whole, want: Whole, have: Whole, ration: Divide) -> tuple[Whole, Whole, Whole]:
    """Offers of all sellers at once, then what buyers take of them."""
    buyers, row = np.unique(bids, return_inverse=True)
    sellers, column = np.unique(asks, return_inverse=True)
    eligible = np.zeros((len(buyers), len(sellers)), dtype=np.bool_)
    eligible[row, column] = True
    offers = _shared(have[sellers], np.where(eligible, want[buyers][:, None], 0).T, ration).T
    taken = _shared(want[buyers], offers, ration)
    i, j = np.nonzero(taken)
    return buyers[i], sellers[j], taken[i, j]


def _shared(endowment: Whole, claims: Whole, ration: Divide) -> Whole:
    """(r, c) whole claims in full, or where the endowment is less, what the rule awards."""
    awards = claims.copy()
    scarce = np.flatnonzero(endowment < claims.sum(axis=-1))
    if len(scarce):
        parts = np.zeros((len(scarce), claims.shape[-1]))
        for row, place in enumerate(scarce):
            at = np.flatnonzero(claims[place])
            parts[row, at] = ration(np.asarray(float(endowment[place])), claims[place, at].astype(np.float64))
        awards[scarce] = exact.vector(parts, endowment[scarce])
    return awards
