"""Whether to pay for more panels or capacity: what it would earn over its life against what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from evenwatt.policies.kept import Kept
from evenwatt.policies.reading import Column
from evenwatt.policies.scripted.turns import steps_a_day, whose_turn
from evenwatt.policies.seen import Observation

NEVER = -(10**9)


def present_value(rate: float, years: float) -> float:
    """Of 1 a year over some years, at an interest rate [years].

    Examples
    --------
    >>> round(present_value(0.05, 20), 3)
    12.462
    """
    return years if rate == 0.0 else (1.0 - (1.0 + rate) ** -years) / rate


@dataclass
class Investing:
    """Buys when a year's gain times the present value exceeds the cost, and there is money.

    Attributes
    ----------
    rate : float
        Interest a year [-].
    years : float
        Life of what is bought [a].
    patience_days : int
        How long an agent looks before it judges, and waits between two purchases [d].
    """

    rate: float = 0.05
    years: float = 20.0
    patience_days: int = 30
    _last: Kept = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._last = Kept({"bought": np.int64(NEVER)})
        self._first = NEVER

    def upgrades(self, seen: Observation) -> Column:
        """(n,) who buys now; each agent asks itself once a day."""
        made = np.zeros(len(seen), dtype=np.bool_)
        self._first = seen.step if self._first == NEVER else self._first
        patience = self.patience_days * steps_a_day(seen)
        rows = np.zeros(0, dtype=np.int64) if seen.step - self._first < patience else whose_turn(seen)
        if len(rows) == 0:
            return made
        cost = seen["upgrade_cost_micro"][rows]
        worth = seen["upgrade_gain_micro"][rows] * present_value(self.rate, self.years)
        rows = rows[(worth > cost) & (seen["cash_micro"][rows] >= cost)]
        at = self._last.rows(seen.agents[rows]) if len(rows) else np.zeros(0, dtype=np.int64)
        waited = seen.step - self._last["bought"][at] >= patience
        made[rows] = waited
        self._last["bought"][at] = np.where(waited, seen.step, self._last["bought"][at])
        return made

    def remember(self) -> dict[str, Column]:
        """When each agent last bought, and when the first look was."""
        return {"first": np.array(self._first), **self._last.remember()}

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Go on from what :meth:`remember` gave."""
        self._first = int(memory.get("first", np.array(NEVER)))
        self._last.recall(memory)
