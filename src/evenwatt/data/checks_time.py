"""Checks of time: every interval of every local day is there, once, stamped at its start."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Meters, Status, instants
from evenwatt.data.clock import local_labels
from evenwatt.data.finding import Finding, Severity, per_register
from evenwatt.data.mending import MISSING_POLICIES, runs

TOLERATED = 0.01  # share of a register's month that may be missing with a warning only
MOST_RUNS = 50  # beyond, a register's gaps are told as one finding
_REPAIR = f"deliver the readings, or name a repair: missing = {' | '.join(MISSING_POLICIES[1:])}"


def missing(meters: Meters) -> list[Finding]:
    """Gaps, run by run; an error where a register lacks 1 % of a local month or more."""
    gaps = meters.missing
    if not gaps.any():
        return []
    months = local_labels(meters.start, meters.zone).astype("datetime64[M]")
    opens = np.flatnonzero(np.append(True, months[1:] != months[:-1]))
    length = np.diff(np.append(opens, len(months)))
    share = np.add.reduceat(gaps, opens, axis=0, dtype=np.int64) / length[:, None]
    spans: dict[tuple[Severity, int, int, int], list[int]] = {}
    worst = np.zeros(gaps.shape[1])
    for column in np.flatnonzero(gaps.any(axis=0)).tolist():
        worst[column] = share[:, column].max()
        grave: Severity = "error" if worst[column] >= TOLERATED else "warning"
        found = runs(gaps[:, column])
        if len(found) > MOST_RUNS:
            found = [(found[0][0], found[-1][1])]
        for first, last in found:
            count = int(gaps[first:last, column].sum())
            spans.setdefault((grave, first, last, count), []).append(column)
    return [_gap(meters, *span, columns, float(worst[columns].max())) for span, columns in spans.items()]


def _gap(
    meters: Meters, grave: Severity, first: int, last: int, count: int, columns: list[int], worst: float
) -> Finding:
    one = meters.registers[columns[0]]
    where = f" in {len(columns)} registers, first {one.id}" if len(columns) > 1 else ""
    return Finding(
        grave,
        "missing",
        f"{count} readings missing{where}; {worst:.1%} of a month at most",
        "" if where else one.meter,
        "" if where else one.id,
        meters.start[first],
        meters.start[last - 1],
        count * len(columns),
        "not settled" if grave == "error" else "kept",
        _REPAIR,
    )


def gaps_between(meters: Meters) -> list[Finding]:
    """Intervals that no register has a row for."""
    step = np.diff(meters.start).astype(np.int64)
    findings = []
    for row in np.flatnonzero(step != meters.seconds).tolist():
        count = int(step[row]) // meters.seconds - 1
        first, last = meters.start[row] + np.timedelta64(meters.seconds, "s"), meters.start[row + 1]
        message = f"no row for {count} intervals between {meters.start[row]} and {last} UTC"
        last = last - np.timedelta64(meters.seconds, "s")
        fix = "import the days between"
        findings.append(
            Finding("error", "gap", message, "", "", first, last, max(count, 1), "not settled", fix)
        )
    return findings


def day_lengths(meters: Meters) -> list[Finding]:
    """Local days with another number of intervals than the clock gives them (92, 96, 100 ...)."""
    findings = []
    for k, day in enumerate(meters.days):
        expected = len(instants(day.date, meters.zone, meters.seconds))
        found = day.rows.stop - day.rows.start
        if found == expected:
            continue
        # The first or last day of an export in another clock is cut by nature.
        edge = k in (0, len(meters.days) - 1)
        first, last = meters.start[day.rows.start], meters.start[day.rows.stop - 1]
        message = f"local day {day.date} has {found} of {expected} intervals in {meters.zone}"
        severity: Severity = "warning" if edge else "error"
        policy = "kept; the day is incomplete" if edge else "not settled"
        findings.append(Finding(severity, "day-length", message, "", "", first, last, found, policy))
    return findings


def interval_end(meters: Meters) -> list[Finding]:
    """Stamps that seem to mark the end of their interval: 00:15 first, 00:00 last."""
    step = np.timedelta64(meters.seconds, "s")
    edges, midnight = meters.start[[0, -1]], np.timedelta64(0, "s")
    labels = {zone: local_labels(edges, zone) for zone in (meters.zone, "UTC")}
    clocks = {zone: label - label.astype("datetime64[D]") for zone, label in labels.items()}
    # Whole days by one of the two clocks: hours at UTC seem to end an hour east of it, and do not.
    if any((clock == [midnight, np.timedelta64(1, "D") - step]).all() for clock in clocks.values()):
        return []
    for zone, clock in clocks.items():
        label = labels[zone]
        if clock[0] == step and clock[1] == midnight:
            message = (
                f"the data runs from {str(label[0])[11:16]} to 00:00 ({zone}): stamps look like interval ends"
            )
            fix = "if they are, name the repair interval-end = shift"
            return [Finding("warning", "interval-end", message, "", "", edges[0], edges[1], 1, "kept", fix)]
    return []


def flags(meters: Meters) -> list[Finding]:
    """Estimated and corrected readings; an error where estimates hold over 5 % of a register's energy."""
    findings: list[Finding] = []
    for status, word in ((Status.ESTIMATED, "estimated"), (Status.CORRECTED, "corrected")):
        marked = meters.status == status
        if not marked.any():
            continue
        energy = np.where(marked, meters.wh, 0).sum(axis=0) / np.maximum(meters.wh.sum(axis=0), 1)
        for grave in (False, True):
            chosen = marked & ((energy > 0.05) & (status == Status.ESTIMATED) == grave)
            if chosen.any():
                findings += _flagged(meters, chosen, word, grave)
    return findings


def _flagged(meters: Meters, chosen: npt.NDArray[np.bool_], word: str, grave: bool) -> list[Finding]:
    rows, columns = np.nonzero(chosen)
    found = Finding(
        "error" if grave else "info",
        word,
        f"{word} readings, more than 5 % of the register's energy" if grave else f"{word} readings",
        policy="refused" if grave else "kept, carried to the report",
        fix="deliver measured readings" if grave else "",
    )
    return per_register(found, rows, columns, meters.start, meters.registers)


CHECKS: tuple[Callable[[Meters], list[Finding]], ...] = (
    missing,
    gaps_between,
    day_lengths,
    interval_end,
    flags,
)
