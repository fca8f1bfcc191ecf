"""The loop over all keys of a coarse grid, compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled
from evenwatt.sharing._rounds_kernels import shared_total

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@compiled(EXACT)
def best_rows(
    supply: Array, demand: Array, order: Whole, rows: Whole, rounds: int, quantum: int
) -> tuple[np.int64, Whole]:
    """Try every choice of one row of keys (M, J) for each producer; the most shared, and the rows chosen (I,).

    Energies are (I, T) and (J, T). Of equal choices the first wins, the last producer's row counting fastest.
    """
    producers = supply.shape[0]
    pick = np.zeros(producers, dtype=np.int64)
    chosen = pick.copy()
    share = np.zeros(order.shape, dtype=np.int64)
    best = np.int64(-1)
    while True:
        for j in range(order.shape[0]):
            for place in range(order.shape[1]):
                if order[j, place] >= 0:
                    share[j, place] = rows[pick[order[j, place]], j]
        total = np.int64(shared_total(supply, demand, order, share, rounds, quantum))
        if total > best:
            best = total
            chosen[:] = pick
        i = producers - 1
        while i >= 0 and pick[i] == rows.shape[0] - 1:
            pick[i] = 0
            i -= 1
        if i < 0:
            return best, chosen
        pick[i] += 1
