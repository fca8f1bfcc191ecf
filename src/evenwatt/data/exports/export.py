"""What an energy community's file says: what was measured, what was left after sharing, who gave to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError, gather
from evenwatt.core.meters import Times, Whole

MISSING = -1  # [Wh] or [units]; stands where a file has no value, since every true one is at least 0
TOLERANCE_WH = 10  # 0.01 kWh, the step in which such files are written

Flags = npt.NDArray[np.bool_]
Index = npt.NDArray[np.int64]

_IN_WORDS = ("source", "notes")  # what a file is called and what was assumed are no part of what it says


@dataclass(frozen=True)
class Pairs:
    """Who got how much from whom.

    Attributes
    ----------
    links : (L, 2) int64
        Producer and consumer of each pair, as places in the export's tuples.
    wh : (T, L) int64
        Shared energy; ``MISSING`` where the file has none [Wh].
    """

    links: Index
    wh: Whole

    def dense(self, producers: int, consumers: int) -> Whole:
        """Shared energy by producer and consumer, (T, I, J); 0 where there is no link [Wh]."""
        table = np.zeros((len(self.wh), producers, consumers), dtype=np.int64)
        table[:, self.links[:, 0], self.links[:, 1]] = self.wh
        return table


@dataclass(frozen=True, eq=False)
class Export:
    """A community's file in the terms of sharing: whole Wh, UTC, everything at least zero.

    A table that the format does not tell is ``None``; a value that the file leaves out is ``MISSING``,
    never zero. Two exports are equal when they say the same, whatever file said it.

    Attributes
    ----------
    source : str
        Name of the file.
    format : str
        Name of its format, one of ``FORMATS``.
    start : (T,) datetime64[s]
        Start of each interval, UTC, increasing; empty where keys hold at all times.
    seconds : int
        Length of an interval [s].
    zone : str
        IANA zone of the file's clock.
    producers, consumers : tuple of str
        Metering points; one may stand in both.
    supply : (T, I) int64 or None
        What each producer fed in [Wh].
    unused : (T, I) int64 or None
        What of it nobody of the community took [Wh].
    demand : (T, J) int64 or None
        What each consumer drew [Wh].
    unmet : (T, J) int64 or None
        What of it the community did not give [Wh].
    pairs : Pairs or None
        Who got how much from whom.
    keys : (T, I, J) or (1, I, J) int64 or None
        Which part of a producer a consumer may have; one table where it holds at all times [units].
    key_units : int
        How many units of ``keys`` are the whole: 10,000 where a key is told to 0.01 %.
    unbalanced : tuple of int
        Rows in which consumers got something else than producers gave, by more than 0.01 kWh.
    doubts : tuple of str
        The same in words, with the line of the file.
    notes : tuple of str
        What was assumed, counted or left out.
    """

    source: str
    format: str
    start: Times
    seconds: int
    zone: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    supply: Whole | None = None
    unused: Whole | None = None
    demand: Whole | None = None
    unmet: Whole | None = None
    pairs: Pairs | None = None
    keys: Whole | None = None
    key_units: int = 10_000
    unbalanced: tuple[int, ...] = ()
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        with gather(self.source) as faults:
            faults += _misfits(self)

    def __eq__(self, other: object) -> bool:
        """Whether both say the same."""
        if not isinstance(other, Export):
            return NotImplemented
        return all(
            _same(getattr(self, field.name), getattr(other, field.name))
            for field in fields(self)
            if field.name not in (*_IN_WORDS, "doubts")
        )

    __hash__ = None  # type: ignore[assignment]  # arrays inside

    @property
    def shared(self) -> Whole | None:
        """What each consumer got, (T, J); ``MISSING`` where not yet evaluated [Wh]."""
        return less(self.demand, self.unmet)

    @property
    def given(self) -> Whole | None:
        """What each producer gave, (T, I); ``MISSING`` where not yet evaluated [Wh]."""
        return less(self.supply, self.unused)

    @property
    def missing(self) -> dict[str, Flags]:
        """Where values are missing, by table; only tables in which some are."""
        absent = {name: table == MISSING for name, table in tables(self)}
        return {name: flags for name, flags in absent.items() if flags.any()}

    @property
    def complete(self) -> Flags:
        """Intervals in which every table has every value, (T,)."""
        whole = np.ones(len(self.start), dtype=bool)
        for flags in self.missing.values():
            whole &= ~flags.any(axis=1)
        return whole

    def take(self, rows: Flags | Index) -> Export:
        """Only some intervals, such as ``export.take(export.complete)``."""
        kept = np.arange(len(self.start))[rows]
        pairs = None if self.pairs is None else Pairs(self.pairs.links, self.pairs.wh[kept])
        keys = self.keys if self.keys is None or len(self.keys) == 1 else self.keys[kept]
        cut: dict[str, Any] = {name: table[kept] for name, table in tables(self) if name != "pairs"}
        place = {int(old): new for new, old in enumerate(kept)}
        still = [(place[row], n) for n, row in enumerate(self.unbalanced) if row in place]
        return replace(
            self,
            start=self.start[kept],
            pairs=pairs,
            keys=keys,
            unbalanced=tuple(row for row, _ in still),
            doubts=tuple(self.doubts[n] for _, n in still) if self.doubts else (),
            **cut,
        )


@dataclass(frozen=True)
class Written:
    """What a writer left behind.

    Attributes
    ----------
    paths : tuple of Path
        The files.
    notes : tuple of str
        What the format could not hold.
    loss : float
        Part of the shared energy that the format's rounding loses, a fraction.
    """

    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    loss: float = 0.0


def tables(export: Export) -> Iterator[tuple[str, Whole]]:
    """The energy tables an export has, each (T, n)."""
    for name in ("supply", "unused", "demand", "unmet"):
        if (table := getattr(export, name)) is not None:
            yield name, table
    if export.pairs is not None:
        yield "pairs", export.pairs.wh


def less(whole: Whole | None, rest: Whole | None) -> Whole | None:
    """The whole less the rest; ``MISSING`` where either is."""
    if whole is None or rest is None:
        return None
    return np.where((whole == MISSING) | (rest == MISSING), MISSING, whole - rest)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Pairs) and isinstance(other, Pairs):
        return bool(np.array_equal(one.links, other.links) and np.array_equal(one.wh, other.wh))
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other))
    return type(one) is type(other) and bool(one == other)


def _misfits(export: Export) -> Iterator[str]:
    steps, givers, takers = len(export.start), len(export.producers), len(export.consumers)
    width = {"supply": givers, "unused": givers, "demand": takers, "unmet": takers}
    width["pairs"] = 0 if export.pairs is None else len(export.pairs.links)
    for name, table in tables(export):
        if table.shape != (steps, width[name]):
            yield f"{name} has shape {table.shape}, expected {(steps, width[name])}"
        elif (table < MISSING).any():
            yield f"{name} holds {table.min()} Wh, expected at least 0, or {MISSING} where it is missing"
    if export.keys is not None and export.keys.shape not in {(n, givers, takers) for n in (1, steps)}:
        yield f"keys have shape {export.keys.shape}, expected {(steps, givers, takers)} or one table"
    for name, rest in (("unused", export.given), ("unmet", export.shared)):
        if rest is not None and (rest < MISSING).any():
            yield f"{name} is above what was measured"
    for name in ("producers", "consumers"):
        ids = getattr(export, name)
        if len(set(ids)) < len(ids):
            yield f"{name} name {next(i for i in ids if ids.count(i) > 1)!r} twice"


def needed(export: Export, *names: str, format: str) -> None:
    """Raise unless the export has these tables.

    Raises
    ------
    DataError
        Naming the tables that the format needs and the export lacks.
    """
    absent = [name for name in names if getattr(export, name) is None]
    if absent:
        raise DataError(f"{export.source}: has no {' and no '.join(absent)}, which a file of {format} needs")
