"""The loop of :mod:`evenwatt.engine.carry`, compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled

SNAP = 1e-9  # a part this near a whole unit is that unit [units per unit of total]


@compiled(EXACT)
def carry_rows(
    parts: npt.NDArray[np.float64],
    totals: npt.NDArray[np.int64],
    owed: npt.NDArray[np.float64],
    whole: npt.NDArray[np.int64],
) -> int:
    """Fill ``whole`` and update ``owed``; return the first interval that cannot be rounded, or -1."""
    intervals, members = parts.shape
    key = np.empty(members)
    for t in range(intervals):
        short = totals[t]
        candidates = 0
        snap = SNAP * (1.0 + totals[t])
        for i in range(members):
            part = parts[t, i]
            near = np.round(part)
            if abs(part - near) <= snap:
                whole[t, i] = np.int64(near)
                key[i] = -np.inf
            else:
                whole[t, i] = np.int64(np.floor(part))
                # Rounded, so that float dust does not decide between equals.
                key[i] = np.round((owed[i] + part - whole[t, i]) * 1e9)
                candidates += 1
            short -= whole[t, i]
        if short < 0 or short > candidates:
            return t
        if short > 0:
            by_part = np.argsort(-parts[t], kind="mergesort")
            order = by_part[np.argsort(-key[by_part], kind="mergesort")]
            for rank in range(short):
                whole[t, order[rank]] += 1
        for i in range(members):
            owed[i] += parts[t, i] - whole[t, i]
    return -1
