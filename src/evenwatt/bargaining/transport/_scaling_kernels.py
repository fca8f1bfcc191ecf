"""A bargain in numbers of its own size: energies over their mean, gains over what each player can win at most."""

from __future__ import annotations

import numpy as np

from evenwatt.bargaining.transport._room_kernels import LOOSE, Array, Links, Matrix, Rows
from evenwatt.engine._compiled import compiled


@compiled(LOOSE)
def lay_out(
    p: int, capacity: Array, demand: Array, margin: Array, gain: Array, limit: Array, disagreement: Array,
    weight: Array, links: Links, rows: Rows, matrix: Matrix,
) -> float:  # fmt: skip
    """Lay out bargain ``p``; returns the unit of energy, 0 where no link is open."""
    agents, suppliers = gain.shape[1], gain.shape[2]
    for i in range(suppliers):
        rows.held[i] = capacity[p, i]
    for j in range(agents):
        rows.held[suppliers + j] = demand[p, j]
    size = _open_links(p, limit, suppliers, links, rows)
    if size == 0:
        return 0.0
    total = 0.0
    for k in range(suppliers + agents):
        rows.held[k] /= size
        rows.weight[k] = weight[p, k] if rows.is_bound[k] else 0.0
        total += rows.weight[k]
    for k in range(suppliers + agents):
        rows.weight[k] /= total
    _units(p, margin, gain, limit, suppliers, size, links, rows)
    for i in range(suppliers):
        matrix.margin[i] = margin[p, i] * size / rows.unit[i] if rows.weight[i] > 0 else 0.0
    for k in range(suppliers + agents):
        rows.point[k] = disagreement[p, k] / rows.unit[k]
    for j in range(agents):
        k = suppliers + j
        for i in range(suppliers):
            e = j * suppliers + i
            wanted = rows.weight[k] > 0 and links.is_open[e]
            links.gain[e] = gain[p, j, i] * size / rows.unit[k] if wanted else 0.0
            top = limit[p, j, i] / size
            links.top[e] = top if top < min(rows.held[i], rows.held[k]) else np.inf
    return size


@compiled(LOOSE)
def _open_links(p: int, limit: Array, suppliers: int, links: Links, rows: Rows) -> float:
    """Mark open links and the rows they make bind; returns the mean of what those rows hold."""
    for k in range(rows.held.size):
        rows.is_bound[k] = False
    for e in range(links.flow.size):
        j, i = e // suppliers, e % suppliers
        k = suppliers + j
        links.is_open[e] = rows.held[i] > 0 and rows.held[k] > 0 and limit[p, j, i] > 0
        if links.is_open[e]:
            rows.is_bound[i] = True
            rows.is_bound[k] = True
    size, count = 0.0, 0
    for k in range(rows.held.size):
        if rows.is_bound[k]:
            size += rows.held[k]
            count += 1
    return size / count if count > 0 else 0.0


@compiled(LOOSE)
def _units(
    p: int, margin: Array, gain: Array, limit: Array, suppliers: int, size: float, links: Links, rows: Rows
) -> None:
    """What each player could win at most, roughly: the unit of its gain."""
    for k in range(rows.held.size):
        rows.unit[k] = 0.0
    for e in range(links.flow.size):
        if links.is_open[e]:
            j, i = e // suppliers, e % suppliers
            k = suppliers + j
            rows.unit[i] += min(rows.held[i], rows.held[k])
            # What a player can win counts, not what it could lose on links that others pay it to use.
            rows.unit[k] = max(
                rows.unit[k], gain[p, j, i] * min(rows.held[i], rows.held[k], limit[p, j, i] / size)
            )
    for k in range(rows.held.size):
        if k < suppliers:
            rows.unit[k] = abs(margin[p, k]) * min(rows.held[k], rows.unit[k]) * size
        else:
            rows.unit[k] *= size
        if not rows.unit[k] > 0:
            rows.unit[k] = 1.0


@compiled(LOOSE)
def give_back(
    p: int, size: float, links: Links, rows: Rows, flow: Array, price: Array, demand_price: Array,
    limit_price: Array, flow_price: Array, curve: Array,
) -> None:  # fmt: skip
    """Write the best iterate of bargain ``p`` down in its own units; nothing where ``size`` is 0."""
    suppliers = price.shape[1]
    for k in range(rows.held.size):
        held = rows.best_price[k] / size if size > 0 else 0.0
        curve[p, k] = rows.best_curve[k] / rows.unit[k] if size > 0 else 0.0
        if k < suppliers:
            price[p, k] = held
        else:
            demand_price[p, k - suppliers] = held
    for e in range(links.flow.size):
        j, i = e // suppliers, e % suppliers
        carries = size > 0 and links.is_open[e]
        flow[p, j, i] = links.best_flow[e] * size if carries else 0.0
        flow_price[p, j, i] = links.best_sign[e] / size if carries else 0.0
        limit_price[p, j, i] = links.best_limit[e] / size if carries else 0.0
