"""Exact Shapley values of games on sums, from the law of a random coalition's sum.

A member's value is the integral over t from 0 to 1 of E[f(Z + z_i) - f(Z)], Z the sum of the others, each present
with chance t (Owen 1972, doi:10.1287/mnsc.18.5.64). On whole numbers the law of Z is a row of cells.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.sum_game import Kinked, SumGame
from evenwatt.coalitions.sums.grid import Grid, grid, work
from evenwatt.coalitions.sums.quadrature import arrival_times
from evenwatt.coalitions.two_price import TwoPriceGame

Array = npt.NDArray[np.float64]
Times = Callable[[int], tuple[Array, Array]]

MOST_WORK = 2e11  # cell updates of a whole game on a grid: half a minute of one core
EXACT_WORK = 2e12  # of a whole game on its own exact unit
FEWEST_CELLS, MOST_CELLS = 1 << 12, 1 << 20  # of the sum's law in one interval
BLOCK = 16  # intervals handed to a thread at a time


def affordable(game: SumGame | TwoPriceGame) -> bool:
    """Whether the numbers are whole in some usual unit, and the law of their sums is not too long."""
    numbers = game.net[_mixed_rows(game.net)] if isinstance(game, TwoPriceGame) else game.z[None, :]
    return lawful(numbers).is_exact


def structured(game: SumGame | TwoPriceGame, times: Times = arrival_times) -> tuple[Array, Array]:
    """Shapley value of a game on sums, and a proven bound on its error.

    Parameters
    ----------
    times : callable
        Quadrature of the time of arrival for so many members; another gives another probabilistic value, as
        ``coin_toss`` gives the Banzhaf value.

    Returns
    -------
    values, bound : (n,)
        The bound is 0 where the numbers are whole in some usual unit; otherwise they are moved to the
        finest affordable grid, and a value moves by at most the change of the own number times the steepest
        slope of f, and the changes of all others times half the range of slopes.
    """
    if isinstance(game, TwoPriceGame):
        return _two_price(game, times)
    if isinstance(game.f, Kinked):
        return _kinked(game, game.f, times)
    return _any_function(game, times), np.zeros(game.n)


def coin_toss(members: int) -> tuple[Array, Array]:
    """Everyone present with chance one half: the quadrature of the Banzhaf value."""
    return np.array([0.5]), np.array([1.0])


def by_interval(net: npt.ArrayLike, times: Times = arrival_times) -> Array:
    """Shapley values of g(S) = min(surplus of S, deficit of S), interval by interval.

    Parameters
    ----------
    net : (T, n)
        Net positions [one energy unit].
    times : callable
        As for :func:`structured`.

    Returns
    -------
    (T, n)
        Values in that unit; each row sums to what is traded inside in the interval. Numbers that are whole in
        no usual unit are moved to a grid of 4,096 to a million cells.

    Examples
    --------
    >>> by_interval([[4, 2, -1, -3]]) * 12
    array([[15.,  5.,  7., 21.]])
    """
    held = np.atleast_2d(np.asarray(net, dtype=np.float64))
    size = np.abs(held)
    found = np.zeros(held.shape)
    mixed = np.flatnonzero(_mixed_rows(held))
    if mixed.size:
        rows = lawful(held[mixed])
        # |z| = 2 max(z, 0) - z, and g = (sum of |z_i| - |z(S)|) / 2.
        positive = _hinges(rows, np.zeros(mixed.size), times)
        found[mixed] = (size[mixed] + held[mixed]) / 2 - positive
    return found


def _two_price(game: TwoPriceGame, times: Times) -> tuple[Array, Array]:
    spread, used = game.spread, np.flatnonzero(game.spread != 0)
    inside = by_interval(game.net[used], times)
    # Only what is shared inside needs a partner: v = additive - spread |z(S)|/2, and |z(S)| = sum |z_i| - 2 g.
    alone = game.additive - (spread[used] / 2) @ np.abs(game.net[used])
    mixed = _mixed_rows(game.net) & (spread != 0)
    moved = lawful(game.net[mixed]).moved
    bound = np.abs(spread[mixed]) @ (moved / 2 + moved.sum(axis=1, keepdims=True) / 2)
    return alone + spread[used] @ inside, bound


def _kinked(game: SumGame, f: Kinked, times: Times) -> tuple[Array, Array]:
    rows = lawful(game.z[None, :])
    values = game.base + f.slope * game.z
    own = np.abs(f.slope) + np.abs(f.bends).sum()
    for kink, bend in zip(f.kinks, f.bends, strict=True):
        values = values + bend * _hinges(rows, np.array([kink]), times)[0]
    moved = rows.moved[0]
    return values, own * moved + np.abs(f.bends).sum() * (moved.sum() - moved) / 2


def _hinges(rows: Grid, kinks: Array, times: Times) -> Array:
    """Shapley values of max(z(S) - kink, 0) for every row, shared among threads."""
    from evenwatt.coalitions.sums._kernels import hinge_rows

    nodes, weights = times(_members(rows))
    found = np.zeros(rows.numbers.shape)
    blocks = [slice(k, k + BLOCK) for k in range(0, len(found), BLOCK)]

    def fill(block: slice) -> None:
        numbers = np.ascontiguousarray(rows.numbers[block])
        hinge_rows(numbers, kinks[block] / rows.unit[block], nodes, weights, found[block])

    with ThreadPoolExecutor(min(len(blocks), os.cpu_count() or 1)) as crew:
        list(crew.map(fill, blocks))
    return found * rows.unit[:, None]


def _any_function(game: SumGame, times: Times) -> Array:
    """Values for an f that is only known by its values."""
    from evenwatt.coalitions.sums._kernels import law_row

    rows = lawful(game.z[None, :])
    z = rows.numbers[0]
    order = np.argsort(np.abs(z), kind="stable")
    order = order[z[order] != 0]
    values = game.base.copy()
    if order.size:
        low, high = int(np.minimum(z, 0).sum()), int(np.maximum(z, 0).sum())
        reached = np.asarray(game.f(np.arange(low, high + 1) * rows.unit[0]), dtype=np.float64)
        nodes, weights = times(int(order.size))
        values[order] += law_row(z[order], reached, low, nodes, weights)
    return values


def lawful(numbers: Array) -> Grid:
    """The rows on their own exact unit if the laws of all are affordable, else on a grid that is."""
    rows = grid(numbers, MOST_CELLS)
    if rows.is_exact and float(work(rows.numbers, _nodes(rows)).sum()) <= EXACT_WORK:
        return rows
    return grid(numbers, cells(*numbers.shape))


def _mixed_rows(net: Array) -> npt.NDArray[np.bool_]:
    """Intervals in which some have a surplus and some a deficit; in all others nobody needs a partner."""
    return np.asarray((net > 0).any(axis=1) & (net < 0).any(axis=1))


def cells(intervals: int, members: int) -> int:
    """How many cells each interval's law may have, for all of them to take half a minute."""
    nodes = 2 * len(arrival_times(members)[0])
    allowed = MOST_WORK / (max(1, intervals) * members * nodes / 4)
    return int(np.clip(allowed, FEWEST_CELLS, MOST_CELLS))


def _members(rows: Grid) -> int:
    return int((rows.numbers != 0).sum(axis=1).max(initial=1))


def _nodes(rows: Grid) -> int:
    return 2 * len(arrival_times(_members(rows))[0])
