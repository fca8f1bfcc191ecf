"""What an unknown file looks like, for the message that refuses it."""

from __future__ import annotations

import re
from pathlib import Path

from evenwatt.core.errors import DataError
from evenwatt.data import table, text
from evenwatt.data.exports import lines

LETTERS = 200  # of columns and of a row
_PLACE = re.compile(r"line (\d+)")


def opening(path: Path) -> tuple[str, str]:
    """Columns of a file and its first row, cut to what a message can show."""
    start = text.raw(path, 8)
    if start.startswith(b"PK"):
        return "(a zip archive or a workbook)", ""
    if table.is_parquet(path):
        columns, first = table.columns(path)
        return ", ".join(columns)[:LETTERS], first
    if b"\0" in text.raw(path, 4096):
        raise DataError(f"{path}: is not text, expected a table")
    names, row = lines.head(path)
    return ", ".join(names)[:LETTERS], row[:LETTERS]


def wrong(path: Path, faults: list[str]) -> str:
    """The first wrong row of a text file as it stands, after faults that begin with their line."""
    places = [int(found[1]) for fault in faults if (found := _PLACE.match(fault))]
    if not places or table.is_parquet(path):
        return ""
    rows = lines.decode(path.name, text.raw(path), []).split(b"\n")
    return f"\n  first wrong row, line {min(places)}: {rows[min(places) - 1].decode()[:LETTERS]}"
