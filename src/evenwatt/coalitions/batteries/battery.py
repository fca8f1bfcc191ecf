"""A battery: what it holds, how fast, at what loss; and batteries of one make taken together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Battery:
    """A battery of one member.

    Attributes
    ----------
    member : int
        Whose it is, counted from 0; a member may have several.
    capacity : float
        What it holds when full [the energy unit of the net positions].
    power : float
        Most that it takes up or gives out in one interval, measured outside it [that unit per interval].
    efficiency_in, efficiency_out : float
        Share of what it takes up that is stored, and of what leaves the store that is given out, above 0 and
        at most 1.
    start : float
        Share of the capacity that is stored before each block of intervals, and again after it, 0 to 1.

    Raises
    ------
    ProblemError
        Naming every number that is out of its range.

    Examples
    --------
    Ten kWh and 5 kW, in quarter-hours:

    >>> Battery(member=0, capacity=10.0, power=5.0 / 4).efficiency_in
    0.95
    """

    member: int
    capacity: float
    power: float
    efficiency_in: float = 0.95
    efficiency_out: float = 0.95
    start: float = 0.5

    def __post_init__(self) -> None:
        with gather(f"battery of member {self.member}", ProblemError) as faults:
            if int(self.member) != self.member or self.member < 0:
                faults.append(f"member {self.member}; expected a whole number, counted from 0")
            for name in ("capacity", "power"):
                value = getattr(self, name)
                if not (isfinite(value) and value >= 0):
                    faults.append(f"{name} {value}; expected a finite number, at least 0")
            for name in ("efficiency_in", "efficiency_out"):
                if not 0 < getattr(self, name) <= 1:
                    faults.append(f"{name} {getattr(self, name)}; expected above 0 and at most 1")
            if not 0 <= self.start <= 1:
                faults.append(f"start {self.start}; expected a share of the capacity, 0 to 1")


@dataclass(frozen=True)
class Makes:
    """Batteries sorted by make: those of one make differ in size alone.

    What batteries of one make can do together is what a single one of their total capacity can do, and they do
    it each in proportion to its capacity: the schedules of a battery form a convex set that grows with it.

    Attributes
    ----------
    rate : (K,)
        Power over capacity [1 / interval].
    efficiency_in, efficiency_out, start : (K,)
        As of :class:`Battery`.
    full : (K,)
        Capacity of all batteries of the make.
    make : (B,)
        Of which make each battery is.
    """

    rate: Array
    efficiency_in: Array
    efficiency_out: Array
    start: Array
    full: Array
    make: Whole

    @property
    def lossless(self) -> bool:
        """Whether whatever is taken up can be given out again."""
        return bool((self.efficiency_in * self.efficiency_out == 1).all())

    def totals(self, capacity: Array) -> Array:
        """Add up capacities by make, (m, B) -> (m, K)."""
        return np.asarray(capacity @ (self.make[:, None] == np.arange(len(self.full))).astype(np.float64))


def sorted_by_make(batteries: Sequence[Battery], *, single: bool = False) -> Makes:
    """Group batteries by make, or each by itself where ``single``.

    Examples
    --------
    >>> sorted_by_make([Battery(0, 10.0, 5.0), Battery(1, 4.0, 2.0), Battery(2, 4.0, 4.0)]).make
    array([0, 0, 1])
    """
    traits = np.array(
        [(b.efficiency_in, b.efficiency_out, b.start, _rate(b), k * single) for k, b in enumerate(batteries)]
    ).reshape(-1, 5)
    different, found = np.unique(traits, axis=0, return_inverse=True)
    make = np.asarray(found, dtype=np.int64).ravel()
    full = np.zeros(len(different))
    np.add.at(full, make, np.array([b.capacity for b in batteries], dtype=np.float64))
    return Makes(different[:, 3], different[:, 0], different[:, 1], different[:, 2], full, make)


def _rate(battery: Battery) -> float:
    return battery.power / battery.capacity if battery.capacity > 0 else 0.0
