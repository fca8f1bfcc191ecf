"""Laws of sums of independent yes-or-no steps, compiled; shared by the rules and the games on sums."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, FAST, compiled

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Index = int | np.int64


@compiled(EXACT)
def divisor(values: Whole) -> int:
    """The greatest common divisor of the positive values, 1 if there is none."""
    found = np.int64(0)
    for value in values:
        other = value
        while other > 0:
            found, other = other, found % other
    return int(max(found, np.int64(1)))


@compiled(FAST)
def mix_law(law: Array, target: Array, step: Index, size: Index, p: float) -> None:
    """The law of a sum to which ``step`` is added with probability ``p``, its first ``size`` cells."""
    head = min(step, size)
    for s in range(head):
        target[s] = (1.0 - p) * law[s]
    here = law[head:size]
    there = law[: size - head]
    out = target[head:size]
    for s in range(size - head):
        out[s] = (1.0 - p) * here[s] + p * there[s]
