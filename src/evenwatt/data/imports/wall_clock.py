"""Labels of a wall clock as instants, for series: also where every day was made to have 24 hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Times
from evenwatt.data.clock import meanings

Index = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Read:
    """Instants, and which row of the file each comes from."""

    start: Times
    rows: Index
    notes: tuple[str, ...]
    faults: tuple[str, ...]


def instants_of(labels: Times, zone: str, *, normalised: bool) -> Read:
    """Give each label of a series its instant.

    A label that the autumn change repeats means the earlier instant where it first appears, and the
    later one where it appears again. Where it appears once, ``normalised`` lets it stand for both
    hours, and drops the label that the spring change skips; else both are faults.

    Parameters
    ----------
    labels : (R,) naive datetime64[s]
        In file order; NaT where the cell was no stamp.
    zone : str
        IANA name.
    normalised : bool
        Whether every day was made to have 24 hours.

    Examples
    --------
    >>> hours = np.arange("2026-10-25T01", "2026-10-25T05", dtype="datetime64[h]").astype("datetime64[s]")
    >>> instants_of(hours, "Europe/Prague", normalised=True).rows.tolist()
    [0, 1, 1, 2, 3]
    """
    early, late = meanings(np.where(np.isnat(labels), np.datetime64("2000-01-01", "s"), labels), zone)
    skipped = np.isnat(early) & ~np.isnat(labels)
    double = (early != late) & ~skipped & ~np.isnat(labels)
    again = _appeared_before(labels) & double
    alone = double & ~np.isin(labels, labels[again])
    kept = ~skipped & ~np.isnat(labels)
    start, rows = np.where(again, late, early)[kept], np.flatnonzero(kept)
    faults: list[str] = []
    notes: list[str] = []
    if again.any():
        notes.append(f"{again.sum()} labels of autumn appear twice; read in file order")
    if normalised and (skipped.any() or alone.any()):
        start = np.concatenate([start, late[alone]])
        rows = np.concatenate([rows, np.flatnonzero(alone)])
        notes.append(
            f"every day of the file has 24 hours: {skipped.sum()} rows of spring hours that do not exist are dropped, "
            f"{alone.sum()} rows of autumn hours stand for both"
        )
    elif not normalised:
        faults += _told(labels[skipped], f"do not exist in {zone}")
        faults += _told(labels[alone], f"may mean two instants in {zone} and appear once")
    order = np.lexsort((rows, start))
    return Read(start[order], rows[order], tuple(notes), tuple(faults))


def _appeared_before(labels: Times) -> npt.NDArray[np.bool_]:
    _, first = np.unique(labels, return_index=True)
    again = np.ones(len(labels), dtype=bool)
    again[first] = False
    return again


def _told(labels: Times, what: str) -> list[str]:
    if not len(labels):
        return []
    shown = ", ".join(str(label)[:16] for label in labels[:4])
    more = f" and {len(labels) - 4} more" if len(labels) > 4 else ""
    return [
        f"labels {shown}{more} {what}; if every day was made to have 24 hours say "
        "--repair clock-changes=normalised, if the clock never changes say --offset"
    ]
