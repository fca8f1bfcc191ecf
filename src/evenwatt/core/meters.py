"""Meters: time x register, whole watt-hours, UTC, with local settlement days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError, gather

if TYPE_CHECKING:
    import polars as pl

Whole = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]
Direction = Literal["consumption", "generation"]


class Status(IntEnum):
    """How a reading came about."""

    MEASURED = 0
    ESTIMATED = 1
    MISSING = 2
    CORRECTED = 3


@dataclass(frozen=True)
class Register:
    """One counted direction of one metering point.

    Attributes
    ----------
    id : str
        Unique within the meters.
    meter : str
        The metering point; several registers may share one.
    direction : "consumption" or "generation"
        Both count upwards from zero; a file's own sign convention ends at its reader.
    label : str
        What a reader of reports sees instead of the id.
    """

    id: str
    meter: str
    direction: Direction
    label: str = ""


@dataclass(frozen=True)
class Day:
    """A local calendar day and the rows of the meters that belong to it."""

    date: date
    rows: slice


@dataclass(frozen=True)
class Meters:
    """Energy per interval and register.

    Attributes
    ----------
    start : (T,) datetime64[s]
        Start of each interval, UTC, strictly increasing.
    wh : (T, n) int64
        Energy [Wh], non-negative; 0 where ``status`` is missing, which no rule may read.
    status : (T, n) uint8
        :class:`Status` of each reading.
    registers : sequence of Register
        One per column.
    seconds : int
        Length of an interval [s].
    zone : str
        IANA time zone of the settlement days.
    notes : sequence of str
        What the reader assumed or rounded, in words.

    Raises
    ------
    DataError
        Naming every fault: shapes, negative readings, unordered times, repeated registers.
    """

    start: Times
    wh: Whole
    status: npt.NDArray[np.uint8]
    registers: tuple[Register, ...]
    seconds: int
    zone: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.start), len(self.registers))
        with gather("meters") as faults:
            if self.wh.dtype != np.int64:
                faults.append(f"readings are {self.wh.dtype}, expected int64 [Wh]")
            if self.wh.shape != shape or self.status.shape != shape:
                faults.append(f"readings {self.wh.shape} and status {self.status.shape}, expected {shape}")
            elif (self.wh < 0).any():
                row, column = (int(i) for i in np.argwhere(self.wh < 0)[0])
                faults.append(
                    f"{self.registers[column].id}, {self.start[row]}: {self.wh[row, column]} Wh is below 0"
                )
            if len(self.start) > 1 and (np.diff(self.start) <= np.timedelta64(0, "s")).any():
                faults.append("times do not strictly increase")
            seen = Counter(r.id for r in self.registers)
            faults += [f"register '{i}' appears twice" for i in sorted(seen) if seen[i] > 1]

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Where there is no reading, (T, n)."""
        return np.asarray(self.status == Status.MISSING)

    @property
    def complete(self) -> npt.NDArray[np.bool_]:
        """Intervals in which every register has a reading, (T,)."""
        return np.asarray(~self.missing.any(axis=1))

    @property
    def meters(self) -> tuple[str, ...]:
        """The metering points, in order of first appearance."""
        return tuple(dict.fromkeys(r.meter for r in self.registers))

    @cached_property
    def days(self) -> tuple[Day, ...]:
        """The settlement days that the intervals touch, in order."""
        dates = local_dates(self.start, self.zone)
        edges = np.flatnonzero(np.diff(dates) != np.timedelta64(0, "D")) + 1
        bounds = [0, *edges.tolist(), len(dates)]
        return tuple(Day(dates[a].astype(object), slice(a, b)) for a, b in pairwise(bounds) if b > a)

    def rows(self, rows: slice) -> Meters:
        """The same registers over some of the intervals."""
        return replace(self, start=self.start[rows], wh=self.wh[rows], status=self.status[rows])

    def energy(self, meters: Sequence[str], direction: Direction) -> Whole:
        """Sum the registers of each metering point in one direction, (T, len(meters)) [Wh].

        Raises
        ------
        DataError
            If a metering point is unknown.
        """
        unknown = sorted(set(meters) - set(self.meters))
        if unknown:
            raise DataError(
                f"meters: no metering point {unknown[0]!r}; there are {', '.join(self.meters[:5])} ..."
            )
        column = {meter: k for k, meter in enumerate(meters)}
        total = np.zeros((len(self.start), len(meters)), dtype=np.int64)
        for k, register in enumerate(self.registers):
            if register.direction == direction and register.meter in column:
                total[:, column[register.meter]] += self.wh[:, k]
        return total

    def to_polars(self) -> pl.DataFrame:
        """Long table: interval_start (UTC), register, meter, direction, wh (null where missing), status."""
        import polars as pl

        steps, columns = self.wh.shape
        order = np.repeat(np.arange(columns), steps)
        missing = self.missing.T.ravel()
        return pl.DataFrame(
            {
                "interval_start": np.tile(self.start.astype("datetime64[ms]"), columns),
                "register": [self.registers[k].id for k in order],
                "meter": [self.registers[k].meter for k in order],
                "direction": [self.registers[k].direction for k in order],
                "wh": pl.select(pl.when(~pl.Series(missing)).then(pl.Series(self.wh.T.ravel()))).to_series(),
                "status": [Status(s).name.lower() for s in self.status.T.ravel().tolist()],
            }
        ).with_columns(pl.col("interval_start").dt.replace_time_zone("UTC"))

    def to_pandas(self) -> Any:
        """As :meth:`to_polars`, for pandas where it is installed."""
        return self.to_polars().to_pandas()


def instants(day: date, zone: str, seconds: int) -> Times:
    """Start of every interval of a local calendar day, UTC.

    Counted from local midnight to the next, so days of 92 and 100 quarter-hours come out by
    themselves, and so do the odder ones (Lord Howe's half-hour change, Apia's skipped day).

    Examples
    --------
    >>> len(instants(date(2026, 3, 29), "Europe/Prague", 900))
    92
    """
    first, last = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    return np.arange(first, last, np.timedelta64(seconds, "s"))


def _midnight(day: date, zone: str) -> np.datetime64:
    # fold=0 gives the right instant for a midnight that occurs twice or never.
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return np.datetime64(local.astimezone(UTC).replace(tzinfo=None), "s")


def local_dates(start: Times, zone: str) -> npt.NDArray[np.datetime64]:
    """Local calendar date of each instant, (T,) datetime64[D]."""
    if len(start) == 0:
        return np.empty(0, dtype="datetime64[D]")
    first = _date(start[0], zone)
    span = (_date(start[-1], zone) - first).days + 1
    midnights = np.array([_midnight(first + timedelta(days=k), zone) for k in range(span + 1)])
    return np.datetime64(first, "D") + (np.searchsorted(midnights, start, side="right") - 1)


def _date(instant: np.datetime64, zone: str) -> date:
    naive: datetime = instant.astype("datetime64[s]").astype(datetime)
    return naive.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()
