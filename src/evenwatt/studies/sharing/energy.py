"""One day's energy: own use first, then what is left over and what is still wanted, interval by interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Day, Meters
from evenwatt.studies.sharing.group import PRICES, SharingGroup, Sides
from evenwatt.studies.sharing.regime import Regime

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class DayEnergy:
    """What one settlement day brings; only intervals with every reading. Members not taking part have 0.

    Attributes
    ----------
    start : (T,) datetime64[s]
        Start of each complete interval, UTC.
    slots : (T,) int64
        Which interval of the local day each is, by the clock on the wall.
    incomplete : int
        Intervals of the day left out because a reading is missing.
    load, generated, own_use : (T, n) int64
        What members used, made, and used of their own [Wh].
    present : (n,) bool
        Who takes part this day.
    sides : Sides
        Which members can give and which can take.
    buy, sell, local : (T,)
        Prices of the grid, and of what is shared [currency per MWh].
    """

    date: date
    start: npt.NDArray[np.datetime64]
    slots: Whole
    incomplete: int
    load: Whole
    generated: Whole
    own_use: Whole
    present: Flags
    sides: Sides
    buy: Array
    sell: Array
    local: Array

    @cached_property
    def supply(self) -> Whole:
        """What each producer has left over, (T, I) [Wh]."""
        return np.ascontiguousarray((self.generated - self.own_use)[:, self.sides.producers])

    @cached_property
    def demand(self) -> Whole:
        """What each consumer still wants, (T, J) [Wh]."""
        return np.ascontiguousarray((self.load - self.own_use)[:, self.sides.consumers])

    @cached_property
    def ideal(self) -> Whole:
        """What no rule can share more than: the smaller of all supply and all demand, (T,) [Wh]."""
        return np.asarray(np.minimum(self.supply.sum(axis=1), self.demand.sum(axis=1)))


def day_energy(
    meters: Meters, day: Day, group: SharingGroup, sides: Sides, regime: Regime | None = None
) -> DayEnergy:
    """Lay out one day of readings in the intervals of the group's rule, or of another."""
    rule = regime or group.regime
    today = meters.rows(day.rows)
    active = [spell for spell in group.memberships if spell.covers(day.date)]
    used = {spell.meter for spell in active}
    columns = [k for k, register in enumerate(today.registers) if register.meter in used]
    whole: Flags = np.asarray(~today.missing[:, columns].any(axis=1))
    place = {member: k for k, member in enumerate(group.members)}
    members = [place[spell.id] for spell in active]
    owners = [spell.meter for spell in active]
    seconds = settlement_seconds(meters.seconds, rule)
    steps = _steps(today.start, whole, seconds, seconds // meters.seconds)
    start = today.start[steps[:, 0]]

    def summed(values: Whole) -> Whole:
        return np.asarray(values[steps].sum(axis=1))

    def spread(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        table = np.zeros((*values.shape[:-1], len(place)), dtype=values.dtype)
        table[..., members] = values
        return table

    load = spread(summed(today.energy(owners, "consumption")))
    generated = spread(summed(today.energy(owners, "generation")))
    own = np.minimum(load, generated) if rule.own_use_first else np.zeros_like(load)
    return DayEnergy(
        date=day.date,
        start=start,
        slots=_on_the_wall(start, meters.zone, seconds),
        incomplete=-(-len(whole) // steps.shape[1]) - len(steps),
        load=load,
        generated=generated,
        own_use=own,
        present=spread(np.ones(len(members), dtype=np.bool_)),
        sides=sides,
        buy=group.prices.at(start, PRICES[0]),
        sell=group.prices.at(start, PRICES[1]),
        local=group.prices.at(start, PRICES[2]),
    )


def settlement_seconds(seconds: int, regime: Regime) -> int:
    """Length of the intervals that are shared in [s]: the rule's, or that of readings which are longer."""
    wanted = regime.regulation.minutes * 60
    return wanted if wanted % seconds == 0 else seconds


def _steps(start: npt.NDArray[np.datetime64], whole: Flags, seconds: int, count: int) -> Whole:
    """Readings that make up each settlement interval, (T, count); only intervals with every one of them."""
    of = start.astype("datetime64[s]").astype(np.int64) // seconds
    _, first, number = np.unique(of, return_index=True, return_counts=True)
    steps = first[number == count][:, None] + np.arange(count)
    return np.asarray(steps[whole[steps].all(axis=1)], dtype=np.int64)


def _on_the_wall(start: npt.NDArray[np.datetime64], zone: str, seconds: int) -> Whole:
    """Interval of the day by local clock; on a day of 25 hours two intervals bear the same."""
    from evenwatt.data.clock import local_labels

    labels = local_labels(start, zone)
    return np.asarray((labels - labels.astype("datetime64[D]")).astype(np.int64) // seconds)
