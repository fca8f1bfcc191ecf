"""Tidy files: one reading a row, interval_start, meter, role and kwh (or wh)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError, told
from evenwatt.core.meters import Direction, Meters, Register, Status
from evenwatt.core.units import MICRO_WH_PER_KWH, MICRO_WH_PER_WH
from evenwatt.data import stamps, table
from evenwatt.data.readers import stated
from evenwatt.data.schema import DIRECTIONS, INTERVAL_START, KWH, METER, ROLE, STATUS, WH
from evenwatt.data.sheet import Readings
from evenwatt.data.whole import micro_wh

LOOKS_LIKE = "interval_start, meter, role (consumption | generation), kwh or wh [, status]; CSV or Parquet"
PER_UNIT = {KWH: MICRO_WH_PER_KWH, WH: MICRO_WH_PER_WH}


def score(columns: tuple[str, ...]) -> float:
    """Share of the format's columns that the file has."""
    names = {name.lower() for name in columns}
    return (len(names & {INTERVAL_START, METER, ROLE}) + bool(names & set(PER_UNIT))) / 4


def sniff(path: Path) -> bool:
    """Whether the file is tidy, by its header."""
    return score(table.columns(path)[0]) == 1


def read(path: Path, *, zone: str, offset: str | None = None) -> Meters:
    """Read a tidy file; see :func:`evenwatt.data.read`."""
    from evenwatt.data.readers import read

    return read(path, zone=zone, offset=offset)


def readings(path: Path, *, offset: str | None = None, year: int | None = None) -> Readings:
    """Rows of a tidy file.

    Raises
    ------
    DataError
        If columns are missing or the file cannot be parsed.
    """
    found = table.load(path, lambda name: name.lower() in PER_UNIT)
    frame = found.frame.rename({name: name.lower() for name in found.frame.columns})
    found = table.Table(found.source, frame, found.place, found.places, found.notes, found.faults)
    unit = _unit(found)
    start, utc, notes, faults = stamps.read(found, INTERVAL_START)
    start, utc, clock = stated(found.source, start, utc, offset)
    series, registers, aliases, wrong = _registers(found)
    values = found.numbers([unit])
    micro, readable = micro_wh(values, PER_UNIT[unit])
    faults += wrong + _too_large(found, values, readable, unit)
    status, unknown = _status(found, readable)
    return Readings(
        found.source,
        start,
        micro,
        readable,
        registers,
        found.places,
        utc,
        series=series,
        status=status,
        notes=(*found.notes, *notes, *clock, *aliases),
        faults=(*found.faults, *faults, *unknown),
    )


def _unit(found: table.Table) -> str:
    names = found.frame.columns
    missing = [f"column {name!r} is missing" for name in (INTERVAL_START, METER, ROLE) if name not in names]
    units = [name for name in PER_UNIT if name in names]
    if len(units) != 1:
        missing.append("needs one of the columns 'kwh' and 'wh'" + (", has both" if units else ""))
    if missing:
        raise DataError(told(found.source, [f"{fault}; found {', '.join(names)}" for fault in missing]))
    return units[0]


def _registers(
    found: table.Table,
) -> tuple[npt.NDArray[np.int64], tuple[Register, ...], list[str], list[str]]:
    """Which register each row tells, and the registers in order of appearance."""
    import polars as pl

    pairs = found.frame.select(
        pl.col(METER).cast(pl.String).str.strip_chars(),
        pl.col(ROLE).cast(pl.String).str.strip_chars().str.to_lowercase(),
    )
    known = pairs.unique(maintain_order=True).with_row_index("k")
    row = pairs.join(known, on=[METER, ROLE], how="left", nulls_equal=True, maintain_order="left")["k"]
    faults, registers, merged = [], dict[tuple[str, Direction], int](), []
    for k, meter, role in known.iter_rows():
        direction = DIRECTIONS.get(role or "")
        place = found.places[int((row == k).arg_max() or 0)] if direction is None or not meter else 0
        if direction is None:
            faults.append(
                f"{found.place} {place}, column 'role': {role!r}, expected consumption or generation"
            )
        if not meter:
            faults.append(f"{found.place} {place}, column 'meter': is empty")
        merged.append(registers.setdefault((meter or "", direction or "consumption"), len(registers)))
    used = sorted({role for role in known[ROLE].to_list() if role in DIRECTIONS and DIRECTIONS[role] != role})
    notes = [f"{found.source}: role {role!r} is read as {DIRECTIONS[role]!r}" for role in used]
    series = np.asarray(merged, dtype=np.int64)[row.to_numpy()]
    named = tuple(Register(f"{meter}:{direction}", meter, direction) for meter, direction in registers)
    return series, named, notes, faults


def _too_large(
    found: table.Table, values: npt.NDArray[np.float64], readable: npt.NDArray[np.bool_], unit: str
) -> list[str]:
    large = f"column {unit!r}: {{:g}} is too large for one interval"
    wrong = np.flatnonzero(~readable[:, 0] & ~np.isnan(values[:, 0])).tolist()
    return [f"{found.place} {found.places[row]}, {large.format(values[row, 0])}" for row in wrong]


def _status(
    found: table.Table, present: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.uint8] | None, list[str]]:
    """Quality flags of the optional column; a reading without a number is missing whatever it says."""
    import polars as pl

    if STATUS not in found.frame.columns:
        return None, []
    known = {status.name.lower(): int(status) for status in Status}
    words = found.frame[STATUS].cast(pl.String).str.to_lowercase().fill_null("measured")
    codes = words.replace_strict(known, default=None, return_dtype=pl.UInt8)
    wrong = [
        f"{found.place} {found.places[row]}, column 'status': {words[row]!r}, expected {', '.join(known)}"
        for row in np.flatnonzero(codes.is_null().to_numpy()).tolist()
    ]
    status = codes.fill_null(0).to_numpy()[:, None]
    return np.where(present, status, np.uint8(Status.MISSING)).astype(np.uint8), wrong
