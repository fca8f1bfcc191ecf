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
    suppliers = matrix.margin.size
    agents = rows.held.size - suppliers
    bound, opened, limited = 0, 0, 0
    for k in range(rows.held.size):
        rows.left[k] = rows.held[k]
        rows.won[k] = -rows.point[k]
        if rows.is_bound[k]:
            bound += 1
    for e in range(links.flow.size):
        i, k = links.seller[e], links.buyer[e]
        links.flow[e], links.room[e] = 0.0, 1.0
        if not links.is_open[e]:
            continue
        opened += 1
        links.flow[e] = 0.5 * min(rows.held[i] / agents, rows.held[k] / suppliers)
        if links.top[e] < np.inf:
            limited += 1
            links.flow[e] = min(links.flow[e], 0.5 * links.top[e])
            links.room[e] = links.top[e] - links.flow[e]
        rows.left[i] -= links.flow[e]
        rows.left[k] -= links.flow[e]
        rows.won[i] += matrix.margin[i] * links.flow[e]
        rows.won[k] += links.gain[e] * links.flow[e]
    for e in range(links.flow.size):
        is_limited = links.is_open[e] and links.top[e] < np.inf
        links.sign[e] = 1.0 / (opened * links.flow[e]) if links.is_open[e] else 0.0
        links.limit[e] = 1.0 / (limited * links.room[e]) if is_limited else 0.0
    _begin_gains(rows, bound)
    return bound + opened + limited


@compiled(LOOSE, inline=True)
def _begin_gains(rows: Rows, bound: int) -> None:
    """Stand-ins of the gains, above zero though the first flows may leave somebody below its disagreement."""
    total, playing = 0.0, 0
    for k in range(rows.held.size):
        if rows.weight[k] > 0:
            total += abs(rows.won[k])
            playing += 1
    least = 0.1 * max(total / playing, 1e-3)
    for k in range(rows.held.size):
        rows.price[k] = 1.0 / (bound * rows.left[k]) if rows.is_bound[k] else 0.0
        rows.won[k] = max(rows.won[k], least) if rows.weight[k] > 0 else 1.0
        rows.curve[k] = rows.weight[k] / rows.won[k]


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
    gap, miss = 0.0, 0.0
    for k in range(rows.held.size):
        rows.left_miss[k] = rows.held[k] - rows.left[k]
        rows.won_miss[k] = -rows.point[k] - rows.won[k]
    for e in range(links.flow.size):
        if not links.is_open[e]:
            continue
        i, k, x = links.seller[e], links.buyer[e], links.flow[e]
        rows.left_miss[i] -= x
        rows.left_miss[k] -= x
        rows.won_miss[i] += matrix.margin[i] * x
        rows.won_miss[k] += links.gain[e] * x
        worth = matrix.margin[i] * rows.curve[i] + links.gain[e] * rows.curve[k]
        links.slope[e] = rows.price[i] + rows.price[k] - worth - links.sign[e] + links.limit[e]
        miss = max(miss, abs(links.slope[e]) * x)
        gap += x * links.sign[e]
        if links.top[e] < np.inf:
            gap += links.room[e] * links.limit[e]
    for k in range(rows.held.size):
        plays = rows.weight[k] > 0
        rows.curve_miss[k] = rows.weight[k] - rows.curve[k] * rows.won[k] if plays else 0.0
        rows.won_miss[k] = rows.won_miss[k] if plays else 0.0
        rows.left_miss[k] = rows.left_miss[k] if rows.is_bound[k] else 0.0
        miss = max(miss, abs(rows.curve_miss[k]))
        miss = max(miss, abs(rows.won_miss[k]) * rows.curve[k])
        miss = max(miss, abs(rows.left_miss[k]) * rows.price[k])
        gap += rows.left[k] * rows.price[k] if rows.is_bound[k] else 0.0
    return gap, miss


@compiled(LOOSE, inline=True)
def _off_centre(links: Links, rows: Rows, barrier: float) -> float:
    """By how much a product misses the barrier at most, as a fraction of it."""
    off = 0.0
    for e in range(links.flow.size):
        if links.is_open[e]:
            off = max(off, abs(links.flow[e] * links.sign[e] - barrier))
            if links.top[e] < np.inf:
                off = max(off, abs(links.room[e] * links.limit[e] - barrier))
    for k in range(rows.held.size):
        if rows.is_bound[k]:
            off = max(off, abs(rows.left[k] * rows.price[k] - barrier))
    return off / barrier


@compiled(LOOSE, inline=True)
def _keep(links: Links, rows: Rows) -> None:
    for e in range(links.flow.size):
        links.best_flow[e] = links.flow[e]
        links.best_sign[e] = links.sign[e]
        links.best_limit[e] = links.limit[e]
    for k in range(rows.held.size):
        rows.best_price[k] = rows.price[k]
        rows.best_curve[k] = rows.curve[k]


@compiled(LOOSE, inline=True)
def _assemble(links: Links, rows: Rows, matrix: Matrix) -> None:
    """The Newton matrix of this iterate."""
    suppliers = matrix.margin.size
    for i in range(suppliers):
        bent = matrix.margin[i] * matrix.margin[i] * rows.curve[i] / rows.won[i]
        matrix.coupling[i] = bent + (rows.price[i] / rows.left[i] if rows.is_bound[i] else 0.0)
    for j in range(matrix.demanded.size):
        k = suppliers + j
        matrix.demanded[j] = rows.price[k] / rows.left[k] if rows.is_bound[k] else 0.0
        matrix.curved[j] = rows.curve[k] / rows.won[k]
    for e in range(links.flow.size):
        held = links.sign[e] / links.flow[e] + links.limit[e] / links.room[e] if links.is_open[e] else 1.0
        matrix.diagonal[e] = held


@compiled(LOOSE, inline=True)
def _direction(
    links: Links, rows: Rows, matrix: Matrix, target: float, is_corrected: bool, is_refined: bool
) -> tuple[float, float]:
    """The direction in which all products become ``target``; returns how far primal and dual may go.

    Corrected, it takes into account what the products of the last direction's steps would add.
    """
    for k in range(rows.held.size):
        aim = target - rows.left[k] * rows.price[k]
        rows.aim[k] = aim - rows.left_step[k] * rows.price_step[k] if is_corrected else aim
        bound = rows.is_bound[k]
        pressed = (rows.aim[k] - rows.price[k] * rows.left_miss[k]) / rows.left[k] if bound else 0.0
        rows.price_step[k] = pressed
        rows.curve_step[k] = (rows.curve_miss[k] - rows.curve[k] * rows.won_miss[k]) / rows.won[k]
    for e in range(links.flow.size):
        links.right[e] = 0.0
        if not links.is_open[e]:
            continue
        i, k = links.seller[e], links.buyer[e]
        aim = target - links.flow[e] * links.sign[e]
        aim -= links.flow_step[e] * links.sign_step[e] if is_corrected else 0.0
        right = aim / links.flow[e] - links.slope[e] - rows.price_step[i] - rows.price_step[k]
        links.right[e] = right + matrix.margin[i] * rows.curve_step[i] + links.gain[e] * rows.curve_step[k]
        links.sign_step[e] = aim
        if links.top[e] < np.inf:
            aim = target - links.room[e] * links.limit[e]
            aim -= links.room_step[e] * links.limit_step[e] if is_corrected else 0.0
            lacking = links.top[e] - links.flow[e] - links.room[e]
            links.right[e] -= (aim - links.limit[e] * lacking) / links.room[e]
            links.limit_step[e] = aim
    solve_plain(matrix, links.right, links.flow_step)
    if is_refined:
        refine(matrix, links.gain, links.is_open, links.right, links.flow_step)
    _row_steps(links, rows, matrix)
    primal, dual = _link_reach(links)
    return _row_reach(rows, primal, dual)


@compiled(LOOSE, inline=True)
def _row_steps(links: Links, rows: Rows, matrix: Matrix) -> None:
    """What the direction does to rows and gains: multipliers from what the rows exert, not from the flows."""
    suppliers, agents = matrix.margin.size, matrix.demanded.size
    for i in range(suppliers):
        sold = matrix.exerted[i] / matrix.coupling[i] if matrix.coupling[i] > 0 else 0.0
        rows.price_step[i] += rows.price[i] / rows.left[i] * sold if rows.is_bound[i] else 0.0
        rows.curve_step[i] -= matrix.margin[i] * rows.curve[i] / rows.won[i] * sold
    for j in range(agents):
        k = suppliers + j
        rows.price_step[k] += matrix.exerted[k]
        rows.curve_step[k] -= matrix.exerted[k + agents]
    for k in range(rows.held.size):
        rows.left_step[k] = rows.left_miss[k]
        rows.won_step[k] = rows.won_miss[k]
    for e in range(links.flow.size):
        if not links.is_open[e]:
            links.flow_step[e] = 0.0
            continue
        i, k, step = links.seller[e], links.buyer[e], links.flow_step[e]
        rows.left_step[i] -= step
        rows.left_step[k] -= step
        rows.won_step[i] += matrix.margin[i] * step
        rows.won_step[k] += links.gain[e] * step


@compiled(LOOSE, inline=True)
def _link_reach(links: Links) -> tuple[float, float]:
    """Steps of the links' multipliers, and how far primal and dual may go before a link's sign turns."""
    primal, dual = 1.0, 1.0
    for e in range(links.flow.size):
        if not links.is_open[e]:
            continue
        step = links.flow_step[e]
        links.sign_step[e] = (links.sign_step[e] - links.sign[e] * step) / links.flow[e]
        primal = _until(links.flow[e], step, primal)
        dual = _until(links.sign[e], links.sign_step[e], dual)
        if links.top[e] < np.inf:
            links.room_step[e] = links.top[e] - links.flow[e] - links.room[e] - step
            links.limit_step[e] = (links.limit_step[e] - links.limit[e] * links.room_step[e]) / links.room[e]
            primal = _until(links.room[e], links.room_step[e], primal)
            dual = _until(links.limit[e], links.limit_step[e], dual)
    return primal, dual


@compiled(LOOSE, inline=True)
def _row_reach(rows: Rows, primal: float, dual: float) -> tuple[float, float]:
    for k in range(rows.held.size):
        if rows.is_bound[k]:
            if rows.price[k] > rows.left[k]:
                # The same to first order; from the flows a slack of 1e-10 would be all rounding.
                rows.left_step[k] = (rows.aim[k] - rows.left[k] * rows.price_step[k]) / rows.price[k]
            primal = _until(rows.left[k], rows.left_step[k], primal)
            dual = _until(rows.price[k], rows.price_step[k], dual)
        else:
            rows.left_step[k], rows.price_step[k] = 0.0, 0.0
        if rows.weight[k] > 0:
            primal = _until(rows.won[k], rows.won_step[k], primal)
            dual = _until(rows.curve[k], rows.curve_step[k], dual)
        else:
            rows.won_step[k], rows.curve_step[k] = 0.0, 0.0
    return primal, dual


@compiled(LOOSE, inline=True)
def _until(value: float, step: float, reach: float) -> float:
    """How far a step may go, no further than ``reach``, before the value is nearly zero."""
    return min(reach, -BACK_OFF * value / step) if step < 0 else reach


@compiled(LOOSE, inline=True)
def _after(links: Links, rows: Rows, primal: float, dual: float) -> float:
    """The sum of all products after the steps."""
    total = 0.0
    for e in range(links.flow.size):
        if links.is_open[e]:
            sign = links.sign[e] + dual * links.sign_step[e]
            total += (links.flow[e] + primal * links.flow_step[e]) * sign
            if links.top[e] < np.inf:
                limit = links.limit[e] + dual * links.limit_step[e]
                total += (links.room[e] + primal * links.room_step[e]) * limit
    for k in range(rows.held.size):
        if rows.is_bound[k]:
            price = rows.price[k] + dual * rows.price_step[k]
            total += (rows.left[k] + primal * rows.left_step[k]) * price
    return total


@compiled(LOOSE, inline=True)
def _advance(links: Links, rows: Rows, length: float) -> None:
    """Go: one length for primal and dual, since the gains tie them together."""
    for e in range(links.flow.size):
        if links.is_open[e]:
            links.flow[e] += length * links.flow_step[e]
            links.sign[e] += length * links.sign_step[e]
            if links.top[e] < np.inf:
                links.room[e] += length * links.room_step[e]
                links.limit[e] += length * links.limit_step[e]
    for k in range(rows.held.size):
        rows.left[k] += length * rows.left_step[k]
        rows.price[k] += length * rows.price_step[k]
        rows.won[k] += length * rows.won_step[k]
        rows.curve[k] += length * rows.curve_step[k]
