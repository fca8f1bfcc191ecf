"""All days together: the arrays and the game from which money is divided."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.game import Game
from evenwatt.coalitions.microgrid import PoolingLossWarning
from evenwatt.coalitions.money.pool import Pool
from evenwatt.core.chance import stream
from evenwatt.studies.microgrid.day import Plan
from evenwatt.studies.microgrid.neighbours import Neighbours
from evenwatt.studies.microgrid.tally import Tally
from evenwatt.studies.story import Progress

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

# With batteries each worth is a linear programme a day.
MOST_PROGRAMMES = 20_000  # of a table of all coalitions: a minute or so
MOST_ORDERS = 256  # of joining, where there are more


@dataclass(frozen=True)
class Period:
    """The finished days, with the names that belong to the axes."""

    people: Neighbours
    tallies: Sequence[Tally]
    plan: Plan
    seconds: int
    workers: int = 1

    def total(self, name: str) -> Any:
        """Sum one field of the tallies over the days."""
        return np.sum([getattr(tally, name) for tally in self.tallies], axis=0)

    def series(self, name: str) -> Any:
        """One field of all intervals, one after the other, (..., T, n) or (T,)."""
        parts = [getattr(tally, name) for tally in self.tallies]
        return np.concatenate(parts, axis=max(0, parts[0].ndim - 2))

    @property
    def n(self) -> int:
        """How many members."""
        return len(self.people.members)

    @cached_property
    def net(self) -> Whole:
        """Net positions before batteries, (T, n) [Wh]."""
        return np.asarray(self.series("net"))

    @cached_property
    def position(self) -> Whole:
        """Net positions after batteries, (T, n) [Wh]."""
        return np.asarray(self.series("position"))

    @cached_property
    def sold(self) -> Whole:
        """Sold inside under each energy rule, (E, T, n) [Wh]."""
        return np.asarray(self.series("sold"))

    @cached_property
    def bought(self) -> Whole:
        """Bought inside under each energy rule, (E, T, n) [Wh]."""
        return np.asarray(self.series("bought"))

    @cached_property
    def buy(self) -> Array:
        """Price of buying from the grid, (T,) [currency per MWh]."""
        return np.asarray(self.series("buy"))

    @cached_property
    def sell(self) -> Array:
        """Price of selling to the grid, (T,) [currency per MWh]."""
        return np.asarray(self.series("sell"))

    @cached_property
    def inside(self) -> Whole:
        """What is traded inside in each interval, (T,) [Wh]."""
        return np.asarray(self.sold[0].sum(axis=1))

    @cached_property
    def pairs(self) -> Whole:
        """Who sold to whom, (n, n) [Wh]."""
        table = np.zeros((self.n, self.n), dtype=np.int64)
        for tally in self.tallies:
            sellers, buyers, wh = tally.pairs
            table[sellers, buyers] += wh
        return table

    @cached_property
    def value_price(self) -> Array:
        """The price inside that gives buyers together their Shapley gain, (T,) [currency per MWh].

        A buyer gains the grid's price less this one on each Wh. NaN where nothing is traded, and with
        batteries, where worths no longer fall apart into intervals.
        """
        from evenwatt.coalitions.shapley import inside_values
        from evenwatt.coalitions.two_price import TwoPriceGame

        price, game = np.full(len(self.inside), np.nan), self.game
        trades = self.inside > 0
        if trades.any() and isinstance(game, TwoPriceGame):
            gained = np.where(self.position < 0, inside_values(game), 0.0).sum(axis=1)
            part = np.divide(gained, self.inside, out=np.zeros(len(gained)), where=trades)
            price = np.where(trades, self.buy - (self.buy - self.sell) * part, np.nan)
        return price

    @cached_property
    def surplus_total(self) -> Whole:
        """What each member was long of, after batteries, (n,) [Wh]."""
        return np.asarray(np.maximum(self.position, 0).sum(axis=0))

    @cached_property
    def deficit_total(self) -> Whole:
        """What each member was short of, after batteries, (n,) [Wh]."""
        return np.asarray(np.maximum(-self.position, 0).sum(axis=0))

    @cached_property
    def game(self) -> Game:
        """What each coalition gains over its members alone [micro-units]."""
        with warnings.catch_warnings():
            # Where selling pays more than buying costs, the report says so in its notes and measures.
            warnings.simplefilter("ignore", PoolingLossWarning)
            return self._game()

    def _game(self) -> Game:
        net, buy, sell = self.net, self.buy, self.sell
        if len(net) == 0:
            net, buy, sell = np.zeros((1, self.n), dtype=np.int64), np.zeros(1), np.zeros(1)
        if not self.people.storages:
            from evenwatt.coalitions.microgrid import savings_game

            return savings_game(net, buy, sell)
        from evenwatt.coalitions.batteries.battery_game import battery_savings_game

        blocks = [len(tally.slots) for tally in self.tallies if len(tally.slots)] or [1]
        game = battery_savings_game(
            net, self.people.batteries(self.seconds), buy, sell, blocks=blocks, workers=self.workers
        )
        game.most_listed = int(np.log2(MOST_PROGRAMMES / len(blocks)))
        return game

    @cached_property
    def alone(self) -> Array:
        """What each member would pay the grid alone, batteries included, (n,) [micro-units]."""
        cost = self.buy @ np.maximum(-self.net, 0) - self.sell @ np.maximum(self.net, 0)
        if not self.people.storages or len(self.net) == 0:
            return np.asarray(cost)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PoolingLossWarning)
            from evenwatt.coalitions.batteries.battery_game import battery_game

            blocks = [len(tally.slots) for tally in self.tallies if len(tally.slots)]
            batteries = self.people.batteries(self.seconds)
            return -battery_game(self.net, batteries, self.buy, self.sell, blocks=blocks).alone

    def pool(self, name: str, energy: int = 0, progress: Progress | None = None) -> Pool:
        """What one money rule is asked, with the trades of one energy rule and chance of its own."""
        return Pool(
            net=self.position.astype(np.float64),
            bought=self.bought[energy].astype(np.float64),
            sold=self.sold[energy].astype(np.float64),
            buy=self.buy,
            sell=self.sell,
            alone=self.alone,
            load=np.asarray(self.total("load"), dtype=np.float64),
            generated=np.asarray(self.total("generated"), dtype=np.float64),
            game=self.game,
            rng=stream(self.plan.seed, f"money rule {name}"),
            std_err=self.plan.std_err * abs(self.game.total) / self.n,
            orders=MOST_ORDERS if self.people.storages else None,
            delta=self.plan.delta,
            progress=progress,
        )
