"""The point of a polyhedron nearest to a given one, to machine precision."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import SolverError

Array = npt.NDArray[np.float64]

STEP = 1e-13  # a step this short against the numbers at hand is rounding
MOST_STEPS = 10_000


def nearest(target: Array, equal: Array, values: Array, rows: Array, least: Array) -> Array:
    """The x nearest to ``target`` with ``equal @ x = values`` and ``rows @ x >= least``.

    A dual active-set method: start from the nearest point of the equations; take the row missed most, move
    along its direction and drop those acting rows whose multiplier would turn negative on the way.

    Parameters
    ----------
    target : (n,)
        Where we would like to be.
    equal, values : (e, n), (e,)
        Equations, independent.
    rows, least : (m, n), (m,)
        Inequalities, of numbers near 1.

    Raises
    ------
    SolverError
        If no x meets them, or it was not reached.

    Examples
    --------
    >>> nearest(np.zeros(2), np.ones((1, 2)), np.array([4.0]), np.array([[1.0, 0.0]]), np.array([3.0]))
    array([3., 1.])

    Source: Goldfarb & Idnani 1983, doi:10.1007/BF02591962.
    """
    x, basis = _on_equations(target, equal, values)
    sides = rows @ basis  # within the equations, the rows' directions
    held: list[int] = []
    multipliers = np.zeros(0)
    for _ in range(MOST_STEPS):
        missed = least - rows @ x
        missed[held] = 0.0
        if missed.size == 0 or missed.max() <= 1e-11:
            return x
        k = int(missed.argmax())
        x, held, multipliers = _take(x, basis, sides, least - rows @ x, held, multipliers, k)
    raise SolverError(f"nearest point: not reached in {MOST_STEPS} steps")


def _take(
    x: Array, basis: Array, sides: Array, missed: Array, held: list[int], multipliers: Array, k: int
) -> tuple[Array, list[int], Array]:
    """Make row ``k`` act, dropping rows that stop acting on the way."""
    gained, lack = 0.0, float(missed[k])
    while True:
        acting = sides[held]
        change = _solved(acting, sides[k])
        direction = sides[k] - change @ acting
        slope = float(direction @ direction)
        full = lack / slope if slope > STEP * float(sides[k] @ sides[k]) + 1e-20 else np.inf
        falling = np.flatnonzero(change > STEP)
        limits = multipliers[falling] / change[falling]
        length = min(full, float(limits.min(initial=np.inf)))
        if length == np.inf:
            raise SolverError("nearest point: the rows contradict each other")
        multipliers = multipliers - length * change
        gained += length
        if full < np.inf:
            x = x + length * (basis @ direction)
            lack -= length * slope
        if length == full:
            return x, [*held, k], np.append(multipliers, gained)
        gone = int(falling[limits.argmin()])
        held = [row for place, row in enumerate(held) if place != gone]
        multipliers = np.delete(multipliers, gone)


def _solved(acting: Array, side: Array) -> Array:
    """The combination of acting rows nearest to ``side``."""
    if len(acting) == 0:
        return np.zeros(0)
    return np.asarray(np.linalg.lstsq(acting.T, side, rcond=None)[0])


def _on_equations(target: Array, equal: Array, values: Array) -> tuple[Array, Array]:
    """The nearest point of the equations, and an orthonormal basis of the directions they leave, (n, d)."""
    left, sizes, right = np.linalg.svd(equal, full_matrices=True)
    spanned = right[: len(sizes)]
    moved = spanned.T @ ((left.T @ (values - equal @ target)) / sizes)
    return target + moved, right[len(sizes) :].T
