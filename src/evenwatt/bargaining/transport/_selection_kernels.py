"""Among flows that everybody values alike, the one nearest to proportional: one small quadratic programme each.

Minimises ``sum (x - p)^2 / p`` around the proportional flows ``p``, keeping totals, the agents' utilities and the
bounds, by an active set that starts from the flows given and stays feasible. Eliminating the agents' two equations
each leaves one symmetric system of the suppliers' size.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
States = npt.NDArray[np.int8]

LEFT, UNIQUE, MOVED = 0, 1, 2  # what became of the flows of a bargain
NOTHING = 1e-13  # a flow this small against the volume is none
RESTING = 1e-10  # a step this small against the volume is none
ROUNDED = 1e-7  # flows this near, against the volume, are the same: where a move within costs accuracy, none is made
KEPT = 1e-13  # by how much a utility may be missed against what flows are worth to the agent
FLAT = 1e-26  # an agent values its links alike where their variance is this small against their square
DEPENDENT = 1e-11  # a pivot this small against its own diagonal is rounding
WILLING = 1e-9  # a slope this small against the largest is none
FREE, AT_ZERO, AT_TOP, FIXED = 0, 1, 2, 3


@compiled(EXACT)
def select_rows(
    first: int, last: int, flows: Array, gain: Array, top: Array, may_move: Flags, fate: States
) -> None:
    """Select among the flows of bargains ``first`` to ``last``, in place; ``fate (B)`` says what became of each.

    ``flows, gain, top (B, S, N)``: energies, what a unit is worth to the agent, bounds. ``may_move (B, S, N)`` are the
    links that may carry more or less than they do.
    """
    _, suppliers, agents = flows.shape
    x, target, slope, step = (
        np.empty((suppliers, agents)), np.empty((suppliers, agents)), np.empty((suppliers, agents)),
        np.empty((suppliers, agents)),
    )  # fmt: skip
    centred, state = np.empty((suppliers, agents)), np.empty((suppliers, agents), np.int8)
    matrix, weight, price = np.empty((suppliers, suppliers)), np.empty(suppliers), np.empty(suppliers)
    sold, bought = np.empty(suppliers), np.empty(agents)
    mean, spread, mass, lift, tilt = (
        np.empty(agents), np.empty(agents), np.empty(agents), np.empty(agents), np.empty(agents)
    )  # fmt: skip
    for row in range(first, last):
        volume = proportional(row, flows, sold, bought, target)
        if volume <= 0:
            fate[row] = UNIQUE
        elif is_kept(row, flows, gain, top, target):
            fate[row] = MOVED
            put(row, target, flows)
        else:
            open_up(row, flows, top, may_move, target, volume, x, state)
            is_found = approach(
                row, gain, top, volume, x, target, slope, step, centred, state, matrix, weight, price, mean,
                spread, mass, lift, tilt,
            )  # fmt: skip
            if is_found and is_near(row, flows, x, ROUNDED * volume):
                fate[row] = UNIQUE
            elif is_found and keeps(row, flows, gain, x, sold, bought):
                fate[row] = MOVED
                put(row, x, flows)
            else:
                fate[row] = LEFT


@compiled(EXACT)
def approach(
    row: int,
    gain: Array,
    top: Array,
    volume: float,
    x: Array,
    target: Array,
    slope: Array,
    step: Array,
    centred: Array,
    state: States,
    matrix: Array,
    weight: Array,
    price: Array,
    mean: Array,
    spread: Array,
    mass: Array,
    lift: Array,
    tilt: Array,
) -> bool:
    """Move ``x`` to the nearest flows by an active set; returns whether it got there."""
    suppliers, agents = x.shape
    for _ in range(20 + 4 * suppliers * agents):
        centre(row, gain, target, state, mean, spread, mass, centred)
        couple(target, centred, state, spread, mass, matrix, weight)
        aim(x, target, centred, state, spread, mass, matrix, weight, price, slope, lift, tilt, step)
        length, blocking = reach(row, x, step, top, state, volume)
        if length < 0:
            if not release(row, gain, x, target, state, price, mean, mass, lift, tilt):
                return True
            continue
        for i in range(suppliers):
            for j in range(agents):
                if state[i, j] == FREE:
                    x[i, j] = min(max(x[i, j] + length * step[i, j], 0.0), top[row, i, j])
        if blocking >= 0:
            i, j = blocking // agents, blocking % agents
            falls = step[i, j] < 0
            x[i, j] = 0.0 if falls else top[row, i, j]
            state[i, j] = AT_ZERO if falls else AT_TOP
    return False


@compiled(EXACT)
def put(row: int, x: Array, flows: Array) -> None:
    """Write the flows of one bargain."""
    suppliers, agents = x.shape
    for i in range(suppliers):
        for j in range(agents):
            flows[row, i, j] = x[i, j]


@compiled(EXACT)
def proportional(row: int, flows: Array, sold: Array, bought: Array, target: Array) -> float:
    """Totals and the flows proportional to both; returns the volume."""
    suppliers, agents = target.shape
    sold[:] = 0.0
    bought[:] = 0.0
    volume = 0.0
    for i in range(suppliers):
        for j in range(agents):
            sold[i] += flows[row, i, j]
            bought[j] += flows[row, i, j]
        volume += sold[i]
    for i in range(suppliers):
        for j in range(agents):
            target[i, j] = sold[i] * bought[j] / volume if volume > 0 else 0.0
    return float(volume)


@compiled(EXACT)
def is_kept(row: int, flows: Array, gain: Array, top: Array, target: Array) -> bool:
    """Whether the proportional flows are within the bounds and worth the same to every agent."""
    suppliers, agents = target.shape
    for j in range(agents):
        missed, worth = 0.0, 0.0
        for i in range(suppliers):
            if target[i, j] > top[row, i, j]:
                return False
            missed += gain[row, i, j] * (target[i, j] - flows[row, i, j])
            worth += abs(gain[row, i, j]) * target[i, j]
        if abs(missed) > KEPT * worth:
            return False
    return True


@compiled(EXACT)
def keeps(row: int, flows: Array, gain: Array, x: Array, sold: Array, bought: Array) -> bool:
    """Whether the steps taken kept totals and utilities up to rounding."""
    suppliers, agents = x.shape
    for i in range(suppliers):
        total = 0.0
        for j in range(agents):
            total += x[i, j]
        if abs(total - sold[i]) > 10 * KEPT * sold[i]:
            return False
    for j in range(agents):
        total, missed, worth = 0.0, 0.0, 0.0
        for i in range(suppliers):
            total += x[i, j]
            missed += gain[row, i, j] * (x[i, j] - flows[row, i, j])
            worth += abs(gain[row, i, j]) * x[i, j]
        if abs(total - bought[j]) > 10 * KEPT * bought[j] or abs(missed) > 10 * KEPT * worth:
            return False
    return True


@compiled(EXACT)
def is_near(row: int, flows: Array, x: Array, distance: float) -> bool:
    """Whether no flow has moved by more than ``distance``."""
    suppliers, agents = x.shape
    for i in range(suppliers):
        for j in range(agents):
            if abs(x[i, j] - flows[row, i, j]) > distance:
                return False
    return True


@compiled(EXACT)
def open_up(
    row: int, flows: Array, top: Array, may_move: Flags, target: Array, volume: float, x: Array, state: States
) -> None:
    """Copy the flows and say which links are free, at a bound, or fixed where they are."""
    suppliers, agents = x.shape
    for i in range(suppliers):
        for j in range(agents):
            x[i, j] = flows[row, i, j]
            if not may_move[row, i, j] or target[i, j] <= NOTHING * volume:
                state[i, j] = FIXED
            elif x[i, j] <= NOTHING * volume:
                state[i, j] = AT_ZERO
            elif x[i, j] >= top[row, i, j] - NOTHING * volume:
                state[i, j] = AT_TOP
            else:
                state[i, j] = FREE


@compiled(EXACT)
def centre(
    row: int,
    gain: Array,
    target: Array,
    state: States,
    mean: Array,
    spread: Array,
    mass: Array,
    centred: Array,
) -> None:
    """Each agent's gains around their mean over its free links, weighted by the proportional flows."""
    suppliers, agents = target.shape
    for j in range(agents):
        mass[j], mean[j], spread[j] = 0.0, 0.0, 0.0
        for i in range(suppliers):
            if state[i, j] == FREE:
                mass[j] += target[i, j]
                mean[j] += target[i, j] * gain[row, i, j]
        mean[j] = mean[j] / mass[j] if mass[j] > 0 else 0.0
        largest = 0.0
        for i in range(suppliers):
            centred[i, j] = 0.0
            if state[i, j] == FREE:
                centred[i, j] = gain[row, i, j] - mean[j]
                spread[j] += target[i, j] * centred[i, j] ** 2
                largest = max(largest, abs(gain[row, i, j]))
        if spread[j] <= FLAT * mass[j] * largest**2:
            spread[j] = 0.0


@compiled(EXACT)
def couple(
    target: Array, centred: Array, state: States, spread: Array, mass: Array, matrix: Array, weight: Array
) -> None:
    """Factor the suppliers' system: what is left of the proportional flows once agents keep total and utility."""
    suppliers, agents = target.shape
    for i in range(suppliers):
        weight[i] = 0.0
        for k in range(i + 1):
            matrix[i, k] = 0.0
    for j in range(agents):
        if mass[j] <= 0:
            continue
        for i in range(suppliers):
            if state[i, j] != FREE:
                continue
            own = target[i, j]
            weight[i] += own
            tilted = centred[i, j] / spread[j] if spread[j] > 0 else 0.0
            for k in range(i + 1):
                if state[k, j] == FREE:
                    matrix[i, k] -= own * target[k, j] * (1.0 / mass[j] + tilted * centred[k, j])
            matrix[i, i] += own
    # Cholesky; a pivot that is only rounding belongs to a supplier who follows from the others.
    for i in range(suppliers):
        for k in range(i + 1):
            value = matrix[i, k]
            for m in range(k):
                value -= matrix[i, m] * matrix[k, m]
            if i == k:
                matrix[i, i] = np.sqrt(value) if value > DEPENDENT * weight[i] else 0.0
            else:
                matrix[i, k] = value / matrix[k, k] if matrix[k, k] > 0 else 0.0


@compiled(EXACT)
def aim(
    x: Array,
    target: Array,
    centred: Array,
    state: States,
    spread: Array,
    mass: Array,
    matrix: Array,
    weight: Array,
    price: Array,
    slope: Array,
    lift: Array,
    tilt: Array,
    step: Array,
) -> None:
    """Where the nearest flows lie over the free links: ``step`` and the prices of what is kept."""
    suppliers, agents = x.shape
    for i in range(suppliers):
        price[i] = 0.0
        for j in range(agents):
            slope[i, j] = 1.0 - x[i, j] / target[i, j] if state[i, j] == FREE else 0.0
    # The first pass finds the prices, the others take back what rounding left of the suppliers' totals.
    for turn in range(3):
        for j in range(agents):
            level, lean = 0.0, 0.0
            for i in range(suppliers):
                if state[i, j] == FREE:
                    level += target[i, j] * slope[i, j]
                    lean += target[i, j] * centred[i, j] * slope[i, j]
            level = level / mass[j] if mass[j] > 0 else 0.0
            lean = lean / spread[j] if spread[j] > 0 else 0.0
            for i in range(suppliers):
                step[i, j] = slope[i, j] - level - lean * centred[i, j] if state[i, j] == FREE else 0.0
        if turn == 2:
            break
        for i in range(suppliers):
            value = 0.0
            for j in range(agents):
                value -= target[i, j] * step[i, j]
            weight[i] = value
        substitute(matrix, weight)
        for i in range(suppliers):
            price[i] += weight[i]
            for j in range(agents):
                if state[i, j] == FREE:
                    slope[i, j] = step[i, j] + weight[i]
    for j in range(agents):
        level, lean = 0.0, 0.0
        for i in range(suppliers):
            if state[i, j] == FREE:
                wanted = x[i, j] / target[i, j] - 1.0 - price[i]
                level += target[i, j] * wanted
                lean += target[i, j] * centred[i, j] * wanted
                step[i, j] *= target[i, j]
        lift[j] = level / mass[j] if mass[j] > 0 else 0.0
        tilt[j] = lean / spread[j] if spread[j] > 0 else 0.0


@compiled(EXACT)
def substitute(factor: Array, right: Array) -> None:
    """Solve with the Cholesky factor, in place; dependent rows get 0."""
    size = right.shape[0]
    for i in range(size):
        value = right[i]
        for k in range(i):
            value -= factor[i, k] * right[k]
        right[i] = value / factor[i, i] if factor[i, i] > 0 else 0.0
    for i in range(size - 1, -1, -1):
        value = right[i]
        for k in range(i + 1, size):
            value -= factor[k, i] * right[k]
        right[i] = value / factor[i, i] if factor[i, i] > 0 else 0.0


@compiled(EXACT)
def reach(row: int, x: Array, step: Array, top: Array, state: States, volume: float) -> tuple[float, int]:
    """How far the step may go, at most 1, and the link that stops it, -1 if none; length -1 where it rests."""
    suppliers, agents = x.shape
    largest, length, blocking = 0.0, 1.0, -1
    for i in range(suppliers):
        for j in range(agents):
            if state[i, j] != FREE:
                continue
            largest = max(largest, abs(step[i, j]))
            room = x[i, j] if step[i, j] < 0 else top[row, i, j] - x[i, j]
            if abs(step[i, j]) > NOTHING * volume and length * abs(step[i, j]) > room:
                length, blocking = max(room, 0.0) / abs(step[i, j]), i * agents + j
    if largest <= RESTING * volume:
        return -1.0, -1
    return length, blocking


@compiled(EXACT)
def release(
    row: int,
    gain: Array,
    x: Array,
    target: Array,
    state: States,
    price: Array,
    mean: Array,
    mass: Array,
    lift: Array,
    tilt: Array,
) -> bool:
    """Free the link at a bound that most wants to leave it; returns whether there was one."""
    suppliers, agents = x.shape
    worst, place, largest = 0.0, -1, 1.0
    for j in range(agents):
        base = lift[j]
        if mass[j] <= 0:
            # Nothing of this agent is free: any level will do that keeps its full links full.
            base = -np.inf
            for i in range(suppliers):
                if state[i, j] == AT_TOP:
                    base = max(base, x[i, j] / target[i, j] - 1.0 - price[i])
            if base == -np.inf:
                continue
        for i in range(suppliers):
            if state[i, j] != AT_ZERO and state[i, j] != AT_TOP:
                continue
            ratio = x[i, j] / target[i, j]
            largest = max(largest, ratio)
            left = ratio - 1.0 - price[i] - base - tilt[j] * (gain[row, i, j] - mean[j])
            wish = -left if state[i, j] == AT_ZERO else left
            if wish > worst:
                worst, place = wish, i * agents + j
    if place < 0 or worst <= WILLING * largest:
        return False
    state[place // agents, place % agents] = FREE
    return True
