"""What is asked of a source at once: one request for one part of the period."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import numpy as np

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Chunk:
    """One request, without its key.

    Attributes
    ----------
    path : str
        What follows the source's base URL.
    query : tuple of (name, value)
        Sorted by name; never holds a key.
    first, last : datetime64[s]
        The period asked for, UTC; ``last`` is not part of it.
    """

    path: str
    query: Query
    first: np.datetime64
    last: np.datetime64

    def digest(self, source: str) -> str:
        """Name of the answer in the cache: the same question has the same name, wherever it was sent."""
        return sha256(json.dumps([source, self.path, self.query]).encode()).hexdigest()

    def url(self, base: str) -> str:
        """The address as it may be written down: without the key."""
        return f"{base.rstrip('/')}{self.path}" + (f"?{urlencode(self.query)}" if self.query else "")

    def __str__(self) -> str:
        """The period, in words."""
        return f"{str(self.first)[:16]}Z to {str(self.last)[:16]}Z"


def asked(path: str, query: dict[str, str], first: np.datetime64, last: np.datetime64) -> Chunk:
    """A chunk with its query in order.

    Examples
    --------
    >>> day = np.datetime64("2026-01-01", "s")
    >>> asked("/price", {"start": "0", "bzn": "AT"}, day, day).url("https://example.org/")
    'https://example.org/price?bzn=AT&start=0'
    """
    return Chunk(path, tuple(sorted(query.items())), first, last)


def months(
    first: np.datetime64, last: np.datetime64, zone: str
) -> Iterator[tuple[np.datetime64, np.datetime64]]:
    """Cut a period at the local midnights that begin a month.

    Examples
    --------
    >>> parts = months(np.datetime64("2026-03-30T22:00", "s"), np.datetime64("2026-05-01", "s"), "Europe/Prague")
    >>> [str(a)[:13] for a, _ in parts]
    ['2026-03-30T22', '2026-03-31T22', '2026-04-30T22']
    """
    yield from _cut(first, last, zone, lambda day: day.day == 1)


def days(
    first: np.datetime64, last: np.datetime64, zone: str, most: int
) -> Iterator[tuple[np.datetime64, np.datetime64]]:
    """Cut a period at local midnights, every ``most`` days counted from a fixed day."""
    yield from _cut(first, last, zone, lambda day: day.toordinal() % most == 0)


def years(first: np.datetime64, last: np.datetime64) -> list[int]:
    """Calendar years (UTC) that a period touches."""
    ends = last - np.timedelta64(1, "s")
    one, other = (int(str(instant.astype("datetime64[Y]"))) for instant in (first, ends))
    return list(range(one, other + 1))


def _cut(
    first: np.datetime64, last: np.datetime64, zone: str, begins: Callable[[date], bool]
) -> Iterator[tuple[np.datetime64, np.datetime64]]:
    day, end = _date(first) - timedelta(days=1), _date(last) + timedelta(days=1)
    found = []
    while day <= end:
        if begins(day) and first < (start := midnight(day, zone)) < last:
            found.append(start)
        day += timedelta(days=1)
    yield from pairwise([first, *found, last])


def midnight(day: date, zone: str) -> np.datetime64:
    """When a local calendar day begins, UTC."""
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return np.datetime64(local.astimezone(UTC).replace(tzinfo=None), "s")


def _date(instant: np.datetime64) -> date:
    found: date = instant.astype("datetime64[D]").astype(date)
    return found
