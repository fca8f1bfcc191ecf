"""The best keys when a consumer may have only a few producers, with a proof of how good, by prices of keys.

With a price mu_i on each producer's key, consumers choose apart: at most sum_i mu_i + sum_j (the best any few
producers give j less their price) can be shared. Prices that make this least come from a linear programme of what
consumers chose so far; what it mixes, and what consumers would rather have, says which links to try.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.sharing.certificate.central_path import Proof
from evenwatt.sharing.certificate.key_prices import Market, Offers
from evenwatt.sharing.certificate.link_cuts import LinkCuts
from evenwatt.sharing.certificate.task import Task, allowed, energies, prepared
from evenwatt.sharing.history import Step, told
from evenwatt.sharing.keys import Certified, certified
from evenwatt.sharing.objectives import Linear, Shared
from evenwatt.sharing.watch import Progress

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MOST_ROUNDS = 200  # of prices
PATIENCE = 25  # rounds in which neither side moves by a hundredth of the gap
FEW_LINKS = 24  # up to which a mixed-integer programme finishes what prices leave
FINER = 0.2  # of the tolerance, for problems that are solved inside


@dataclass(frozen=True, eq=False)
class Limited:
    """Keys with few links for each consumer, what they share, and what no such keys exceed.

    Attributes
    ----------
    weights : (I, J)
        Part of each producer's supply that each consumer may draw, from 0 to 1.
    links : (I, J) bool
        Who may draw from whom.
    shared : float
        What the keys share in one round without floor [Wh].
    bound : float
        What no keys with so few links share more than, to rounding of 1e-9 [Wh].
    steps : tuple of Step
        Both second by second.
    """

    weights: Array
    links: Flags
    shared: float
    bound: float
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        """One line: shared, bound, gap, seconds."""
        return told("few links", self.steps)

    @property
    def gap(self) -> float:
        """What may be missing yet, as a fraction of the bound; 0 where there is nothing to share."""
        return (self.bound - self.shared) / self.bound if self.bound > 0 else 0.0


def limited(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    most: int,
    *,
    links: npt.ArrayLike | None = None,
    tolerance: float = 2e-3,
    time_limit: float | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = perf_counter,
) -> Limited:
    """Best fixed keys under one round without floor, at most ``most`` producers a consumer, and a bound.

    Parameters
    ----------
    supply : (T, I)
        What producers feed in [Wh].
    demand : (T, J)
        What consumers draw [Wh].
    most : int
        Producers a consumer may have.
    links : (I, J) bool, optional
        Pairs that may share; all by default.
    tolerance : float
        Stop at this gap. Prices bound lotteries over links, so with few consumers a gap may stay; it is closed
        by a mixed-integer programme where there are no more than 24 pairs.
    time_limit : float, optional
        Stop after so long [s] with the best known by then; the links of the largest draws at least.
    progress : callable, optional
        Told rounds of prices done, how many there can be, and what goes on.
    clock : callable
        Seconds, for the history and the limit.

    Raises
    ------
    ProblemError
        Naming what does not fit.

    Source: Geoffrion 1974, doi:10.1007/BFb0120690 (prices that bound a choice); Gilmore & Gomory 1961,
    doi:10.1287/opre.9.6.849 (columns found by prices).

    Examples
    --------
    Two producers give at different times, and each consumer may have only one of them:

    >>> found = limited([[4, 0], [0, 4]], [[3, 2], [3, 2]], 1)
    >>> found.links.sum(axis=0), round(found.shared, 6), certified([[4, 0], [0, 4]], [[3, 2], [3, 2]]).shared
    (array([1, 1]), 5.0, 8.0)
    """
    begun = clock()
    if most < 1:
        raise ProblemError(f"most: {most}; expected at least 1 producer a consumer")
    offered, wanted = energies(supply, demand)
    free = allowed(links, offered.shape[1], wanted.shape[1])
    task = prepared(offered, wanted, free, Shared())
    if task is None:
        nothing = np.zeros(free.shape)
        return Limited(nothing, nothing > 0, 0.0, 0.0, (Step(clock() - begun, 0.0, 0.0),))
    choice = _Choice(task, most, tolerance, time_limit, lambda: clock() - begun, progress)
    choice.begin()
    choice.by_prices()
    choice.by_cuts()
    weights = np.zeros(free.shape)
    weights[np.ix_(task.producers, task.consumers)] = choice.weights
    used = np.zeros(free.shape, dtype=np.bool_)
    used[np.ix_(task.producers, task.consumers)] = choice.links
    last = choice.steps[-1]
    return Limited(weights, used, last.shared, last.bound, tuple(choice.steps))


def largest(draws: Array, most: int) -> Flags:
    """The ``most`` largest of each column of a table (I, J); of equal ones the first."""
    rank = np.argsort(np.argsort(-draws, axis=0, kind="stable"), axis=0, kind="stable")
    return np.asarray(rank < most)


class _Choice:
    """The best links and the least bound so far; all in the task's units."""

    def __init__(
        self,
        task: Task,
        most: int,
        tolerance: float,
        time_limit: float | None,
        seconds: Callable[[], float],
        progress: Progress | None,
    ) -> None:
        self.task, self.most, self.tolerance, self.time_limit = task, most, tolerance, time_limit
        self.seconds, self.progress = seconds, progress
        self.supply, self.demand = task.levels.supply, task.levels.demand
        self.allowed = task.full(np.ones(task.levels.who.shape))[np.ix_(task.producers, task.consumers)] > 0
        self.market = Market(self.supply, self.demand, np.ascontiguousarray(self.allowed.T), most)
        self.steps: list[Step] = []
        self.links = np.zeros(self.allowed.shape, dtype=np.bool_)
        self.weights, self.price = np.zeros(self.allowed.shape), np.zeros(len(self.supply))
        self.value, self.bound = 0.0, task.ceiling / task.unit
        self._tried: set[bytes] = set()
        self._climbed: set[bytes] = set()
        self._note()

    def begin(self) -> None:
        """Solve without the limit, then with the links of the largest draws."""
        self.free = self._solved(self.allowed)
        self.bound = min(self.bound, self.free.bound)
        drawn = np.where(self.allowed, self.free.weights * self.supply.sum(axis=1)[:, None], -1.0)
        self._try(largest(drawn, self.most) & self.allowed)
        self._climb()

    def by_prices(self) -> None:
        """Rounds of prices, until the gap is closed or neither side moves."""
        self.market.add(self.weights.T)
        centre, best = self.price, np.inf
        for done in range(MOST_ROUNDS):
            if self._is_over() or self._is_stuck():
                return
            if self.progress is not None:
                self.progress(done, MOST_ROUNDS, "links")
            price, links = self.market.mixture()
            self._try(links.T.copy())
            # Half-way to the prices by which least was proved: those of the mixture alone swing.
            offers = self._offers((price + centre) / 2)
            if offers is None:
                return
            if offers.total < best:
                best, centre = offers.total, offers.price
            self.market.add(offers.weights)
            self._climb()

    def by_cuts(self) -> None:
        """A mixed-integer programme for what gap is left in a small group."""
        levels = self.task.levels
        if self._is_over() or int((levels.who >= 0).sum()) > FEW_LINKS:
            return
        lines, each = self.free, np.ones(len(levels.demand))
        weights, slope = self._by_link(lines.weights), self._by_link(lines.slope)
        proof = Proof(weights, each, lines.intercept, slope, each, lines.value, lines.bound)
        cuts = LinkCuts(levels, Linear(each, 1.0), proof, self.most)
        cuts.touch(self._by_link(self.weights))
        for done in range(MOST_ROUNDS):
            chosen, bound = cuts.choose()
            links = np.zeros(self.allowed.shape, dtype=np.bool_)
            links[levels.who[chosen], np.nonzero(chosen)[0]] = True
            found = self._try(links)
            if found is not None:
                cuts.touch(self._by_link(found.weights))
            self.bound = min(self.bound, bound)
            self._note()
            if self.progress is not None:
                self.progress(done, MOST_ROUNDS, "links")
            if self._is_over():
                return

    def _by_link(self, table: Array) -> Array:
        """A table (I, J) beside ``levels.who``; 0 where padded."""
        who = self.task.levels.who
        return np.where(who >= 0, np.take_along_axis(table.T, np.maximum(who, 0), axis=1), 0.0)

    def _climb(self) -> None:
        """Give consumers what they would rather have at the links' own prices, while more is shared."""
        while not self._is_over():
            key = self.links.tobytes()
            if key in self._climbed:
                return
            self._climbed.add(key)
            offers = self._offers(self.price)
            if offers is None:
                return
            self.market.add(offers.weights)
            have = self.market.shared(self.weights.T) - self.weights.T @ self.price
            missed = offers.gain - have
            eager = np.argsort(-missed, kind="stable")
            count = int((missed > 1e-9 * (1 + have)).sum())
            while count and not self._is_over():
                links = self.links.copy()
                links[:, eager[:count]] = offers.weights[eager[:count]].T > 0
                before = self.value
                self._try(links)
                if self.value > before:
                    break
                count //= 2

    def _try(self, links: Flags) -> Certified | None:
        """Solve for some links not tried before, and keep them if they share more than any."""
        if links.tobytes() in self._tried:
            return None
        self._tried.add(links.tobytes())
        found = self._solved(links)
        if found.shared > self.value:
            self.links, self.weights, self.value = links, found.weights, found.shared
            self.price = found.slope.max(axis=1)
            self._note()
        return found

    def _offers(self, price: Array) -> Offers | None:
        tolerance = FINER * self.tolerance * self.value / len(self.demand)
        offers = self.market.offers(price, tolerance, self._is_late)
        if offers is not None:
            self.bound = min(self.bound, offers.total)
            self._note()
        return offers

    def _solved(self, links: Flags) -> Certified:
        return certified(
            self.supply.T,
            self.demand.T,
            links=links,
            tolerance=FINER * self.tolerance,
            time_limit=None if self.time_limit is None else self.time_limit - self.seconds(),
            clock=self.seconds,
        )

    def _note(self) -> None:
        unit = self.task.unit
        self.steps.append(Step(self.seconds(), self.value * unit, max(self.value, self.bound) * unit))

    def _is_late(self) -> bool:
        return self.time_limit is not None and self.seconds() >= self.time_limit

    def _is_over(self) -> bool:
        return self.steps[-1].gap <= self.tolerance or self._is_late()

    def _is_stuck(self) -> bool:
        held = self.steps
        return len(held) > PATIENCE and held[-1].gap > 0.99 * held[-PATIENCE].gap
