"""The loops of rounding a table with whole margins, compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@compiled(EXACT)
def raise_cells(remainder: Array, rows: Whole, columns: Whole) -> Flags:
    """Choose the cells that go up, greedily by remainder, then along alternating paths.

    ``remainder`` is above 0 where a cell may go up; ``rows`` and ``columns`` say how many of each must, and
    are used up: what is left in them could not be placed.
    """
    r, c = remainder.shape
    up = np.zeros((r, c), dtype=np.bool_)
    doors = np.empty((r, c), dtype=np.int64)
    count = np.zeros(r, dtype=np.int64)
    for i in range(r):
        for j in np.argsort(-remainder[i], kind="mergesort"):
            if remainder[i, j] > 0.0:
                doors[i, count[i]] = j
                count[i] += 1
    for i in np.argsort(count, kind="mergesort"):
        for k in range(count[i]):
            j = doors[i, k]
            if rows[i] > 0 and columns[j] > 0:
                up[i, j] = True
                rows[i] -= 1
                columns[j] -= 1
    reached_from = np.empty(c, dtype=np.int64)
    entered_by = np.empty(r, dtype=np.int64)
    queue = np.empty(r, dtype=np.int64)
    for i in range(r):
        while rows[i] > 0:
            if not reroute(i, doors, count, up, columns, reached_from, entered_by, queue):
                return up
            rows[i] -= 1
    return up


@compiled(EXACT)
def reroute(
    start: int, doors: Whole, count: Whole, up: Flags, columns: Whole, reached_from: Whole, entered_by: Whole,
    queue: Whole,
) -> bool:  # fmt: skip
    """Give row ``start`` one more unit by moving others' units along a path to a column that lacks one."""
    reached_from[:] = -1
    entered_by[:] = -1
    queue[0] = start
    first, last = 0, 1
    while first < last:
        i = queue[first]
        first += 1
        for k in range(count[i]):
            j = doors[i, k]
            if reached_from[j] >= 0 or up[i, j]:
                continue
            reached_from[j] = i
            if columns[j] > 0:
                columns[j] -= 1
                shift(start, j, reached_from, entered_by, up)
                return True
            for other in range(up.shape[0]):
                if up[other, j] and other != start and entered_by[other] < 0:
                    entered_by[other] = j
                    queue[last] = other
                    last += 1
    return False


@compiled(EXACT)
def shift(start: int, column: int, reached_from: Whole, entered_by: Whole, up: Flags) -> None:
    """Move the units along the path that ends in ``column``."""
    j = column
    i = reached_from[j]
    up[i, j] = True
    while i != start:
        j = entered_by[i]
        up[i, j] = False
        i = reached_from[j]
        up[i, j] = True
