"""All days together: sums of the tallies, with the names that belong to the axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.studies.sharing.group import SharingGroup, Sides
from evenwatt.studies.sharing.tally import Tally

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Period:
    """The finished days.

    Attributes
    ----------
    group, sides
        Who shares.
    tallies : sequence of Tally
        One a day.
    seconds : int
        Length of an interval [s].
    """

    group: SharingGroup
    sides: Sides
    tallies: Sequence[Tally]
    seconds: int

    def total(self, name: str) -> Any:
        """Sum one field of the tallies over the days."""
        return np.sum([getattr(tally, name) for tally in self.tallies], axis=0)

    def series(self, name: str) -> Whole:
        """One field of all intervals, one after the other, (T,)."""
        return np.concatenate([getattr(tally, name) for tally in self.tallies])

    @property
    def n(self) -> int:
        """How many members."""
        return len(self.group.members)

    @cached_property
    def shared(self) -> int:
        """All that was shared [Wh]."""
        return int(self.series("shared").sum())

    @cached_property
    def ideal(self) -> int:
        """What no rule could share more than [Wh]."""
        return int(np.minimum(self.series("supply"), self.series("demand")).sum())

    @cached_property
    def received(self) -> Whole:
        """What each member got, (n,) [Wh]."""
        return np.asarray(self.total("received"))

    @cached_property
    def deficit(self) -> Whole:
        """What each member wanted after its own use, (n,) [Wh]."""
        return np.asarray(self.total("deficit"))

    @cached_property
    def pairs(self) -> Whole:
        """Who gave to whom, (n, n) [Wh]."""
        table = np.zeros((self.n, self.n), dtype=np.int64)
        for tally in self.tallies:
            giving, taking, wh = tally.pairs
            table[giving, taking] += wh
        return table
