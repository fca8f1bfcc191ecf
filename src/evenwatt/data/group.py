"""A synthetic sharing group from a seed: who feeds in and who draws, to try keys on before the real files come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.core.meters import Times
from evenwatt.data._group_profiles import Clock, clock, clouds, consumer_wh, drifted, producer_kwh

Whole = npt.NDArray[np.int64]
Array = npt.NDArray[np.float64]

# Day 1 was a Tuesday, as the rule "day number mod 7 < 5 is a working day" asks.
NEW_YEAR = np.datetime64("2019-01-01T00:00:00", "s")
AHEAD = np.timedelta64(2, "h")  # of UTC, the whole year
STEP = 10  # meter values are whole numbers of it [Wh]
OTHER_KINDS = ("hydro", "wind", "chp", "battery")


@dataclass(frozen=True)
class Group:
    """Measurements of a group that shares, with nobody on both sides.

    Attributes
    ----------
    start : (T,) datetime64[s]
        Start of each quarter-hour, UTC.
    supply : (T, I) int64
        What each producer feeds in [Wh].
    demand : (T, J) int64
        What each consumer draws [Wh].
    producers, consumers : tuple of str
        Their names.
    kinds : tuple of str
        What each producer is: pv, hydro, wind, chp or battery.
    """

    start: Times
    supply: Whole
    demand: Whole
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    kinds: tuple[str, ...]

    @property
    def ideal(self) -> int:
        """What could be shared if everything could go anywhere, the sum of min(supply, demand) [Wh]."""
        return int(np.minimum(self.supply.sum(axis=1), self.demand.sum(axis=1)).sum())


def group(
    producers: int,
    consumers: int,
    *,
    seed: int = 0,
    days: int = 31,
    first_day: int = 213,
    coverage: float = 1.0,
    drift: bool = False,
    mixed: int = 0,
) -> Group:
    """Make up a group near Brno: PV under common clouds, households and a few businesses.

    Each member draws from its own stream, so adding one changes no other; only the common factor that
    brings supply to ``coverage`` moves.

    Parameters
    ----------
    producers, consumers : int
        How many.
    seed : int
        Same seed, same bytes.
    days, first_day : int
        How long and from which day of the year (213 = 1 August), in local time two hours ahead of UTC.
    coverage : float
        Total supply per total demand.
    drift : bool
        Consumers change from month to month: a factor exp N(0, 0.35), and with chance 0.6 an absence
        of 5 to 14 days at a fifth of their demand. Without it months are too alike to show over-fitting.
    mixed : int
        So many producers, the first ones, are in turn hydro, wind, CHP and an evening battery, each with
        the total of the PV plant it replaces.

    Returns
    -------
    Group
        All energies whole multiples of 10 Wh.

    Raises
    ------
    ProblemError
        If a number is out of range.

    Examples
    --------
    >>> small = group(3, 5, seed=7)
    >>> small.supply.sum(axis=0).tolist(), small.ideal
    ([471490, 300230, 615570], 616940)
    >>> small.start[0], small.kinds
    (np.datetime64('2019-07-31T22:00:00'), ('pv', 'pv', 'pv'))
    """
    _check(producers, consumers, days, first_day, coverage, mixed)
    weather, makers, users = np.random.SeedSequence(seed).spawn(3)
    time = clock(days, first_day)
    kinds = tuple(OTHER_KINDS[i % 4] if i < mixed else "pv" for i in range(producers))
    sky = clouds(np.random.default_rng(weather), time)
    chances = [np.random.default_rng(child) for child in makers.spawn(producers)]
    given = producer_kwh(chances, kinds, time, sky)
    chances = [np.random.default_rng(child) for child in users.spawn(consumers)]
    drawn = consumer_wh(chances, time)
    if drift:
        drifted(drawn, chances, _months(time))
    return Group(
        start=NEW_YEAR - AHEAD + np.arange(time.steps) * np.timedelta64(900, "s") + _day(first_day),
        supply=_whole(_scaled(given, coverage * float(drawn.sum()))),
        demand=_whole(drawn),
        producers=tuple(f"P{i + 1}" for i in range(producers)),
        consumers=tuple(f"C{j + 1}" for j in range(consumers)),
        kinds=kinds,
    )


def _check(producers: int, consumers: int, days: int, first_day: int, coverage: float, mixed: int) -> None:
    """Gather what is out of range."""
    with gather("group", ProblemError) as faults:
        for name, count in (("producers", producers), ("consumers", consumers)):
            if count < 0:
                faults.append(f"{name} is {count}; expected 0 or more")
        if days < 1:
            faults.append(f"days is {days}; expected 1 or more")
        if not 1 <= first_day <= 365:
            faults.append(f"first_day is {first_day}; expected a day of the year, 1 to 365")
        if not (np.isfinite(coverage) and coverage >= 0):
            faults.append(f"coverage is {coverage}; expected a finite ratio of supply to demand, 0 or more")
        if not 0 <= mixed <= max(producers, 0):
            faults.append(f"mixed is {mixed}; expected at most the {producers} producers there are")


def _day(number: int) -> np.timedelta64:
    """Time from new year to the start of a day of the year."""
    return np.timedelta64(number - 1, "D")


def _months(time: Clock) -> list[slice]:
    """The quarter-hours of each calendar month touched, in order."""
    dates = NEW_YEAR.astype("datetime64[D]") + (time.day - 1)
    months = dates.astype("datetime64[M]")
    edges = np.flatnonzero(np.append(True, months[1:] != months[:-1]))
    return [slice(a, b) for a, b in zip(edges, np.append(edges[1:], time.steps), strict=True)]


def _scaled(given: Array, total: float) -> Array:
    """Supply brought to a total; where nothing shines nothing is scaled."""
    made = float(given.sum())
    return given * (total / made) if made > 0 else given


def _whole(energy: Array) -> Whole:
    """Whole multiples of 10 Wh."""
    return np.rint(energy / STEP).astype(np.int64) * STEP
