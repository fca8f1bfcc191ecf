"""One settlement day as rows of a parquet file, and back; newer readings on top of older ones."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Meters, Register, Status, Whole

if TYPE_CHECKING:
    import polars as pl


def frame(meters: Meters, versions: np.ndarray) -> pl.DataFrame:
    """One row per register of the meters of a day."""
    import polars as pl

    measured = (meters.status == Status.MEASURED).all(axis=0)
    status = pl.select(pl.when(~pl.Series(measured)).then(_lists(meters.status.T))).to_series()
    first = np.full(len(meters.registers), meters.start[0].astype("datetime64[ms]"))
    return pl.DataFrame(
        {
            "register": [r.id for r in meters.registers],
            "meter": [r.meter for r in meters.registers],
            "direction": [r.direction for r in meters.registers],
            "label": [r.label for r in meters.registers],
            "first": pl.Series(first).dt.replace_time_zone("UTC"),
            "seconds": pl.Series([meters.seconds] * len(meters.registers), dtype=pl.Int32),
            "wh": _lists(meters.wh.T.astype(np.int32)),
            "status": status,
            "version": pl.Series(versions, dtype=pl.Int32),
        }
    )


def _lists(block: np.ndarray) -> pl.Series:
    import polars as pl

    # List, not Array: a scan over days of 92, 96 and 100 intervals fails on Array.
    return pl.Series(np.ascontiguousarray(block)).arr.to_list()


def meters_of(rows: pl.DataFrame, zone: str, notes: tuple[str, ...]) -> Meters:
    """The newest version of each register of one day's rows."""
    import polars as pl

    if rows["version"].max() != 1:
        newest = pl.col("version") == pl.col("version").max().over("register")
        rows = rows.filter(newest)
    seconds = int(rows["seconds"][0])
    first = (
        rows["first"].dt.replace_time_zone(None).cast(pl.Datetime("ms")).to_numpy().astype("datetime64[s]")
    )
    lengths = rows["wh"].list.len().to_numpy().astype(np.int64)
    begin = ((first - first.min()) // np.timedelta64(seconds, "s")).astype(np.int64)
    steps = int((begin + lengths).max())
    if (lengths == steps).all() and rows["status"].null_count() == rows.height:
        wh = np.ascontiguousarray(rows["wh"].explode().to_numpy().reshape(-1, steps).T.astype(np.int64))
        status = np.zeros(wh.shape, dtype=np.uint8)
    else:
        wh, status = _scattered(rows, begin, lengths, steps)
    registers = tuple(
        Register(id, meter, direction, label)
        for id, meter, direction, label in rows.select("register", "meter", "direction", "label").iter_rows()
    )
    start = first.min() + np.arange(steps) * np.timedelta64(seconds, "s")
    return Meters(start, wh, status, registers, seconds, zone, notes)


def _scattered(
    rows: pl.DataFrame, begin: Whole, lengths: Whole, steps: int
) -> tuple[Whole, npt.NDArray[np.uint8]]:
    """Readings and status of rows that begin or end at different times, missing where none reaches."""
    import polars as pl

    wh = np.zeros((steps, rows.height), dtype=np.int64)
    status = np.full((steps, rows.height), Status.MISSING, dtype=np.uint8)
    # Explode drops empty lists and turns a null list into one null, so measured rows are filled first.
    filled = rows.select(
        "wh", pl.col("status").fill_null(pl.lit(0, pl.UInt8).repeat_by(pl.col("wh").list.len()))
    ).explode("wh", "status")
    column = np.repeat(np.arange(rows.height), lengths)
    row = np.arange(len(column)) - np.repeat(np.cumsum(lengths) - lengths - begin, lengths)
    wh[row, column] = filled["wh"].to_numpy()
    status[row, column] = filled["status"].to_numpy()
    return wh, status


def corrections(old: Meters, new: Meters, old_rows: pl.DataFrame) -> pl.DataFrame:
    """Rows for the registers of ``new`` that say something ``old`` did not."""
    merged = _overlay(old, new)
    span = np.searchsorted(merged.start, old.start)
    known = {r.id: k for k, r in enumerate(old.registers)}
    newest = dict(old_rows.group_by("register").agg(_newest()).iter_rows())
    changed = []
    for k, register in enumerate(merged.registers):
        at = known.get(register.id)
        status = np.full(len(merged.start), Status.MISSING, dtype=np.uint8)
        wh = np.zeros(len(merged.start), dtype=np.int64)
        if at is not None:
            status[span], wh[span] = old.status[:, at], old.wh[:, at]
        if at is None or (status != merged.status[:, k]).any() or (wh != merged.wh[:, k]).any():
            changed.append(k)
    versions = np.array([newest.get(merged.registers[k].id, 0) + 1 for k in changed], dtype=np.int64)
    return frame(_columns(merged, changed), versions).cast(old_rows.schema)


def _newest() -> pl.Expr:
    import polars as pl

    return pl.col("version").max()


def _overlay(old: Meters, new: Meters) -> Meters:
    """Both, with the readings of ``new`` on top wherever it has any."""
    return joined([old, new])


def joined(parts: list[Meters]) -> Meters:
    """Meters over all instants and registers of the parts; later parts win where both have a reading."""
    registers = {r.id: r for part in parts for r in part.registers}
    same = all(part.registers == parts[0].registers for part in parts)
    follows = all(a.start[-1] < b.start[0] for a, b in pairwise(parts))
    if same and follows:
        start = np.concatenate([part.start for part in parts])
        wh = np.concatenate([part.wh for part in parts])
        status = np.concatenate([part.status for part in parts])
    else:
        start = np.unique(np.concatenate([part.start for part in parts]))
        column = {register: k for k, register in enumerate(registers)}
        wh = np.zeros((len(start), len(registers)), dtype=np.int64)
        status = np.full(wh.shape, Status.MISSING, dtype=np.uint8)
        for part in parts:
            places = np.array([column[r.id] for r in part.registers], dtype=np.int64)
            cells = np.ix_(np.searchsorted(start, part.start), places)
            wh[cells] = np.where(part.missing, wh[cells], part.wh)
            status[cells] = np.where(part.missing, status[cells], part.status)
    one = parts[0]
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    return Meters(start, wh, status, tuple(registers.values()), one.seconds, one.zone, notes)


def _columns(meters: Meters, order: list[int]) -> Meters:
    registers = tuple(meters.registers[k] for k in order)
    return Meters(
        meters.start,
        meters.wh[:, order],
        meters.status[:, order],
        registers,
        meters.seconds,
        meters.zone,
        meters.notes,
    )
