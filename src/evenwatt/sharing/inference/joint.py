"""Keys and priorities of several producers together, once each producer's keys are roughly known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.inference.fit import (
    Case,
    Fit,
    bounded,
    chosen,
    descended,
    reached,
    shaken,
    voted,
    walked,
)
from evenwatt.sharing.inference.order import orders, rounds_taking_part
from evenwatt.sharing.inference.readings import Readings
from evenwatt.sharing.problem import GRID

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

MOST_TURNS = 12  # of levels, orders and votes; three are usual
PATIENCE = 3  # turns without a better match
STALE_RESTARTS = 4  # from other keys, in a row without finding better ones
WALKS, MOST_STALE = 12, 2  # over keys that explain as much: at most, and in a row without finding better ones


@dataclass(frozen=True, eq=False)
class Network:
    """Links over which something went, and what went over them.

    Attributes
    ----------
    supply, demand, found : (I, T), (J, T), (L, T)
        Of the intervals with any supply, in Wh, quanta and quanta.
    links : (L, 2)
        Producer and consumer, producer by producer.
    ranks : (L,), optional
        Priority, where told.
    cases : list of Case
        Each producer's side.
    lit : list of arrays
        Each producer's intervals among those here.
    """

    supply: Array
    demand: Array
    found: Array
    links: Whole
    ranks: Whole | None
    cases: list[Case]
    lit: list[Whole]
    quantum: int


@dataclass(frozen=True, eq=False)
class Joint:
    """A fit of all links (L,) and the order in which consumers (J, K) draw on them."""

    fit: Fit
    order: Whole
    undecided: tuple[int, ...]


def network(data: Readings) -> Network:
    """The links of all producers that gave anything."""
    active = np.array([data.active(i) for i in range(len(data.flows))])
    links = np.argwhere(active)
    rows = np.flatnonzero(data.supply.any(axis=1))
    found = np.array([data.flows[i][rows, j] for i, j in links]).reshape(len(links), len(rows))
    place = np.full(len(data.supply), -1)
    place[rows] = np.arange(len(rows))
    return Network(
        supply=np.ascontiguousarray(data.supply[rows].T, dtype=np.float64),
        demand=np.ascontiguousarray((data.demand[rows] // data.quantum).T, dtype=np.float64),
        found=(found // data.quantum).astype(np.float64),
        links=links,
        ranks=None if data.priority is None else data.priority[links[:, 0], links[:, 1]],
        cases=[data.case(i, who) for i, who in enumerate(active)],
        lit=[place[data.lit(i)] for i in range(len(active))],
        quantum=data.quantum,
    )


def joined(net: Network, start: Whole, rounds: int) -> Joint:
    """Turn by turn: what is left at each round, in which order consumers draw, which keys that allows."""
    best, stale, keys = None, 0, start
    for _ in range(MOST_TURNS):
        full, level = _allowed(net, keys, rounds)
        order, undecided = orders(net.demand, net.found, full, net.links[:, 1], net.ranks)
        low, high = _voted(net, level, *rounds_taking_part(net.demand, full, order))
        fit = _explained(net, Fit(keys, low, high, 0, rounds), order)
        if best is None or fit.equal > best.fit.equal:
            best, stale = Joint(fit, order, undecided), 0
        else:
            stale += 1
        if fit.equal == net.found.size or stale == PATIENCE:
            break
        keys = _feasible(net, low, high)
    assert best is not None
    return best


def rejoined(net: Network, joint: Joint, chance: np.random.Generator) -> Joint:
    """The best of more starts from keys nearer or shaken a little, then of a walk, while cells remain unexplained."""
    stale = 0
    while joint.fit.equal < net.found.size and stale < STALE_RESTARTS:
        keys = _shaken(net, joint.fit.keys, chance) if stale else _nearer(net, joint)
        again = joined(net, keys, joint.fit.rounds)
        joint, stale = (again, 0) if again.fit.equal > joint.fit.equal else (joint, stale + 1)
    return _polished(net, joint, chance)


def joint_intervals(net: Network, joint: Joint, chance: np.random.Generator) -> Joint:
    """Keys that explain as much: at the levels found, the others as found, or together with others on a walk."""
    fit = joint.fit
    full, level = _allowed(net, fit.keys, fit.rounds)
    low, high = _voted(net, level, *rounds_taking_part(net.demand, full, joint.order))
    walk = _walk(net, replace(fit, low=low, high=high), joint.order, chance)
    low, high = np.minimum(low, walk.low), np.maximum(high, walk.high)
    low, high = reached(lambda keys: replayed(net, keys, joint.order, fit.rounds), fit, low, high)
    return replace(joint, fit=bounded(replace(fit, low=low, high=high), net.links[:, 0]))


def replayed(net: Network, keys: Whole, order: Whole, rounds: int) -> int:
    """How many cells of the links these keys explain under the whole rule."""
    return _explained(net, Fit(keys, keys, keys, 0, rounds), order).equal


def _allowed(net: Network, keys: Whole, rounds: int) -> tuple[Array, list[Array]]:
    """What each link's key allows in each round (L, T, R) [quanta], and each producer's levels."""
    full = np.zeros((*net.found.shape, rounds))
    levels = []
    unit = GRID * net.quantum
    for i, (case, lit) in enumerate(zip(net.cases, net.lit, strict=True)):
        own = np.flatnonzero(net.links[:, 0] == i)
        level = case.replayed(keys[own], rounds)[1]
        full[np.ix_(own, lit)] = np.floor(level * (keys[own] / unit)[:, None, None] + 0.5 / unit)
        levels.append(level)
    return full, levels


def _voted(net: Network, levels: list[Array], least: Whole, most: Whole) -> tuple[Whole, Whole]:
    """Least and largest key of each link that most of its cells accept."""
    low, high = (np.zeros(len(net.links), dtype=np.int64) for _ in range(2))
    for i, (case, lit) in enumerate(zip(net.cases, net.lit, strict=True)):
        own = np.flatnonzero(net.links[:, 0] == i)
        cells = np.ix_(own, lit)
        low[own], high[own] = voted(case, levels[i], least[cells], most[cells])
    return low, high


def _feasible(net: Network, low: Whole, high: Whole) -> Whole:
    """One key each, of no producer more than the whole together."""
    keys = np.zeros(len(net.links), dtype=np.int64)
    for i in range(len(net.supply)):
        own = net.links[:, 0] == i
        keys[own] = chosen(low[own], high[own])
    return keys


def _shaken(net: Network, keys: Whole, chance: np.random.Generator) -> Whole:
    """Each producer's keys shaken a little."""
    moved = np.zeros_like(keys)
    for i in range(len(net.supply)):
        own = net.links[:, 0] == i
        moved[own] = shaken(keys[own], chance)
    return moved


def _nearer(net: Network, joint: Joint) -> Whole:
    """Keys whose replay comes nearer by single moves."""
    source = np.ascontiguousarray(net.links[:, 0])
    return descended(
        net.supply, net.demand, net.found, joint.order, source, net.quantum, joint.fit.keys, joint.fit.rounds
    )


def _polished(net: Network, joint: Joint, chance: np.random.Generator) -> Joint:
    """Walk on while cells remain unexplained and a walk still helps."""
    stale = 0
    for _ in range(WALKS):
        if joint.fit.equal == net.found.size or stale == MOST_STALE:
            break
        found = _walk(net, joint.fit, joint.order, chance)
        stale = stale + 1 if found.equal == joint.fit.equal else 0
        joint = replace(joint, fit=replace(found, low=joint.fit.low, high=joint.fit.high))
    return joint


def _explained(net: Network, fit: Fit, order: Whole) -> Fit:
    """The fit with its number of cells explained: a walk of no moves."""
    none = walked(
        net.supply,
        net.demand,
        net.found,
        order,
        np.ascontiguousarray(net.links[:, 0]),
        net.quantum,
        fit,
        None,
    )
    return replace(fit, equal=none.equal)


def _walk(net: Network, fit: Fit, order: Whole, chance: np.random.Generator) -> Fit:
    return walked(
        net.supply,
        net.demand,
        net.found,
        order,
        np.ascontiguousarray(net.links[:, 0]),
        net.quantum,
        fit,
        chance,
    )
