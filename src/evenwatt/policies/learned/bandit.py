"""A bandit: each agent tries margins, and mostly uses the one that brought most at this time of day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from evenwatt.core.chance import Keyed
from evenwatt.policies.kept import Kept
from evenwatt.policies.learned.choices import MARGINS, Choices, best, gains, remembered, tried
from evenwatt.policies.learned.features import part_of_day
from evenwatt.policies.reading import Column
from evenwatt.policies.scripted.standing import part
from evenwatt.policies.seen import Observation


@dataclass
class Bandit:
    """Epsilon-greedy over margins, for each agent and part of the day.

    Attributes
    ----------
    role : str
        Not the regulator.
    margins : tuple of float
        To choose from [-].
    parts : int
        Of the day, in which margins are valued apart.
    tries : float
        Chance of any margin at all, at first; it halves after ``patience`` choices [-].
    patience : float
        See ``tries``.
    least_step : float
        Least weight of what was gained last in a margin's value: others learn too, and old gains go stale [-].

    Source: Sutton & Barto 2018, Reinforcement Learning, 2nd ed., ch. 2.
    """

    role: str
    margins: tuple[float, ...] = MARGINS
    parts: int = 4
    tries: float = 0.2
    patience: float = 200.0
    least_step: float = 0.05
    name: str = "bandit"
    _kept: Kept = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._choices = Choices(self.role, self.margins)
        arms = (self.parts, len(self._choices))
        self._kept = Kept(
            {
                "value": np.zeros(arms),
                "visits": np.zeros(arms, dtype=np.int64),
                "choice": np.int64(-1),
                "part": np.int64(0),
                "gained": np.float64(0.0),
                "steps": np.int64(0),
            }
        )

    def decide(self, seen: Observation, rng: Keyed) -> dict[str, Column]:
        """The rule's actions at the margins chosen."""
        if len(seen) == 0:
            return self._choices.carried_out(seen, np.zeros(0, dtype=np.int64), rng)
        at, kept = self._kept.rows(seen.agents), self._kept
        kept["gained"][at] += gains(seen)
        kept["steps"][at] += 1
        rows = np.flatnonzero(self._choices.due(seen) | (kept["choice"][at] < 0))
        if len(rows):
            some = seen.rows(rows)
            self._learn(some)
            self._choose(some, rng)
        return self._choices.carried_out(seen, kept["choice"][at].copy(), rng)

    def _learn(self, seen: Observation) -> None:
        """Move the value of what was chosen last towards what it brought a step."""
        kept = self._kept
        at = np.arange(len(kept.agents))[kept.rows(seen.agents)]
        at = at[kept["choice"][at] >= 0]
        arm = (at, kept["part"][at], kept["choice"][at])
        kept["visits"][arm] += 1
        step = np.maximum(1.0 / kept["visits"][arm], self.least_step)
        kept["value"][arm] += step * (
            kept["gained"][at] / np.maximum(kept["steps"][at], 1) - kept["value"][arm]
        )

    def _choose(self, seen: Observation, rng: Keyed) -> None:
        kept = self._kept
        at = kept.rows(seen.agents)
        now = part_of_day(seen, self.parts)
        rows = np.arange(len(kept.agents))[at]
        visits = kept["visits"][rows, now]
        # What was never tried comes first.
        values = np.where(visits == 0, np.inf, kept["value"][rows, now])
        chance = self.tries / (1.0 + visits.sum(axis=1) / self.patience)
        kept["choice"][at] = tried(best(values, seen, rng), chance, len(self._choices), seen, rng)
        kept["part"][at] = now
        kept["gained"][at], kept["steps"][at] = 0.0, 0

    def remember(self) -> Mapping[str, Column]:
        """Values of all margins, what is being tried, and the rule's memory."""
        return remembered(self._choices.rule, self._kept.remember())

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Go on from what :meth:`remember` gave."""
        self._choices.rule.recall(part(memory, "rule"))
        self._kept.recall(memory)
