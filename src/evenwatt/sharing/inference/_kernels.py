"""The loops of key inference, compiled: one producer's rounds replayed, and which keys explain each cell.

Time runs last. Consumers' room and what they got are counted in whole quanta, supply in Wh; the share of a round
is ``floor(left * key / (grid * quantum))``, exact in doubles as in :mod:`evenwatt.sharing._rounds_kernels`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, FAST, compiled
from evenwatt.sharing._rounds_kernels import GRID

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

WIDEST = 10_000  # the largest key
BLOCK = 64  # intervals side by side
SLACK = 2  # cells that a move may lose in some blocks and still win back in others


@compiled(FAST)
def take(left: Array, room: Array, got: Array, given: Array, rate: float, half: float) -> float:
    """One consumer's round in one block; ``got`` and ``given`` are updated. What moved, in quanta."""
    moved = 0.0
    for x in range(left.size):
        share = min(np.floor(left[x] * rate + half), room[x] - got[x])
        got[x] += share
        given[x] += share
        moved += share
    return moved


@compiled(FAST)
def replay(
    supply: Array, room: Array, key: Whole, rounds: int, quantum: int, got: Array, level: Array
) -> None:
    """What each consumer gets (J, T) [quanta], and the supply at the start of each round (T, R) [Wh]."""
    consumers, steps = room.shape
    unit = GRID * quantum
    half = 0.5 / unit
    left, given = np.empty(BLOCK), np.empty(BLOCK)
    for first in range(0, steps, BLOCK):
        size = min(BLOCK, steps - first)
        block = slice(first, first + size)
        for x in range(size):
            left[x] = supply[first + x]
        for j in range(consumers):
            for x in range(size):
                got[j, first + x] = 0.0
        moved = 1.0
        for turn in range(rounds):
            for x in range(size):
                level[first + x, turn] = left[x]
            if moved == 0.0:
                continue
            for x in range(size):
                given[x] = 0.0
            moved = 0.0
            for j in range(consumers):
                rate = key[j] / unit
                moved += take(left[:size], room[j, block], got[j, block], given[:size], rate, half)
            for x in range(size):
                # Keys on trial may sum to a little more than the whole.
                left[x] = max(left[x] - given[x] * quantum, 0.0)


@compiled(FAST)
def unexplained(
    supply: Array,
    demand: Array,
    found: Array,
    order: Whole,
    source: Whole,
    key: Whole,
    rounds: int,
    quantum: int,
    first: int,
    work: tuple[Array, Array, Array, Array],
) -> tuple[int, float]:
    """Cells of the block from ``first`` that a replay of the rule does not give back, and by how much."""
    left, given, want, got = work
    consumers, width = order.shape
    size = min(BLOCK, supply.shape[1] - first)
    unit = GRID * quantum
    half = 0.5 / unit
    for i in range(supply.shape[0]):
        for x in range(size):
            left[i, x] = supply[i, first + x]
            given[i, x] = 0.0
    for j in range(consumers):
        for x in range(size):
            want[j, x] = demand[j, first + x]
    for link in range(source.size):
        for x in range(size):
            got[link, x] = 0.0
    for _ in range(rounds):
        moved = 0.0
        for j in range(consumers):
            for p in range(width):
                link = order[j, p]
                if link < 0:
                    break
                i, rate = source[link], key[link] / unit
                for x in range(size):
                    share = min(np.floor(left[i, x] * rate + half), want[j, x])
                    want[j, x] -= share
                    got[link, x] += share
                    given[i, x] += share
                    moved += share
        if moved == 0.0:
            break
        for i in range(supply.shape[0]):
            for x in range(size):
                left[i, x] = max(left[i, x] - given[i, x] * quantum, 0.0)
                given[i, x] = 0.0
    missed, apart = 0.0, 0.0
    for link in range(source.size):
        for x in range(size):
            differs = abs(got[link, x] - found[link, first + x])
            missed += min(differs, 1.0)
            apart += differs
    return int(missed), apart


@compiled(EXACT)
def workplace(producers: int, consumers: int, links: int) -> tuple[Array, Array, Array, Array]:
    """Room for what is left, given, wanted and got in one block."""
    return (
        np.empty((producers, BLOCK)),
        np.empty((producers, BLOCK)),
        np.empty((consumers, BLOCK)),
        np.empty((links, BLOCK)),
    )


@compiled(EXACT)
def unclaimed(source: Whole, key: Whole, producers: int) -> Whole:
    """What each producer's keys leave of the whole."""
    spare = np.full(producers, WIDEST)
    for link in range(key.size):
        spare[source[link]] -= key[link]
    return spare


@compiled(EXACT)
def distance(
    supply: Array,
    demand: Array,
    found: Array,
    order: Whole,
    source: Whole,
    key: Whole,
    rounds: int,
    quantum: int,
    work: tuple[Array, Array, Array, Array],
    limit: float,
) -> float:
    """How far a replay is from what was found [quanta]; as soon as it is at the limit, no further."""
    steps = supply.shape[1]
    total = 0.0
    for first in range(0, steps, BLOCK):
        _, apart = unexplained(supply, demand, found, order, source, key, rounds, quantum, first, work)
        total += apart
        if total >= limit:
            break
    return total


@compiled(EXACT)
def descend(
    supply: Array,
    demand: Array,
    found: Array,
    order: Whole,
    source: Whole,
    key: Whole,
    rounds: int,
    quantum: int,
    strides: Whole,
) -> float:
    """Move single keys while that brings the replay nearer; in place."""
    links = key.size
    work = workplace(supply.shape[0], demand.shape[0], links)
    spare = unclaimed(source, key, supply.shape[0])
    best = distance(supply, demand, found, order, source, key, rounds, quantum, work, np.inf)
    for stride in strides:
        is_moving = True
        while is_moving and best > 0.0:
            is_moving = False
            for link in range(links):
                for way in (stride, -stride):
                    change = max(min(way, spare[source[link]]), -key[link])
                    if change == 0:
                        continue
                    key[link] += change
                    now = distance(supply, demand, found, order, source, key, rounds, quantum, work, best)
                    if now < best:
                        best = now
                        spare[source[link]] -= change
                        is_moving = True
                    else:
                        key[link] -= change
    return best


@compiled(EXACT)
def proposed(
    key: Whole, source: Whole, spare: Whole, reach: Whole, chance: Array, move: int
) -> tuple[int, int, int]:
    """A link, another of the same producer (or the same), and what the first wins from the other."""
    links = key.size
    link = int(chance[move, 0] * links)
    step = int(float(reach[link]) ** chance[move, 1])
    change = max(step if chance[move, 2] < 0.5 else -step, -key[link])
    other = int(chance[move, 3] * 2 * links)  # half of the moves change one key only
    if other < links and other != link and source[other] == source[link]:
        return link, other, min(change, key[other])
    return link, link, min(change, spare[source[link]])


@compiled(EXACT)
def restart(key: Whole, low: Whole, high: Whole) -> None:
    """Let the range of keys begin anew."""
    for link in range(key.size):
        low[link] = key[link]
        high[link] = key[link]


@compiled(EXACT)
def wander(
    supply: Array,
    demand: Array,
    found: Array,
    order: Whole,
    source: Whole,
    key: Whole,
    rounds: int,
    quantum: int,
    chance: Array,
    reach: Whole,
    low: Whole,
    high: Whole,
) -> int:
    """Walk at random over keys that explain as many cells or more; return how many stay unexplained.

    ``supply`` (I, T) in Wh, ``demand`` (J, T) and ``found`` (L, T) in quanta; ``order`` (J, K) holds links and
    ``source`` (L,) their producers. ``key`` (L,) is updated, ``low`` and ``high`` become the least and largest
    among keys that explain as many cells as the last. ``chance`` (moves, 4) in [0, 1) says which key moves and
    how far, ``reach`` (L,) at most. Blocks that refused a move are asked first at the next.
    """
    steps = supply.shape[1]
    blocks = (steps + BLOCK - 1) // BLOCK
    queue, missed, now = np.zeros(blocks, np.int64), np.zeros(blocks, np.int64), np.zeros(blocks, np.int64)
    work = workplace(supply.shape[0], demand.shape[0], key.size)
    spare = unclaimed(source, key, supply.shape[0])
    total = 0
    for b in range(blocks):
        queue[b] = b
        missed[b], _ = unexplained(
            supply, demand, found, order, source, key, rounds, quantum, b * BLOCK, work
        )
        total += missed[b]
    restart(key, low, high)
    for move in range(chance.shape[0]):
        link, other, change = proposed(key, source, spare, reach, chance, move)
        if change == 0:
            continue
        key[link] += change
        if other != link:
            key[other] -= change
        rise = 0
        for place in range(blocks):
            b = queue[place]
            now[b], _ = unexplained(
                supply, demand, found, order, source, key, rounds, quantum, b * BLOCK, work
            )
            rise += now[b] - missed[b]
            if rise > min(SLACK, total):
                for k in range(place, 0, -1):
                    queue[k] = queue[k - 1]
                queue[0] = b
                break
        if rise > 0:
            key[link] -= change
            if other != link:
                key[other] += change
            continue
        total += rise
        for b in range(blocks):
            missed[b] = now[b]
        if other == link:
            spare[source[link]] -= change
        if rise < 0:
            restart(key, low, high)
        low[link], high[link] = min(low[link], key[link]), max(high[link], key[link])
        low[other], high[other] = min(low[other], key[other]), max(high[other], key[other])
    return total


@compiled(EXACT)
def fixed_total(key: int, level: Array, unit: float, half: float) -> float:
    """What a key takes from a supply that goes through these levels, without a limit [quanta]."""
    total = 0.0
    for turn in range(level.size):
        total += np.floor(level[turn] * (key / unit) + half)
    return total


@compiled(EXACT)
def least_key(target: float, level: Array, offered: float, unit: float, half: float) -> int:
    """The smallest key that takes at least ``target`` quanta; above the grid where none does."""
    if target <= 0.0:
        return 0
    # Each round's floor loses less than one quantum, so the key lies between these two.
    low = max(int(target * unit / offered) - 1, 0)
    high = int((target + level.size) * unit / offered) + 1
    high = min(high, WIDEST + 1)
    while high - low > 1:
        middle = (low + high) // 2
        if fixed_total(middle, level, unit, half) >= target:
            high = middle
        else:
            low = middle
    return max(high, low + 1)


@compiled(EXACT)
def explaining(
    found: Array, least: Whole, most: Whole, level: Array, quantum: int, low: Whole, high: Whole
) -> None:
    """The keys (low..high) of each consumer that explain most of its cells.

    A cell (J, T) is explained by keys that take at least what was found in its first ``least`` rounds and at
    most that in its first ``most``: both all rounds where a consumer was never short of room, ``most`` none
    where nothing but its own room may have stopped it.
    """
    consumers, steps = found.shape
    rounds = level.shape[1]
    unit = GRID * quantum
    half = 0.5 / unit
    offered = np.zeros((steps, rounds + 1))
    for t in range(steps):
        for turn in range(rounds):
            offered[t, turn + 1] = offered[t, turn] + level[t, turn]
    change = np.empty(WIDEST + 2, np.int64)
    for j in range(consumers):
        change[:] = 0
        for t in range(steps):
            n, m = least[j, t], most[j, t]
            first, last = 0, WIDEST
            if n > 0 and offered[t, n] > 0.0:
                first = least_key(found[j, t], level[t, :n], offered[t, n], unit, half)
            if m > 0 and offered[t, m] > 0.0:
                last = least_key(found[j, t] + 1.0, level[t, :m], offered[t, m], unit, half) - 1
                last = min(last, WIDEST)
            if first <= last and (first > 0 or last < WIDEST):
                change[first] += 1
                change[last + 1] -= 1
        low[j], high[j] = best_stretch(change)


@compiled(EXACT)
def best_stretch(change: Whole) -> tuple[int, int]:
    """First and last key of the longest stretch that most cells accept."""
    most, held = -1, 0
    low, high, start = 0, 0, 0
    was_best = False
    for key in range(WIDEST + 1):
        held += change[key]
        if held > most:
            most, low, high, start = held, key, key, key
            was_best = True
        elif held == most:
            start = start if was_best else key
            was_best = True
            if key - start > high - low:
                low, high = start, key
        else:
            was_best = False
    return low, high
