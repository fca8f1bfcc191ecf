"""EDA workbook (Austria): a column for each metering point and quantity, a row for each quarter-hour."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenwatt.core.errors import DataError
from evenwatt.core.meters import Times, Whole
from evenwatt.core.units import WH_PER_KWH
from evenwatt.data import text
from evenwatt.data.clock import local_labels
from evenwatt.data.exports import archive, energy, files, lines, times
from evenwatt.data.exports.eda_codes import meaning
from evenwatt.data.exports.energy import Energy
from evenwatt.data.exports.export import MISSING, Export, Written, needed
from evenwatt.data.exports.lines import Lines

if TYPE_CHECKING:
    import polars as pl

NAME = "eda"
ZONE = "Europe/Vienna"
SECONDS = 900
LOOKS_LIKE = (
    "XLSX: rows MeteringpointID, Energy direction, Metercode ..., then times DD.MM.YYYY HH:MM:SS [kWh]"
)
EXTRA = 'pip install "evenwatt[report]"'
IGNORED = ("total", "mm", "")  # columns that are sums, not points
SERIAL_EPOCH = np.datetime64("1899-12-30", "s")  # day 0 of a spreadsheet's clock
_TIME = r"^\s*([0-9]{2}\.[0-9]{2}\.[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2})\s*$"
_ISO = r"^\s*([0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.0+)?\s*$"
_SERIAL = r"^\s*([0-9]{5}(?:\.[0-9]+)?)\s*$"


WRITTEN = {
    "demand": "Gesamtverbrauch lt. Messung (bei Teilnahme gem. Erzeugung) [KWH]",
    "shared": "Eigendeckung gemeinschaftliche Erzeugung [KWH]",
    "supply": "Gesamte gemeinschaftliche Erzeugung [KWH]",
    "unused": "Gesamt/Überschusserzeugung, Gemeinschaftsüberschuss [KWH]",
}


def sniff(path: Path) -> bool:
    """Whether a file is of this kind: a workbook that speaks of metering points."""
    if not text.raw(path, 4).startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(path) as packed:
            names = [name for name in packed.namelist() if re.match(r"xl/(sharedStrings|worksheets/)", name)]
            return any(
                b"MeteringpointID" in packed.read(name) for name in sorted(names) if name.endswith("xml")
            )
    except archive.BROKEN:
        return False


def read(path: Path, *, zone: str | None = None, repair: Mapping[str, str] | None = None) -> Export:
    """Read consumption and coverage, generation and surplus.

    Where a point has a quantity with and without its participation factor, the one with it is taken,
    for that is what was shared. The share offered (G.02) and coverage by renewables (G.03R) are not.

    Raises
    ------
    DataError
        Naming every fault with its row, and showing the first wrong one; or the extra that is missing.
    """
    place = zone or ZONE
    policies = times.known(place, repair)
    found, sheet, first = _sheet(path)
    columns, meters = _columns(found, sheet[:first])
    labels = _labels(found, sheet[first:]["0"])
    clock = times.instants(found, labels, place, SECONDS, policies)
    tables = {}
    for name, role in (
        ("supply", "producers"),
        ("unused", "producers"),
        ("demand", "consumers"),
        ("shared", "consumers"),
    ):
        tables[name] = _energy(found, sheet[first:], [columns.get((meter, name)) for meter in meters[role]])
    found.refuse()
    if clock is None:
        raise DataError(f"{found.source}: has no rows with a time, expected {LOOKS_LIKE}")
    got = tables["demand"], _less(tables["demand"], tables["shared"])
    gave = tables["supply"], tables["unused"]
    demand, unmet = energy.split(found, *got, list(meters["consumers"]), clock)
    supply, unused = energy.split(found, *gave, list(meters["producers"]), clock)
    for what, (whole, rest) in (("consumption", got), ("generation", gave)):
        energy.counted(found, f"{what} not measured", ~whole.present)
        energy.counted(found, f"{what} not yet evaluated", whole.present & ~rest.present)
    unbalanced, doubts = energy.balance(found, got, gave, clock, place)
    return Export(
        found.source,
        NAME,
        clock.start,
        SECONDS,
        place,
        meters["producers"],
        meters["consumers"],
        supply=supply,
        unused=unused,
        demand=demand,
        unmet=unmet,
        unbalanced=unbalanced,
        doubts=doubts,
        notes=(*found.notes, f"{found.source}: a time is read as the start of its quarter-hour"),
    )


def write(said: Export, path: Path) -> Written:
    """Write consumption, coverage, generation and surplus.

    Raises
    ------
    DataError
        If the export does not know what was left after sharing, or the extra is missing.
    """
    needed(said, "supply", "unused", "demand", "unmet", format=NAME)
    try:
        import xlsxwriter  # type: ignore[import-untyped]
    except ImportError:
        raise DataError(f"{path}: writing a workbook needs xlsxwriter: {EXTRA}") from None
    columns = list(_written(said))
    stamps = [f"{label:%d.%m.%Y %H:%M:%S}" for label in local_labels(said.start, said.zone).tolist()]

    def fill(part: Path) -> None:
        from datetime import datetime

        with xlsxwriter.Workbook(str(part), {"constant_memory": True, "in_memory": False}) as book:
            book.set_properties({"created": datetime(2000, 1, 1)})  # same content, same bytes
            page = book.add_worksheet("Energiedaten")
            for row, cells in enumerate(_heading(columns, stamps)):
                page.write_row(row, 0, cells)
            values = np.column_stack([wh for *_, wh in columns]) if columns else np.empty((len(stamps), 0))
            for k, (stamp, row) in enumerate(zip(stamps, values.tolist(), strict=True), _HEADING_ROWS):
                page.write_row(k, 0, [stamp, *(None if wh == MISSING else wh / WH_PER_KWH for wh in row)])

    unsaid = [name for name in ("pairs", "keys") if getattr(said, name) is not None]
    notes = tuple(
        f"{said.source}: {name} are not written, a workbook of {NAME} holds none" for name in unsaid
    )
    return Written((files.written(path, fill),), notes)


_HEADING_ROWS = 9


def _written(said: Export) -> list[tuple[str, str, str, Whole]]:
    """Meter, direction, Metercode and values of each column."""
    columns = []
    for name, ids, direction in (
        ("demand", said.consumers, "CONSUMPTION"),
        ("shared", said.consumers, "CONSUMPTION"),
        ("supply", said.producers, "GENERATION"),
        ("unused", said.producers, "GENERATION"),
    ):
        table = getattr(said, name)
        columns += [(meter, direction, WRITTEN[name], table[:, k]) for k, meter in enumerate(ids)]
    return columns


def _heading(columns: list[tuple[str, str, str, Whole]], stamps: list[str]) -> list[list[Any]]:
    span = (stamps[0], stamps[-1]) if stamps else ("", "")
    labels: dict[str, list[Any]] = {
        "MeteringpointID": [meter for meter, *_ in columns],
        "Name": [""] * len(columns),
        "Energy direction": [direction for _, direction, *_ in columns],
        "Period start": [span[0]] * len(columns),
        "Period end": [span[1]] * len(columns),
        "Metering Interval": ["QH"] * len(columns),
        "Number of Metering Intervals": [len(stamps)] * len(columns),
        "MeteringReason": [""] * len(columns),
        "Metercode": [code for _, _, code, _ in columns],
    }
    return [[name, *cells] for name, cells in labels.items()]


def _sheet(path: Path) -> tuple[Lines, pl.DataFrame, int]:
    """The page that speaks of metering points as text, and its first row that is a time."""
    try:
        import fastexcel
    except ImportError:
        raise DataError(f"{path}: reading a workbook needs fastexcel: {EXTRA}") from None
    text.raw(path, 4)
    try:
        book = fastexcel.read_excel(path)
        pages = [
            book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
            for name in book.sheet_names
        ]
    except (fastexcel.FastExcelError, OSError) as why:
        raise DataError(f"{path}: is no readable workbook ({str(why).splitlines()[0]})") from None
    for page in pages:
        frame = page.rename({name: str(k) for k, name in enumerate(page.columns)})
        if not frame.width:
            continue
        names = [lines.plain(cell or "") for cell in frame["0"].to_list()]
        if "meteringpointid" in names:
            is_time = frame["0"].str.contains(f"{_TIME}|{_ISO}|{_SERIAL}").fill_null(False)
            first = int(is_time.arg_max() or 0) if is_time.any() else frame.height
            return _as_lines(path, frame, first), frame, first
    raise DataError(f"{path.name}: no page has MeteringpointID in its first column, expected {LOOKS_LIKE}")


def _as_lines(path: Path, frame: pl.DataFrame, first: int) -> Lines:
    """Rows of the page by their numbers, to name faults with."""
    rows = {
        k + 1: "; ".join(str(cell) if cell is not None else "" for cell in row[:12]).encode()
        for k, row in enumerate(frame[:, :12].iter_rows())
    }
    numbers = np.arange(first + 1, frame.height + 1)
    return Lines(path.name, ";", tuple(frame.columns), [], numbers, rows)


def _columns(
    found: Lines, heading: pl.DataFrame
) -> tuple[dict[tuple[str, str], int], dict[str, tuple[str, ...]]]:
    """Which column tells which table of which meter, and the meters of each role in order of appearance."""
    rows = {lines.plain(row[0] or ""): (k, row) for k, row in enumerate(heading.iter_rows())}
    lacking = [name for name in ("MeteringpointID", "Metercode") if lines.plain(name) not in rows]
    if lacking:
        raise DataError(f"{found.source}: row {' and '.join(lacking)} is missing before the first time")
    line, ids = rows["meteringpointid"]
    codes = rows["metercode"][1]
    directions = rows.get("energy direction", (0, (None,) * len(ids)))[1]
    columns: dict[tuple[str, str], tuple[int, bool]] = {}
    meters: dict[str, dict[str, None]] = {"producers": {}, "consumers": {}}
    skipped: dict[str, int] = {}
    for k in range(1, len(ids)):
        meter = (ids[k] or "").strip()
        if meter.lower() in IGNORED:
            continue
        code = (codes[k] or "").strip()
        kind, partial = meaning(code, directions[k] or "")
        if kind is None or not kind.table:
            skipped[code] = skipped.get(code, 0) + 1
            continue
        before = columns.get((meter, kind.table))
        if before and before[1] == partial:
            found.faults.append((line + 1, f"meter {meter!r} has two columns {code!r}; which one holds?"))
        if not before or partial:
            columns[meter, kind.table] = k, partial
        meters[kind.role][meter] = None
    found.notes += [
        f"{found.source}: {count} columns {code!r} are not needed" for code, count in skipped.items()
    ]
    if not columns:
        found.faults.append((line + 1, "names no meter with a quantity that is known"))
    found.refuse()
    return {what: k for what, (k, _) in columns.items()}, {role: tuple(ids) for role, ids in meters.items()}


def _labels(found: Lines, cells: pl.Series) -> Times:
    """Wall-clock labels of the first column; spreadsheet days are brought to the quarter-hour."""
    import polars as pl

    words = cells.str.extract(_TIME, 1).str.to_datetime("%d.%m.%Y %H:%M:%S", strict=False, time_unit="ms")
    iso = cells.str.extract(_ISO, 1).str.replace("T", " ")
    words = words.fill_null(iso.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="ms"))
    labels = np.asarray(words.to_numpy()).astype("datetime64[s]")
    serial = cells.str.extract(_SERIAL, 1).cast(pl.Float64, strict=False).to_numpy()
    counted = ~np.isnan(serial)
    quarters = np.rint(np.where(counted, serial, 0) * (24 * 3600 / SECONDS)).astype(np.int64)
    labels = np.where(counted, SERIAL_EPOCH + quarters * np.timedelta64(SECONDS, "s"), labels)
    for row in np.flatnonzero(np.isnat(labels)).tolist():
        found.wrong(row, f"{cells[row]!r} is no time such as 01.02.2025 00:15:00")
    return labels


def _energy(found: Lines, body: pl.DataFrame, columns: list[int | None]) -> Energy:
    """Energy of columns, none where a meter lacks one."""
    values = np.full((body.height, len(columns)), np.nan)
    for place, k in enumerate(columns):
        if k is not None:
            values[:, place] = lines.numbers(found, body[str(k)], f"{k + 1}")
    return energy.read(found, values, [f"{k + 1}" if k is not None else "" for k in columns], 1)


def _less(whole: Energy, part: Energy) -> Energy:
    return Energy(np.where(part.present, whole.micro - part.micro, 0), part.present)
