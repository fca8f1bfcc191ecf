"""The best fixed keys under one round: Newton steps along a central path, each with a proof.

What a consumer gets, the sum over t of min(d_t, sum_i w_i s_it), is smoothed near its kinks; that weights are not
negative and that a producer's sum to at most one is kept by an interior point method. Only those sums couple
consumers, so a step solves one small system a consumer and one of the size of all producers. Slopes of the smoothed
totals are lines above the true ones, so every iterate also proves a bound.

Source: Mehrotra 1992, doi:10.1137/0802028 (predictor and corrector); Nesterov 2005, doi:10.1007/s10107-004-0552-5
(smoothing a minimum).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.objectives import Goal

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

NEARLY = 0.99  # of the way to the boundary
TURNED = 0.5  # of the rise at the start of a move, as a fall at its end: it went too far
MOST_RETREATS = 4
ALONE = 3_000_000  # supplies times consumers that one thread works on alone
SLOWEST = 0.05  # of the gap that is left, that all products come to at least
WIDEST = 0.3  # of a consumer's mean demand over which kinks are smoothed, at first


@dataclass(frozen=True, eq=False)
class Levels:
    """Consumers, their producers, and the levels that add up to what they gain.

    Attributes
    ----------
    supply : (I, T)
    demand : (J, T)
    who : (J, n)
        Producers of each consumer, padded with -1.
    first_block : (J + 1,)
        Where each consumer's blocks begin.
    reach : (B,)
        How many of its consumer's first producers count in a block.
    """

    supply: Array
    demand: Array
    who: Whole
    first_block: Whole
    reach: Whole

    @property
    def count(self) -> Whole:
        """Producers of each consumer, (J,)."""
        return np.asarray((self.who >= 0).sum(axis=1), dtype=np.int64)

    @property
    def owner(self) -> Whole:
        """Consumer of each block, (B,)."""
        return np.repeat(np.arange(len(self.demand)), np.diff(self.first_block))


@dataclass(frozen=True, eq=False)
class Proof:
    """Weights, what they are worth, and a bound on what any weights are worth.

    Attributes
    ----------
    weights : (J, n)
        Of the links, beside ``Levels.who``; a producer's sum to one.
    totals, intercept : (B,)
        What each block gets by them; start of the line that bounds it.
    slope : (J, n)
        Slope of the lines of a consumer's blocks in each weight.
    worth : (B,)
        What one more unit of each block's total counts.
    value, bound : float
    """

    weights: Array
    totals: Array
    intercept: Array
    slope: Array
    worth: Array
    value: float
    bound: float


class CentralPath:
    """Interior iterates: ``step`` takes one to the next, ``proof`` tells what it proves.

    Weights are w, what is left of each producer's sum is h; their prices are z and y. Where the least coverage
    counts, a consumer's lead over it is priced by its worth.
    """

    _w: Array
    _h: Array
    _z: Array
    _y: Array
    _dw: Array
    _dh: Array
    _dz: Array
    _dy: Array

    def __init__(self, levels: Levels, goal: Goal, weights: Array) -> None:
        """Start near weights (J, n), all positive, that sum to one for each producer."""
        self.levels, self.goal = levels, goal
        self._linked = levels.who >= 0
        self._place = np.maximum(levels.who, 0)
        self._count = levels.count
        self._pair = self._place[:, :, None] * len(levels.supply) + self._place[:, None, :]
        self._parts = _parts(levels)
        self._mean = levels.demand.mean(axis=1)
        blocks, size = len(levels.reach), levels.who.shape[1]
        self._totals, self._start = np.empty(blocks), np.empty(blocks)
        self._slope, self._curve = np.zeros((blocks, size)), np.zeros((blocks, size, size))
        self._w = np.where(self._linked, weights, 1.0)
        self._respond(WIDEST)
        self._begin()

    def proof(self) -> Proof:
        """What the current iterate proves."""
        from evenwatt.sharing.certificate._keys_kernels import served

        held = self.levels
        share = np.where(self._linked, self._w, 0.0)
        weights = share / self._summed(share)[self._place]
        totals = np.empty(len(held.reach))
        self._all(
            lambda part: served(
                held.supply, held.demand, held.who, held.first_block, held.reach, weights, part, totals
            )
        )
        start = self._start * self._worth
        slope = self._by_consumer(self._slope * self._worth[:, None])
        cost = float(start.sum() + self._dearest(slope).sum())
        value, bound = self.goal.value(totals), self.goal.bound(self._worth, cost)
        return Proof(weights, totals, start, slope, self._worth.copy(), value, bound)

    def step(self, gap: float) -> float:
        """Go on along the path, kinks smoothed as fits a gap; returns how far it went, at most one."""
        self._factor()
        self._aim(0.0, 0.0)
        most = [min(1.0, reach) for reach in self._reaches()]
        now, then = self._product(0.0, 0.0), self._product(*most)
        # Products far below the gap that is left would only pin weights to zero too early.
        least = SLOWEST * gap * float(self._worth @ self._totals) / self._pairs
        target = max(least, max(0.0, then / now) ** 3 * now / self._pairs)
        self._aim(target, 1.0)
        amounts, prices = (min(1.0, NEARLY * reach) for reach in self._reaches())
        self._reprice(prices)
        return min(prices, self._go(amounts, target, min(WIDEST, gap**0.5)))

    def _reprice(self, prices: float) -> None:
        self._z, self._y = self._z + prices * self._dz, self._y + prices * self._dy

    def _go(self, amounts: float, target: float, wide: float) -> float:
        """Move the weights; where a kink makes that too far, go back to where the rise should end."""
        w, h = self._w, self._h
        rising, gone = self._rise(target), amounts
        for _ in range(MOST_RETREATS):
            gone = amounts
            self._w, self._h = w + amounts * self._dw, h + amounts * self._dh
            self._respond(wide)
            now = self._rise(target)
            if now >= -TURNED * rising or rising <= 0:
                break
            amounts *= rising / (rising - now)
        return gone

    def _rise(self, target: float) -> float:
        """Slope along the moves of the objective less its barriers."""
        slope = self._by_consumer(self._slope * self._worth[:, None])
        held = (self._dw * (slope + target / self._w))[self._linked].sum()
        return float(held + target * (self._dh / self._h).sum())

    def _respond(self, wide: float) -> None:
        """Totals, lines and curvature at the current weights."""
        from evenwatt.sharing.certificate._keys_kernels import respond

        held, width = self.levels, wide * self._mean
        self._all(
            lambda part: respond(
                held.supply, held.demand, held.who, held.first_block, held.reach, self._w, width, part,
                self._totals, self._start, self._slope, self._curve,
            )
        )  # fmt: skip
        self._worth = self._worths()

    def _worths(self) -> Array:
        return self.goal.worth(self._totals)

    def _spread(self) -> Array | None:
        """How much a total falls as its worth rises by one."""
        return self.goal.spread(self._totals)

    def _begin(self) -> None:
        """Prices that fit the weights, and products near one another."""
        linked = self._linked
        slope = self._by_consumer(self._slope * self._worth[:, None])
        value = float(self._worth @ self._totals)
        self._pairs = int(linked.sum()) + len(self.levels.supply)
        level = 0.1 * value / self._pairs
        self._y = self._summed(np.where(linked, self._w * slope, 0.0)) + level
        self._h = np.minimum(0.01, level / self._y)
        self._w = np.where(linked, self._w * (1 - self._h)[self._place], 1.0)
        self._z = np.where(linked, np.maximum(self._y[self._place] - slope, level / self._w), 1.0)

    def _factor(self) -> None:
        """Invert each consumer's part, and sum the parts by producer."""
        from evenwatt.sharing.certificate._keys_kernels import invert_each

        held = self._by_consumer(self._curve * self._worth[:, None, None])
        own = np.arange(held.shape[1])
        held[:, own, own] += np.where(self._linked, self._z / self._w, 0.0)
        spread = self._spread()
        if spread is not None:
            held += self._slope[:, :, None] * self._slope[:, None, :] / spread[:, None, None]
        self._inverse = np.zeros(held.shape)
        self._all(lambda part: invert_each(held, self._count, part, self._inverse))
        producers = len(self.levels.supply)
        summed = np.bincount(self._pair.ravel(), self._inverse.ravel(), producers**2)
        self._system = summed.reshape(producers, producers) + np.diag(self._h / self._y)

    def _aim(self, target: float, again: float) -> None:
        """Find the moves towards products of ``target``, less ``again`` times the last moves' products."""
        if again == 0.0:
            self._still()
        slope = self._by_consumer(self._slope * self._worth[:, None])
        still = (target - again * self._dw * self._dz) / self._w
        spare = (target - again * self._dh * self._dy) / self._y - self._h
        off = 1 - self._h - self._summed(np.where(self._linked, self._w, 0.0))
        wanted = np.where(self._linked, still + slope - self._y[self._place], 0.0)
        self._solve(wanted, spare - off, target, again)
        self._dh = off - self._summed(self._dw)
        self._dz = np.where(self._linked, still - self._z - self._z / self._w * self._dw, 0.0)

    def _still(self) -> None:
        self._dw, self._dz = np.zeros(self._w.shape), np.zeros(self._w.shape)
        self._dh, self._dy = np.zeros(self._h.shape), np.zeros(self._h.shape)

    def _solve(self, wanted: Array, spare: Array, target: float, again: float) -> None:
        """Moves of prices and weights from the coupled system."""
        base = self._times(wanted)
        self._dy = np.asarray(np.linalg.solve(self._system, spare + self._summed(base)), dtype=np.float64)
        self._dw = base - self._times(self._priced(self._dy))

    def _priced(self, by_producer: Array) -> Array:
        return np.where(self._linked, by_producer[self._place], 0.0)

    def _reaches(self) -> tuple[float, float]:
        """How often the moves fit before an amount, or a price, is used up."""
        return _reach(self._amounts()), _reach(self._prices())

    def _amounts(self) -> list[tuple[Array, Array]]:
        """What may not fall below zero, each with its move."""
        return [(self._w, self._dw), (self._h, self._dh)]

    def _prices(self) -> list[tuple[Array, Array]]:
        """What the amounts are priced at, each with its move."""
        return [(self._z, self._dz), (self._y, self._dy)]

    def _product(self, amounts: float, prices: float) -> float:
        """Sum of all amounts times their prices, so far along the moves."""
        total = 0.0
        for (amount, more), (price, dearer) in zip(self._amounts(), self._prices(), strict=True):
            held = (amount + amounts * more) * (price + prices * dearer)
            total += float(held[self._linked].sum() if held.ndim == 2 else held.sum())
        return total

    def _by_consumer(self, by_block: Array) -> Array:
        """Sum of a consumer's blocks."""
        first = self.levels.first_block[:-1]
        if len(first) == len(by_block):
            return by_block
        return np.asarray(np.add.reduceat(by_block, first, axis=0))

    def _times(self, vectors: Array) -> Array:
        return np.asarray(np.matmul(self._inverse, vectors[:, :, None])[:, :, 0])

    def _summed(self, by_link: Array) -> Array:
        """Sum over consumers, (I,); padded places hold zero."""
        summed = np.bincount(self._place.ravel(), by_link.ravel(), len(self.levels.supply))
        return np.asarray(summed, dtype=np.float64)

    def _dearest(self, by_link: Array) -> Array:
        """The largest of each producer's links, (I,)."""
        most = np.zeros(len(self.levels.supply))
        np.maximum.at(most, self.levels.who[self._linked], by_link[self._linked])
        return most

    def _all(self, work: Callable[[tuple[int, int]], None]) -> None:
        """Work on all consumers, shared among threads; each writes its own rows, so results do not differ."""
        if len(self._parts) == 1:
            work(self._parts[0])
            return
        with ThreadPoolExecutor(len(self._parts)) as crew:
            list(crew.map(work, self._parts))


def _reach(moves: list[tuple[Array, Array]]) -> float:
    worst = max(float((-move / held).max()) for held, move in moves)
    return 1 / worst if worst > 0 else np.inf


def _parts(levels: Levels) -> list[tuple[int, int]]:
    """Consumers by thread; one thread where starting another takes longer than it saves."""
    consumers = len(levels.demand)
    crew = min(os.cpu_count() or 1, max(1, consumers // 8)) if levels.supply.size * consumers > ALONE else 1
    edges = np.linspace(0, consumers, crew + 1).astype(int).tolist()
    return list(pairwise(edges))
