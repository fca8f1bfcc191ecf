"""One producer's keys from what its consumers got: the search behind :func:`evenwatt.sharing.infer_keys`.

If it were known how much supply was left at the start of each round, every cell would name its keys: an unfilled
consumer got ``sum over rounds of floor(key * left)``, which rises with the key. So guess keys, replay them, take
for each consumer the key that most of its cells accept at those levels, and repeat. Right keys reproduce the
levels exactly, and each step brings both nearer; a perturbed cell is outvoted. What remains open after that
(members who are nearly always filled, whose keys only show in what they leave to others) is tried key by key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.problem import GRID

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Explain = Callable[[Whole], int]  # keys -> cells explained

MOST_TURNS = 24  # of guess, replay and vote; six are usual
PATIENCE = 4  # turns without a better match
DAMPED = 2  # first turns that go only half the way
STRIDES = (256, 64, 16, 4, 1)  # of a key that is moved to bring the replay nearer
WALKS, MOST_STALE = 12, 2  # over keys that explain as much: at most, and in a row without finding better ones
RESTARTS, STALE_RESTARTS = 12, 4  # from other keys: at most, and in a row without finding better ones
SHAKE = 0.03  # of a key, the standard deviation
STROLLS = 4  # walks over keys that explain everything, to see how far they reach
MOVES, MOVES_EACH = 1000, 100  # of a walk at least, and for each consumer


@dataclass(frozen=True, eq=False)
class Case:
    """What one producer had and what its consumers got, intervals without supply left out.

    Attributes
    ----------
    supply : (T,)
        Before sharing [Wh].
    room : (J, T)
        What each consumer could take from this producer at most [quanta].
    found : (J, T)
        What it took [quanta].
    quantum : int
        [Wh].
    """

    supply: Array
    room: Array
    found: Array
    quantum: int

    def at(self, rows: Whole) -> Case:
        """The same at some intervals only."""
        room, found = (np.ascontiguousarray(held[:, rows]) for held in (self.room, self.found))
        return Case(self.supply[rows], room, found, self.quantum)

    def replayed(self, keys: Whole, rounds: int) -> tuple[Array, Array]:
        """What consumers get under these keys (J, T) [quanta], and levels of supply (T, R) [Wh]."""
        from evenwatt.sharing.inference import _kernels as kernels

        got, level = np.empty_like(self.room), np.empty((len(self.supply), rounds))
        kernels.replay(self.supply, self.room, keys, rounds, self.quantum, got, level)
        return got, level

    def equal(self, keys: Whole, rounds: int) -> int:
        """How many cells these keys explain."""
        return int((self.replayed(keys, rounds)[0] == self.found).sum())


@dataclass(frozen=True, eq=False)
class Fit:
    """Keys (J,), the least and the largest that explain each consumer's cells as well, cells explained."""

    keys: Whole
    low: Whole
    high: Whole
    equal: int
    rounds: int


def fitted(case: Case, rounds: int, start: Whole | None = None) -> Fit:
    """Keys by replaying and voting in turn; of all turns the one that explains most cells."""
    keys = _start(case) if start is None else start
    best, stale = None, 0
    for turn in range(MOST_TURNS):
        got, level = case.replayed(keys, rounds)
        equal = int((got == case.found).sum())
        low, high = explained(case, level)
        if best is None or equal > best.equal:
            best, stale = Fit(keys, low, high, equal, rounds), 0
        else:
            stale += 1
        if equal == case.found.size or stale == PATIENCE:
            break
        wanted = chosen(low, high)
        if (wanted == keys).all():
            break
        keys = (wanted + keys) // 2 if turn < DAMPED and start is None else wanted
    assert best is not None
    return best


def polished(case: Case, fit: Fit, chance: np.random.Generator) -> Fit:
    """Walk over keys that explain as many cells, to find better ones while any cell is unexplained.

    Of one round nothing is open: there each consumer's keys are voted on as they are.
    """
    if fit.rounds == 1:
        return fit
    fit = restarted(case, fit, chance)
    sorted_case = _hot_first(case, fit)
    stale = 0
    for _ in range(WALKS):
        if fit.equal == case.found.size or stale == MOST_STALE:
            break
        found = _walked(sorted_case, fit, chance)
        stale = stale + 1 if found.equal == fit.equal else 0
        fit = found
    return fit


def restarted(case: Case, fit: Fit, chance: np.random.Generator) -> Fit:
    """The best of more starts: all supply shared out, keys shaken a little, keys whose replay comes nearer."""
    stale = 0
    for turn in range(RESTARTS):
        if fit.equal == case.found.size:
            return fit
        if stale == STALE_RESTARTS:
            break
        start = shaken(fit.keys, chance) if turn else _stretched(fit.keys)
        again = fitted(case, fit.rounds, start=start)
        fit, stale = (again, 0) if again.equal > fit.equal else (fit, stale + 1)
    again = fitted(case, fit.rounds, start=_descended(case, fit.keys, fit.rounds))
    return again if again.equal > fit.equal else fit


def shaken(keys: Whole, chance: np.random.Generator) -> Whole:
    """Keys a few percent off, of no more than the whole together: another way into the search."""
    moved = np.floor(keys * np.maximum(1 + SHAKE * chance.standard_normal(len(keys)), 0.0))
    return np.asarray(np.floor(moved * min(1.0, GRID / max(float(moved.sum()), 1.0))), dtype=np.int64)


def _stretched(keys: Whole) -> Whole:
    """Keys in proportion that share out the whole supply, as most groups do."""
    return np.asarray(keys * GRID // max(int(keys.sum()), 1))


def _descended(case: Case, start: Whole, rounds: int) -> Whole:
    """Keys of one producer whose replay comes nearer."""
    order, source = np.arange(len(start))[:, None], np.zeros(len(start), dtype=np.int64)
    return descended(case.supply[None], case.room, case.found, order, source, case.quantum, start, rounds)


def descended(
    supply: Array,
    demand: Array,
    found: Array,
    order: Whole,
    source: Whole,
    quantum: int,
    start: Whole,
    rounds: int,
) -> Whole:
    """Keys that bring the replay nearer, whether or not they explain more cells yet; axes as in ``walked``."""
    from evenwatt.sharing.inference import _kernels as kernels

    keys = start.copy()
    kernels.descend(supply, demand, found, order, source, keys, rounds, quantum, np.array(STRIDES))
    return keys


def intervals(case: Case, fit: Fit, chance: np.random.Generator) -> Fit:
    """The keys that explain each consumer's cells as well, in any of three ways.

    At the levels of supply found; with the other keys as found; or together with others, as far as a random
    walk over keys that explain as many cells shows. More than the others' least keys leave is not possible.
    """
    low, high = explained(case, case.replayed(fit.keys, fit.rounds)[1])
    if fit.rounds > 1:
        # Where every cell is explained most moves are refused at once, and walking on costs little.
        for _ in range(STROLLS if fit.equal == case.found.size else 1):
            walk = _walked(case, replace(fit, low=low, high=high), chance)
            low, high = np.minimum(low, walk.low), np.maximum(high, walk.high)
            fit = replace(fit, keys=walk.keys, equal=walk.equal)
        fit = _centred(case, replace(fit, low=low, high=high))
        low, high = reached(lambda keys: case.equal(keys, fit.rounds), fit, low, high)
    return bounded(replace(fit, low=low, high=high), np.zeros(len(fit.keys), dtype=np.int64))


def bounded(fit: Fit, source: Whole) -> Fit:
    """The fit with intervals that hold its keys and leave the other links of a producer their least keys."""
    low, high = np.minimum(fit.low, fit.keys), np.maximum(fit.high, fit.keys)
    least = np.zeros(int(source.max(initial=0)) + 1, dtype=np.int64)
    np.add.at(least, source, low)
    return replace(fit, low=low, high=np.maximum(np.minimum(high, GRID - least[source] + low), fit.keys))


def _start(case: Case) -> Whole:
    """Keys in proportion to what each got."""
    got = case.found.sum(axis=1)
    return np.asarray(np.floor(got * (GRID / max(float(got.sum()), 1.0))), dtype=np.int64)


def explained(case: Case, level: Array) -> tuple[Whole, Whole]:
    """Least and largest key of the longest stretch that most cells of each consumer accept at these levels."""
    rounds = level.shape[1]
    is_filled = case.found >= case.room
    return voted(case, level, np.full(case.found.shape, rounds), np.where(is_filled, 0, rounds))


def voted(case: Case, level: Array, least: Whole, most: Whole) -> tuple[Whole, Whole]:
    """The same where each cell says how many rounds its key took part in, at least and at most (J, T)."""
    from evenwatt.sharing.inference import _kernels as kernels

    low, high = (np.zeros(len(case.room), dtype=np.int64) for _ in range(2))
    kernels.explaining(case.found, least, most, level, case.quantum, low, high)
    return low, high


def chosen(low: Whole, high: Whole) -> Whole:
    """The middle of each stretch; the least where it has no end or may be none; at most the whole supply."""
    least = low.sum()
    if least > GRID:
        return np.asarray(low * GRID // least)
    spare = np.where((high >= GRID) | (low == 0), 0, (high - low) // 2)
    over = least + spare.sum() - GRID
    return np.asarray(low + (spare if over <= 0 else spare * (GRID - least) // spare.sum()))


def walked(
    supply: Array,
    demand: Array,
    found: Array,
    order: Whole,
    source: Whole,
    quantum: int,
    fit: Fit,
    chance: np.random.Generator | None,
) -> Fit:
    """One walk over the keys of several producers' links, by the whole rule; without chance, no step.

    Parameters
    ----------
    supply, demand, found : (I, T), (J, T), (L, T)
        In Wh, quanta and quanta.
    order, source : (J, K), (L,)
        Links of each consumer, first priority first, padded with -1; the producer of each link.
    """
    from evenwatt.sharing.inference import _kernels as kernels

    keys, low, high = fit.keys.copy(), fit.low.copy(), fit.high.copy()
    moves = np.zeros((0, 4)) if chance is None else chance.random((max(MOVES, MOVES_EACH * len(keys)), 4))
    reach = np.maximum(fit.high - fit.low, 0) + 4
    missed = kernels.wander(
        supply, demand, found, order, source, keys, fit.rounds, quantum, moves, reach, low, high
    )
    return Fit(keys, low, high, found.size - missed, fit.rounds)


def _walked(case: Case, fit: Fit, chance: np.random.Generator) -> Fit:
    """One walk from a fit: where it ended, and the range of keys that explained as much as the last."""
    order = np.arange(len(fit.keys))[:, None]
    source = np.zeros(len(fit.keys), dtype=np.int64)
    return walked(case.supply[None], case.room, case.found, order, source, case.quantum, fit, chance)


def _hot_first(case: Case, fit: Fit) -> Case:
    """Intervals that do not match before the others, so that a bad move is refused early."""
    missed = (case.replayed(fit.keys, fit.rounds)[0] != case.found).sum(axis=0)
    return case.at(np.argsort(-missed, kind="stable"))


def _centred(case: Case, fit: Fit) -> Fit:
    """Keys in the middle of their intervals where that explains as much."""
    middle = chosen(fit.low, fit.high)
    equal = case.equal(middle, fit.rounds)
    return replace(fit, keys=middle, equal=equal) if equal >= fit.equal else fit


def reached(explain: Explain, fit: Fit, low: Whole, high: Whole) -> tuple[Whole, Whole]:
    """Intervals stretched by the keys that explain as many cells while all others stay as found."""
    ends = [[_reach(explain, fit, link, limit) for link in range(len(fit.keys))] for limit in (0, GRID)]
    return np.minimum(low, ends[0]), np.maximum(high, ends[1])


def _reach(explain: Explain, fit: Fit, link: int, limit: int) -> int:
    """The last key from the found one towards a limit that explains as many cells, doubling the step."""

    def holds(key: int) -> bool:
        trial = fit.keys.copy()
        trial[link] = key
        return explain(trial) >= fit.equal

    good, bad, step = int(fit.keys[link]), limit, 1
    way = 1 if limit > good else -1
    while good != limit:
        ahead = min(good + step, limit) if way > 0 else max(good - step, limit)
        if not holds(ahead):
            bad = ahead
            break
        good, step = ahead, 2 * step
    while abs(bad - good) > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if holds(middle) else (good, middle)
    return good
