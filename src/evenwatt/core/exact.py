"""Largest-remainder rounding: the parts sum to the whole, and no part moves by a whole unit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

# How far parts may miss their total before it is a mistake, not float noise [units per unit of total].
NOISE = 1e-6


def vector(parts: npt.ArrayLike, total: npt.ArrayLike | None = None) -> Whole:
    """Round non-negative parts to whole units that sum to the total.

    Every part becomes its floor or its ceiling. The units left by the floors go to the largest
    remainders; a tie goes to the larger part, then to the earlier member.

    Parameters
    ----------
    parts : (..., n)
        What each member should get [unit].
    total : (...), optional
        Whole number the result must sum to [unit]; by default the sum of the parts, rounded.

    Returns
    -------
    (..., n) int64
        Whole parts, summing to ``total`` exactly [unit].

    Raises
    ------
    ProblemError
        If parts are not finite, or miss the total by more than float noise.

    Source: Hamilton's method; Balinski & Young 2001, Fair Representation, ch. 3.

    Examples
    --------
    >>> vector([3.4, 3.3, 3.3], 10)
    array([4, 3, 3])
    """
    wanted = np.asarray(parts, dtype=np.float64)
    if wanted.ndim == 0 or not np.isfinite(wanted).all():
        raise ProblemError("exact.vector: parts must be an array (..., n) of finite numbers")
    due = _due(wanted, total)
    floor = np.floor(wanted)
    remainder = wanted - floor
    short = due - floor.sum(axis=-1).astype(np.int64)
    fractional = remainder > 0
    if ((short < 0) | (short > fractional.sum(axis=-1))).any():
        # Noise only: a part a hair below or above a whole unit. Snap it and let the others decide.
        near = np.round(wanted)
        snapped = np.abs(wanted - near) <= NOISE * (1 + np.abs(due))[..., None]
        floor = np.where(snapped, near, floor)
        remainder = np.where(snapped, 0.0, remainder)
        short = due - floor.sum(axis=-1).astype(np.int64)
        fractional = remainder > 0
        if ((short < 0) | (short > fractional.sum(axis=-1))).any():
            raise ProblemError(
                "exact.vector: no rounding of these parts to a neighbouring whole unit meets the total"
            )
    # Larger remainder first, then larger part, then earlier member (lexsort: last key leads).
    position = np.broadcast_to(np.arange(wanted.shape[-1]), wanted.shape)
    order = np.lexsort((position, -wanted, -remainder), axis=-1)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, position, axis=-1)
    whole: Whole = (floor + (rank < short[..., None])).astype(np.int64)
    return whole


def _due(parts: Array, total: npt.ArrayLike | None) -> Whole:
    summed: Array = np.asarray(parts.sum(axis=-1))
    if total is None:
        return np.asarray(np.rint(summed), dtype=np.int64)
    due = np.asarray(total)
    if not np.issubdtype(due.dtype, np.integer) and not (np.isfinite(due) & (due == np.floor(due))).all():
        raise ProblemError("exact: the total must be whole units")
    due = np.broadcast_to(due.astype(np.int64), summed.shape)
    off = np.abs(due - summed) > NOISE * (1 + np.abs(due))
    if off.any():
        place = tuple(int(i) for i in np.argwhere(off)[0])
        raise ProblemError(f"exact: row {place}: parts sum to {summed[place]!r}, the total is {due[place]}")
    return due


def matrix(cells: npt.ArrayLike, rows: npt.ArrayLike, columns: npt.ArrayLike) -> Whole:
    """Round a table so that every row and every column keeps its whole sum.

    Every cell becomes its floor or its ceiling; such a rounding always exists, because the cells are
    a point of a transport polytope with whole margins, whose corners are whole.

    Parameters
    ----------
    cells : (r, c)
        Non-negative table [unit].
    rows : (r,)
        Whole row sums [unit].
    columns : (c,)
        Whole column sums [unit].

    Returns
    -------
    (r, c) int64
        The rounded table [unit].

    Raises
    ------
    ProblemError
        If the margins contradict each other or the cells.

    Source: Bacharach 1966, doi:10.1287/mnsc.12.9.732.

    Examples
    --------
    >>> matrix([[0.5, 0.5], [0.5, 0.5]], [1, 1], [1, 1])
    array([[1, 0],
           [0, 1]])
    """
    table = np.asarray(cells, dtype=np.float64)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise ProblemError("exact.matrix: cells must be a table (r, c) of finite numbers")
    row_due, column_due = _due(table, rows), _due(table.T, columns)
    if row_due.sum() != column_due.sum():
        raise ProblemError(f"exact.matrix: rows sum to {row_due.sum()}, columns to {column_due.sum()}")
    near = np.round(table)
    table = np.where(np.abs(table - near) <= 1e-9 * (1 + np.abs(near)), near, table)
    whole = np.floor(table).astype(np.int64)
    open_cells = table > whole
    lacking_row = (row_due - whole.sum(axis=1)).tolist()
    lacking_column = (column_due - whole.sum(axis=0)).tolist()
    for i, j in _ones(open_cells, table - whole, lacking_row, lacking_column):
        whole[i, j] += 1
    return whole


def _ones(
    open_cells: npt.NDArray[np.bool_], remainder: Array, rows: list[int], columns: list[int]
) -> list[tuple[int, int]]:
    """Choose the cells that go up: greedily by remainder, then along alternating paths."""
    up: list[set[int]] = [set() for _ in rows]
    doors = [
        [int(j) for j in np.argsort(-left, kind="stable") if open_row[j]]
        for open_row, left in zip(open_cells, remainder, strict=True)
    ]
    for i in sorted(range(len(rows)), key=lambda i: len(doors[i])):
        for j in doors[i]:
            if rows[i] > 0 and columns[j] > 0:
                up[i].add(j)
                rows[i] -= 1
                columns[j] -= 1
    for i in range(len(rows)):
        while rows[i] > 0:
            if not _reroute(i, doors, up, columns):
                raise ProblemError("exact.matrix: row and column sums contradict the cells")
            rows[i] -= 1
    if min(rows, default=0) < 0 or any(columns):
        raise ProblemError("exact.matrix: row and column sums contradict the cells")
    return [(i, j) for i, chosen in enumerate(up) for j in sorted(chosen)]


def _reroute(start: int, doors: list[list[int]], up: list[set[int]], columns: list[int]) -> bool:
    """Give row ``start`` one more unit by moving others' units along a path to a column that lacks one."""
    reached_from: dict[int, int] = {}  # column -> the row that would take a unit there
    entered_by: dict[int, int] = {}  # row -> the column in which it would give one up
    frontier = [start]
    while frontier:
        following = []
        for i in frontier:
            for j in doors[i]:
                if j in reached_from or j in up[i]:
                    continue
                reached_from[j] = i
                if columns[j] > 0:
                    columns[j] -= 1
                    _shift(start, j, reached_from, entered_by, up)
                    return True
                for other in range(len(up)):
                    if j in up[other] and other != start and other not in entered_by:
                        entered_by[other] = j
                        following.append(other)
        frontier = following
    return False


def _shift(
    start: int, column: int, reached_from: dict[int, int], entered_by: dict[int, int], up: list[set[int]]
) -> None:
    row = reached_from[column]
    up[row].add(column)
    while row != start:
        column = entered_by[row]
        up[row].remove(column)
        row = reached_from[column]
        up[row].add(column)
