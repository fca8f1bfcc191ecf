"""What an evaluation found: every rule's worth on unseen intervals, and the tables made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from evenwatt.core.chance import stream
from evenwatt.core.errors import ProblemError
from evenwatt.learning.baselines import FORESIGHT, PRO
from evenwatt.learning.bootstrap import across
from evenwatt.learning.columns import Array, Times

Row: TypeAlias = dict[str, str | int | float | bool | None]


@dataclass(frozen=True)
class Score:
    """What one rule was worth over the test intervals.

    Attributes
    ----------
    rule, title : str
        Its name, and what a reader calls it.
    worth : (T,)
        Welfare of each interval [money].
    got : (T, N)
        What each agent was allocated [energy].
    weights : (T, P) or None
        Bargaining weights, where the rule bargained.
    seconds : float
        Spent on fitting and dividing.
    is_baseline : bool
        Whether every table must show it.
    """

    rule: str
    title: str
    worth: Array
    got: Array
    weights: Array | None
    seconds: float
    is_baseline: bool


@dataclass(frozen=True)
class Evaluation:
    """Rules side by side on intervals that none of them had seen.

    Regret is the share of what perfect foresight would have been worth that a rule leaves on the table.
    Intervals are 95 %, by moving-block bootstrap over the test intervals.

    Attributes
    ----------
    start : (T,) datetime64[s]
        Of the test intervals, in order.
    need : (T, N)
        What agents turned out to need [energy].
    scores : tuple of Score
        In the order of the rules given, perfect foresight last.
    block : int
        Intervals that resampling keeps together.
    regret, paired, learning_curve, blocks, manipulation : tuple of dict
        Tables of the report. ``paired``: difference is the worth that ``rule`` gains over ``against``, as a
        share of perfect foresight's; better only if its interval excludes 0.
    """

    start: Times
    need: Array
    scores: tuple[Score, ...]
    block: int
    regret: tuple[Row, ...]
    paired: tuple[Row, ...]
    learning_curve: tuple[Row, ...]
    blocks: tuple[Row, ...]
    manipulation: tuple[Row, ...]

    def tables(self) -> Mapping[str, tuple[Row, ...]]:
        """The tables by their names in a report."""
        return {
            "regret": self.regret,
            "paired": self.paired,
            "learning_curve": self.learning_curve,
            "blocks": self.blocks,
            "manipulation": self.manipulation,
        }

    def score(self, rule: str) -> Score:
        """What one rule was worth.

        Raises
        ------
        ProblemError
            If it was not evaluated; names those that were.
        """
        for one in self.scores:
            if one.rule == rule:
                return one
        raise ProblemError(f"no rule '{rule}' here; there are {', '.join(one.rule for one in self.scores)}")

    def regret_of(self, rule: str) -> float:
        """Regret of one rule [-]."""
        return float(1 - self.score(rule).worth.sum() / self.score(FORESIGHT).worth.sum())

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the tables say, plainly: also that a simple baseline wins."""
        from evenwatt.learning.verdict import sentences

        return sentences(self)


def across_worlds(found: Sequence[Evaluation], *, seed: int = 0) -> tuple[Row, ...]:
    """Rules side by side over several worlds: means over worlds, with worlds resampled.

    Parameters
    ----------
    found : sequence of Evaluation
        One a world, of the same rules.
    seed : int
        Of the resampling.

    Returns
    -------
    tuple of dict
        One row a rule: ``worlds``, ``regret`` with ``low`` and ``high``; ``of_pro``, its mean regret as a share
        of that of the proportional rule on claims; ``better_than_pro`` with its low and high, the mean over
        worlds of how much less it regrets.

    Raises
    ------
    ProblemError
        If there is no world, or the rules differ between worlds.
    """
    if not found:
        raise ProblemError("no evaluations to compare across worlds")
    names = [one.rule for one in found[0].scores]
    if any([one.rule for one in other.scores] != names for other in found):
        raise ProblemError("evaluations of different rules cannot be compared across worlds")
    regrets = {name: np.array([one.regret_of(name) for one in found]) for name in names}
    rows: list[Row] = []
    for score in found[0].scores:
        mine, plain = regrets[score.rule], regrets[PRO]
        level = across(mine, rng=stream(seed, "worlds"))
        gained = across(plain - mine, rng=stream(seed, "worlds"))
        rows.append(
            {
                "rule": score.rule,
                "title": score.title,
                "worlds": len(found),
                "regret": level.value,
                "low": level.bounds[0],
                "high": level.bounds[1],
                "of_pro": float(mine.mean() / plain.mean()) if plain.mean() > 0 else None,
                "better_than_pro": gained.value,
                "better_low": gained.bounds[0],
                "better_high": gained.bounds[1],
            }
        )
    return tuple(rows)
