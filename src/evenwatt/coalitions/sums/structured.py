"""Exact Shapley values of games on sums, from the law of a random coalition's sum.

A member's value is the integral over t from 0 to 1 of E[f(Z + z_i) - f(Z)], Z the sum of the others, each present
with chance t (Owen 1972, doi:10.1287/mnsc.18.5.64). On whole numbers the law of Z is a row of cells.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.sum_game import Kinked, SumGame
from evenwatt.coalitions.sums.grid import Grid, grid, work
from evenwatt.coalitions.sums.quadrature import arrival_times, every_time
from evenwatt.coalitions.two_price import TwoPriceGame
from evenwatt.core.errors import ProblemError

Array = npt.NDArray[np.float64]
Times = Callable[[int], tuple[Array, Array]]

MOST_WORK = 1e10  # cell updates of a whole game on a grid: some seconds
EXACT_WORK = 1e12  # of a whole game on its own exact unit: a minute or two of two cores
FEWEST_CELLS, MOST_CELLS = 1 << 12, 1 << 20  # of the sum's law in one interval, on a grid
FEWEST_A_MEMBER = 64  # cells, for a grid to be worth its while
EXACT_CELLS = 1 << 24  # on its own exact unit: four rows of 134 MB
COVERED = 1e-15  # of the short side may be missing for it to count as covered
CROWD = 40  # members of a long side below which it seldom covers a short one by chance
BLOCK = 16  # intervals handed to a thread at a time


def affordable(game: SumGame | TwoPriceGame) -> bool:
    """Whether the numbers are whole in some usual unit, and the law of their sums is not too long."""
    numbers = game.net[_mixed_rows(game.net)] if isinstance(game, TwoPriceGame) else game.z[None, :]
    return lawful(numbers).is_exact


def fine_enough(game: SumGame | TwoPriceGame) -> bool:
    """Whether a grid for numbers that are whole in no usual unit still tells members apart."""
    steps = int(_mixed_rows(game.net).sum()) if isinstance(game, TwoPriceGame) else 1
    return cells(steps, game.n) >= FEWEST_A_MEMBER * game.n


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
        finest affordable grid. A value then moves by at most the change of the own number times the steepest
        slope of f, and the changes of all others times the range of slopes times the chance (at most one half)
        that they are present and a kink lies between the sums without and with the member.

    Raises
    ------
    ProblemError
        If numbers must be moved, but f is not :class:`Kinked`, so that nothing bounds the error.
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
        no usual unit are moved to a grid of 4,096 cells or more.

    Examples
    --------
    >>> by_interval([[4, 2, -1, -3]]) * 12
    array([[15.,  5.,  7., 21.]])
    """
    return _inside(np.atleast_2d(np.asarray(net, dtype=np.float64)), times)[0]


def _inside(net: Array, times: Times) -> tuple[Array, Array]:
    """Values of what is traded inside and bounds on their errors, interval by interval, (T, n) each."""
    found, bound = np.zeros(net.shape), np.zeros(net.shape)
    mixed = np.flatnonzero(_mixed_rows(net))
    if mixed.size:
        rows = lawful(net[mixed])
        values, done = _lopsided(rows, times)
        found[mixed[done]] = values[done]
        rows, mixed = rows.only(~done), mixed[~done]
    if mixed.size:
        # |z| = 2 max(z, 0) - z, and g = (sum of |z_i| - |z(S)|) / 2.
        positive, doubt = _hinges(rows, np.zeros(mixed.size), times)
        found[mixed] = (np.abs(net[mixed]) + net[mixed]) / 2 - positive
        bound[mixed] = rows.moved + doubt
    return found, bound


def inside_by_law(game: TwoPriceGame) -> tuple[Array, Array]:
    """Shapley values of what a game's members trade inside, and bounds on their errors, (T, n) each.

    Intervals without a spread have zeros: nothing is gained in them. The game remembers the answer.
    """
    if "_inside" not in game.__dict__:
        used = np.flatnonzero(game.spread != 0)
        found, bound = np.zeros(game.net.shape), np.zeros(game.net.shape)
        found[used], bound[used] = _inside(game.net[used], arrival_times)
        game.__dict__["_inside"] = found, bound
    held: tuple[Array, Array] = game.__dict__["_inside"]
    return held


def _two_price(game: TwoPriceGame, times: Times) -> tuple[Array, Array]:
    spread, used = game.spread, np.flatnonzero(game.spread != 0)
    if times is arrival_times:
        inside, doubt = (part[used] for part in inside_by_law(game))
    else:
        inside, doubt = _inside(game.net[used], times)
    # Only what is shared inside needs a partner: v = additive - spread |z(S)|/2, and |z(S)| = sum |z_i| - 2 g.
    alone = game.additive - (spread[used] / 2) @ np.abs(game.net[used])
    return alone + spread[used] @ inside, np.abs(spread[used]) @ doubt


def _kinked(game: SumGame, f: Kinked, times: Times) -> tuple[Array, Array]:
    rows = lawful(game.z[None, :])
    values = game.base + f.slope * game.z
    bound = (np.abs(f.slope) + np.abs(f.bends).sum()) * rows.moved[0]
    for kink, bend in zip(f.kinks, f.bends, strict=True):
        share, doubt = _hinges(rows, np.array([kink]), times)
        values, bound = values + bend * share[0], bound + abs(bend) * doubt[0]
    return values, bound


def _hinges(rows: Grid, kinks: Array, times: Times) -> tuple[Array, Array]:
    """Shapley values of max(z(S) - kink, 0) for every row, and how far others' moves may shift them."""
    from evenwatt.coalitions.sums._kernels import hinge_rows

    nodes, weights = times(_members(rows))
    found, near = np.zeros(rows.numbers.shape), np.zeros(rows.numbers.shape)
    total = rows.moved.sum(axis=1)
    doubt = np.ceil(total / rows.unit).astype(np.int64)
    blocks = [slice(k, k + BLOCK) for k in range(0, len(found), BLOCK)]

    def fill(block: slice) -> None:
        numbers = np.ascontiguousarray(rows.numbers[block])
        at = kinks[block] / rows.unit[block]
        hinge_rows(numbers, at, doubt[block], nodes, weights, found[block], near[block])

    _shared(fill, blocks)
    # Another's number matters only where it is present, in half of all cases, and the kink is near.
    return found * rows.unit[:, None], np.minimum(near, 0.5) * (total[:, None] - rows.moved)


def _lopsided(rows: Grid, times: Times) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Values of what is traded inside where one side is far shorter than the other; and where that was done."""
    from evenwatt.coalitions.sums._kernels import lopsided_rows

    steps, n = rows.numbers.shape
    found, done = np.zeros((steps, n)), np.zeros(steps, dtype=np.bool_)
    chosen = np.flatnonzero(_short_sides(rows) > 0)
    if times is not arrival_times or not rows.is_exact or not chosen.size:
        return found, done
    nodes, weights = every_time(_members(rows))

    def fill(some: npt.NDArray[np.intp]) -> None:
        values, covered = np.zeros((some.size, n)), np.zeros(some.size, dtype=np.bool_)
        lopsided_rows(rows.numbers[some], nodes, weights, COVERED, values, covered)
        found[some], done[some] = values * rows.unit[some, None], covered

    _shared(fill, np.array_split(chosen, -(-chosen.size // BLOCK)))
    return found, done


def _short_sides(rows: Grid) -> Array:
    """Sum of the short side where it is far shorter than a long side of many, (T,); 0 elsewhere."""
    positive, negative = np.maximum(rows.numbers, 0), np.maximum(-rows.numbers, 0)
    sums = np.stack([positive.sum(axis=1), negative.sum(axis=1)])
    many = np.stack([(positive > 0).sum(axis=1), (negative > 0).sum(axis=1)])
    crowd = np.where(sums[0] > sums[1], many[0], many[1])
    short = sums.min(axis=0)
    return np.asarray(np.where((crowd >= CROWD) & (sums.max(axis=0) >= 3 * short), short, 0), dtype=float)


def _shared(fill: Callable[[Any], None], parts: Sequence[Any]) -> None:
    """Fill each part, shared among threads: the loops release the interpreter."""
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1)) as crew:
        list(crew.map(fill, parts))


def _any_function(game: SumGame, times: Times) -> Array:
    """Values for an f that is only known by its values."""
    from evenwatt.coalitions.sums._kernels import law_row

    rows = lawful(game.z[None, :])
    if not rows.is_exact:
        raise ProblemError(
            "law-of-sums: the numbers are whole in no usual unit (to six decimals), or their sum has too many "
            "cells; for an f that is not Kinked nothing would bound the error. Take method='sampling'"
        )
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
    rows = grid(numbers, EXACT_CELLS)
    if rows.is_exact and float(_work(rows).sum()) <= EXACT_WORK:
        return rows
    return grid(numbers, cells(*numbers.shape))


def _work(rows: Grid) -> Array:
    """Cell updates that the rows' values take, (T,)."""
    short = _short_sides(rows)
    brief = (rows.numbers != 0).sum(axis=1) * short * _nodes(rows) / 2
    return np.where(short > 0, brief, work(rows.numbers, _nodes(rows)))


def _mixed_rows(net: Array) -> npt.NDArray[np.bool_]:
    """Intervals in which some have a surplus and some a deficit; in all others nobody needs a partner."""
    return np.asarray((net > 0).any(axis=1) & (net < 0).any(axis=1))


def cells(intervals: int, members: int) -> int:
    """How many cells each interval's law may have, for all of them to take some seconds."""
    nodes = 2 * len(arrival_times(members)[0])
    allowed = MOST_WORK / (max(1, intervals) * members * nodes / 4)
    return int(np.clip(allowed, FEWEST_CELLS, MOST_CELLS))


def _members(rows: Grid) -> int:
    return int((rows.numbers != 0).sum(axis=1).max(initial=1))


def _nodes(rows: Grid) -> int:
    return 2 * len(arrival_times(_members(rows))[0])
