"""The cascade as a story: what it reads, what it computes, what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from evenwatt.core.errors import CaseError
from evenwatt.studies.cascade.community import PRICES, Community, read_community
from evenwatt.studies.cascade.config import CascadeConfig
from evenwatt.studies.cascade.day import Plan
from evenwatt.studies.cascade.explain import explain
from evenwatt.studies.cascade.loop import report, skipped_rules
from evenwatt.studies.cascade.template import draft
from evenwatt.studies.case import Case
from evenwatt.studies.division import division, every, polynomial
from evenwatt.studies.story import Story


def people(folder: Path, config: CascadeConfig) -> Community:
    """Members, agents, suppliers and prices."""
    return read_community(folder, config.timezone)


def plan(case: Case, complete: bool) -> Plan:
    """What to compute: the case's rule first, then those it names, then every affordable or every rule."""
    config = case.config
    assert isinstance(config, CascadeConfig)
    rule = config.rule
    names = [rule.members, *rule.compare, *(d.spelling for d in (every() if complete else polynomial()))]
    return Plan(
        agents=division(rule.agents).spelling,
        members=tuple(dict.fromkeys(division(name).spelling for name in names)),
        margin_per_mwh=config.money.agent_margin_per_mwh,
        seed=config.seed,
    )


def question(plan: Plan) -> list[Any]:
    """What identifies the question beside inputs and settings: the rules at both stages."""
    return [plan.members, plan.agents]


def accept(case: Case, plan: Plan, days: Sequence[date], first: np.datetime64) -> None:
    """Refuse what must run and cannot, naming file and key.

    Raises
    ------
    CaseError
        If a rule that must run cannot, a weight is missing, or no price holds at the first instant.
    """
    place, chosen, community = case.folder / "case.toml", division(plan.agents), case.community
    if chosen.weights is not None:
        raise CaseError(
            f"{place}: rule.agents: '{plan.agents}': weights are a column of members; agents have none"
        )
    if refusal := chosen.refusal(len(community.agents)):
        raise CaseError(f"{place}: rule.agents: {refusal}")
    skipped = skipped_rules(community, plan, days)
    if plan.members[0] in skipped:
        raise CaseError(f"{place}: rule.members: {skipped[plan.members[0]]}")
    for column in filter(None, (division(name).weights for name in plan.members)):
        for day in days:
            community.column(column, day)
    for name in PRICES:
        community.prices.at(np.array([first]), name)


STORY = Story(
    name="cascade",
    config=CascadeConfig,
    tables=("members.csv", "agents.csv", "suppliers.csv", "prices.csv"),
    main_rule=("rule", "members"),
    kept={
        "members": {"id": str, "awarded_wh": int, "cost_micro": int},
        "agents": {"id": str},
        "suppliers": {"id": str},
        "rules": {"rule": str},
        "flows": {"source": str, "target": str, "wh": int},
    },
    differs=("awarded_wh", "cost_micro"),
    people=people,
    plan=plan,
    question=question,
    accept=accept,
    report=report,
    explain=explain,
    draft=draft,
    first_rule="pro",
)
