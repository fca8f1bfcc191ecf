"""From rows as they came to meters: a regular grid, one reading a slot, whole Wh, every doubt a finding."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError, told
from evenwatt.core.meters import Meters, Status, Times, Whole, local_dates
from evenwatt.core.units import MICRO_WH_PER_WH
from evenwatt.data.finding import Finding
from evenwatt.data.judging import drop_duplicates, drop_off_grid, judge_signs
from evenwatt.data.placing import place
from evenwatt.data.sheet import Flags, Index, Readings, Sheet
from evenwatt.data.whole import rounded

LENGTHS = (900, 1800, 3600)  # PT15M, PT30M, PT1H [s]
WIDEST = 40  # a grid may hold so many slots for each stamp in the file; beyond, a stamp is wrong


def lay(
    readings: Readings, zone: str, policies: Mapping[str, str] | None = None
) -> tuple[Meters, list[Finding]]:
    """Lay a file's rows out as meters.

    Parameters
    ----------
    readings : Readings
        As a reader found them.
    zone : str
        IANA zone of the settlement days, and of naive stamps.
    policies : mapping, optional
        Named repairs: ``{"autumn-day": "first" | "second" | "halves", "duplicates": "first" | "last",
        "negative": "zero" | "missing" | "flip", "interval-end": "shift"}``.

    Returns
    -------
    meters : Meters
        Every slot from the first to the last; missing where there is no acceptable reading.
    findings : list of Finding
        What is wrong with the file; errors are unrepaired.

    Raises
    ------
    DataError
        If cells cannot be read, or no grid fits the stamps.
    """
    named = dict(policies or {})
    if readings.faults:
        raise DataError(told(readings.source, list(readings.faults)))
    sheet = _sheet(readings, zone, named.get("autumn-day"))
    seconds = interval_seconds(sheet.start, readings.source)
    _shift_ends(sheet, seconds, named)
    drop_off_grid(sheet, seconds, zone)
    judge_signs(sheet, readings.registers, named.get("negative"))
    first = sheet.start.min()
    slot = ((sheet.start - first) // np.timedelta64(seconds, "s")).astype(np.int64)
    steps = int(slot.max()) + 1
    if steps > WIDEST * len(sheet.start) + 3000:
        late = int(np.argmax(np.diff(np.sort(slot))))
        raise DataError(
            f"{readings.source}: a gap of years after {np.sort(sheet.start)[late]} UTC; correct the stamps"
        )
    start = first + np.arange(steps) * np.timedelta64(seconds, "s")
    slot = drop_duplicates(sheet, slot, start, readings.registers, named.get("duplicates"))
    micro, present, status = _dense(sheet, slot, steps, len(readings.registers))
    wh, moved = rounded(micro, present, local_dates(start, zone))
    notes = [*readings.notes, *sheet.notes]
    if moved:
        notes.append(
            f"{readings.source}: rounded to whole Wh by largest remainder per register and local day; "
            f"largest change {moved / MICRO_WH_PER_WH:.6f} Wh"
        )
    meters = Meters(start, wh, status, readings.registers, seconds, zone, tuple(notes))
    return meters, sheet.findings


def _sheet(readings: Readings, zone: str, autumn: str | None) -> Sheet:
    """Rows in file order with their instants."""
    order = np.arange(len(readings.stamps))
    if len(order) > 1 and readings.stamps[0] > readings.stamps[-1]:
        order = order[::-1]  # newest first; file order must run with time before labels are told apart
    notes = [f"{readings.source}: rows run backwards in time and are read from the end"] if order[0] else []
    sheet = Sheet(
        readings.stamps,
        readings.micro,
        readings.present,
        readings.status,
        readings.series,
        readings.places,
        notes=notes,
    )
    if order[0]:
        sheet.take(order)
    if readings.utc:
        return sheet
    series = np.zeros(len(sheet.start), np.int64) if sheet.series is None else sheet.series
    placed = place(sheet.start, series, np.asarray(~sheet.micro.any(axis=1)), zone, autumn)
    if not len(placed.rows):
        raise DataError(told(readings.source, [str(finding) for finding in placed.findings]))
    sheet.take(placed.rows)
    sheet.start = placed.start
    sheet.findings += placed.findings
    sheet.notes += [f"{readings.source}: stamps without offset are read as local time in {zone}"]
    sheet.notes += [f"{readings.source}: {note}" for note in placed.notes]
    if placed.half.any():
        halved = placed.half > 0
        # An odd micro-Wh goes to the first half, so that the sum stays exact.
        sheet.micro[halved] = (sheet.micro[halved] + (placed.half[halved] == 1)[:, None]) // 2
        sheet.marked()[halved] = np.where(sheet.present[halved], Status.CORRECTED, Status.MISSING)
    return sheet


def interval_seconds(start: Times, source: str) -> int:
    """The most common distance between neighbouring instants [s]; NaT are passed over."""
    steps = np.diff(np.unique(start[~np.isnat(start)])).astype(np.int64)
    if not len(steps):
        raise DataError(f"{source}: holds one interval only; its length cannot be told")
    lengths, counts = np.unique(steps, return_counts=True)
    seconds = int(lengths[np.argmax(counts)])
    if seconds not in LENGTHS:
        raise DataError(
            f"{source}: intervals are {seconds} s long, expected 900, 1800 or 3600 s; resample the file"
        )
    return seconds


def _shift_ends(sheet: Sheet, seconds: int, named: dict[str, str]) -> None:
    if "interval-end" in named:
        sheet.start = sheet.start - np.timedelta64(seconds, "s")
        sheet.notes.append("stamps mark the interval's end, as declared, and are shifted to its start")


def _dense(sheet: Sheet, slot: Index, steps: int, count: int) -> tuple[Whole, Flags, npt.NDArray[np.uint8]]:
    """Readings on the grid, (steps, count), missing where the file has none."""
    own = sheet.marked()
    regular = len(slot) == steps and (np.diff(slot) == 1).all()
    if sheet.series is None and regular:
        return sheet.micro, sheet.present, own
    micro = np.zeros((steps, count), dtype=np.int64)
    present = np.zeros((steps, count), dtype=bool)
    status = np.full((steps, count), Status.MISSING, dtype=np.uint8)
    if sheet.series is None:
        micro[slot], present[slot], status[slot] = sheet.micro, sheet.present, own
    else:
        cells = (slot, sheet.series)
        micro[cells], present[cells], status[cells] = sheet.micro[:, 0], sheet.present[:, 0], own[:, 0]
    return micro, present, status
