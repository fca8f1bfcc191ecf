"""Which keys an operator must have used: found from readings before and after sharing, cell by cell."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.flows import Flows
from evenwatt.sharing.inference.answer import Answer, several, single
from evenwatt.sharing.inference.readings import Readings, by_producer, checked
from evenwatt.sharing.rounds import KeyWarning, allocate

Whole = npt.NDArray[np.int64]

ENOUGH = 0.98  # of all cells; below it something else than these keys was at work


class MatchWarning(UserWarning):
    """The keys found explain too few cells."""


class Mismatch(NamedTuple):
    """A cell that the keys found do not explain.

    Attributes
    ----------
    row, consumer : int
        Where.
    found, replayed : int
        What the data say and what the keys give [Wh].
    producer : int
        Whose energy; -1 where the total of a consumer is not the sum of its pairs.
    """

    row: int
    consumer: int
    found: int
    replayed: int
    producer: int = 0


@dataclass(frozen=True, eq=False)
class Inferred:
    """Keys that explain what everybody got.

    Attributes
    ----------
    keys : (I, J) int64
        In 1/10,000; 0 for a pair that never shared.
    interval : (I, J, 2) int64
        Least and largest key that explain the data as well, where need be together with others that move along;
        ``keys`` lie within.
    rounds : int
        As told, or the fewest that explain most.
    mismatches : tuple of Mismatch
        Every cell of all intervals that the keys do not explain, in order of rows.
    priority : (I, J) int64
        As told, or as the data show; the larger first, 0 = no link.
    matched : float
        Share of all cells (T, J) explained.
    possible_rounds : tuple of int
        Numbers of rounds under which the same keys explain as much.
    undecided : tuple of int
        Consumers the order of whose producers the data leave open, wholly or in part.
    """

    keys: Whole
    interval: Whole
    rounds: int
    mismatches: tuple[Mismatch, ...]
    priority: Whole
    matched: float
    possible_rounds: tuple[int, ...]
    undecided: tuple[int, ...]

    def __iter__(self) -> Iterator[Any]:
        """Unpacks as ``keys, interval, rounds, mismatches``."""
        return iter((self.keys, self.interval, self.rounds, self.mismatches))


def infer_keys(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    shared: npt.ArrayLike,
    *,
    pairs: Flows | npt.ArrayLike | None = None,
    priority: npt.ArrayLike | None = None,
    rounds: int | None = None,
    quantum: int = 10,
) -> Inferred:
    """Find the keys, and unless told the number of rounds, that give every consumer what it got.

    Parameters
    ----------
    supply : (T, I)
        What producers fed in before sharing [Wh], whole.
    demand : (T, J)
        What consumers drew before sharing [Wh], whole.
    shared : (T, J)
        What each got [Wh], whole.
    pairs : Flows or (T, I, J), optional
        What went from whom to whom [Wh]; needed where there are several producers.
    priority : (I, J), optional
        The larger first, 0 = no link; by default what the pairs show.
    rounds : int, optional
        By default the number from 1 to 6 that explains most, the fewest of equals.
    quantum : int
        Shares were rounded down to multiples of this [Wh].

    Returns
    -------
    Inferred
        ``keys, interval, rounds, mismatches`` and how much is explained.

    Raises
    ------
    ProblemError
        If an array is malformed, or several producers come without ``pairs``.

    Warns
    -----
    MatchWarning
        If fewer than 0.98 of all cells are explained.

    Examples
    --------
    >>> from evenwatt.data.group import group
    >>> month = group(1, 3, seed=2, coverage=0.5)
    >>> keys = np.array([[2500, 4000, 3500]])
    >>> given = allocate(month.supply, month.demand, keys, [[1, 1, 1]], rounds=5)
    >>> found = infer_keys(month.supply, month.demand, given.shared)
    >>> found.rounds, found.matched, len(found.mismatches)
    (5, 1.0, 0)
    >>> ((found.interval[..., 0] <= keys) & (keys <= found.interval[..., 1])).all()
    np.True_

    Source: decree 408/2015 Sb. (Czech Republic), annex 25, for the rule that is inverted; the method is ours.
    """
    data = checked(supply, demand, shared, pairs, priority, rounds, quantum)
    found = several(data, rounds) if data.shape[0] > 1 else single(data, rounds)
    mismatches = _mismatches(data, found)
    cells = data.shared.size
    missed = len({(cell.row, cell.consumer) for cell in mismatches})
    matched = 1.0 - missed / cells if cells else 1.0
    if matched < ENOUGH:
        _warn(matched, mismatches)
    interval = np.stack([found.low, found.high], axis=-1)
    return Inferred(
        found.keys, interval, found.rounds, mismatches, found.priority, matched,
        found.possible_rounds, found.undecided,
    )  # fmt: skip


def _mismatches(data: Readings, answer: Answer) -> tuple[Mismatch, ...]:
    """Every cell that a full replay of the rule does not give back."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KeyWarning)  # keys found are what they are
        again = allocate(
            data.supply, data.demand, answer.keys, answer.priority,
            rounds=answer.rounds, quantum=data.quantum, max_links=None,
        )  # fmt: skip
    given = by_producer(again.flows, (*data.supply.shape, data.demand.shape[1]))
    wrong = np.zeros(data.shared.shape, dtype=np.bool_)
    cells: list[Mismatch] = []
    for i, (found, replayed) in enumerate(zip(data.flows, given, strict=True)):
        differ = found != replayed
        wrong |= differ
        cells += [
            Mismatch(row, j, int(found[row, j]), int(replayed[row, j]), i)
            for row, j in np.argwhere(differ).tolist()
        ]
    total = (again.shared != data.shared) & ~wrong
    cells += [
        Mismatch(row, j, int(data.shared[row, j]), int(again.shared[row, j]), -1)
        for row, j in np.argwhere(total).tolist()
    ]
    return tuple(sorted(cells))


def _warn(matched: float, mismatches: tuple[Mismatch, ...]) -> None:
    """Say that the keys do not explain enough, and show the first cell."""
    first = mismatches[0]
    warnings.warn(
        f"the keys found explain {matched:.3f} of all cells; expected at least {ENOUGH}. Other rounds, keys "
        f"changed within the period, or readings changed later? {len(mismatches)} cells are in mismatches, "
        f"the first: row {first.row}, consumer {first.consumer}: {first.found} Wh found, "
        f"{first.replayed} Wh replayed",
        MatchWarning,
        stacklevel=3,
    )
