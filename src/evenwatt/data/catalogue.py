"""The store's catalogue: which days it holds, and which inputs they came from."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evenwatt import __version__

_TABLES = """
create table if not exists days (
    day text primary key, zone text not null, seconds integer not null, intervals integer not null,
    first text not null, registers text not null);
create table if not exists imports (
    source_hash text primary key, importer text not null, days text not null, notes text not null);
"""


@dataclass(frozen=True)
class DayEntry:
    """One settlement day of the store.

    Attributes
    ----------
    day : str
        Local calendar date, ISO.
    zone : str
        IANA time zone of the settlement days.
    seconds : int
        Length of an interval [s].
    intervals : int
        How many there are.
    first : str
        Start of the first interval, UTC.
    registers : tuple of str
        Ids in the order they came in.
    """

    day: str
    zone: str
    seconds: int
    intervals: int
    first: str
    registers: tuple[str, ...]


class Catalogue:
    """A small SQLite file beside the partitions.

    Parameters
    ----------
    path : Path
        The file; made by the first :meth:`record`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def days(self) -> tuple[DayEntry, ...]:
        """All days, in order."""
        return tuple(_entry(row) for row in self._ask("select * from days order by day"))

    def day(self, day: str) -> DayEntry | None:
        """One day, or None."""
        rows = self._ask("select * from days where day = ?", day)
        return _entry(rows[0]) if rows else None

    def has(self, source_hash: str) -> bool:
        """Whether this input was imported in full."""
        return bool(self._ask("select 1 from imports where source_hash = ?", source_hash))

    def sources(self) -> tuple[str, ...]:
        """Hashes of the imported inputs, in the order they came."""
        return tuple(row[0] for row in self._ask("select source_hash from imports order by rowid"))

    def notes(self) -> tuple[str, ...]:
        """Notes of all imports, each once."""
        told = [json.loads(row[0]) for row in self._ask("select notes from imports order by rowid")]
        return tuple(dict.fromkeys(note for notes in told for note in notes))

    def record(self, source_hash: str, entries: Sequence[DayEntry], notes: Sequence[str]) -> None:
        """Note an import and the days it touched, in one transaction."""
        days = [(e.day, e.zone, e.seconds, e.intervals, e.first, json.dumps(e.registers)) for e in entries]
        touched = json.dumps([e.day for e in entries])
        with self._open() as connection:
            connection.executescript(_TABLES)
            connection.executemany("insert or replace into days values (?, ?, ?, ?, ?, ?)", days)
            connection.execute(
                "insert into imports values (?, ?, ?, ?)",
                (source_hash, f"evenwatt {__version__}", touched, json.dumps(list(notes))),
            )

    def _ask(self, query: str, *values: str) -> list[tuple[str, ...]]:
        if not self.path.exists():
            return []
        with self._open() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path)
        try:
            with connection:
                yield connection
        finally:
            connection.close()


def _entry(row: tuple[str, ...]) -> DayEntry:
    day, zone, seconds, intervals, first, registers = row
    return DayEntry(day, zone, int(seconds), int(intervals), first, tuple(json.loads(registers)))
