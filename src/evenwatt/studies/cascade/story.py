"""The cascade as a story: what it reads, what it computes, what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from evenwatt.core.errors import CaseError, gather
from evenwatt.studies.cascade.community import LINKS, PRICES, Community, read_community
from evenwatt.studies.cascade.config import BARGAIN, BargainConfig, CascadeConfig
from evenwatt.studies.cascade.day import Plan
from evenwatt.studies.cascade.explain import explain
from evenwatt.studies.cascade.loop import report, skipped_rules
from evenwatt.studies.cascade.statements import FILE as STATEMENTS
from evenwatt.studies.cascade.statements import read_statements
from evenwatt.studies.cascade.template import draft
from evenwatt.studies.cascade.weighing import given
from evenwatt.studies.case import Case
from evenwatt.studies.division import Division, division, every, polynomial
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
    bargain = config.bargain if config.bargains else None
    return Plan(
        agents=BARGAIN if bargain else division(rule.agents).spelling,
        members=tuple(dict.fromkeys(division(name).spelling for name in names)),
        margin_per_mwh=config.money.agent_margin_per_mwh,
        seed=config.seed,
        bargain=bargain,
        model=None if bargain is None or bargain.model is None else _digest(case.folder / bargain.model),
    )


def _digest(model: Path) -> str:
    """What identifies a learned policy: the bytes of its files."""
    from evenwatt.data.store import digest

    if not model.exists():
        raise CaseError(
            f"case.toml: bargain.model: there is no '{model}'; `evenwatt train {model.parent.parent}` writes one"
        )
    return digest(model)


def question(plan: Plan) -> list[Any]:
    """What identifies the question beside inputs and settings: the rules at both stages, and a learned policy."""
    return [plan.members, plan.agents, *([] if plan.model is None else [plan.model])]


def accept(case: Case, plan: Plan, days: Sequence[date], first: np.datetime64) -> None:
    """Refuse what must run and cannot, naming file and key.

    Raises
    ------
    CaseError
        If a rule that must run cannot, a weight is missing, or no price holds at the first instant.
    """
    place, community = case.folder / "case.toml", case.community
    if plan.bargain is None:
        _accept_rule(place, division(plan.agents), community)
    else:
        _accept_bargain(case, plan.bargain)
    skipped = skipped_rules(community, plan, days)
    if plan.members[0] in skipped:
        raise CaseError(f"{place}: rule.members: {skipped[plan.members[0]]}")
    for column in filter(None, (division(name).weights for name in plan.members)):
        for day in days:
            community.column(column, day)
    for name in PRICES:
        community.prices.at(np.array([first]), name)


def _accept_rule(place: Path, chosen: Division, community: Community) -> None:
    if chosen.weights is not None:
        raise CaseError(
            f"{place}: rule.agents: '{chosen.spelling}': weights are a column of members; agents have none"
        )
    if refusal := chosen.refusal(len(community.agents)):
        raise CaseError(f"{place}: rule.agents: {refusal}")


def _accept_bargain(case: Case, bargain: BargainConfig) -> None:
    config, community = case.config, case.community
    assert isinstance(config, CascadeConfig)
    with gather(str(case.folder / "case.toml"), CaseError) as faults:
        if config.money.agent_margin_per_mwh:
            faults.append(
                "money.agent_margin_per_mwh: in a bargain an agent keeps what its talks leave it; remove the margin"
            )
        if bargain.statements == "file" and not (case.folder / STATEMENTS).is_file():
            faults.append(f"bargain.statements = 'file': there is no {STATEMENTS} in the case")
    if bargain.weights == "given":
        given(community)
    if bargain.statements == "file":
        read_statements(case.folder / STATEMENTS, [agent.id for agent in community.agents], config.timezone)


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
        "bargain_links": {"supplier": str, "agent": str, "wh": int},
        "bargain_weights": {"day": str, "party": str, "weight": float},
        "bargain_status": {"status": str, "intervals": int},
        "bargain_parties": {"party": str, "gain_micro": int, "disagreement_micro": int},
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
    optional=(LINKS, STATEMENTS),
)
