"""The loops of the rounds rule, compiled: shares of a block of intervals side by side.

Time runs last, so that one instruction handles several quarter-hours: within a round the consumers are
independent, between intervals everything is. Demand is counted in whole quanta; then floor to the quantum and
division by the grid become one: the share of a link is ``min(want, floor(left * rate + half))`` with
``rate = key / (grid * quantum)`` and ``half = 0.5 / (grid * quantum)``. That is exact: ``key * left`` over
``grid * quantum`` lies on or at least 1 / (grid * quantum) below the next whole number, half of which no
rounding of doubles reaches while ``key * left < 10**15``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, FAST, compiled

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

BLOCK = 48  # intervals side by side
GRID = 10_000.0


@compiled(FAST)
def serve(
    left: Array, i: int, want: Array, j: int, given: Array, rate: float, half: float, size: int
) -> float:
    """One link, one round, one block: what it takes, in quanta; ``want`` and ``given`` are updated."""
    taken = 0.0
    for x in range(size):
        share = min(np.floor(left[i, x] * rate + half), want[j, x])
        want[j, x] -= share
        given[i, x] += share
        taken += share
    return taken


@compiled(FAST)
def settle(left: Array, given: Array, i: int, quantum: float, size: int) -> float:
    """Take what was given from a supply at the round's end; return the most that is left of it."""
    most = 0.0
    for x in range(size):
        held = left[i, x] - given[i, x] * quantum
        left[i, x] = held
        given[i, x] = 0.0
        most = max(most, held)
    return most


@compiled(FAST)
def load(source: Array, row: int, first: int, size: int, unit: float, into: Array) -> float:
    """Copy a stretch of a row in whole units; return the most there is."""
    most = 0.0
    inverse = 1.0 / unit
    for x in range(size):
        held = np.floor((source[row, first + x] + 0.5) * inverse)
        into[row, x] = held
        most = max(most, held)
    return most


@compiled(FAST)
def largest(want: Array, j: int, size: int) -> float:
    """The most that a consumer still wants anywhere in the block."""
    most = 0.0
    for x in range(size):
        most = max(most, want[j, x])
    return most


@compiled(FAST)
def shared_total(supply: Array, demand: Array, order: Whole, share: Whole, rounds: int, quantum: int) -> int:
    """All that is shared [Wh]; supply (I, T) and demand (J, T) in whole Wh, order and share (J, K)."""
    producers, steps = supply.shape
    consumers, width = order.shape
    step = float(quantum)
    unit = GRID * step
    half = 0.5 / unit
    left = np.empty((producers, BLOCK))
    given = np.zeros((producers, BLOCK))
    want = np.empty((consumers, BLOCK))
    most = np.empty(producers)
    wanted = np.empty(consumers)
    total = 0.0
    for first in range(0, steps, BLOCK):
        size = min(BLOCK, steps - first)
        for i in range(producers):
            most[i] = load(supply, i, first, size, 1.0, left)
        for j in range(consumers):
            wanted[j] = load(demand, j, first, size, step, want)
        for _ in range(rounds):
            moved = 0.0
            for j in range(consumers):
                if wanted[j] == 0.0:
                    continue
                for p in range(width):
                    i = order[j, p]
                    if i < 0:
                        break
                    rate = share[j, p] / unit
                    if most[i] * rate + half >= 1.0:  # else nowhere in the block a whole quantum
                        moved += serve(left, i, want, j, given, rate, half, size)
                wanted[j] = largest(want, j, size)
            if moved == 0.0:
                break
            total += moved
            for i in range(producers):
                most[i] = settle(left, given, i, step, size)
    return int(total * step + 0.5)


@compiled(FAST)
def one_round_consumer(supply: Array, demand: Array, order: Whole, share: Whole, quantum: int) -> int:
    """What one consumer gets under the one-round rule [Wh]; demand (T,), order and share (K,)."""
    steps = demand.size
    step = float(quantum)
    unit = GRID * step
    half = 0.5 / unit
    inverse = 1.0 / step
    total = 0.0
    want = np.empty(steps)
    for x in range(steps):
        want[x] = np.floor((demand[x] + 0.5) * inverse)
    for p in range(order.size):
        i = order[p]
        if i < 0:
            break
        rate = share[p] / unit
        for x in range(steps):
            taken = min(np.floor(supply[i, x] * rate + half), want[x])
            want[x] -= taken
            total += taken
    return int(total * step + 0.5)


@compiled(FAST)
def one_round_candidates(supply: Array, demand: Array, order: Whole, shares: Whole, quantum: int) -> Whole:
    """What one consumer gets by each of many rows of keys (N, K), under the one-round rule, (N,) [Wh]."""
    found = np.empty(shares.shape[0], dtype=np.int64)
    for n in range(shares.shape[0]):
        found[n] = one_round_consumer(supply, demand, order, shares[n], quantum)
    return found


@compiled(FAST)
def shared_flows(
    supply: Whole,
    demand: Whole,
    order: Whole,
    share: Whole,
    link: Whole,
    rounds: int,
    quantum: int,
    wh: Whole,
) -> None:
    """Fill ``wh`` (T, L) with what goes over each link; supply (T, I), demand (T, J) in whole Wh.

    ``share`` is (1, J, K) for keys that hold throughout or (T, J, K); ``link`` (J, K) says which column of
    ``wh`` is meant. Blocks of intervals are turned so that time runs last, as in :func:`shared_total`.
    """
    steps, producers = supply.shape
    consumers, width = order.shape
    step = float(quantum)
    unit = GRID * step
    half = 0.5 / unit
    left = np.empty((producers, BLOCK))
    given = np.zeros((producers, BLOCK))
    want = np.empty((consumers, BLOCK))
    most = np.empty(producers)
    wanted = np.empty(consumers)
    taken = np.zeros((wh.shape[1], BLOCK))
    rate = np.empty(BLOCK)
    for first in range(0, steps, BLOCK):
        size = min(BLOCK, steps - first)
        for i in range(producers):
            most[i] = turn(supply, i, first, size, 1.0, left)
        for j in range(consumers):
            wanted[j] = turn(demand, j, first, size, step, want)
        taken[:] = 0.0
        for _ in range(rounds):
            moved = 0.0
            for j in range(consumers):
                if wanted[j] == 0.0:
                    continue
                for p in range(width):
                    i = order[j, p]
                    if i < 0:
                        break
                    if most[i] > 0.0:
                        rates(share, j, p, first, size, unit, rate)
                        moved += hand_over(left, i, want, j, given, taken, link[j, p], rate, half, size)
                wanted[j] = largest(want, j, size)
            if moved == 0.0:
                break
            for i in range(producers):
                most[i] = settle(left, given, i, step, size)
        for x in range(size):
            for column in range(wh.shape[1]):
                wh[first + x, column] = np.int64(taken[column, x] * step + 0.5)


@compiled(FAST)
def turn(source: Whole, column: int, first: int, size: int, unit: float, into: Array) -> float:
    """Copy a stretch of a column into a row, in whole units; return the most there is."""
    most = 0.0
    inverse = 1.0 / unit
    for x in range(size):
        held = np.floor((float(source[first + x, column]) + 0.5) * inverse)
        into[column, x] = held
        most = max(most, held)
    return most


@compiled(FAST)
def rates(share: Whole, j: int, p: int, first: int, size: int, unit: float, rate: Array) -> None:
    """What a link may draw of each Wh left, in quanta, for a block."""
    if share.shape[0] == 1:
        rate[:size] = share[0, j, p] / unit
    else:
        for x in range(size):
            rate[x] = share[first + x, j, p] / unit


@compiled(FAST)
def hand_over(
    left: Array, i: int, want: Array, j: int, given: Array, taken: Array, link: int, rate: Array, half: float,
    size: int,
) -> float:  # fmt: skip
    """As :func:`serve`, written down per link, with keys that differ from interval to interval."""
    total = 0.0
    for x in range(size):
        share = min(np.floor(left[i, x] * rate[x] + half), want[j, x])
        want[j, x] -= share
        given[i, x] += share
        taken[link, x] += share
        total += share
    return total


@compiled(EXACT)
def exact_flows(
    supply: Array, demand: Array, order: Whole, share: Array, link: Whole, rounds: int, wh: Array
) -> None:
    """Fill ``wh`` (T, L) with the rule without floor; ``share`` (S, J, K) as fractions.

    As long as nobody's want is met, a producer's supply shrinks by the same factor in every round; such
    rounds are taken in one jump. Everybody is met once at most, so even endless rounds end soon.
    """
    steps, producers = supply.shape
    consumers = order.shape[0]
    left = np.empty(producers)
    want = np.empty(consumers)
    given = np.empty(producers)
    drawn = np.empty(producers)
    for t in range(steps):
        left[:] = supply[t]
        want[:] = demand[t]
        keys = share[t if share.shape[0] > 1 else 0]
        enough = supply[t].sum() * 1e-9
        done = 0
        while done < rounds:
            jump = quiet_rounds(left, want, order, keys, rounds - done, drawn)
            if jump > 0:
                moved = draw_jump(left, want, order, keys, jump, drawn, link, wh[t])
                done += jump
            else:
                moved = draw_round(left, want, order, keys, given, link, wh[t])
                done += 1
            if moved <= enough:
                break


@compiled(EXACT)
def draw_round(
    left: Array, want: Array, order: Whole, keys: Array, given: Array, link: Whole, wh: Array
) -> float:
    """One round as it is written in the rule."""
    given[:] = 0.0
    for j in range(order.shape[0]):
        for p in range(order.shape[1]):
            i = order[j, p]
            if i < 0 or want[j] <= 0.0:
                break
            taken = min(want[j], keys[j, p] * left[i])
            want[j] -= taken
            given[i] += taken
            wh[link[j, p]] += taken
    total = 0.0
    for i in range(left.size):
        left[i] = max(left[i] - given[i], 0.0)
        total += given[i]
    return total


@compiled(EXACT)
def quiet_rounds(left: Array, want: Array, order: Whole, keys: Array, most: int, drawn: Array) -> int:
    """How many of the next rounds meet nobody's want in full."""
    drawn[:] = 0.0  # part of each supply that the hungry draw in a round
    for j in range(order.shape[0]):
        if want[j] > 0.0:
            for p in range(order.shape[1]):
                if order[j, p] < 0:
                    break
                drawn[order[j, p]] += keys[j, p]
    if is_quiet(left, want, order, keys, most, drawn):
        return most
    low, high = 0, 1
    while high < most and is_quiet(left, want, order, keys, high, drawn):
        low, high = high, 2 * high
    high = min(high, most)
    while high - low > 1:
        middle = (low + high) // 2
        if is_quiet(left, want, order, keys, middle, drawn):
            low = middle
        else:
            high = middle
    return low


@compiled(EXACT)
def series(part: float, rounds: int) -> float:
    """Sum of (1 - part)**r over r < rounds, without cancellation."""
    if part <= 0.0:
        return float(rounds)
    if part >= 1.0:
        return 1.0
    return float(-np.expm1(rounds * np.log1p(-part)) / part)


@compiled(EXACT)
def is_quiet(left: Array, want: Array, order: Whole, keys: Array, rounds: int, drawn: Array) -> bool:
    """Whether so many rounds leave everybody who is hungry still wanting."""
    for j in range(order.shape[0]):
        if want[j] <= 0.0:
            continue
        total = 0.0
        for p in range(order.shape[1]):
            i = order[j, p]
            if i < 0:
                break
            total += keys[j, p] * left[i] * series(drawn[i], rounds)
        if total >= want[j]:
            return False
    return True


@compiled(EXACT)
def draw_jump(
    left: Array, want: Array, order: Whole, keys: Array, rounds: int, drawn: Array, link: Whole, wh: Array
) -> float:
    """So many rounds at once, in which nobody's want is met."""
    total = 0.0
    for j in range(order.shape[0]):
        if want[j] <= 0.0:
            continue
        for p in range(order.shape[1]):
            i = order[j, p]
            if i < 0:
                break
            taken = keys[j, p] * left[i] * series(drawn[i], rounds)
            want[j] = max(want[j] - taken, 0.0)
            wh[link[j, p]] += taken
            total += taken
    for i in range(left.size):
        left[i] = max(left[i] * (1.0 - drawn[i] * series(drawn[i], rounds)), 0.0)
    return total
