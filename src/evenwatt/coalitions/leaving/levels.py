"""The linear programmes of the least core and the nucleolus: the largest excess, level by level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import MOST_TABLED, Game
from evenwatt.coalitions.leaving.span import Span
from evenwatt.engine.lp import Kept, Solution

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

TIGHTEST = 1e-10  # tolerance of the programmes; worths are scaled to about 1
ACTING = 1e-7  # a dual above this is not rounding: those of a level sum to 1
DUST = 1e-12  # of the largest worth: what rounding leaves of a game that is additive


@dataclass(frozen=True)
class Scaled:
    """A game with worths counted from those alone and scaled to about 1: solutions follow (covariance)."""

    game: Game
    alone: Array
    scale: float
    total: float

    @property
    def flat(self) -> bool:
        """Whether, but for rounding, nobody gains or loses by anything."""
        return self.scale == 0.0

    def worth(self, coalitions: Flags) -> Array:
        """Scaled worths, (m, n) -> (m,)."""
        gained = self.game.worth(coalitions) - coalitions @ self.alone
        return np.asarray(gained / self.scale)

    def payoffs(self, shares: Array) -> Array:
        """A division of the scaled game as one of the game, (n,)."""
        return np.asarray(self.alone + shares * (self.scale or 1.0))


def scaled(game: Game, *, tabled: bool) -> Scaled:
    """Count worths from those alone and scale them."""
    alone, n = game.alone, game.n
    if tabled and n <= MOST_TABLED:
        worths = game.table()
        gained = worths - masks.sums(alone)
    else:
        some = np.vstack([np.ones((1, n), dtype=np.bool_), ~np.eye(n, dtype=np.bool_)])
        worths = game.worth(some)
        gained = worths - some @ alone
    size = float(np.abs(gained).max())
    if size <= DUST * (float(np.abs(worths).max()) + float(np.abs(alone).sum())):
        # A game met only in part may still hold something: keep its unit then.
        size = 0.0 if tabled else float(np.abs(alone).max()) or 1.0
    total = game.total - float(alone.sum())
    return Scaled(game, alone, size, total / size if size else total)


class Levels:
    """Minimise e over shares x with x(N) = v(N), x(S) = fixed, x(S) + weight(S) e >= v(S) for the rest known.

    Parameters
    ----------
    view : Scaled
        The game.
    imputations : bool
        Whether nobody may get less than alone.
    per_capita : bool
        Whether weight(S) is the size of S; 1 otherwise.
    """

    def __init__(self, view: Scaled, *, imputations: bool = False, per_capita: bool = False) -> None:
        n = view.game.n
        self.n, self.view, self.per_capita = n, view, per_capita
        least = np.append(np.zeros(n) if imputations else np.full(n, -np.inf), -np.inf)
        self._model = Kept(np.append(np.zeros(n), 1.0), least, np.full(n + 1, np.inf), tolerance=TIGHTEST)
        self._imputations = imputations
        self.span = Span(n)
        self.coalitions = np.zeros((0, n), dtype=np.bool_)
        self._rows, self._worths = np.zeros(0, dtype=np.int64), np.zeros(0)
        self._known: set[bytes] = set()
        self._fix(np.ones(n), view.total)
        # With all of these the level is bounded as long as one share is free.
        each = np.eye(n, dtype=np.bool_)
        self.add(np.vstack([each, ~each]))

    def weights(self, coalitions: Flags) -> Array:
        """By how much e counts in each row, (m,)."""
        sizes = coalitions.sum(axis=1).astype(np.float64)
        return sizes if self.per_capita else np.ones_like(sizes)

    def add(self, coalitions: Flags) -> int:
        """Make rows of those coalitions that are new; how many these were."""
        keys = [row.tobytes() for row in np.packbits(coalitions, axis=1)]
        first = {key: k for k, key in reversed(list(enumerate(keys))) if key not in self._known}
        new = sorted(first.values())
        if not new:
            return 0
        held = coalitions[new]
        worths = self.view.worth(held)
        self._known.update(keys[k] for k in new)
        matrix = np.column_stack([held.astype(np.float64), self.weights(held)])
        rows = self._model.add_rows(matrix, worths, np.full(len(new), np.inf))
        self.coalitions = np.vstack([self.coalitions, held])
        self._rows = np.concatenate([self._rows, rows])
        self._worths = np.concatenate([self._worths, worths])
        return len(new)

    def solve(self) -> Solution:
        """The optimum over the rows known; its last column is e."""
        return self._model.solve()

    def acting(self, found: Solution) -> Flags:
        """Which known coalitions hold this level up: tight at every optimum, because their duals act."""
        return np.asarray(found.duals[self._rows] > ACTING)

    def settle(self, found: Solution) -> None:
        """Fix what every optimum of this level has in common, and let go of what follows from it."""
        level = float(found.x[-1])
        for k in np.flatnonzero(self.acting(found)):
            held = self.coalitions[k].astype(np.float64)
            weight = held.sum() if self.per_capita else 1.0
            self._fix(held, float(self._worths[k] - weight * level))
        if self._imputations:
            # A bound with a reduced cost acts as a tight row does: that member gets what it gets alone.
            for i in np.flatnonzero(found.reduced_costs[: self.n] > ACTING):
                self._fix(np.eye(self.n)[i], 0.0)
        follows = self.span.holds(self.coalitions)
        gone = self._rows[follows]
        self._model.set_rows(gone, np.full(gone.size, -np.inf), np.full(gone.size, np.inf))
        self.coalitions, self._rows = self.coalitions[~follows], self._rows[~follows]
        self._worths = self._worths[~follows]

    def _fix(self, vector: Array, value: float) -> None:
        if self.span.add(vector, value):
            self._model.add_rows(np.append(vector, 0.0)[None, :], [value], [value])
