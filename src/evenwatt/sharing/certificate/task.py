"""What of a group's measurements matters to fixed keys, checked and in numbers near one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.sharing.certificate.central_path import Levels
from evenwatt.sharing.objectives import Curved, Goal, Least, Linear, Money, Objective, Shared

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MICRO = 1e-6  # one per MWh and one Wh make a millionth of the money


@dataclass(frozen=True, eq=False)
class Task:
    """A group without the intervals, producers and consumers that keys cannot matter to.

    Attributes
    ----------
    levels : Levels
        Of those that are left, in units of ``unit``.
    goal : Goal
        The objective on the levels' totals.
    consumers : (J',)
        Which ones are left.
    producers : (I',)
    shape : (I, J)
        All of them.
    unit : float
        Wh in a unit of energy.
    ceiling : float
        What the objective cannot exceed by any division whatever, keys or not.
    """

    levels: Levels
    goal: Goal
    consumers: Whole
    producers: Whole
    shape: tuple[int, int]
    unit: float
    ceiling: float

    def full(self, by_link: Array) -> Array:
        """A table (J', n) beside ``levels.who`` as one (I, J)."""
        out = np.zeros(self.shape)
        linked = self.levels.who >= 0
        consumer = np.broadcast_to(self.consumers[:, None], linked.shape)
        out[self.producers[self.levels.who[linked]], consumer[linked]] = by_link[linked]
        return out

    def by_link(self, full: Array) -> Array:
        """A table (I, J) as one (J', n); 0 where padded."""
        who = self.levels.who
        held = full[self.producers[np.maximum(who, 0)], self.consumers[:, None]]
        return np.where(who >= 0, held, 0.0)

    def value(self, by_link: Array) -> float:
        """The objective by weights (J', n)."""
        held = self.levels
        owner = held.owner
        totals = np.empty(len(owner))
        for block, j in enumerate(owner):
            reach = held.reach[block]
            have = by_link[j, :reach] @ held.supply[held.who[j, :reach]]
            totals[block] = np.minimum(held.demand[j], have).sum()
        return self.goal.value(totals)

    def even(self) -> Array:
        """Weights (J', n) by demand, mixed with equal ones; each producer's sum to one."""
        linked = self.levels.who >= 0
        size = self.levels.demand.sum(axis=1)
        return self.normal(np.where(linked, (0.8 * size / size.mean() + 0.2)[:, None], 0.0))

    def normal(self, by_link: Array) -> Array:
        """The same with each producer's weights summing to one, where any is above zero."""
        place = np.maximum(self.levels.who, 0)
        summed = np.bincount(place.ravel(), by_link.ravel(), len(self.producers))
        return np.asarray(by_link / np.where(summed > 0, summed, 1.0)[place])


def energies(supply: npt.ArrayLike, demand: npt.ArrayLike) -> tuple[Array, Array]:
    """Both as float tables (T, I) and (T, J) of finite energies, none below zero.

    Raises
    ------
    ProblemError
        Naming every fault.
    """
    held = {"supply": _numbers(supply), "demand": _numbers(demand)}
    with gather("supply and demand", ProblemError) as faults:
        for name, table in held.items():
            if table is None or table.ndim != 2:
                shape = np.shape(supply if name == "supply" else demand)
                faults.append(f"{name}: shape {shape}, expected numbers (intervals, members)")
                continue
            for place in np.argwhere(~(np.isfinite(table) & (table >= 0)))[:20]:
                faults.append(f"{name} {place.tolist()}: {table[tuple(place)]}; expected 0 or more [Wh]")
        if not faults and len(held["supply"]) != len(held["demand"]):
            faults.append(
                f"{len(held['supply'])} intervals of supply and {len(held['demand'])} of demand; "
                "expected the same"
            )
    return held["supply"], held["demand"]


def allowed(links: npt.ArrayLike | None, producers: int, consumers: int) -> Flags:
    """Pairs that may share, (I, J) bool; all where nothing is said."""
    if links is None:
        return np.ones((producers, consumers), dtype=np.bool_)
    held = np.asarray(links)
    if held.shape != (producers, consumers) or held.dtype != np.bool_:
        raise ProblemError(
            f"links: shape {held.shape} of {held.dtype}, expected ({producers}, {consumers}) booleans: "
            "who may share with whom"
        )
    return held


def prepared(supply: Array, demand: Array, links: Flags, objective: Objective) -> Task | None:
    """The task of checked energies (T, I), (T, J) and links (I, J); nothing where nothing can be shared."""
    shape = links.shape
    if isinstance(objective, Money):
        if objective.gains.shape != shape:
            raise ProblemError(f"gains: shape {objective.gains.shape}, expected {shape}")
        links = links & (objective.gains > 0)
    steps = np.flatnonzero((supply > 0).any(axis=1) & (demand > 0).any(axis=1))
    offered, wanted = np.ascontiguousarray(supply[steps].T), np.ascontiguousarray(demand[steps].T)
    # A pair shares nothing where one has no supply whenever the other has a demand.
    links = links & ((offered > 0).astype(float) @ (wanted > 0).astype(float).T > 0)
    producers, consumers = np.flatnonzero(links.any(axis=1)), np.flatnonzero(links.any(axis=0))
    if not producers.size:
        return None
    links = links[np.ix_(producers, consumers)]
    offered, wanted = offered[producers], wanted[consumers]
    unit = float(wanted.mean())
    if isinstance(objective, Money):
        gains = objective.gains[np.ix_(producers, consumers)]
        who, first, reach, worth = _by_gain(gains, links)
        unit_gain = float(worth.max())
    else:
        gains, unit_gain = links.astype(float), 1.0
        who = _padded(np.zeros(links.shape), links)
        first, reach = np.arange(len(consumers) + 1), (who >= 0).sum(axis=1)
        worth = np.ones(len(consumers))
    levels = Levels(offered / unit, wanted / unit, who, first, reach)
    most = _most(levels, links)
    # Coverage is of all demand, that of intervals without supply too.
    total = demand[:, consumers].sum(axis=0) / unit
    goal = _goal(objective, worth / unit_gain, total, consumers, unit * unit_gain, shape[1])
    ceiling = goal.value(most)
    if isinstance(objective, Shared):
        together = np.minimum(levels.supply.sum(axis=0), levels.demand.sum(axis=0)).sum()
        ceiling = min(ceiling, float(together) * unit)
    return Task(levels, goal, consumers, producers, (shape[0], shape[1]), unit, ceiling)


def _goal(
    objective: Objective, worth: Array, demand: Array, consumers: Whole, unit: float, all_consumers: int
) -> Goal:
    if isinstance(objective, Shared):
        return Linear(worth, unit)
    if isinstance(objective, Money):
        return Linear(worth, unit * MICRO)
    if objective.alpha == np.inf:
        return Least(demand)
    if objective.weights is None:
        weights = (demand / demand.mean()) ** max(0.0, 1 - objective.alpha)
    elif len(objective.weights) != all_consumers:
        raise ProblemError(
            f"weights: {len(objective.weights)}; expected {all_consumers}, one for each consumer"
        )
    else:
        weights = objective.weights[consumers] / objective.weights.mean()
    if objective.alpha == 0:
        return Linear(weights / demand, 1 / float(weights.sum()))
    return Curved(objective.alpha, demand, weights)


def _padded(rank: Array, links: Flags) -> Whole:
    """Each consumer's producers by rank, lowest first, padded with -1: (J, n)."""
    width = int(links.sum(axis=0).max())
    order = np.argsort(np.where(links, rank, np.inf), axis=0, kind="stable")[:width].T
    linked = np.take_along_axis(links.T, order, axis=1)
    return np.ascontiguousarray(np.where(linked, order, -1).astype(np.int64))


def _by_gain(gains: Array, links: Flags) -> tuple[Whole, Whole, Whole, Array]:
    """Producers best first, and a level for each drop of the gain from one to the next."""
    who = _padded(-gains, links)
    held = np.take_along_axis(gains.T, np.maximum(who, 0), axis=1)
    held = np.where(who >= 0, held, 0.0)
    drop = held - np.append(held[:, 1:], np.zeros((len(held), 1)), axis=1)
    consumer, place = np.nonzero(drop > 0)
    first = np.searchsorted(consumer, np.arange(len(who) + 1))
    return who, first.astype(np.int64), (place + 1).astype(np.int64), drop[consumer, place]


def _most(levels: Levels, links: Flags) -> Array:
    """What each block would get if all its producers gave to it alone, (B,)."""
    found = np.empty(len(levels.reach))
    for block, j in enumerate(levels.owner):
        have = levels.supply[levels.who[j, : levels.reach[block]]].sum(axis=0)
        found[block] = np.minimum(levels.demand[j], have).sum()
    return found


def _numbers(values: npt.ArrayLike) -> Any:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None
