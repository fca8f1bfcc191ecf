"""The loops of :mod:`evenwatt.coalitions.leaving.worst_on_grid`, compiled: cheapest coalition of every sum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


@compiled(EXACT)
def _join(old: Array, new: Array, taken: Bytes, low: int, high: int, step: int, price: float) -> None:
    """Let one more member join or not: ``new[s] = min(old[s], old[s - step] + price)``.

    ``old`` holds sums from ``low`` to ``high``; ``new`` gets those and the ones ``step`` beyond.
    """
    first, last = min(low, low + step), max(high, high + step)
    for s in range(first, last + 1):
        new[s] = np.inf
    for s in range(low, high + 1):
        new[s] = old[s]
    for s in range(first, last + 1):
        taken[s] = 0
    for s in range(low + step, high + step + 1):
        other = old[s - step] + price
        better = other < new[s]
        new[s] = other if better else new[s]
        taken[s] = 1 if better else 0


@compiled(EXACT)
def cheapest(z: Whole, price: Array, worth: Array, zero: int, inside: Flags) -> float:
    """Largest ``worth[z(S)] - price(S)`` over all coalitions, ``inside`` set to one that has it.

    ``worth[zero + s]`` is the worth of the sum s.
    """
    n, cells = z.size, worth.size
    one, two, taken = np.empty(cells), np.empty(cells), np.empty((n, cells), dtype=np.uint8)
    low = high = zero
    one[zero] = 0.0
    for i in range(n):
        _join(one, two, taken[i], low, high, z[i], price[i])
        one, two = two, one
        low, high = min(low, low + z[i]), max(high, high + z[i])
    best, place = -np.inf, zero
    for s in range(low, high + 1):
        if worth[s] - one[s] > best:
            best, place = worth[s] - one[s], s
    for i in range(n - 1, -1, -1):
        inside[i] = taken[i, place] == 1
        if inside[i]:
            place -= z[i]
    return best


@compiled(EXACT)
def parted(z: Whole, price: Array, worth: Array, zero: int, group: Whole, best: Array, inside: Flags) -> None:
    """Largest ``worth[z(S)] - price(S)`` over coalitions that part the first of ``group`` from each other one.

    For ``j = group[k + 1]``: ``best[k, 0]`` with the first in and j out, ``best[k, 1]`` with j in and the first
    out; ``inside[k, side]`` are coalitions that have it. Everyone but the first and j joins by dynamic
    programming; halving the group shares the work among the j: log2(len(group)) passes rather than one each.
    """
    n, cells, others = z.size, worth.size, group.size - 1
    depths = 2
    while (1 << (depths - 2)) < others:
        depths += 1
    held, spare = np.empty((depths, cells)), np.empty(cells)
    taken, joined = np.empty((n, cells), dtype=np.uint8), np.empty(n, dtype=np.int64)
    grouped = np.zeros(n, dtype=np.bool_)
    for j in group:
        grouped[j] = True
    lows, highs = np.zeros(depths, dtype=np.int64), np.zeros(depths, dtype=np.int64)
    counts = np.zeros(depths, dtype=np.int64)
    lows[0] = highs[0] = zero
    held[0, zero] = 0.0
    for i in range(n):
        if not grouped[i]:
            _descend(z, price, i, 0, held, spare, taken, joined, lows, highs, counts)
    # A stack of stretches [first, last) of the others still out, with those [start, end) that join on the way.
    stack = np.empty((2 * depths + 2, 5), dtype=np.int64)
    stack[0] = np.array([0, others, 0, 0, 0])
    size = 1
    while size > 0:
        size -= 1
        first, last, depth, start, end = stack[size]
        if depth > 0:
            low, high = lows[depth - 1], highs[depth - 1]
            held[depth, low : high + 1] = held[depth - 1, low : high + 1]
            lows[depth], highs[depth], counts[depth] = low, high, counts[depth - 1]
        for k in range(start, end):
            _descend(z, price, group[k + 1], depth, held, spare, taken, joined, lows, highs, counts)
        if last - first > 1:
            middle = (first + last) // 2
            stack[size] = np.array([first, middle, depth + 1, middle, last])
            stack[size + 1] = np.array([middle, last, depth + 1, first, middle])
            size += 2
            continue
        for side in range(2):
            member = group[0] if side == 0 else group[first + 1]
            move, top, place = z[member], -np.inf, zero
            for s in range(lows[depth], highs[depth] + 1):
                if worth[s + move] - held[depth, s] > top:
                    top, place = worth[s + move] - held[depth, s], s
            best[first, side] = top - price[member]
            inside[first, side, member] = True
            for row in range(counts[depth] - 1, -1, -1):
                if taken[row, place] == 1:
                    inside[first, side, joined[row]] = True
                    place -= z[joined[row]]


@compiled(EXACT)
def _descend(
    z: Whole,
    price: Array,
    i: int,
    depth: int,
    held: Array,
    spare: Array,
    taken: Bytes,
    joined: Whole,
    lows: Whole,
    highs: Whole,
    counts: Whole,
) -> None:
    """Let member ``i`` join the sums held at ``depth``."""
    low, high, row = lows[depth], highs[depth], counts[depth]
    _join(held[depth], spare, taken[row], low, high, z[i], price[i])
    low, high = min(low, low + z[i]), max(high, high + z[i])
    held[depth, low : high + 1] = spare[low : high + 1]
    joined[row] = i
    lows[depth], highs[depth], counts[depth] = low, high, row + 1
