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


@compiled(FAST)
def marginal(lack: Array, c: Index, z: Index, t: float) -> float:
    """E[min(z, (c - Z_i)^+)] where the sum Z_i leaves out one member of claim ``z``, from E[(c - Z)^+].

    lack(c) = (1-t) h(c) + t h(c-z), solved for h upwards: stable, as t <= 1/2.
    """
    if c <= 0:
        return 0.0
    inverse = 1.0 / (1.0 - t)
    ratio = t * inverse
    place = c % z
    before = 0.0
    h = lack[place] * inverse
    while place < c:
        place += z
        before = h
        h = lack[place] * inverse - ratio * before
    return float(h - before)
