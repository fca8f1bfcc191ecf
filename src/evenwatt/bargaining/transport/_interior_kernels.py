"""The interior point method of a transport bargain: many bargains, one after another, none of them in Python."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport._certificate_kernels import certified_gap
from evenwatt.bargaining.transport._direction_kernels import assemble, direction
from evenwatt.bargaining.transport._iterate_kernels import (
    advance,
    keep_best,
    misses,
    off_centre,
    products_after,
)
from evenwatt.bargaining.transport._newton_kernels import factor
from evenwatt.bargaining.transport._room_kernels import (
    LOOSE,
    Array,
    Links,
    Matrix,
    Rows,
    links_room,
    matrix_room,
    rows_room,
)
from evenwatt.bargaining.transport._scaling_kernels import give_back, lay_out
from evenwatt.engine._compiled import compiled

REFINED = 1e-4  # gap below which directions are refined
PATIENCE = 8  # steps without halving the best error
CENTRED = 1e-11  # by how much a product may miss the barrier parameter, as a fraction of it
NEAR = 3.0  # times the barrier: from here on nothing is left to predict


@compiled(LOOSE)
def bargain_rows(
    first: int, last: int, capacity: Array, demand: Array, margin: Array, gain: Array, limit: Array,
    disagreement: Array, weight: Array, goal: float, barrier: float, most_steps: int, flow: Array, price: Array,
    demand_price: Array, limit_price: Array, flow_price: Array, curve: Array, certificate: Array,
    steps: npt.NDArray[np.int64],
) -> None:  # fmt: skip
    """Solve bargains ``first`` to ``last``; links lie agent by agent, (B, N, S).

    ``barrier`` 0 seeks the optimum until its certificate is at most ``goal``; above 0 it seeks the point where every
    product of a slack and its multiplier is ``barrier``. ``weight`` 0 leaves a player out, ``limit`` 0 closes a link.
    ``certificate`` receives the certified gap, infinite where nothing was proved; with a barrier, the miss.
    """
    agents, suppliers = gain.shape[1], gain.shape[2]
    links, rows = links_room(suppliers, agents), rows_room(agents + suppliers)
    matrix = matrix_room(suppliers, agents)
    for p in range(first, last):
        size = lay_out(p, capacity, demand, margin, gain, limit, disagreement, weight, links, rows, matrix)
        certificate[p], steps[p] = 0.0, 0
        if size > 0:
            products = _begin(links, rows, matrix)
            certificate[p], steps[p] = _follow(links, rows, matrix, products, goal, barrier, most_steps)
        give_back(p, size, links, rows, flow, price, demand_price, limit_price, flow_price, curve)


@compiled(LOOSE, inline=True)
def _begin(links: Links, rows: Rows, matrix: Matrix) -> int:
    """The first iterate: half of what evenly shared rows allow, every product of the same order."""
    flow, seller, buyer, room, is_open = links.flow, links.seller, links.buyer, links.room, links.is_open
    top = links.top
    gain, sign, limit = links.gain, links.sign, links.limit
    held, left, won, point, is_bound = rows.held, rows.left, rows.won, rows.point, rows.is_bound
    margin = matrix.margin
    suppliers = margin.size
    agents = held.size - suppliers
    bound, opened, limited = 0, 0, 0
    for k in range(held.size):
        left[k] = held[k]
        won[k] = -point[k]
        if is_bound[k]:
            bound += 1
    for e in range(flow.size):
        i, k = seller[e], buyer[e]
        flow[e], room[e] = 0.0, 1.0
        if not is_open[e]:
            continue
        opened += 1
        flow[e] = 0.5 * min(held[i] / agents, held[k] / suppliers)
        if top[e] < np.inf:
            limited += 1
            flow[e] = min(flow[e], 0.5 * top[e])
            room[e] = top[e] - flow[e]
        left[i] -= flow[e]
        left[k] -= flow[e]
        won[i] += margin[i] * flow[e]
        won[k] += gain[e] * flow[e]
    for e in range(flow.size):
        is_limited = is_open[e] and top[e] < np.inf
        sign[e] = 1.0 / (opened * flow[e]) if is_open[e] else 0.0
        limit[e] = 1.0 / (limited * room[e]) if is_limited else 0.0
    _begin_gains(rows, bound)
    return bound + opened + limited


@compiled(LOOSE, inline=True)
def _begin_gains(rows: Rows, bound: int) -> None:
    """Stand-ins of the gains, above zero though the first flows may leave somebody below its disagreement."""
    held, weight, won, price, left = rows.held, rows.weight, rows.won, rows.price, rows.left
    is_bound = rows.is_bound
    curve = rows.curve
    total, playing = 0.0, 0
    for k in range(held.size):
        if weight[k] > 0:
            total += abs(won[k])
            playing += 1
    least = 0.1 * max(total / playing, 1e-3)
    for k in range(held.size):
        price[k] = 1.0 / (bound * left[k]) if is_bound[k] else 0.0
        won[k] = max(won[k], least) if weight[k] > 0 else 1.0
        curve[k] = weight[k] / won[k]


@compiled(LOOSE, inline=True)
def _follow(
    links: Links, rows: Rows, matrix: Matrix, products: int, goal: float, barrier: float, most_steps: int
) -> tuple[float, int]:
    """Follow the central path; returns the certificate or the miss, and the steps taken."""
    best, since, proved = np.inf, 0, np.inf
    for taken in range(most_steps + 1):
        gap, miss = misses(links, rows, matrix)
        if not (gap < np.inf and miss < np.inf):
            break
        # With a barrier the residuals must vanish next to it, not next to one.
        worth = max(off_centre(links, rows, barrier), 100.0 * miss) if barrier > 0 else max(gap, miss)
        if worth < best:
            since = 0 if worth < 0.5 * best else since
            best = worth
            keep_best(links, rows)
        since += 1
        if barrier == 0 and worth <= 2.0 * goal:
            proved = min(proved, _certified(links, rows, matrix))
        if (best <= CENTRED) if barrier > 0 else (proved <= goal):
            break
        if since > PATIENCE or taken == most_steps:
            break
        assemble(links, rows, matrix)
        factor(matrix, links.gain, links.is_open)
        if not _step(links, rows, matrix, products, gap, barrier):
            break
    return (best if barrier > 0 else proved), taken


@compiled(LOOSE, inline=True)
def _step(links: Links, rows: Rows, matrix: Matrix, products: int, gap: float, barrier: float) -> bool:
    """One step, predicted and corrected; whether there was a way to go."""
    mean = gap / products
    is_refined = gap < REFINED
    if barrier > 0 and mean <= NEAR * barrier:
        primal, dual = direction(links, rows, matrix, barrier, False, is_refined)
    else:
        primal, dual = direction(links, rows, matrix, 0.0, False, is_refined)
        ratio = products_after(links, rows, primal, dual) / gap
        target = max(min(1.0, max(ratio * ratio * ratio, 1e-4)) * mean, barrier)
        primal, dual = direction(links, rows, matrix, target, True, is_refined)
    if not (primal > 0 and dual > 0):
        return False
    advance(links, rows, min(primal, dual))
    return True


@compiled(LOOSE, inline=True)
def _certified(links: Links, rows: Rows, matrix: Matrix) -> float:
    return certified_gap(
        rows.held, matrix.margin, links.gain, links.top, rows.point, rows.weight, links.is_open, links.flow,
        rows.price, links.limit, rows.curve, links.moved, rows.used,
    )  # fmt: skip
