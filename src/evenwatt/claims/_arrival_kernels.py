"""The loops of random arrival, compiled: a law of sums on whole claims, all coalitions on real ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._kernels import PLENTY
from evenwatt.engine._compiled import EXACT, compiled
from evenwatt.engine._laws import divisor, marginal, mix_law

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Index = int | np.int64


@compiled(EXACT)
def whole_rows(endowment: Array, claims: Whole, nodes: Array, weights: Array, awards: Array) -> None:
    """Random arrival of whole claims, exact: E[min(d_i, (E - Z_i)^+)] integrated over the time of arrival.

    ``nodes`` are the quadrature points up to 1/2; the others are met through the dual problem.
    """
    rows, members = claims.shape
    for t in range(rows):
        row = claims[t]
        x = awards[t]
        total_claims = row.sum()
        if endowment[t] >= total_claims * PLENTY:
            for i in range(members):
                x[i] = row[i]
            continue
        x[:] = 0.0
        if endowment[t] <= 0.0:
            continue
        unit = divisor(row)
        order = np.argsort(row)
        order = order[np.searchsorted(row[order], 1) :]
        z = row[order] // unit
        e = endowment[t] / unit
        share = whole_row(e, z, nodes, weights)
        for k in range(z.size):
            x[order[k]] = share[k] * unit


@compiled(EXACT)
def whole_row(e: float, z: Whole, nodes: Array, weights: Array) -> Array:
    """One problem in units of the claims' divisor, claims ascending and positive."""
    n = z.size
    total = z.sum()
    floor = np.int64(np.floor(e))
    part = e - floor  # between whole endowments awards are linear
    cells = max(floor + 1, total - floor)
    law = np.zeros(cells + 1)
    next_law = np.zeros(cells + 1)
    lack = np.zeros(cells + 2)
    share = np.zeros(n)
    for node in range(nodes.size):
        t = nodes[node]
        law[:] = 0.0
        next_law[:] = 0.0
        law[0] = 1.0
        reach = np.int64(0)
        for j in range(n):
            reach = min(cells, reach + z[j])
            mix_law(law, next_law, z[j], reach + 1, t)
            law, next_law = next_law, law
        below = 0.0
        lack[0] = 0.0
        for c in range(cells):  # lack[c] = E[(c - Z)^+]
            below += law[c]
            lack[c + 1] = lack[c] + below
        for k in range(n):
            if k > 0 and z[k] == z[k - 1]:
                share[k] = share[k - 1]
                continue
            gain = marginal(lack, floor, z[k], t)
            dual = marginal(lack, total - floor, z[k], t)
            if part > 0.0:
                gain += part * (marginal(lack, floor + 1, z[k], t) - gain)
                dual += part * (marginal(lack, total - floor - 1, z[k], t) - dual)
            share[k] += weights[node] * (gain + z[k] - dual)
    return share


@compiled(EXACT)
def coalition_rows(endowment: Array, claims: Array, awards: Array) -> None:
    """Random arrival of any claims, exact, over all coalitions; for up to about 20 positive claims."""
    rows, members = claims.shape
    order = np.empty(members, np.int64)
    for t in range(rows):
        n = 0
        total = 0.0
        for i in range(members):
            total += claims[t, i]
            if claims[t, i] > 0.0:
                order[n] = i
                n += 1
        e = endowment[t]
        if e >= total * PLENTY:
            awards[t] = claims[t]
            continue
        awards[t] = 0.0
        if e <= 0.0:
            continue
        d = claims[t][order[:n]]
        share = coalition_row(min(e, total - e), d)
        for k in range(n):
            awards[t, order[k]] = d[k] - share[k] if e > total - e else share[k]


@compiled(EXACT)
def coalition_row(e: float, d: Array) -> Array:
    """One problem with positive claims: sums of (e - d(S))^+ by size of S, with and without each member."""
    n = d.size
    low = n // 2
    high = n - low
    sums, sizes = subset_sums(d[:low])
    sums_high, sizes_high = subset_sums(d[low:])
    every = np.zeros(n + 2)
    holding = np.zeros((n, n + 2))
    by_size = np.zeros(low + 1)
    for h in range(1 << high):
        rest = e - sums_high[h]
        if rest <= 0.0:
            continue
        by_size[:] = 0.0
        for s in range(1 << low):
            left = rest - sums[s]
            if left > 0.0:
                by_size[sizes[s]] += left
                size = sizes[s] + sizes_high[h]
                for i in range(low):
                    if (s >> i) & 1:
                        holding[i, size] += left
        for size in range(low + 1):
            every[size + sizes_high[h]] += by_size[size]
            for i in range(high):
                if (h >> i) & 1:
                    holding[low + i, size + sizes_high[h]] += by_size[size]
    share = np.zeros(n)
    weight = 1.0 / n  # size! (n-1-size)! / n!
    for size in range(n):
        for i in range(n):
            share[i] += weight * (every[size] - holding[i, size] - holding[i, size + 1])
        weight *= (size + 1.0) / (n - 1.0 - size) if size < n - 1 else 0.0
    return share


@compiled(EXACT)
def subset_sums(d: Array) -> tuple[Array, Whole]:
    """Sum and size of every subset, by bit mask."""
    sums = np.zeros(1 << d.size)
    sizes = np.zeros(1 << d.size, np.int64)
    for i in range(d.size):
        for s in range(1 << i):
            sums[(1 << i) + s] = sums[s] + d[i]
            sizes[(1 << i) + s] = sizes[s] + 1
    return sums, sizes
