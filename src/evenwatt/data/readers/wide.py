"""Wide files: one interval a row, a column for each register [kWh]."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from evenwatt.core.errors import DataError, told
from evenwatt.core.meters import Direction, Meters, Register
from evenwatt.core.units import MICRO_WH_PER_KWH
from evenwatt.data import stamps, table
from evenwatt.data.readers import stated
from evenwatt.data.schema import DIRECTIONS, INTERVAL_START
from evenwatt.data.sheet import Readings
from evenwatt.data.whole import micro_wh

LOOKS_LIKE = (
    "interval_start, <meter>:<consumption | generation> or load_<meter>, pv_<meter> [kWh]; CSV or Parquet"
)
_PREFIXED = re.compile(r"(load|pv)_(.+)", re.IGNORECASE)


def score(columns: tuple[str, ...]) -> float:
    """Share of the columns after the first that name a register."""
    if not columns or columns[0].lower() != INTERVAL_START or len(columns) < 2:
        return 0.0
    named = [name for name in columns[1:] if name]
    return sum(register(name) is not None for name in named) / max(len(named), 1)


def sniff(path: Path) -> bool:
    """Whether the file is wide, by its header."""
    return score(table.columns(path)[0]) == 1


def read(path: Path, *, zone: str, offset: str | None = None) -> Meters:
    """Read a wide file; see :func:`evenwatt.data.read`."""
    from evenwatt.data.readers import read

    return read(path, zone=zone, offset=offset)


def register(name: str) -> Register | None:
    """The register that a column's name means, or None.

    Examples
    --------
    >>> register("house 7:generation").direction, register("load_12").meter
    ('generation', '12')
    """
    meter, colon, role = name.rpartition(":")
    prefixed = _PREFIXED.fullmatch(name)
    if colon and meter and role.strip().lower() in DIRECTIONS:
        direction: Direction = DIRECTIONS[role.strip().lower()]
    elif prefixed:
        direction, meter = DIRECTIONS[prefixed[1].lower()], prefixed[2]
    else:
        return None
    return Register(f"{meter.strip()}:{direction}", meter.strip(), direction)


def readings(path: Path, *, offset: str | None = None, year: int | None = None) -> Readings:
    """Rows of a wide file.

    Raises
    ------
    DataError
        If a column names no register or the file cannot be parsed.
    """
    found = table.load(path, lambda name: name.lower() != INTERVAL_START)
    first, *names = found.frame.columns
    registers = [register(name) for name in names]
    wrong = [
        f"column {name!r} names no register; expected <meter>:consumption or <meter>:generation"
        for name, known in zip(names, registers, strict=True)
        if known is None
    ]
    ids = [known.id for known in registers if known is not None]
    wrong += [
        f"two columns tell of register {i!r}; keep one" for i in sorted({i for i in ids if ids.count(i) > 1})
    ]
    if wrong:
        raise DataError(told(found.source, wrong))
    start, utc, notes, faults = stamps.read(found, first)
    start, utc, clock = stated(found.source, start, utc, offset)
    return Readings(
        found.source,
        start,
        *cells(found, names, MICRO_WH_PER_KWH, faults),
        tuple(known for known in registers if known is not None),
        found.places,
        utc,
        notes=(*found.notes, *notes, *clock),
        faults=(*found.faults, *faults),
    )


def cells(
    found: table.Table, names: list[str], per_unit: float, faults: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Energy and presence of every cell of the number columns; too large ones join the faults."""
    values = found.numbers(names)
    micro, readable = micro_wh(values, per_unit)
    if not readable.all():
        for row, column in np.argwhere(~readable & ~np.isnan(values)).tolist():
            what = f"{values[row, column]:g} is too large for one interval"
            faults.append(f"{found.place} {found.places[row]}, column {names[column]!r}: {what}")
    return micro, readable
