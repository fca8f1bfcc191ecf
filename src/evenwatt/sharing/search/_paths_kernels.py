"""The rule replayed interval by interval, and what one change of keys changes in it, compiled.

Of every interval the *path* is kept: what each producer has left and each consumer still wants at the start of
each round. A change of a few consumers' keys is then followed outwards: the consumers touched draw anew; where
that leaves a producer with more or less than before, those of the others whose share of it moves by a whole
quantum draw anew in the next round, and so on. All others keep what they had. The outcome equals a full replay
to the Wh, because every share that could differ is drawn both ways.

Demand is counted in whole quanta, supply in Wh; the share of a link is ``min(want, floor(left * rate + half))``
with ``rate = key / (grid * quantum)`` and ``half = 0.5 / (grid * quantum)``, which is exact while ``key * left <
10**15``.

The two long loops are one function each on purpose: a call that hands over their tables costs more than the
round it would do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled
from evenwatt.sharing._rounds_kernels import one_round_consumer

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NOW, BEFORE = 0, 1  # sides of the tables of rows: with the change on trial, and without


class Ground(NamedTuple):
    """What never changes during a search: the measurements and the rule."""

    supply: Array  # (T, I) [Wh]
    demand: Array  # (T, J) [quanta]
    supply_rows: Array  # (I, T) [Wh], for one round
    demand_rows: Array  # (J, T) [Wh], for one round
    value: Array  # (J, I), worth of a Wh of each pair
    allowed: Flags  # (I, J), pairs that may share
    current: Array  # (I, J), keys that the pull draws towards
    pull: float  # worth lost per unit of key away from ``current``
    quantum: int  # [Wh]
    rounds: int
    one_by_one: bool  # one round, every Wh worth the same: consumers are independent


class Path(NamedTuple):
    """What the keys lead to; kept up to date with every accepted change."""

    order: Whole  # (2, J, K) producers, first priority first, padded with -1
    share: Whole  # (2, J, K) keys, aligned with ``order``
    rate: Array  # (2, J, K) the same in quanta per Wh
    key: Array  # (I, J) keys of the side NOW
    place: Whole  # (I, J) where in ``order`` a producer stands, -1 without link
    left: Array  # (T, P + 1, I) supply left at the start of each kept round [Wh]
    want: Array  # (T, P + 1, J) demand left [quanta]
    tail: Array  # (T,) worth of what is shared after the kept rounds
    lack: Array  # (I, J) what a producer has left and a consumer wants at the end, noted now and then [Wh]
    own: Array  # (J,) what each consumer gets, where consumers are independent [Wh]


class Desk(NamedTuple):
    """Room to work in, so that a change costs no allocation."""

    left: Array  # (2, I) supply left in the round at hand, by side
    given: Array  # (I,) by how much more is given in it than before [quanta]
    want: Array  # (J,) demand left of those who draw anew
    wanted: Array  # (J,) demand left of everybody
    hit: Whole  # (J,)
    live: Whole  # (J,) consumers that draw anew, the touched first
    is_live: Flags  # (J,)
    is_touched: Flags  # (J,)
    new_own: Array  # (J,) totals of the touched, where consumers are independent [Wh]
    reached: Whole  # (T,) intervals that a change may matter in
    stirred: Whole  # (T,) those it does


@compiled(EXACT)
def replay_rounds(
    order: Whole,
    rate: Array,
    value: Array,
    quantum: int,
    rounds: int,
    left: Array,
    given: Array,
    want: Array,
) -> float:
    """Worth of so many rounds, from ``left[NOW]`` and ``want``; both are used up."""
    half = 0.5 / (10_000.0 * quantum)
    worth = 0.0
    for _ in range(rounds):
        moved = 0.0
        for j in range(want.size):
            wanted = want[j]
            if wanted > 0.0:
                for p in range(order.shape[2]):
                    i = order[NOW, j, p]
                    if i < 0:
                        break
                    taken = np.floor(left[NOW, i] * rate[NOW, j, p] + half)
                    taken = taken if taken < wanted else wanted
                    wanted -= taken
                    given[i] += taken
                    worth += taken * value[j, i]
                moved += want[j] - wanted
                want[j] = wanted
        if moved == 0.0:
            break
        for i in range(given.size):
            left[NOW, i] -= given[i] * quantum
            given[i] = 0.0
    return worth * quantum


@compiled(EXACT)
def replay(ground: Ground, path: Path, desk: Desk) -> float:
    """Worth of all intervals replayed in full; every path is written."""
    lefts, wants, left, want = path.left, path.want, desk.left, desk.wanted
    last = lefts.shape[1] - 1
    worth = 0.0
    desk.given[:] = 0.0
    for t in range(lefts.shape[0]):
        left[NOW] = ground.supply[t]
        want[:] = ground.demand[t]
        for r in range(last + 1):
            lefts[t, r] = left[NOW]
            wants[t, r] = want
            rounds = 1 if r < last else ground.rounds - last
            gain = replay_rounds(
                path.order, path.rate, ground.value, ground.quantum, rounds, left, desk.given, want
            )
            worth += gain
        path.tail[t] = gain
    return worth


@compiled(EXACT)
def note_lack(ground: Ground, path: Path) -> None:
    """Note of every pair what it could yet share: where the producer has some left and the consumer wants it."""
    lack, lefts, wants = path.lack, path.left, path.want
    last = lefts.shape[1] - 1
    lack[:] = 0.0
    for t in range(lefts.shape[0]):
        for i in range(lack.shape[0]):
            left = lefts[t, last, i]
            if left > 0.0:
                for j in range(lack.shape[1]):
                    want = wants[t, last, j] * ground.quantum
                    lack[i, j] += want if want < left else left


@compiled(EXACT)
def lay(ground: Ground, path: Path, desk: Desk) -> float:
    """Worth of the keys of the side NOW, less the pull; all else that is kept is written anew."""
    producers, consumers = path.key.shape
    path.key[:] = 0.0
    path.place[:] = -1
    unit = 1.0 / (10_000.0 * ground.quantum)
    for j in range(consumers):
        for p in range(path.order.shape[2]):
            i = path.order[NOW, j, p]
            path.rate[NOW, j, p] = path.share[NOW, j, p] * unit
            if i >= 0:
                path.key[i, j] = path.share[NOW, j, p]
                path.place[i, j] = p
    path.order[BEFORE] = path.order[NOW]
    path.share[BEFORE] = path.share[NOW]
    path.rate[BEFORE] = path.rate[NOW]
    worth = 0.0
    if ground.one_by_one:
        for j in range(consumers):
            path.own[j] = own_total(ground, path, j)
            worth += path.own[j]
    else:
        worth = replay(ground, path, desk)
        note_lack(ground, path)
    if ground.pull > 0.0:
        for i in range(producers):
            for j in range(consumers):
                worth -= ground.pull * abs(path.key[i, j] - ground.current[i, j])
    return worth


@compiled(EXACT)
def own_total(ground: Ground, path: Path, j: int) -> float:
    """What one consumer gets where consumers are independent [Wh]."""
    order, share = path.order[NOW, j], path.share[NOW, j]
    return float(one_round_consumer(ground.supply_rows, ground.demand_rows[j], order, share, ground.quantum))


@compiled(EXACT)
def follow(
    ground: Ground, path: Path, desk: Desk, which: Whole, touched: int, keep: bool
) -> tuple[float, int]:
    """What a change is worth in the intervals ``which``, and how many of them it stirs (listed on the desk).

    The first ``touched`` of ``desk.live`` have different rows on the two sides. With ``keep`` the paths of these
    intervals become the new ones.
    """
    order, rate, key, lefts, wants, value = (
        path.order,
        path.rate,
        path.key,
        path.left,
        path.want,
        ground.value,
    )
    left, want, given, hit = desk.left, desk.want, desk.given, desk.hit
    live, is_live, stirred, quantum = desk.live, desk.is_live, desk.stirred, ground.quantum
    producers, consumers, width = given.size, want.size, order.shape[2]
    last = lefts.shape[1] - 1
    unit = 1.0 / (10_000.0 * quantum)
    half = 0.5 * unit
    worth = 0.0
    found = 0
    for x in range(which.size):
        t = which[x]
        count = touched
        for c in range(touched):
            want[live[c]] = wants[t, 0, live[c]]
        for i in range(producers):
            left[NOW, i] = lefts[t, 0, i]
        differs = False
        apart = False  # has any producer more or less left than before?
        at_rest = False
        for r in range(last):
            for i in range(producers):
                given[i] = 0.0
                left[BEFORE, i] = lefts[t, r, i]
            if apart:
                # Wake whoever's share of a changed producer moves by a whole quantum.
                for j in range(consumers):
                    hit[j] = 0
                for i in range(producers):
                    now, before = left[NOW, i], left[BEFORE, i]
                    if now != before:
                        for j in range(consumers):
                            pace = key[i, j] * unit
                            hit[j] |= np.int64(np.floor(pace * now + half) != np.floor(pace * before + half))
                for j in range(consumers):
                    if hit[j] != 0 and wants[t, r, j] > 0.0 and not is_live[j]:
                        live[count] = j
                        is_live[j] = True
                        want[j] = wants[t, r, j]
                        count += 1
            at_rest = True
            staying = touched
            for c in range(count):
                j = live[c]
                before = wants[t, r, j]
                if keep:
                    wants[t, r, j] = want[j]
                sign = 1.0
                for side in range(2):
                    wanted = want[j] if side == NOW else before
                    if wanted > 0.0:
                        for p in range(width):
                            i = order[side, j, p]
                            if i < 0:
                                break
                            taken = np.floor(left[side, i] * rate[side, j, p] + half)
                            taken = sign * (taken if taken < wanted else wanted)
                            wanted -= sign * taken
                            given[i] += taken
                            worth += taken * value[j, i]
                    if side == NOW:
                        want[j] = wanted
                    else:
                        before = wanted
                    sign = -1.0
                differs |= want[j] != before
                if c < touched:
                    at_rest &= want[j] == before and want[j] <= 0.0
                elif want[j] != before:
                    live[staying] = j
                    staying += 1
                else:  # it wants what it wanted before, and sleeps until it is woken again
                    is_live[j] = False
            count = staying
            apart = False
            for i in range(producers):
                after = lefts[t, r + 1, i]
                if keep:
                    lefts[t, r, i] = left[NOW, i]
                left[NOW, i] -= left[BEFORE, i] - after + given[i] * quantum
                apart |= left[NOW, i] != after
            differs |= apart
            at_rest &= not apart and count == touched
            if at_rest:
                break
        if not at_rest:
            if keep:
                for i in range(producers):
                    lefts[t, last, i] = left[NOW, i]
                for c in range(count):
                    wants[t, last, live[c]] = want[live[c]]
            if ground.rounds > last:
                for j in range(consumers):
                    desk.wanted[j] = wants[t, last, j]
                for c in range(count):
                    desk.wanted[live[c]] = want[live[c]]
                for i in range(producers):
                    given[i] = 0.0
                tail = replay_rounds(
                    order, rate, value, quantum, ground.rounds - last, left, given, desk.wanted
                )
                worth += (tail - path.tail[t]) / quantum
                differs |= tail != path.tail[t]
                if keep:
                    path.tail[t] = tail
            for c in range(touched, count):
                is_live[live[c]] = False
        if differs:
            stirred[found] = t
            found += 1
    return worth * quantum, found
