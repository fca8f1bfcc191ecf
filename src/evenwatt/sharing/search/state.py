"""Where a search stands: each consumer's producers in order of priority, and their keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.sharing.problem import agreement

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class State:
    """Keys, priorities and links of a group, consumer by consumer.

    Attributes
    ----------
    order : (J, K) int64
        Producers of each consumer, first priority first, padded with -1 at the end.
    share : (J, K) int64
        Their keys [1/10,000]; 0 where padded.
    """

    order: Whole
    share: Whole

    def keys(self, producers: int) -> Whole:
        """Keys as a table, (I, J) [1/10,000]."""
        keys = np.zeros((producers, len(self.order)), dtype=np.int64)
        consumer, place = np.nonzero(self.order >= 0)
        keys[self.order[consumer, place], consumer] = self.share[consumer, place]
        return keys

    def priority(self, producers: int) -> Whole:
        """Priorities as a table, (I, J): the larger first, 0 where there is no link or its key is 0."""
        priority = np.zeros((producers, len(self.order)), dtype=np.int64)
        consumer, place = np.nonzero((self.order >= 0) & (self.share > 0))
        priority[self.order[consumer, place], consumer] = self.order.shape[1] - place
        return priority

    def widened(self, width: int) -> State:
        """The same state with room for ``width`` producers a consumer."""
        missing = ((0, 0), (0, width - self.order.shape[1]))
        return State(np.pad(self.order, missing, constant_values=-1), np.pad(self.share, missing))


Start = State | tuple[npt.ArrayLike, npt.ArrayLike]


def states(start: Start | Sequence[Start], allowed: Flags, width: int) -> list[State]:
    """Check one start or several and bring them to one form.

    Parameters
    ----------
    start : State, (keys, priority) or a list of these
        Keys and priorities (I, J) as :func:`evenwatt.sharing.allocate` takes them.
    allowed : (I, J) bool
        Pairs that may share.
    width : int
        Producers a consumer may have at most.

    Raises
    ------
    ProblemError
        Naming every link that is not allowed, and whatever else is wrong with keys or priorities.
    """
    several: Iterable[Start] = start if isinstance(start, list) else [start]  # type: ignore[list-item]
    found = [_state(each, allowed, width) for each in several]
    if not found:
        raise ProblemError("start: an empty list; expected at least one state or (keys, priority)")
    return found


def _state(start: Start, allowed: Flags, width: int) -> State:
    """One start, checked."""
    if isinstance(start, State):
        keys, priority = start.keys(len(allowed)), _priority(start, len(allowed))
    else:
        keys, priority = np.asarray(start[0]), np.asarray(start[1])
    if priority.shape != allowed.shape:
        raise ProblemError(f"start: priority of shape {priority.shape}; measurements say {allowed.shape}")
    with gather("start", ProblemError) as faults:
        for i, j in np.argwhere((priority > 0) & ~allowed):
            faults.append(f"producer {i}, consumer {j}: linked, but `links` does not allow the pair")
    held = agreement(keys, priority, most=max(1, width))
    state = State(held.order, np.where(held.order >= 0, held.share, 0))
    return state.widened(max(width, state.order.shape[1]))


def _priority(state: State, producers: int) -> Whole:
    """Priorities with the links whose key is 0: a search may yet give them one."""
    priority = np.zeros((producers, len(state.order)), dtype=np.int64)
    consumer, place = np.nonzero(state.order >= 0)
    priority[state.order[consumer, place], consumer] = state.order.shape[1] - place
    return priority
