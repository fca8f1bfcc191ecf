"""From wall-clock labels to instants: the hour that comes twice, and the hour that never comes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Times
from evenwatt.data.clock import meanings
from evenwatt.data.finding import Finding

AUTUMN_POLICIES = ("first", "second", "halves")
Index = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Placed:
    """Rows with their instants.

    Attributes
    ----------
    rows : (K,) int64
        Which row of the file; a row may be dropped, or appear twice when its reading is halved.
    start : (K,) datetime64[s]
        Start of its interval, UTC.
    half : (K,) int8
        0: the whole reading; 1, 2: its first and second half.
    findings : list of Finding
        Labels that do not exist, or may mean two instants.
    notes : list of str
        What was assumed.
    """

    rows: Index
    start: Times
    half: npt.NDArray[np.int8]
    findings: list[Finding]
    notes: list[str]


def place(
    labels: Times, series: Index, empty: npt.NDArray[np.bool_], zone: str, policy: str | None
) -> Placed:
    """Give each naive label its instant.

    A label that the autumn change repeats means the earlier instant on its first appearance in the
    file and the later one on its second. Where it appears once, an hour was merged or dropped, and
    only a named policy can say which.

    Parameters
    ----------
    labels : (R,) naive datetime64[s]
        In file order.
    series : (R,)
        Which register each row belongs to; one value throughout where a row tells all registers.
    empty : (R,)
        Rows that hold nothing but zeros or gaps.
    zone : str
        IANA zone of the clock.
    policy : "first", "second", "halves" or None
        What to do with an autumn label that appears once.
    """
    known, back = np.unique(labels, return_inverse=True)
    first, last = (times[back] for times in meanings(known, zone))
    findings: list[Finding] = []
    notes: list[str] = []
    never = np.isnat(first)
    start, half = first.copy(), np.zeros(len(labels), dtype=np.int8)
    twice = np.flatnonzero(~never & (first != last))
    nth, times = _appearance(labels[twice], series[twice])
    second = twice[(nth >= 1)]
    start[second] = last[second]
    if len(second):
        notes.append(
            "labels of the hour that comes twice in autumn: which is which is assumed from file order"
        )
    once = twice[times == 1]
    rows = np.arange(len(labels))
    if len(once):
        findings += _merged_hours(labels, series, first, last, once, policy, zone)
        if policy == "second":
            start[once] = last[once]
        if policy == "halves":
            half[once] = 1
            rows, start = np.append(rows, once), np.append(start, last[once])
            half = np.append(half, np.full(len(once), 2, dtype=np.int8))
    findings += _skipped_hours(labels, never, empty, zone)
    drop = never.copy()
    if len(once) and policy is None:
        drop[once] = True
    keep = ~drop[rows]
    return Placed(rows[keep], start[keep], half[keep], findings, notes)


def _appearance(labels: Times, series: Index) -> tuple[Index, Index]:
    """How often each (series, label) came before, and how often it comes in all."""
    if not len(labels):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    order = np.lexsort((np.arange(len(labels)), labels, series))
    opens = np.append(
        True, (labels[order][1:] != labels[order][:-1]) | (series[order][1:] != series[order][:-1])
    )
    begins = np.flatnonzero(opens)
    group = np.cumsum(opens) - 1
    nth, times = np.empty(len(labels), np.int64), np.empty(len(labels), np.int64)
    nth[order] = np.arange(len(labels)) - begins[group]
    times[order] = np.diff(np.append(begins, len(labels)))[group]
    return nth, times


def _merged_hours(
    labels: Times,
    series: Index,
    first: Times,
    last: Times,
    once: Index,
    policy: str | None,
    zone: str,
) -> list[Finding]:
    findings = []
    dates = labels[once].astype("datetime64[D]")
    for day in np.unique(dates):
        rows = once[dates == day]
        per_row = (
            "every register" if (series == series[0]).all() else f"{len(np.unique(series[rows]))} registers"
        )
        message = (
            f"{day}: {len(np.unique(labels[rows]))} labels of the hour that comes twice in {zone} "
            f"are in the file once, for {per_row}: the producer merged or dropped an hour"
        )
        findings.append(
            Finding(
                "warning" if policy else "error",
                "autumn-day",
                message,
                first=first[rows].min(),
                last=last[rows].max(),
                count=len(rows),
                policy=policy or "refused",
                fix="" if policy else f"name a repair: autumn-day = {' | '.join(AUTUMN_POLICIES)}",
            )
        )
    return findings


def _skipped_hours(
    labels: Times, never: npt.NDArray[np.bool_], empty: npt.NDArray[np.bool_], zone: str
) -> list[Finding]:
    findings = []
    for day in np.unique(labels[never].astype("datetime64[D]")):
        rows = np.flatnonzero(never & (labels.astype("datetime64[D]") == day))
        filled = rows[~empty[rows]]
        told = f"{str(labels[rows].min())[:16].replace('T', ' ')} to {str(labels[rows].max())[11:16]}"
        if len(filled):
            message = f"{told} does not exist in {zone}, yet {len(filled)} rows hold energy there"
            fix = "state the file's offset if its clock does not change, e.g. offset='+01:00'"
            findings.append(
                Finding("error", "spring-day", message, count=len(filled), policy="refused", fix=fix)
            )
        else:
            message = f"{told} does not exist in {zone}; its {len(rows)} empty rows are dropped"
            findings.append(Finding("info", "spring-day", message, count=len(rows), policy="dropped"))
    return findings
