"""Bounds on the excess of games with two prices, by coalitions that members join in part."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.leaving.answer import Found
from evenwatt.coalitions.leaving.search import Search
from evenwatt.coalitions.leaving.span import ZERO, Span
from evenwatt.coalitions.two_price import TwoPriceGame
from evenwatt.engine.lp import Kept

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LEAST = 1e-12  # of the scale: a gain below this is rounding
QUICK = 4  # coalitions improved by changes of place, which cost n times what joining and leaving do
MOST_MOVES = 10**9  # changes of place x intervals spent where that found nothing
MOST_CELLS = 10**6  # members x intervals of one programme: above, nothing is bounded
MOST_WORK = 10**7  # members x intervals x programmes: above, only all coalitions at once are bounded


class Relaxation(Search):
    """Finds coalitions by local search and bounds their excess by fractional ones.

    The worth of a coalition that members join in part, s in [0, 1]^n, is concave where buy >= sell, so a linear
    programme finds the largest v(s) - x(s), and no coalition has more. The fraction 0 of everybody has 0, so
    to pass below, everyone and nobody are kept out by asking in turn for each member j apart from the
    first: one of them in, the other out. Once coalitions are fixed, the first is that of each class of members
    no fixed vector tells apart; unions of classes are not bounded, so this holds as long as they all are in the
    span. Where that many programmes are too much work, the bound stays at what all coalitions at once give; where even
    that is, there is none.
    """

    method = "relaxation"

    def __init__(self, game: TwoPriceGame) -> None:
        super().__init__(game)
        wanted = np.flatnonzero(game.spread > 0)
        self._net = np.ascontiguousarray(game.net[wanted].T)
        self._half = np.ascontiguousarray(game.spread[wanted] / 2)
        self._additive = game.additive
        self._size = float(np.abs(game.alone).sum() + abs(game.total)) or 1.0
        self._model: Kept | None = None

    def __call__(self, x: Array, span: Span, above: float, prove: bool = True) -> Found:
        """Coalitions of large excess outside ``span``, and a bound where none passes ``above``."""
        starts = self.starts(x, span)
        answer = self.found(x, self.climbed(x, span, starts, QUICK), np.inf)
        most = MOST_MOVES // (self._net.size * len(self._net) or 1)
        if answer.excesses[0] <= above and most > (0 if prove else len(starts)):
            answer = self.found(x, self.climbed(x, span, starts, max(QUICK, most)), np.inf)
        if not prove or answer.excesses[0] > above or self._net.size > MOST_CELLS:
            return answer
        target = max(float(answer.excesses[0]), above if above < np.inf else -np.inf)
        bound, parts = self._bound(x, span, target)
        rounded = self._rounded(parts)
        rounded = rounded[~span.holds(rounded)]
        if len(rounded):
            self._best = np.vstack([self._best, answer.coalitions[:1]])
            answer = self.found(x, np.vstack([answer.coalitions, self.climbed(x, span, rounded)]), bound)
        return Found(answer.coalitions, answer.excesses, bound)

    def climbed(self, x: Array, span: Span, starts: Flags, swapped: int = QUICK) -> Flags:
        """Each start improved by members that join or leave, the best ``swapped`` by changes of place as well."""
        from evenwatt.coalitions.leaving._search_kernels import climb

        found = np.ascontiguousarray(starts)
        price = np.ascontiguousarray(x - self._additive)
        climb(self._net, self._half, price, span.probes(), ZERO, LEAST * self._size, False, found)
        found = np.unique(found, axis=0)
        best = np.argsort(-(self.game.worth(found) - found @ x), kind="stable")[:swapped]
        further = np.ascontiguousarray(found[best])
        climb(self._net, self._half, price, span.probes(), ZERO, LEAST * self._size, True, further)
        return np.vstack([further, found])

    def _bound(self, x: Array, span: Span, target: float) -> tuple[float, Array]:
        """No coalition outside the span has a larger excess; and the fractional coalitions met."""
        model = self._priced(x)
        bound, part = self._highest(model)
        parts = [part]
        pairs = self._pairs(span) if bound > target + LEAST * self._size else []
        highest = -np.inf
        for pair in pairs:
            model.set_columns(pair, [1.0, 0.0], [1.0, 0.0])
            most, part = self._highest(model)
            model.set_columns(pair, [0.0, 0.0], [1.0, 1.0])
            parts.append(part)
            highest = max(highest, most)
        return min(bound, highest if pairs else np.inf), np.array(parts)

    def _pairs(self, span: Span) -> list[tuple[int, int]]:
        """Members to ask in and out, so that all coalitions outside the span are asked for; none if too many."""
        classes = span.classes()
        if int(classes.max()) + 1 != span.rank:
            return []
        groups = [np.flatnonzero(classes == number) for number in range(span.rank)]
        pairs = [pair for group in groups for j in group[1:] for pair in ((group[0], j), (j, group[0]))]
        return pairs if len(pairs) * self._net.size <= MOST_WORK else []

    def _priced(self, x: Array) -> Kept:
        """The programme for a division: how far each member joins, then what is long in each interval."""
        n, steps = self._net.shape
        if self._model is None:
            self._model = Kept(
                np.append(np.zeros(n), 2 * self._half / self._size),
                np.zeros(n + steps),
                np.append(np.ones(n), np.full(steps, np.inf)),
            )
            # |z| = 2 max(z, 0) - z, and what is long is at least z and at least 0.
            held = self._net.T
            starts = np.arange(steps + 1) * (n + 1)
            places = np.column_stack([np.broadcast_to(np.arange(n), (steps, n)), n + np.arange(steps)])
            values = np.column_stack([-held, np.ones(steps)])
            self._model.add_rows(
                (starts, places.ravel(), values.ravel()), np.zeros(steps), np.full(steps, np.inf)
            )
        self._model.set_cost(np.arange(n), (x - self._additive - self._net @ self._half) / self._size)
        return self._model

    def _highest(self, model: Kept) -> tuple[float, Array]:
        """Largest excess over the fractional coalitions allowed now, and one that has it."""
        found = model.solve()
        return -found.objective * self._size, np.clip(found.x[: len(self._net)], 0.0, 1.0)

    def _rounded(self, parts: Array) -> Flags:
        """Those who join a fractional coalition by more than each of a few thresholds."""
        return np.unique(np.vstack([parts > level for level in (0.05, 0.5, 0.95)]), axis=0)
