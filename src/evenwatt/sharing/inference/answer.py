"""From readings to keys of all pairs: tries numbers of rounds, for one producer or for several together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import stream
from evenwatt.sharing.inference.fit import Case, Fit, explained, fitted, intervals, polished, restarted
from evenwatt.sharing.inference.joint import joined, joint_intervals, network, rejoined, replayed
from evenwatt.sharing.inference.readings import Readings
from evenwatt.sharing.problem import GRID

Whole = npt.NDArray[np.int64]

ROUNDS = (1, 2, 3, 4, 5, 6)  # tried where none are told
ENOUGH_INTERVALS = 4_000  # to tell numbers of rounds apart: a month and a half of daylight
NEARLY = 20  # cells by which another number of rounds may start out worse and still win


@dataclass(frozen=True, eq=False)
class Answer:
    """Keys, the range that explains as much, and priorities, (I, J) each; the rest as in ``Inferred``."""

    keys: Whole
    low: Whole
    high: Whole
    priority: Whole
    rounds: int
    possible_rounds: tuple[int, ...]
    undecided: tuple[int, ...]


def single(data: Readings, rounds: int | None) -> Answer:
    """The answer for one producer, or none."""
    links = np.array([data.active(i) for i in range(data.shape[0])], dtype=np.bool_).reshape(data.shape)
    if not links.any():
        return _nothing(data, rounds)
    chance = stream(0, "infer keys")
    case = data.case(0, links[0])
    near = [fits[0] for fits in _near([case], rounds)]
    # The first of equals: the fewest rounds.
    best = max((polished(case, fit, chance) for fit in near), key=lambda fit: fit.equal)
    fit = intervals(case, best, chance)
    possible = tuple(turns for turns in ROUNDS if case.equal(fit.keys, turns) >= fit.equal)
    ranks = links.astype(np.int64) if data.priority is None else data.priority
    return _answer(data, np.argwhere(links), fit, ranks, (possible if rounds is None else (fit.rounds,), ()))


def several(data: Readings, rounds: int | None) -> Answer:
    """The answer for several producers whose pairs are known."""
    net = network(data)
    if len(net.links) == 0:
        return _nothing(data, rounds)
    chance = stream(0, "infer keys")
    near = [
        [restarted(case, fit, chance) for case, fit in zip(net.cases, fits, strict=True)]
        for fits in _near(net.cases, rounds)
    ]
    starts = [(np.concatenate([fit.keys for fit in fits]), fits[0].rounds) for fits in near]
    best = max((joined(net, keys, turns) for keys, turns in starts), key=lambda found: found.fit.equal)
    found = joint_intervals(net, rejoined(net, best, chance), chance)
    fit = found.fit
    possible = tuple(turns for turns in ROUNDS if replayed(net, fit.keys, found.order, turns) >= fit.equal)
    ranks = np.zeros(data.shape, dtype=np.int64)
    for placed in found.order:
        own = net.links[placed[placed >= 0]]
        ranks[own[:, 0], own[:, 1]] = np.arange(len(own), 0, -1)
    if data.priority is not None:
        ranks = data.priority
    return _answer(
        data, net.links, fit, ranks, (possible if rounds is None else (fit.rounds,), found.undecided)
    )


def _near(cases: list[Case], rounds: int | None) -> list[list[Fit]]:
    """Fits of all producers for each number of rounds that may turn out best, the fewest rounds first.

    Of a long period every n-th interval is enough to tell them apart; the keys are then fitted to all.
    """
    step = max(len(case.supply) for case in cases) // ENOUGH_INTERVALS + 1
    some = cases if step == 1 else [case.at(np.arange(0, len(case.supply), step)) for case in cases]
    near = _near_on(some, rounds, is_all=step == 1)
    if step == 1:
        return near
    return [
        [fitted(case, fit.rounds, start=fit.keys) for case, fit in zip(cases, fits, strict=True)]
        for fits in near
    ]


def _near_on(cases: list[Case], rounds: int | None, is_all: bool) -> list[list[Fit]]:
    """The same on these intervals; the first number of rounds that explains all of them all is the answer."""
    largest = sorted(range(len(cases)), key=lambda n: -float(cases[n].found.sum()))
    tried: list[tuple[int, list[Fit]]] = []
    best = sum(case.found.size for case in cases)
    for turns in ROUNDS if rounds is None else (rounds,):
        fits: dict[int, Fit] = {}
        missed = 0
        for n in largest:
            fits[n] = fitted(cases[n], turns)
            missed += cases[n].found.size - fits[n].equal
            if missed > 2 * best + NEARLY:
                break
        else:
            tried.append((missed, [fits[n] for n in range(len(cases))]))
            best = min(best, missed)
        if best == 0 and is_all:
            break
    return [fits for missed, fits in tried if missed <= 2 * best + NEARLY]


def _answer(
    data: Readings, links: Whole, fit: Fit, ranks: Whole, rest: tuple[tuple[int, ...], tuple[int, ...]]
) -> Answer:
    """Put the links' keys into tables; a pair that never shared has key 0, or one that the floor hides."""
    keys, low, high = (np.zeros(data.shape, dtype=np.int64) for _ in range(3))
    place = links[:, 0], links[:, 1]
    keys[place], low[place], high[place] = fit.keys, fit.low, fit.high
    for i in range(data.shape[0]):
        is_idle = ~data.active(i)
        own = data.case(i, ~is_idle)
        level = own.replayed(keys[i, ~is_idle], fit.rounds)[1]
        hidden = explained(data.case(i, is_idle), level)[1]
        high[i, is_idle] = np.minimum(hidden, GRID - low[i].sum())
    if data.priority is not None:
        high[data.priority == 0] = 0
    return Answer(keys, low, high, ranks, fit.rounds, *rest)


def _nothing(data: Readings, rounds: int | None) -> Answer:
    """Nobody got anything from anybody: keys of 0 explain it under any number of rounds."""
    none = np.zeros(0, dtype=np.int64)
    fit = Fit(none, none, none, 0, rounds or 1)
    ranks = np.zeros(data.shape, dtype=np.int64) if data.priority is None else data.priority
    possible = ROUNDS if rounds is None else (rounds,)
    return _answer(data, np.zeros((0, 2), dtype=np.int64), fit, ranks, (possible, ()))
