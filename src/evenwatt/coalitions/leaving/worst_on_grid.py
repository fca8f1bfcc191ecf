"""The worst coalition of a game of sums on a grid, exactly, by dynamic programming."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.leaving.answer import Found
from evenwatt.coalitions.leaving.span import Span
from evenwatt.coalitions.sum_game import SumGame
from evenwatt.coalitions.two_price import TwoPriceGame

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

UNITS = tuple(10.0**-k for k in range(7))  # of which numbers may be whole multiples
MOST_CELLS = 10**8  # members times sums: bytes of decisions kept
MOST_CLASSES = 14  # whose unions are looked at one by one


@dataclass(frozen=True)
class Line:
    """A game v(S) = additive(S) + worth[zero + z(S)] with whole z."""

    game: Game
    z: Whole
    additive: Array
    worth: Array
    zero: int


def on_grid(game: Game) -> Line | None:
    """The game on its grid, or None if it is not a game of sums, or its grid is too fine."""
    if isinstance(game, SumGame):
        numbers, additive = game.z, game.base
    elif isinstance(game, TwoPriceGame) and len(game.net) == 1:
        numbers, additive = np.asarray(game.net[0]), game.additive
    else:
        return None
    unit = _unit(numbers)
    if unit is None:
        return None
    z = np.round(numbers / unit).astype(np.int64)
    below, above = -int(z[z < 0].sum()), int(z[z > 0].sum())
    if (below + above + 1) * game.n > MOST_CELLS:
        return None
    totals: Array = np.arange(-below, above + 1, dtype=np.float64) * unit
    if isinstance(game, SumGame):
        worth = np.asarray(game.f(totals), dtype=np.float64)
    else:
        worth = -game.spread[0] / 2 * np.abs(totals)
    return Line(game, z, additive, worth, below)


def _unit(numbers: Array) -> float | None:
    """The largest unit found of which all numbers are whole multiples."""
    for unit in UNITS:
        scaled = numbers / unit
        whole = np.round(scaled)
        if (np.abs(scaled - whole) <= 1e-9 * (1 + np.abs(scaled))).all() and np.abs(whole).max() < 2**52:
            return unit * float(max(1, np.gcd.reduce(whole.astype(np.int64))))
    return None


class Grid:
    """Finds the coalition of largest excess by the cheapest coalition of every sum.

    One pass looks at all coalitions. Where it finds only such as are fixed, or everyone, or nobody, it
    looks at those that part two members no fixed vector tells apart; the rest are unions of such classes of
    members and are looked at one by one while classes are few; where they are many, there is no bound but that
    of the one pass.
    """

    method = "grid"

    def __init__(self, line: Line) -> None:
        self._line = line

    def __call__(self, x: Array, span: Span, above: float, prove: bool = True) -> Found:
        """Coalitions of largest excess outside ``span``."""
        from evenwatt.coalitions.leaving._cover_kernels import cheapest

        line = self._line
        price = np.ascontiguousarray(x - line.additive)
        inside = np.zeros((1, line.z.size), dtype=np.bool_)
        most = float(cheapest(line.z, price, line.worth, line.zero, inside[0]))
        if not span.holds(inside)[0]:
            return self._found(x, inside, most)
        if self._along(span):
            # What is left open moves shares along z: just the coalitions of sum 0 are fixed.
            worth = line.worth.copy()
            worth[line.zero] = -np.inf
            most = float(cheapest(line.z, price, worth, line.zero, inside[0]))
            return self._found(x, inside, most)
        coalitions, bound = self._parting(price, span.classes())
        unions, complete = _unions(span)
        coalitions = np.vstack([coalitions, unions])
        answer = self._found(x, coalitions, bound)
        if len(unions):
            bound = max(bound, float(answer.excesses[0]))
        bound = min(most, bound if complete else np.inf)
        return Found(answer.coalitions, answer.excesses, bound)

    def _along(self, span: Span) -> bool:
        """Whether one direction is left open, and it is that of the members' numbers."""
        if span.rank != span.n - 1:
            return False
        open_way, z = span.probes()[:, 0], self._line.z.astype(np.float64)
        rest = z - open_way * (open_way @ z)
        return bool(z.any() and np.abs(rest).max() <= 1e-9 * np.abs(z).max())

    def _parting(self, price: Array, classes: Whole) -> tuple[Flags, float]:
        from evenwatt.coalitions.leaving._cover_kernels import parted

        line, n = self._line, self._line.z.size
        some, bound = [np.zeros((0, n), dtype=np.bool_)], -np.inf
        for number in range(int(classes.max()) + 1):
            group = np.flatnonzero(classes == number)
            if group.size == 1:
                continue
            best = np.empty((group.size - 1, 2))
            inside = np.zeros((group.size - 1, 2, n), dtype=np.bool_)
            parted(line.z, price, line.worth, line.zero, group, best, inside)
            some.append(inside.reshape(-1, n))
            bound = max(bound, float(best.max()))
        return np.vstack(some), bound

    def _found(self, x: Array, coalitions: Flags, bound: float) -> Found:
        coalitions = np.unique(coalitions, axis=0)
        excesses = self._line.game.worth(coalitions) - coalitions @ x
        order = np.argsort(-excesses, kind="stable")
        return Found(coalitions[order], excesses[order], bound)


def _unions(span: Span) -> tuple[Flags, bool]:
    """Unions of classes outside the span, and whether these are all of them."""
    classes = span.classes()
    count = int(classes.max()) + 1
    if count == span.rank:  # every union is in the span
        return np.zeros((0, classes.size), dtype=np.bool_), True
    if count > MOST_CLASSES:
        return np.zeros((0, classes.size), dtype=np.bool_), False
    unions = masks.rows(np.arange(1 << count), count)[:, classes]
    return unions[~span.holds(unions)], True
