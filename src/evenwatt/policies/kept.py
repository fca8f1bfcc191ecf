"""What a policy remembers of each agent: columns by agent number, whatever the order in which agents are seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]
Whole = npt.NDArray[np.int64]
Rows = slice | Whole


class Kept:
    """Columns by agent number; an agent not met before begins with the starting values.

    Parameters
    ----------
    starts : mapping of str to array
        What each column begins with for one agent; its shape and type are those of a row.

    Attributes
    ----------
    agents : (n,)
        Everybody met so far, by rising number.
    columns : dict of str to (n, ...)
        What is remembered of each.

    Examples
    --------
    >>> kept = Kept({"markup": np.float64(0.1)})
    >>> rows = kept.rows(np.array([7, 3]))
    >>> kept["markup"][rows] = [0.7, 0.3]
    >>> rows = kept.rows(np.array([3, 5, 7]))
    >>> kept["markup"][rows]
    array([0.3, 0.1, 0.7])
    """

    def __init__(self, starts: Mapping[str, Any]) -> None:
        self._starts = {name: np.asarray(start) for name, start in starts.items()}
        self.agents: Whole = np.zeros(0, dtype=np.int64)
        self.columns: dict[str, Column] = {
            name: start[None][:0].copy() for name, start in self._starts.items()
        }

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def rows(self, agents: Whole) -> Rows:
        """Where the agents' values stand in the columns; a slice where it is everybody, in order.

        Ask for it before the columns: an agent not met before makes them longer.
        """
        if np.array_equal(agents, self.agents):
            return slice(None)
        missing = np.setdiff1d(agents, self.agents)
        if len(missing):
            self._meet(missing)
            return self.rows(agents)
        return np.searchsorted(self.agents, agents)

    def _meet(self, missing: Whole) -> None:
        everybody = np.union1d(self.agents, missing)
        known = np.searchsorted(everybody, self.agents)
        for name, start in self._starts.items():
            grown = np.broadcast_to(start, (len(everybody), *start.shape)).copy()
            grown[known] = self.columns[name]
            self.columns[name] = grown
        self.agents = everybody

    def remember(self) -> dict[str, Column]:
        """Everything, to be written down."""
        return {"agents": self.agents.copy(), **{name: held.copy() for name, held in self.columns.items()}}

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Go on from what :meth:`remember` gave; nothing remembered is nobody met."""
        self.agents = np.array(memory.get("agents", ()), dtype=np.int64)
        for name, start in self._starts.items():
            held = np.asarray(memory.get(name, start[None][:0]), dtype=start.dtype)
            self.columns[name] = held.reshape(len(self.agents), *start.shape).copy()
