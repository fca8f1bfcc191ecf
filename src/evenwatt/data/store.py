"""The store: one parquet file per settlement day, and a catalogue of what was imported."""

from __future__ import annotations

import os
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evenwatt.core.errors import DataError
from evenwatt.core.meters import Meters
from evenwatt.data.catalogue import Catalogue, DayEntry
from evenwatt.data.partition import corrections, frame, joined, meters_of

if TYPE_CHECKING:
    import polars as pl

PART = "part.parquet"
PARTIAL = "part.parquet.partial"
LARGEST_WH = 2**31 - 1
ROW_GROUP = 1_000


def digest(path: Path | str) -> str:
    """sha256 of a file, or of a folder's files with their names, as hexadecimal text."""
    root, total = Path(path), sha256()
    for file in [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.is_file()):
        total.update(file.relative_to(root).as_posix().encode() + b"\0")
        with file.open("rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                total.update(block)
    return total.hexdigest()


class Store:
    """Meters on disk, a file per local settlement day.

    ``day=2026-06-01/part.parquet`` has one row per register: register, meter, direction, label, first
    (instant, UTC), seconds, wh (list of int32), status (list of uint8, null when all were measured) and
    version. A correction appends a row of a higher version; the older one stays.

    Parameters
    ----------
    path : path
        The store's folder; made by the first write.

    Examples
    --------
    >>> import tempfile
    >>> from evenwatt.data.sample import community
    >>> meters = community(seed=1, households=3, plants=2).meters
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(folder)
    ...     store.write(meters, "first export"), store.write(meters, "first export"), len(store.days)
    (True, False, 30)
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.catalogue = Catalogue(self.path / "catalogue.sqlite")

    @property
    def days(self) -> tuple[date, ...]:
        """Settlement days in the store, in order."""
        return tuple(date.fromisoformat(entry.day) for entry in self.catalogue.days())

    @property
    def notes(self) -> tuple[str, ...]:
        """What the readers of everything imported had to say."""
        return self.catalogue.notes()

    def write(self, meters: Meters, source_hash: str) -> bool:
        """Add readings to the store; newer readings replace older ones as a new version.

        Parameters
        ----------
        meters : Meters
            What a reader returned.
        source_hash : str
            Identity of the input (:func:`digest`); a second import of the same input changes nothing.

        Returns
        -------
        bool
            False when this input was imported before.

        Raises
        ------
        DataError
            If the zone or interval length differs from the store's, or a reading does not fit.
        """
        if self.catalogue.has(source_hash):
            return False
        self._accept(meters)
        entries = [self._write_day(day.date, meters.rows(day.rows)) for day in meters.days]
        # The catalogue comes last: an import that was cut short is simply done again.
        self.catalogue.record(source_hash, entries, meters.notes)
        return True

    def day(self, day: date) -> Meters:
        """All registers over one settlement day, in the order they came in.

        Raises
        ------
        DataError
            If the store has no such day.
        """
        entry = self.catalogue.day(day.isoformat())
        if entry is None:
            raise DataError(f"{self.path}: no day {day}; {self._span()}")
        return self._day(entry, self.notes)

    def meters(self, first: date | None = None, last: date | None = None) -> Meters:
        """All registers over the stored days from ``first`` to ``last``, both included.

        A register without a row on some day is missing there.

        Raises
        ------
        DataError
            If no day of the store lies in the range.
        """
        lowest, highest = str(first or ""), str(last or "9999")
        chosen = [entry for entry in self.catalogue.days() if lowest <= entry.day <= highest]
        if not chosen:
            raise DataError(f"{self.path}: no day from {first} to {last}; {self._span()}")
        notes = self.notes
        return joined([self._day(entry, notes) for entry in chosen])

    def _day(self, entry: DayEntry, notes: tuple[str, ...]) -> Meters:
        """One day in the order in which its registers came in."""
        place = {register: k for k, register in enumerate(entry.registers)}
        rows = self._rows(entry.day)
        order = np.argsort([place.get(id, len(place)) for id in rows["register"].to_list()], kind="stable")
        return meters_of(rows[order.tolist()], entry.zone, notes)

    def _span(self) -> str:
        days = self.days
        return f"it holds {len(days)} days from {days[0]} to {days[-1]}" if days else "it is empty"

    def _accept(self, meters: Meters) -> None:
        entries = self.catalogue.days()
        if len(meters.start) == 0 or not meters.registers:
            raise DataError(f"{self.path}: there are no readings to store")
        if meters.wh.max(initial=0) > LARGEST_WH:
            row, column = (int(i) for i in np.argwhere(meters.wh > LARGEST_WH)[0])
            raise DataError(
                f"{self.path}: {meters.registers[column].id}, {meters.start[row]} UTC: "
                f"{meters.wh[row, column]} Wh in one interval, expected at most {LARGEST_WH} Wh"
            )
        if entries and (entries[0].zone, entries[0].seconds) != (meters.zone, meters.seconds):
            raise DataError(
                f"{self.path}: holds intervals of {entries[0].seconds} s in {entries[0].zone}; "
                f"found {meters.seconds} s in {meters.zone}; use one store per zone and interval length"
            )

    def _rows(self, day: str) -> pl.DataFrame:
        import polars as pl

        return pl.read_parquet(self.path / f"day={day}" / PART, hive_partitioning=False)

    def _write_day(self, day: date, new: Meters) -> DayEntry:
        import polars as pl

        name = day.isoformat()
        entry = self.catalogue.day(name)
        folder = self.path / f"day={name}"
        rows = frame(new, np.ones(len(new.registers), dtype=np.int64))
        # A part without a catalogue entry is left from an import that was cut short: its rows count too.
        if (folder / PART).exists():
            old_rows = self._rows(name)
            old = meters_of(old_rows, new.zone, ())
            rows = pl.concat([old_rows, corrections(old, new, old_rows)])
        folder.mkdir(parents=True, exist_ok=True)
        rows = rows.sort("meter", "register", "version")
        rows.write_parquet(folder / PARTIAL, compression="zstd", row_group_size=ROW_GROUP)
        os.replace(folder / PARTIAL, folder / PART)
        first = rows["first"].min()
        known = entry.registers if entry else ()
        added = [r.id for r in new.registers if r.id not in set(known)]
        lengths = rows["wh"].list.len().max()
        return DayEntry(name, new.zone, new.seconds, int(str(lengths)), str(first), (*known, *added))
