"""Weights as keys on the legal grid: whole numbers of 1/10,000, and what that rounding loses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.core.errors import ProblemError, gather
from evenwatt.sharing.certificate.task import allowed, energies
from evenwatt.sharing.keys import shared
from evenwatt.sharing.problem import GRID

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

NOISE = 1e-9  # of a weight, by which float dust may take a sum past one or hide a whole key


def rounded(weights: npt.ArrayLike, *, grid: int = GRID, links: npt.ArrayLike | None = None) -> Whole:
    """Keys on the grid: each weight's floor, and units left over to the largest remainders.

    Parameters
    ----------
    weights : (I, J)
        Parts of each producer's supply, from 0 to 1, a producer's summing to at most 1.
    grid : int
        Keys in a whole.
    links : (I, J) bool, optional
        Pairs that may hold a key; others get none, whatever their weight.

    Returns
    -------
    (I, J) int64
        Keys [1/grid]. A producer's sum to the whole part of ``grid`` times the sum of its weights, and none
        differs from its weight by a whole unit. Of equal remainders the consumer named first comes first.

    Raises
    ------
    ProblemError
        Naming weights that are below 0, not finite, or sum past 1.

    Source: the grid is that of decree 408/2015 Sb., annex 25 (percent with two decimals); largest remainders are
    Hamilton's method (Balinski & Young 2001, Fair Representation, ch. 3).

    Examples
    --------
    >>> rounded([[1 / 3, 1 / 3, 1 / 3], [0.5, 0.25, 0.0]])
    array([[3334, 3333, 3333],
           [5000, 2500,    0]])
    """
    held = _weights(weights, grid)
    held = np.where(allowed(links, *held.shape), held, 0.0) * grid
    floor = np.floor(held + NOISE * grid)
    remainder = np.maximum(held - floor, 0.0)
    spare = np.floor(np.minimum(held.sum(axis=1), grid) + NOISE * grid) - floor.sum(axis=1)
    order = np.argsort(-remainder, axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    up = (rank < spare[:, None]) & (remainder > 0)
    return np.asarray(floor + up, dtype=np.int64)


def proportional(weights: npt.ArrayLike, budget: npt.ArrayLike = GRID) -> Whole:
    """Keys in proportion to weights of any scale, each producer's summing to its budget exactly.

    Parameters
    ----------
    weights : (I, J)
        Non-negative; a producer without any gets no keys.
    budget : () or (I,)
        What a producer's keys sum to [1/10,000].

    Returns
    -------
    (I, J) int64
        [1/10,000], by largest remainders.

    Examples
    --------
    >>> proportional([[1, 1, 1], [0, 0, 0]])
    array([[3334, 3333, 3333],
           [   0,    0,    0]])
    """
    held = np.asarray(weights, dtype=np.float64)
    total = held.sum(axis=1)
    due = np.where(total > 0, budget, 0).astype(np.int64)
    parts = np.divide(held * due[:, None], total[:, None], out=np.zeros_like(held), where=total[:, None] > 0)
    return exact.vector(parts, due)


def loss(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    weights: npt.ArrayLike,
    keys: npt.ArrayLike,
    *,
    grid: int = GRID,
) -> float:
    """What keys share less than the weights they were rounded from, as a fraction; one round without floor.

    Parameters
    ----------
    supply, demand : (T, I), (T, J)
        [Wh].
    weights : (I, J)
    keys : (I, J)
        [1/grid]

    Returns
    -------
    float
        Below 0 where rounding happens to share more.

    Examples
    --------
    >>> supply, demand = [[3000], [3000]], [[2000, 1000], [2000, 1000]]
    >>> round(loss(supply, demand, [[2 / 3, 1 / 3]], rounded([[2 / 3, 1 / 3]])), 6)
    3.3e-05
    """
    offered, wanted = energies(supply, demand)
    before = shared(offered, wanted, np.asarray(weights, dtype=np.float64))
    after = shared(offered, wanted, np.asarray(keys, dtype=np.float64) / grid)
    return (before - after) / before if before > 0 else 0.0


def _weights(weights: npt.ArrayLike, grid: int) -> Array:
    held = np.asarray(weights, dtype=np.float64)
    with gather("weights", ProblemError) as faults:
        if grid < 1:
            faults.append(f"grid: {grid}; expected at least 1 key in a whole")
        if held.ndim != 2:
            faults.append(f"shape {held.shape}, expected (producers, consumers)")
        else:
            for place in np.argwhere(~(np.isfinite(held) & (held >= 0))):
                faults.append(f"{place.tolist()}: {held[tuple(place)]}; expected 0 to 1")
            for producer in np.flatnonzero(held.sum(axis=1) > 1 + NOISE):
                faults.append(f"producer {producer}: weights sum to {held[producer].sum():.9g}; at most 1")
    return held
