"""Community sharing as a story: what it reads, what it computes, what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from evenwatt.core.errors import CaseError
from evenwatt.studies.case import Case
from evenwatt.studies.division import division
from evenwatt.studies.sharing.config import SharingConfig
from evenwatt.studies.sharing.explain import explain
from evenwatt.studies.sharing.group import PRICES, SharingGroup, read_group
from evenwatt.studies.sharing.keys import FILE
from evenwatt.studies.sharing.loop import report
from evenwatt.studies.sharing.regime import regime
from evenwatt.studies.sharing.template import draft
from evenwatt.studies.story import Story


@dataclass(frozen=True)
class Plan:
    """What to compute beside the case's own rule: every country and formula where ``complete``."""

    complete: bool


def people(folder: Path, config: SharingConfig) -> SharingGroup:
    """Members, prices and keys."""
    return read_group(folder, config.timezone, regime(config.rule))


def plan(case: Case, complete: bool) -> Plan:
    """What to compute."""
    return Plan(complete)


def question(plan: Plan) -> list[Any]:
    """What identifies the question beside inputs and settings: nothing."""
    return []


def accept(case: Case, plan: Plan, days: Sequence[date], first: np.datetime64) -> None:
    """Refuse what must run and cannot, naming file and key.

    Raises
    ------
    CaseError
        If the formula cannot divide among so many, a weight is missing, or no price holds at the first instant.
    """
    group: SharingGroup = case.community
    held = group.regime
    if held.formula is not None:
        chosen = division(held.formula)
        if refusal := chosen.refusal(len(group.members)):
            raise CaseError(f"{case.folder / 'case.toml'}: rule.formula: {refusal}")
        if chosen.weights is not None:
            for day in days:
                group.column(chosen.weights, day)
    for name in PRICES:
        group.prices.at(np.array([first]), name)


STORY = Story(
    name="sharing",
    config=SharingConfig,
    tables=("members.csv", "prices.csv"),
    optional=(FILE,),
    main_rule=("rule", "country"),
    kept={
        "members": {"id": str, "received_wh": int, "given_wh": int, "after_micro": int},
        "producers": {"id": str},
        "flows": {"producer": str, "consumer": str, "wh": int},
        "keys": {"consumer": str, "producer": str, "key": float, "priority": int},
        "waterfall": {"stage": str, "wh": int},
        "variants": {"kind": str, "name": str, "shared_wh": int},
        "days": {"date": str, "shared_wh": int},
        "hours": {"slot": int, "shared_wh": int},
    },
    differs=("received_wh", "given_wh", "after_micro"),
    people=people,
    plan=plan,
    question=question,
    accept=accept,
    report=report,
    explain=explain,
    draft=draft,
    first_rule="cz",
)
