"""Compiled loop of the boosted trees; imported when a forest first predicts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled


@compiled(EXACT)
def summed(
    rows: npt.NDArray[np.float64],
    roots: npt.NDArray[np.int64],
    feature: npt.NDArray[np.int64],
    threshold: npt.NDArray[np.float64],
    left_if_missing: npt.NDArray[np.bool_],
    left: npt.NDArray[np.int64],
    right: npt.NDArray[np.int64],
    value: npt.NDArray[np.float64],
    start: float,
) -> npt.NDArray[np.float64]:
    """``start`` and the leaf of every tree, summed for each row; a leaf has ``left`` -1."""
    total = np.full(rows.shape[0], start)
    for row in range(rows.shape[0]):
        for root in roots:
            node = root
            while left[node] >= 0:
                seen = rows[row, feature[node]]
                goes_left = left_if_missing[node] if np.isnan(seen) else seen <= threshold[node]
                node = left[node] if goes_left else right[node]
            total[row] += value[node]
    return total
