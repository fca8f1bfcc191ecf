"""Q-learning: as the bandit, but looking at price and battery, and at what a choice leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import Keyed
from evenwatt.policies.kept import Kept
from evenwatt.policies.learned.choices import Choices, best, gains, remembered, tried
from evenwatt.policies.learned.features import situation_count, situations
from evenwatt.policies.reading import Array, Column
from evenwatt.policies.scripted.standing import part
from evenwatt.policies.seen import Observation

_USUAL = 0.01  # weight of the last gain in the usual one, at least


@dataclass
class QLearning:
    """A table of values for each agent, situation and choice.

    A gain counts as far as it differs from the agent's usual one: otherwise whatever is tried first looks good, as
    energy nearly always has some value, and a later choice has no chance against it.

    Attributes
    ----------
    role : str
        Not the regulator. Prosumers choose, with the margin, whether the battery is traded or kept for
        themselves.
    margins : tuple of float
        To choose from [-].
    parts : int
        Of the day.
    rate : float
        How far a value moves towards what was found, at least; the first finds count fully [-].
    discount : float
        What a gain of the next step counts now [-].
    tries : float
        Chance of any choice at all, at first; it halves after ``patience`` steps [-].
    patience : float
        See ``tries``.

    Source: Watkins & Dayan 1992, doi:10.1007/BF00992698; gains against the mean as in Schwartz 1993,
    doi:10.1016/B978-1-55860-307-3.50045-9.
    """

    role: str
    margins: tuple[float, ...] = (0.0, 0.1, 0.2, 0.4)
    parts: int = 4
    rate: float = 0.1
    discount: float = 0.8
    tries: float = 0.2
    patience: float = 500.0
    name: str = "q"
    _kept: Kept = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._choices = Choices(self.role, self.margins, batteries=self.role == "prosumer")
        table = (situation_count(self.parts), len(self._choices))
        self._kept = Kept(
            {
                "value": np.zeros(table),
                "visits": np.zeros(table, dtype=np.int64),
                "usual": np.float64(0.0),
                "situation": np.int64(0),
                "choice": np.int64(-1),
                "gained": np.float64(0.0),
                "steps": np.int64(0),
                "chosen": np.int64(0),
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
            self._learn_and_choose(seen.rows(rows), rng)
        return self._choices.carried_out(seen, kept["choice"][at].copy(), rng)

    def _learn_and_choose(self, seen: Observation, rng: Keyed) -> None:
        kept = self._kept
        at = np.arange(len(kept.agents))[kept.rows(seen.agents)]
        now = situations(seen, self.parts)
        led_to = kept["value"][at, now].max(axis=1)
        began = kept["choice"][at] >= 0
        self._learn(at[began], led_to[began])
        chance = self.tries / (1.0 + kept["chosen"][at] / self.patience)
        greedy = best(kept["value"][at, now], seen, rng)
        kept["choice"][at] = tried(greedy, chance, len(self._choices), seen, rng)
        kept["situation"][at] = now
        kept["chosen"][at] += 1
        kept["gained"][at], kept["steps"][at] = 0.0, 0

    def _learn(self, at: npt.NDArray[np.int64], led_to: Array) -> None:
        """Move the values of what was chosen last towards what it brought and where it led."""
        kept = self._kept
        last = (at, kept["situation"][at], kept["choice"][at])
        gained = kept["gained"][at] / np.maximum(kept["steps"][at], 1)
        kept["usual"][at] += np.maximum(1.0 / kept["chosen"][at], _USUAL) * (gained - kept["usual"][at])
        kept["visits"][last] += 1
        rate = np.maximum(1.0 / kept["visits"][last], self.rate)
        found = gained - kept["usual"][at] + self.discount * led_to
        kept["value"][last] += rate * (found - kept["value"][last])

    def remember(self) -> Mapping[str, Column]:
        """The tables, what is being tried, and the rule's memory."""
        return remembered(self._choices.rule, self._kept.remember())

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Go on from what :meth:`remember` gave."""
        self._choices.rule.recall(part(memory, "rule"))
        self._kept.recall(memory)
