"""The Owen value: members bargain through the unions they belong to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import MOST_TABLED, Game
from evenwatt.coalitions.shapley_enumeration import arrival, shapley_of_table
from evenwatt.core.errors import ProblemError, gather

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

BLOCK = 1 << 16  # coalitions looked up at once


def owen(game: Game, unions: Sequence[Sequence[int]]) -> Array:
    """The Owen value: the mean over the orders in which unions arrive one after the other, each as a block.

    A union's members together get the Shapley value of the game between unions. With everyone in one
    union, or each in its own, it is the Shapley value.

    Parameters
    ----------
    game : Game
        Of at most 62 members. Worths asked are 2**(unions - 1 + members) for each union's members.
    unions : sequence of sequences of int
        Groups of members, counted from 0; together they hold everyone once.

    Returns
    -------
    (n,)
        Summing to the worth of everyone together [unit of the worths].

    Raises
    ------
    ProblemError
        If a union is empty, a member is unknown, missing or named twice (all faults at once), or if a
        union with the others makes more than 2**24 coalitions.

    Examples
    --------
    >>> gloves = Game(3, lambda s: np.minimum(s[:, 0], s[:, 1:].sum(axis=1)))  # one left, two right
    >>> owen(gloves, [[0], [1, 2]])  # the owners of right gloves stand together
    array([0.5 , 0.25, 0.25])

    Source: Owen 1977, doi:10.1007/978-3-642-45494-3_7.
    """
    groups = _checked(game.n, unions)
    worth = _asking(game, groups)
    found = np.empty(game.n)
    for k, group in enumerate(groups):
        others = [_mask(other) for j, other in enumerate(groups) if j != k]
        found[group] = shapley_of_table(_expected(worth, group, others), len(group))
    return found


def _expected(worth: Callable[[Whole], Array], group: list[int], others: list[int]) -> Array:
    """What each part of ``group`` adds, on the mean, to the unions that came before, (2**members,)."""
    inner, outer = _joined([1 << i for i in group]), _joined(others)
    weight = arrival(len(others) + 1)[masks.sizes(len(others))]
    found = np.zeros(inner.size)
    step = max(1, BLOCK // inner.size)
    for first in range(0, outer.size, step):
        some = slice(first, first + step)
        asked = (outer[some, None] | inner).ravel()
        found += weight[some] @ worth(asked).reshape(-1, inner.size)
    return np.asarray(found - found[0])


def _joined(parts: list[int]) -> Whole:
    """The union of every selection of ``parts``, none of which overlap, (2**parts,)."""
    found = np.zeros(1, dtype=np.int64)
    for part in parts:
        found = np.concatenate([found, found | part])
    return found


def _asking(game: Game, groups: list[list[int]]) -> Callable[[Whole], Array]:
    """How worths are found: in the table, where it is no longer than what is asked."""
    asked = sum(1 << (len(groups) - 1 + len(group)) for group in groups)
    if game.n <= MOST_TABLED and asked >= 1 << game.n:
        table = game.table()
        return lambda wanted: np.asarray(table[wanted])
    return lambda wanted: game.worth(masks.rows(wanted, game.n))


def _mask(group: list[int]) -> int:
    return sum(1 << i for i in group)


def _checked(n: int, unions: Sequence[Sequence[int]]) -> list[list[int]]:
    if n > 62:
        raise ProblemError(f"owen: {n} members; expected at most 62")
    with gather("unions", ProblemError) as faults:
        seen = np.zeros(n, dtype=np.int64)
        for k, group in enumerate(unions):
            if len(group) == 0:
                faults.append(f"union {k} is empty")
            for i in group:
                if i != int(i) or not 0 <= i < n:
                    faults.append(f"union {k} names member {i}; expected whole numbers from 0 to {n - 1}")
                else:
                    seen[int(i)] += 1
        faults.extend(f"member {i} is in no union" for i in np.flatnonzero(seen == 0))
        faults.extend(f"member {i} is named {seen[i]} times" for i in np.flatnonzero(seen > 1))
        largest = max((len(group) for group in unions), default=0)
        if not faults and len(unions) - 1 + largest > MOST_TABLED:
            faults.append(
                f"{len(unions)} unions, the largest of {largest} members, make more than 2**{MOST_TABLED} coalitions"
            )
    return [[int(i) for i in group] for group in unions]
