"""Compiled sums of whole amounts by account, exact and without a detour over floats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled

Whole = npt.NDArray[np.int64]


@compiled(EXACT)
def sum_by_place(of: Whole, amounts: Whole, sums: Whole) -> bool:
    """Add each amount to its place's sum; place -1 is nobody's and may hold nothing. False where one does not fit."""
    places = len(sums)
    for i in range(len(amounts)):
        place = of[i]
        if place < 0 or place >= places:
            if amounts[i] != 0 or place < -1 or place >= places:
                return False
            continue
        sums[place] += amounts[i]
    return True
