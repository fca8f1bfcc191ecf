"""Quarter-hours as Portugal writes them: a day, and the end of the quarter-hour in it."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from evenwatt.core.meters import Times, instants
from evenwatt.data.clock import local_labels
from evenwatt.data.exports.lines import Lines

SECONDS = 900


@lru_cache(maxsize=64)
def labels(first: date, last: date, zone: str) -> tuple[tuple[str, ...], Times]:
    """How the quarter-hours of some days are written, and when they begin."""
    days = [instants(first + timedelta(days=k), zone, SECONDS) for k in range((last - first).days + 1)]
    words = [
        f"{first + timedelta(days=k):%Y%m%d}{end}" for k, day in enumerate(days) for end in _ends(day, zone)
    ]
    return tuple(words), np.concatenate(days)


def check(found: Lines, stamps: tuple[str, ...], zone: str) -> Times:
    """Begin of a file's quarter-hours; those that are missing, do not exist or come twice are faults.

    Raises
    ------
    DataError
        Naming them all.
    """
    days = []
    for row, stamp in enumerate(stamps):
        try:
            days.append(date(int(stamp[:4]), int(stamp[4:6]), int(stamp[6:8])))
        except ValueError:
            found.wrong(row, f"{stamp[:8]!r} is no date YYYYMMDD")
    found.refuse()
    wanted, start = labels(min(days), max(days), zone)
    if stamps == wanted:
        return start
    known, present = set(wanted), set(stamps)
    for row, stamp in enumerate(stamps):
        if stamp not in known:
            found.wrong(row, f"{_told(stamp)} does not exist in {zone}")
    absent = [stamp for stamp in wanted if stamp not in present]
    found.faults += [(0, f"{_told(stamp)} is missing; every quarter-hour must be there") for stamp in absent]
    if not found.faults:
        row = next(
            (k for k, (one, two) in enumerate(zip(stamps, wanted, strict=False)) if one != two), len(wanted)
        )
        found.wrong(row, f"{_told(stamps[row])} is out of order or comes twice")
    found.refuse()
    return start


def _ends(start: Times, zone: str) -> list[str]:
    """How the quarter-hours of one local day are written, by their ends: 0015 to 2400.

    The day of 100 counts on to 2500; the day of 92 leaves the hour out that does not come.
    """
    if len(start) >= 24 * 3600 // SECONDS:
        minutes = np.arange(1, len(start) + 1) * (SECONDS // 60)
    else:
        wall = local_labels(start, zone)
        minutes = (wall - wall[0].astype("datetime64[D]")) // np.timedelta64(60, "s") + SECONDS // 60
    return [f"{m // 60:02d}{m % 60:02d}" for m in minutes.astype(int).tolist()]


def _told(stamp: str) -> str:
    return f"{stamp[:8]} {stamp[8:]}"
