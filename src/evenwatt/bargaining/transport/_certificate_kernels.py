"""The proof of a transport bargain: an upper bound from multipliers alone, less what feasible flows reach."""

from __future__ import annotations

import numpy as np

from evenwatt.bargaining.transport._room_kernels import LOOSE, Array, Flags
from evenwatt.engine._compiled import compiled


@compiled(LOOSE)
def certified_gap(
    held: Array, margin: Array, gain: Array, top: Array, point: Array, weight: Array, is_open: Flags, flow: Array,
    price: Array, limit: Array, curve: Array, moved: Array, used: Array,
) -> float:  # fmt: skip
    """By how much the weighted log of the gains could exceed what ``flow`` reaches; infinite where nothing is proved.

    The flows are first made feasible exactly (``moved``), the suppliers' multipliers lifted until they price every
    link: neither has to be right for the bound to hold.
    """
    suppliers = margin.size
    _cut(held, top, is_open, flow, suppliers, moved, used)
    for k in range(held.size):
        used[k] = -point[k]
    for e in range(moved.size):
        used[e % suppliers] += margin[e % suppliers] * moved[e]
        used[suppliers + e // suppliers] += gain[e] * moved[e]
    reached, bound, whole = 0.0, 0.0, 0.0
    for k in range(held.size):
        if weight[k] > 0:
            if not (used[k] > 0 and curve[k] > 0):
                return np.inf
            reached += weight[k] * np.log(used[k])
            bound += weight[k] * np.log(weight[k] / curve[k])
            whole += weight[k]
    cost = _priced(held, margin, gain, top, point, is_open, price, limit, curve)
    # All multipliers may be scaled together: the best scale is known.
    return bound + whole * np.log(cost / whole) - reached if cost > 0 and whole > 0 else np.inf


@compiled(LOOSE)
def _cut(
    held: Array, top: Array, is_open: Flags, flow: Array, suppliers: int, moved: Array, used: Array
) -> None:
    """Flows within limits, then within capacities, then within demands."""
    for k in range(held.size):
        used[k] = 0.0
    for e in range(moved.size):
        moved[e] = min(max(flow[e], 0.0), top[e]) if is_open[e] else 0.0
        used[e % suppliers] += moved[e]
    for e in range(moved.size):
        i = e % suppliers
        moved[e] *= held[i] / used[i] if used[i] > held[i] else 1.0
        used[suppliers + e // suppliers] += moved[e]
    for e in range(moved.size):
        k = suppliers + e // suppliers
        moved[e] *= held[k] / used[k] if used[k] > held[k] else 1.0


@compiled(LOOSE)
def _priced(
    held: Array, margin: Array, gain: Array, top: Array, point: Array, is_open: Flags, price: Array, limit: Array,
    curve: Array,
) -> float:  # fmt: skip
    """What the constraints cost at multipliers that price every link, less what the disagreement is worth."""
    suppliers = margin.size
    cost = 0.0
    for k in range(held.size):
        cost += price[k] * held[k] - curve[k] * point[k]
    for i in range(suppliers):
        lift = 0.0
        for e in range(i, gain.size, suppliers):
            if is_open[e]:
                k = suppliers + e // suppliers
                worth = margin[i] * curve[i] + gain[e] * curve[k]
                lift = max(lift, worth - price[i] - price[k] - limit[e])
        cost += lift * held[i]
    for e in range(gain.size):
        if is_open[e] and top[e] < np.inf:
            cost += limit[e] * top[e]
    return cost


@compiled(LOOSE)
def certify_rows(
    first: int, last: int, capacity: Array, demand: Array, margin: Array, gain: Array, limit: Array,
    disagreement: Array, weight: Array, flow: Array, price: Array, demand_price: Array, limit_price: Array,
    curve: Array, certificate: Array,
) -> None:  # fmt: skip
    """Certified gaps of bargains ``first`` to ``last`` in their own units; links agent by agent, limit 0 closed."""
    agents, suppliers = gain.shape[1], gain.shape[2]
    players, links = agents + suppliers, agents * suppliers
    held, prices, used = np.empty(players), np.empty(players), np.empty(players)
    top, moved, is_open = np.empty(links), np.empty(links), np.empty(links, np.bool_)
    for p in range(first, last):
        for k in range(players):
            held[k] = capacity[p, k] if k < suppliers else demand[p, k - suppliers]
            prices[k] = price[p, k] if k < suppliers else demand_price[p, k - suppliers]
        some = False
        for e in range(links):
            j, i = e // suppliers, e % suppliers
            is_open[e] = limit[p, j, i] > 0 and held[i] > 0 and held[suppliers + j] > 0
            narrow = limit[p, j, i] < min(held[i], held[suppliers + j])
            top[e] = limit[p, j, i] if narrow else np.inf
            some = some or is_open[e]
        certificate[p] = 0.0
        if some:
            certificate[p] = certified_gap(
                held, margin[p], gain[p].ravel(), top, disagreement[p], weight[p], is_open, flow[p].ravel(), prices,
                limit_price[p].ravel(), curve[p], moved, used,
            )  # fmt: skip
