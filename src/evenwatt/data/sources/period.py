"""From when to when, as a person types it: days of a clock, both included, or instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np

from evenwatt.core.errors import DataError, gather
from evenwatt.data.sources.chunk import midnight


def period(first: str, last: str, zone: str) -> tuple[np.datetime64, np.datetime64]:
    """The instants that ``--from`` and ``--to`` name.

    A date is a whole local day of ``zone``, so ``--to 2026-01-31`` includes that day; an instant with
    an offset is itself, and the last one is not included.

    Raises
    ------
    DataError
        If one is neither, or the period is empty or lies outside 1900 to 2200.

    Examples
    --------
    >>> [str(instant) for instant in period("2026-03-29", "2026-03-29", "Europe/Prague")]
    ['2026-03-28T23:00:00', '2026-03-29T22:00:00']
    >>> [str(instant) for instant in period("2026-01-01T00:00Z", "2026-01-01T06:00+01:00", "UTC")]
    ['2026-01-01T00:00:00', '2026-01-01T05:00:00']
    """
    with gather("period", DataError) as faults:
        begin = _instant("--from", first, zone, 0, faults)
        end = _instant("--to", last, zone, 1, faults)
        if begin is not None and end is not None and not begin < end:
            faults.append(f"--from {first} does not lie before --to {last}")
    assert begin is not None
    assert end is not None
    return begin, end


def _instant(option: str, text: str, zone: str, days: int, faults: list[str]) -> np.datetime64 | None:
    try:
        if len(text.strip()) == 10:
            return midnight(_sensible(date.fromisoformat(text.strip())) + timedelta(days=days), zone)
        told = datetime.fromisoformat(text.strip())
        _sensible(told.date())
    except ValueError:
        faults.append(
            f"{option} '{text}' is neither a date such as 2026-01-31 nor an instant such as 2026-01-31T12:00Z"
        )
        return None
    if told.tzinfo is None:
        faults.append(f"{option} '{text}' is an instant without an offset; add Z or +01:00")
        return None
    return np.datetime64(told.astimezone(UTC).replace(tzinfo=None), "s")


def _sensible(day: date) -> date:
    if not 1900 <= day.year < 2200:
        raise ValueError
    return day
