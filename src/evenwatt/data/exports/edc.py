"""What both files of the Czech data centre (EDC) share: rows by quarter-hour of the local clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError
from evenwatt.core.meters import Times
from evenwatt.data.clock import local_labels
from evenwatt.data.exports import files, lines, times
from evenwatt.data.exports.lines import Array, Lines

ZONE = "Europe/Prague"
SECONDS = 900
OPENING = ("datum", "cas od", "cas do")


def opens(path: Path) -> list[str]:
    """Names of a file's columns after the three that every EDC file begins with; none if it is no EDC file."""
    columns, _ = lines.head(path)
    if tuple(columns[:3]) != OPENING:
        return []
    return [name.upper() for name in columns[3:] if name]


def load(path: Path) -> Lines:
    """Rows of an EDC file.

    Raises
    ------
    DataError
        If its first columns are not those of EDC, or there are no rows.
    """
    found = lines.load(path)
    if tuple(lines.plain(name) for name in found.columns[:3]) != OPENING:
        got = "; ".join(found.columns[:4])
        raise DataError(f"{path.name}: line {found.top} begins {got!r}, expected 'Datum;Cas od;Cas do'")
    repeated = sorted(name for name, count in Counter(found.columns).items() if count > 1)
    found.faults += [(found.top, f"column {name!r} appears twice; which one holds?") for name in repeated]
    if not found.rows and not found.faults:
        found.faults.append((found.top, "has a header but no rows"))
    return found


def cells(found: Lines, zone: str, repair: Mapping[str, str]) -> tuple[Array, times.Clock]:
    """Numbers of all columns after the third, and when the rows are.

    Raises
    ------
    DataError
        Naming every cell that cannot be read, and every row that cannot be placed in time.
    """
    found.refuse()
    frame, values = lines.table(found, list(range(3, len(found.columns))))
    day = times.days(found, frame["0"], found.columns[0])
    begin = times.minutes(found, frame["1"], found.columns[1])
    end = times.minutes(found, frame["2"], found.columns[2])
    times.ends(found, begin, end, SECONDS // 60)
    since = np.where(begin < 0, 0, begin) * np.timedelta64(60, "s")
    labels: Times = np.asarray(day.astype("datetime64[s]") + since, dtype="datetime64[s]")
    clock = times.instants(found, labels, zone, SECONDS, repair)
    if clock is None:
        found.refuse()
        raise DataError(f"{found.source}: has no rows")
    return values, clock


def save(
    path: Path,
    names: list[str],
    columns: npt.NDArray[np.object_],
    start: Times,
    zone: str,
    *,
    encoding: str,
    newline: str,
) -> Path:
    """Write an EDC file: header, then a row for each quarter-hour, every line ended by a semicolon."""
    begin = local_labels(start, zone)
    end = local_labels(start + np.timedelta64(SECONDS, "s"), zone)
    rows = [";".join(["Datum", "Cas od", "Cas do", *names]) + ";"]
    for first, last, cells in zip(begin.tolist(), end.tolist(), columns.tolist(), strict=True):
        rows.append(f"{first:%d.%m.%Y;%H:%M};{last:%H:%M};{';'.join(cells)};")
    return files.text(path, newline.join([*rows, ""]), encoding)
