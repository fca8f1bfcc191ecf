"""One iterate of the interior point method: what it misses, what is kept of it, where a step leads."""

from __future__ import annotations

import numpy as np

from evenwatt.bargaining.transport._room_kernels import LOOSE, Links, Matrix, Rows
from evenwatt.engine._compiled import compiled


@compiled(LOOSE, inline=True)
def misses(links: Links, rows: Rows, matrix: Matrix) -> tuple[float, float]:
    """The sum of all products, and the worst residual in units of the logarithm; the residuals are kept."""
    flow, is_open, seller, buyer, gain = links.flow, links.is_open, links.seller, links.buyer, links.gain
    slope = links.slope
    sign, limit, top, room = links.sign, links.limit, links.top, links.room
    held, left_miss, left, won_miss, point = rows.held, rows.left_miss, rows.left, rows.won_miss, rows.point
    won = rows.won
    curve, price, weight, curve_miss = rows.curve, rows.price, rows.weight, rows.curve_miss
    is_bound = rows.is_bound
    margin = matrix.margin
    gap, miss = 0.0, 0.0
    for k in range(held.size):
        left_miss[k] = held[k] - left[k]
        won_miss[k] = -point[k] - won[k]
    for e in range(flow.size):
        if not is_open[e]:
            continue
        i, k, x = seller[e], buyer[e], flow[e]
        left_miss[i] -= x
        left_miss[k] -= x
        won_miss[i] += margin[i] * x
        won_miss[k] += gain[e] * x
        worth = margin[i] * curve[i] + gain[e] * curve[k]
        slope[e] = price[i] + price[k] - worth - sign[e] + limit[e]
        miss = max(miss, abs(slope[e]) * x)
        gap += x * sign[e]
        if top[e] < np.inf:
            gap += room[e] * limit[e]
    for k in range(held.size):
        plays = weight[k] > 0
        curve_miss[k] = weight[k] - curve[k] * won[k] if plays else 0.0
        won_miss[k] = won_miss[k] if plays else 0.0
        left_miss[k] = left_miss[k] if is_bound[k] else 0.0
        miss = max(miss, abs(curve_miss[k]))
        miss = max(miss, abs(won_miss[k]) * curve[k])
        miss = max(miss, abs(left_miss[k]) * price[k])
        gap += left[k] * price[k] if is_bound[k] else 0.0
    return gap, miss


@compiled(LOOSE, inline=True)
def off_centre(links: Links, rows: Rows, barrier: float) -> float:
    """By how much a product misses the barrier at most, as a fraction of it."""
    flow, is_open, sign, top, room = links.flow, links.is_open, links.sign, links.top, links.room
    limit = links.limit
    held, is_bound, left, price = rows.held, rows.is_bound, rows.left, rows.price
    off = 0.0
    for e in range(flow.size):
        if is_open[e]:
            off = max(off, abs(flow[e] * sign[e] - barrier))
            if top[e] < np.inf:
                off = max(off, abs(room[e] * limit[e] - barrier))
    for k in range(held.size):
        if is_bound[k]:
            off = max(off, abs(left[k] * price[k] - barrier))
    return off / barrier


@compiled(LOOSE, inline=True)
def keep_best(links: Links, rows: Rows) -> None:
    flow, best_flow, best_sign, sign = links.flow, links.best_flow, links.best_sign, links.sign
    best_limit, limit = links.best_limit, links.limit
    held, best_price, price, best_curve = rows.held, rows.best_price, rows.price, rows.best_curve
    curve = rows.curve
    for e in range(flow.size):
        best_flow[e] = flow[e]
        best_sign[e] = sign[e]
        best_limit[e] = limit[e]
    for k in range(held.size):
        best_price[k] = price[k]
        best_curve[k] = curve[k]


@compiled(LOOSE, inline=True)
def products_after(links: Links, rows: Rows, primal: float, dual: float) -> float:
    """The sum of all products after the steps."""
    flow, is_open, sign, sign_step = links.flow, links.is_open, links.sign, links.sign_step
    flow_step, top = links.flow_step, links.top
    limit, limit_step, room, room_step = links.limit, links.limit_step, links.room, links.room_step
    held, is_bound, price, price_step = rows.held, rows.is_bound, rows.price, rows.price_step
    left, left_step = rows.left, rows.left_step
    total = 0.0
    for e in range(flow.size):
        if is_open[e]:
            multiplier = sign[e] + dual * sign_step[e]
            total += (flow[e] + primal * flow_step[e]) * multiplier
            if top[e] < np.inf:
                multiplier = limit[e] + dual * limit_step[e]
                total += (room[e] + primal * room_step[e]) * multiplier
    for k in range(held.size):
        if is_bound[k]:
            multiplier = price[k] + dual * price_step[k]
            total += (left[k] + primal * left_step[k]) * multiplier
    return total


@compiled(LOOSE, inline=True)
def advance(links: Links, rows: Rows, length: float) -> None:
    """Go: one length for primal and dual, since the gains tie them together."""
    flow, is_open, flow_step, sign = links.flow, links.is_open, links.flow_step, links.sign
    sign_step, top = links.sign_step, links.top
    room, room_step, limit, limit_step = links.room, links.room_step, links.limit, links.limit_step
    held, left, left_step, price = rows.held, rows.left, rows.left_step, rows.price
    price_step, won = rows.price_step, rows.won
    won_step, curve, curve_step = rows.won_step, rows.curve, rows.curve_step
    for e in range(flow.size):
        if is_open[e]:
            flow[e] += length * flow_step[e]
            sign[e] += length * sign_step[e]
            if top[e] < np.inf:
                room[e] += length * room_step[e]
                limit[e] += length * limit_step[e]
    for k in range(held.size):
        left[k] += length * left_step[k]
        price[k] += length * price_step[k]
        won[k] += length * won_step[k]
        curve[k] += length * curve_step[k]
