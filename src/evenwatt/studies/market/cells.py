"""One cell of a sweep: a mechanism, who decides, and a seed, played from the first day to the last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenwatt.core.errors import InputError, first_fault
from evenwatt.studies.case import Case, silent
from evenwatt.studies.market.config import MarketConfig
from evenwatt.studies.market.findings import measures
from evenwatt.studies.market.loop import Plan, played
from evenwatt.studies.market.named import personas, variant
from evenwatt.studies.market.period import PARTIES, Period
from evenwatt.studies.market.weather import outlook
from evenwatt.studies.story import Work

Outcome = dict[str, Any]

MEASURES = (
    "welfare_share", "local_mean_per_mwh", "wholesale_mean_per_mwh", "gini", "unserved_wh", "emissions_t", "hhi",
)  # fmt: skip
ROLES_OF = {"consumers": "consumer", "prosumers": "prosumer", "producers": "producer", "utilities": "utility"}
GAIN = "gain_micro_each"  # of a role: surplus of households, profit of companies, a head


@dataclass(frozen=True)
class Cell:
    """What to play.

    Attributes
    ----------
    folder, store : Path
        The case, and its readings by day.
    config : MarketConfig
        The case's own settings.
    mechanism, policy : str
        Local mechanism, and variant of who decides.
    seed : int
        Of everything drawn by chance.
    """

    folder: Path
    store: Path
    config: MarketConfig
    mechanism: str
    policy: str
    seed: int

    @property
    def settings(self) -> MarketConfig:
        """The case's settings with what this cell changes."""
        rule = self.config.rule
        if self.mechanism != rule.local:
            rule = rule.model_copy(update={"local": self.mechanism, "local_options": {}})
        changed: dict[str, Any] = dict(variant(self.policy))
        if others := personas(self.policy):
            changed["personas"] = {**self.config.policies.personas, **others}
        policies = self.config.policies.model_copy(update=changed)
        return self.config.model_copy(update={"rule": rule, "policies": policies, "seed": self.seed})


def outcome(cell: Cell) -> Outcome:
    """Play a cell; a mechanism that cannot take the orders says why."""
    from evenwatt.data.store import Store

    config = cell.settings
    case, store = Case(cell.folder, config), Store(cell.store)
    work = Work(case, store, Plan(config.rule.local, False), None, silent)
    named = {"mechanism": cell.mechanism, "policy": cell.policy, "seed": cell.seed}
    try:
        view = outlook(store, case.community, config)
        arm = played(work, config, view, "sweep")
    except InputError as error:
        return {**named, "skipped": first_fault(error), **dict.fromkeys(MEASURES), "roles": {}}
    period = Period(cell.folder.resolve().name, config, case.community, view, arm)
    found = measures(period)
    return {**named, "skipped": None, **{name: found[name] for name in MEASURES}, "roles": _gains(period)}


def _gains(period: Period) -> Mapping[str, float | None]:
    """What an agent of each role gained in the mean [micro-units]."""
    sizes = {role: len(numbers) for role, numbers in period.arm.world.people.agents.items()}
    return {
        ROLES_OF[party]: period.parties[party] / sizes[ROLES_OF[party]] if sizes[ROLES_OF[party]] else None
        for party in PARTIES
        if party in ROLES_OF
    }
