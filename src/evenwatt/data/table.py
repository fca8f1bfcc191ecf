"""A table from outside, text or Parquet: words and numbers by column, every unreadable cell named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError
from evenwatt.data import text

if TYPE_CHECKING:
    import polars as pl

Array = npt.NDArray[np.float64]

EMPTY = ("", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "-")  # how programs write "no value"
_SPACES = "[ \u00a0\u2009\u202f']"  # thousands separators that cannot be mistaken for a decimal sign


@dataclass(frozen=True)
class Table:
    """Columns as they came.

    Attributes
    ----------
    source : str
        Name of the file, for messages.
    frame : polars.DataFrame
        Text columns as strings, number columns as floats; columns named by the header.
    place : str
        "line" or "row": what ``places`` counts.
    places : (R,) int64
        Where each row stands in the file, from 1.
    notes, faults : tuple of str
        What was assumed; what cannot be read.
    """

    source: str
    frame: pl.DataFrame
    place: str
    places: npt.NDArray[np.int64]
    notes: tuple[str, ...]
    faults: tuple[str, ...]

    def numbers(self, columns: list[str]) -> Array:
        """Number columns as one array, (R, n); NaN where a cell is empty."""
        import polars as pl

        return np.asarray(self.frame.select(pl.col(columns).cast(pl.Float64)).to_numpy())


def columns(path: Path) -> tuple[tuple[str, ...], str]:
    """Column names of a file in lower case, and its first row in words."""
    if not path.is_dir() and is_parquet(path):
        return tuple(str(name).strip() for name in _parquet(path, 1).columns), "(Parquet)"
    names, first = text.head(path)
    return names, first


def load(path: Path, numeric: Callable[[str], bool]) -> Table:
    """Read a table; columns for which ``numeric(name)`` holds become floats.

    Raises
    ------
    DataError
        If the file as a whole cannot be read; single cells are named in ``faults``.
    """
    return _from_parquet(path, numeric) if is_parquet(path) else _from_text(path, numeric)


def is_parquet(path: Path) -> bool:
    """Whether the file's first bytes say Parquet."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) == text.PARQUET
    except OSError:
        return False


def _from_text(path: Path, numeric: Callable[[str], bool]) -> Table:
    import polars as pl
    from polars.exceptions import PanicException, PolarsError

    unparsed = (PolarsError, PanicException)
    found = text.load(path)
    repeated = sorted({name for name in found.columns if name and found.columns.count(name) > 1})
    if repeated:
        raise DataError(f"{path.name}: line 1: column {repeated[0]!r} appears twice; rename one")
    if not len(found.lines):
        raise DataError(told_empty(path, found.faults))
    names = [name or f" {k}" for k, name in enumerate(found.columns)]
    kinds = {name: pl.Float64 if numeric(name) else pl.String for name in names}
    faults = list(found.faults)
    notes = list(found.notes)
    try:
        frame = _parse(found, dict(kinds))
    except unparsed:
        try:
            frame = _parse(found, dict.fromkeys(names, pl.String))
        except unparsed as error:
            # A lone quotation mark swallows the rest of the file, whatever its columns hold.
            raise DataError(
                f"{path.name}: cannot be parsed as a table ({str(error).splitlines()[0]}); look for a quotation mark "
                "without its pair"
            ) from None
        frame = _read_cells(frame, [n for n in names if kinds[n] == pl.Float64], found.lines, faults, notes)
    dropped = [name for name in names if name.startswith(" ")]
    return Table(path.name, frame.drop(dropped), "line", found.lines, tuple(notes), tuple(faults))


def told_empty(path: Path, faults: tuple[str, ...]) -> str:
    """Message for a table of a header only."""
    return f"{path.name}: has a header but no rows" + "".join(f"; {fault}" for fault in faults[:1])


def _parse(found: text.Text, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    import polars as pl

    return pl.read_csv(
        BytesIO(found.data),
        has_header=False,
        skip_rows=1,
        schema=schema,
        separator=found.delimiter,
        decimal_comma=found.decimal_comma,
        null_values=list(EMPTY),
    )


def _read_cells(
    frame: pl.DataFrame, names: list[str], lines: npt.NDArray[np.int64], faults: list[str], notes: list[str]
) -> pl.DataFrame:
    """Turn text to numbers cell by cell, naming what is no number."""
    import polars as pl

    for name in names:
        bare = frame[name].str.replace_all(_SPACES, "").replace(list(EMPTY), None)
        if (bare != frame[name]).any():
            notes.append(f"column {name!r}: spaces inside numbers are read as thousands separators")
        cells = bare.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        wrong = (cells.is_null() & bare.is_not_null()).to_numpy()
        faults += [
            f"line {lines[row]}, column {name!r}: {frame[name][row]!r} is not a number"
            for row in np.flatnonzero(wrong).tolist()
        ]
        frame = frame.with_columns(cells.alias(name))
    return frame


def _parquet(path: Path, rows: int | None = None) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.read_parquet(path, n_rows=rows)
    except (pl.exceptions.PolarsError, OSError) as why:
        raise DataError(f"{path}: the Parquet file is broken ({str(why).splitlines()[0]})") from None


def _from_parquet(path: Path, numeric: Callable[[str], bool]) -> Table:
    import polars as pl

    frame = _parquet(path)
    frame = frame.rename({name: name.strip() for name in frame.columns})
    if not frame.height:
        raise DataError(f"{path.name}: has columns but no rows")
    faults: list[str] = []
    places = np.arange(1, frame.height + 1)
    for name in [n for n in frame.columns if numeric(n)]:
        if not frame.schema[name].is_numeric():
            faults.append(f"column {name!r} holds {frame.schema[name]}, expected numbers")
            frame = frame.with_columns(pl.lit(None, pl.Float64).alias(name))
    return Table(path.name, frame, "row", places, (), tuple(faults))
