"""Agreed flows as whole watt-hours: nobody passes its capacity or its claim, and what is owed is carried on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ConservationError

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

SNAP = 1e-6  # a solver's dust on a flow [fraction of 1 + the flow]


def whole_flows(
    flows: Array, capacity: Whole, demand: Whole, limit: Array, residue: Array
) -> tuple[Whole, Array]:
    """Round a series of flows, each up or down to a neighbouring whole watt-hour.

    Sums over suppliers and over agents become their floor or ceiling too, so a whole capacity or claim that
    is met stays met and is never passed. Of several ways to do so, links that are owed most go up first.

    Parameters
    ----------
    flows : (T, S, A)
        As agreed, in the order of time [Wh].
    capacity, demand : (T, S) and (T, A) int64
        What each supplier has and each agent claims [Wh].
    limit : (S, A)
        Most that may flow on each link, whole or infinite [Wh].
    residue : (S, A)
        What each link is still owed from before [Wh].

    Returns
    -------
    whole : (T, S, A) int64
        [Wh]
    residue : (S, A)
        What each link is owed after the last interval [Wh].

    Raises
    ------
    ConservationError
        If the flows pass a capacity, a claim or a limit by more than a solver's dust.

    Examples
    --------
    >>> thirds = np.full((3, 1, 3), 1 / 3)
    >>> one, many = np.ones((3, 1), dtype=np.int64), np.ones((3, 3), dtype=np.int64)
    >>> whole_flows(thirds, one, many, np.full((1, 3), np.inf), np.zeros((1, 3)))[0][:, 0]
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 0, 1]])

    Source: controlled rounding; Cox 1987, doi:10.1080/01621459.1987.10478456.
    """
    _check(flows, capacity, demand, limit, SNAP * (1 + capacity.max(initial=0)))
    near = np.rint(flows)
    cells = np.where(np.abs(flows - near) <= SNAP * (1 + near), near, flows)
    whole = np.empty(flows.shape, dtype=np.int64)
    owed = residue
    for t in range(len(cells)):
        whole[t] = _rounded(cells[t], capacity[t], demand[t], owed)
        owed = owed + cells[t] - whole[t]
    _check(whole, capacity, demand, limit, 0.0)
    return whole, owed


def _rounded(cells: Array, capacity: Whole, demand: Whole, owed: Array) -> Whole:
    """One table; a row for what agents lack and a column for what suppliers keep make its margins whole."""
    from evenwatt.engine._tables import raise_cells

    rows, columns = cells.shape
    table = np.zeros((rows + 1, columns + 1))
    table[:rows, :columns] = cells
    table[:rows, columns] = np.maximum(capacity - cells.sum(axis=1), 0.0)
    table[rows, :columns] = np.maximum(demand - cells.sum(axis=0), 0.0)
    table[rows, columns] = cells.sum()
    # Only neighbours within dust count as whole in the added cells, which are sums of the others.
    near = np.rint(table)
    table = np.where(np.abs(table - near) <= SNAP, near, table)
    whole = np.floor(table).astype(np.int64)
    lacking_rows = np.append(capacity, demand.sum()) - whole.sum(axis=1)
    lacking_columns = np.append(demand, capacity.sum()) - whole.sum(axis=0)
    is_open = table > whole
    turn: Array = table - whole
    turn[:rows, :columns] += owed
    # Where a cell is open its turn must stay above 0, whatever the link was given in advance.
    raised = raise_cells(
        np.where(is_open, np.maximum(turn + _AHEAD, 1e-9), 0.0), lacking_rows, lacking_columns
    )
    if lacking_rows.any() or lacking_columns.any():
        raise ConservationError(
            "flows: no rounding to neighbouring whole numbers keeps capacities and claims"
        )
    return np.asarray((whole + raised)[:rows, :columns])


_AHEAD = 1e3  # more than any link is ever ahead of what it is owed [Wh]


def _check(flows: Array | Whole, capacity: Whole, demand: Whole, limit: Array, dust: float) -> None:
    for what, passed in (
        ("a supplier delivers more than it has", flows.sum(axis=2) > capacity + dust),
        ("an agent gets more than it claims", flows.sum(axis=1) > demand + dust),
        ("a link carries more than its limit", flows > limit + dust),
    ):
        if passed.any():
            raise ConservationError(f"flows: {what} in interval {int(np.argwhere(passed)[0][0])} of the day")
