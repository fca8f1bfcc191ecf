"""Wall-clock labels of a national file as instants: in file order, every interval once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError
from evenwatt.core.meters import Times, Whole
from evenwatt.data import clock, placing
from evenwatt.data.exports.lines import Lines
from evenwatt.data.finding import Finding

if TYPE_CHECKING:
    import polars as pl

Index = npt.NDArray[np.int64]
Minutes = npt.NDArray[np.int64]

REPAIRS = {"autumn-day": placing.AUTUMN_POLICIES, "missing-rows": ("keep",)}
DAY = 24 * 60  # [min]


@dataclass(frozen=True)
class Clock:
    """When the rows of a file are.

    Attributes
    ----------
    start : (T,) datetime64[s]
        Start of each interval, UTC, increasing.
    rows : (T,) int64
        Which row of the file tells it.
    half : (T,) int8
        0: the whole row; 1, 2: its first and second half, where a repair halves an hour.
    dates : (R,) datetime64[D]
        Local date of each row of the file.
    """

    start: Times
    rows: Index
    half: npt.NDArray[np.int8]
    dates: npt.NDArray[np.datetime64]

    def spread(self, wh: Whole) -> Whole:
        """The file's rows (R, n) by interval (T, n), halved where the repair says so; sums are kept."""
        values = wh[self.rows]
        first, second = self.half == 1, self.half == 2
        values[second] = np.where(values[second] > 0, (values[second] + 1) // 2, values[second])
        values[first] = np.where(values[first] > 0, values[first] // 2, values[first])
        return values

    def place(self, row: int) -> int:
        """The interval that a row of the file tells."""
        return int(np.flatnonzero(self.rows == row)[0])


def known(zone: str, repair: Mapping[str, str] | None) -> dict[str, str]:
    """The named repairs, once zone and names are known to be sound.

    Raises
    ------
    DataError
        If there is no such zone, repair or policy.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise DataError(
            f"zone {zone!r} is no IANA time zone, expected a name such as 'Europe/Prague'"
        ) from None
    for name, policy in (repair or {}).items():
        if policy not in REPAIRS.get(name, ()):
            offered = "; ".join(f"{repair} = {' | '.join(ways)}" for repair, ways in REPAIRS.items())
            raise DataError(f"repair {name} = {policy!r} is unknown, expected {offered}")
    return dict(repair or {})


def days(lines: Lines, cells: pl.Series, name: str) -> Times:
    """Cells such as 01.02.2025 as dates, NaT and a fault where they are none."""
    known, place = _distinct(cells)
    part = known.str.strip_chars().str.to_date("%d.%m.%Y", strict=False)
    found = part.to_numpy().astype("datetime64[D]")[place]
    for row in np.flatnonzero(np.isnat(found)).tolist():
        lines.wrong(row, f"column {name!r}: {cells[row]!r} is no date such as 01.02.2025")
    return np.asarray(found)


def minutes(lines: Lines, cells: pl.Series, name: str) -> Minutes:
    """Cells such as 00:15 as minutes of the day; -1 and a fault where they are none."""
    import polars as pl

    known, place = _distinct(cells)
    pattern = r"^\s*([0-9]{1,2}):([0-9]{2})\s*$"
    hour = known.str.extract(pattern, 1).cast(pl.Int64)
    minute = known.str.extract(pattern, 2).cast(pl.Int64)
    bad = hour.is_null() | (hour > 23) | (minute > 59)
    found = np.where(bad.to_numpy(), -1, (hour * 60 + minute).fill_null(-1).to_numpy())[place]
    for row in np.flatnonzero(found < 0).tolist():
        lines.wrong(row, f"column {name!r}: {cells[row]!r} is no time such as 00:15, of hours and minutes")
    return np.asarray(found, dtype=np.int64)


def ends(lines: Lines, begin: Minutes, end: Minutes, step: int) -> None:
    """Check that every row ends one step [min] after it begins, on a clock that may change meanwhile."""
    length = (end - begin) % DAY
    # The hour that is skipped or comes again may stand in either of the two ways.
    fits = (length == step) | (length == step + 60) | (length == (step - 60) % DAY)
    for row in np.flatnonzero(~fits & (begin >= 0) & (end >= 0)).tolist():
        told = [f"{m // 60:02d}:{m % 60:02d}" for m in (int(begin[row]), int(end[row]))]
        lines.wrong(row, f"from {told[0]} to {told[1]} is not {step} minutes")


def instants(lines: Lines, labels: Times, zone: str, seconds: int, repair: Mapping[str, str]) -> Clock | None:
    """Instants of wall-clock labels in file order: of two equal ones the first is summer time.

    What cannot be is added to the faults of ``lines``: rows out of order, twice the same interval,
    intervals left out (unless ``missing-rows`` is to be kept), an hour of autumn that stands there
    once (unless ``autumn-day`` says what it means).

    Returns
    -------
    Clock or None
        ``None`` when there is nothing to place.
    """
    if not len(labels) or np.isnat(labels).any():
        return None
    series = np.zeros(len(labels), dtype=np.int64)
    placed = placing.place(labels, series, series.astype(bool), zone, repair.get("autumn-day"))
    for finding in placed.findings:
        if finding.severity == "error":
            lines.wrong(_row_of(finding, labels, zone), f"{finding.message}; {finding.fix}")
        else:
            lines.notes.append(f"{lines.source}: {finding.message}")
    lines.notes += [f"{lines.source}: {note}" for note in placed.notes]
    order = np.argsort(placed.start, kind="stable")
    found = Clock(placed.start[order], placed.rows[order], placed.half[order], labels.astype("datetime64[D]"))
    _in_order(lines, labels, zone)
    _each_once(lines, found, zone)
    _none_left_out(lines, found, zone, seconds, repair)
    return found


def label(instant: np.datetime64, zone: str) -> str:
    """What the wall clock shows at an instant, for messages."""
    return str(clock.local_labels(np.array([instant]), zone)[0])[:16].replace("T", " ")


def _row_of(finding: Finding, labels: Times, zone: str) -> int:
    """The first row that a finding is about: the hour that never comes has no instant."""
    if finding.first is None:
        return int(np.flatnonzero(np.isnat(clock.meanings(labels, zone)[0]))[0])
    return int(np.flatnonzero(labels == clock.local_labels(np.array([finding.first]), zone)[0])[0])


def _in_order(lines: Lines, labels: Times, zone: str) -> None:
    first, last = clock.meanings(labels, zone)
    repeated = first != last
    back = (labels[1:] < labels[:-1]) & ~(repeated[1:] & repeated[:-1])
    for row in (np.flatnonzero(back) + 1).tolist():
        before, here = (str(labels[k])[:16].replace("T", " ") for k in (row - 1, row))
        lines.wrong(row, f"{here} stands after {before}; rows must be in order of time")


def _each_once(lines: Lines, found: Clock, zone: str) -> None:
    for k in np.flatnonzero(found.start[1:] == found.start[:-1]).tolist():
        lines.wrong(int(found.rows[k + 1]), f"{label(found.start[k], zone)} comes twice")


def _none_left_out(lines: Lines, found: Clock, zone: str, seconds: int, repair: Mapping[str, str]) -> None:
    gaps = np.diff(found.start) // np.timedelta64(seconds, "s") - 1
    kept = repair.get("missing-rows") == "keep"
    for k in np.flatnonzero(gaps > 0).tolist():
        told = f"{gaps[k]} intervals are left out before this row, from {label(found.start[k] + seconds, zone)} on"
        if kept or repair.get("autumn-day") in ("first", "second"):
            lines.notes.append(
                f"{lines.source}: line {lines.numbers[found.rows[k + 1]]}: {told}; left out here too"
            )
        else:
            lines.wrong(int(found.rows[k + 1]), f"{told}; name a repair: missing-rows = keep")
    for at, where in ((0, "begins"), (-1, "ends")):
        moment = label(found.start[at] + (seconds if at else 0), zone)
        if len(found.start) and not moment.endswith("00:00"):
            lines.notes.append(f"{lines.source}: {where} inside a day, at {moment}; is the file complete?")


def _distinct(cells: pl.Series) -> tuple[pl.Series, Index]:
    """Each different text once, and where each row finds its own."""
    import polars as pl

    codes = cells.cast(pl.String).fill_null("").rank("dense").cast(pl.Int64).to_numpy() - 1
    known = cells.fill_null("").unique().sort()
    return known, codes
