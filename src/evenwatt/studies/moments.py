"""Which member and which interval of a run a question means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from evenwatt.core.errors import CaseError
from evenwatt.studies.story import find

if TYPE_CHECKING:
    import polars as pl

    from evenwatt.studies.runs import Run


def instant(time: str, zone: str) -> datetime:
    """An instant as people write it, ISO 8601; without an offset it is read in ``zone``.

    Examples
    --------
    >>> instant("2026-06-01T12:00", "Europe/Prague").isoformat()
    '2026-06-01T10:00:00+00:00'
    """
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        raise CaseError(f"time '{time}': not ISO 8601, expected e.g. 2016-06-14T12:15") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def interval(run: Run, moment: datetime, time: str) -> pl.DataFrame:
    """Rows of the run's ``intervals`` for the interval that holds ``moment``.

    Raises
    ------
    CaseError
        If the run does not cover the day, or the interval lacks a reading.
    """
    day = _day(run, moment)
    seconds = run.report.measures["interval_seconds"]
    naive = np.datetime64(moment.replace(tzinfo=None), "s")
    starts = np.unique(day["interval_start"].to_numpy()).astype("datetime64[s]")
    held = starts[(starts <= naive) & (naive < starts + np.timedelta64(seconds, "s"))]
    if len(held) == 0:
        raise CaseError(f"time '{time}': that interval lacks a reading, so nothing was divided in it")
    return day.filter(day["interval_start"].dt.epoch("s") == int(held[0].astype(np.int64)))


def member(run: Run, name: str) -> tuple[str, str]:
    """Id and label of the member that ``name`` is the id or the label of.

    Raises
    ------
    CaseError
        If there is none, or more than one.
    """
    known = {row["id"]: row["label"] for row in run.report.tables[find(run.study).members]}
    named = [id for id, label in known.items() if name in (id, label)]
    if len(named) != 1:
        raise CaseError(
            f"member '{name}': not one of the {len(known)} members, e.g. {', '.join(list(known)[:4])}"
        )
    return named[0], known[named[0]]


def asked(run: Run, name: str, time: str) -> tuple[datetime, pl.DataFrame, str, dict[str, Any]]:
    """The instant asked for, all members' rows of its interval, the member's label, and its own row.

    Raises
    ------
    CaseError
        If the member, or a reading at that time, does not exist; says what there is.
    """
    moment = instant(time, run.record["zone"])
    rows = interval(run, moment, time)
    id, label = member(run, name)
    own = rows.filter(rows["member"] == id)
    if own.is_empty():
        raise CaseError(f"member '{name}' does not take part on {moment.date()}")
    return moment, rows, label, own.row(0, named=True)


def _day(run: Run, moment: datetime) -> pl.DataFrame:
    import polars as pl

    date = moment.astimezone(ZoneInfo(run.record["zone"])).date()
    path = run.folder / "intervals" / f"{date}.parquet"
    if not path.is_file():
        m = run.report.measures
        raise CaseError(f"{date}: the run covers {m['first']} to {m['last']}")
    return pl.read_parquet(path)
