"""A national file as delimited text: its cells by column, and what cannot be read shown row by row."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError, told
from evenwatt.data import text

if TYPE_CHECKING:
    import polars as pl

Array = npt.NDArray[np.float64]

ENCODINGS = ("utf-8-sig", "cp1250")  # what the portals write
SHOWN = 200  # letters of a wrong row that a message shows


@dataclass
class Lines:
    """The rows of a file, straightened, with its faults as they are found.

    Attributes
    ----------
    source : str
        Name of the file.
    delimiter : str
        What stands between cells.
    columns : tuple of str
        Names in the header; unnamed last columns are dropped.
    rows : list of bytes
        UTF-8, as many cells each as there are columns.
    numbers : (R,) int64
        Line of the file on which each row stands, from 1.
    as_found : dict of int to str
        What stands on each line, for messages.
    notes : list of str
        What was assumed.
    faults : list of (int, str)
        Line (0 for the whole file) and what is wrong with it.
    """

    source: str
    delimiter: str
    columns: tuple[str, ...]
    rows: list[bytes]
    numbers: npt.NDArray[np.int64]
    as_found: dict[int, bytes]
    notes: list[str] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)

    @property
    def top(self) -> int:
        """The line on which the header stands."""
        return min(self.as_found)

    def wrong(self, row: int, what: str) -> None:
        """Add a fault of a row."""
        self.faults.append((int(self.numbers[row]), what))

    def refuse(self) -> None:
        """Raise if there is a fault, all together, with the first wrong row as it stands.

        Raises
        ------
        DataError
            Naming line and column of each fault.
        """
        if not self.faults:
            return
        ordered = sorted(self.faults, key=lambda fault: fault[0])
        words = [f"line {line}: {what}" if line else what for line, what in ordered]
        line = next((line for line, _ in ordered if line), 0)
        shown = f"\n  first wrong row, line {line}: {_cut(self.as_found[line])}" if line else ""
        raise DataError(told(self.source, words) + shown)


def load(path: Path) -> Lines:
    """Read a delimited text file; crooked rows become faults.

    Raises
    ------
    DataError
        If there is no such file, it is empty or no text.
    """
    notes: list[str] = []
    return parse(path.name, decode(path.name, text.raw(path), notes), notes)


def parse(
    source: str, data: bytes, notes: list[str], delimiters: str = ";", *, width: int | None = None
) -> Lines:
    """Straighten the rows of a text; see :func:`decode` for its form.

    Parameters
    ----------
    delimiters : str
        What may stand between cells; the one that the first line has most of does.
    width : int, optional
        Number of cells in a row where there is no header; where it is not said, the first line is one.
    """
    found = [(k, row) for k, row in enumerate(data.split(b"\n"), 1) if row.strip()]
    if not found:
        raise DataError(f"{source}: is empty, expected a header and rows")
    first = found[0][1].decode()
    delimiter = max(delimiters, key=first.count)
    cells = [cell.strip().strip('"') for cell in first.split(delimiter)]
    while cells and not cells[-1]:
        cells.pop()
    columns = tuple(cells) if width is None else tuple(str(k + 1) for k in range(width))
    lines = Lines(source, delimiter, columns, [], np.empty(0, np.int64), dict(found), notes)
    _straighten(lines, found[1:] if width is None else found)
    return lines


def decode(source: str, data: bytes, notes: list[str]) -> bytes:
    """Text in UTF-8 without byte-order mark, lines ended by line feeds alone.

    Raises
    ------
    DataError
        If it is no text.
    """
    if b"\0" in data[:4096]:
        raise DataError(f"{source}: is not text")
    for encoding in ENCODINGS:
        try:
            words = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != ENCODINGS[0]:
            notes.append(f"{source}: is not UTF-8, read as {encoding}")
        return words.replace("\r\n", "\n").replace("\r", "\n").encode()
    raise DataError(f"{source}: is neither UTF-8 nor {ENCODINGS[1]}; save it as UTF-8")


def head(path: Path) -> tuple[list[str], str]:
    """Cells of the first line in lower case and without accents, and the second line, from the first bytes only."""
    start = text.raw(path, text.HEAD).removeprefix(b"\xef\xbb\xbf")
    rows = [row for row in start.splitlines() if row.strip()][:2]
    words = [_guessed(row).strip('"') for row in rows]
    delimiter = max(";,\t", key=words[0].count)
    return [plain(cell) for cell in words[0].split(delimiter)], words[1] if len(words) > 1 else ""


def _guessed(row: bytes) -> str:
    """A line in words before its encoding is known."""
    try:
        return row.decode()
    except UnicodeDecodeError:
        return row.decode(ENCODINGS[1], errors="replace")


def plain(name: str) -> str:
    """A column's name in lower case, without accents, quotes and outer spaces.

    Examples
    --------
    >>> plain(' "Čas od"')
    'cas od'
    """
    bare = unicodedata.normalize("NFKD", name.strip().strip('"').strip())
    return "".join(letter for letter in bare if not unicodedata.combining(letter)).lower()


def table(lines: Lines, numeric: list[int]) -> tuple[pl.DataFrame, Array]:
    """Cells of the other columns as text, and of the numeric ones as floats (R, n), NaN where empty.

    What is no number becomes a fault.
    """
    import polars as pl

    names = [str(k) for k in range(len(lines.columns))]
    chosen = {names[k] for k in numeric}
    words = [name for name in names if name not in chosen]
    figures = [names[k] for k in numeric]
    kinds: dict[str, type[pl.DataType]] = {
        name: pl.Float64 if name in chosen else pl.String for name in names
    }
    try:
        frame = _parse(lines, kinds)
        values = frame.select(figures).to_numpy()
        empty = sum(frame.select(figures).null_count().row(0)) if figures and len(frame) else 0
        if np.count_nonzero(~np.isfinite(values)) != empty:  # polars takes "nan" and "inf" for numbers
            raise pl.exceptions.ComputeError("not finite")
    except pl.exceptions.PolarsError:
        frame = _parse(lines, dict.fromkeys(names, pl.String))
        values = np.column_stack([numbers(lines, frame[str(k)], lines.columns[k]) for k in numeric])
    return frame.select(words), np.asarray(values, dtype=np.float64).reshape(len(frame), len(numeric))


def _parse(lines: Lines, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    import polars as pl

    if not lines.rows:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(
        BytesIO(b"\n".join(lines.rows)),
        has_header=False,
        schema=schema,
        separator=lines.delimiter,
        quote_char=None,
        decimal_comma=lines.delimiter != "," and any(b"," in row for row in lines.rows[:100]),
        null_values=[""],
    )


def numbers(lines: Lines, cells: pl.Series, name: str) -> Array:
    """A column of text as floats, NaN where empty; what is no number becomes a fault."""
    import polars as pl

    bare = cells.str.strip_chars().str.replace(",", ".", literal=True).replace("", None)
    good = bare.str.contains(r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$")
    for row in np.flatnonzero((~good).fill_null(False).to_numpy()).tolist():
        lines.wrong(row, f"column {name!r}: {cells[row]!r} is not a number")
    return np.asarray(bare.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy())


def _straighten(lines: Lines, body: list[tuple[int, bytes]]) -> None:
    """Bring every row to the header's number of cells; name those that have fewer or more."""
    mark, expected = lines.delimiter.encode(), len(lines.columns)
    numbers = []
    for line, row in body:
        bare = row.replace(b'"', b"").rstrip(b" \t" if mark != b"\t" else b" ")
        cells = bare.count(mark) + 1
        if not bare.strip(mark + b" "):
            continue
        while cells > expected and bare.endswith(mark):
            bare, cells = bare[:-1], cells - 1
        if cells != expected:
            lines.faults.append((line, f"{cells} cells, expected {expected}"))
            continue
        lines.rows.append(bare)
        numbers.append(line)
    lines.numbers = np.array(numbers, dtype=np.int64)
    _cut_off(lines, mark, expected)


def _cut_off(lines: Lines, mark: bytes, expected: int) -> None:
    """Notice a last row that lacks the separator which ends every row before it."""
    if len(lines.rows) < 2:
        return
    *before, last = (lines.as_found[int(k)].rstrip().count(mark) for k in lines.numbers)
    if last < expected <= min(before):
        lines.wrong(
            len(lines.rows) - 1, f"ends without {mark.decode()!r}, unlike the others: is the file cut off?"
        )


def _cut(row: bytes) -> str:
    shown = row.decode()
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}..."
