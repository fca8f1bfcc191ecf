"""What key inference starts from, checked, and seen from each producer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.sharing.flows import Flows
from evenwatt.sharing.inference.fit import Case
from evenwatt.sharing.problem import whole_wh

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Readings:
    """What was measured before and after sharing.

    Attributes
    ----------
    supply, demand, shared : (T, I), (T, J), (T, J)
        Whole Wh.
    flows : list of (T, J)
        What each producer gave [Wh].
    priority : (I, J), optional
        As told.
    quantum : int
        [Wh].
    """

    supply: Whole
    demand: Whole
    shared: Whole
    flows: list[Whole]
    priority: Whole | None
    quantum: int

    @property
    def shape(self) -> tuple[int, int]:
        """How many producers and consumers."""
        return len(self.flows), self.demand.shape[1]

    def active(self, i: int) -> Flags:
        """Consumers that ever got something from a producer and may, (J,)."""
        gets = self.flows[i].any(axis=0) & self.supply[:, i].any()
        return np.asarray(gets if self.priority is None else gets & (self.priority[i] > 0))

    def lit(self, i: int) -> Whole:
        """Intervals in which a producer had anything."""
        return np.flatnonzero(self.supply[:, i] > 0)

    def case(self, i: int, consumers: Flags) -> Case:
        """One producer's side of it.

        The others' shares simply leave less room, whatever the order of priority: a consumer that is not
        filled at the end was never short of room, and one that is takes from each producer what its key
        allows until it has the total it ends with.
        """
        others = sum(self.flows) - self.flows[i]
        rows = self.lit(i)
        room, found = (
            np.ascontiguousarray((held[rows][:, consumers] // self.quantum).T, dtype=np.float64)
            for held in (np.maximum(self.demand - others, 0), self.flows[i])
        )
        return Case(self.supply[rows, i].astype(np.float64), room, found, self.quantum)


def checked(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    shared: npt.ArrayLike,
    pairs: Flows | npt.ArrayLike | None,
    priority: npt.ArrayLike | None,
    rounds: int | None,
    quantum: int,
) -> Readings:
    """Everything of one shape, whole and non-negative.

    Raises
    ------
    ProblemError
        Naming every fault; several producers without ``pairs`` are one.
    """
    given, wanted = whole_wh(supply, "supply"), whole_wh(demand, "demand")
    got = whole_wh(shared, "shared")
    (steps, producers), consumers = given.shape, wanted.shape[1]
    with gather("infer_keys", ProblemError) as faults:
        for name, held in (("demand", wanted), ("shared", got)):
            if held.shape != (steps, consumers):
                faults.append(f"{name}: shape {held.shape}, expected {(steps, consumers)}")
        if priority is not None and np.shape(priority) != (producers, consumers):
            faults.append(f"priority: shape {np.shape(priority)}, expected {(producers, consumers)}")
        for name, value in (("rounds", rounds), ("quantum", quantum)):
            if value is not None and (value != int(value) or value < 1):
                faults.append(f"{name}: {value}; expected a whole number, at least 1")
        if pairs is None and producers > 1:
            faults.append(
                f"{producers} producers but no pairs: totals do not tell whose energy a consumer got; "
                "pass pairs= from the operator's pair file"
            )
    flows = [got] if pairs is None else by_producer(pairs, (steps, producers, consumers))
    ranks = None if priority is None else whole_wh(priority, "priority")
    return Readings(given, wanted, got, flows[:producers], ranks, int(quantum))


def by_producer(pairs: Flows | npt.ArrayLike, expected: tuple[int, int, int]) -> list[Whole]:
    """What each producer gave to each consumer, (T, J) each [Wh].

    Raises
    ------
    ProblemError
        If the shape (T, I, J) is another than expected, or energy is below zero or not whole.
    """
    held = pairs if isinstance(pairs, Flows) else np.asarray(pairs)
    shape = (held.intervals, held.producers, held.consumers) if isinstance(held, Flows) else held.shape
    if shape != expected:
        raise ProblemError(f"pairs: shape {shape}, expected {expected} as supply and demand say")
    steps, producers, consumers = expected
    if not isinstance(held, Flows):
        return [whole_wh(held[:, i], f"pairs of producer {i}") for i in range(producers)]
    flows = [np.zeros((steps, consumers), dtype=np.int64) for _ in range(producers)]
    for (i, j), wh in zip(held.links.tolist(), held.wh.T, strict=True):
        flows[i][:, j] = wh
    return flows
