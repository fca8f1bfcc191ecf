"""The direction of a step: the Newton matrix of an iterate, solved, and how far it may be followed."""

from __future__ import annotations

import numpy as np

from evenwatt.bargaining.transport._newton_kernels import refine, solve_plain
from evenwatt.bargaining.transport._room_kernels import LOOSE, Links, Matrix, Rows
from evenwatt.engine._compiled import compiled

BACK_OFF = 0.995  # of the way to the nearest bound


@compiled(LOOSE, inline=True)
def assemble(links: Links, rows: Rows, matrix: Matrix) -> None:
    """The Newton matrix of this iterate."""
    flow, sign, limit, room, is_open = links.flow, links.sign, links.limit, links.room, links.is_open
    curve, won, price, left, is_bound = rows.curve, rows.won, rows.price, rows.left, rows.is_bound
    margin, coupling, demanded, curved = matrix.margin, matrix.coupling, matrix.demanded, matrix.curved
    diagonal = matrix.diagonal
    suppliers = margin.size
    for i in range(suppliers):
        bent = margin[i] * margin[i] * curve[i] / won[i]
        coupling[i] = bent + (price[i] / left[i] if is_bound[i] else 0.0)
    for j in range(demanded.size):
        k = suppliers + j
        demanded[j] = price[k] / left[k] if is_bound[k] else 0.0
        curved[j] = curve[k] / won[k]
    for e in range(flow.size):
        curvature = sign[e] / flow[e] + limit[e] / room[e] if is_open[e] else 1.0
        diagonal[e] = curvature


@compiled(LOOSE, inline=True)
def direction(
    links: Links, rows: Rows, matrix: Matrix, target: float, is_corrected: bool, is_refined: bool
) -> tuple[float, float]:
    """The direction in which all products become ``target``; returns how far primal and dual may go.

    Corrected, it takes into account what the products of the last direction's steps would add.
    """
    flow, right, is_open, seller, buyer = links.flow, links.right, links.is_open, links.seller, links.buyer
    sign = links.sign
    flow_step, sign_step, slope, gain = links.flow_step, links.sign_step, links.slope, links.gain
    top, room = links.top, links.room
    limit, room_step, limit_step = links.limit, links.room_step, links.limit_step
    held, left, price, aim, left_step = rows.held, rows.left, rows.price, rows.aim, rows.left_step
    price_step = rows.price_step
    is_bound, left_miss, curve_step = rows.is_bound, rows.left_miss, rows.curve_step
    curve_miss, curve, won_miss = rows.curve_miss, rows.curve, rows.won_miss
    won = rows.won
    margin = matrix.margin
    for k in range(held.size):
        wanted = target - left[k] * price[k]
        aim[k] = wanted - left_step[k] * price_step[k] if is_corrected else wanted
        bound = is_bound[k]
        pressed = (aim[k] - price[k] * left_miss[k]) / left[k] if bound else 0.0
        price_step[k] = pressed
        curve_step[k] = (curve_miss[k] - curve[k] * won_miss[k]) / won[k]
    for e in range(flow.size):
        right[e] = 0.0
        if not is_open[e]:
            continue
        i, k = seller[e], buyer[e]
        wanted = target - flow[e] * sign[e]
        wanted -= flow_step[e] * sign_step[e] if is_corrected else 0.0
        pull = wanted / flow[e] - slope[e] - price_step[i] - price_step[k]
        right[e] = pull + margin[i] * curve_step[i] + gain[e] * curve_step[k]
        sign_step[e] = wanted
        if top[e] < np.inf:
            wanted = target - room[e] * limit[e]
            wanted -= room_step[e] * limit_step[e] if is_corrected else 0.0
            lacking = top[e] - flow[e] - room[e]
            right[e] -= (wanted - limit[e] * lacking) / room[e]
            limit_step[e] = wanted
    solve_plain(matrix, right, flow_step)
    if is_refined:
        refine(matrix, gain, is_open, right, flow_step)
    _row_steps(links, rows, matrix)
    primal, dual = _link_reach(links)
    return _row_reach(rows, primal, dual)


@compiled(LOOSE, inline=True)
def _row_steps(links: Links, rows: Rows, matrix: Matrix) -> None:
    """What the direction does to rows and gains: multipliers from what the rows exert, not from the flows."""
    flow, is_open, flow_step, seller = links.flow, links.is_open, links.flow_step, links.seller
    buyer, gain = links.buyer, links.gain
    price_step, price, left, is_bound = rows.price_step, rows.price, rows.left, rows.is_bound
    curve_step, curve = rows.curve_step, rows.curve
    won, held, left_step, left_miss = rows.won, rows.held, rows.left_step, rows.left_miss
    won_step, won_miss = rows.won_step, rows.won_miss
    margin, demanded, exerted, coupling = matrix.margin, matrix.demanded, matrix.exerted, matrix.coupling
    suppliers, agents = margin.size, demanded.size
    for i in range(suppliers):
        sold = exerted[i] / coupling[i] if coupling[i] > 0 else 0.0
        price_step[i] += price[i] / left[i] * sold if is_bound[i] else 0.0
        curve_step[i] -= margin[i] * curve[i] / won[i] * sold
    for j in range(agents):
        k = suppliers + j
        price_step[k] += exerted[k]
        curve_step[k] -= exerted[k + agents]
    for k in range(held.size):
        left_step[k] = left_miss[k]
        won_step[k] = won_miss[k]
    for e in range(flow.size):
        if not is_open[e]:
            flow_step[e] = 0.0
            continue
        i, k, step = seller[e], buyer[e], flow_step[e]
        left_step[i] -= step
        left_step[k] -= step
        won_step[i] += margin[i] * step
        won_step[k] += gain[e] * step


@compiled(LOOSE, inline=True)
def _link_reach(links: Links) -> tuple[float, float]:
    """Steps of the links' multipliers, and how far primal and dual may go before a link's sign turns."""
    flow, is_open, flow_step, sign_step = links.flow, links.is_open, links.flow_step, links.sign_step
    sign, top = links.sign, links.top
    room_step, room, limit_step, limit = links.room_step, links.room, links.limit_step, links.limit
    primal, dual = 1.0, 1.0
    for e in range(flow.size):
        if not is_open[e]:
            continue
        step = flow_step[e]
        sign_step[e] = (sign_step[e] - sign[e] * step) / flow[e]
        primal = _until(flow[e], step, primal)
        dual = _until(sign[e], sign_step[e], dual)
        if top[e] < np.inf:
            room_step[e] = top[e] - flow[e] - room[e] - step
            limit_step[e] = (limit_step[e] - limit[e] * room_step[e]) / room[e]
            primal = _until(room[e], room_step[e], primal)
            dual = _until(limit[e], limit_step[e], dual)
    return primal, dual


@compiled(LOOSE, inline=True)
def _row_reach(rows: Rows, primal: float, dual: float) -> tuple[float, float]:
    held, is_bound, price, left, left_step = rows.held, rows.is_bound, rows.price, rows.left, rows.left_step
    aim = rows.aim
    price_step, weight, won, won_step = rows.price_step, rows.weight, rows.won, rows.won_step
    curve, curve_step = rows.curve, rows.curve_step
    for k in range(held.size):
        if is_bound[k]:
            if price[k] > left[k]:
                # The same to first order; from the flows a slack of 1e-10 would be all rounding.
                left_step[k] = (aim[k] - left[k] * price_step[k]) / price[k]
            primal = _until(left[k], left_step[k], primal)
            dual = _until(price[k], price_step[k], dual)
        else:
            left_step[k], price_step[k] = 0.0, 0.0
        if weight[k] > 0:
            primal = _until(won[k], won_step[k], primal)
            dual = _until(curve[k], curve_step[k], dual)
        else:
            won_step[k], curve_step[k] = 0.0, 0.0
    return primal, dual


@compiled(LOOSE, inline=True)
def _until(value: float, step: float, reach: float) -> float:
    """How far a step may go, no further than ``reach``, before the value is nearly zero."""
    return min(reach, -BACK_OFF * value / step) if step < 0 else reach
