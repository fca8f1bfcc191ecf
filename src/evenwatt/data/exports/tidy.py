"""Tidy files: a meter, an interval and a role in each row, whole Wh; CSV or Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from evenwatt.core.errors import DataError, told
from evenwatt.core.meters import Times, Whole
from evenwatt.data import stamps, table, text
from evenwatt.data.exports import files, shown, times
from evenwatt.data.exports.export import MISSING, TOLERANCE_WH, Export, Written, needed
from evenwatt.data.exports.lines import Array

NAME = "tidy"
ZONE = "UTC"
START, METER, ROLE, MEASURED, AFTER = "interval_start_utc", "meter_id", "role", "measured_wh", "after_wh"
ROLES = ("producer", "consumer")
LOOKS_LIKE = f"{START}, {METER}, {ROLE} ({' | '.join(ROLES)}), {MEASURED} [, {AFTER}] [Wh]; CSV or Parquet"
LARGEST = 2**51  # [Wh]; beyond it a float could hide a fraction
USUAL_SECONDS = 900  # of a file that holds one interval only


def sniff(path: Path) -> bool:
    """Whether a file is of this kind, by its columns."""
    if not table.is_parquet(path) and b"\0" in text.raw(path, 4096):
        return False
    return {START, METER, ROLE, MEASURED} <= {name.lower() for name in table.columns(path)[0]}


def read(path: Path, *, zone: str | None = None, repair: Mapping[str, str] | None = None) -> Export:
    """Read a tidy file; rows may stand in any order, meters come in order of appearance.

    Parameters
    ----------
    zone : str, optional
        IANA zone of the settlement days, UTC if not said; the stamps are UTC.

    Raises
    ------
    DataError
        Naming every fault with its line, and showing the first wrong row.
    """
    times.known(zone or ZONE, repair)
    found = table.load(path, lambda name: name.lower() in (MEASURED, AFTER))
    found = replace(found, frame=found.frame.rename({name: name.lower() for name in found.frame.columns}))
    lacking = [name for name in (START, METER, ROLE, MEASURED) if name not in found.frame.columns]
    if lacking:
        raise DataError(f"{path.name}: column {lacking[0]!r} is missing, expected {LOOKS_LIKE}")
    moment, _, _, faults = stamps.read(found, START)
    side, meter, ids, wrong = _meters(found)
    faults = [*found.faults, *faults, *wrong]
    values = {}
    for name in (MEASURED, AFTER):
        if name in found.frame.columns:
            values[name], wrong = _whole(found, name)
            faults += wrong
    if faults:
        raise DataError(told(path.name, faults) + shown.wrong(path, faults))
    seconds, step = np.unique(moment.astype(np.int64), return_inverse=True)
    start = seconds.astype("datetime64[s]")
    faults = _twice(found, start, step, side, meter)
    tables: dict[str, Any] = {}
    for role, (whole, rest) in enumerate((("supply", "unused"), ("demand", "unmet"))):
        at = side == role
        for name, column in ((whole, MEASURED), (rest, AFTER)):
            if column in values:
                tables[name] = np.full((len(start), len(ids[role])), MISSING, dtype=np.int64)
                tables[name][step[at], meter[at]] = values[column][at]
    faults += _above(found, values)
    if faults:
        raise DataError(told(path.name, faults) + shown.wrong(path, faults))
    said = Export(
        path.name, NAME, start, _seconds(start), zone or ZONE, ids[0], ids[1], notes=found.notes, **tables
    )
    return _balanced(_counted(said))


def write(said: Export, path: Path) -> Written:
    """Write what was measured and what was left; Parquet where the name ends so, else CSV.

    Raises
    ------
    DataError
        If the export does not know what was measured.
    """
    import polars as pl

    needed(said, "supply", "demand", format=NAME)
    assert said.supply is not None
    assert said.demand is not None
    after = [said.unused, said.unmet]
    columns = {MEASURED: np.hstack([said.supply, said.demand])}
    notes = [
        f"{said.source}: {name} are not written, a tidy file holds none"
        for name in ("pairs", "keys")
        if getattr(said, name) is not None
    ]
    if any(rest is not None for rest in after):
        none = [np.full_like(whole, MISSING) for whole in (said.supply, said.demand)]
        columns[AFTER] = np.hstack(
            [blank if rest is None else rest for rest, blank in zip(after, none, strict=True)]
        )
    if sum(rest is None for rest in after) == 1:
        notes.append(
            f"{said.source}: what is left is known on one side only; the other is written as missing"
        )
    ids, steps = [*said.producers, *said.consumers], len(said.start)
    roles = [ROLES[0]] * len(said.producers) + [ROLES[1]] * len(said.consumers)
    frame = pl.DataFrame(
        {
            START: np.repeat(said.start.astype("datetime64[ms]"), len(ids)),
            METER: pl.Series(ids * steps, dtype=pl.String),
            ROLE: pl.Series(roles * steps, dtype=pl.String),
            **{name: wh.ravel() for name, wh in columns.items()},
        }
    ).with_columns(
        pl.col(START).dt.replace_time_zone("UTC"),
        *(pl.when(pl.col(name) != MISSING).then(pl.col(name)).alias(name) for name in columns),
    )
    if path.suffix.lower() == ".parquet":
        made = files.written(path, frame.write_parquet)
    else:
        made = files.written(path, lambda part: frame.write_csv(part, datetime_format="%Y-%m-%dT%H:%M:%SZ"))
    return Written((made,), tuple(notes))


def _meters(found: table.Table) -> tuple[Whole, Whole, tuple[tuple[str, ...], tuple[str, ...]], list[str]]:
    """Role and place of each row's meter, and the meters of each role in order of appearance."""
    import polars as pl

    pairs = found.frame.select(
        pl.col(METER).cast(pl.String).str.strip_chars().fill_null(""),
        pl.col(ROLE).cast(pl.String).str.strip_chars().str.to_lowercase().fill_null(""),
    )
    known = pairs.unique(maintain_order=True).with_row_index("k")
    place = pairs.join(known, on=[METER, ROLE], how="left", maintain_order="left")["k"].to_numpy()
    ids: tuple[list[str], list[str]] = ([], [])
    side, meter, faults = [], [], []
    for k, name, role in known.iter_rows():
        row = int(np.argmax(place == k)) if role not in ROLES or not name else 0
        where = f"{found.place} {found.places[row]}"
        if role not in ROLES:
            faults.append(f"{where}, column {ROLE!r}: {role!r}, expected {' or '.join(ROLES)}")
        if not name:
            faults.append(f"{where}, column {METER!r}: is empty")
        side.append(ROLES.index(role) if role in ROLES else 0)
        meter.append(len(ids[side[-1]]))
        ids[side[-1]].append(name)
    return np.array(side)[place], np.array(meter)[place], (tuple(ids[0]), tuple(ids[1])), faults


def _whole(found: table.Table, name: str) -> tuple[Whole, list[str]]:
    """A column of whole Wh; ``MISSING`` where a cell is empty."""
    values: Array = found.numbers([name])[:, 0]
    good = np.isnan(values) | ((values >= 0) & (values == np.floor(values)) & (values < LARGEST))
    faults = [
        f"{found.place} {found.places[row]}, column {name!r}: {values[row]:g} is no whole number of Wh from 0 on"
        for row in np.flatnonzero(~good).tolist()
    ]
    return np.where(np.isnan(values) | ~good, MISSING, values).astype(np.int64), faults


def _twice(found: table.Table, start: Times, step: Whole, side: Whole, meter: Whole) -> list[str]:
    code = (side * (meter.max(initial=0) + 1) + meter) * len(start) + step
    if np.bincount(code).max() == 1:
        return []
    _, first = np.unique(code, return_index=True)
    again = np.setdiff1d(np.arange(len(code)), first)
    names = found.frame[METER]
    return [
        f"{found.place} {found.places[row]}: meter {names[row]!r} tells {start[step[row]]} a second time"
        for row in again.tolist()
    ]


def _above(found: table.Table, values: dict[str, Whole]) -> list[str]:
    if AFTER not in values:
        return []
    measured, after = values[MEASURED], values[AFTER]
    return [
        f"{found.place} {found.places[row]}: {after[row]} Wh after sharing, "
        + (f"above {measured[row]} measured" if measured[row] != MISSING else "but none measured")
        for row in np.flatnonzero(after > measured).tolist()
    ]


def _seconds(start: Times) -> int:
    if len(start) < 2:
        return USUAL_SECONDS
    return int(np.diff(start).min() // np.timedelta64(1, "s"))


def _counted(said: Export) -> Export:
    notes = [
        f"{said.source}: {name}: {np.count_nonzero(flags)} values are missing, not zero"
        for name, flags in said.missing.items()
    ]
    return replace(said, notes=(*said.notes, *notes))


def _balanced(said: Export) -> Export:
    """The same, with the rows named in which what was got is not what was given."""
    got, gave = said.shared, said.given
    if got is None or gave is None or not got.size or not gave.size:
        return said
    off = said.complete & (np.abs(got.sum(axis=1) - gave.sum(axis=1)) > TOLERANCE_WH)
    rows = tuple(np.flatnonzero(off).tolist())
    words = tuple(
        f"{said.start[row]} UTC: consumers got {got[row].sum()} Wh, producers gave {gave[row].sum()} Wh"
        for row in rows
    )
    return replace(said, unbalanced=rows, doubts=words)
