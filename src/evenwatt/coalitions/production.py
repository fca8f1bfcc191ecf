"""Games whose worth is the optimum of a linear programme whose bounds the members bring."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.batteries.walk import near
from evenwatt.coalitions.game import Game
from evenwatt.core.errors import ProblemError, SolverError, gather
from evenwatt.engine.lp import Kept, Solution

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Bounds = tuple[Array, Array]


class OptimumGame(Game):
    """v(S) = max profit @ x, where rows ``matrix @ x`` and columns ``x`` lie between the sums of S's bounds.

    One programme is kept; from coalition to coalition only its bounds change. Where every coalition has an
    optimum, the core of such a game is not empty: :meth:`core_point` gives a point of it.

    Parameters
    ----------
    profit : (k,)
        Of each column [money per unit].
    matrix : (r, k)
        What a unit of each column takes of each row.
    rows : ``(lower, upper)``, (r, n) each
        What each member brings to the bounds of the rows; infinite where a member lifts a bound.
    columns : ``(lower, upper)``, (k, n) each, optional
        The same for the columns; from 0 up without end if left out.
    workers : int
        Processes to share the solving; answers do not depend on it.

    Raises
    ------
    ProblemError
        Naming every array whose shape does not fit or that holds what it may not.
    SolverError
        When a coalition is asked for whose programme has no optimum; names the coalition.

    Examples
    --------
    Anna brings 4 h of labour, Ben 6 kg of flour; a loaf takes 1 h and 2 kg and earns 5:

    >>> bakery = OptimumGame([5.0], [[1.0], [2.0]], (np.full((2, 2), -np.inf), np.array([[4.0, 0], [0, 6.0]])))
    >>> bakery.alone, bakery.total
    (array([0., 0.]), 15.0)

    Source: Owen 1975, doi:10.1007/BF01681356.
    """

    batch = 256
    most_listed = 12  # each worth is a linear programme

    def __init__(
        self,
        profit: npt.ArrayLike,
        matrix: npt.ArrayLike,
        rows: tuple[npt.ArrayLike, npt.ArrayLike],
        columns: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
        *,
        workers: int = 1,
    ) -> None:
        self.profit = np.array(profit, dtype=np.float64)
        self.matrix = np.array(matrix, dtype=np.float64)
        self.rows = np.array(rows[0], dtype=np.float64), np.array(rows[1], dtype=np.float64)
        n = self.rows[0].shape[-1] if self.rows[0].ndim else 0
        endless = np.zeros((self.profit.size, n)), np.full((self.profit.size, n), np.inf)
        given = endless if columns is None else columns
        self.columns = np.array(given[0], dtype=np.float64), np.array(given[1], dtype=np.float64)
        with gather("optimum game", ProblemError) as faults:
            faults.extend(_faults(self.profit, self.matrix, self.rows, self.columns))
        held = np.concatenate([part[np.isfinite(part)] for part in (*self.rows, *self.columns)])
        # The solver's tolerances are absolute: quantities and money come to it near 1.
        self._scale = float(np.abs(held).max(initial=0.0)) or 1.0
        self._price = float(np.abs(self.profit).max(initial=0.0)) or 1.0
        self._kept: Kept | None = None
        super().__init__(n, self._of, workers=workers)

    def __getstate__(self) -> dict[str, Any]:
        """All but the solver's model and what is remembered; both grow anew where they are needed."""
        return self.__dict__ | {"_kept": None, "_known": {}}

    def core_point(self) -> Array:
        """A division of the worth of everyone that no coalition can better, (n,).

        Each member is paid for what it brings to the bounds at the duals of everyone's programme: these are
        prices at which a smaller coalition's bounds are worth at least what it can make of them. Where several
        duals are optimal it is the point of one of them.

        Examples
        --------
        >>> bounds = np.full((2, 2), -np.inf), np.array([[4.0, 0.0], [0.0, 6.0]])
        >>> OptimumGame([5.0], [[1.0], [2.0]], bounds).core_point()  # labour is not scarce
        array([ 0., 15.])
        """
        found = self._solved(np.ones(self.n, dtype=np.bool_))
        paid = _priced(found.duals, *self.rows) + _priced(found.reduced_costs, *self.columns)
        return np.asarray(0.0 - paid * self._price)

    def optimum(self, coalition: npt.ArrayLike) -> Array:
        """What a coalition does to earn its worth, (k,)."""
        present = np.asarray(coalition, dtype=np.bool_)
        if present.shape != (self.n,):
            raise ProblemError(f"coalition: shape {present.shape}, expected ({self.n},) booleans")
        return self._solved(present).x * self._scale

    def _of(self, coalitions: Flags) -> Array:
        found = np.empty(len(coalitions))
        for k in near(coalitions):
            found[k] = 0.0 - self._solved(coalitions[k]).objective
        return found * self._scale * self._price

    def _solved(self, present: Flags) -> Solution:
        kept = self._programme()
        rows, columns = (
            tuple(part[:, present].sum(axis=1) / self._scale for part in both)
            for both in (self.rows, self.columns)
        )
        kept.set_rows(np.arange(len(self.matrix)), *rows)
        kept.set_columns(np.arange(self.profit.size), *columns)
        try:
            return kept.solve()
        except SolverError as error:
            raise SolverError(f"coalition {masks.told(present)}: {error}") from error

    def _programme(self) -> Kept:
        if self._kept is None:
            nothing, free = np.zeros(len(self.matrix)), np.zeros(self.profit.size)
            self._kept = Kept(-self.profit / self._price, free, free)
            self._kept.add_rows(self.matrix, nothing, nothing)
        return self._kept


def production_game(
    profit: npt.ArrayLike, matrix: npt.ArrayLike, holdings: npt.ArrayLike, *, workers: int = 1
) -> OptimumGame:
    """What a group makes of its pooled resources: v(S) = max profit @ x, matrix @ x <= holdings of S, x >= 0.

    Parameters
    ----------
    profit : (k,)
        Of a unit of each product [money].
    matrix : (r, k)
        What a unit of each product takes of each resource.
    holdings : (r, n)
        What each member has of each resource, at least 0.

    Returns
    -------
    OptimumGame
        Its ``core_point()`` pays each member for its holdings at shadow prices.

    Raises
    ------
    ProblemError
        If shapes do not fit, a number is not finite, or a holding is below 0.

    Examples
    --------
    >>> game = production_game([5.0], [[1.0], [2.0]], [[4.0, 1.0], [0.0, 6.0]])
    >>> game.total, game.core_point()
    (15.0, array([ 0., 15.]))

    Source: Owen 1975, doi:10.1007/BF01681356.
    """
    held = np.array(holdings, dtype=np.float64)
    with gather("holdings", ProblemError) as faults:
        for place in np.argwhere(~((held >= 0) & (held < np.inf))):
            faults.append(f"{place.tolist()}: {held[tuple(place)]}; expected a finite number, at least 0")
    return OptimumGame(profit, matrix, (np.full(held.shape, -np.inf), held), workers=workers)


def _priced(duals: Array, lower: Array, upper: Array) -> Array:
    """Add up what each member's part of the acting bounds costs, (n,)."""
    acting = np.where(duals[:, None] > 0, lower, upper)
    # A dual within the solver's tolerance of 0 beside an endless bound is rounding.
    return np.asarray(duals @ np.where(np.isfinite(acting), acting, 0.0))


def _faults(profit: Array, matrix: Array, rows: Bounds, columns: Bounds) -> list[str]:
    faults = []
    r, k = matrix.shape if matrix.ndim == 2 else (-1, -1)
    n = rows[0].shape[-1] if rows[0].ndim else 0
    if k < 1 or n < 1:
        faults.append(
            f"matrix: shape {matrix.shape}, expected (r, k); {n} members; expected at least 1 of each"
        )
    if profit.shape != (k,):
        faults.append(f"profit: shape {profit.shape}, expected ({k},)")
    for name, held in (("profit", profit), ("matrix", matrix)):
        if not np.isfinite(held).all():
            faults.append(f"{name}: holds a value that is not finite")
    for name, (lower, upper), size in (("rows", rows, r), ("columns", columns, k)):
        if lower.shape != (size, n) or upper.shape != (size, n):
            faults.append(f"{name}: bounds of shape {lower.shape} and {upper.shape}, expected ({size}, {n})")
            continue
        for place in np.argwhere(~((lower <= upper) & (lower < np.inf) & (upper > -np.inf))):
            low, high = lower[tuple(place)], upper[tuple(place)]
            faults.append(f"{name}: [{place[0]}, member {place[1]}] from {low} to {high}")
    return faults
