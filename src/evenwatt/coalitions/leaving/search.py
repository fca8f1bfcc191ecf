"""A coalition of large excess by local search: an answer for any game, a proof for none."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.game import Game
from evenwatt.coalitions.leaving.answer import Found
from evenwatt.coalitions.leaving.span import ZERO, Span

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

STARTS = 24  # random coalitions tried at each question, besides members, their complements and prefixes
REMEMBERED = 64  # coalitions that were worst before and are tried again
MOST_STEPS = 200


class Search:
    """Climbs from many coalitions to ones that no single member improves by joining or leaving.

    Starts are each member, everyone but each, prefixes of the order of what members get less what they add,
    random coalitions by a fixed seed, and the worst coalitions of earlier questions.
    """

    method = "search"

    def __init__(self, game: Game) -> None:
        self.game = game
        self._rng = np.random.default_rng(0)
        self._best = np.zeros((0, game.n), dtype=np.bool_)

    def __call__(self, x: Array, span: Span, above: float, prove: bool = True) -> Found:
        """Coalitions of large excess; there is never a bound."""
        starts = self.starts(x, span)
        return self.found(x, self.climbed(x, span, starts), np.inf)

    def starts(self, x: Array, span: Span, more: Flags | None = None) -> Flags:
        """Where to climb from, all outside the span."""
        n = self.game.n
        each = np.eye(n, dtype=np.bool_)
        order = np.argsort(x - self.game.alone, kind="stable")
        prefixes = np.zeros((n, n), dtype=np.bool_)
        prefixes[:, order] = np.tri(n, dtype=np.bool_)
        some = prefixes[:: max(1, n // 16)]
        chance = self._rng.random((STARTS, n)) < self._rng.random((STARTS, 1))
        given = np.zeros((0, n), dtype=np.bool_) if more is None else more
        few = (each, ~each) if n <= 40 else (each[:: n // 20], ~each[:: n // 20])
        starts = np.unique(np.vstack([given, self._best, *few, some, chance]), axis=0)
        starts = starts[~span.holds(starts)]
        # There is always one: of a vector that a member's indicator is not, neither is its complement's.
        return starts if len(starts) else each[~span.holds(each)][:1]

    def climbed(self, x: Array, span: Span, starts: Flags) -> Flags:
        """Each start improved by the best single change until there is none."""
        found = starts.copy()
        each = np.eye(self.game.n, dtype=np.bool_)
        for row in found:
            excess = float(self.game.worth(row[None, :])[0] - row @ x)
            for _ in range(MOST_STEPS):
                near = row ^ each
                near = near[~span.holds(near)]
                if len(near) == 0:
                    break
                excesses = self.game.worth(near) - near @ x
                best = int(excesses.argmax())
                if excesses[best] <= excess + ZERO * (1 + abs(excess)):
                    break
                row[:], excess = near[best], float(excesses[best])
        return found

    def found(self, x: Array, coalitions: Flags, bound: float) -> Found:
        """Different coalitions, the worst first; they are remembered."""
        coalitions = np.unique(coalitions, axis=0)
        excesses = self.game.worth(coalitions) - coalitions @ x
        order = np.argsort(-excesses, kind="stable")
        self._best = coalitions[order[:REMEMBERED]]
        return Found(coalitions[order], excesses[order], bound)
