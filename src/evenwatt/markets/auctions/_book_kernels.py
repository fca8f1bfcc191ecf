"""The order book's loop over arrivals; a heap for each side holds what rests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@compiled(EXACT)
def _before(key: Array, one: int, other: int) -> bool:
    """Price first, then time: orders are numbered as they arrive."""
    return key[one] < key[other] or (key[one] == key[other] and one < other)


@compiled(EXACT)
def _push(heap: Whole, size: int, key: Array, order: int) -> None:
    place = size
    while place > 0:
        above = (place - 1) // 2
        if not _before(key, order, heap[above]):
            break
        heap[place] = heap[above]
        place = above
    heap[place] = order


@compiled(EXACT)
def _pop(heap: Whole, size: int, key: Array) -> None:
    """Take the first away from a heap of ``size``."""
    last, place, rest = heap[size - 1], 0, size - 1
    while 2 * place + 1 < rest:
        below = 2 * place + 1
        if below + 1 < rest and _before(key, heap[below + 1], heap[below]):
            below += 1
        if not _before(key, heap[below], last):
            break
        heap[place] = heap[below]
        place = below
    heap[place] = last


@compiled(EXACT)
def match(buys: npt.NDArray[np.bool_], price: Array, quantity: Whole) -> tuple[Whole, Whole, Whole]:
    """Orders as they arrive -> (who arrived, who rested, what they traded), in the order of the trades."""
    n = len(price)
    key = np.where(buys, -price, price)
    left = quantity.copy()
    heaps = np.empty((2, n), dtype=np.int64)
    bids, asks = heaps[0], heaps[1]
    sizes = np.zeros(2, dtype=np.int64)
    # Each trade uses up one of its two orders, so there are fewer trades than orders.
    arrived, rested, traded = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    count = 0
    for order in range(n):
        own, other = (0, 1) if buys[order] else (1, 0)
        resting = asks if buys[order] else bids
        while left[order] > 0 and sizes[other] > 0:
            best = resting[0]
            crossed = price[order] >= price[best] if buys[order] else price[order] <= price[best]
            if not crossed:
                break
            moved = min(left[order], left[best])
            arrived[count], rested[count], traded[count] = order, best, moved
            count += 1
            left[order] -= moved
            left[best] -= moved
            if left[best] == 0:
                _pop(resting, sizes[other], key)
                sizes[other] -= 1
        if left[order] > 0:
            _push(bids if buys[order] else asks, sizes[own], key, order)
            sizes[own] += 1
    return arrived[:count], rested[:count], traded[:count]
