"""Maximum flows between producers and consumers, one small network per quarter-hour, compiled.

A link carries any amount, so a network is its links: those of a consumer side by side (``first``, ``producer``),
and those of a producer named by number (``start``, ``link``). All amounts are whole, so all is exact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ROUNDS_OF_SCALING = 12


@compiled(EXACT)
def desk(net: tuple[Whole, ...], producers: int, consumers: int) -> tuple[Flags, Whole, Whole]:
    """Scratch: producers proved to reach nothing, a flow, and marks (4, I + J).

    Marks are by which link a producer is reached, by which a consumer, and queues of both; -1 between searches.
    """
    marks = np.full((4, producers + consumers), np.int64(-1))
    return np.zeros(producers, dtype=np.bool_), np.zeros(net[1].size, dtype=np.int64), marks


@compiled(EXACT)
def raise_one(
    j: int, net: tuple[Whole, ...], left: Whole, lack: Whole, flow: Whole, dead: Flags, marks: Whole
) -> None:
    """Fill consumer ``j``, from its own producers and then by shortest paths, until none that it reaches has any left.

    ``dead`` are producers of whom that was proved before: all they reach is used up, and stays so.
    """
    first, producer = net[0], net[1]
    for k in range(first[j], first[j + 1]):
        most = min(lack[j], left[producer[k]])
        flow[k] += most
        lack[j] -= most
        left[producer[k]] -= most
    while lack[j] > 0:
        giver, asked, reached = find(j, net, left, flow, dead, marks)
        if giver >= 0:
            move(giver, j, net, left, lack, flow, marks[0], marks[1])
        else:
            for place in range(reached):
                dead[marks[3, place]] = True
        for place in range(asked):
            marks[1, marks[2, place]] = -1
        for place in range(reached):
            marks[0, marks[3, place]] = -1
        if giver < 0:
            return


@compiled(EXACT)
def find(
    j: int, net: tuple[Whole, ...], left: Whole, flow: Whole, dead: Flags, marks: Whole
) -> tuple[int, int, int]:
    """The nearest producer with something left, or -1, and how many consumers and producers were marked."""
    first, producer, start, link, consumer = net
    via, came, queue, seen = marks[0], marks[1], marks[2], marks[3]
    queue[0] = j
    head, tail, reached = 0, 1, 0
    while head < tail:
        c = queue[head]
        head += 1
        for k in range(first[c], first[c + 1]):
            i = producer[k]
            if via[i] >= 0 or dead[i]:
                continue
            via[i] = k
            seen[reached] = i
            reached += 1
            if left[i] > 0:
                return i, tail, reached
            for m in range(start[i], start[i + 1]):
                other = consumer[link[m]]
                if flow[link[m]] > 0 and came[other] < 0 and other != j:
                    came[other] = link[m]
                    queue[tail] = other
                    tail += 1
    return -1, tail, reached


@compiled(EXACT)
def move(
    giver: int,
    j: int,
    net: tuple[Whole, ...],
    left: Whole,
    lack: Whole,
    flow: Whole,
    via: Whole,
    came: Whole,
) -> None:
    """Send as much as fits along the path that ``via`` and ``came`` trace from a producer to a consumer."""
    producer, consumer = net[1], net[4]
    most = min(lack[j], left[giver])
    c = consumer[via[giver]]
    while c != j:
        most = min(most, flow[came[c]])
        c = consumer[via[producer[came[c]]]]
    left[giver] -= most
    lack[j] -= most
    flow[via[giver]] += most
    c = consumer[via[giver]]
    while c != j:
        flow[came[c]] -= most
        taker = via[producer[came[c]]]
        flow[taker] += most
        c = consumer[taker]


@compiled(EXACT)
def total_rows(supply: Whole, demand: Whole, net: tuple[Whole, ...], total: Whole) -> None:
    """The maximum flow of every interval."""
    consumers = demand.shape[1]
    dead, flow, marks = desk(net, supply.shape[1], consumers)
    for t in range(supply.shape[0]):
        left, lack = supply[t].copy(), demand[t].copy()
        flow[:] = 0
        dead[:] = False
        for j in range(consumers):
            raise_one(j, net, left, lack, flow, dead, marks)
        total[t] = demand[t].sum() - lack.sum()


@compiled(EXACT)
def short_rows(
    supply: Whole, target: Whole, net: tuple[Whole, ...], slack: int, short: Flags, givers: Flags
) -> None:
    """Who together is promised more than all their producers have: the smallest such set, most of all in excess.

    ``short`` (P, J) stays empty where the target can be met but for ``slack``; ``givers`` (P, I) are their producers.
    """
    consumers = target.shape[1]
    dead, flow, marks = desk(net, supply.shape[1], consumers)
    for t in range(supply.shape[0]):
        left, lack = supply[t].copy(), target[t].copy()
        flow[:] = 0
        dead[:] = False
        for j in range(consumers):
            raise_one(j, net, left, lack, flow, dead, marks)
        if lack.sum() > slack:
            for j in range(consumers):
                if lack[j] > slack // (consumers + 1):
                    reach(j, net, flow, short[t], givers[t])


@compiled(EXACT)
def reach(j: int, net: tuple[Whole, ...], flow: Whole, short: Flags, givers: Flags) -> None:
    """Mark everyone who could give way to consumer ``j``, and all their producers."""
    first, producer, start, link, consumer = net
    if short[j]:
        return
    queue = np.empty(short.size, dtype=np.int64)
    queue[0] = j
    short[j] = True
    head, tail = 0, 1
    while head < tail:
        c = queue[head]
        head += 1
        for k in range(first[c], first[c + 1]):
            i = producer[k]
            if givers[i]:
                continue
            givers[i] = True
            for m in range(start[i], start[i + 1]):
                other = consumer[link[m]]
                if flow[link[m]] > 0 and not short[other]:
                    short[other] = True
                    queue[tail] = other
                    tail += 1


@compiled(EXACT)
def whole_rows(
    supply: Whole, demand: Whole, awards: Array, total: Whole, net: tuple[Whole, ...], whole: Whole
) -> None:
    """Awards to whole units that can still be met and sum to the total: floors, then the largest remainders."""
    consumers = demand.shape[1]
    dead, flow, marks = desk(net, supply.shape[1], consumers)
    lack = np.zeros(consumers, dtype=np.int64)
    for t in range(supply.shape[0]):
        left = supply[t].copy()
        flow[:] = 0
        dead[:] = False
        floor = np.floor(awards[t] + 1e-6)
        order = np.argsort(floor - awards[t], kind="mergesort")
        got = 0
        for turn in range(3):  # floors, one more by largest remainder, and whatever float noise has left
            for j in order:
                room = demand[t, j] - whole[t, j]
                if turn == 0:
                    room = min(room, np.int64(floor[j]))
                elif turn == 1:
                    room = min(room, np.int64(1) if awards[t, j] > floor[j] + 1e-6 else np.int64(0))
                room = min(room, total[t] - got)
                lack[j] = room
                raise_one(j, net, left, lack, flow, dead, marks)
                whole[t, j] += room - lack[j]
                got += room - lack[j]
                lack[j] = 0


@compiled(EXACT)
def pair_rows(given: Whole, got: Whole, net: tuple[Whole, ...], flow: Whole) -> None:
    """Flows with whole sums on both sides, near the table that is proportional to both; flow (T, L) is filled."""
    consumers = got.shape[1]
    dead, _, marks = desk(net, given.shape[1], consumers)
    cells = np.zeros(net[1].size)
    for t in range(given.shape[0]):
        left, lack = given[t].copy(), got[t].copy()
        dead[:] = False
        scale(given[t], got[t], net[1], net[4], cells)
        for k in range(cells.size):
            i, j = net[1][k], net[4][k]
            flow[t, k] = min(np.int64(cells[k] + 1e-9), left[i], lack[j])
            left[i] -= flow[t, k]
            lack[j] -= flow[t, k]
        for j in range(consumers):
            raise_one(j, net, left, lack, flow[t], dead, marks)


@compiled(EXACT)
def scale(given: Whole, got: Whole, producer: Whole, consumer: Whole, cells: Array) -> None:
    """Scale rows and columns in turn until the sums fit, as far as the links let them."""
    rows, columns = np.zeros(given.size), np.zeros(got.size)
    total = max(1, given.sum())
    for k in range(cells.size):
        cells[k] = given[producer[k]] * (got[consumer[k]] / total)
    for _ in range(ROUNDS_OF_SCALING):
        rows[:] = 0.0
        for k in range(cells.size):
            rows[producer[k]] += cells[k]
        columns[:] = 0.0
        for k in range(cells.size):
            if rows[producer[k]] > 0.0:
                cells[k] *= given[producer[k]] / rows[producer[k]]
            columns[consumer[k]] += cells[k]
        for k in range(cells.size):
            if columns[consumer[k]] > 0.0:
                cells[k] *= got[consumer[k]] / columns[consumer[k]]
