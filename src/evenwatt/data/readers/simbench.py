"""SimBench network profiles: mean power of each interval, a column for each load and PV plant [kW]."""

from __future__ import annotations

import re
from pathlib import Path

from evenwatt.core.errors import DataError, told
from evenwatt.core.meters import Direction, Meters, Register
from evenwatt.core.units import micro_wh_per_kw
from evenwatt.data import stamps, table
from evenwatt.data.layout import interval_seconds
from evenwatt.data.readers import stated
from evenwatt.data.readers.wide import cells
from evenwatt.data.sheet import Readings

LOOKS_LIKE = "time_local, load<i>_bus<b>, pv<i>_bus<b> [kW, mean of the interval]"
TIME = "time_local"
OFFSET = "+00:00"  # the index is regular without clock changes; which clock it shows is not documented
_ELEMENT = re.compile(r"(load|pv)\d+_(bus\d+)")


def score(columns: tuple[str, ...]) -> float:
    """1 when the header is SimBench's, else 0."""
    if not columns or columns[0] != TIME:
        return 0.0
    return sum(bool(_ELEMENT.fullmatch(name)) for name in columns[1:]) / max(len(columns) - 1, 1)


def sniff(path: Path) -> bool:
    """Whether the file is SimBench's, by its header."""
    return score(table.columns(path)[0]) == 1


def read(path: Path, *, zone: str, offset: str | None = None) -> Meters:
    """Read a SimBench file; a meter is a bus, a register one of its loads or plants."""
    from evenwatt.data.readers import read

    return read(path, zone=zone, offset=offset)


def readings(path: Path, *, offset: str | None = None, year: int | None = None) -> Readings:
    """Rows of a SimBench file.

    Raises
    ------
    DataError
        If a column names no element or the file cannot be parsed.
    """
    found = table.load(path, lambda name: name != TIME)
    names = [name for name in found.frame.columns if name != TIME]
    wrong = [
        f"column {name!r} is neither load<i>_bus<b> nor pv<i>_bus<b>"
        for name in names
        if not _ELEMENT.fullmatch(name)
    ]
    if wrong:
        raise DataError(told(found.source, wrong))
    start, utc, notes, faults = stamps.read(found, TIME)
    start, utc, clock = stated(found.source, start, utc, offset or OFFSET, assumed=offset is None)
    seconds = interval_seconds(start, found.source)
    power = f"{found.source}: mean power [kW] is read as energy over intervals of {seconds // 60} minutes"
    return Readings(
        found.source,
        start,
        *cells(found, names, micro_wh_per_kw(seconds), faults),
        tuple(_register(name) for name in names),
        found.places,
        utc,
        notes=(*found.notes, *notes, *clock, power),
        faults=(*found.faults, *faults),
    )


def _register(name: str) -> Register:
    kind, bus = _ELEMENT.fullmatch(name).groups()  # type: ignore[union-attr]
    direction: Direction = "consumption" if kind == "load" else "generation"
    return Register(name, bus, direction)
