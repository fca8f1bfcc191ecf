"""The Newton matrix of a transport bargain, factored by its structure: one small block an agent, one coupling.

The matrix is ``diagonal + by agent (demanded 11' + curved gg') + by supplier coupling 11'`` over links. Each of its
rank-one rows gets an unknown of its own, what it exerts: near the optimum, where a bound is met, its factor is
1e10, and 1e10 times a sum that is all rounding would be noise.
"""

from __future__ import annotations

import numpy as np

from evenwatt.bargaining.transport._room_kernels import LOOSE, Array, Flags, Matrix
from evenwatt.engine._compiled import compiled


@compiled(LOOSE, inline=True)
def factor(matrix: Matrix, gain: Array, is_open: Flags) -> None:
    """Invert the agents' blocks, and factor what couples them through the suppliers."""
    # Named once: taking a part of the matrix costs as much as a few additions.
    between, root, coupling, inverse = matrix.between, matrix.root, matrix.coupling, matrix.inverse
    demanded, curved, diagonal, corner = matrix.demanded, matrix.curved, matrix.diagonal, matrix.corner
    by_demand, by_gain, theta = matrix.by_demand, matrix.by_gain, matrix.theta
    agents, suppliers, _ = inverse.shape
    for i in range(suppliers):
        root[i] = np.sqrt(coupling[i])
        for k in range(suppliers):
            between[i, k] = 0.0
    for j in range(agents):
        whole = _minors(j, demanded[j], curved[j], gain, is_open, diagonal, corner, theta)
        _invert_block(j, demanded[j], curved[j], whole, gain, theta, inverse, by_demand, by_gain)
        for i in range(suppliers):
            for k in range(i + 1):
                between[i, k] += inverse[j, i, k]
    for i in range(suppliers):
        for k in range(i + 1):
            between[i, k] *= root[i] * root[k]
        between[i, i] += 1.0
    _cholesky(between)


@compiled(LOOSE, inline=True)
def _minors(
    j: int,
    demanded: float,
    curved: float,
    gain: Array,
    is_open: Flags,
    diagonal: Array,
    corner: Array,
    theta: Array,
) -> float:
    """The determinant of one agent's block over its diagonal, and the corner of its inverse.

    With theta = 1 / diagonal it is, by Cauchy and Binet, 1 + demanded sum theta + curved sum theta g^2 +
    demanded curved sum over pairs theta theta' (g - g')^2: terms of one sign, so that nothing cancels. A factorisation
    would lose it: near the optimum a block of two used links is singular to the last bit.
    """
    suppliers, first = theta.size, j * theta.size
    whole, plain, once, twice = 1.0, 0.0, 0.0, 0.0
    for i in range(suppliers):
        e = first + i
        theta[i] = 1.0 / diagonal[e] if is_open[e] else 0.0
        pairs = 0.0
        for m in range(i):
            apart = gain[e] - gain[first + m]
            pairs += theta[m] * apart * apart
        whole += theta[i] * (demanded + curved * gain[e] * gain[e] + demanded * curved * pairs)
        plain += theta[i]
        once += theta[i] * gain[e]
        twice += theta[i] * gain[e] * gain[e]
    corner[j, 0] = demanded * (1.0 + curved * twice) / whole
    corner[j, 1] = -demanded * curved * once / whole
    corner[j, 2] = curved * (1.0 + demanded * plain) / whole
    return whole


@compiled(LOOSE, inline=True)
def _invert_block(
    j: int, demanded: float, curved: float, whole: float, gain: Array, theta: Array, inverse: Array, by_demand: Array,
    by_gain: Array,
) -> None:  # fmt: skip
    """The inverse of one agent's block by minors, and what a link's right side adds to its agent's rows."""
    suppliers, both, first = theta.size, demanded * curved, j * theta.size
    for i in range(suppliers):
        g, part = gain[first + i], theta[i] / whole
        minor, towards_demand, towards_gain = 1.0, 0.0, 0.0
        for n in range(suppliers):
            other = gain[first + n]
            towards_demand -= theta[n] * other * (g - other)
            towards_gain += theta[n] * (g - other)
            if n == i:
                continue
            pairs = 0.0
            for m in range(n):
                if m != i:
                    apart = other - gain[first + m]
                    pairs += theta[m] * apart * apart
            minor += theta[n] * (demanded + curved * other * other + both * pairs)
        by_demand[first + i] = demanded * part * (1.0 + curved * towards_demand)
        by_gain[first + i] = curved * part * (g + demanded * towards_gain)
        inverse[j, i, i] = part * minor
        for k in range(i):
            pairs = 0.0
            for n in range(suppliers):
                pairs += theta[n] * (gain[first + n] - g) * (gain[first + n] - gain[first + k])
            inverse[j, i, k] = -theta[k] * part * (demanded + curved * g * gain[first + k] + both * pairs)
            inverse[j, k, i] = inverse[j, i, k]


@compiled(LOOSE, inline=True)
def _cholesky(matrix: Array) -> None:
    """The lower factor in place; a pivot lost to rounding becomes one that takes its row out."""
    size = matrix.shape[0]
    for k in range(size):
        pivot = matrix[k, k]
        for m in range(k):
            pivot -= matrix[k, m] * matrix[k, m]
        if not pivot > 1e-30:
            pivot = 1e30 if pivot == pivot else pivot
        pivot = np.sqrt(pivot)
        matrix[k, k] = pivot
        for i in range(k + 1, size):
            total = matrix[i, k]
            for m in range(k):
                total -= matrix[i, m] * matrix[k, m]
            matrix[i, k] = total / pivot


@compiled(LOOSE, inline=True)
def _solve_coupling(matrix: Matrix, exerted: Array) -> None:
    """What the suppliers' rows exert, in place of their right sides."""
    between, root, size = matrix.between, matrix.root, matrix.root.size
    for i in range(size):
        total = exerted[i] * root[i]
        for k in range(i):
            total -= between[i, k] * exerted[k]
        exerted[i] = total / between[i, i]
    for i in range(size - 1, -1, -1):
        total = exerted[i]
        for k in range(i + 1, size):
            total -= between[k, i] * exerted[k]
        exerted[i] = total / between[i, i]
    for i in range(size):
        exerted[i] *= root[i]


@compiled(LOOSE, inline=True)
def solve(matrix: Matrix, right: Array, rows: Array, found: Array, exerted: Array) -> None:
    """Solve with the factors for the links ``found`` and for what each row exerts.

    ``right (N * S)`` and ``rows (S + 2 N)`` are the right sides of links and rows: suppliers, agents' demands, agents'
    gains. ``exerted`` is the factor of a row times (its sum over ``found`` less its right side).
    """
    agents, suppliers, _ = matrix.inverse.shape
    inverse, by_demand, by_gain, corner = matrix.inverse, matrix.by_demand, matrix.by_gain, matrix.corner
    for i in range(suppliers):
        exerted[i] = rows[i]
    for j in range(agents):
        first = j * suppliers
        at_demand, at_gain = rows[suppliers + j], rows[suppliers + agents + j]
        for i in range(suppliers):
            total = -by_demand[first + i] * at_demand - by_gain[first + i] * at_gain
            for k in range(suppliers):
                total += inverse[j, i, k] * right[first + k]
            exerted[i] += total
    _solve_coupling(matrix, exerted)
    for j in range(agents):
        first = j * suppliers
        at_demand, at_gain = rows[suppliers + j], rows[suppliers + agents + j]
        towards_demand = corner[j, 0] * at_demand + corner[j, 1] * at_gain
        towards_gain = corner[j, 1] * at_demand + corner[j, 2] * at_gain
        for i in range(suppliers):
            rest = right[first + i] - exerted[i]
            towards_demand += by_demand[first + i] * rest
            towards_gain += by_gain[first + i] * rest
            # Subtracted before the inverse blows the numbers up.
            total = -by_demand[first + i] * at_demand - by_gain[first + i] * at_gain
            for k in range(suppliers):
                total += inverse[j, i, k] * (right[first + k] - exerted[k])
            found[first + i] = total
        exerted[suppliers + j] = towards_demand
        exerted[suppliers + agents + j] = towards_gain


@compiled(LOOSE, inline=True)
def solve_plain(matrix: Matrix, right: Array, found: Array) -> None:
    """Solve for links alone: the rows' right sides are zero."""
    rows = matrix.row_right
    for k in range(rows.size):
        rows[k] = 0.0
    solve(matrix, right, rows, found, matrix.exerted)


@compiled(LOOSE, inline=True)
def refine(matrix: Matrix, gain: Array, is_open: Flags, right: Array, found: Array) -> None:
    """Improve what ``solve_plain`` found by what it leaves over, of links and of rows."""
    agents, suppliers, _ = matrix.inverse.shape
    exerted, rows, rest, diagonal = matrix.exerted, matrix.row_right, matrix.rest, matrix.diagonal
    coupling, correction, pressed = matrix.coupling, matrix.correction, matrix.pressed
    for i in range(suppliers):
        rows[i] = -exerted[i] / coupling[i] if coupling[i] > 0 else 0.0
    for j in range(agents):
        k, g = suppliers + j, suppliers + agents + j
        demanded, curved = matrix.demanded[j], matrix.curved[j]
        rows[k] = -exerted[k] / demanded if demanded > 0 else 0.0
        rows[g] = -exerted[g] / curved if curved > 0 else 0.0
        for i in range(suppliers):
            e = j * suppliers + i
            rows[i] += found[e]
            rows[k] += found[e] if demanded > 0 else 0.0
            rows[g] += gain[e] * found[e] if curved > 0 else 0.0
            pull = diagonal[e] * found[e] + exerted[i] + exerted[k] + gain[e] * exerted[g]
            rest[e] = right[e] - pull if is_open[e] else 0.0
    solve(matrix, rest, rows, correction, pressed)
    for e in range(found.size):
        found[e] += correction[e]
    for k in range(exerted.size):
        exerted[k] += pressed[k]
