"""Keys of a case: which part of whose surplus each consumer may draw, from when to when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError, gather
from evenwatt.sharing.grid import proportional
from evenwatt.sharing.problem import GRID

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FILE = "keys.csv"
POOL = "*"  # in the place of a producer: all of them together
COLUMNS: Mapping[str, type] = {
    "consumer": str, "producer": str, "key": float, "priority": int, "valid_from": date, "valid_to": date,
}  # fmt: skip
NOISE = 1e-6  # a fraction read from text misses its multiple of the grid by much less [1/10,000]


@dataclass(frozen=True)
class KeyRow:
    """One link while it holds.

    Attributes
    ----------
    key : int
        Part of the producer's surplus that the consumer may draw in a round [1/10,000].
    priority : int
        The larger first; 0 is no link.
    valid_from, valid_to : date or None
        First and last day, both included.
    """

    consumer: str
    producer: str
    key: int
    priority: int
    valid_from: date | None = None
    valid_to: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the link holds on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )

    def meets(self, other: KeyRow) -> bool:
        """Whether two rows share a day."""
        first = max(self.valid_from or date.min, other.valid_from or date.min)
        last = min(self.valid_to or date.max, other.valid_to or date.max)
        return first <= last

    def to_dict(self) -> dict[str, Any]:
        """As a row of ``keys.csv``: the key as a fraction."""
        return {
            "consumer": self.consumer,
            "producer": self.producer,
            "key": self.key / GRID,
            "priority": self.priority,
            "valid_from": "" if self.valid_from is None else self.valid_from.isoformat(),
            "valid_to": "" if self.valid_to is None else self.valid_to.isoformat(),
        }


def read_keys(path: Path) -> tuple[KeyRow, ...]:
    """Read ``keys.csv``: consumer, producer, key (a fraction of at most four decimals), priority, and dates.

    Raises
    ------
    CaseError
        Naming every row whose key is not on the grid or not a share, or whose priority is below zero.
    DataError
        If a cell cannot be read.
    """
    from evenwatt.data import schema

    rows = schema.read_table(path, COLUMNS, required=("consumer", "producer", "key", "priority"))
    with gather(FILE, CaseError) as faults:
        for number, row in enumerate(rows, start=1):
            faults += _row_faults(number, row)
    return tuple(KeyRow(**{**row, "key": round(row["key"] * GRID)}) for row in rows)


def _row_faults(number: int, row: Mapping[str, Any]) -> Iterator[str]:
    who = f"row {number} ({row['producer']} to {row['consumer']})"
    key = row["key"] * GRID
    if not 0 <= row["key"] <= 1:
        yield f"{who}: key {row['key']:g}; expected a fraction from 0 to 1, such as 0.25 for a quarter"
    elif abs(key - round(key)) > NOISE:
        yield f"{who}: key {row['key']:.9g}; expected at most four decimals, such as {round(key) / GRID:.4f}"
    if row["priority"] < 0:
        yield f"{who}: priority {row['priority']}; expected a whole number, larger first, 0 for no link"


def faults_of(rows: Sequence[KeyRow], known: Iterable[str], *, is_pooled: bool) -> Iterator[str]:
    """Every contradiction of the rows by themselves: strangers, self-links, dates, pairs named twice."""
    members = set(known) | ({POOL} if is_pooled else set())
    held: dict[tuple[str, str], list[KeyRow]] = {}
    for number, row in enumerate(rows, start=1):
        who = f"{FILE}: row {number} ({row.producer} to {row.consumer})"
        if (row.producer == POOL) != is_pooled:
            yield f"{who}: {_pooled_fault(is_pooled)}"
            continue
        for column in ("consumer", "producer"):
            if (name := getattr(row, column)) not in members:
                yield f"{who}: {column} '{name}' is not in members.csv"
        if row.consumer == row.producer:
            yield f"{who}: a member does not share with itself; its own use comes first"
        if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
            yield f"{who}: valid_to {row.valid_to} is before valid_from {row.valid_from}"
        pair = (row.producer, row.consumer)
        if any(row.meets(other) for other in held.get(pair, [])):
            yield f"{who}: the pair appears twice on the same days; end the first row (valid_to)"
        held.setdefault(pair, []).append(row)


def _pooled_fault(is_pooled: bool) -> str:
    if is_pooled:
        return f"the rule knows one key of a consumer to all producers together; expected producer '{POOL}'"
    return f"'{POOL}' stands for all producers together, but the rule knows keys of each; expected a member"


def faults_together(rows: Sequence[KeyRow], most: int | None, *, sums_to_one: bool = False) -> Iterator[str]:
    """What is wrong with rows that hold on the same day: sums, equal priorities, too many links.

    Parameters
    ----------
    most : int or None
        Producers a consumer may have.
    sums_to_one : bool
        Whether keys must use up all there is.
    """
    given: dict[str, int] = {}
    ranks: dict[str, list[int]] = {}
    for row in rows:
        if row.priority:
            given[row.producer] = given.get(row.producer, 0) + row.key
            ranks.setdefault(row.consumer, []).append(row.priority)
    for producer, total in given.items():
        if total > GRID:
            yield f"{FILE}: keys of producer '{producer}' sum to {total / GRID:.4f}; expected at most 1"
        elif sums_to_one and total < GRID:
            yield f"{FILE}: keys of producer '{producer}' sum to {total / GRID:.4f}; the rule wants 1"
    for consumer, held in ranks.items():
        if len(set(held)) < len(held):
            yield (
                f"{FILE}: consumer '{consumer}': priorities {', '.join(map(str, sorted(held, reverse=True)))}; "
                "expected a different one for each of its producers"
            )
        if most is not None and len(held) > most:
            yield f"{FILE}: consumer '{consumer}' has {len(held)} producers; expected at most {most} (max_links)"


def arrays(rows: Iterable[KeyRow], producers: Sequence[str], consumers: Sequence[str]) -> tuple[Whole, Whole]:
    """Keys [1/10,000] and priorities of these rows, (I, J) int64 each; rows of others are left out."""
    row_of, column_of = ({name: k for k, name in enumerate(side)} for side in (producers, consumers))
    keys = np.zeros((len(producers), len(consumers)), dtype=np.int64)
    priority = np.zeros_like(keys)
    for row in rows:
        if row.producer in row_of and row.consumer in column_of:
            place = row_of[row.producer], column_of[row.consumer]
            keys[place], priority[place] = row.key, row.priority
    return keys, priority


def rows_of(
    keys: Whole, priority: Whole, producers: Sequence[str], consumers: Sequence[str]
) -> tuple[KeyRow, ...]:
    """The rows of keys (I, J), consumer by consumer in order of priority."""
    linked = [
        (j, -int(priority[i, j]), i)
        for j in range(len(consumers))
        for i in range(len(producers))
        if priority[i, j]
    ]
    return tuple(KeyRow(consumers[j], producers[i], int(keys[i, j]), -rank) for j, rank, i in sorted(linked))


def by_weight(linked: Flags, weight: Array) -> Whole:
    """Keys of each producer in proportion to its consumers' weights, on the grid, (I, J) int64.

    Where no linked consumer weighs anything all of them count alike; a producer without links gives nothing.

    Examples
    --------
    >>> by_weight(np.array([[True, True, False], [False, False, False]]), np.array([1.0, 2.0, 5.0]))
    array([[3333, 6667,    0],
           [   0,    0,    0]])
    """
    parts = np.where(linked, weight, 0.0)
    parts = np.where((parts.sum(axis=1) > 0)[:, None], parts, linked.astype(np.float64))
    return proportional(parts)
