"""Average of awards where a few large claims stand beside many tiny ones, and the series has no end.

Given that the tiny claims together get z, large and tiny ones are two problems apart, and z has a density
that is the product of theirs: a quadrature over z, between the kinks of either.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from evenwatt.claims import _centroid_kernels as kernels

Array = npt.NDArray[np.float64]

MOST_LARGE = 8  # claims set apart as large; pyramids for more are slow
GAP = 10.0  # a claim this much smaller than the one before begins the tiny ones
LEADING = 5  # of the tiny ones, whose sums are kinks too
NODES = (48, 10)  # of each piece: when pieces are few, and when they are many
FEWER = (10, 4)  # inside another quadrature


def split_awards(endowment: float, claims: Array) -> Array:
    """Awards (n,) of one problem."""
    total = float(claims.sum())
    e, d, base, sign = kernels.reduced(endowment / total, claims / total)
    x = d * (e / d.sum())
    kept = d > kernels.DUST * d.sum()
    x[kept], _ = _split(e - float(x[~kept].sum()), d[kept], NODES)
    return np.asarray(np.clip((base + sign * x) * total, 0.0, claims))


def _split(e: float, d: Array, nodes: tuple[int, int]) -> tuple[Array, float]:
    """Awards and log density (but for a constant of ``d``) of many positive claims."""
    order = np.argsort(-d, kind="stable")
    down = d[order]
    large = _large(down)
    big, tiny = down[:large], down[large:]
    low, high = max(0.0, e - float(big.sum())), min(e, float(tiny.sum()))
    kinks = np.concatenate([e - _sums(big), _sums(tiny[:LEADING])])
    edges = np.unique(np.r_[low, kinks[(kinks > low) & (kinks < high)], high])
    roots, weights = np.polynomial.legendre.leggauss(nodes[edges.size > 6])
    awards, logs = [], []
    for a, b in pairwise(edges):
        for root, weight in zip(roots, weights, strict=True):
            z = a + (b - a) * (root + 1) / 2
            share, log = _apart(e - z, big)
            rest, log_rest = _apart(z, tiny)
            awards.append(np.concatenate([share, rest]))
            logs.append(log + log_rest + float(np.log(weight * (b - a))))
    top = max(logs)
    chance = np.exp(np.array(logs) - top)
    x = np.empty(d.size)
    x[order] = chance @ np.array(awards) / chance.sum()
    return x, top + float(np.log(chance.sum()))


def _large(down: Array) -> int:
    """How many of the claims, in descending order, are set apart: up to the last gap, else the widest."""
    gaps = down[: MOST_LARGE - 1] / down[1:MOST_LARGE]
    wide = np.flatnonzero(gaps >= GAP)
    return int(wide[-1] if wide.size else np.argmax(gaps)) + 1


def _sums(d: Array) -> Array:
    """Sums of all subsets."""
    sums = np.zeros(1)
    for claim in d:
        sums = np.concatenate([sums, sums + claim])
    return sums


def _apart(e: float, d: Array) -> tuple[Array, float]:
    """Awards and log density (but for a constant of ``d``) of one part."""
    scale = float(d.sum())
    u, y = d / scale, min(max(e / scale, 0.0), 1.0)
    mirrored = y > 0.5
    if mirrored:
        y = 1.0 - y
    x, log = _half(y, u)
    return (u - x if mirrored else x) * scale, log


def _half(e: float, d: Array) -> tuple[Array, float]:
    """The same for claims that sum to 1 and an endowment of at most half."""
    if d.size == 1:
        return np.array([e]), 0.0
    x = np.zeros(d.size)
    if e <= 0.0:
        return x, -np.inf
    if d.size > kernels.FEW:
        log = kernels.series(e, d, x, kernels.TERMS)
        if not np.isnan(log):
            return x, log
        if d.size > MOST_LARGE:
            return _split(e, d, FEWER)
    volume = kernels.pyramids(e, d, x)
    return x, float(np.log(volume) - np.log(d).sum()) if volume > 0 else -np.inf
