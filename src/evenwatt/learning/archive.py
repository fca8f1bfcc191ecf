"""A history on disk: a folder of parquet parts that only ever grows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError, gather
from evenwatt.learning.columns import Array, Axis, Column, Times, flat
from evenwatt.learning.history import History

if TYPE_CHECKING:
    import polars as pl

FORMAT = 1
HEAD, PART = "history.json", "part-{:06d}.parquet"
NEVER = np.datetime64("NaT", "s")
KNOWN = ".known"  # a column's times stand beside it
LABEL = "label."


def write(history: History, folder: Path | str) -> None:
    """Write a new folder; see :func:`append` for its form.

    Raises
    ------
    DataError
        If the folder holds a history already.
    """
    place = Path(folder)
    if (place / HEAD).exists():
        raise DataError(f"{place}: holds a history already; append to it, or name another folder")
    append(history, place)


def append(history: History, folder: Path | str) -> int:
    """Add a history's rows to a folder, made if need be: one new part, or none if nothing is new.

    A row that is there already is written again only if something in it was revised or has become known;
    the older row stays. Parts are written under another name first, so an interrupted append leaves the
    folder as it was.

    Parameters
    ----------
    history : History
        Of the same suppliers, agents and interval length as the folder's.
    folder : path
        ``history.json`` says who there is; ``part-000001.parquet`` and so on hold one row per interval:
        start, gate, each column as a flat list with ``NAME.known``, each label.

    Returns
    -------
    int
        How many rows the new part holds.

    Raises
    ------
    DataError
        If the folder's history is of others, or another row of the same interval has another gate.
    """
    if history.context is not None:
        raise DataError("a view for deciding is not a history; append the history it was taken from")
    place = Path(folder)
    held = read(place) if (place / HEAD).exists() else None
    parts = [part for part in _vintages(history, held) if part.height]
    if held is None or set(history.columns) - set(held.columns):
        place.mkdir(parents=True, exist_ok=True)
        _write_head(place, history, held)
    for number, part in enumerate(parts, start=len(_parts(place)) + 1):
        _replaced(place / PART.format(number), part.write_parquet)
    return sum(part.height for part in parts)


def read(folder: Path | str) -> History:
    """Read a folder that :func:`append` wrote, every vintage in its place.

    Raises
    ------
    DataError
        If there is no history, or a part does not fit; names the file.
    """
    import polars as pl

    place = Path(folder)
    head = _head(place)
    shapes = _tails(head)
    parts = []
    for path in _parts(place):
        try:
            parts.append(pl.read_parquet(path))
        except (OSError, pl.exceptions.PolarsError) as why:
            raise DataError(f"{path}: cannot be read ({why})") from None
    starts = [part["start"].to_numpy().astype("M8[s]") for part in parts]
    start = np.unique(np.concatenate(starts)) if parts else np.empty(0, "M8[s]")
    gate = np.full(len(start), np.datetime64("NaT", "s"))
    labels = {name: np.full(len(start), "", dtype=object) for name in head["labels"]}
    for part, own in zip(parts, starts, strict=True):
        rows = np.searchsorted(start, own)
        gate[rows] = part["gate"].to_numpy().astype("M8[s]")
        for name, texts in labels.items():
            if LABEL + name in part.columns:
                texts[rows] = part[LABEL + name].to_list()
    told = list(zip(parts, starts, strict=True))
    columns = {
        name: column
        for name, axis in head["columns"].items()
        if (column := _stacked(name, axis, shapes[axis], start, told)) is not None
    }
    return History(
        start,
        head["seconds"],
        head["suppliers"],
        head["agents"],
        gate,
        columns,
        {name: texts.astype(np.str_) for name, texts in labels.items()},
    )


def _stacked(
    name: str, axis: Axis, tail: tuple[int, ...], start: Times, parts: list[tuple[pl.DataFrame, Times]]
) -> Column | None:
    """A column with its revisions: what each part says anew of a row is that row's next vintage."""
    levels: list[tuple[Array, Times]] = []
    depth = np.zeros(len(start), dtype=np.int64)  # vintages that each row has
    for part, own in parts:
        if name not in part.columns:
            continue
        rows = np.searchsorted(start, own)
        values = part[name].explode().to_numpy().reshape(len(own), *tail)
        known = part[name + KNOWN].to_numpy().astype("M8[s]")
        said = ~np.isnat(known)
        for level in np.unique(depth[rows[said]]):
            some = said & (depth[rows] == level)
            if level == len(levels):
                levels.append((np.full((len(start), *tail), np.nan), np.full(len(start), NEVER)))
            levels[level][0][rows[some]], levels[level][1][rows[some]] = values[some], known[some]
        depth[rows[said]] += 1
    if not levels:
        return None
    first, *later = levels
    return Column(first[0], axis, first[1], [Column(values, axis, known) for values, known in later])


def _vintages(history: History, held: History | None) -> Iterator[pl.DataFrame]:
    """A table of rows for the first values, then for each revision, without what is held already."""
    import polars as pl

    old = _matched(history, held)
    most = max((len(column.revisions) for column in history.columns.values()), default=0)
    for level in range(most + 1):
        told = {
            name: vintage
            for name, column in history.columns.items()
            for vintage in list(column.vintages)[level : level + 1]
        }
        fresh = {name: _fresh(history, name, vintage, held, old) for name, vintage in told.items()}
        unheard = np.zeros(len(history), dtype=np.bool_) if level else old < 0
        rows = np.flatnonzero(np.any([unheard, *fresh.values()], axis=0))
        table: dict[str, Any] = {"start": _ms(history.start[rows]), "gate": _ms(history.gate[rows])}
        for name, vintage in told.items():
            table[name] = pl.Series(flat(vintage.values)[rows], dtype=_dtype(vintage))
            table[name + KNOWN] = _ms(np.where(fresh[name], vintage.known, NEVER)[rows])
        if not level:
            table |= {LABEL + name: texts[rows].tolist() for name, texts in history.labels.items()}
        yield pl.DataFrame(table)


def _matched(history: History, held: History | None) -> npt.NDArray[np.int64]:
    """The held row of the same interval, -1 where there is none, (T,).

    Raises
    ------
    DataError
        If the histories are of others, or tell the same interval's gate or labels otherwise.
    """
    if held is None:
        return np.full(len(history), -1)
    with gather("history") as faults:
        for what in ("seconds", "suppliers", "agents"):
            mine, other = getattr(held, what), getattr(history, what)
            if mine != other:
                faults.append(f"the folder's {what} are {mine}, found {other}; use another folder")
    place = np.searchsorted(held.start, history.start)
    there = place < len(held)
    there[there] = held.start[place[there]] == history.start[there]
    with gather("history") as faults:
        for row in np.flatnonzero(there):
            if held.gate[place[row]] != history.gate[row]:
                faults.append(f"{history.start[row]}: gate {history.gate[row]}; held {held.gate[place[row]]}")
        for name in sorted(set(held.labels) & set(history.labels)):
            mine, other = held.labels[name][place[there]], history.labels[name][there]
            for row in np.flatnonzero(mine != other):
                faults.append(f"{history.start[there][row]}: {name} '{other[row]}'; held '{mine[row]}'")
    return np.where(there, place, -1)


def _fresh(
    history: History, name: str, vintage: Column, held: History | None, old: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Rows in which this vintage says something that is not held, (T,).

    Raises
    ------
    DataError
        If it contradicts what is held as known at the same time or later.
    """
    said = flat(vintage.values)
    fresh = ~np.isnat(vintage.known) & ~np.isnan(said).all(axis=1)
    if held is None or name not in held.columns:
        return np.asarray(fresh)
    newest = np.full(len(history), NEVER)
    for other in held.columns[name].vintages:
        known = np.where(old >= 0, other.known[old], NEVER) if len(held) else newest
        same = known == vintage.known
        same[same] = _alike(said[same], flat(other.values)[old[same]])
        fresh &= ~same
        newest = np.fmax(newest, known)
    with gather("history") as faults:
        for row in np.flatnonzero(fresh & (vintage.known <= newest)):
            faults.append(
                f"column '{name}' of {history.start[row]}: another value known at {vintage.known[row]} than "
                f"the one held, known at {newest[row]}; a revision is known later than what it revises"
            )
    return np.asarray(fresh)


def _alike(one: Array, other: Array) -> npt.NDArray[np.bool_]:
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    return np.asarray(same.all(axis=1))


def _ms(times: Times) -> Times:
    return times.astype("M8[ms]")  # the coarsest that parquet knows


def _dtype(column: Column) -> Any:
    import polars as pl

    width = int(np.prod(column.values.shape[1:]))
    return pl.Array(pl.Float64, width)


def _tails(head: Mapping[str, Any]) -> dict[Axis, tuple[int, ...]]:
    s, n = len(head["suppliers"]), len(head["agents"])
    return {"interval": (), "supplier": (s,), "agent": (n,), "link": (s, n), "player": (s + n,)}


def _parts(place: Path) -> list[Path]:
    return sorted(place.glob("part-*.parquet"))


def _head(place: Path) -> dict[str, Any]:
    try:
        head: dict[str, Any] = json.loads((place / HEAD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as why:
        raise DataError(
            f"{place / HEAD}: cannot be read ({why}); expected a folder that holds a history"
        ) from None
    if head.get("format") != FORMAT:
        raise DataError(f"{place / HEAD}: format {head.get('format')}; this version reads format {FORMAT}")
    return head


def _write_head(place: Path, history: History, held: History | None) -> None:
    columns = {**(held.columns if held else {}), **history.columns}
    labels = sorted({*(held.labels if held else {}), *history.labels})
    head = {
        "format": FORMAT,
        "seconds": history.seconds,
        "suppliers": list(history.suppliers),
        "agents": list(history.agents),
        "columns": {name: column.axis for name, column in sorted(columns.items())},
        "labels": labels,
    }
    text = json.dumps(head, indent=1, ensure_ascii=False) + "\n"
    _replaced(place / HEAD, lambda path: path.write_text(text, encoding="utf-8"))


def _replaced(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside the file, then put it in place in one step."""
    partial = path.with_name(path.name + ".partial")
    write(partial)
    os.replace(partial, path)
