"""Day after day: play the case's world and the one without intervention beside it, then tell what it all meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError, ProblemError, first_fault
from evenwatt.core.report import Report
from evenwatt.studies import moments, tallies
from evenwatt.studies.market.config import MarketConfig
from evenwatt.studies.market.participants import Participants
from evenwatt.studies.market.period import Period
from evenwatt.studies.market.playing import CONTROL, OWN, Arm, arm
from evenwatt.studies.market.weather import Outlook, outlook
from evenwatt.studies.market.written_days import ledger_frame, steps_frame
from evenwatt.studies.story import Work

if TYPE_CHECKING:
    import polars as pl

Times = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Plan:
    """What to compute.

    Attributes
    ----------
    mechanism : str
        The local one.
    control : bool
        Whether a world without intervention stands beside the case's own.
    complete : bool
        Whether every other mechanism gets a world of its own.
    """

    mechanism: str
    control: bool
    complete: bool = False


def report(work: Work) -> Report:
    """Play every day of the period, write its tables, and tell the findings."""
    from evenwatt.studies.market import comparison, findings

    config, people = work.case.config, work.case.community
    assert isinstance(config, MarketConfig)
    view = outlook(work.store, people, config)
    own = played(work, config, view, OWN)
    control = None
    if work.plan.control and not work.plan.complete:
        control = played(work, config, view, CONTROL)
    case, complete = work.case.folder.resolve().name, work.plan.complete
    rows = comparison.mechanisms(work, view, own) if complete else comparison.on_books(own, config)
    return findings.report(
        Period(case, config, people, view, own),
        None if control is None else Period(case, config, people, view, control),
        rows,
        played=complete,
        notes=[*work.store.notes, *view.notes],
    )


def played(work: Work, config: MarketConfig, view: Outlook, name: str) -> Arm:
    """One world over all days, resuming after the last one that the folder holds.

    Raises
    ------
    CaseError
        If the chosen interval is not within the readings, or a mechanism cannot take the orders.
    """
    people: Participants = work.case.community
    kept = work.folder if name in (OWN, CONTROL) else None
    intervention = config.market.intervention and people.regulated and name != CONTROL
    # A language model's budget is that of the whole run: the control has its half.
    share = 0.5 if work.plan.control and not work.plan.complete else 1.0
    made = arm(name, config, people, view, work.case.folder, intervention=intervention, share=share)
    days = [str(day) for day in work.store.days]
    done = made.resume(kept, days)
    few = people.few(view.slots)
    chosen = _chosen(config, view, work.case.folder) if name == OWN else None
    for k, day in enumerate(work.store.days[done:], start=done):
        weather, start = view.day(work.store.day(day), people)
        intervals = kept is not None and name == OWN and few
        try:
            watch = made.play(weather, start, intervals=intervals, chosen=chosen)
        except ProblemError as error:
            raise CaseError(f"{work.case.folder / 'case.toml'}: rule: {first_fault(error)}") from error
        if kept is not None:
            if name == OWN:
                _write(made, kept, str(day), watch.frame(start, people.members) if few else None)
            made.save(kept, str(day), days[k - 1] if k else None)
        work.progress(k + 1, len(days), "trading" if name == OWN else f"{name}: trading")
    made.deciders.close()
    return made


def _write(made: Arm, folder: Path, day: str, intervals: pl.DataFrame | None) -> None:
    """The day's files: its steps, households' intervals and every posting of the ledger, a model's decisions."""
    tables = {"steps": steps_frame(made.days[-1])}
    if intervals is not None:
        tables |= {"intervals": intervals, "ledger": ledger_frame(made)}
    tallies.write_tables(tables, folder, day)
    if decided := made.deciders.decisions():
        place = folder / "decisions"
        place.mkdir(exist_ok=True)
        (place / f"{day}.jsonl").write_text(decided, encoding="utf-8")


def has_control(config: MarketConfig, people: Participants) -> bool:
    """Whether the regulator may act, so that a world without it is worth a look."""
    acts = config.policies.regulator != "nothing"
    return people.regulated and config.market.intervention and acts


def _chosen(config: MarketConfig, view: Outlook, folder: Path) -> int | None:
    """Number of the step whose curves are drawn; None for the one with most local trade."""
    if config.curve.interval is None:
        return None
    moment = moments.instant(config.curve.interval, config.timezone)
    at = np.datetime64(moment.replace(tzinfo=None), "s")
    starts = view.start[view.complete]
    place = int(np.searchsorted(starts, at, side="right")) - 1
    if place < 0 or at >= starts[place] + np.timedelta64(view.seconds, "s"):
        raise CaseError(
            f"{folder / 'case.toml'}: curve.interval: '{config.curve.interval}' is not within the readings, "
            f"{view.start[0]}Z to {view.start[-1]}Z"
        )
    return place
