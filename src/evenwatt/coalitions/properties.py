"""What kind of game it is: each property is checked coalition by coalition, and a breach is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.tau import tau_bounds, unbalance
from evenwatt.core.errors import ProblemError

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
T = TypeVar("T", bound=np.generic)

MOST_PAIRED = 16  # members whose 3**n pairs of disjoint coalitions are gone through
TOGETHER = 10  # members whose pairs are held in memory at once


@dataclass(frozen=True)
class Verdict:
    """Whether a game has a property; true where it has.

    Attributes
    ----------
    name : str
        The property.
    coalitions : tuple of tuple of int
        The coalitions that break it, by member from 0; empty where it holds.
    gap : float
        By how much they break it [unit of the worths]; 0 where it holds.
    reason : str
        The breach in one line; empty where it holds.

    Examples
    --------
    >>> verdict = superadditive(Game.from_table(2, [3, 4, 5]))
    >>> bool(verdict), verdict.coalitions, verdict.gap
    (False, ((0,), (1,)), 2.0)
    >>> verdict.reason
    '{0} and {1} are worth 7 apart, but 5 together'
    """

    name: str
    coalitions: tuple[tuple[int, ...], ...] = ()
    gap: float = 0.0
    reason: str = ""

    def __bool__(self) -> bool:
        return not self.reason


def properties(game: Game) -> dict[str, bool]:
    """Which properties the game has, by name.

    Parameters
    ----------
    game : Game
        Of at most 16 members.

    Examples
    --------
    >>> held = properties(Game.from_table(3, [1, 0, 0, 8, 5, 2, 10]))
    >>> [name for name, holds in held.items() if holds]
    ['monotone', 'superadditive', 'essential', 'quasi-balanced', 'balanced']
    """
    return {name: bool(check(game)) for name, check in PROPERTIES.items()}


def monotone(game: Game) -> Verdict:
    """Whether nobody's coming ever lowers the worth: v(S + i) >= v(S); at most 24 members."""
    table, every = game.table(), _every(game.n)
    worst = _Worst("monotone", game)
    for i in range(game.n):
        without, holding = _cut(table, i)
        worst.see(without - holding, *_cut(every, i))
    return worst.verdict("{0} is worth {v0:g}, but {1}, which holds more, {v1:g}")


def superadditive(game: Game) -> Verdict:
    """Whether joining never loses: v(S + T) >= v(S) + v(T) for S and T without a common member.

    Parameters
    ----------
    game : Game
        Of at most 16 members; all 3**n pairs are gone through.

    Raises
    ------
    ProblemError
        If there are more members.
    """
    if game.n > MOST_PAIRED:
        raise ProblemError(
            f"superadditive: {game.n} members have 3**{game.n} pairs of coalitions; expected at most {MOST_PAIRED}"
        )
    table, low = game.table(), min(game.n, TOGETHER)
    left, right = _pairs(low)
    worst = _Worst("superadditive", game)
    for s, t in zip(*_pairs(game.n - low), strict=True):
        one, other = left + (s << low), right + (t << low)
        worst.see(table[one] + table[other] - table[one + other], one, other)
    return worst.verdict("{0} and {1} are worth {sum:g} apart, but {joined:g} together")


def convex(game: Game) -> Verdict:
    """Whether it pays the more to join, the more are there: v(S + i + j) + v(S) >= v(S + i) + v(S + j).

    Equal to the same for any two coalitions with their union and intersection (Shapley 1971,
    doi:10.1007/BF01753431). A breach names S + i and S + j; at most 24 members.
    """
    table, every = game.table(), _every(game.n)
    worst = _Worst("convex", game)
    for i, j in combinations(range(game.n), 2):
        neither, first, second, both = _cut_twice(table, i, j)
        worst.see(first + second - neither - both, *_cut_twice(every, i, j)[1:3])
    return worst.verdict("{0} and {1} are worth {sum:g}, but their union and intersection {crossed:g}")


def additive(game: Game) -> Verdict:
    """Whether nobody needs anybody: v(S) = sum of v(i) over S; at most 24 members."""
    gap = np.abs(game.table() - masks.sums(game.alone))
    worst = _Worst("additive", game)
    worst.see(gap, _every(game.n))
    return worst.verdict("{0} is worth {v0:g}, not what its members are worth alone")


def essential(game: Game) -> Verdict:
    """Whether there is something to gain: v(N) > sum of v(i); any number of members."""
    gain = game.total - float(game.alone.sum())
    if gain > 1e-9 * (1 + max(abs(game.total), float(np.abs(game.alone).max()))):
        return Verdict("essential")
    reason = f"all together are worth {game.total:g}, everyone alone {game.alone.sum():g}"
    return Verdict("essential", (tuple(range(game.n)),), max(0.0, -gain), reason)


def quasi_balanced(game: Game) -> Verdict:
    """Whether the tau value exists: minimal rights below utopia payoffs, and v(N) between their sums."""
    rights, utopia = tau_bounds(game)
    faults = unbalance(game, rights, utopia)
    if not faults:
        return Verdict("quasi-balanced")
    gap = max(float((rights - utopia).max()), rights.sum() - game.total, game.total - utopia.sum())
    return Verdict("quasi-balanced", (tuple(range(game.n)),), float(gap), "; ".join(faults))


def balanced(game: Game) -> Verdict:
    """Whether the core has a point, so that some division leaves no group a reason to go its own way.

    By linear programming (Bondareva 1963, Shapley 1967); the gap is what every group would have to forgo,
    the excess of the least core.
    """
    if game.n == 1:
        return Verdict("balanced")
    from evenwatt.coalitions.least_core import least_core

    found = least_core(game)
    if found.epsilon <= 1e-9 * (1 + np.abs(game.table()).max()):
        return Verdict("balanced")
    reason = f"no division satisfies every group; the best leaves some {found.epsilon:g} short"
    groups = tuple(tuple(int(i) for i in np.flatnonzero(held)) for held in found.coalitions)
    return Verdict("balanced", groups, float(found.epsilon), reason)


PROPERTIES: dict[str, Callable[[Game], Verdict]] = {
    "monotone": monotone,
    "superadditive": superadditive,
    "convex": convex,
    "additive": additive,
    "essential": essential,
    "quasi-balanced": quasi_balanced,
    "balanced": balanced,
}


class _Worst:
    """The largest breach seen so far and where it was."""

    def __init__(self, name: str, game: Game) -> None:
        self.name = name
        self.table = game.table()
        self.n = game.n
        self.gap = 1e-9 * (1 + float(np.abs(self.table).max()))
        self.found: tuple[int, ...] = ()

    def see(self, gaps: Array, *coalitions: Whole) -> None:
        """Look at many gaps, each with the coalitions at its place."""
        place = np.unravel_index(int(gaps.argmax()), gaps.shape)
        if gaps[place] > self.gap:
            self.gap = float(gaps[place])
            self.found = tuple(int(held[place]) for held in coalitions)

    def verdict(self, sentence: str) -> Verdict:
        if not self.found:
            return Verdict(self.name)
        held = masks.rows(self.found, self.n)
        worths = {f"v{k}": self.table[mask] for k, mask in enumerate(self.found)}
        first, last = self.found[0], self.found[-1]
        reason = sentence.format(
            *(masks.told(row) for row in held),
            **worths,
            sum=self.table[first] + self.table[last],
            joined=self.table[first | last],
            crossed=self.table[first | last] + self.table[first & last],
        )
        return Verdict(
            self.name, tuple(tuple(np.flatnonzero(row).tolist()) for row in held), self.gap, reason
        )


def _every(n: int) -> Whole:
    return np.arange(1 << n)


def _cut(table: npt.NDArray[T], i: int) -> tuple[npt.NDArray[T], npt.NDArray[T]]:
    """The entries of coalitions without and with member i."""
    cut = table.reshape(-1, 2, 1 << i)
    return cut[:, 0], cut[:, 1]


def _cut_twice(table: npt.NDArray[T], i: int, j: int) -> tuple[npt.NDArray[T], ...]:
    """The entries of coalitions with neither, i alone, j alone and both of the members i < j."""
    cut = table.reshape(-1, 2, 1 << (j - i - 1), 2, 1 << i)
    return cut[:, 0, :, 0], cut[:, 0, :, 1], cut[:, 1, :, 0], cut[:, 1, :, 1]


def _pairs(n: int) -> tuple[Whole, Whole]:
    """All pairs of coalitions without a common member, (3**n,), (3**n,)."""
    one, other = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    for i in range(n):
        bit = 1 << i
        one, other = np.concatenate([one, one, one + bit]), np.concatenate([other, other + bit, other])
    return one, other
