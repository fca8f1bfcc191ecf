"""Row generation: solve over the coalitions known, ask for those left out, until none is worse off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.leaving.answer import Oracle
from evenwatt.coalitions.leaving.levels import Levels
from evenwatt.engine.lp import Solution

Array = npt.NDArray[np.float64]

MISSED = 1e-10  # by how much an excess may pass the level and count as level; worths are scaled to about 1


@dataclass(frozen=True)
class Level:
    """One level solved.

    Attributes
    ----------
    found : Solution
        Of the programme over the rows known: shares, then the level, a proven lower bound.
    bound : float
        A proven upper bound on the largest scaled excess at these shares, ``inf`` where there is no proof; per
        capita, the level if no coalition passes it.
    settled : bool
        Whether no coalition that the oracle sees passes the level.
    asked : int
        How often the oracle was asked.
    """

    found: Solution
    bound: float
    settled: bool
    asked: int


def solved_level(levels: Levels, oracle: Oracle, budget: int, *, prove: bool = True) -> Level:
    """Solve one level by at most ``budget`` questions to the oracle; without proof, ``bound`` may be ``inf``."""
    view, asked = levels.view, 0
    while True:
        found = levels.solve()
        if asked >= budget:
            return Level(found, np.inf, False, asked)
        shares, level = found.x[:-1], float(found.x[-1])
        # Per capita, v(S) - x(S) > |S| e is v(S) - (x + e)(S) > 0: the same question at other shares.
        shift, above = (level, 0.0) if levels.per_capita else (0.0, level)
        answer = oracle(view.payoffs(shares + shift), levels.span, (above + MISSED) * view.scale, prove)
        asked += 1
        bound = answer.bound / view.scale
        worse = answer.excesses > (above + MISSED) * view.scale
        # Rows that are known already are missed by no more than the solver's tolerance.
        if not worse.any() or levels.add(answer.coalitions[worse]) == 0:
            if levels.per_capita:
                bound = level if bound <= MISSED else np.inf
            return Level(found, bound, True, asked)
