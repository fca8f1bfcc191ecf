"""Large tables rounded so that every row and every column keeps its whole sum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def proportional(rows: npt.ArrayLike, columns: npt.ArrayLike) -> Whole:
    """A whole table in proportion to whole margins: every cell is the floor or ceiling of row x column / total.

    The same table as ``core.exact.matrix`` gives, compiled: for hundreds of rows and columns.

    Parameters
    ----------
    rows : (r,)
        Whole row sums, non-negative [unit].
    columns : (c,)
        Whole column sums, non-negative, with the same total [unit].

    Returns
    -------
    (r, c) int64
        [unit]

    Raises
    ------
    ProblemError
        If the totals differ.

    Examples
    --------
    >>> proportional([1, 2], [1, 1, 1])
    array([[1, 0, 0],
           [0, 1, 1]])

    Source: Bacharach 1966, doi:10.1287/mnsc.12.9.732.
    """
    sources, sinks = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
    total = int(sinks.sum())
    if int(sources.sum()) != total:
        raise ProblemError(f"table: rows sum to {sources.sum()}, columns to {total}")
    if total == 0:
        return np.zeros((sources.size, sinks.size), dtype=np.int64)
    return rounded_table(np.outer(sources, sinks) / total, sources, sinks)


def rounded_table(cells: Array, rows: Whole, columns: Whole) -> Whole:
    """Each cell to its floor or ceiling, so that rows and columns keep their whole sums, (r, c) int64.

    Raises
    ------
    ProblemError
        If the sums contradict the cells.
    """
    from evenwatt.engine._tables import raise_cells

    near = np.round(cells)
    table = np.where(np.abs(cells - near) <= 1e-9 * (1 + np.abs(near)), near, cells)
    whole = np.floor(table).astype(np.int64)
    lacking_row, lacking_column = rows - whole.sum(axis=1), columns - whole.sum(axis=0)
    up = raise_cells(table - whole, lacking_row, lacking_column)
    if lacking_row.any() or lacking_column.any():
        raise ProblemError("table: row and column sums contradict the cells")
    return np.asarray(whole + up)
