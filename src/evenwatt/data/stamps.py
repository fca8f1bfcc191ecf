"""Time stamps in text or columns: naive labels or instants, and the cells that are neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Times
from evenwatt.data.table import Table

if TYPE_CHECKING:
    import polars as pl

EARLIEST, LATEST = np.datetime64("1900", "Y"), np.datetime64("2200", "Y")
_ISO = r"^\s*(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::(\d{2}))?(?:[.,]0+)?\s*(Z|z|[+-]\d{2}:?\d{2})?\s*$"
_CZECH = r"^\s*(\d{1,2}\.\s?\d{1,2}\.\s?\d{4})\s+(\d{1,2}:\d{2})(?::(\d{2}))?\s*$"


def read(table: Table, column: str) -> tuple[Times, bool, list[str], list[str]]:
    """Stamps of a table's column, none outside the years in which meters stand.

    Returns
    -------
    stamps : (R,) datetime64[s]
        Instants in UTC, or naive labels; NaT where the cell is no stamp.
    utc : bool
        Whether they are instants.
    notes, faults : list of str
        What was assumed; which cells are no stamps.
    """
    stamps, utc, notes, faults = _stamps(table, column)
    odd = (stamps < EARLIEST) | (stamps >= LATEST)
    faults += _unread(table, column, np.asarray(odd), f"lies outside {EARLIEST} to {LATEST}")
    return stamps, utc, notes, faults


def _stamps(table: Table, column: str) -> tuple[Times, bool, list[str], list[str]]:
    import polars as pl

    cells = table.frame[column]
    if cells.dtype == pl.Date or not (cells.dtype.is_temporal() or cells.dtype == pl.String):
        faults = [f"column {column!r} holds {cells.dtype}, expected time stamps"]
        return np.full(len(cells), np.datetime64("NaT", "s")), False, [], faults
    if cells.dtype != pl.String:
        utc = getattr(cells.dtype, "time_zone", None) is not None
        naive = cells.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if utc else cells
        stamps = _seconds(naive)
        return stamps, utc, [], _unread(table, column, np.isnat(stamps), "is empty")
    return _words(table, column, cells)


def _words(table: Table, column: str, cells: pl.Series) -> tuple[Times, bool, list[str], list[str]]:
    import polars as pl

    distinct, place = _distinct(cells)
    notes = []
    naive, offset = _parsed(distinct, _ISO, "%Y-%m-%d %H:%M:%S")
    if naive.null_count() == len(naive):
        naive, offset = _parsed(distinct, _CZECH, "%d.%m.%Y %H:%M:%S")
        if naive.null_count() < len(naive):
            notes.append(f"{table.source}: stamps are read as day.month.year")
    shift = pl.select(
        (pl.lit(offset.str.slice(1, 2).cast(pl.Int64, strict=False)) * 3600)
        + pl.lit(offset.str.slice(-2, 2).cast(pl.Int64, strict=False)) * 60
    ).to_series()
    sign = offset.str.starts_with("-").fill_null(False).to_numpy()
    seconds = shift.fill_null(0).to_numpy() * np.where(sign, -1, 1)
    stamps = (_seconds(naive) - seconds.astype("timedelta64[s]"))[place]
    aware = offset.is_not_null().to_numpy()[place]
    faults = _unread(table, column, np.isnat(stamps), "is not a time stamp such as 2026-06-01T00:15:00Z")
    if aware.any() and not aware[~np.isnat(stamps)].all():
        faults += _unread(
            table, column, ~aware & ~np.isnat(stamps), "has no offset while other stamps have one"
        )
    return stamps, bool(aware.any()), notes, faults


def _distinct(cells: pl.Series) -> tuple[pl.Series, npt.NDArray[np.int64]]:
    """Each different text once, and where each row finds its own."""
    import polars as pl

    frame = cells.alias("cell").to_frame()
    known = frame.unique(maintain_order=True).with_row_index("place")
    if known.height == len(cells):
        return cells, np.arange(len(cells))
    placed = frame.join(known, on="cell", how="left", nulls_equal=True, maintain_order="left")
    return known["cell"], placed["place"].cast(pl.Int64).to_numpy()


def _parsed(cells: pl.Series, pattern: str, form: str) -> tuple[pl.Series, pl.Series]:
    import polars as pl

    part = [cells.str.extract(pattern, k) for k in (1, 2, 3)]
    offset = (
        cells.str.extract(pattern, 4) if pattern == _ISO else pl.Series([None] * len(cells), dtype=pl.String)
    )
    whole = part[0].str.replace_all(" ", "") + " " + part[1] + ":" + part[2].fill_null("00")
    return whole.str.to_datetime(form, strict=False, time_unit="ms"), offset.str.replace("^[Zz]$", "+00:00")


def _seconds(naive: pl.Series) -> Times:
    import polars as pl

    return np.asarray(naive.cast(pl.Datetime("ms")).to_numpy().astype("datetime64[s]"))


def _unread(table: Table, column: str, wrong: npt.NDArray[np.bool_], what: str) -> list[str]:
    cells = table.frame[column]
    return [
        f"{table.place} {table.places[row]}, column {column!r}: {cells[row]!r} {what}"
        for row in np.flatnonzero(wrong).tolist()
    ]
