"""The local auctions of a step, one a node, and the figures that are told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evenwatt.markets.auctions.bilateral import BEST, Bilateral, Preferences, check_pairs
from evenwatt.markets.clear import clear
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.orders import Orders
from evenwatt.studies.market.households import Homes, Placed
from evenwatt.studies.market.setting import Rules
from evenwatt.studies.market.state import State

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass
class LocalTrade:
    """What the local auctions of a step came to.

    Attributes
    ----------
    clearing : Clearing
        One market a node.
    nodes : (T,)
        The node of each market.
    prices : (T,)
        What a Wh changed hands at: the one price, or the mean of what was paid; not a number where nothing
        was traded [per MWh].
    """

    clearing: Clearing
    nodes: Whole
    prices: Array

    @property
    def mean(self) -> float:
        """Mean price by volume [per MWh]."""
        volume = self.clearing.volume
        traded = volume > 0
        if not traded.any():
            return np.nan
        return float(np.average(self.prices[traded], weights=volume[traded]))

    @property
    def spread(self) -> tuple[float, float]:
        """Lowest and highest price of the nodes [per MWh]; of what was bid and asked where nothing was traded."""
        traded = self.clearing.volume > 0
        if traded.any():
            return float(self.prices[traded].min()), float(self.prices[traded].max())
        low, high = self.clearing.low, self.clearing.high
        return _mean(low), _mean(high)


def trade(
    placed: Placed, homes: Homes, rules: Rules, state: State, seed: int, sellers: Sequence[Whole]
) -> LocalTrade:
    """Clear the local auctions.

    Parameters
    ----------
    placed : Placed
        The orders.
    homes : Homes
        Where in the book each household stands.
    sellers : (C, k), (Q, k)
        Numbers of the sellers that consumers and prosumers prefer, the best first, -1 for none; heard by bilateral
        trade.
    """
    nodes = placed.book.markets[:, 1]
    mechanism = rules.local
    if isinstance(mechanism, Bilateral) and mechanism.preference is None:
        mechanism = replace(mechanism, preference=preferences(placed.orders, np.concatenate(sellers)))
    answer = clear(
        placed.book,
        mechanism,
        split=rules.split,
        ration=rules.ration,
        rng=seed,
        near=state.public.local[nodes] if len(nodes) else None,
    )
    prices = unit_prices(placed.book, answer)
    return LocalTrade(_by_household(answer, homes), nodes, prices)


def _by_household(answer: Clearing, homes: Homes) -> Clearing:
    """The answer with a row a household."""
    pairs = answer.pairs
    if pairs is not None:
        pairs = replace(pairs, bid=homes.by_node[pairs.bid], ask=homes.by_node[pairs.ask])
    return replace(answer, fills=answer.fills[homes.row], payments=answer.payments[homes.row], pairs=pairs)


def preferences(orders: Orders, sellers: Whole) -> Preferences:
    """Levels of preference: the first seller named 5, the next 4, ...; whoever is not named 1, the least.

    With five names the last one is no better than anybody.
    """
    buyers = np.flatnonzero((orders.side > 0) & (orders.quantity > 0))
    offering = np.flatnonzero((orders.side < 0) & (orders.quantity > 0))
    check_pairs(len(buyers), len(offering))
    levels = np.ones((len(buyers), len(offering)), dtype=np.int64)
    for place in range(sellers.shape[1] - 1, -1, -1):
        named = sellers[buyers, place]
        at = np.searchsorted(offering, named)
        known = at < len(offering)
        known[known] = offering[at[known]] == named[known]
        levels[np.flatnonzero(known), at[known]] = max(BEST - place, 1)
    return Preferences(orders.agent[buyers], orders.agent[offering], levels)


def unit_prices(orders: Orders, answer: Clearing) -> Array:
    """The one price of each market, or what sellers got for a unit in the mean."""
    unknown = np.isnan(answer.price) & (answer.volume > 0)
    if not unknown.any():
        return answer.price
    earned = np.zeros(len(answer.price), dtype=np.int64)
    sells = orders.side < 0
    np.add.at(earned, orders.market[sells], -answer.payments[sells])
    return np.where(unknown, earned / np.maximum(answer.volume, 1), answer.price)


def irrational(orders: Orders, answer: Clearing) -> int:
    """How many orders were traded at worse than their limit, beyond a micro-unit of rounding."""
    limit = orders.price * (orders.side * answer.fills)
    return int((answer.payments > limit + 1.0).sum())


def _mean(values: Array) -> float:
    seen = values[~np.isnan(values)]
    return float(seen.mean()) if len(seen) else np.nan
