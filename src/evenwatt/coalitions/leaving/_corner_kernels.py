"""The loop of :mod:`evenwatt.coalitions.leaving.corners`, compiled: double description of a cone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled

Array = npt.NDArray[np.float64]
WORD = 64


@compiled(EXACT)
def cut(sides: Array, noise: float) -> Array:
    """Extreme rays of ``{r: sides @ r >= 0}``; the first d sides must be independent.

    The cone of the first d sides has d rays. Each further side keeps the rays on its right side and adds,
    for every two neighbouring rays it parts, the ray between them. Two rays are neighbours if no third is
    tight wherever both are.
    """
    m, d = sides.shape
    words = (m + WORD - 1) // WORD
    rays = np.ascontiguousarray(np.linalg.inv(np.ascontiguousarray(sides[:d])).T)
    tight = np.zeros((d, words), dtype=np.uint64)
    for k in range(d):
        rays[k] /= np.abs(rays[k]).max()
        for s in range(d):
            if s != k:
                tight[k, s // WORD] |= np.uint64(1) << np.uint64(s % WORD)
    for s in range(d, m):
        rays, tight = _cut_once(rays, tight, sides[s], s, noise)
    return rays


@compiled(EXACT)
def _cut_once(
    rays: Array, tight: npt.NDArray[np.uint64], side: Array, s: int, noise: float
) -> tuple[Array, npt.NDArray[np.uint64]]:
    count, d = rays.shape
    words = tight.shape[1]
    reach = np.empty(count)
    for k in range(count):
        reach[k] = 0.0
        for c in range(d):
            reach[k] += side[c] * rays[k, c]
        if abs(reach[k]) <= noise:
            reach[k] = 0.0
    bit = np.uint64(1) << np.uint64(s % WORD)
    simple = np.empty(count, dtype=np.bool_)
    for k in range(count):
        simple[k] = _count(tight[k]) == d - 1
    size = max(16, 2 * count)
    new_rays, new_tight, held = np.empty((size, d)), np.empty((size, words), dtype=np.uint64), 0
    for k in range(count):
        if reach[k] >= 0.0:
            new_rays[held] = rays[k]
            new_tight[held] = tight[k]
            if reach[k] == 0.0:
                new_tight[held, s // WORD] |= bit
            held += 1
    for a in range(count):
        if reach[a] <= 0.0:
            continue
        for b in range(count):
            if reach[b] >= 0.0 or not _neighbours(tight, a, b, d, simple[a] or simple[b]):
                continue
            if held == size:
                size *= 2
                wider, more = np.empty((size, d)), np.empty((size, words), dtype=np.uint64)
                wider[:held] = new_rays[:held]
                more[:held] = new_tight[:held]
                new_rays, new_tight = wider, more
            largest = 0.0
            for c in range(d):
                new_rays[held, c] = reach[a] * rays[b, c] - reach[b] * rays[a, c]
                largest = max(largest, abs(new_rays[held, c]))
            for c in range(d):
                new_rays[held, c] /= largest
            for w in range(words):
                new_tight[held, w] = tight[a, w] & tight[b, w]
            new_tight[held, s // WORD] |= bit
            held += 1
    return new_rays[:held].copy(), new_tight[:held].copy()


@compiled(EXACT)
def _count(words: npt.NDArray[np.uint64]) -> int:
    """How many bits are set; few are, so each is taken off in turn."""
    total = 0
    for w in range(words.size):
        left = words[w]
        while left != np.uint64(0):
            left &= left - np.uint64(1)
            total += 1
    return total


@compiled(EXACT)
def _neighbours(tight: npt.NDArray[np.uint64], a: int, b: int, d: int, simple: bool) -> bool:
    """Whether two rays span a face of their own; ``simple``: one of them is tight d - 1 times only."""
    count, words = tight.shape
    shared = 0
    for w in range(words):
        both = tight[a, w] & tight[b, w]
        while both != np.uint64(0):
            both &= both - np.uint64(1)
            shared += 1
    if shared < d - 2:
        return False
    # Any d - 2 of the sides tight at a simple ray meet in a face of two rays.
    if simple:
        return True
    for k in range(count):
        if k in (a, b):
            continue
        inside = True
        for w in range(words):
            both = tight[a, w] & tight[b, w]
            if both & tight[k, w] != both:
                inside = False
                break
        if inside:
            return False
    return True
