"""The loops of the bound, compiled: for every interval a good set of consumers, and the planes it gives."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, FAST, compiled

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

DUST = 1e-12  # of an interval's demand: smaller gains are rounding and might never end
MOST_PASSES = 50
HUGE = 1e300


@compiled(FAST)
def power(base: float, exponent: int) -> float:
    """``base ** exponent`` by squaring, the same bits everywhere."""
    found = 1.0
    while exponent > 0:
        if exponent & 1:
            found *= base
        base *= base
        exponent >>= 1
    return found


@compiled(FAST)
def drawn(x: float, rounds: int, curve: Array) -> float:
    """Part of a supply that counts for keys of sum x: 1 - (1 - x)^R, or the curve's chord below its point."""
    if x < curve[2]:
        return float(curve[1] + curve[3] * x)
    return 1.0 - power(max(0.0, 1.0 - x), rounds)


@compiled(FAST)
def slope(x: float, rounds: int, curve: Array) -> float:
    """Derivative of :func:`drawn`."""
    if x < curve[2]:
        return float(curve[3])
    return rounds * power(max(0.0, 1.0 - x), rounds - 1)


@compiled(FAST)
def worth(
    supply: Array, demand: Array, weights: Array, rounds: int, curve: Array, inside: Flags, held: Array
) -> float:
    """Bound by the set ``inside``; fills ``held`` with the keys that it holds of every producer."""
    consumers, producers = weights.shape
    held[:] = 0.0
    value = 0.0
    for j in range(consumers):
        if inside[j]:
            for i in range(producers):
                held[i] += weights[j, i]
        else:
            value += curve[0] * demand[j]
    for i in range(producers):
        value += supply[i] * drawn(held[i], rounds, curve)
    return value


@compiled(FAST)
def chosen(price: Array, demand: Array, weights: Array, cost: float, inside: Flags) -> None:
    """Best set where drawing is linear: those whose keys, at these prices, draw less than they want."""
    consumers, producers = weights.shape
    for j in range(consumers):
        draw = 0.0
        for i in range(producers):
            draw += price[i] * weights[j, i]
        inside[j] = draw < cost * demand[j]


@compiled(FAST)
def lean(
    supply: Array,
    demand: Array,
    weights: Array,
    rounds: int,
    curve: Array,
    inside: Flags,
    held: Array,
    dust: float,
) -> float:
    """Improve a set by tangents: the bound is concave in what the set holds, so a tangent's best set is no worse."""
    value = worth(supply, demand, weights, rounds, curve, inside, held)
    price = np.empty_like(held)
    other = np.empty_like(inside)
    for _ in range(MOST_PASSES):
        for i in range(held.size):
            price[i] = supply[i] * slope(held[i], rounds, curve)
        chosen(price, demand, weights, curve[0], other)
        found = worth(supply, demand, weights, rounds, curve, other, held)
        if found >= value - dust:
            return worth(supply, demand, weights, rounds, curve, inside, held)
        value = found
        inside[:] = other
    return value


@compiled(FAST)
def flip(
    supply: Array,
    demand: Array,
    weights: Array,
    rounds: int,
    curve: Array,
    inside: Flags,
    held: Array,
    dust: float,
) -> float:
    """Let single consumers in and out while the bound falls; return by how much it fell."""
    consumers, producers = weights.shape
    fell = 0.0
    drawable = np.empty_like(held)
    for i in range(producers):
        drawable[i] = drawn(held[i], rounds, curve)
    for _ in range(MOST_PASSES):
        before = fell
        for j in range(consumers):
            sign = -1.0 if inside[j] else 1.0
            change = -sign * curve[0] * demand[j]
            for i in range(producers):
                if weights[j, i] > 0.0:
                    change += supply[i] * (drawn(held[i] + sign * weights[j, i], rounds, curve) - drawable[i])
            if change < -dust:
                fell -= change
                inside[j] = not inside[j]
                for i in range(producers):
                    held[i] += sign * weights[j, i]
                    drawable[i] = drawn(held[i], rounds, curve)
        if fell == before:
            break
    return fell


@compiled(FAST)
def search(
    supply: Array, demand: Array, weights: Array, rounds: int, curve: Array, starts: Array, inside: Flags
) -> float:
    """A set that no tangent and no single consumer improves, from the set given and from uniform prices."""
    dust = DUST * (1.0 + demand.sum())
    held = np.empty(supply.size)
    best = lean(supply, demand, weights, rounds, curve, inside, held, dust)
    best -= flip(supply, demand, weights, rounds, curve, inside, held, dust)
    other = np.empty_like(inside)
    for k in range(starts.size):
        chosen(supply * slope(starts[k], rounds, curve), demand, weights, curve[0], other)
        value = lean(supply, demand, weights, rounds, curve, other, held, dust)
        value -= flip(supply, demand, weights, rounds, curve, other, held, dust)
        if value < best - dust:
            best = value
            inside[:] = other
    if curve[0] * demand.sum() + curve[1] * supply.sum() < best:
        inside[:] = False
    return worth(supply, demand, weights, rounds, curve, inside, held)


@compiled(FAST)
def prefix(supply: float, demand: Array, weights: Array, rounds: int, curve: Array, inside: Flags) -> float:
    """The best set of all with one producer: those who want most for their key, a prefix of that order."""
    consumers = weights.size
    hunger = np.empty(consumers)
    for j in range(consumers):
        hunger[j] = demand[j] / weights[j] if weights[j] > 0.0 else HUGE
    order = np.argsort(-hunger, kind="mergesort")
    outside = float(curve[0] * demand.sum())
    held = 0.0
    best = outside + supply * curve[1]
    size = 0
    for k in range(consumers):
        held += weights[order[k]]
        outside -= curve[0] * demand[order[k]]
        value = outside + supply * drawn(held, rounds, curve)
        if value < best:
            best = value
            size = k + 1
    inside[:] = False
    for k in range(size):
        inside[order[k]] = True
    return float(best)


@compiled(FAST)
def cover_rows(
    supply: Array,
    demand: Array,
    weights: Array,
    rounds: int,
    curves: Array,
    starts: Array,
    inside: Flags,
    which: Whole,
    value: Array,
) -> None:
    """Bound of every interval; weights (J, I).

    ``inside`` (T, J) and ``which`` (T,) hold the sets and curves to start from, and then those that were found.
    """
    producers, consumers = supply.shape[1], demand.shape[1]
    held = np.empty(producers)
    tried = np.empty(consumers, dtype=np.bool_)
    best = np.empty(consumers, dtype=np.bool_)
    for t in range(supply.shape[0]):
        least = HUGE
        for c in range(curves.shape[0]):
            tried[:] = inside[t]
            if producers == 1:
                prefix(supply[t, 0], demand[t], weights[:, 0], rounds, curves[c], tried)
                found = worth(supply[t], demand[t], weights, rounds, curves[c], tried, held)
            else:
                # The set found before serves its own curve; a few starts are worth their while on the first.
                many = starts if c == 0 else starts[1:3]
                found = search(supply[t], demand[t], weights, rounds, curves[c], many, tried)
            if found < least:
                least = found
                which[t] = c
                best[:] = tried
        inside[t] = best
        value[t] = least


@compiled(EXACT)
def planes(
    supply: Array,
    demand: Array,
    weights: Array,
    rounds: int,
    curves: Array,
    inside: Flags,
    which: Whole,
    block: Whole,
    level: Array,
    steep: Array,
) -> None:
    """Sum the tangent planes of each block: bound <= level[g] + sum of steep[g, j, i] * weights[j, i]."""
    consumers, producers = weights.shape
    held = np.empty(producers)
    for t in range(supply.shape[0]):
        g, curve = block[t], curves[which[t]]
        held[:] = 0.0
        for j in range(consumers):
            if inside[t, j]:
                for i in range(producers):
                    held[i] += weights[j, i]
            else:
                level[g] += curve[0] * demand[t, j]
        for i in range(producers):
            price = supply[t, i] * slope(held[i], rounds, curve)
            level[g] += supply[t, i] * drawn(held[i], rounds, curve) - price * held[i]
            held[i] = price
        for j in range(consumers):
            if inside[t, j]:
                for i in range(producers):
                    steep[g, j, i] += held[i]
