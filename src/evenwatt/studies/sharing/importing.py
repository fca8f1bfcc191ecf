"""A national data centre's file as plain meters and shares, ready for a case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError, DataError

if TYPE_CHECKING:
    import polars as pl

    from evenwatt.data.exports import Export

Whole = npt.NDArray[np.int64]

METERS, SHARES, KEYS = "meters.csv", "shares.csv", "keys-by-interval.csv"
FORMATS = {
    "cz": ("edc-all", "edc-pair"),
    "at": ("eda",),
    "fr": ("enedis",),
    "pt": ("e-redes",),
    "es": ("spain",),
}


@dataclass(frozen=True)
class Imported:
    """What was read and written.

    Attributes
    ----------
    export : Export
        As read.
    paths : tuple of Path
        The files written.
    notes : tuple of str
        What was assumed, counted or left out.
    """

    export: Export
    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def read_export(path: Path, country: str | None = None, zone: str | None = None) -> Export:
    """Read a national file, and refuse one of another country than was said.

    Raises
    ------
    CaseError
        If no format of that country is known.
    DataError
        If the file is of another, or cannot be read.
    """
    from evenwatt.data import exports

    if country is not None and country not in FORMATS:
        raise CaseError(f"--country '{country}': there are {', '.join(FORMATS)}")
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder")
    held = exports.read(path, zone=zone)
    if country is not None and held.format not in (*FORMATS[country], "tidy"):
        raise DataError(
            f"{path}: is a file of {held.format}; files of '{country}' are {', '.join(FORMATS[country])}"
        )
    return held


def import_export(path: Path, out: Path, *, country: str | None = None, zone: str | None = None) -> Imported:
    """Write what a national file says as ``meters.csv`` and, where it tells them, shares and keys.

    ``meters.csv`` has interval_start (UTC), meter, role, wh, and is what ``evenwatt init --meters`` takes; a value
    that the file leaves out has no row. ``shares.csv`` has interval_start, producer, consumer, wh; without pairs
    in the file the producer is empty.

    Raises
    ------
    DataError
        If the file cannot be read, holds nothing, or ``out`` holds such files already.
    """
    held = read_export(path, country, zone)
    tables = {METERS: _meters(held), SHARES: _shares(held), KEYS: _keys(held)}
    found = {name: frame for name, frame in tables.items() if frame is not None}
    if not found:
        raise DataError(f"{path}: holds neither meters nor shares nor keys")
    taken = [name for name in found if (out / name).exists()]
    if taken:
        raise DataError(f"{out}: holds {', '.join(taken)} already; name another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    for name, frame in found.items():
        frame.write_csv(out / name)
    doubts = tuple(f"rows that do not balance: {doubt}" for doubt in held.doubts)
    return Imported(held, tuple(out / name for name in found), (*held.notes, *doubts))


def _stamps(held: Export) -> list[str]:
    return [f"{stamp}Z" for stamp in held.start.astype("datetime64[s]").astype(str).tolist()]


def _long(held: Export, columns: dict[str, list[str]], wh: Whole) -> pl.DataFrame:
    """Rows of a table (T, n) with the words of its columns; what is missing has no row."""
    import polars as pl

    t, k = np.nonzero(wh >= 0)
    stamps = np.array(_stamps(held), dtype=object)
    words = {name: np.array(values, dtype=object)[k].tolist() for name, values in columns.items()}
    return pl.DataFrame({"interval_start": stamps[t].tolist(), **words, "wh": wh[t, k]})


def _meters(held: Export) -> pl.DataFrame | None:
    import polars as pl

    sides = list(_sides(held))
    if not sides:
        return None
    return pl.concat(
        [_long(held, {"meter": names, "role": [role] * len(names)}, wh) for role, names, wh in sides]
    ).sort("interval_start", "meter", maintain_order=True)


def _sides(held: Export) -> Iterator[tuple[str, list[str], Whole]]:
    if held.supply is not None:
        yield "generation", list(held.producers), held.supply
    if held.demand is not None:
        yield "consumption", list(held.consumers), held.demand


def _shares(held: Export) -> pl.DataFrame | None:
    if held.pairs is not None:
        giving, taking = held.pairs.links.T
        names = {
            "producer": [held.producers[i] for i in giving],
            "consumer": [held.consumers[j] for j in taking],
        }
        return _long(held, names, held.pairs.wh)
    if held.shared is None:
        return None
    return _long(
        held, {"producer": [""] * len(held.consumers), "consumer": list(held.consumers)}, held.shared
    )


def _keys(held: Export) -> pl.DataFrame | None:
    """Keys as fractions; one table without times where they hold at all times."""
    import polars as pl

    if held.keys is None:
        return None
    t, i, j = np.nonzero(held.keys > 0)
    stamps = np.array(_stamps(held) if len(held.keys) == len(held.start) else [""], dtype=object)
    return pl.DataFrame(
        {
            "interval_start": stamps[t].tolist(),
            "producer": [held.producers[k] for k in i],
            "consumer": [held.consumers[k] for k in j],
            "key": held.keys[t, i, j] / held.key_units,
        }
    )
