"""Energy from producers to consumers, link by link."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather

Whole = npt.NDArray[np.int64]

UNTOLD = -1  # how many, where nobody says


@dataclass(frozen=True, eq=False)
class Flows:
    """What went over each link in each interval.

    Attributes
    ----------
    links : (L, 2) int64
        Producer and consumer of each link, each pair once.
    wh : (T, L) int64
        Energy [Wh], non-negative.
    producers, consumers : int, optional
        How many there are, with or without a link; where left out, as many as the links name.

    Raises
    ------
    ProblemError
        Naming every fault of shape, a link to nobody, a repeated link, energy below zero.

    Examples
    --------
    >>> Flows(np.array([[0, 1]]), np.array([[5], [7]]), producers=1, consumers=2).dense()[1]
    array([[0, 7]])
    """

    links: Whole
    wh: Whole
    producers: int = UNTOLD
    consumers: int = UNTOLD

    def __post_init__(self) -> None:
        with gather("flows", ProblemError) as faults:
            if self.links.ndim != 2 or self.links.shape[1:] != (2,):
                faults.append(f"links: shape {self.links.shape}, expected (L, 2)")
                return
            if self.wh.ndim != 2 or self.wh.shape[1] != len(self.links):
                faults.append(f"wh: shape {self.wh.shape}, expected (T, {len(self.links)})")
            for side, name in enumerate(("producers", "consumers")):
                if getattr(self, name) == UNTOLD:
                    object.__setattr__(self, name, int(self.links[:, side].max(initial=-1)) + 1)
            limit = (self.producers, self.consumers)
            if ((self.links < 0) | (self.links >= limit)).any():
                faults.append(f"links: a pair outside {limit[0]} producers and {limit[1]} consumers")
            elif len(np.unique(self.links[:, 0] * self.consumers + self.links[:, 1])) < len(self.links):
                faults.append("links: a pair appears twice")
            if self.wh.size and self.wh.min() < 0:
                faults.append(f"wh: {self.wh.min()} Wh is below 0")

    @property
    def intervals(self) -> int:
        """How many intervals there are."""
        return len(self.wh)

    def dense(self) -> Whole:
        """The same as one array, (T, I, J) int64 [Wh]; zero where there is no link."""
        full = np.zeros((self.intervals, self.producers, self.consumers), dtype=np.int64)
        full[:, self.links[:, 0], self.links[:, 1]] = self.wh
        return full

    @cached_property
    def total(self) -> int:
        """Everything shared [Wh]."""
        return int(self.wh.sum())

    def by_consumer(self) -> Whole:
        """What each consumer got, (T, J) int64 [Wh]."""
        return _gathered(self.wh, self.links[:, 1], self.consumers)

    def by_producer(self) -> Whole:
        """What each producer gave, (T, I) int64 [Wh]."""
        return _gathered(self.wh, self.links[:, 0], self.producers)

    def pairs(self) -> Whole:
        """The sum over all intervals, (I, J) int64 [Wh]."""
        full = np.zeros((self.producers, self.consumers), dtype=np.int64)
        full[self.links[:, 0], self.links[:, 1]] = self.wh.sum(axis=0)
        return full


def _gathered(wh: Whole, side: Whole, size: int) -> Whole:
    """Sum the columns of each member."""
    order = np.argsort(side, kind="stable")
    present, first = np.unique(side[order], return_index=True)
    total = np.zeros((len(wh), size), dtype=np.int64)
    if present.size:
        total[:, present] = np.add.reduceat(wh[:, order], first, axis=1)
    return total


def all_pairs(allowed: npt.NDArray[np.bool_]) -> Whole:
    """The links (L, 2) of a mask (I, J), consumer by consumer."""
    consumer, producer = np.nonzero(allowed.T)
    return np.stack([producer, consumer], axis=1).astype(np.int64)
