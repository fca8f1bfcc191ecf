"""Derivatives of a point on the central path: one more solve with the matrix that its last step would take."""

from __future__ import annotations

import numpy as np

from evenwatt.bargaining.transport._newton_kernels import factor, refine, solve_plain
from evenwatt.bargaining.transport._room_kernels import LOOSE, Array, Flags, Matrix, matrix_room
from evenwatt.engine._compiled import compiled


@compiled(LOOSE)
def pull_rows(
    first: int, last: int, margin: Array, gain: Array, limit: Array, weight: Array, barrier: float, price: Array,
    demand_price: Array, limit_price: Array, flow_price: Array, curve: Array, slope: Array, to_weight: Array,
    to_point: Array, to_capacity: Array, to_demand: Array, to_limit: Array,
) -> None:  # fmt: skip
    """Pull slopes in the flows ``slope (B, N, S)`` back to weights, disagreement, capacities, demands and limits.

    The slope in a weight is per its logarithm, over the weight: the relative rise of the player's gain along the
    solution of the adjoint equations.
    """
    agents, suppliers = gain.shape[1], gain.shape[2]
    matrix = matrix_room(suppliers, agents)
    gains, is_open = np.empty(agents * suppliers), np.empty(agents * suppliers, np.bool_)
    right, found = np.empty(agents * suppliers), np.empty(agents * suppliers)
    for p in range(first, last):
        _assemble(
            p, margin, gain, limit, weight, barrier, price, demand_price, limit_price, flow_price, curve, gains,
            is_open, matrix,
        )  # fmt: skip
        for e in range(right.size):
            right[e] = slope[p, e // suppliers, e % suppliers] if is_open[e] else 0.0
        solve_plain(matrix, right, found)
        refine(matrix, gains, is_open, right, found)
        for k in range(suppliers + agents):
            risen = _risen(p, k, weight, curve, matrix)
            to_weight[p, k] = risen
            to_point[p, k] = risen * curve[p, k]
        for i in range(suppliers):
            sold = matrix.exerted[i] / matrix.coupling[i] if matrix.coupling[i] > 0 else 0.0
            to_capacity[p, i] = price[p, i] * price[p, i] / barrier * sold
        for j in range(agents):
            to_demand[p, j] = matrix.exerted[suppliers + j]
        for e in range(right.size):
            charged = limit_price[p, e // suppliers, e % suppliers]
            to_limit[p, e // suppliers, e % suppliers] = charged * charged / barrier * found[e]


@compiled(LOOSE)
def push_rows(
    first: int, last: int, margin: Array, gain: Array, limit: Array, weight: Array, barrier: float, price: Array,
    demand_price: Array, limit_price: Array, flow_price: Array, curve: Array, change: Array,
) -> None:  # fmt: skip
    """Relative rises of all gains with the log of each weight, ``change (B, P, P)``, before weights are normalised."""
    agents, suppliers = gain.shape[1], gain.shape[2]
    matrix = matrix_room(suppliers, agents)
    gains, is_open = np.empty(agents * suppliers), np.empty(agents * suppliers, np.bool_)
    right, found = np.empty(agents * suppliers), np.empty(agents * suppliers)
    for p in range(first, last):
        _assemble(
            p, margin, gain, limit, weight, barrier, price, demand_price, limit_price, flow_price, curve, gains,
            is_open, matrix,
        )  # fmt: skip
        for m in range(suppliers + agents):
            for e in range(right.size):
                right[e] = _own_slope(p, m, e, margin, curve, gains, is_open)
            solve_plain(matrix, right, found)
            refine(matrix, gains, is_open, right, found)
            for k in range(suppliers + agents):
                change[p, k, m] = _risen(p, k, weight, curve, matrix) if weight[p, m] > 0 else 0.0


@compiled(LOOSE)
def _own_slope(
    p: int, player: int, e: int, margin: Array, curve: Array, gains: Array, is_open: Flags
) -> float:
    """The slope of one player's weighted log gain in the flow of one link."""
    suppliers = margin.shape[1]
    if is_open[e] and player == e % suppliers:
        return float(margin[p, player] * curve[p, player])
    if is_open[e] and player == suppliers + e // suppliers:
        return float(gains[e] * curve[p, player])
    return 0.0


@compiled(LOOSE)
def _risen(p: int, k: int, weight: Array, curve: Array, matrix: Matrix) -> float:
    """The relative rise of a player's gain along the flows just solved for."""
    suppliers, agents = matrix.margin.size, matrix.demanded.size
    if not weight[p, k] > 0:
        return 0.0
    if k >= suppliers:
        # What the row exerts is curve^2 / weight times the rise.
        return float(matrix.exerted[k + agents] / curve[p, k])
    if not matrix.coupling[k] > 0:
        return 0.0
    return float(matrix.margin[k] * matrix.exerted[k] / matrix.coupling[k] * curve[p, k] / weight[p, k])


@compiled(LOOSE)
def _assemble(
    p: int, margin: Array, gain: Array, limit: Array, weight: Array, barrier: float, price: Array,
    demand_price: Array, limit_price: Array, flow_price: Array, curve: Array, gains: Array, is_open: Flags,
    matrix: Matrix,
) -> None:  # fmt: skip
    """The matrix at the point, factored, from multipliers alone: a slack there is the barrier over its multiplier."""
    agents, suppliers = gain.shape[1], gain.shape[2]
    for i in range(suppliers):
        matrix.margin[i] = margin[p, i]
        bent = margin[p, i] * curve[p, i]
        held = price[p, i] * price[p, i] / barrier
        matrix.coupling[i] = held + (bent * bent / weight[p, i] if weight[p, i] > 0 else 0.0)
    for j in range(agents):
        k = suppliers + j
        matrix.demanded[j] = demand_price[p, j] * demand_price[p, j] / barrier
        matrix.curved[j] = curve[p, k] * curve[p, k] / weight[p, k] if weight[p, k] > 0 else 0.0
    for e in range(gains.size):
        j, i = e // suppliers, e % suppliers
        sign, charged = flow_price[p, j, i], limit_price[p, j, i]
        is_open[e] = limit[p, j, i] > 0 and sign > 0
        gains[e] = gain[p, j, i] if is_open[e] and weight[p, suppliers + j] > 0 else 0.0
        matrix.diagonal[e] = (sign * sign + charged * charged) / barrier if is_open[e] else 1.0
    factor(matrix, gains, is_open)
