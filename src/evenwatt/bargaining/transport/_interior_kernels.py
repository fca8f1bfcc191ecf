"""The interior point method of a transport bargain: many bargains, one after another, none of them in Python."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport._certificate_kernels import certified_gap
from evenwatt.bargaining.transport._newton_kernels import factor, refine, solve_plain
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

BACK_OFF = 0.995  # of the way to the nearest bound
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
    flow, seller, buyer, room, is_open, top = (
        links.flow,
        links.seller,
        links.buyer,
        links.room,
        links.is_open,
        links.top,
    )
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
    held, weight, won, price, left, is_bound = (
        rows.held,
        rows.weight,
        rows.won,
        rows.price,
        rows.left,
        rows.is_bound,
    )
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
        gap, miss = _misses(links, rows, matrix)
        if not (gap < np.inf and miss < np.inf):
            break
        # With a barrier the residuals must vanish next to it, not next to one.
        worth = max(_off_centre(links, rows, barrier), 100.0 * miss) if barrier > 0 else max(gap, miss)
        if worth < best:
            since = 0 if worth < 0.5 * best else since
            best = worth
            _keep(links, rows)
        since += 1
        if barrier == 0 and worth <= 2.0 * goal:
            proved = min(proved, _certified(links, rows, matrix))
        if (best <= CENTRED) if barrier > 0 else (proved <= goal):
            break
        if since > PATIENCE or taken == most_steps:
            break
        _assemble(links, rows, matrix)
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
        primal, dual = _direction(links, rows, matrix, barrier, False, is_refined)
    else:
        primal, dual = _direction(links, rows, matrix, 0.0, False, is_refined)
        ratio = _after(links, rows, primal, dual) / gap
        target = max(min(1.0, max(ratio * ratio * ratio, 1e-4)) * mean, barrier)
        primal, dual = _direction(links, rows, matrix, target, True, is_refined)
    if not (primal > 0 and dual > 0):
        return False
    _advance(links, rows, min(primal, dual))
    return True


@compiled(LOOSE, inline=True)
def _certified(links: Links, rows: Rows, matrix: Matrix) -> float:
    return certified_gap(
        rows.held, matrix.margin, links.gain, links.top, rows.point, rows.weight, links.is_open, links.flow,
        rows.price, links.limit, rows.curve, links.moved, rows.used,
    )  # fmt: skip


@compiled(LOOSE, inline=True)
def _misses(links: Links, rows: Rows, matrix: Matrix) -> tuple[float, float]:
    """The sum of all products, and the worst residual in units of the logarithm; the residuals are kept."""
    flow, is_open, seller, buyer, gain, slope = (
        links.flow,
        links.is_open,
        links.seller,
        links.buyer,
        links.gain,
        links.slope,
    )
    sign, limit, top, room = links.sign, links.limit, links.top, links.room
    held, left_miss, left, won_miss, point, won = (
        rows.held,
        rows.left_miss,
        rows.left,
        rows.won_miss,
        rows.point,
        rows.won,
    )
    curve, price, weight, curve_miss, is_bound = (
        rows.curve,
        rows.price,
        rows.weight,
        rows.curve_miss,
        rows.is_bound,
    )
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
def _off_centre(links: Links, rows: Rows, barrier: float) -> float:
    """By how much a product misses the barrier at most, as a fraction of it."""
    flow, is_open, sign, top, room, limit = (
        links.flow,
        links.is_open,
        links.sign,
        links.top,
        links.room,
        links.limit,
    )
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
def _keep(links: Links, rows: Rows) -> None:
    flow, best_flow, best_sign, sign, best_limit, limit = (
        links.flow,
        links.best_flow,
        links.best_sign,
        links.sign,
        links.best_limit,
        links.limit,
    )
    held, best_price, price, best_curve, curve = (
        rows.held,
        rows.best_price,
        rows.price,
        rows.best_curve,
        rows.curve,
    )
    for e in range(flow.size):
        best_flow[e] = flow[e]
        best_sign[e] = sign[e]
        best_limit[e] = limit[e]
    for k in range(held.size):
        best_price[k] = price[k]
        best_curve[k] = curve[k]


@compiled(LOOSE, inline=True)
def _assemble(links: Links, rows: Rows, matrix: Matrix) -> None:
    """The Newton matrix of this iterate."""
    flow, sign, limit, room, is_open = links.flow, links.sign, links.limit, links.room, links.is_open
    curve, won, price, left, is_bound = rows.curve, rows.won, rows.price, rows.left, rows.is_bound
    margin, coupling, demanded, curved, diagonal = (
        matrix.margin,
        matrix.coupling,
        matrix.demanded,
        matrix.curved,
        matrix.diagonal,
    )
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
def _direction(
    links: Links, rows: Rows, matrix: Matrix, target: float, is_corrected: bool, is_refined: bool
) -> tuple[float, float]:
    """The direction in which all products become ``target``; returns how far primal and dual may go.

    Corrected, it takes into account what the products of the last direction's steps would add.
    """
    flow, right, is_open, seller, buyer, sign = (
        links.flow,
        links.right,
        links.is_open,
        links.seller,
        links.buyer,
        links.sign,
    )
    flow_step, sign_step, slope, gain, top, room = (
        links.flow_step,
        links.sign_step,
        links.slope,
        links.gain,
        links.top,
        links.room,
    )
    limit, room_step, limit_step = links.limit, links.room_step, links.limit_step
    held, left, price, aim, left_step, price_step = (
        rows.held,
        rows.left,
        rows.price,
        rows.aim,
        rows.left_step,
        rows.price_step,
    )
    is_bound, left_miss, curve_step, curve_miss, curve, won_miss = (
        rows.is_bound,
        rows.left_miss,
        rows.curve_step,
        rows.curve_miss,
        rows.curve,
        rows.won_miss,
    )
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
    flow, is_open, flow_step, seller, buyer, gain = (
        links.flow,
        links.is_open,
        links.flow_step,
        links.seller,
        links.buyer,
        links.gain,
    )
    price_step, price, left, is_bound, curve_step, curve = (
        rows.price_step,
        rows.price,
        rows.left,
        rows.is_bound,
        rows.curve_step,
        rows.curve,
    )
    won, held, left_step, left_miss, won_step, won_miss = (
        rows.won,
        rows.held,
        rows.left_step,
        rows.left_miss,
        rows.won_step,
        rows.won_miss,
    )
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
    flow, is_open, flow_step, sign_step, sign, top = (
        links.flow,
        links.is_open,
        links.flow_step,
        links.sign_step,
        links.sign,
        links.top,
    )
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
    held, is_bound, price, left, left_step, aim = (
        rows.held,
        rows.is_bound,
        rows.price,
        rows.left,
        rows.left_step,
        rows.aim,
    )
    price_step, weight, won, won_step, curve, curve_step = (
        rows.price_step,
        rows.weight,
        rows.won,
        rows.won_step,
        rows.curve,
        rows.curve_step,
    )
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


@compiled(LOOSE, inline=True)
def _after(links: Links, rows: Rows, primal: float, dual: float) -> float:
    """The sum of all products after the steps."""
    flow, is_open, sign, sign_step, flow_step, top = (
        links.flow,
        links.is_open,
        links.sign,
        links.sign_step,
        links.flow_step,
        links.top,
    )
    limit, limit_step, room, room_step = links.limit, links.limit_step, links.room, links.room_step
    held, is_bound, price, price_step, left, left_step = (
        rows.held,
        rows.is_bound,
        rows.price,
        rows.price_step,
        rows.left,
        rows.left_step,
    )
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
def _advance(links: Links, rows: Rows, length: float) -> None:
    """Go: one length for primal and dual, since the gains tie them together."""
    flow, is_open, flow_step, sign, sign_step, top = (
        links.flow,
        links.is_open,
        links.flow_step,
        links.sign,
        links.sign_step,
        links.top,
    )
    room, room_step, limit, limit_step = links.room, links.room_step, links.limit, links.limit_step
    held, left, left_step, price, price_step, won = (
        rows.held,
        rows.left,
        rows.left_step,
        rows.price,
        rows.price_step,
        rows.won,
    )
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
