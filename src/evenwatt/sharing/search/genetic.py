"""A genetic search: good states exchange whole consumers, and their children climb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.problem import GRID
from evenwatt.sharing.search.state import State
from evenwatt.sharing.search.walk import Walk

if TYPE_CHECKING:
    from evenwatt.sharing.search._paths_kernels import Ground

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Tables = Mapping[str, npt.NDArray[Any]]

POPULATION = 8
ELITES = 2
TOURNAMENT = 4
POLISH = 200  # moves that each child climbs, fewer in groups of few links
MUTATION = 0.1  # moves per consumer, kept whatever they cost
FIRST_MUTATION = 0.2  # the same for the copies of the starts that make the first population


class Genetic:
    """Generations of states; parents win tournaments, elites stay as they are.

    A child takes each consumer's whole row (producers, priorities, keys) from one of its parents: within a row
    priorities and keys belong together. Then every producer's keys are scaled to its budget and rounded.
    """

    name = "genetic"

    def __init__(self, ground: Ground, starts: list[State], seed: int) -> None:
        self.seed = seed
        self.producers = len(ground.allowed)
        self.walk = Walk(ground, starts[0], seed)
        self.tried = 0
        self.born = 0  # children so far
        self.shakes = self.climbs = 0  # moves the present child has yet to make
        self.starts = starts
        self.old: list[tuple[State, float]] = []
        self.young: list[tuple[State, float]] = []
        self.best, self.best_worth = starts[0], -np.inf
        for start in starts[::-1]:
            self.walk.put(start)
            self._note()

    def _note(self) -> None:
        """Remember the walk's best if it is the best of all."""
        if self.walk.best_worth > self.best_worth:
            self.best, self.best_worth = self.walk.best, self.walk.best_worth

    def advance(self, moves: int, part: float, target: float) -> None:
        """Try so many moves, fewer where the target is reached."""
        end = self.tried + moves
        while self.tried < end and self.best_worth < target:
            if self.shakes + self.climbs == 0:
                self._bear()
            if self.shakes:
                tried = self.walk.move(
                    self.tried, min(self.shakes, end - self.tried), heat=np.inf, target=target
                )
                self.shakes -= tried
            else:
                tried = self.walk.move(self.tried, min(self.climbs, end - self.tried), target=target)
                self.climbs -= tried
            self.tried += tried
            self._note()
            if self.shakes + self.climbs == 0:
                self._grow_up()

    def _bear(self) -> None:
        """Put the walk on the next child: a copy of a start at first, later a crossing of two parents."""
        consumers = len(self.starts[0].order)
        if not self.old:
            child = self.starts[self.born % len(self.starts)]
            rate = FIRST_MUTATION if self.born >= len(self.starts) else 0.0
        else:
            chance = np.random.Generator(np.random.Philox(key=[self.seed, 1 + self.born]))
            child = crossing(self._parent(chance), self._parent(chance), self.producers, chance)
            rate = MUTATION
        self.born += 1
        self.shakes = int(np.ceil(rate * consumers))
        self.climbs = min(POLISH, 10 * child.order.size + 1)
        self.walk.put(child)

    def _parent(self, chance: np.random.Generator) -> State:
        """The best of a few chosen at random."""
        chosen = chance.integers(len(self.old), size=TOURNAMENT)
        return max((self.old[int(k)] for k in chosen), key=lambda each: each[1])[0]

    def _grow_up(self) -> None:
        """Take the child among the young; once there are enough they and the elites are the population."""
        self.young.append((self.walk.here, self.walk.worth))
        if len(self.young) + (ELITES if self.old else 0) >= POPULATION:
            elites = sorted(self.old, key=lambda each: -each[1])[:ELITES]
            self.old, self.young = elites + self.young, []

    def tables(self) -> dict[str, npt.NDArray[Any]]:
        """Where the search stands."""
        here, best = self.walk.here, self.walk.best
        everyone = self.old + self.young
        states = [here, best, self.best, *self.starts, *(state for state, _ in everyone)]
        return {
            "orders": np.stack([state.order for state in states]),
            "shares": np.stack([state.share for state in states]),
            "worths": np.array([self.best_worth, *(worth for _, worth in everyone)]),
            "tally": self.walk.tally.copy(),
            "lack": self.walk.path.lack.copy(),
            "counts": np.array([len(self.starts), len(self.old), self.born, self.shakes, self.climbs]),
        }

    def resume(self, tables: Tables, tried: int) -> None:
        """Stand where :meth:`tables` says."""
        self.tried = tried
        pairs = zip(tables["orders"], tables["shares"], strict=True)
        here, best, self.best, *states = [State(order, share) for order, share in pairs]
        starts, old, self.born, self.shakes, self.climbs = (int(count) for count in tables["counts"])
        self.starts, states = states[:starts], states[starts:]
        self.best_worth, *worths = (float(worth) for worth in tables["worths"])
        everyone = list(zip(states, worths, strict=True))
        self.old, self.young = everyone[:old], everyone[old:]
        self.walk.resume(here, best, np.asarray(tables["tally"]), np.asarray(tables["lack"]))


def crossing(one: State, two: State, producers: int, chance: np.random.Generator) -> State:
    """A child of two states: each consumer's row from either, every producer within its budget.

    Examples
    --------
    >>> one = State(np.array([[0], [0]]), np.array([[9000], [1000]]))
    >>> two = State(np.array([[0], [0]]), np.array([[1000], [9000]]))
    >>> child = crossing(one, two, 1, np.random.default_rng(1))
    >>> int(child.share.sum())
    10000
    """
    from_one = chance.random(len(one.order)) < 0.5
    order = np.where(from_one[:, None], one.order, two.order)
    keys = State(order, np.where(from_one[:, None], one.share, two.share)).keys(producers)
    budget = np.maximum(one.keys(producers).sum(axis=1), two.keys(producers).sum(axis=1))
    scaled = _scaled(keys, np.minimum(budget, GRID))
    share = scaled[np.maximum(order, 0), np.arange(len(order))[:, None]]
    return State(np.ascontiguousarray(order), np.ascontiguousarray(np.where(order >= 0, share, 0)))


def _scaled(keys: Whole, budget: Whole) -> Whole:
    """Keys in proportion, each producer's summing to its budget: floors, then the largest remainders."""
    total = keys.sum(axis=1, keepdims=True)
    exact = keys * budget[:, None]
    floor = exact // np.maximum(total, 1)
    remainder = exact - floor * total
    short = np.where(total[:, 0] > 0, budget - floor.sum(axis=1), 0)
    rank = np.argsort(np.argsort(-remainder, axis=1, kind="stable"), axis=1, kind="stable")
    whole: Whole = floor + (rank < short[:, None])
    return whole
