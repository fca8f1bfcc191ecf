"""What a choice of keys comes to: the keys, what they share under the rule, and what no keys exceed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.history import Step

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best keys found, what they share under the rule, and what no keys exceed.

    Unpacks as ``keys, priority, shared, bound, gap, history``.

    Attributes
    ----------
    keys : (I, J) int64
        [1/10,000], each producer's at most 10,000 together.
    priority : (I, J) int64
        The larger first, 0 = no link.
    shared : int
        What they share, replayed under the rule [Wh].
    bound : float
        What no keys, priorities or floor can exceed on these readings [Wh].
    history : tuple of Step
        The best and the bound, second by second.
    method : str
        How they were found.
    evaluations : int
        How many keys were tried under the rule.
    unrounded : float
        What the certified weights share in one round before they were put on the legal grid, without floor
        [Wh]; not a number where another start was better or no certified weights were needed.
    on_grid : float
        The same after they were put on the grid, without floor [Wh].
    unallocated, least_unallocated : int
        Unused supply and unmet demand together by these keys, and the least that any rule leaves,
        the sum over intervals of abs(all supply - all demand) [Wh].
    value, value_bound : float
        The objective by these keys and its bound; for shared energy the same as ``shared`` and ``bound``,
        for money in its unit. Of coverage only the bound is told, the value being not a number: how members fare
        is to be seen in the flows.
    """

    keys: Whole
    priority: Whole
    shared: int
    bound: float
    history: tuple[Step, ...]
    method: str
    evaluations: int
    unrounded: float
    on_grid: float
    unallocated: int
    least_unallocated: int
    value: float
    value_bound: float

    @property
    def gap(self) -> float:
        """What may be missing yet, as a fraction of the bound."""
        return (self.bound - self.shared) / self.bound if self.bound > 0 else 0.0

    @property
    def seconds(self) -> float:
        """How long it took [s]."""
        return self.history[-1].seconds if self.history else 0.0

    @property
    def rounding_loss(self) -> float:
        """Part of the certified keys' energy that the legal grid of keys costs."""
        return (self.unrounded - self.on_grid) / self.unrounded if self.unrounded > 0 else 0.0

    def __iter__(self) -> Iterator[Any]:
        """Iterate over what the field's papers report: keys, priority, shared, bound, gap, history."""
        return iter((self.keys, self.priority, self.shared, self.bound, self.gap, self.history))

    def __str__(self) -> str:
        """One line: shared, bound, gap, seconds."""
        return (
            f"{self.method}: shared {self.shared / 1e6:,.3f} MWh, bound {self.bound / 1e6:,.3f} MWh, "
            f"gap {self.gap:.2%}, {self.seconds:.2f} s, {self.evaluations:,} evaluations"
        )
