"""A delimited text file as it came: encoding, delimiter, decimal sign and crooked rows, found and stated."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError

PARQUET = b"PAR1"
GZIP = b"\x1f\x8b"
BLOCK = 1 << 21  # bytes looked at together, few enough for the cache
HEAD = 1 << 18  # bytes that are enough to know a file by
_FALLBACKS = ("cp1250", "cp1252")  # what spreadsheets in central and western Europe write


@dataclass(frozen=True)
class Text:
    """The rows of a text table, ready to be parsed.

    Attributes
    ----------
    data : bytes
        UTF-8 with line feeds, without byte-order mark, blank lines and crooked rows; header first.
    delimiter : str
        Comma, semicolon or tab.
    decimal_comma : bool
        Whether numbers are written 0,25.
    columns : tuple of str
        Names in the header, stripped.
    lines : (R,) int64
        Line of the file on which each row stands, from 1.
    notes, faults : tuple of str
        What was assumed; which rows cannot be read.
    """

    data: bytes
    delimiter: str
    decimal_comma: bool
    columns: tuple[str, ...]
    lines: npt.NDArray[np.int64]
    notes: tuple[str, ...]
    faults: tuple[str, ...]


def raw(path: Path, most: int | None = None) -> bytes:
    """Content of a file, decompressed; of a large file only its first bytes if ``most`` is given.

    Raises
    ------
    DataError
        If there is no such file, it is a folder, it is empty or its compression is broken.
    """
    if path.is_dir():
        raise DataError(f"{path}: is a folder, expected a file")
    try:
        with path.open("rb") as stream:
            data = stream.read() if most is None else stream.read(most)
    except OSError as why:
        raise DataError(f"{path}: cannot be read ({why.strerror})") from None
    if data.startswith(GZIP):
        try:
            data = gzip.decompress(data) if most is None else zlib.decompressobj(31).decompress(data, most)
        except (EOFError, zlib.error, gzip.BadGzipFile) as why:
            raise DataError(f"{path}: the gzip compression is broken ({why}); fetch the file again") from None
    if not data.strip():
        raise DataError(f"{path}: is empty, expected a header and rows")
    return data


def head(path: Path) -> tuple[tuple[str, ...], str]:
    """Column names of a text file and its first row as it stands, from its first bytes only."""
    text = _utf8(raw(path, HEAD), path, []).decode()
    lines = [line for line in text.splitlines() if line.strip()]
    return _header(lines[0], _delimiter(lines[0])), lines[1] if len(lines) > 1 else ""


def load(path: Path) -> Text:
    """Read a text table.

    Raises
    ------
    DataError
        If it is no text, or as :func:`raw`.
    """
    notes: list[str] = []
    data = _utf8(raw(path), path, notes)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    skipped = len(data) - len(data.lstrip(b"\n"))
    data = data.strip(b"\n")
    first = data.partition(b"\n")[0].decode()
    delimiter = _delimiter(first)
    columns = _header(first, delimiter)
    comma = delimiter != "," and _writes_commas(data, delimiter)
    if delimiter != ",":
        notes.append(f"{path.name}: delimiter {delimiter!r}, decimal {'comma' if comma else 'point'}")
    data, lines, faults = _straight(data, delimiter)
    if columns[-1] == "" and len(columns) > 1:
        notes.append(f"{path.name}: every row ends with a delimiter; the empty last column is dropped")
    return Text(data, delimiter, comma, columns, lines + skipped, tuple(notes), tuple(faults))


def _utf8(data: bytes, path: Path, notes: list[str]) -> bytes:
    """The same text in UTF-8, without byte-order mark."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        notes.append(f"{path.name}: read as UTF-16")
        return data.decode("utf-16", errors="replace").encode()
    if b"\0" in data[:4096]:
        raise DataError(f"{path}: is not text, expected CSV or Parquet")
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.isascii():
        return data
    for encoding in ("utf-8", *_FALLBACKS):
        try:
            told = data.decode(encoding)
        except UnicodeDecodeError as why:
            # The head of a file may end inside a character.
            if encoding == "utf-8" and why.reason == "unexpected end of data":
                return data[: why.start]
            continue
        if encoding != "utf-8":
            notes.append(f"{path.name}: is not UTF-8, read as {encoding}")
        return told.encode()
    raise DataError(f"{path}: is neither UTF-8 nor {' nor '.join(_FALLBACKS)}; save it as UTF-8")


def _delimiter(line: str) -> str:
    bare = re.sub(r'"[^"]*"', "", line)
    return max(",;\t", key=bare.count)


def _header(line: str, delimiter: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in next(csv.reader([line], delimiter=delimiter)))


def _writes_commas(data: bytes, delimiter: str) -> bool:
    cell = re.escape(delimiter)
    some = data[: 1 << 16].decode(errors="ignore")
    return bool(re.search(rf'(?m)(?:^|{cell})"?[+-]?\d*,\d+"?(?={cell}|$)', some))


def _straight(data: bytes, delimiter: str) -> tuple[bytes, npt.NDArray[np.int64], list[str]]:
    """Drop blank lines and rows whose number of cells differs from the header's; name the latter."""
    ends, before = _line_ends(data, delimiter)
    begins = np.append(0, ends[:-1] + 1)
    cells = np.diff(before, prepend=0) + 1
    blank = (ends - begins) == (cells - 1)
    expected = cells[0]
    crooked = ~blank & (cells != expected)
    lines = np.arange(1, len(ends) + 1)
    faults = [
        f"line {line}: {count} cells, expected {expected} as in the header"
        for line, count in zip(lines[crooked].tolist(), cells[crooked].tolist(), strict=True)
    ]
    keep = ~blank & ~crooked
    if not keep.all():
        kept = [data[a:b] for a, b in zip(begins[keep].tolist(), ends[keep].tolist(), strict=True)]
        data = b"\n".join(kept)
    return data, lines[keep][1:], faults


def _line_ends(data: bytes, delimiter: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where each line ends, and how many delimiters come before that; those in quotes do not count."""
    letters = np.frombuffer(data, dtype=np.uint8)
    quoted = b'"' in data
    inside, count = False, 0
    ends, before = [], []
    for first in range(0, len(letters), BLOCK):
        block = letters[first : first + BLOCK]
        is_delimiter, is_end = block == ord(delimiter), block == ord("\n")
        if quoted:
            within = np.logical_xor.accumulate(np.append(inside, block == ord('"')))[1:]
            inside = bool(within[-1])
            is_delimiter, is_end = is_delimiter & ~within, is_end & ~within
        end, delimiters = np.flatnonzero(is_end), np.flatnonzero(is_delimiter)
        ends.append(end + first)
        before.append(np.searchsorted(delimiters, end) + count)
        count += len(delimiters)
    return np.concatenate([*ends, [len(letters)]]), np.concatenate([*before, [count]])
