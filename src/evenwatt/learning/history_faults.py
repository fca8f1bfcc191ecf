"""What a history may not be: every fault is named, with the column and the interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.learning.columns import COLUMNS, Column

if TYPE_CHECKING:
    from evenwatt.learning.history import History

MOST_NAMED = 5  # faulty rows named of one column; the rest is counted


def time_faults(history: History) -> list[str]:
    """Starts and gates that are out of order."""
    start, gate = history.start, history.gate
    if history.seconds <= 0:
        return [f"interval of {history.seconds} s; expected above 0"]
    if start.ndim != 1 or gate.shape != start.shape:
        return [f"start {start.shape} and gate {gate.shape}; expected one time per interval"]
    if np.isnat(start).any() or np.isnat(gate).any():
        return ["a start or a gate is not a time"]
    faults = []
    step = np.timedelta64(history.seconds, "s")
    for row in np.flatnonzero(np.diff(start) < step)[:MOST_NAMED] + 1:
        faults.append(
            f"row {row}: starts at {start[row]}, less than {history.seconds} s after the row before"
        )
    for row in np.flatnonzero(np.diff(gate) < np.timedelta64(0, "s"))[:MOST_NAMED] + 1:
        faults.append(f"row {row}: gate {gate[row]} is before that of the row before; expected in order")
    for row in np.flatnonzero(gate > history.end)[:MOST_NAMED]:
        faults.append(f"row {row}: gate {gate[row]} is after the end of its interval")
    return faults


def player_faults(history: History) -> list[str]:
    """Players that are missing or appear twice."""
    faults = []
    for what, ids in (("supplier", history.suppliers), ("agent", history.agents)):
        if not ids:
            faults.append(f"there is no {what}; expected at least one")
        faults += [f"{what} '{one}' appears twice" for one in sorted({i for i in ids if ids.count(i) > 1})]
    return faults


def column_faults(history: History, name: str, column: Column) -> list[str]:
    """What a column holds that it may not, by its name in the table of columns."""
    kind = COLUMNS.get(name)
    if kind is not None and column.axis != kind.axis:
        return [f"column '{name}' is of axis {column.axis}; expected {kind.axis}"]
    faults = []
    for vintage in column.vintages:
        if vintage.values.shape != history.shapes[column.axis]:
            wanted = history.shapes[column.axis]
            return [f"column '{name}': shape {vintage.values.shape}; expected {wanted} ({column.axis})"]
        faults += _value_faults(history, name, vintage)
    if kind is not None and kind.when == "before":
        bad = ~(column.known <= history.gate)
        faults += _told_rows(history, name, bad, "is not known at its gate")
        if name != "limit":
            absent = ~np.isfinite(column.values)
            faults += _told_rows(history, name, _any_of(absent), "has no finite value")
    return faults


def _value_faults(history: History, name: str, vintage: Column) -> list[str]:
    kind = COLUMNS.get(name)
    known = vintage.known
    timeless = np.isnat(known) & _any_of(~np.isnan(vintage.values))
    faults = _told_rows(history, name, timeless, "does not say when it became known")
    if kind is None:
        return faults
    below = _any_of(vintage.values < kind.least)
    faults += _told_rows(history, name, below, f"is below {kind.least:g}")
    if kind.when == "after":
        faults += _told_rows(history, name, known < history.end, "is known before its interval has ended")
    if kind.when == "decided":
        faults += _told_rows(history, name, known < history.gate, "is known before it was decided")
    return faults


def _any_of(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether any entry of a row is flagged, (T,)."""
    return np.asarray(flags.reshape(len(flags), -1).any(axis=1))


def _told_rows(history: History, name: str, bad: npt.NDArray[np.bool_], why: str) -> list[str]:
    rows = np.flatnonzero(bad)
    told = [f"column '{name}' of {history.start[row]} {why}" for row in rows[:MOST_NAMED]]
    more = len(rows) - MOST_NAMED
    return [*told, f"column '{name}': {more} more intervals"] if more > 0 else told
