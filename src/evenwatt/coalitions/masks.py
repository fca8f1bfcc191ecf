"""Coalitions as bit masks and as rows of booleans, and the sums over all of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def rows(masks: npt.ArrayLike, n: int) -> Flags:
    """Coalitions given by bit mask (bit i = member i) as booleans, (m,) -> (m, n)."""
    held = np.asarray(masks, dtype=np.int64)
    return np.asarray((held[:, None] >> np.arange(n)) & 1, dtype=np.bool_)


def masks(coalitions: Flags) -> Whole:
    """Bit masks of boolean coalitions, (m, n) -> (m,); n at most 62."""
    return np.asarray(coalitions @ (np.int64(1) << np.arange(coalitions.shape[-1], dtype=np.int64)))


def sums(values: npt.ArrayLike) -> Array:
    """x(S) of every coalition S by bit mask, (n,) -> (2**n,).

    Examples
    --------
    >>> sums([1.0, 2.0, 4.0])
    array([0., 1., 2., 3., 4., 5., 6., 7.])
    """
    held = np.asarray(values, dtype=np.float64)
    table = np.zeros(1 << held.size)
    for i, value in enumerate(held):
        table[1 << i : 2 << i] = table[: 1 << i] + value
    return table


def sizes(n: int) -> Whole:
    """How many members each coalition has, by bit mask, (2**n,)."""
    table = np.zeros(1 << n, dtype=np.int64)
    for i in range(n):
        table[1 << i : 2 << i] = table[: 1 << i] + 1
    return table


def held_sums(table: Array, n: int) -> Array:
    """Sum of ``table`` over the coalitions that hold each member, (2**n,) -> (n,).

    The table is folded in half member by member, so the whole costs two passes, not n.
    """
    found = np.empty(n)
    for i in range(n - 1, -1, -1):
        without, holding = table[: 1 << i], table[1 << i : 2 << i]
        found[i] = holding.sum()
        table = without + holding
    return found


def by_size(n: int) -> Whole:
    """Bit masks in the order of printed tables: by size, then lexicographic, (2**n - 1,).

    Examples
    --------
    >>> [format(m, "03b")[::-1] for m in by_size(3)]
    ['100', '010', '001', '110', '101', '011', '111']
    """
    return np.array(
        [sum(1 << i for i in group) for size in range(1, n + 1) for group in combinations(range(n), size)],
        dtype=np.int64,
    )


def told(coalition: npt.ArrayLike, names: tuple[str, ...] | None = None) -> str:
    """A coalition in words, members counted from 0 where they have no names.

    Examples
    --------
    >>> told([True, False, True])
    '{0, 2}'
    """
    members = np.flatnonzero(np.asarray(coalition))
    return "{" + ", ".join(str(i) if names is None else names[i] for i in members) + "}"
