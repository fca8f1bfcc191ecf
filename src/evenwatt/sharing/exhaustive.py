"""The best keys of a small group by trying all of a coarse grid: what searches and bounds are held against."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product
from math import comb, factorial

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.sharing.interval_keys import checked
from evenwatt.sharing.problem import GRID
from evenwatt.sharing.rounds import ENDLESS

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

MOST_TRIED = 20_000_000


@dataclass(frozen=True, eq=False)
class Best:
    """The best that was tried.

    Attributes
    ----------
    keys : (I, J) int64
        [1/10,000]
    priority : (I, J) int64
        Larger first.
    shared : int
        Under the rule with these keys and priorities [Wh].
    tried : int
        How many keys and priorities there were.
    """

    keys: Whole
    priority: Whole
    shared: int
    tried: int


def exhaustive(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    *,
    rounds: int | None = 5,
    quantum: int = 10,
    steps: int = 10,
) -> Best:
    """Replay every key on a grid of so many steps with every order of priorities, all links allowed.

    Parameters
    ----------
    supply : (T, I)
        Whole Wh.
    demand : (T, J)
        Whole Wh.
    rounds : int or None
        None goes on until nothing moves.
    quantum : int
        Shares are rounded down to it [Wh].
    steps : int
        Keys are multiples of ``1 / steps``, a divisor of 10,000.

    Returns
    -------
    Best

    Raises
    ------
    ProblemError
        If that is more than twenty million replays: two producers, three consumers and ten steps are 654,368.

    Examples
    --------
    >>> found = exhaustive([[1000, 1500], [800, 100]], [[500, 1400, 900], [600, 0, 300]], rounds=1, steps=5)
    >>> found.shared, found.tried
    (3180, 25088)
    """
    from evenwatt.sharing._exhaustive_kernels import best_rows

    given, wanted, linked = checked(supply, demand, None)
    if steps < 1 or GRID % steps:
        raise ProblemError(f"steps: {steps}; expected a divisor of {GRID}")
    producers, consumers = linked.shape
    tried = comb(steps + consumers, consumers) ** producers * factorial(producers) ** consumers
    if tried > MOST_TRIED:
        raise ProblemError(
            f"exhaustive: {tried:,} replays; expected at most {MOST_TRIED:,}: take fewer steps"
        )
    rows = rows_of_keys(consumers, steps)
    s, d = (np.ascontiguousarray(held.T, dtype=np.float64) for held in (given, wanted))
    best = Best(np.zeros(linked.shape, dtype=np.int64), linked.astype(np.int64), -1, tried)
    for orders in product(permutations(range(producers)), repeat=consumers):
        order = np.array(orders, dtype=np.int64).reshape(consumers, producers)
        shared, chosen = best_rows(s, d, order, rows, ENDLESS if rounds is None else rounds, quantum)
        if shared > best.shared:
            best = Best(rows[chosen], _priority(order), int(shared), tried)
    return best


def rows_of_keys(consumers: int, steps: int) -> Whole:
    """All keys of one producer on a grid, (M, J) int64 [1/10,000]; each row sums to at most 10,000.

    Examples
    --------
    >>> rows_of_keys(2, 1)
    array([[    0,     0],
           [    0, 10000],
           [10000,     0]])
    """
    rows = np.zeros((1, 0), dtype=np.int64)
    for _ in range(consumers):
        wide = np.repeat(rows, steps + 1, axis=0)
        rows = np.column_stack([wide, np.tile(np.arange(steps + 1), len(rows))])
        rows = rows[rows.sum(axis=1) <= steps]
    return rows * (GRID // steps)


def _priority(order: Whole) -> Whole:
    """Priorities (I, J) that put producers in this order (J, I): the first gets the largest number."""
    producers = order.shape[1]
    priority = np.zeros(order.shape[::-1], dtype=np.int64)
    for place in range(producers):
        priority[order[:, place], np.arange(len(order))] = producers - place
    return priority
