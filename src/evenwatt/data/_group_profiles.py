"""Profiles of the synthetic group: sun and clouds on a roof, people at home, a shop that opens and closes.

The order in which a member draws its numbers is part of the recipe: another order is another community.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Chances = list[np.random.Generator]

QUARTERS = 96  # of a day
LATITUDE, LONGITUDE, AHEAD = 49.2, 16.6, 2.0  # [deg N], [deg E], [h ahead of UTC]
FACINGS = (90, 135, 180, 180, 180, 225, 270)  # from north, clockwise [deg]
RATIO = 0.85  # of nominal power that a plant gives at reference light: inverter, heat, dirt
GROUND = 0.2  # share of light that the ground gives back
BLOCK = 64  # members worked on side by side


@dataclass(frozen=True)
class Clock:
    """Local time of each quarter-hour's middle: day number (T,), hour of the day (T,) [h]."""

    day: Whole
    hour: Array

    @property
    def steps(self) -> int:
        """How many quarter-hours."""
        return len(self.day)

    @property
    def is_working_day(self) -> Flags:
        """Whether each quarter-hour lies on a working day, (T,)."""
        return np.asarray(self.day % 7 < 5)


def clock(days: int, first_day: int) -> Clock:
    """Quarter-hours of whole local days from a day of the year."""
    step = np.arange(days * QUARTERS)
    return Clock(first_day + step // QUARTERS, (step % QUARTERS + 0.5) / 4)


def autoregressive(noise: Array, keep: float) -> Array:
    """Turn standard normals (T, n) into a standard normal that keeps so much of its last value, in place."""
    fresh = np.sqrt(1 - keep * keep)
    for step in range(1, len(noise)):
        noise[step] = keep * noise[step - 1] + fresh * noise[step]
    return noise


def clouds(chance: np.random.Generator, time: Clock) -> Array:
    """What the sky over everybody does, (T,): a mood per day and one that lasts for hours."""
    days = chance.standard_normal(time.steps // QUARTERS)
    common = autoregressive(chance.standard_normal((time.steps, 1)), 0.97)[:, 0]
    return np.asarray(0.7 * np.repeat(days, QUARTERS) + 0.6 * common)


@dataclass(frozen=True)
class Sun:
    """Angles and clear light at each quarter-hour, (T,): declination, hour angle [rad]; light [W/m2]."""

    declination: Array
    hour_angle: Array
    beam: Array
    diffuse: Array
    level: Array


def sun(time: Clock) -> Sun:
    """Where the sun stands, and a clear sky.

    Source: Cooper 1969, doi:10.1016/0038-092X(69)90047-4 (declination); Haurwitz 1945,
    doi:10.1175/1520-0469(1945)002<0154:IIRTCD>2.0.CO;2 (clear sky).
    """
    day = (time.day - 1) % 365 + 1
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + day) / 365)
    turn = 2 * np.pi * (day - 81) / 364
    equation = 9.87 * np.sin(2 * turn) - 7.53 * np.cos(turn) - 1.5 * np.sin(turn)  # of time [min]
    hour_angle = np.radians(15 * (time.hour - AHEAD + LONGITUDE / 15 + equation / 60 - 12))
    north = np.radians(LATITUDE)
    height = np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(hour_angle)
    is_up = height > 0.0175  # one degree: below it the formula for the beam explodes
    height = np.where(is_up, height, 1.0)
    level = np.where(is_up, 1098 * height * np.exp(-0.057 / height), 0.0)
    return Sun(declination, hour_angle, 0.85 * level / height, 0.15 * level, level)


def on_plane(sun: Sun, tilt: float, facing: float) -> Array:
    """Clear light on a tilted plane, (T,) [W/m2]; angles [rad], facing 0 = south, west positive.

    Source: Duffie & Beckman 2013, Solar engineering of thermal processes, eq. 1.6.2 and 2.15.1.
    """
    north, cos, sin = np.radians(LATITUDE), np.cos, np.sin
    cosine = (
        sin(sun.declination) * (sin(north) * cos(tilt) - cos(north) * sin(tilt) * cos(facing))
        + cos(sun.declination) * cos(sun.hour_angle) * cos(north) * cos(tilt)
        + cos(sun.declination) * cos(sun.hour_angle) * sin(north) * sin(tilt) * cos(facing)
        + cos(sun.declination) * sin(sun.hour_angle) * sin(tilt) * sin(facing)
    )
    sky, ground = (1 + cos(tilt)) / 2, GROUND * (1 - cos(tilt)) / 2
    return np.asarray(sun.beam * np.maximum(0.0, cosine) + sun.diffuse * sky + sun.level * ground)


def producer_kwh(chances: Chances, kinds: tuple[str, ...], time: Clock, sky: Array) -> Array:
    """What each producer feeds in before scaling, (T, I) [kWh]."""
    light = sun(time)
    made = np.zeros((time.steps, len(kinds)))
    for first in range(0, len(kinds), BLOCK):
        block = slice(first, first + BLOCK)
        made[:, block] = _plants_kwh(chances[block], time, light, sky)
    for i, kind in enumerate(kinds):
        if kind != "pv":
            shape = _other(kind, chances[i], time)
            made[:, i] = shape * (made[:, i].sum() / max(shape.sum(), 1.0))
    return made


def _plants_kwh(chances: Chances, time: Clock, light: Sun, sky: Array) -> Array:
    """A few PV plants, each with clouds of its own, (T, n) [kWh]."""
    clear = np.zeros((time.steps, len(chances)))
    noise = np.zeros_like(clear)
    for i, chance in enumerate(chances):
        tilt = np.radians(chance.uniform(10, 40))
        facing = np.radians(chance.choice(FACINGS) - 180.0)
        kilowatts = np.exp(chance.normal(np.log(10), 0.7))
        noise[:, i] = chance.standard_normal(time.steps)
        clear[:, i] = on_plane(light, tilt, facing) / 1000 * kilowatts * RATIO / 4
    own = autoregressive(noise, 0.9)
    return np.asarray(clear * (0.15 + 0.85 / (1 + np.exp(-(sky[:, None] + 0.35 * own + 0.8)))))


def _other(kind: str, chance: np.random.Generator, time: Clock) -> Array:
    """Shape of a producer that is not PV, (T,)."""
    if kind == "hydro":
        return np.ones(time.steps)
    if kind == "wind":
        return np.exp(np.sin(np.arange(time.steps) / 300) + chance.normal(0, 0.3, time.steps))
    if kind == "chp":
        runs = ((time.hour > 5) & (time.hour < 9)) | ((time.hour > 16) & (time.hour < 23))
    else:
        runs = (time.hour > 18) & (time.hour < 22)
    return runs.astype(np.float64)


@dataclass(frozen=True)
class _Habit:
    """How one consumer uses electricity: base (T,), swing of its mood, extra peaks (T,), a month [kWh]."""

    base: Array
    noise: Array
    swing: float
    extra: Array
    month_kwh: float


def consumer_wh(chances: Chances, time: Clock) -> Array:
    """What each consumer draws, (T, J) [Wh]."""
    drawn = np.zeros((time.steps, len(chances)))
    months = time.steps / QUARTERS / 31
    for first in range(0, len(chances), BLOCK):
        habits = [_habit(chance, time) for chance in chances[first : first + BLOCK]]
        mood = autoregressive(np.stack([habit.noise for habit in habits], axis=1), 0.8)
        for k, habit in enumerate(habits):
            shape = habit.base * np.exp(habit.swing * mood[:, k]) + habit.extra
            drawn[:, first + k] = shape / shape.sum() * (1000 * habit.month_kwh * months)
    return drawn


def _habit(chance: np.random.Generator, time: Clock) -> _Habit:
    """Four in five are households."""
    return _household(chance, time) if chance.uniform() < 0.8 else _business(chance, time)


def _household(chance: np.random.Generator, time: Clock) -> _Habit:
    """Mornings, evenings, some hours at home, and things that run now and then."""
    morning, evening = chance.normal(7, 0.7), chance.normal(19.5, 1)
    home = np.where(time.is_working_day, chance.uniform(), 1.0)
    base: Array = 0.35 + 0.5 * _bell(time.hour, morning, 1.0) + 0.9 * _bell(time.hour, evening, 1.8)
    base += 0.25 * ((time.hour > 9) & (time.hour < 17)) * home
    noise = chance.standard_normal(time.steps)
    runs = chance.uniform(size=time.steps) < 0.03
    peaks = chance.exponential(4, size=time.steps)
    return _Habit(base, noise, 0.6, runs * peaks, float(np.exp(chance.normal(np.log(250), 0.5))))


def _business(chance: np.random.Generator, time: Clock) -> _Habit:
    """Opens, closes, and hums meanwhile."""
    opens, closes = chance.uniform(6, 9), chance.uniform(15, 20)
    is_open = (opens <= time.hour) & (time.hour < closes)
    base = np.asarray(0.3 + 0.7 * is_open * np.where(time.is_working_day, 1.0, 0.25), dtype=np.float64)
    noise = chance.standard_normal(time.steps)
    month = float(np.exp(chance.normal(np.log(900), 0.8)))
    return _Habit(base, noise, 0.3, np.zeros(time.steps), month)


def _bell(hour: Array, middle: float, width: float) -> Array:
    """A bump of height 1."""
    return np.asarray(np.exp(-0.5 * ((hour - middle) / width) ** 2))


def drifted(drawn: Array, chances: Chances, months: list[slice]) -> None:
    """Let consumers change from month to month, in place; drawn after everything else of a member."""
    for j, chance in enumerate(chances):
        for month in months:
            drawn[month, j] *= np.exp(chance.normal(0, 0.35))
            days = (month.stop - month.start) // QUARTERS
            is_away, length = chance.uniform() < 0.6, int(chance.integers(5, 15))
            first = int(chance.integers(0, max(1, days - length + 1)))
            if is_away:
                a = month.start + first * QUARTERS
                drawn[a : min(a + length * QUARTERS, month.stop), j] *= 0.2
