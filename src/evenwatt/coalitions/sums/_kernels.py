"""The loops of games on sums, compiled: laws of random coalitions' sums, tables and running sums."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, FAST, compiled
from evenwatt.engine._laws import Index, divisor, marginal, mix_law

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

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


@compiled(EXACT)
def lopsided_rows(
    numbers: Whole, times: Array, weights: Array, enough: float, found: Array, done: Flags
) -> None:
    """Shapley values of min(surplus, deficit) where one side is far shorter than the other, exact.

    Only sums of the long side up to all of the short one matter, so laws are no longer than that. Once a
    random part of the long side is as good as sure to cover the whole short side (``enough`` of it), every
    later time adds the short side's numbers and nothing else. A row that is not covered by time 1/2 is left
    to :func:`hinge_rows`, ``done`` being false.
    """
    for row in range(numbers.shape[0]):
        z = numbers[row]
        size = np.abs(z)
        order = np.argsort(size)
        order = order[np.searchsorted(size[order], 1) :]
        positive = z[order] > 0
        is_short = positive if np.sum(size[order][positive]) <= np.sum(size[order][~positive]) else ~positive
        short, long = order[is_short], order[~is_short]
        share_short, share_long, held = lopsided_row(size[short], size[long], times, weights, enough)
        done[row] = held
        if held:
            for k in range(short.size):
                found[row, short[k]] = share_short[k]
            for k in range(long.size):
                found[row, long[k]] = share_long[k]


@compiled(EXACT)
def lopsided_row(
    short: Whole, long: Whole, times: Array, weights: Array, enough: float
) -> tuple[Array, Array, bool]:
    """One row; both sides' sizes ascending and none zero, times ascending through (0, 1)."""
    top = short.sum()
    share_short, share_long = np.zeros(short.size), np.zeros(long.size)
    levels = 3
    while (1 << (levels - 3)) < short.size:
        levels += 1
    rows = np.zeros((2 * levels, top + 1))
    lack = np.zeros(top + 2)
    for node in range(times.size):
        t = times[node]
        one, two = 0, 1
        rows[one][:] = 0.0
        rows[two][:] = 0.0
        rows[one][0] = 1.0
        reach = np.int64(0)
        for j in range(long.size):
            reach = min(top, reach + long[j])
            mix_law(rows[one], rows[two], long[j], reach + 1, t)
            one, two = two, one
        missing = gather_lack(rows[one], lack)
        if missing <= enough * top:
            rest = weights[node:].sum()
            for k in range(short.size):
                share_short[k] += rest * short[k]
            return share_short, share_long, True
        if t > 0.5:
            return share_short, share_long, False
        leave_each_out(one, short, t, rows, lack, weights[node], share_short)
        for k in range(short.size):
            mix_law(rows[one], rows[two], short[k], top + 1, 1.0 - t)
            one, two = two, one
        gather_lack(rows[one], lack)
        for k in range(long.size):
            if k > 0 and long[k] == long[k - 1]:
                share_long[k] = share_long[k - 1]
            else:
                share_long[k] += weights[node] * marginal(lack, top, long[k], t)
    return share_short, share_long, True


@compiled(EXACT)
def gather_lack(law: Array, lack: Array) -> float:
    """Fill E[(c - Y)^+] for whole c up to the row's end, and give the last but one."""
    below = 0.0
    lack[0] = 0.0
    for c in range(law.size):
        below += law[c]
        lack[c + 1] = lack[c] + below
    return float(lack[law.size - 1])


@compiled(EXACT)
def leave_each_out(
    root: Index, short: Whole, t: float, rows: Array, lack: Array, weight: float, share: Array
) -> None:
    """Add what each short member adds; ``rows[root]`` holds the law of the long side.

    Halves are mixed in turn, so that each member is left out after about log2 of their number of mixings.
    A walk with a stack of its own: compiled recursion cannot be kept on disk.
    """
    deepest = rows.shape[0] // 2
    low, high = np.zeros(deepest + 1, np.int64), np.zeros(deepest + 1, np.int64)
    stage, held = np.zeros(deepest + 1, np.int64), np.zeros(deepest + 1, np.int64)
    level = 1
    high[level], held[level] = short.size, root
    size = rows.shape[1]
    while level >= 1:
        if high[level] - low[level] == 1:
            gather_lack(rows[held[level]], lack)
            a = short[low[level]]
            share[low[level]] += weight * (a - (lack[size - 1] - lack[size - 1 - a]))
            level -= 1
            continue
        if stage[level] == 2:
            level -= 1
            continue
        middle = (low[level] + high[level]) // 2
        is_first = stage[level] == 0
        stage[level] += 1
        one, two = 2 * level, 2 * level + 1
        rows[one][:] = rows[held[level]]
        for k in range(middle, high[level]) if is_first else range(low[level], middle):
            mix_law(rows[one], rows[two], short[k], size, 1.0 - t)
            one, two = two, one
        low[level + 1] = low[level] if is_first else middle
        high[level + 1] = middle if is_first else high[level]
        stage[level + 1], held[level + 1] = 0, one
        level += 1
