"""A whole period as two tables, as searches for keys want it: supply and demand that take part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError
from evenwatt.studies.sharing.allocation import same, taking_part
from evenwatt.studies.sharing.energy import day_energy
from evenwatt.studies.sharing.group import SharingGroup, Sides
from evenwatt.studies.sharing.keys import POOL, KeyRow, rows_of
from evenwatt.studies.story import Work

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Readings:
    """What keys are chosen on.

    Attributes
    ----------
    supply, demand : (T, I), (T, J) int64
        What takes part [Wh]; one producer where the rule knows keys of all together.
    days : (T,) int64
        Which day of the period each interval belongs to.
    producers, consumers : tuple of str
        Ids.
    links : (I, J) bool
        Pairs that may share: who takes part on the last day, nobody with itself.
    keys, priority : (I, J) int64
        Those that hold on the last day.
    """

    supply: Whole
    demand: Whole
    days: Whole
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    links: Flags
    keys: Whole
    priority: Whole

    def rows(self, keys: Whole, priority: Whole) -> tuple[KeyRow, ...]:
        """Keys of this shape as rows of ``keys.csv``; a link without a key is none."""
        return rows_of(keys, np.where(keys > 0, priority, 0), self.producers, self.consumers)


def readings(work: Work, group: SharingGroup, sides: Sides) -> Readings:
    """Gather every day of the period.

    Raises
    ------
    CaseError
        If the rule has no fixed keys that could be chosen.
    """
    regime = group.regime
    if regime.kind not in ("pairs", "pool"):
        raise CaseError(
            f"{work.case.folder}: {regime.title} has no fixed keys to choose; it divides each interval anew"
        )
    supply, demand, days = [], [], []
    for number, date in enumerate(work.store.days):
        meters = work.store.day(date)
        day = day_energy(meters, meters.days[0], group, sides)
        inside = taking_part(regime, day)
        supply.append(inside.supply_in)
        demand.append(inside.demand_in)
        days.append(np.full(len(day.start), number))
        work.progress(number + 1, len(work.store.days), "gathering")
    last = work.store.days[-1]
    keys, priority = group.agreement(last, sides)
    here = group.present(last)
    producers, consumers = (tuple(group.names(side)) for side in (sides.producers, sides.consumers))
    given = np.concatenate(supply)
    both = np.array([[a in here and b in here for b in consumers] for a in producers], dtype=np.bool_)
    links: Flags = np.asarray(~same(day) & both)
    if regime.kind == "pool":
        given, producers = given.sum(axis=1, keepdims=True), (POOL,)
        links = np.asarray(links.any(axis=0, keepdims=True))
    return Readings(
        given, np.concatenate(demand), np.concatenate(days), producers, consumers, links,
        np.where(links, keys, 0), np.where(links, priority, 0),
    )  # fmt: skip
