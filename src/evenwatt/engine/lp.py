"""A linear programme that is kept: rows and columns come and go, each solve starts from the last basis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, SolverError, gather

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Triple = tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]

TIGHTEST, LOOSEST = 1e-10, 1e-2  # of the tolerances HiGHS takes


@dataclass(frozen=True)
class Solution:
    """An optimum.

    Attributes
    ----------
    x : (k,)
        Value of each column.
    duals : (m,)
        d objective / d bound of each row, the bound being the one that acts: at least 0 where the lower one
        does, at most 0 where the upper one does, 0 where neither does. Not a number where columns are
        integer: an integer programme has none.
    reduced_costs : (k,)
        ``cost - duals @ matrix``: the same for the bounds of the columns.
    objective : float
        ``cost @ x``.
    """

    x: Array
    duals: Array
    reduced_costs: Array
    objective: float


class Kept:
    """Minimise ``cost @ x`` over ``lower <= x <= upper`` and rows that are added, changed and taken away.

    One thread, no output; the same calls give the same bytes.

    Parameters
    ----------
    cost, lower, upper : (k,)
        Of the columns; bounds may be infinite.
    integer : (k,) booleans, optional
        Columns that must be whole.
    tolerance : float
        By how much a row, a bound or a reduced cost may be missed, from 1e-10 to 1e-2; scale the problem so
        that its numbers are near 1.

    Raises
    ------
    ProblemError
        Naming every array whose shape does not fit or that holds what it may not.

    Examples
    --------
    Buy at least 4 of two goods at 2 and 3 each, at most 3 of the first:

    >>> shopping = Kept([2.0, 3.0], [0.0, 0.0], [3.0, np.inf])
    >>> row = shopping.add_rows([[1.0, 1.0]], [4.0], [np.inf])
    >>> found = shopping.solve()
    >>> found.x, found.objective, found.duals
    (array([3., 1.]), 9.0, array([3.]))
    >>> shopping.set_rows(row, [5.0], [np.inf])
    >>> shopping.solve().objective
    12.0

    Source: Huangfu & Hall 2018, doi:10.1007/s12532-017-0130-5 (HiGHS, the solver).
    """

    def __init__(
        self,
        cost: npt.ArrayLike,
        lower: npt.ArrayLike,
        upper: npt.ArrayLike,
        *,
        integer: npt.ArrayLike | None = None,
        tolerance: float = 1e-9,
    ) -> None:
        if not TIGHTEST <= tolerance <= LOOSEST:
            raise ProblemError(f"tolerance: {tolerance}; expected from {TIGHTEST:g} to {LOOSEST:g}")
        self._model = _silent(tolerance)
        self._integer = False
        self.add_columns(cost, lower, upper)
        if integer is not None:
            self._make_integer(np.asarray(integer))

    @property
    def rows(self) -> int:
        """How many rows there are now."""
        return int(self._model.getNumRow())

    @property
    def columns(self) -> int:
        """How many columns there are now."""
        return int(self._model.getNumCol())

    def add_rows(self, matrix: npt.ArrayLike | Triple, lower: npt.ArrayLike, upper: npt.ArrayLike) -> Whole:
        """Add rows ``lower <= matrix @ x <= upper`` and return their indices.

        Parameters
        ----------
        matrix : (m, k), or a triple ``(indptr, indices, values)``
            Dense, or sparse by rows: row r holds ``values[indptr[r]:indptr[r + 1]]`` in the columns
            ``indices[...]`` of the same stretch.
        lower, upper : (m,)
            May be infinite; equal for an equation.

        Returns
        -------
        (m,) int64
            Indices of the new rows.
        """
        starts, places, values = _sparse("rows", matrix, self.columns)
        low, high = _bounds("rows", lower, upper, len(starts) - 1)
        first = self.rows
        _done(self._model.addRows(len(low), low, high, len(values), starts[:-1], places, values), "rows")
        return np.arange(first, first + len(low), dtype=np.int64)

    def add_columns(
        self,
        cost: npt.ArrayLike,
        lower: npt.ArrayLike,
        upper: npt.ArrayLike,
        matrix: npt.ArrayLike | Triple | None = None,
    ) -> Whole:
        """Add columns and return their indices.

        Parameters
        ----------
        cost, lower, upper : (k,)
            Of the new columns.
        matrix : (rows, k), or a triple sparse by rows, optional
            What they do in each row there is; nothing if it is left out.

        Returns
        -------
        (k,) int64
            Indices of the new columns.
        """
        price = _finite("cost", cost)
        low, high = _bounds("columns", lower, upper, price.size)
        given = (np.zeros(self.rows + 1), (), ()) if matrix is None else matrix
        by_rows = _sparse("columns", given, price.size)
        if len(by_rows[0]) != self.rows + 1:
            raise ProblemError(f"columns: matrix of {len(by_rows[0]) - 1} rows; there are {self.rows}")
        starts, places, values = _by_columns(*by_rows, price.size)
        first = self.columns
        status = self._model.addCols(price.size, price, low, high, len(values), starts[:-1], places, values)
        _done(status, "columns")
        return np.arange(first, first + price.size, dtype=np.int64)

    def set_rows(self, rows: npt.ArrayLike, lower: npt.ArrayLike, upper: npt.ArrayLike) -> None:
        """Change the bounds of some rows."""
        places = _places("rows", rows, self.rows)
        low, high = _bounds("rows", lower, upper, places.size)
        _done(self._model.changeRowsBounds(places.size, places, low, high), "rows")

    def set_columns(self, columns: npt.ArrayLike, lower: npt.ArrayLike, upper: npt.ArrayLike) -> None:
        """Change the bounds of some columns."""
        places = _places("columns", columns, self.columns)
        low, high = _bounds("columns", lower, upper, places.size)
        _done(self._model.changeColsBounds(places.size, places, low, high), "columns")

    def set_cost(self, columns: npt.ArrayLike, cost: npt.ArrayLike) -> None:
        """Change the cost of some columns."""
        places = _places("columns", columns, self.columns)
        price = _finite("cost", cost)
        if price.size != places.size:
            raise ProblemError(f"cost: {price.size} values for {places.size} columns")
        _done(self._model.changeColsCost(places.size, places, price), "cost")

    def delete_rows(self, rows: npt.ArrayLike) -> None:
        """Take rows away; those behind them move up, so indices returned before no longer hold."""
        places = _places("rows", rows, self.rows)
        _done(self._model.deleteRows(places.size, np.sort(places)), "rows")

    def solve(self) -> Solution:
        """Find an optimum, from the last basis.

        Raises
        ------
        SolverError
            If there is none, or it was not reached; names the status.
        """
        status = self._status()
        if status != "Optimal":
            raise SolverError(
                f"linear programme of {self.rows} rows and {self.columns} columns: {status.lower()}; "
                "expected an optimum"
            )
        found = self._model.getSolution()
        x = np.array(found.col_value, dtype=np.float64)
        if self._integer:
            duals, reduced = np.full(self.rows, np.nan), np.full(self.columns, np.nan)
        else:
            duals, reduced = np.array(found.row_dual, dtype=np.float64), np.array(found.col_dual, np.float64)
        return Solution(x, duals, reduced, float(self._model.getInfo().objective_function_value))

    def _status(self) -> str:
        """How the model ends; tried once more from nothing where the last basis led to no clear end."""
        model = self._model
        model.run()
        status = str(model.modelStatusToString(model.getModelStatus()))
        if status in ("Optimal", "Infeasible", "Unbounded"):
            return status
        # Presolve may not tell infeasible from unbounded, and a stale basis may run into rounding.
        model.clearSolver()
        model.setOptionValue("presolve", "off")
        model.run()
        model.setOptionValue("presolve", "choose")
        return str(model.modelStatusToString(model.getModelStatus()))

    def _make_integer(self, integer: npt.NDArray[Any]) -> None:
        if integer.shape != (self.columns,) or integer.dtype != np.bool_:
            raise ProblemError(
                f"integer: shape {integer.shape} of {integer.dtype}, expected ({self.columns},) booleans"
            )
        self._integer = bool(integer.any())
        places = np.arange(self.columns, dtype=np.int32)
        _done(self._model.changeColsIntegrality(places.size, places, integer.astype(np.uint8)), "integer")


def _silent(tolerance: float) -> Any:
    from highspy import Highs

    model = Highs()  # type: ignore[no-untyped-call]
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("parallel", "off"),
        ("random_seed", 0),
        ("primal_feasibility_tolerance", tolerance),
        ("dual_feasibility_tolerance", tolerance),
        ("mip_feasibility_tolerance", tolerance),
        ("mip_rel_gap", 0.0),
        ("mip_abs_gap", tolerance),
    ):
        _done(model.setOptionValue(name, value), name)
    return model


def _done(status: Any, what: str) -> None:
    """HiGHS reports by a status; one that is an error means our checks let something through."""
    if str(status).endswith("kError"):
        raise SolverError(f"{what}: refused by the solver")


def _finite(name: str, values: npt.ArrayLike) -> Array:
    held = np.array(values, dtype=np.float64)
    with gather(name, ProblemError) as faults:
        if held.ndim != 1:
            faults.append(f"shape {held.shape}, expected one row of numbers")
        for place in np.argwhere(~np.isfinite(held)):
            faults.append(f"{place.tolist()}: {held[tuple(place)]} is not finite")
    return held


def _bounds(name: str, lower: npt.ArrayLike, upper: npt.ArrayLike, size: int) -> tuple[Array, Array]:
    low, high = np.array(lower, dtype=np.float64), np.array(upper, dtype=np.float64)
    with gather(f"bounds of {name}", ProblemError) as faults:
        if low.shape != (size,) or high.shape != (size,):
            faults.append(f"shapes {low.shape} and {high.shape}, expected ({size},)")
        else:
            # Written so that not-a-number is a fault too.
            for place in np.flatnonzero(~((low <= high) & (low < np.inf) & (high > -np.inf))):
                faults.append(f"{place}: from {low[place]} to {high[place]}")
    return low, high


def _places(name: str, places: npt.ArrayLike, size: int) -> npt.NDArray[np.int32]:
    held = np.atleast_1d(np.asarray(places))
    if held.size == 0:
        return np.zeros(0, dtype=np.int32)
    if held.ndim != 1 or not np.issubdtype(held.dtype, np.integer):
        raise ProblemError(f"{name}: shape {held.shape} of {held.dtype}, expected a row of whole numbers")
    if held.min() < 0 or held.max() >= size or len(np.unique(held)) != held.size:
        raise ProblemError(f"{name}: expected different numbers from 0 to {size - 1}, found {held[:20]}")
    return held.astype(np.int32)


def _sparse(
    name: str, matrix: npt.ArrayLike | Triple, width: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Array]:
    """Check a matrix and return it sparse by rows."""
    if not isinstance(matrix, tuple):
        return _from_dense(name, np.array(matrix, dtype=np.float64), width)
    starts, places = np.asarray(matrix[0], dtype=np.int64), np.asarray(matrix[1], dtype=np.int64)
    values = np.array(matrix[2], dtype=np.float64)
    with gather(f"matrix of {name}", ProblemError) as faults:
        if starts.ndim != 1 or starts.size == 0 or starts[0] != 0 or (np.diff(starts) < 0).any():
            faults.append("indptr must start at 0 and never fall")
        elif not places.shape == values.shape == (starts[-1],):
            faults.append(f"{places.size} indices and {values.size} values; indptr ends at {starts[-1]}")
        if places.size and (places.min() < 0 or places.max() >= width):
            faults.append(f"indices from {places.min()} to {places.max()}; expected 0 to {width - 1}")
        if not np.isfinite(values).all():
            faults.append("holds a value that is not finite")
    return starts.astype(np.int32), places.astype(np.int32), values


def _from_dense(
    name: str, held: Array, width: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Array]:
    with gather(f"matrix of {name}", ProblemError) as faults:
        if held.ndim != 2 or held.shape[1] != width:
            faults.append(f"shape {held.shape}, expected (m, {width})")
        elif not np.isfinite(held).all():
            row, column = np.argwhere(~np.isfinite(held))[0]
            faults.append(f"[{row}, {column}]: {held[row, column]} is not finite")
    filled = held != 0
    starts = np.concatenate([[0], np.cumsum(filled.sum(axis=1))]).astype(np.int32)
    return starts, np.nonzero(filled)[1].astype(np.int32), held[filled]


def _by_columns(
    starts: npt.NDArray[np.int32], places: npt.NDArray[np.int32], values: Array, width: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Array]:
    """Turn a matrix that is sparse by rows into one that is sparse by columns."""
    order = np.argsort(places, kind="stable")
    row = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    heads = np.concatenate([[0], np.cumsum(np.bincount(places, minlength=width))])
    return heads.astype(np.int32), row[order].astype(np.int32), values[order]
