"""The loops of certified keys, compiled: what consumers draw, how it changes, and the small systems they solve.

A consumer's block is one level of what it gains: the smaller of its demand and what it draws from the first
``reach`` of its producers, times the block's worth.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import FAST, compiled
from evenwatt.engine._laws import Index

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@compiled(FAST)
def drawn(supply: Array, who: Whole, weight: Array, reach: Index, out: Array) -> None:
    """Fill sum over the first ``reach`` producers of weight times supply, (T,)."""
    out[:] = 0.0
    for k in range(reach):
        row, held = supply[who[k]], weight[k]
        if held != 0.0:
            for t in range(out.size):
                out[t] += held * row[t]


@compiled(FAST)
def served(
    supply: Array,
    demand: Array,
    who: Whole,
    first_block: Whole,
    reach: Whole,
    weight: Array,
    consumers: tuple[int, int],
    total: Array,
) -> None:
    """Fill sum over t of min(demand, drawn) of each block, (B,)."""
    have = np.empty(supply.shape[1])
    for j in range(consumers[0], consumers[1]):
        wish = demand[j]
        for block in range(first_block[j], first_block[j + 1]):
            drawn(supply, who[j], weight[j], reach[block], have)
            got = 0.0
            for t in range(have.size):
                got += min(wish[t], have[t])
            total[block] = got


@compiled(FAST)
def respond(
    supply: Array,
    demand: Array,
    who: Whole,
    first_block: Whole,
    reach: Whole,
    weight: Array,
    width: Array,
    consumers: tuple[int, int],
    total: Array,
    start: Array,
    slope: Array,
    curve: Array,
) -> None:
    """Fill value, line above and curvature of each block's smoothed total.

    The smaller of d and u is smoothed within ``width`` (J,) of d, where its slope lam falls from 1 to 0. For any
    lam in [0, 1], min(d, u) <= (1 - lam) d + lam u: the line above it. ``total``, ``start`` (B,), ``slope`` (B, n) and
    ``curve`` (B, n, n), of which the lower triangle, less each.
    """
    steps = supply.shape[1]
    have = np.empty(steps)
    near = np.empty(steps, dtype=np.int64)
    for j in range(consumers[0], consumers[1]):
        wish, over = demand[j], 0.5 / width[j]
        for block in range(first_block[j], first_block[j + 1]):
            drawn(supply, who[j], weight[j], reach[block], have)
            got, above, found = 0.0, 0.0, 0
            for t in range(steps):
                d, u = wish[t], have[t]
                lam = min(1.0, max(0.0, 0.5 + (d - u) * over))
                if d <= 0.0:
                    lam = 0.0
                if 0.0 < lam < 1.0:
                    near[found] = t
                    found += 1
                above += (1.0 - lam) * d
                got += (1.0 - lam) * d + lam * u - lam * (1.0 - lam) * width[j]
                have[t] = lam
            total[block], start[block] = got, above
            for k in range(reach[block]):
                row = supply[who[j, k]]
                held = 0.0
                for t in range(steps):
                    held += have[t] * row[t]
                slope[block, k] = held
            bend(supply, who[j], reach[block], near[:found], over, curve[block])


@compiled(FAST)
def bend(supply: Array, who: Whole, reach: Index, near: Whole, over: float, curve: Array) -> None:
    """Fill the lower triangle of the sum over ``near`` of supply times supply, times ``over``."""
    held = np.empty((reach, near.size))
    for k in range(reach):
        row = supply[who[k]]
        for c in range(near.size):
            held[k, c] = row[near[c]]
    for k in range(reach):
        one = held[k]
        for m in range(k + 1):
            two = held[m]
            summed = 0.0
            for c in range(near.size):
                summed += one[c] * two[c]
            curve[k, m] = summed * over


@compiled(FAST)
def invert_each(held: Array, count: Whole, consumers: tuple[int, int], inverse: Array) -> None:
    """Invert the first ``count`` rows and columns of each matrix, given by lower triangles, overwritten."""
    for j in range(consumers[0], consumers[1]):
        n = count[j]
        invert(held[j, :n, :n], inverse[j])


@compiled(FAST)
def invert(held: Array, out: Array) -> None:
    """Invert a symmetric positive matrix given by its lower triangle, which is overwritten."""
    n = held.shape[0]
    for k in range(n):
        for m in range(k):
            left = held[k, m]
            for c in range(m):
                left -= held[k, c] * held[m, c]
            held[k, m] = left / held[m, m]
        left = held[k, k]
        floor = 1e-14 * left
        for c in range(k):
            left -= held[k, c] * held[k, c]
        held[k, k] = np.sqrt(max(left, floor))
    # The triangle's own inverse in its place, then its product with its transpose.
    for m in range(n):
        held[m, m] = 1.0 / held[m, m]
        for k in range(m + 1, n):
            summed = 0.0
            for c in range(m, k):
                summed -= held[k, c] * held[c, m]
            held[k, m] = summed / held[k, k]
    for k in range(n):
        for m in range(k + 1):
            summed = 0.0
            for c in range(k, n):
                summed += held[c, k] * held[c, m]
            out[k, m] = summed
            out[m, k] = summed
