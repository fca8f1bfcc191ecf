"""How households use electricity: a base that hums, meals that peak, machines that run now and then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import stream
from evenwatt.core.meters import Times
from evenwatt.data.clock import local_labels

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Machine:
    """Something that is switched on now and then.

    Attributes
    ----------
    name : str
        Also the name of its stream of chance.
    owners : float
        Share of households that have one.
    per_day, per_free_day : float
        How often it runs on a working day and on a weekend day.
    hours : tuple of (hour, spread)
        Around which local hours it starts [h].
    watts : tuple of float
        Lowest and highest power [W].
    quarters : tuple of int
        Shortest and longest run [quarter-hours].
    """

    name: str
    owners: float
    per_day: float
    per_free_day: float
    hours: tuple[tuple[float, float], ...]
    watts: tuple[float, float]
    quarters: tuple[int, int]


MACHINES = (
    Machine("kettle", 0.95, 2.2, 2.8, ((7, 0.8), (16, 2.0), (19, 1.5)), (500, 800), (1, 1)),
    Machine("hob and oven", 0.9, 0.8, 1.4, ((12, 0.8), (18.3, 1.0), (19, 0.8)), (700, 2400), (2, 4)),
    Machine("washing", 0.95, 0.4, 0.8, ((9, 1.5), (17.5, 2.0)), (300, 900), (4, 8)),
    Machine("dishwasher", 0.6, 0.5, 0.7, ((13, 1.5), (20, 1.0)), (500, 1000), (4, 6)),
    Machine("television", 0.9, 0.9, 1.3, ((19.5, 1.0),), (80, 180), (8, 16)),
    Machine("car", 0.15, 0.45, 0.3, ((18.5, 1.5),), (3600, 7400), (6, 14)),
)


def load_w(start: Times, zone: str, households: int, seed: int) -> Array:
    """Mean power of each household in each quarter-hour, (T, households) [W].

    Parameters
    ----------
    start : (T,) datetime64[s]
        Start of each quarter-hour, UTC, regular.
    zone : str
        IANA zone, whose clock people live by.
    households : int
        How many.
    seed : int
        The case's seed.
    """
    label = local_labels(start, zone)
    day = label.astype("datetime64[D]")
    hour = (label - day) / np.timedelta64(3600, "s")
    free = (day.astype(np.int64) + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    chance = stream(seed, "households")
    scale = chance.lognormal(0.0, 0.4, households)
    standby = chance.uniform(40, 130, households)
    total = standby + _fridges(start, households, seed) + scale * _presence(hour, free, households, seed)
    for machine in MACHINES:
        total += np.sqrt(scale) * _runs(machine, day, hour, free, households, seed)
    return np.asarray(total)


def _fridges(start: Times, households: int, seed: int) -> Array:
    """Compressors that cycle, averaged over each quarter-hour."""
    chance = stream(seed, "fridges")
    period = chance.uniform(50, 110, households) * 60  # [s]
    duty, watts = chance.uniform(0.25, 0.45, households), chance.uniform(70, 130, households)
    shift = chance.uniform(0, 1, households)
    edges = np.append(start, start[-1] + np.timedelta64(900, "s"))
    phase = (edges - start[0]).astype(np.float64)[:, None] / period + shift
    running = (np.floor(phase) * duty + np.minimum(phase % 1, duty)) * period
    return np.asarray(np.diff(running, axis=0) / 900 * watts)


def _presence(hour: Array, free: npt.NDArray[np.bool_], households: int, seed: int) -> Array:
    """Lights and small things: mornings, evenings, and whoever stays at home."""
    chance = stream(seed, "presence")
    early = chance.normal(6.8, 0.7, households)
    late = chance.normal(19.6, 0.9, households)
    home = chance.uniform(0.2, 1.0, households)
    morning = np.exp(-0.5 * ((hour[:, None] - early - 1.5 * free[:, None]) / 1.0) ** 2)
    evening = np.exp(-0.5 * ((hour[:, None] - late) / 1.9) ** 2)
    waking = 1 / (1 + np.exp(-2 * (hour[:, None] - early))) / (1 + np.exp(2 * (hour[:, None] - 22.8)))
    shape = 130 * morning + 260 * evening + waking * (50 + 90 * home * np.where(free[:, None], 1.6, 1.0))
    mood = wander(chance, len(hour), households, hours=3.0)
    return np.asarray(shape * np.exp(0.45 * mood - 0.1) + 15)


def _runs(
    machine: Machine, day: Times, hour: Array, free: npt.NDArray[np.bool_], households: int, seed: int
) -> Array:
    """Power of one kind of machine, (T, households) [W]."""
    chance = stream(seed, machine.name)
    steps = len(day)
    owner = chance.uniform(size=households) < machine.owners
    watts = chance.uniform(*machine.watts, size=households)
    opening = np.flatnonzero(np.append(True, day[1:] != day[:-1]))
    change = np.zeros((steps + 1, households))
    for first in opening:
        often = machine.per_free_day if free[first] else machine.per_day
        habits = np.array(machine.hours)[chance.integers(len(machine.hours), size=(3, households))]
        wanted = chance.normal(habits[..., 0], habits[..., 1])
        length = chance.integers(machine.quarters[0], machine.quarters[1] + 1, size=(3, households))
        goes = (chance.uniform(size=(3, households)) < often / 3) & owner
        begin = np.clip(first + np.rint((wanted - hour[first]) * 4).astype(np.int64), 0, steps)
        run, who = np.nonzero(goes)
        np.add.at(change, (begin[run, who], who), watts[who])
        np.add.at(change, (np.minimum(begin + length, steps)[run, who], who), -watts[who])
    return np.maximum(np.cumsum(change[:-1], axis=0), 0.0)


def wander(chance: np.random.Generator, steps: int, columns: int, *, hours: float) -> Array:
    """A standard normal that forgets itself over some hours, (steps, columns) of quarter-hours."""
    keep = float(np.exp(-0.25 / hours))
    noise = chance.standard_normal((steps, columns)) * np.sqrt(1 - keep**2)
    noise[0] /= np.sqrt(1 - keep**2)
    for step in range(1, steps):
        noise[step] += keep * noise[step - 1]
    return np.asarray(noise)
