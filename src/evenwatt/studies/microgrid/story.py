"""The microgrid as a story: what it reads, what it computes, what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from evenwatt.core import rule as registry
from evenwatt.core.errors import CaseError
from evenwatt.studies.case import Case
from evenwatt.studies.division import division, polynomial
from evenwatt.studies.microgrid.config import MONEY, MicrogridConfig
from evenwatt.studies.microgrid.day import Plan
from evenwatt.studies.microgrid.explain import explain
from evenwatt.studies.microgrid.loop import report
from evenwatt.studies.microgrid.neighbours import BATTERIES, PRICES, Neighbours, read_neighbours
from evenwatt.studies.microgrid.template import draft
from evenwatt.studies.story import Story


def people(folder: Path, config: MicrogridConfig) -> Neighbours:
    """Members, prices and batteries."""
    return read_neighbours(folder, config.timezone)


def plan(case: Case, complete: bool) -> Plan:
    """What to compute: every money rule, the case's first; its energy rule, all affordable ones to compare."""
    config = case.config
    assert isinstance(config, MicrogridConfig)
    rule = config.rule
    others = [*rule.compare, *(held.spelling for held in polynomial())] if complete else []
    return Plan(
        energy=tuple(dict.fromkeys(division(name).spelling for name in (rule.energy, *others))),
        money=tuple(dict.fromkeys([rule.money, *registry.all(MONEY)])),
        std_err=config.money.std_err,
        delta=config.money.delta,
        seed=config.seed,
        complete=complete,
    )


def question(plan: Plan) -> list[Any]:
    """What identifies the question beside inputs and settings: the rules on energy and on money."""
    return [plan.energy, plan.money]


def accept(case: Case, plan: Plan, days: Sequence[date], first: np.datetime64) -> None:
    """Refuse what must run and cannot, naming file and key.

    Raises
    ------
    CaseError
        If a rule that must run cannot, a weight is missing, no price holds at the first instant, or a
        battery's owner is away.
    """
    place, people = case.folder / "case.toml", case.community
    chosen = division(plan.energy[0])
    if refusal := _refusal(people, chosen, days):
        raise CaseError(f"{place}: rule.energy: {refusal}")
    if refusal := registry.find(MONEY, plan.money[0]).refusal(len(people.members)):
        raise CaseError(f"{place}: rule.money: {refusal}")
    for column in filter(None, (division(name).weights for name in plan.energy)):
        for day in days:
            people.column(column, day)
    for name in PRICES:
        people.prices.at(np.array([first]), name)
    people.check_owners(days)


def _refusal(people: Neighbours, chosen: Any, days: Sequence[date]) -> str | None:
    """Why the rule cannot divide among all who take part on some day; sellers are known once meters are read."""
    sizes = {sum(spell.covers(day) for spell in people.memberships) for day in days} - {0, 1}
    reasons = [reason for size in sorted(sizes) if (reason := chosen.refusal(size))]
    return reasons[-1] if reasons else None


STORY = Story(
    name="microgrid",
    config=MicrogridConfig,
    tables=("members.csv", "prices.csv"),
    optional=(BATTERIES,),
    main_rule=("rule", "money"),
    kept={
        "members": {"id": str, "bill_micro": int, "imported_wh": int, "exported_wh": int},
        "flows": {"seller": str, "buyer": str, "wh": int},
        "money": {"rule": str},
        "gains": {"rule": str, "member": str, "gain_micro": int},
        "prices": {"date": str, "traded_wh": int},
        "hours": {"slot": int, "traded_wh": int},
    },
    differs=("bill_micro", "imported_wh", "exported_wh"),
    people=people,
    plan=plan,
    question=question,
    accept=accept,
    report=report,
    explain=explain,
    draft=draft,
    first_rule="shapley",
)
