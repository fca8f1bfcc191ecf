"""Read one series from a file as it came: wholesale prices, or the generation of a plant or a country."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError, ProblemError, gather
from evenwatt.core.meters import Times
from evenwatt.data import stamps, table, text
from evenwatt.data.clock import offset_seconds
from evenwatt.data.imports import layout as layouts
from evenwatt.data.imports.answers import is_answer, read_answer
from evenwatt.data.imports.layout import Kind, Layout
from evenwatt.data.imports.wall_clock import Read, instants_of
from evenwatt.data.series import Series, Track, laid, lengths, spans

Array = npt.NDArray[np.float64]

REPAIRS = {"clock-changes": ("normalised",), "missing": ("hold", "leave-out")}
NO_CLOCK = (
    "stamps carry no offset; say --timezone (a clock that changes, e.g. Europe/Prague) "
    "or --offset (fixed, e.g. +01:00)"
)
_MTU = r"^\s*(\d{2})[./](\d{2})[./](\d{4})\s+(\d{2}:\d{2})"


@dataclass(frozen=True)
class Wholesale:
    """One series of a file.

    Attributes
    ----------
    source : str
        Name of the file.
    layout : str
        How the file is written.
    kind : str
        ``prices`` or ``generation``.
    column : str
        What the file calls it.
    series : Series
        One column, of the same name as ``column``.
    notes : tuple of str
        What was assumed, repaired or left out.
    """

    source: str
    layout: str
    kind: Kind
    column: str
    series: Series
    notes: tuple[str, ...]

    @property
    def value(self) -> Array:
        """The values, (T,)."""
        return self.series.columns[self.column]


def read_series(
    path: Path | str,
    *,
    kind: Kind | None = None,
    column: str | None = None,
    zone: str | None = None,
    offset: str | None = None,
    first: np.datetime64 | None = None,
    last: np.datetime64 | None = None,
    repair: Mapping[str, str] | None = None,
) -> Wholesale:
    r"""Read one column of a file of series, on a clock that is certain.

    Parameters
    ----------
    path : path
        CSV (plain or gzip) or Parquet of a known layout; or an answer of energy-charts (JSON) or
        ENTSO-E (XML, zip) as it was downloaded.
    kind : "prices" or "generation", optional
        What to look for; prices where the file has them.
    column : str, optional
        Which column, where several could be meant.
    zone, offset : str, optional
        Clock of stamps without an offset: an IANA zone whose clock changes, or a fixed offset.
    first, last : datetime64, optional
        Intervals that start outside ``[first, last)`` are left out before anything is judged.
    repair : mapping, optional
        ``clock-changes=normalised`` for files in which every day has 24 hours; ``missing=hold`` (the
        last value stands) or ``missing=leave-out``.

    Raises
    ------
    DataError
        Naming every fault at once: unreadable cells, instants told twice, gaps, labels that do not exist.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "prices.csv"
    ...     _ = file.write_text("time,price_eur_mwh\n2026-01-01T00:00Z,40.5\n2026-01-01T01:00Z,-3\n")
    ...     said = read_series(file)
    >>> said.kind, said.value.tolist(), said.series.seconds.tolist()
    ('prices', [40.5, -3.0], [3600, 3600])
    """
    file, policies = Path(path), dict(repair or {})
    _known(policies)
    told = (
        _answer(file, kind)
        if is_answer(text.raw(file, 512))
        else _told(file, kind, column, zone, offset, policies)
    )
    return _judged(told, first, last, policies.get("missing"))


@dataclass(frozen=True)
class _Told:
    """What a file says, before anybody has judged it."""

    source: str
    layout: str
    kind: Kind
    track: Track
    notes: tuple[str, ...]
    faults: tuple[str, ...] = ()


def _answer(file: Path, kind: Kind | None) -> _Told:
    track, notes = read_answer(file, kind)
    return _Told(file.name, "answer", "prices", track, notes)


def _told(
    file: Path,
    kind: Kind | None,
    column: str | None,
    zone: str | None,
    offset: str | None,
    policies: Mapping[str, str],
) -> _Told:
    layout, columns = layouts.recognise(file)
    found, name = layouts.chosen(file.name, layout, columns, kind, column)
    time, lengthy = layouts.time_column(layout, columns), [c for c in columns if c == "seconds"]
    held = _loaded(file, (name, *lengthy))
    normalised = layout.normalised or policies.get("clock-changes") == "normalised"
    read = _instants(held, layout, time, zone, offset, normalised)
    factor, unit = _factor(name)
    values = held.numbers([name])[:, 0] * factor
    track, wrong = _track(name, read, values, held.numbers(lengthy)[:, 0] if lengthy else None)
    notes = (*held.notes, *read.notes, *unit)
    return _Told(file.name, layout.name, found, track, notes, (*held.faults, *read.faults, *wrong))


def _loaded(file: Path, numeric: tuple[str, ...]) -> table.Table:
    import polars as pl

    try:
        return table.load(file, lambda name: name in numeric)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise DataError(
            f"{file.name}: cannot be read as a table; look for a quote that is opened and not closed"
        ) from None


def _known(policies: Mapping[str, str]) -> None:
    with gather("--repair", DataError) as faults:
        for fault, policy in policies.items():
            if policy not in REPAIRS.get(fault, ()):
                known = ", ".join(f"{name}={p}" for name, held in REPAIRS.items() for p in held)
                faults.append(f"{fault}={policy} is not known for series; there are {known}")


def _instants(
    held: table.Table, layout: Layout, time: str, zone: str | None, offset: str | None, normalised: bool
) -> Read:
    """Where each row stands in time."""
    labels, utc, said, wrong = stamps.read(_bare_stamps(held, time) if layout.name == "mtu" else held, time)
    rows = np.flatnonzero(~np.isnat(labels))
    clock = zone or ("UTC" if "utc" in time.lower() else layout.zone)
    if utc:
        return Read(labels[rows], rows, tuple(said), tuple(wrong))
    if offset is not None:
        shift = np.timedelta64(offset_seconds(offset), "s")
        said.append(f"stamps are read at the fixed offset UTC{offset}")
        return Read(labels[rows] - shift, rows, tuple(said), tuple(wrong))
    if clock is None:
        return Read(labels[rows], rows, tuple(said), (*wrong, NO_CLOCK))
    said.append(f"stamps are read on the clock of {clock}" + ("" if zone else ", as this layout has it"))
    read = instants_of(labels, clock, normalised=normalised)
    return Read(read.start, read.rows, (*said, *read.notes), (*wrong, *read.faults))


def _bare_stamps(held: table.Table, time: str) -> table.Table:
    """``01/02/2026 00:00:00 - 01/02/2026 00:15:00 (CET)`` as a stamp of its beginning."""
    import polars as pl

    cells = held.frame[time]
    parts = [cells.str.extract(_MTU, k) for k in (1, 2, 3, 4)]
    shift = (
        pl.when(cells.str.contains(r"\(CEST\)"))
        .then(pl.lit("+02:00"))
        .when(cells.str.contains(r"\(CET\)"))
        .then(pl.lit("+01:00"))
        .otherwise(pl.lit(""))
    )
    bare = parts[2] + "-" + parts[1] + "-" + parts[0] + "T" + parts[3]
    frame = held.frame.with_columns((bare.fill_null(cells) + pl.select(shift).to_series()).alias(time))
    return table.Table(held.source, frame, held.place, held.places, held.notes, held.faults)


def _factor(name: str) -> tuple[float, tuple[str, ...]]:
    """What makes the file's unit the one we use, and what is to be said of it."""
    if re.search(r"kwh", name, re.IGNORECASE):
        return 1000.0, (f"column '{name}' is per kWh; times 1000",)
    return 1.0, ()


def _track(name: str, read: Read, values: Array, seconds: Array | None) -> tuple[Track, list[str]]:
    """The column in order of time, each instant once, and what is wrong with it."""
    order = np.argsort(read.start, kind="stable")
    start = read.start[order]
    again = np.insert(np.diff(start) == np.timedelta64(0, "s"), 0, False)[: len(start)]
    faults = []
    if again.any():
        shown = ", ".join(f"{str(instant)[:16]}Z" for instant in start[again][:4])
        faults.append(f"{again.sum()} instants are told twice: {shown}; an interval may have one value")
    start, rows = start[~again], read.rows[order][~again]
    told = seconds[rows] if seconds is not None else np.full(len(rows), np.nan)
    if (told > 0).all():
        return Track(name, "", start, told.astype(np.int64), values[rows]), faults
    if seconds is not None:
        faults.append("column 'seconds' holds lengths that are not above 0")
    try:
        length = lengths(start)
    except ProblemError as why:
        faults.append(str(why))
        length = np.full(len(start), 3600)
    return Track(name, "", start, length, values[rows]), faults


def _judged(
    told: _Told, first: np.datetime64 | None, last: np.datetime64 | None, policy: str | None
) -> Wholesale:
    """The series within the period, complete or mended as named; all faults in one error."""
    name, notes = told.track.name, list(told.notes)
    series = laid([told.track], first, last)
    present = np.flatnonzero(~np.isnan(series.columns[name]))
    if len(present):
        # What lies before the first value and after the last is no gap.
        series = _rows(series, slice(int(present[0]), int(present[-1]) + 1))
    with gather(told.source, DataError) as faults:
        faults += told.faults
        if not len(present):
            faults.append(f"column '{name}' holds no value" + _within(first, last, told.track.start))
        elif not faults:
            series = _mended(series, name, policy, notes, faults)
    return Wholesale(told.source, told.layout, told.kind, name, series, (*notes, *series.notes))


def _mended(series: Series, name: str, policy: str | None, notes: list[str], faults: list[str]) -> Series:
    value = series.columns[name]
    empty = np.isnan(value)
    gaps = [*series.gaps(), *zip(series.start[empty], series.end[empty], strict=True)]
    if not gaps:
        return series
    hours = sum((b - a) / np.timedelta64(3600, "s") for a, b in gaps)
    told = f"{hours:g} hours in {len(gaps)} gaps without a value: {spans(sorted(gaps))}"
    if policy is None:
        faults.append(
            f"{told}; --repair missing=hold lets the value before stand, missing=leave-out leaves them out"
        )
        return series
    notes.append(f"{told}; mended: {policy}")
    # A row holds until the next one, so that leaving a row out holds the price before it.
    return _rows(series, ~empty)


def _rows(series: Series, rows: slice | npt.NDArray[np.bool_]) -> Series:
    columns = {name: values[rows] for name, values in series.columns.items()}
    return Series(
        series.start[rows], series.seconds[rows], columns, series.units, series.known[rows], series.notes
    )


def _within(first: np.datetime64 | None, last: np.datetime64 | None, start: Times) -> str:
    if not len(start) or (first is None and last is None):
        return ""
    return f" in the period asked for; the file tells {str(start.min())[:16]}Z to {str(start.max())[:16]}Z"
