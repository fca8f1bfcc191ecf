"""The keys that a data centre applied, found again in what it published: before and after sharing."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenwatt.core.errors import CaseError, DataError
from evenwatt.sharing.problem import GRID
from evenwatt.studies.sharing.importing import read_export
from evenwatt.studies.sharing.keys import rows_of
from evenwatt.studies.template import write_csv

if TYPE_CHECKING:
    from evenwatt.data.exports import Export
    from evenwatt.sharing.infer import Inferred

Row = dict[str, Any]

MOST_TOLD = 20  # cells that no key explains, told one by one
ENOUGH = 0.98  # of all cells; below it the keys are no good


@dataclass(frozen=True)
class Found:
    """Keys found in a file.

    Attributes
    ----------
    rows : sequence of dict
        As ``keys.csv``, with the range of keys that explain as much (``least``, ``most``).
    rounds : int
        Of the rule.
    matched : float
        Part of all cells that the keys give back.
    intervals, cells : int
        How many were looked at, and how many cells no key explains.
    mismatches : sequence of dict
        The first of these: when, who, found and replayed [Wh].
    notes : sequence of str
        What was left out, and what is in doubt.
    """

    rows: list[Row]
    rounds: int
    matched: float
    intervals: int
    cells: int
    mismatches: list[Row]
    notes: list[str]

    @property
    def is_good(self) -> bool:
        """Whether the keys explain enough to be believed."""
        return self.matched >= ENOUGH

    def to_dict(self) -> Row:
        """As plain JSON types."""
        return {
            "rows": self.rows, "rounds": self.rounds, "matched": self.matched, "intervals": self.intervals,
            "cells": self.cells, "mismatches": self.mismatches, "notes": self.notes,
        }  # fmt: skip


def infer(
    place: Path,
    *,
    country: str | None = None,
    zone: str | None = None,
    rounds: int | None = None,
    quantum: int = 10,
) -> Found:
    """Find the keys behind a national file, or behind the shares of a case.

    Parameters
    ----------
    place : Path
        A national file (or several in a folder) with values before and after sharing, or a case with a
        ``shares.csv`` beside its tables, as ``evenwatt data import`` writes it.
    rounds : int, optional
        Of the rule; tries 1 to 6 where it is not said.
    quantum : int
        The rule rounds every share down to a multiple of this [Wh].

    Raises
    ------
    DataError
        If the file does not hold both supply, demand and shares.
    """
    held = _held(place, country, zone)
    whole = held.take(held.complete)
    _check(whole, place)
    found, doubts = _inferred(whole, rounds, quantum)
    left_out = len(held.start) - len(whole.start)
    notes = [f"intervals that are not complete and were left out: {left_out:,}"] if left_out else []
    return Found(
        rows=_rows(whole, found),
        rounds=int(found.rounds),
        matched=float(found.matched),
        intervals=len(whole.start),
        cells=len(found.mismatches),
        mismatches=_mismatches(whole, found),
        notes=[*notes, *doubts, *_doubts(whole, found), *held.notes],
    )


def _held(place: Path, country: str | None, zone: str | None) -> Export:
    """What is known of a national file, or of a case with the shares of its members."""
    from evenwatt.studies.case import load
    from evenwatt.studies.sharing.measured_shares import beside_readings

    if (place / "case.toml").is_file():
        return beside_readings(load(place))
    return read_export(place, country, zone)


def _check(held: Export, file: Path) -> None:
    lacking = [name for name in ("supply", "demand", "unmet") if getattr(held, name) is None]
    if held.pairs is not None:
        lacking = [name for name in lacking if name != "unmet"]
    if lacking:
        raise DataError(
            f"{file}: holds no {', '.join(lacking)}; keys are found in what was measured and what was left after "
            "sharing (a Czech 'all' file, and with several producers its pair file beside it in one folder)"
        )
    if not len(held.start):
        raise DataError(f"{file}: no interval has every value, so no key can be found")


def _inferred(held: Export, rounds: int | None, quantum: int) -> tuple[Inferred, list[str]]:
    from evenwatt.sharing.infer import MatchWarning, infer_keys

    assert held.supply is not None
    assert held.demand is not None
    pairs = None if held.pairs is None else held.pairs.dense(len(held.producers), len(held.consumers))
    shared = held.shared if held.shared is not None else pairs.sum(axis=1)  # type: ignore[union-attr]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", MatchWarning)
        found = infer_keys(held.supply, held.demand, shared, pairs=pairs, rounds=rounds, quantum=quantum)
    return found, [str(one.message) for one in told if issubclass(one.category, MatchWarning)]


def _rows(held: Export, found: Inferred) -> list[Row]:
    rows = rows_of(found.keys, np.where(found.keys > 0, found.priority, 0), held.producers, held.consumers)
    place = {(a, b): (i, j) for i, a in enumerate(held.producers) for j, b in enumerate(held.consumers)}
    made = []
    for row in rows:
        low, high = found.interval[place[row.producer, row.consumer]]
        made.append({**row.to_dict(), "least": int(low) / GRID, "most": int(high) / GRID})
    return made


def _mismatches(held: Export, found: Inferred) -> list[Row]:
    return [
        {
            "interval_start": f"{held.start[cell.row]}Z",
            "consumer": held.consumers[cell.consumer],
            "found_wh": cell.found,
            "replayed_wh": cell.replayed,
        }
        for cell in found.mismatches[:MOST_TOLD]
    ]


def _doubts(held: Export, found: Inferred) -> list[str]:
    told = []
    if len(found.possible_rounds) > 1:
        listed = ", ".join(map(str, found.possible_rounds))
        told.append(f"the same keys explain as much with {listed} rounds")
    if found.undecided:
        who = ", ".join(held.consumers[j] for j in found.undecided)
        told.append(f"the order of producers is open, wholly or in part, for {who}")
    return told


def write_keys(found: Found, path: Path) -> None:
    """Write the keys as ``keys.csv``.

    Raises
    ------
    CaseError
        If the file exists.
    """
    if path.exists():
        raise CaseError(f"{path}: exists already; choose another name or remove it")
    columns = ("consumer", "producer", "key", "priority", "valid_from", "valid_to")
    write_csv(path, [{name: row[name] for name in columns} for row in found.rows])
