"""The best few producers of one consumer at given prices of keys, compiled: branch and bound on concave problems.

At prices mu a consumer gains max over w of sum over t of min(d_t, w . s_t) - mu . w. Relaxations are smoothed near
kinks and climbed by projected Newton steps; every one proves a bound by a line above the smoothed total.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import FAST, compiled
from evenwatt.sharing.certificate._keys_kernels import bend, drawn

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

BEYOND = 1e300  # any gain; infinity is undefined in these loops
HALVINGS = 14  # of a limit's bracket; any upper end is valid
MOST_NEWTON = 30
WIDE, NARROW = 0.3, 0.01  # of the mean demand, over which kinks are smoothed at first and at last
NARROWER = 0.4  # at a time
STALE = 0.25  # of what is missing may be idle before the smoothing is to blame
RISE = 1e-4  # of what a step promises, for it to be taken
MOST_RETREATS = 12
MOST_SWEEPS, SETTLED = 200, 1e-4  # over all weights for one move; a sweep's gain that ends them


@compiled(FAST)
def best_producers(
    supply: Array,
    demand: Array,
    price: Array,
    allowed: Flags,
    most: int,
    tolerance: float,
    most_nodes: int,
    consumers: tuple[int, int],
    weight: Array,
    gain: Array,
    bound: Array,
) -> None:
    """Fill each consumer's weights (J, I), what they gain (J,) and what no ``most`` producers gain more than (J,).

    ``supply`` (I, T), ``demand`` (J, T), ``price`` (I,), ``allowed`` (J, I).
    """
    for j in range(consumers[0], consumers[1]):
        gain[j], bound[j] = best_of_one(
            supply, demand[j], price, allowed[j], most, tolerance, most_nodes, weight[j]
        )


@compiled(FAST)
def best_of_one(
    supply: Array,
    demand: Array,
    price: Array,
    allowed: Flags,
    most: int,
    tolerance: float,
    most_nodes: int,
    weight: Array,
) -> tuple[float, float]:
    """One consumer: branch on who is left out, the dearest first."""
    producers = supply.shape[0]
    limit = limits(supply, demand, price, allowed)
    size = np.empty(producers)
    for i in range(producers):
        size[i] = supply[i].sum()
    # Of each open node: who is left out (-1), kept (1) or undecided (0), where to start, and its parent's bound.
    room = (most + 2) * (producers + 2)
    state = np.zeros((room, producers), dtype=np.int64)
    start = np.zeros((room, producers))
    above = np.full(room, BEYOND)
    for i in range(producers):
        state[0, i] = 0 if allowed[i] and limit[i] > 0.0 else -1
    open_nodes, nodes = 1, 0
    best, proved = 0.0, 0.0
    weight[:] = 0.0
    here, first, out = np.empty(producers, np.int64), np.empty(producers), np.empty(producers)
    while open_nodes > 0:
        open_nodes -= 1
        node = open_nodes
        if above[node] <= best + tolerance or nodes >= most_nodes:
            proved = max(proved, above[node])
            continue
        nodes += 1
        here[:] = state[node]
        first[:] = start[node]
        reached, ceiling = relaxed(supply, demand, price, limit, here, first, tolerance / 4.0, out)
        ceiling = min(ceiling, above[node])
        used, left = 0, 0
        for i in range(producers):
            used += 1 if out[i] > 0.0 else 0
            left += 1 if here[i] >= 0 else 0
        if used <= most and reached > best:
            best = reached
            weight[:] = out
        if left <= most or ceiling <= best + tolerance or (used <= most and ceiling <= reached + tolerance):
            proved = max(proved, ceiling)
            continue
        open_nodes = branch(here, out, size, most, ceiling, state, start, above, open_nodes)
    return best, max(proved, best)


@compiled(FAST)
def branch(
    here: Whole,
    found: Array,
    size: Array,
    most: int,
    ceiling: float,
    state: Whole,
    start: Array,
    above: Array,
    open_nodes: int,
) -> int:
    """Open a node for each of the largest undecided producers left out, and one for all of them kept."""
    kept = 0
    for i in range(here.size):
        kept += 1 if here[i] == 1 else 0
    held = here.copy()
    while kept < most:
        largest, chosen = -1.0, -1
        for i in range(here.size):
            if held[i] == 0 and found[i] * size[i] > largest:
                largest, chosen = found[i] * size[i], i
        if chosen < 0:
            break
        state[open_nodes] = held
        state[open_nodes, chosen] = -1
        start[open_nodes] = found
        above[open_nodes] = ceiling
        open_nodes += 1
        held[chosen] = 1
        kept += 1
    for i in range(here.size):
        state[open_nodes, i] = 1 if held[i] == 1 else -1
    start[open_nodes] = found
    above[open_nodes] = ceiling
    return open_nodes + 1


@compiled(FAST)
def limits(supply: Array, demand: Array, price: Array, allowed: Flags) -> Array:
    """Weights above which a producer is not worth its price even alone, (I,), and at most 1.

    A larger weight adds supply only where w s_t < d_t, whoever else gives: less than its price above the limit.
    """
    found = np.zeros(supply.shape[0])
    for i in range(supply.shape[0]):
        if not allowed[i]:
            continue
        row = supply[i]
        low, high = 0.0, 1.0
        if worth_more(row, demand, high) >= price[i]:
            found[i] = 1.0
            continue
        if worth_more(row, demand, low) < price[i]:
            continue
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            if worth_more(row, demand, middle) >= price[i]:
                low = middle
            else:
                high = middle
        found[i] = high
    return found


@compiled(FAST)
def worth_more(row: Array, demand: Array, weight: float) -> float:
    """Supply in the intervals in which so much of it does not meet the demand."""
    summed = 0.0
    for t in range(row.size):
        summed += row[t] if weight * row[t] < demand[t] else 0.0
    return summed


@compiled(FAST)
def relaxed(
    supply: Array,
    demand: Array,
    price: Array,
    limit: Array,
    state: Whole,
    first: Array,
    tolerance: float,
    out: Array,
) -> tuple[float, float]:
    """Best gain by any producers not left out, in ``out`` (I,), and a bound on it."""
    who = np.flatnonzero(state >= 0)
    n = who.size
    out[:] = 0.0
    if n == 0:
        return 0.0, 0.0
    cap, cost, w = np.empty(n), np.empty(n), np.empty(n)
    for k in range(n):
        cap[k], cost[k] = limit[who[k]], price[who[k]]
        w[k] = min(cap[k], first[who[k]]) if first[who[k]] > 0.0 else cap[k] / n
    mean, wide = demand.mean(), WIDE
    best, ceiling = 0.0, BEYOND
    have, move = np.empty(demand.size), np.empty(n)
    slope, curve = np.empty(n), np.empty((n, n))
    smooth, got, line = respond_one(supply, demand, who, w, wide * mean, have, slope, curve)
    for _ in range(MOST_NEWTON):
        paid, over, idle = standing(slope, cost, w, cap)
        ceiling = min(ceiling, line + over)
        if got - paid > best:
            best = got - paid
            for k in range(n):
                out[who[k]] = w[k]
        if ceiling - best <= tolerance:
            break
        is_moved = False
        if idle > STALE * max(ceiling - best, tolerance):
            newton(slope, cost, curve, w, cap, move)
            is_moved, smooth, got, line = stride(
                supply, demand, who, cost, move, wide * mean, smooth, w, have, slope, curve
            )
        if not is_moved:
            # What is missing is due to the smoothing.
            if wide <= NARROW:
                break
            wide = max(NARROW, wide * NARROWER)
            smooth, got, line = respond_one(supply, demand, who, w, wide * mean, have, slope, curve)
    return best, max(ceiling, best)


@compiled(FAST)
def standing(slope: Array, cost: Array, weight: Array, cap: Array) -> tuple[float, float, float]:
    """Price of the weights, worth of the limits where supply is worth more than its price, and what is idle."""
    paid, over, idle = 0.0, 0.0, 0.0
    for k in range(slope.size):
        rise = slope[k] - cost[k]
        paid += cost[k] * weight[k]
        over += cap[k] * max(0.0, rise)
        idle += max(0.0, rise) * (cap[k] - weight[k]) + max(0.0, -rise) * weight[k]
    return paid, over, idle


@compiled(FAST)
def stride(
    supply: Array,
    demand: Array,
    who: Whole,
    cost: Array,
    move: Array,
    width: float,
    smooth: float,
    weight: Array,
    have: Array,
    slope: Array,
    curve: Array,
) -> tuple[bool, float, float, float]:
    """Move the weights as far as the smoothed gain rises as promised; whether they moved, and the totals there."""
    promised, dearer = 0.0, 0.0
    for k in range(move.size):
        promised += (slope[k] - cost[k]) * move[k]
        dearer += cost[k] * move[k]
    old = weight.copy()
    length = 1.0
    for _ in range(MOST_RETREATS if promised > 0.0 else 0):
        for k in range(move.size):
            weight[k] = old[k] + length * move[k]
        after, got, line = respond_one(supply, demand, who, weight, width, have, slope, curve)
        if after - smooth - length * dearer >= RISE * length * promised:
            return True, after, got, line
        length *= 0.5
    weight[:] = old
    return False, smooth, 0.0, 0.0


@compiled(FAST)
def respond_one(
    supply: Array,
    demand: Array,
    who: Whole,
    weight: Array,
    width: float,
    have: Array,
    slope: Array,
    curve: Array,
) -> tuple[float, float, float]:
    """Smoothed total, true total and start of the line above; fills the slope and the curvature's lower half."""
    n = who.size
    drawn(supply, who, weight, n, have)
    near = np.empty(demand.size, dtype=np.int64)
    over = 0.5 / width
    smooth, got, line, found = 0.0, 0.0, 0.0, 0
    for t in range(demand.size):
        d, u = demand[t], have[t]
        lam = min(1.0, max(0.0, 0.5 + (d - u) * over))
        if d <= 0.0:
            lam = 0.0
        if 0.0 < lam < 1.0:
            near[found] = t
            found += 1
        got += min(d, u)
        line += (1.0 - lam) * d
        smooth += (1.0 - lam) * d + lam * u - lam * (1.0 - lam) * width
        have[t] = lam
    for k in range(n):
        row = supply[who[k]]
        held = 0.0
        for t in range(demand.size):
            held += have[t] * row[t]
        slope[k] = held
    bend(supply, who, n, near[:found], over, curve)
    return smooth, got, line


@compiled(FAST)
def newton(slope: Array, cost: Array, curve: Array, weight: Array, cap: Array, move: Array) -> None:
    """Fill the move to the best weights of the quadratic model between 0 and ``cap``, one weight at a time."""
    n = slope.size
    rest = slope - cost  # slope of the model where the move has come
    move[:] = 0.0
    for _ in range(MOST_SWEEPS):
        gained = 0.0
        for k in range(n):
            # Where no kink is near there is no curvature: go as far as the limit.
            bent = curve[k, k] + 1e-12
            to = min(cap[k], max(0.0, weight[k] + move[k] + rest[k] / bent))
            step = to - weight[k] - move[k]
            if step != 0.0:
                gained += step * (rest[k] - 0.5 * bent * step)
                move[k] += step
                for m in range(n):
                    rest[m] -= step * (curve[k, m] if m <= k else curve[m, k])
        if gained <= SETTLED * abs(move @ (slope - cost)):
            break
