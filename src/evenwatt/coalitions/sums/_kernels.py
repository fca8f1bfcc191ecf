"""The loops of games on sums, compiled: laws of random coalitions' sums, tables and running sums."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, FAST, compiled
from evenwatt.engine._laws import Index, divisor, mix_law

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

LOW_BITS = 10  # coalitions summed side by side: 8 kB, well inside the first cache
FORGOTTEN = 1e-18  # what damping leaves of a start value that was taken for 0


@compiled(FAST)
def absolute_sums(net: Array, weights: Array, table: Array) -> None:
    """Subtract ``weights[t] * |net_t(S)|`` of every interval from ``table[S]``, by bit mask."""
    steps, n = net.shape
    low = min(n, LOW_BITS)
    sums = np.zeros(1 << low)
    for t in range(steps):
        for i in range(low):
            for s in range(1 << i):
                sums[(1 << i) + s] = sums[s] + net[t, i]
        weight = weights[t]
        for h in range(1 << (n - low)):
            base = 0.0
            for i in range(n - low):
                if (h >> i) & 1:
                    base += net[t, low + i]
            block = table[h << low : (h + 1) << low]
            for s in range(1 << low):
                block[s] -= weight * abs(base + sums[s])


@compiled(FAST)
def absolute_marginals(net: Array, weights: Array, orders: Whole, added: Array) -> None:
    """What each arrival adds to the sum over t of ``weights[t] * |net_t(S)|``; ``net`` is (n, T)."""
    steps = net.shape[1]
    running = np.empty(steps)
    for k in range(orders.shape[0]):
        running[:] = 0.0
        before = 0.0
        for place in range(orders.shape[1]):
            row = net[orders[k, place]]
            after = 0.0
            for t in range(steps):
                held = running[t] + row[t]
                running[t] = held
                after += weights[t] * abs(held)
            added[k, orders[k, place]] = after - before
            before = after


@compiled(EXACT)
def hinge_rows(
    numbers: Whole, kinks: Array, doubt: Whole, nodes: Array, weights: Array, found: Array, near: Array
) -> None:
    """Shapley value of max(z(S) - kink, 0) - max(-kink, 0) for every row of whole numbers z, exact.

    ``near`` gets a bound on the chance that the kink lies between the sums without and with a member, were
    sums off by up to ``doubt`` of the row.

    ``nodes`` are the quadrature points of the time of arrival up to 1/2, ``weights`` those of the pair
    (t, 1 - t); the law of the sum at 1 - t is the mirror of that at t.
    """
    for row in range(numbers.shape[0]):
        z = numbers[row]
        unit = divisor(np.abs(z))
        order = np.argsort(np.abs(z))
        order = order[np.searchsorted(np.abs(z)[order], 1) :]
        if order.size:
            blur = -(-doubt[row] // unit)
            share, chance = hinge_row(z[order] // unit, kinks[row] / unit, blur, nodes, weights)
            for k in range(order.size):
                found[row, order[k]] = share[k] * unit
                near[row, order[k]] = chance[k]


@compiled(EXACT)
def hinge_row(z: Whole, kink: float, blur: Index, nodes: Array, weights: Array) -> tuple[Array, Array]:
    """One row, in units of the numbers' divisor, sizes ascending and none zero.

    A member of negative number counts as present where it is absent: all steps are then upwards, the sum Y
    runs from 0 to ``top``, and the member's step is taken with probability 1 - t instead of t.
    """
    n = z.size
    step = np.abs(z)
    top = step.sum()
    shift = kink - np.minimum(z, np.int64(0)).sum()
    share = np.zeros(n)
    chance = np.zeros(n)
    if shift <= -blur or shift >= top + blur:  # straight over the whole range
        if shift <= 0.0:
            share[:] = z
        return share, chance
    if shift <= 0.0 or shift >= top:
        if shift <= 0.0:
            share[:] = z
        chance[:] = 1.0
        return share, chance
    floor = np.int64(np.floor(shift))
    part = shift - floor  # sums are whole, so between whole kinks all is linear
    law = np.zeros(top + 1)
    next_law = np.zeros(top + 1)
    lack = np.zeros(top + 2)
    excess = np.zeros(top + 2)
    for node in range(nodes.size):
        t = nodes[node]
        law, next_law = law_of_sum(z, t, law, next_law)
        expect(law, lack, excess)
        half = weights[node] / 2.0
        for k in range(n):
            if k > 0 and z[k] == z[k - 1]:
                share[k] = share[k - 1]
                chance[k] = chance[k - 1]
                continue
            if blur > 0:
                width = step[k] + blur + 1
                chance[k] += half * (within(lack, floor, width) + within(lack, top - floor, width))
            gain = rise(lack, excess, floor, z[k], t)
            mirror = rise(lack, excess, top - floor, z[k], t)
            if part > 0.0:
                gain += part * (rise(lack, excess, floor + 1, z[k], t) - gain)
                mirror += part * (rise(lack, excess, top - floor - 1, z[k], t) - mirror)
            held = half * (gain + step[k] - mirror)
            share[k] += held if z[k] > 0 else -held
    return share, chance


@compiled(EXACT)
def law_of_sum(z: Whole, t: float, law: Array, spare: Array) -> tuple[Array, Array]:
    """Law of the sum of all steps at time t, in one of the two rows given; the other is spare."""
    law[:] = 0.0
    spare[:] = 0.0
    law[0] = 1.0
    reach = np.int64(0)
    for j in range(z.size):
        step = np.abs(z[j])
        reach += step
        mix_law(law, spare, step, reach + 1, t if z[j] > 0 else 1.0 - t)
        law, spare = spare, law
    return law, spare


@compiled(EXACT)
def within(lack: Array, centre: Index, width: Index) -> float:
    """P(centre - width <= Y <= centre + width + 1); lack(c+1) - lack(c) is the chance of at most c."""
    last = lack.size - 2
    high = min(np.int64(centre + width + 1), np.int64(last))
    low = np.int64(centre - width - 1)
    above = lack[high + 1] - lack[high]
    return float(above - (lack[low + 1] - lack[low] if low >= 0 else 0.0))


@compiled(EXACT)
def expect(law: Array, lack: Array, excess: Array) -> None:
    """Fill E[(c - Y)^+] and E[(Y - c)^+] for every whole c from the law of Y, without cancellation."""
    cells = law.size
    below = 0.0
    lack[0] = 0.0
    for c in range(cells):
        below += law[c]
        lack[c + 1] = lack[c] + below
    above = 0.0
    excess[cells] = 0.0
    excess[cells - 1] = 0.0
    for c in range(cells - 2, -1, -1):
        above += law[c + 1]
        excess[c] = excess[c + 1] + above


@compiled(EXACT)
def rise(lack: Array, excess: Array, kink: Index, z: Index, t: float) -> float:
    """E[(Y_i + a - kink)^+ - (Y_i - kink)^+], Y_i the sum without this member, a = |z| its step.

    With p the chance of the step, E[g(Y)] = (1-p) E[g(Y_i)] + p E[g(Y_i + a)]. That is solved for Y_i by
    dividing by the larger of the two, towards ``kink`` from the end where Y_i is known: stable.
    """
    a = np.abs(np.int64(z))
    inverse = 1.0 / (1.0 - t)
    ratio = t * inverse
    known = kink if z > 0 else lack.size - 2 - kink
    steps = np.int64(known // a)
    if ratio < 1.0:
        enough = np.int64(np.log(FORGOTTEN) / np.log(ratio)) + np.int64(1)
        steps = enough if enough < steps else steps
    if z > 0:
        # lack(c) = (1-t) h(c) + t h(c-a), upwards from c < a, where h(c-a) = 0.
        place = np.int64(kink) - steps * a
        before = 0.0
        h = lack[place] * inverse
        for _ in range(steps):
            place += a
            before = h
            h = lack[place] * inverse - ratio * before
        return float(a - (h - before))
    # excess(c) = t u(c) + (1-t) u(c-a), downwards from c > top - a, where u(c) = 0.
    place = np.int64(kink) + steps * a
    after = 0.0
    u = excess[place] * inverse
    for _ in range(steps):
        place -= a
        after = u
        u = excess[place] * inverse - ratio * after
    return float(u - after)


@compiled(EXACT)
def law_row(z: Whole, values: Array, lowest: int, nodes: Array, weights: Array) -> Array:
    """Shapley value of f(z(S)) for any f, ``values[s - lowest] = f(s)``; sizes of z ascending, none zero."""
    n = z.size
    step = np.abs(z)
    top = step.sum()
    share = np.zeros(n)
    law = np.zeros(top + 1)
    next_law = np.zeros(top + 1)
    for node in range(nodes.size):
        t = nodes[node]
        law, next_law = law_of_sum(z, t, law, next_law)
        half = weights[node] / 2.0
        for k in range(n):
            if k > 0 and z[k] == z[k - 1]:
                share[k] = share[k - 1]
                continue
            held = half * without(law, next_law, values, step[k], z[k] > 0, t)
            share[k] += held if z[k] > 0 else -held
    return share


@compiled(FAST)
def without(law: Array, rest: Array, values: Array, a: int, is_positive: bool, t: float) -> float:
    """E[f(Y_i + a) - f(Y_i)] at t and at 1 - t together; ``rest`` is filled with the law of Y_i."""
    ratio = t / (1.0 - t)
    inverse = 1.0 / (1.0 - t)
    size = law.size - a
    if is_positive:
        for s in range(min(a, size)):
            rest[s] = law[s] * inverse
        for s in range(a, size):
            rest[s] = law[s] * inverse - ratio * rest[s - a]
    else:
        for s in range(max(0, size - a), size):
            rest[s] = law[s + a] * inverse
        for s in range(size - a - 1, -1, -1):
            rest[s] = law[s + a] * inverse - ratio * rest[s + a]
    total = 0.0
    last = size - 1
    for s in range(size):
        total += rest[s] * (values[s + a] - values[s])
    for s in range(size):
        total += rest[last - s] * (values[s + a] - values[s])
    return total
