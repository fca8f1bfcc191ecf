"""The last digits of certified keys: cutting planes, exact where the few kinks of a short period leave no slope."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine.lp import Kept
from evenwatt.sharing.certificate.central_path import Levels, Proof
from evenwatt.sharing.objectives import Curved, Goal, Least, Linear

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

SHARP = 1e-12  # of a unit of energy over which a kink is smoothed: not at all
TRACE = 1e-12  # of the mean worth
LOWEST = 0.2  # of the totals known at first, at which a utility is still touched: it falls without end


class Cuts:
    """Lines above every block's total, and the linear programme of the best weights by them.

    Each ``step`` adds the lines that touch the totals, at the best weights by the lines so far and half-way to the
    best known; a curved utility is touched there too.

    Source: Kelley 1960, doi:10.1137/0108053.
    """

    def __init__(self, levels: Levels, goal: Goal, proof: Proof) -> None:
        """Begin with the lines of a proof."""
        self.levels, self.goal = levels, goal
        self._linked, self._place = levels.who >= 0, np.maximum(levels.who, 0)
        self._link = np.where(self._linked, np.cumsum(self._linked).reshape(self._linked.shape) - 1, -1)
        self._blocks = len(levels.reach)
        self._most = self._lines(np.ones(levels.who.shape))[0]
        self._scale = 1.0
        if isinstance(goal, Curved):
            self._low = LOWEST * proof.totals
            self._scale = float((goal.worth(proof.totals) * goal.demand).mean())
        self._model = self._programme()
        self._start, self._slope = np.zeros(0), np.zeros((0, levels.who.shape[1]))
        self._block, self._row = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        self._bend(self._most)
        if len(levels.demand) == self._blocks:
            self._add(proof.intercept / proof.worth, proof.slope / proof.worth[:, None])
        self.touch(proof.weights)

    def touch(self, weights: Array) -> Array:
        """Add the lines that touch the totals at some weights (J, n); the totals."""
        totals, start, slope = self._lines(weights)
        self._add(start, slope)
        self._bend(totals)
        return totals

    def step(self, best: Array) -> Proof:
        """Best weights by the lines so far, or near the best known, and the bound that the lines prove."""
        found = self._model.solve()
        lines, ends = found.duals[self._row], found.reduced_costs[: self._blocks]
        start, slope, worth = self._mixed(*(-self._scale * np.minimum(part, 0.0) for part in (lines, ends)))
        cost = float(start.sum() + self._dearest(slope).sum())
        held = np.where(self._linked, found.x[self._blocks + np.maximum(self._link, 0)], 0.0)
        weights = self._within(np.clip(held, 0.0, 1.0))
        tried = [(one, self.touch(one)) for one in (weights, (weights + best) / 2)]
        chosen, totals = max(tried, key=lambda pair: self.goal.value(pair[1]))
        value, bound = self.goal.value(totals), self.goal.bound(worth, cost)
        return Proof(chosen, totals, start, slope, worth, value, bound)

    def _programme(self) -> Kept:
        """Columns: totals, weights, and what the objective needs; rows: producers' sums, and least coverages."""
        links = int(self._linked.sum())
        first = self._blocks + links
        if isinstance(self.goal, Linear):
            cost, extra = -self.goal.worths, np.zeros(0)
        else:
            cost = np.zeros(self._blocks)
            extra = -np.ones(1 if isinstance(self.goal, Least) else self._blocks)
        most = np.concatenate([self._most, np.ones(links), np.full(len(extra), np.inf)])
        least = np.concatenate([np.zeros(first), np.full(len(extra), -np.inf)])
        model = Kept(np.concatenate([cost, np.zeros(links), extra]), least, most)
        budget = np.zeros((len(self.levels.supply), len(most)))
        budget[self._place[self._linked], self._blocks + self._link[self._linked]] = 1.0
        model.add_rows(budget, np.full(len(budget), -np.inf), np.ones(len(budget)))
        if isinstance(self.goal, Least):
            places = np.stack([np.arange(self._blocks), np.full(self._blocks, first)], axis=1).ravel()
            values = np.stack([np.ones(self._blocks), -self.goal.demand], axis=1).ravel()
            leads = (2 * np.arange(self._blocks + 1), places, values)
            model.add_rows(leads, np.zeros(self._blocks), np.full(self._blocks, np.inf))
        return model

    def _add(self, start: Array, slope: Array) -> None:
        """Lines ``start + slope @ weights``, (B,) and (B, n), one a block."""
        link = self._link[self.levels.owner]
        used = link >= 0
        starts = np.concatenate([[0], np.cumsum(used.sum(axis=1) + 1)])
        places, values = np.empty(starts[-1], dtype=np.int64), np.ones(starts[-1])
        rest = np.ones(starts[-1], dtype=np.bool_)
        rest[starts[:-1]] = False
        places[starts[:-1]] = np.arange(self._blocks)
        places[rest], values[rest] = self._blocks + link[used], -slope[used]
        rows = self._model.add_rows((starts, places, values), np.full(len(start), -np.inf), start)
        self._start, self._slope = np.concatenate([self._start, start]), np.concatenate([self._slope, slope])
        self._row = np.concatenate([self._row, rows])
        self._block = np.concatenate([self._block, np.arange(self._blocks)])

    def _bend(self, totals: Array) -> None:
        """Touch a curved utility at some totals."""
        if not isinstance(self.goal, Curved):
            return
        at = np.maximum(totals, self._low)
        worth, height = self.goal.worth(at) / self._scale, self.goal.utility(at) / self._scale
        first = self._blocks + int(self._linked.sum())
        blocks = np.arange(self._blocks)
        places = np.stack([blocks, first + blocks], axis=1).ravel()
        values = np.stack([-worth, np.ones(self._blocks)], axis=1).ravel()
        starts = 2 * np.arange(self._blocks + 1)
        self._model.add_rows((starts, places, values), np.full(self._blocks, -np.inf), height - worth * at)

    def _lines(self, weights: Array) -> tuple[Array, Array, Array]:
        """Totals at some weights, and the lines that touch them there."""
        from evenwatt.sharing.certificate._keys_kernels import respond, served

        held = self.levels
        size = held.who.shape[1]
        totals, start = np.empty(self._blocks), np.empty(self._blocks)
        slope, curve = np.zeros((self._blocks, size)), np.zeros((self._blocks, size, size))
        everyone, width = (0, len(held.demand)), np.full(len(held.demand), SHARP)
        shape = held.supply, held.demand, held.who, held.first_block, held.reach
        respond(*shape, weights, width, everyone, totals, start, slope, curve)
        served(*shape, weights, everyone, totals)
        return totals, start, slope

    def _mixed(self, price: Array, at_most: Array) -> tuple[Array, Array, Array]:
        """Lines mixed by their prices, and worths; a block that can get no more is held by the most it can."""
        paid = np.bincount(self._block, price, self._blocks)
        if isinstance(self.goal, Linear):
            worth = self.goal.worths
            price = price * np.minimum(1.0, worth / np.maximum(paid, 1e-300))[self._block]
            at_most = np.maximum(0.0, worth - np.bincount(self._block, price, self._blocks))
        else:
            # Of every line a little, for each total to have one.
            at_most = np.maximum(at_most, TRACE * (paid + at_most).mean())
            worth = paid + at_most
        start = np.bincount(self._block, price * self._start, self._blocks) + at_most * self._most
        slope = np.zeros(self.levels.who.shape)
        np.add.at(slope, self.levels.owner[self._block], price[:, None] * self._slope)
        return start, slope, worth

    def _dearest(self, slope: Array) -> Array:
        most = np.zeros(len(self.levels.supply))
        np.maximum.at(most, self._place[self._linked], slope[self._linked])
        return most

    def _within(self, weights: Array) -> Array:
        """The same with no producer's sum above one."""
        summed = np.bincount(self._place.ravel(), weights.ravel(), len(self.levels.supply))
        return np.asarray(weights / np.maximum(1.0, summed)[self._place])
