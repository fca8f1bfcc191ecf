"""The loop of :mod:`evenwatt.engine.water`, compiled: bracketed Newton on the level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, FAST_WITH_INFINITY, compiled

Array = npt.NDArray[np.float64]

MOST_STEPS = 300
NOISE = 1e-14  # a residual this small against the awards is rounding; one linear step removes it


@compiled(FAST_WITH_INFINITY)  # an upper bound may be infinite
def fill_rows(
    endowment: Array, anchor: Array, weights: Array, lower: Array, upper: Array, awards: Array, level: Array
) -> None:
    """Fill ``awards`` and ``level``; an input with a single row holds for every row."""
    rows, n = awards.shape
    for t in range(rows):
        a = anchor[t if anchor.shape[0] > 1 else 0]
        w = weights[t if weights.shape[0] > 1 else 0]
        low = lower[t if lower.shape[0] > 1 else 0]
        up = upper[t if upper.shape[0] > 1 else 0]
        x = awards[t]
        e = endowment[t]
        sum_a = 0.0
        sum_w = 0.0
        sum_low = 0.0
        sum_up = 0.0
        for i in range(n):
            sum_a += a[i]
            sum_w += w[i]
            sum_low += low[i]
            sum_up += up[i]
        if e <= sum_low or n == 0:
            level[t] = _lowest(a, w, low)
            for i in range(n):
                x[i] = low[i]
            continue
        if e >= sum_up:
            level[t] = _highest(a, w, up)
            for i in range(n):
                x[i] = up[i]
            continue
        lam = level_of(e, e - sum_low, (e - sum_a) / sum_w, a, w, low, up)
        level[t] = lam
        for i in range(n):
            x[i] = min(max(a[i] + w[i] * lam, low[i]), up[i])


@compiled(FAST_WITH_INFINITY)  # an upper bound may be infinite
def level_of(e: float, spare: float, start: float, a: Array, w: Array, low: Array, up: Array) -> float:
    """Root of sum clip(a + w*lam, low, up) = e; ``spare`` is what the lower bounds leave."""
    n = a.shape[0]
    lam = start
    left = -np.inf
    right = np.inf
    before = np.inf
    for step in range(MOST_STEPS):
        s = 0.0
        size = 0.0
        slope = 0.0
        for i in range(n):
            y = a[i] + w[i] * lam
            inside = (y > low[i]) & (y < up[i])
            x = min(max(y, low[i]), up[i])
            s += x
            size += abs(x) + (abs(a[i]) if inside else 0.0)
            slope += w[i] if inside else 0.0
        r = e - s
        if abs(r) <= NOISE * (abs(e) + size):
            return lam + r / slope if slope > 0.0 else lam
        if r > 0.0:
            left = lam
        else:
            right = lam
        stalled = step > 8 and abs(r) > 0.5 * before
        before = abs(r)
        new = lam + r / slope if slope > 0.0 else lam
        if slope <= 0.0 or stalled or not (left < new < right):
            if left == -np.inf:
                left = _lowest(a, w, low)
            if right == np.inf:
                right = _enough(spare, a, w, low, up)
            new = _between(left, right)
        if new == lam or new <= left or new >= right:
            return new
        lam = new
    return lam


@compiled(EXACT)
def _between(left: float, right: float) -> float:
    """A point that halves the bracket, in orders of magnitude where it spans several."""
    if left > 0.0 and right > 16.0 * left:
        return float(np.sqrt(left) * np.sqrt(right))
    if right < 0.0 and left < 16.0 * right:
        return float(-np.sqrt(-left) * np.sqrt(-right))
    return left + 0.5 * (right - left)


@compiled(EXACT)
def _lowest(a: Array, w: Array, low: Array) -> float:
    """The level at which the first member leaves its lower bound."""
    best = np.inf
    for i in range(a.shape[0]):
        best = min(best, (low[i] - a[i]) / w[i])
    return best if best < np.inf else 0.0


@compiled(EXACT)
def _highest(a: Array, w: Array, up: Array) -> float:
    """The level at which the last member reaches its upper bound."""
    best = -np.inf
    for i in range(a.shape[0]):
        best = max(best, (up[i] - a[i]) / w[i])
    return best


@compiled(EXACT)
def _enough(spare: float, a: Array, w: Array, low: Array, up: Array) -> float:
    """A finite level at which everything is certainly shared: one member alone could take the rest."""
    best = -np.inf
    for i in range(a.shape[0]):
        best = max(best, (min(up[i], low[i] + spare) - a[i]) / w[i])
    return best
