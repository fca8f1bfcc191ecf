"""Day after day: settle what is not settled yet, then tell what the days together meant."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from evenwatt.core.meters import Meters
from evenwatt.core.report import Report
from evenwatt.engine.executor import executor
from evenwatt.studies import tallies
from evenwatt.studies.cascade import findings, talks_findings
from evenwatt.studies.cascade import problem as cascade
from evenwatt.studies.cascade.agreement import agreement, owed_nothing
from evenwatt.studies.cascade.community import Community
from evenwatt.studies.cascade.config import CascadeConfig
from evenwatt.studies.cascade.day import Plan, Prepared, Residues, conclude, member_awards, prepare
from evenwatt.studies.cascade.learned import fitted_on
from evenwatt.studies.cascade.talks_tally import TalksTally
from evenwatt.studies.cascade.tally import Tally
from evenwatt.studies.division import division
from evenwatt.studies.story import Progress, Work


def report(work: Work) -> Report:
    """Settle every day of the period, write its tables, and tell the findings."""
    case, community = work.case, work.case.community
    assert isinstance(case.config, CascadeConfig)
    done, plan, skipped = _settled(work, community)
    sample: Meters = work.store.day(work.store.days[0])
    period = findings.Period(community, done, plan.members)
    told = findings.report(
        period,
        case.config,
        case=case.folder.resolve().name,
        meters=sample,
        skipped=skipped,
        notes=[*work.store.notes, *_unpooled(community, sample), *fitted_on(case, work.store)],
    )
    return told if plan.bargain is None else talks_findings.added(told, period, plan.bargain)


def skipped_rules(community: Community, plan: Plan, days: Sequence[date]) -> dict[str, str]:
    """Rules of the plan that cannot divide on one of the days, with the reason."""
    return cascade.refusals([division(name) for name in plan.members], community, days)


def _settled(work: Work, community: Community) -> tuple[list[Tally], Plan, dict[str, str]]:
    """Settle every day in order, resuming after the last one that the folder holds."""
    days = work.store.days
    skipped = skipped_rules(community, work.plan, days)
    kept = tuple(name for name in work.plan.members if name not in skipped)
    plan: Plan = replace(work.plan, members=kept)
    kind = Tally if plan.bargain is None else TalksTally
    done: list[Tally] = [*tallies.finished(kind, work.folder, [str(day) for day in days])]
    _warm_up(plan, work.progress)
    for tally, tables in _settle(work, community, plan, _residues(community, plan, done), days[len(done) :]):
        if work.folder is not None:
            tallies.write_tables(tables, work.folder, tally.day)
            tallies.save(tally, work.folder, tally.day)
        done.append(tally)
        work.progress(len(done), len(days), "dividing")
    return done, plan, skipped


def _warm_up(plan: Plan, progress: Progress) -> None:
    """Let every rule divide twice, few members and many, so that compiling shows as what it is."""
    what = "preparing rules (the first time compiles them)"
    for k, held in enumerate(division(name) for name in plan.members):
        for members in (2, 64):
            if held.refusal(members) is None:
                weights = None if held.weights is None else np.ones(members)
                cascade.divide(np.array([members]), np.full((1, members), 2), held, weights)
        progress(k + 1, len(plan.members), what)


def _settle(
    work: Work, community: Community, plan: Plan, residues: Residues, days: Sequence[date]
) -> Iterator[tuple[Tally, Any]]:
    """Yield each day's tally and tables; only the rules' arithmetic is shared among workers."""
    waiting: deque[Prepared] = deque()
    owed = residues.agents
    agree = None if plan.bargain is None else agreement(work.case, work.store)

    def prepared() -> Iterator[Prepared]:
        nonlocal owed
        for held in days:
            meters = work.store.day(held)
            day = prepare(meters, meters.days[0], community, plan, owed, agree)
            owed = day.first.residue
            waiting.append(day)
            yield day

    with executor(work.workers) as crew:
        for awards in crew.map(member_awards, prepared()):
            tally, tables, residues = conclude(waiting.popleft(), awards, community, plan, residues)
            yield tally, tables


def _residues(community: Community, plan: Plan, done: Sequence[Tally]) -> Residues:
    if done:
        return Residues(done[-1].agent_residue, done[-1].supplier_residue, done[-1].member_residue)
    return Residues(
        np.zeros(len(community.agents)) if plan.bargain is None else owed_nothing(community),
        np.zeros(len(community.suppliers)),
        np.zeros((len(plan.members), len(community.members))),
    )


def _unpooled(community: Community, meters: Meters) -> list[str]:
    """Say which generation reaches no pool because no supplier stands for it."""
    pooled = {supplier.meter for supplier in community.suppliers}
    idle = sorted({r.meter for r in meters.registers if r.direction == "generation"} - pooled)
    return (
        [f"generation at {', '.join(idle)} is not in suppliers.csv: beyond own use it feeds no pool"]
        if idle
        else []
    )
