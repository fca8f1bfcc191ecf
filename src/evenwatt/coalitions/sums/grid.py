"""Whole numbers behind measured ones: the unit in which every number of a row is whole, or a grid near it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

SCALES = (1, 2, 4, 8, 10, 16, 100, 1000, 10_000, 100_000, 1_000_000)
LARGEST = 2**50  # sums below it are exact in floats


@dataclass(frozen=True)
class Grid:
    """Numbers as multiples of a unit.

    Attributes
    ----------
    numbers : (T, n) int64
        Multiples.
    unit : (T,)
        Of each row.
    moved : (T, n)
        How far the grid is from the numbers asked for; 0 where they are on it.
    """

    numbers: Whole
    unit: Array
    moved: Array

    @property
    def is_exact(self) -> bool:
        """Whether no number was moved."""
        return not self.moved.any()

    def only(self, wanted: npt.NDArray[np.bool_]) -> Grid:
        """The rows marked."""
        return Grid(self.numbers[wanted], self.unit[wanted], self.moved[wanted])


def grid(numbers: Array, cells: int) -> Grid:
    """Put each row on the first usual scale that makes it whole, or on ``cells`` steps of its range.

    A row is moved to the coarser grid where no usual scale fits, or where its own would have more cells.

    Parameters
    ----------
    numbers : (T, n)
        Any signs, finite.
    cells : int
        Most steps into which the sum of sizes is cut.

    Examples
    --------
    >>> grid(np.array([[0.25, -1.5]]), 100).numbers, grid(np.array([[0.25, -1.5]]), 100).unit
    (array([[ 1, -6]]), array([0.25]))
    """
    scale = _scale(numbers)
    multiples = np.rint(numbers * scale[:, None]).astype(np.int64)
    common = np.maximum(np.gcd.reduce(multiples, axis=1), 1)
    fine = (scale > 0) & (np.abs(multiples).sum(axis=1) // common <= cells)
    unit = common / np.where(fine, scale, 1.0)
    multiples //= common[:, None]
    coarse = np.flatnonzero(~fine)
    unit[coarse] = np.abs(numbers[coarse]).sum(axis=1) / cells
    multiples[coarse] = np.rint(numbers[coarse] / unit[coarse, None]).astype(np.int64)
    moved = np.where(fine[:, None], 0.0, np.abs(multiples * unit[:, None] - numbers))
    return Grid(multiples, unit, moved)


def _scale(numbers: Array) -> Array:
    """The first scale that makes a row whole, (T,); 0 where none does."""
    found = np.zeros(len(numbers))
    for factor in SCALES:
        left = np.flatnonzero(found == 0)
        if not left.size:
            break
        scaled = numbers[left] * factor
        near = np.rint(scaled)
        is_whole = (np.abs(scaled - near) <= 4e-15 * np.abs(scaled)).all(axis=1)
        found[left[is_whole & (np.abs(scaled).sum(axis=1) < LARGEST)]] = factor
    return found


def work(numbers: Whole, nodes: int) -> Array:
    """Cell updates of the law of each row's sums, smallest steps first, (T,)."""
    steps = np.sort(np.abs(numbers), axis=1)
    return np.asarray(np.cumsum(steps, axis=1, dtype=np.float64).sum(axis=1) * nodes / 2)
