"""The market as a story: what it reads, what it plays, what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from evenwatt.studies.case import Case
from evenwatt.studies.market.config import MarketConfig
from evenwatt.studies.market.explain import explain
from evenwatt.studies.market.loop import Plan, has_control, report
from evenwatt.studies.market.participants import INSTRUMENTS, PRICES, Participants, read_participants
from evenwatt.studies.market.roles import ROLES
from evenwatt.studies.market.signed import CONTRACTS
from evenwatt.studies.market.template import draft
from evenwatt.studies.story import Story


def people(folder: Path, config: MarketConfig) -> Participants:
    """Agents, the outside price, and the schedule of instruments."""
    return read_participants(folder, config).with_personas(config.policies.personas)


def plan(case: Case, complete: bool) -> Plan:
    """The case's own world, one without intervention beside it; to compare, one for every mechanism."""
    config = case.config
    assert isinstance(config, MarketConfig)
    return Plan(config.rule.local, has_control(config, case.community), complete)


def question(plan: Plan) -> list[Any]:
    """What identifies the question beside inputs and settings."""
    return [plan.mechanism, plan.control]


def accept(case: Case, plan: Plan, days: Sequence[date], first: np.datetime64) -> None:
    """Refuse what cannot be played, naming file and key.

    Raises
    ------
    CaseError
        If no price holds at the first instant, or a language model cannot be asked.
    """
    from evenwatt.studies.market.deciding import asks_model
    from evenwatt.studies.market.listening import check

    people, config = case.community, case.config
    assert isinstance(config, MarketConfig)
    people.prices.at(np.array([first]), people.price_column)
    if asks_model(config):
        check(config.language, case.folder)


STORY = Story(
    name="market",
    config=MarketConfig,
    tables=(ROLES, PRICES),
    optional=(INSTRUMENTS, CONTRACTS),
    main_rule=("rule", "local"),
    kept={
        "agents": {"id": str, "profit_micro": int, "bought_local_wh": int, "sold_local_wh": int},
        "steps": {"start": str, "local_wh": int},
        "contracts": {"id": int, "seller": str, "buyer": str, "status": str},
        "flows_money": {"reason": str, "debit": str, "credit": str, "micro": int},
        "mechanisms": {"mechanism": str},
        "slots": {"slot": int, "market": str},
    },
    members="agents",
    differs=("profit_micro", "bought_local_wh", "sold_local_wh"),
    people=people,
    plan=plan,
    question=question,
    accept=accept,
    report=report,
    explain=explain,
    draft=draft,
    first_rule="uniform-price",
)
