"""Named repairs: what a case may ask for where readings are missing, always marked and noted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError, gather
from evenwatt.core.meters import Meters, Status, Times, Whole
from evenwatt.data.clock import local_labels, meanings
from evenwatt.data.judging import POLICIES as WHILE_READING

MISSING_POLICIES = ("refuse", "zero", "previous-week", "linear")
LONGEST_LINE = 3600  # a straight line may bridge an hour [s]

Flags = npt.NDArray[np.bool_]


def reading_time(policies: Mapping[str, str]) -> dict[str, str]:
    """The repairs that a reader applies; the others are for :func:`repair`.

    Raises
    ------
    DataError
        If a repair or its policy is unknown.
    """
    known = {**WHILE_READING, "missing": MISSING_POLICIES}
    with gather("repair") as faults:
        for name, policy in policies.items():
            if name not in known:
                faults.append(f"unknown repair {name!r}; there are {', '.join(known)}")
            elif policy not in known[name]:
                faults.append(f"{name} = {policy!r}, expected {' | '.join(known[name])}")
    return {name: policy for name, policy in policies.items() if name in WHILE_READING}


def repair(meters: Meters, policies: Mapping[str, str]) -> Meters:
    """Fill what is missing as the named policy says.

    Parameters
    ----------
    meters : Meters
        With missing readings.
    policies : mapping
        ``{"missing": policy}``: ``zero``; ``previous-week``, the reading at the same local time seven
        days earlier; ``linear``, a straight line over gaps of at most an hour; ``refuse``.

    Returns
    -------
    Meters
        Filled readings are marked corrected; a note counts them and what stays missing.

    Raises
    ------
    DataError
        If the policy is unknown, acts only while a file is read, or is ``refuse`` and a reading is missing.
    """
    if early := reading_time(policies):
        name, policy = next(iter(early.items()))
        raise DataError(f"repair: {name} = {policy} acts while a file is read: read(path, repair=...)")
    policy = policies.get("missing", "")
    gaps = meters.missing
    if not policy or not gaps.any():
        return meters
    if policy == "refuse":
        row, column = (int(i) for i in np.argwhere(gaps)[0])
        raise DataError(
            f"meters: {int(gaps.sum())} readings are missing, first {meters.registers[column].id}, "
            f"{meters.start[row]} UTC; name a repair: missing = {' | '.join(MISSING_POLICIES[1:])}"
        )
    fill = {"zero": _zero, "previous-week": _previous_week, "linear": _linear}[policy]
    wh, filled = fill(meters, gaps)
    status = np.where(filled, np.uint8(Status.CORRECTED), meters.status)
    left = int(gaps.sum() - filled.sum())
    note = f"repair missing = {policy}: {int(filled.sum())} readings filled" + (
        f", {left} stay missing" if left else ""
    )
    return replace(meters, wh=wh, status=status.astype(np.uint8), notes=(*meters.notes, note))


def _zero(meters: Meters, gaps: Flags) -> tuple[Whole, Flags]:
    return np.where(gaps, 0, meters.wh), gaps


def _previous_week(meters: Meters, gaps: Flags) -> tuple[Whole, Flags]:
    """Copy from a week earlier, oldest gap first, so that a long gap is filled from its own fill."""
    wh, there = meters.wh.copy(), ~gaps
    source = _week_before(meters.start, meters.zone)
    for row in np.flatnonzero(gaps.any(axis=1)).tolist():
        if source[row] >= 0:
            take = gaps[row] & there[source[row]]
            wh[row, take] = wh[source[row], take]
            there[row] |= take
    return wh, there & gaps


def _week_before(start: Times, zone: str) -> npt.NDArray[np.int64]:
    """Row of the same local time seven days earlier, or -1."""
    label = local_labels(start, zone) - np.timedelta64(7, "D")
    earlier, later = meanings(label, zone)
    # In the hour that comes twice, stay on the side of the change that lies a week back in elapsed time.
    week = start - np.timedelta64(7, "D")
    wanted = np.where(later <= week, later, earlier)
    wanted = np.where(np.isnat(wanted), week, wanted)
    row = np.searchsorted(start, wanted)
    row = np.minimum(row, len(start) - 1)
    return np.where(start[row] == wanted, row, -1)


def _linear(meters: Meters, gaps: Flags) -> tuple[Whole, Flags]:
    wh, filled = meters.wh.copy(), np.zeros_like(gaps)
    longest = LONGEST_LINE // meters.seconds
    for column in np.flatnonzero(gaps.any(axis=0)).tolist():
        for first, last in runs(gaps[:, column]):
            within = first > 0 and last < len(gaps) and last - first <= longest
            steps = (
                int((meters.start[last] - meters.start[first - 1]).astype(np.int64)) // meters.seconds
                if within
                else 0
            )
            if within and steps == last - first + 1:
                before, after = meters.wh[first - 1, column], meters.wh[last, column]
                share = np.arange(1, steps)
                wh[first:last, column] = (before * (steps - share) + after * share + steps // 2) // steps
                filled[first:last, column] = True
    return wh, filled


def runs(flags: Flags) -> list[tuple[int, int]]:
    """Where consecutive flags are up: first row and the row after the last.

    Examples
    --------
    >>> runs(np.array([True, False, True, True]))
    [(0, 1), (2, 4)]
    """
    edge = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in edge.reshape(-1, 2)]
