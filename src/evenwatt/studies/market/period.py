"""All days together: the columns of the steps, and what everybody has at the end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.studies.market.config import MarketConfig
from evenwatt.studies.market.participants import Participants
from evenwatt.studies.market.playing import Arm, Day
from evenwatt.studies.market.weather import Outlook, slots_of

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Column = npt.NDArray[Any]

PARTIES = ("consumers", "prosumers", "producers", "utilities", "operator", "fund", "network", "escrow")


@dataclass(frozen=True)
class Period:
    """One world over all its days.

    Attributes
    ----------
    case : str
        Name of the case.
    config : MarketConfig
        The settings.
    people : Participants
        The agents.
    view : Outlook
        The weather of the period.
    arm : Arm
        What was played.
    """

    case: str
    config: MarketConfig
    people: Participants
    view: Outlook
    arm: Arm

    @cached_property
    def steps(self) -> dict[str, Column]:
        """Columns over all steps, ``start`` among them."""
        names = self.arm.days[0].steps if self.arm.days else {}
        return {name: np.concatenate([day.steps[name] for day in self.arm.days]) for name in names}

    def __len__(self) -> int:
        return len(self.steps["start"])

    def total(self, name: str) -> int:
        """Sum of a whole column over the period."""
        return int(self.steps[name].sum())

    @cached_property
    def slots(self) -> Whole:
        """Slot of the local day in which each step begins, by the clock on the wall, (T,)."""
        return slots_of(self.steps["start"], self.view.seconds, self.config.timezone)

    @cached_property
    def opening(self) -> Whole:
        """What each agent had at the start [micro-units]."""
        people = self.arm.world.people
        parts = [people.households.cash_micro, people.producers.cash_micro, people.utilities.cash_micro]
        return np.concatenate([*parts, np.zeros(1, dtype=np.int64)])

    @property
    def profit(self) -> Whole:
        """What each agent gained in money [micro-units]."""
        return np.asarray(self.arm.world.ledger.cash - self.opening)

    def balance(self, account: str) -> int:
        """What a common account holds [micro-units]."""
        ledger = self.arm.world.ledger
        return int(ledger.balance[ledger.account(account)])

    @cached_property
    def parties(self) -> dict[str, int]:
        """What each class gained: households the worth of what they used less what they paid, others money."""
        agents, totals = self.arm.world.people.agents, self.arm.world.totals
        gained = self.profit
        return {
            "consumers": int(totals.surplus[agents["consumer"]].sum()),
            "prosumers": int(totals.surplus[agents["prosumer"]].sum()),
            "producers": int(gained[agents["producer"]].sum()),
            "utilities": int(gained[agents["utility"]].sum()),
            "operator": self.balance("operator"),
            "fund": self.balance("fund"),
            "network": self.balance("network"),
            "escrow": self.balance("escrow"),
        }

    @property
    def welfare(self) -> float:
        """Worth of what was used, less what generating and importing it cost [micro-units]."""
        return float(self.steps["welfare_micro"].sum())

    @property
    def most(self) -> float:
        """The most that anybody could have made of it, given what the batteries did [micro-units]."""
        return float(self.steps["most_micro"].sum())

    @property
    def book(self) -> Day | None:
        """The day whose book is drawn: the one chosen, or that of the largest local trade."""
        held = [day for day in self.arm.days if day.book]
        return max(held, key=lambda day: day.book_wh, default=None)

    def start_of(self, step: int) -> str | None:
        """When a step began, UTC; None before the first and after the last."""
        place = int(np.searchsorted(self.steps["step"], step))
        if place >= len(self) or self.steps["step"][place] != step:
            return None
        return f"{self.steps['start'][place]}Z"
