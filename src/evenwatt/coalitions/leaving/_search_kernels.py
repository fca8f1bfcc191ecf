"""The loops of :mod:`evenwatt.coalitions.leaving.relaxation`, compiled: local search among coalitions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, FAST, compiled

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MOST_SWEEPS = 50


@compiled(FAST)
def _gain(held: Array, half: Array, row: Array, sign: float) -> float:
    """What worth a member whose net positions are ``row`` adds by joining (+1) or leaving (-1)."""
    lost = 0.0
    for t in range(held.size):
        lost += half[t] * (abs(held[t] + sign * row[t]) - abs(held[t]))
    return -lost


@compiled(FAST)
def _swap(held: Array, half: Array, leaves: Array, joins: Array) -> float:
    lost = 0.0
    for t in range(held.size):
        lost += half[t] * (abs(held[t] - leaves[t] + joins[t]) - abs(held[t]))
    return -lost


@compiled(EXACT)
def _allowed(fixed: Array, move: Array, zero: float) -> bool:
    """Whether the coalition stays outside the span: some probe is not orthogonal to it."""
    for p in range(fixed.size):  # noqa: SIM110 (numba compiles no generators)
        if abs(fixed[p] + move[p]) > zero:
            return True
    return False


@compiled(EXACT)
def climb(
    net: Array, half: Array, price: Array, probes: Array, zero: float, least: float, swap: bool, inside: Flags
) -> None:
    """Improve each coalition by members that join, leave or, with ``swap``, change places, while that gains.

    Parameters
    ----------
    net : (n, T)
        Net positions.
    half : (T,)
        Half of buy - sell.
    price : (n,)
        What each member costs the coalition; its value is -price(S) - sum half |net(S)|.
    probes : (n, 2)
        Coalitions orthogonal to both columns, to ``zero``, are not allowed.
    least : float
        A gain below this is rounding.
    inside : (m, n)
        The coalitions, all allowed; changed in place.
    """
    n, steps = net.shape
    for k in range(inside.shape[0]):
        held, fixed = np.zeros(steps), np.zeros(probes.shape[1])
        for i in range(n):
            if inside[k, i]:
                held += net[i]
                fixed += probes[i]
        for _ in range(MOST_SWEEPS):
            changed = _flips(net, half, price, probes, zero, least, inside[k], held, fixed)
            if changed:
                continue
            if not swap or not _swaps(net, half, price, probes, zero, least, inside[k], held, fixed):
                break


@compiled(EXACT)
def _flips(
    net: Array,
    half: Array,
    price: Array,
    probes: Array,
    zero: float,
    least: float,
    inside: Flags,
    held: Array,
    fixed: Array,
) -> bool:
    changed = False
    for i in range(net.shape[0]):
        sign = -1.0 if inside[i] else 1.0
        gain = _gain(held, half, net[i], sign) - sign * price[i]
        if gain > least and _allowed(fixed, sign * probes[i], zero):
            held += sign * net[i]
            fixed += sign * probes[i]
            inside[i] = not inside[i]
            changed = True
    return changed


@compiled(EXACT)
def _swaps(
    net: Array,
    half: Array,
    price: Array,
    probes: Array,
    zero: float,
    least: float,
    inside: Flags,
    held: Array,
    fixed: Array,
) -> bool:
    n = net.shape[0]
    for i in range(n):
        if not inside[i]:
            continue
        for j in range(n):
            if inside[j]:
                continue
            gain = _swap(held, half, net[i], net[j]) + price[i] - price[j]
            if gain > least and _allowed(fixed, probes[j] - probes[i], zero):
                held += net[j] - net[i]
                fixed += probes[j] - probes[i]
                inside[i], inside[j] = False, True
                return True
    return False
