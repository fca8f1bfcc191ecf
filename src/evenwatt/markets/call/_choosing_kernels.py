"""The loop behind largest remainders: which orders are first in line, without sorting them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core import chance
from evenwatt.engine._compiled import EXACT, compiled

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]

GOLDEN = chance.GOLDEN
mixed = compiled(EXACT)(chance.mixed)


@compiled(EXACT)
def drawn(agent: int, salt: np.uint64) -> np.uint64:
    """The lot that breaks an agent's ties in a market; ``rows.ties`` by the piece."""
    lot: np.uint64 = mixed(np.uint64(agent) * GOLDEN + salt)
    return lot


@compiled(EXACT)
def before(a: int, b: int, remainder: Array, part: Array, tie: Bits) -> bool:
    """Whether a is raised before b: larger remainder, then larger part, then lot, then place."""
    if remainder[a] != remainder[b]:
        return bool(remainder[a] > remainder[b])
    if part[a] != part[b]:
        return bool(part[a] > part[b])
    if tie[a] != tie[b]:
        return bool(tie[a] < tie[b])
    return a < b


@compiled(EXACT)
def choose(order: Whole, count: int, wanted: int, remainder: Array, part: Array, tie: Bits) -> None:
    """Bring the ``wanted`` first of 0 .. count - 1 to the front of ``order``, in any order among themselves.

    Source: Hoare 1961, doi:10.1145/366622.366647 (quickselect).
    """
    for place in range(count):
        order[place] = place
    low, high = 0, count - 1
    while low < high and 0 < wanted < count:
        pivot = order[(low + high) >> 1]
        i, j = low, high
        while i <= j:
            while before(order[i], pivot, remainder, part, tie):
                i += 1
            while before(pivot, order[j], remainder, part, tie):
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if wanted - 1 <= j:
            high = j
        elif wanted - 1 >= i:
            low = i
        else:
            return
