"""Series from outside, in UTC: prices, load, generation, weather; each value with the interval it holds for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.core.meters import Times

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

NO_TIME = np.datetime64("NaT", "s")
STEPS = (900, 1800, 3600)  # lengths that a market's or a meter's intervals have [s]
_SECOND = np.timedelta64(1, "s")


@dataclass(frozen=True)
class Track:
    """One quantity as one answer tells it.

    Attributes
    ----------
    name : str
        Column name with its unit at the end, such as ``price_per_mwh``.
    unit : str
        As a person writes it.
    start : (T,) datetime64[s]
        Start of each interval, UTC.
    seconds : (T,) int64
        Length of each interval [s].
    value : (T,)
        NaN where the answer says that there is none.
    known : (T,) datetime64[s] or None
        When each value became known, where that can be said.
    """

    name: str
    unit: str
    start: Times
    seconds: Whole
    value: Array
    known: Times | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.start), len(self.seconds), len(self.value)}
        if len(lengths) > 1 or (len(self.seconds) and self.seconds.min() <= 0):
            raise ProblemError(f"{self.name}: starts, lengths and values do not fit together")


@dataclass(frozen=True)
class Series:
    """Quantities beside each other, one row an interval, rows in order and never overlapping.

    Attributes
    ----------
    start : (T,) datetime64[s]
        Start of each interval, UTC.
    seconds : (T,) int64
        Length of each interval [s]; 3600 and 900 may follow each other.
    columns : mapping of name to (T,)
        Values; NaN where there is none. A power or a price told for an hour holds for its quarters.
    units : mapping of name to str
        Unit of each column.
    known : (T,) datetime64[s]
        When a row was known as a whole; NaT where nobody said.
    notes : tuple of str
        What was assumed, repeated or overruled.
    """

    start: Times
    seconds: Whole
    columns: Mapping[str, Array]
    units: Mapping[str, str] = field(default_factory=dict)
    known: Times = field(default_factory=lambda: np.empty(0, "datetime64[s]"))
    notes: tuple[str, ...] = ()

    @property
    def end(self) -> Times:
        """End of each interval, (T,) datetime64[s]."""
        return np.asarray(self.start + self.seconds.astype("timedelta64[s]"))

    def missing_seconds(self, first: np.datetime64, last: np.datetime64) -> dict[str, int]:
        """How much of a period each column leaves without a value [s].

        Examples
        --------
        >>> hour = np.array(["2026-01-01T00", "2026-01-01T02"], dtype="datetime64[s]")
        >>> made = laid([Track("load_mw", "MW", hour, np.array([3600, 3600]), np.array([5.0, np.nan]))])
        >>> made.missing_seconds(hour[0], hour[1] + np.timedelta64(3600, "s"))
        {'load_mw': 7200}
        """
        within = np.minimum(self.end, last) - np.maximum(self.start, first)
        covered = np.maximum(within / _SECOND, 0).astype(np.int64)
        period = max(int((last - first) / _SECOND), 0)
        return {name: period - int(covered[~np.isnan(v)].sum()) for name, v in self.columns.items()}

    def gaps(
        self, first: np.datetime64 | None = None, last: np.datetime64 | None = None
    ) -> list[tuple[np.datetime64, np.datetime64]]:
        """Where no row stands, from ``first`` to ``last`` (else from the first row to the last)."""
        ends, starts = list(self.end), list(self.start)
        ends = ends if first is None else [first, *ends]
        starts = starts[1:] if first is None else starts
        starts = starts if last is None else [*starts, last]
        return [(end, start) for end, start in zip(ends, starts, strict=False) if end < start]


def laid(
    tracks: Sequence[Track], first: np.datetime64 | None = None, last: np.datetime64 | None = None
) -> Series:
    """Lay tracks beside each other on the finest intervals that any of them tells.

    Where one column is told for an hour and for its quarters, the quarters stand; where it is told
    twice for the same interval, the later track stands, and the notes count what it overruled.

    Parameters
    ----------
    tracks : sequence of Track
        In the order in which they were told.
    first, last : datetime64, optional
        Intervals that start outside ``[first, last)`` are left out.

    Examples
    --------
    >>> def track(name, start, step, *values):
    ...     times = np.datetime64(start, "s") + np.arange(len(values)) * np.timedelta64(step, "s")
    ...     return Track(name, "MW", times, np.full(len(values), step), np.array(values))
    >>> made = laid([track("wind_mw", "2026-01-01", 3600, 8.0, 6.0), track("sun_mw", "2026-01-01", 1800, 1.0, 2.0)])
    >>> made.seconds.tolist(), made.columns["wind_mw"].tolist(), made.columns["sun_mw"].tolist()
    ([1800, 1800, 3600], [8.0, 8.0, 6.0], [1.0, 2.0, nan])
    """
    names = list(dict.fromkeys(track.name for track in tracks))
    notes: list[str] = []
    merged = [_merged([t for t in tracks if t.name == name], first, last, notes) for name in names]
    edges = np.unique(np.concatenate([*(t.start for t in merged), *(_ends(t) for t in merged), _none()]))
    steps = len(edges) - 1 if len(edges) else 0
    columns = {track.name: np.full(steps, np.nan) for track in merged}
    covered = np.zeros(steps, dtype=bool)
    known = np.full(steps, NO_TIME)
    for track in merged:
        rows, of = _rows(track, edges)
        columns[track.name][rows] = track.value[of]
        covered[rows] = True
        if track.known is not None:
            known[rows] = np.fmax(known[rows], track.known[of])
    seconds = (np.diff(edges) / _SECOND).astype(np.int64)
    return Series(
        edges[:-1][covered],
        seconds[covered],
        {name: values[covered] for name, values in columns.items()},
        {track.name: track.unit for track in merged},
        known[covered],
        tuple(notes),
    )


def lengths(start: Times) -> Whole:
    """Length of each interval [s], from the steps between starts: a step that is a gap is not a length.

    Parameters
    ----------
    start : (T,) datetime64[s]
        Increasing. One alone is taken for an hour.

    Raises
    ------
    ProblemError
        If no two starts are a quarter, half or whole hour apart.

    Examples
    --------
    >>> times = np.array([0, 3600, 4500, 6300, 7200, 10800, 14400], dtype="datetime64[s]")
    >>> lengths(times).tolist()
    [3600, 900, 900, 900, 3600, 3600, 3600]
    """
    step = np.diff(start).astype(np.int64)
    if not len(step):
        return np.full(len(start), 3600)
    # Of the steps before and after, the shorter; but where two equal steps follow, a new length begins.
    after = np.append(step, step[-1])
    before = np.insert(step, 0, step[0])
    second = np.append(after[1:], after[-1])
    chosen = np.where((after == second) & np.isin(after, STEPS), after, np.minimum(before, after))
    usual = np.isin(chosen, STEPS)
    if not usual.any():
        raise ProblemError(f"intervals of {int(step.min())} s, expected a quarter, half or whole hour")
    # Between two gaps nothing tells the length; the shortest that occurs claims the least.
    return np.where(usual, chosen, chosen[usual].min())


def ranges(first: Whole, last: Whole) -> tuple[Whole, Whole]:
    """Every whole number of each range ``[first, last)``, and which range it comes from.

    Examples
    --------
    >>> [part.tolist() for part in ranges(np.array([0, 5]), np.array([2, 8]))]
    [[0, 1, 5, 6, 7], [0, 0, 1, 1, 1]]
    """
    count = last - first
    of = np.repeat(np.arange(len(first)), count)
    return np.arange(len(of)) - (np.cumsum(count) - count)[of] + first[of], of


def spans(instants: Iterable[tuple[np.datetime64, np.datetime64]]) -> str:
    """Periods in words, at most five of them.

    Examples
    --------
    >>> spans([(np.datetime64("2026-01-01T00", "s"), np.datetime64("2026-01-01T02", "s"))])
    '2026-01-01T00:00Z to 2026-01-01T02:00Z'
    """
    told = [f"{str(a)[:16]}Z to {str(b)[:16]}Z" for a, b in instants]
    return ", ".join(told[:5]) + (f" and {len(told) - 5} more" if len(told) > 5 else "")


def _merged(
    tracks: Sequence[Track], first: np.datetime64 | None, last: np.datetime64 | None, notes: list[str]
) -> Track:
    """One track of several: within the period, coarse intervals before fine ones, each told once."""
    start = np.concatenate([track.start for track in tracks])
    seconds = np.concatenate([track.seconds for track in tracks])
    value = np.concatenate([track.value for track in tracks])
    known = np.concatenate([np.full(len(t.start), NO_TIME) if t.known is None else t.known for t in tracks])
    keep = np.ones(len(start), dtype=bool)
    if first is not None:
        keep &= start >= first
    if last is not None:
        keep &= start < last
    order = np.flatnonzero(keep)[np.lexsort((np.arange(len(start))[keep], start[keep], -seconds[keep]))]
    repeated = (np.diff(start[order]) == 0 * _SECOND) & (np.diff(seconds[order]) == 0)
    before, after = value[order][:-1][repeated], value[order][1:][repeated]
    overruled = int((~((before == after) | (np.isnan(before) & np.isnan(after)))).sum())
    name, unit = tracks[0].name, tracks[0].unit
    if overruled:
        notes.append(f"{name}: {overruled} intervals were told twice with different values; the later stands")
    order = order[np.append(~repeated, True)[: len(order)]]
    fine = seconds[order]
    if len(np.unique(fine)) > 1:
        lengths = ", ".join(f"{n / 60:g}" for n in sorted(set(fine.tolist())))
        notes.append(
            f"{name}: is told in intervals of {lengths} minutes; the finer stand where both are told"
        )
    return Track(name, unit, start[order], fine, value[order], known[order])


def _rows(track: Track, edges: Times) -> tuple[Whole, Whole]:
    """Rows that each interval of a track covers; coarse intervals come first, fine ones overrule them."""
    return ranges(np.searchsorted(edges, track.start), np.searchsorted(edges, _ends(track)))


def _ends(track: Track) -> Times:
    return np.asarray(track.start + track.seconds.astype("timedelta64[s]"))


def _none() -> Times:
    return np.empty(0, dtype="datetime64[s]")
