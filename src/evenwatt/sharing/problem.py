"""Who may share with whom, by which keys and priorities: checked on making, all faults at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

GRID = 10_000  # keys are whole numbers of 1/10,000: percent with two decimals; decree 408/2015 Sb., annex 25
MOST_SUPPLY = 10**11  # Wh in one interval; above it a key times a supply would not be exact in 53 bits


@dataclass(frozen=True, eq=False)
class Agreement:
    """Keys and priorities of a group.

    Attributes
    ----------
    keys : (I, J) or (T, I, J) int64
        Part of a producer's supply that a consumer may draw in a round [1/10,000]; 0 without a link.
    order : (J, K) int64
        Producers of each consumer, first priority first, padded with -1.
    """

    keys: Whole
    order: Whole

    @property
    def links(self) -> Whole:
        """Producer and consumer of each link, (L, 2), consumer by consumer in order of priority."""
        consumer, place = np.nonzero(self.order >= 0)
        return np.stack([self.order[consumer, place], consumer], axis=1)

    @property
    def share(self) -> Whole:
        """Keys beside ``order``, (J, K) or (T, J, K); 0 where padded."""
        consumer = np.arange(len(self.order))[:, None]
        held = self.keys[..., np.maximum(self.order, 0), consumer]
        return np.ascontiguousarray(np.where(self.order >= 0, held, 0))


def agreement(
    keys: npt.ArrayLike,
    priority: npt.ArrayLike,
    *,
    most: int | None = 5,
    apart: Flags | None = None,
    intervals: int | None = None,
) -> Agreement:
    """Check keys and priorities and put each consumer's producers in order.

    Parameters
    ----------
    keys : (I, J) or (T, I, J)
        Whole numbers of 1/10,000. Of every producer those with a link sum to at most 10,000.
    priority : (I, J)
        Whole numbers, the larger first; 0 is no link, and a key without a link counts for nothing. Of equal
        ones the producer named first comes first.
    most : int, optional
        Producers a consumer may have at most.
    apart : (I, J) bool, optional
        Pairs that never share, such as a building with itself.
    intervals : int, optional
        How many there are, where keys differ from one to the next.

    Raises
    ------
    ProblemError
        Naming every fault.

    Examples
    --------
    >>> held = agreement([[6000, 4000, 0], [2500, 2500, 5000]], [[5, 4, 0], [4, 5, 5]])
    >>> held.order
    array([[ 0,  1],
           [ 1,  0],
           [ 1, -1]])
    >>> agreement([[6000, 5000]], [[1, 1]])
    Traceback (most recent call last):
    ...
    evenwatt.core.errors.ProblemError: keys: producer 0: keys sum to 11000; expected at most 10000 (1/10,000 each)
    """
    held, rank = np.asarray(keys), np.asarray(priority)
    with gather("keys and priorities", ProblemError) as faults:
        if rank.ndim != 2:
            faults.append(f"priority: shape {rank.shape}, expected (producers, consumers)")
        elif held.shape not in {rank.shape, (intervals, *rank.shape)}:
            steps = "" if intervals is None else f" or {(intervals, *rank.shape)}"
            faults.append(f"keys: shape {held.shape}, expected {rank.shape}{steps} as priority says")
    ranks = _whole(rank, "priority", "priorities are whole numbers, larger first, 0 = no link")
    linked = ranks > 0 if apart is None else (ranks > 0) & ~apart
    checked = np.where(linked, _keys(held), 0)
    _check_sums(checked)
    if most is not None:
        _check_links(linked, most)
    return Agreement(np.ascontiguousarray(checked), _order(ranks, linked))


def whole_wh(values: npt.ArrayLike, name: str, members: int | None = None) -> Whole:
    """Check energies (T, members): whole, non-negative, small enough to be exact.

    Raises
    ------
    ProblemError
        Naming the first cells at fault.
    """
    held = np.asarray(values)
    if held.ndim != 2 or (members is not None and held.shape[1] != members):
        wanted = "(intervals, members)" if members is None else f"(intervals, {members})"
        raise ProblemError(f"{name}: shape {held.shape}, expected {wanted}")
    whole = _whole(held, name, "energies are whole Wh")
    if whole.size and whole.max() > MOST_SUPPLY:
        place = [int(k) for k in np.argwhere(whole > MOST_SUPPLY)[0]]
        raise ProblemError(
            f"{name}: {place}: {whole[*place]} Wh in one interval; expected at most {MOST_SUPPLY}"
        )
    return np.ascontiguousarray(whole)


def apart(owner_supply: Any, owner_demand: Any, producers: int, consumers: int) -> Flags:
    """Pairs that are the same person, (I, J) bool: a building never gives to itself.

    Raises
    ------
    ProblemError
        If only one of the two is given, or one does not name every member of its side.
    """
    if owner_supply is None and owner_demand is None:
        return np.zeros((producers, consumers), dtype=np.bool_)
    with gather("owners", ProblemError) as faults:
        for name, held, size in (
            ("owner_supply", owner_supply, producers),
            ("owner_demand", owner_demand, consumers),
        ):
            if held is None:
                faults.append(f"{name}: missing; both sides are needed to tell who is the same person")
            elif np.shape(held) != (size,):
                faults.append(f"{name}: shape {np.shape(held)}, expected ({size},), one owner each")
    same: Flags = np.asarray(owner_supply)[:, None] == np.asarray(owner_demand)[None, :]
    return same


def _keys(held: npt.NDArray[Any]) -> Whole:
    if held.dtype.kind == "f" and held.size and 0 < held.max() <= 1:
        raise ProblemError(
            f"keys: fractions up to {held.max():g}; expected whole numbers of 1/10,000, such as 2500 for a "
            "quarter: sharing.on_grid(weights) makes them"
        )
    return _whole(held, "keys", "keys are whole numbers of 1/10,000; sharing.on_grid(weights) makes them")


def _whole(held: npt.NDArray[Any], name: str, expected: str) -> Whole:
    """The same as int64; what is not whole or below zero is named."""
    if held.dtype.kind not in "iufb":
        raise ProblemError(f"{name}: {held.dtype} is not numbers; {expected}")
    if held.dtype == np.int64 and (held.size == 0 or held.min() >= 0):
        return held
    with np.errstate(invalid="ignore"):
        wrong = (held < 0) | (
            ~np.isfinite(held) | (held != np.floor(held)) if held.dtype.kind == "f" else False
        )
    if np.any(wrong):
        with gather(name, ProblemError) as faults:
            for place in np.argwhere(wrong):
                faults.append(f"{[int(k) for k in place]}: {held[tuple(place)]}; {expected}")
    return held.astype(np.int64)


def _check_sums(keys: Whole) -> None:
    total = keys.sum(axis=-1)
    with gather("keys", ProblemError) as faults:
        for place in np.argwhere(total > GRID)[:100]:
            *when, producer = (int(k) for k in place)
            where = f"interval {when[0]}, producer {producer}" if when else f"producer {producer}"
            faults.append(
                f"{where}: keys sum to {total[tuple(place)]}; expected at most {GRID} (1/10,000 each)"
            )


def _check_links(linked: Flags, most: int) -> None:
    if most < 1:
        raise ProblemError(f"max_links: {most}; expected at least 1")
    count = linked.sum(axis=0)
    with gather("priority", ProblemError) as faults:
        for consumer in np.flatnonzero(count > most).tolist():
            faults.append(
                f"consumer {consumer}: {count[consumer]} producers; expected at most {most} (max_links)"
            )


def _order(ranks: Whole, linked: Flags) -> Whole:
    width = int(linked.sum(axis=0).max(initial=0))
    rank = np.where(linked, ranks, 0)
    order = np.argsort(-rank, axis=0, kind="stable")[:width].T
    held = np.take_along_axis(linked.T, order, axis=1)
    return np.ascontiguousarray(np.where(held, order, -1).astype(np.int64))
