"""Day after day: trade what is not traded yet; then divide the money and tell what it all meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from evenwatt.core.errors import CaseError
from evenwatt.core.meters import Meters
from evenwatt.core.report import Report
from evenwatt.studies import tallies
from evenwatt.studies.division import division
from evenwatt.studies.microgrid import findings, settlement
from evenwatt.studies.microgrid.config import MicrogridConfig
from evenwatt.studies.microgrid.day import Plan, Residues, settle
from evenwatt.studies.microgrid.energy import group_sizes
from evenwatt.studies.microgrid.neighbours import Neighbours
from evenwatt.studies.microgrid.period import Period
from evenwatt.studies.microgrid.settlement import Books, Shares
from evenwatt.studies.microgrid.tally import Tally
from evenwatt.studies.story import Work


def report(work: Work) -> Report:
    """Trade every day of the period, write its tables, divide the money, and tell the findings.

    Raises
    ------
    CaseError
        If the case's money rule cannot divide here.
    """
    case, people = work.case, work.case.community
    assert isinstance(case.config, MicrogridConfig)
    sample: Meters = work.store.day(work.store.days[0])
    skipped = refused(people, sample, work.plan, work.store.days)
    if refusal := skipped.get(work.plan.energy[0]):
        raise CaseError(f"{case.folder / 'case.toml'}: rule.energy: {refusal}")
    kept = tuple(name for name in work.plan.energy if name not in skipped)
    plan: Plan = replace(work.plan, energy=kept)
    period = traded(work, plan, sample.seconds)
    held = settlement.books(period)
    answers = _divided(work, period, held)
    chosen = answers[plan.money[0]]
    if isinstance(chosen, str):
        raise CaseError(
            f"{case.folder / 'case.toml'}: rule.money: '{plan.money[0]}' cannot divide here: {chosen}"
        )
    if work.folder is not None:
        rows = settlement.ledger(period, held, chosen.gains)
        tallies.write_tables({"ledger": rows}, work.folder, "period")
    return findings.report(
        period,
        held,
        answers,
        case.config,
        case=case.folder.resolve().name,
        meters=sample,
        skipped=skipped,
        notes=work.store.notes,
    )


def traded(work: Work, plan: Plan, seconds: int) -> Period:
    """Trade every day in order, resuming after the last one that the folder holds."""
    people, days = work.case.community, work.store.days
    done = tallies.finished(Tally, work.folder, [str(day) for day in days])
    residues = _residues(people, plan, done)
    for day in days[len(done) :]:
        meters = work.store.day(day)
        tally, tables, residues = settle(meters, meters.days[0], people, plan, residues)
        if work.folder is not None:
            tallies.write_tables(tables, work.folder, tally.day)
            tallies.save(tally, work.folder, tally.day)
        done.append(tally)
        work.progress(len(done), len(days), "trading")
    return Period(people, done, plan, seconds, work.workers)


def _residues(people: Neighbours, plan: Plan, done: Sequence[Tally]) -> Residues:
    if done:
        return Residues(done[-1].sold_residue, done[-1].bought_residue)
    nothing = np.zeros((len(plan.energy), len(people.members)))
    return Residues(nothing, nothing)


def _divided(work: Work, period: Period, held: Books) -> Mapping[str, Shares | str]:
    answers: dict[str, Shares | str] = {}
    for name in period.plan.money:
        answers[name] = settlement.shares(period, held, name, progress=work.progress)
        work.progress(len(answers), len(period.plan.money), "dividing the savings")
    return answers


def refused(people: Neighbours, meters: Meters, plan: Plan, days: Sequence[date]) -> dict[str, str]:
    """Energy rules of the plan that cannot divide among one of the sides, with the reason."""
    sizes = sorted(group_sizes(people, meters, days))
    found = {}
    for held in (division(name) for name in plan.energy):
        reasons = [reason for size in sizes if (reason := held.refusal(size))]
        if reasons:
            found[held.spelling] = reasons[-1]
    return found
