"""Small random games of every sort in which values are known to break axioms; worths by bit mask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.core.rule import Array

Draw = Mapping[str, npt.NDArray[Any]]
Kind = Callable[[np.random.Generator, int], Array]

MEMBERS = (2, 5)


def anything(rng: np.random.Generator) -> tuple[Array, Draw]:
    """A game of any kind."""
    return _one(rng, KINDS), {}


def with_alike_pair(rng: np.random.Generator) -> tuple[Array, Draw]:
    """A game of any kind in which two members add the same to every group; ``pair`` names them."""
    table = _one(rng, KINDS)
    i, j = rng.choice(_members(table), 2, replace=False)
    every = np.arange(table.size)
    apart = ((every >> i) ^ (every >> j)) & 1
    # The mean with the game in which the two change places is convex, or has a core, where the game is or has.
    return (table + table[every ^ (apart * ((1 << i) | (1 << j)))]) / 2, {"pair": np.array([i, j])}


def with_dummy(rng: np.random.Generator) -> tuple[Array, Draw]:
    """A game of any kind in which one member adds the same to every group; ``member`` names it."""
    table = _one(rng, KINDS)
    i = int(rng.integers(_members(table)))
    every = np.arange(table.size)
    return table[every & ~(1 << i)] + _amount(rng) * ((every >> i) & 1), {"member": np.array(i)}


def two_of_a_kind(rng: np.random.Generator) -> tuple[Array, Draw]:
    """Two games of the same members and kind; the second is ``other``."""
    n, kind = _size(rng), KINDS[rng.integers(len(KINDS))]
    return kind(rng, n), {"other": kind(rng, n)}


def rescaled(rng: np.random.Generator) -> tuple[Array, Draw]:
    """A game of any kind, a ``factor`` above 0, and a ``shift`` of each member."""
    table = _one(rng, KINDS)
    shift = rng.integers(-5, 6, _members(table)).astype(np.float64)
    return table, {"factor": np.array(rng.choice([0.5, 1.0, 2.0, 3.0])), "shift": shift}


def with_imputations(rng: np.random.Generator) -> tuple[Array, Draw]:
    """A game of any kind in which everyone together is worth at least what all are alone."""
    table = _one(rng, KINDS)
    alone = table[1 << np.arange(_members(table))].sum()
    table[-1] = max(table[-1], alone + rng.integers(0, 3))
    return table, {}


def with_core(rng: np.random.Generator) -> tuple[Array, Draw]:
    """A game whose core holds a point."""
    return _one(rng, (_with_core, _convex, _netting)), {}


def _one(rng: np.random.Generator, kinds: tuple[Kind, ...]) -> Array:
    return kinds[rng.integers(len(kinds))](rng, _size(rng))


def _size(rng: np.random.Generator) -> int:
    return int(rng.integers(MEMBERS[0], MEMBERS[1] + 1))


def _members(table: Array) -> int:
    return int(table.size).bit_length() - 1


def _amount(rng: np.random.Generator) -> float:
    return float(rng.integers(-4, 9))


def _random(rng: np.random.Generator, n: int) -> Array:
    """Worths without pattern."""
    table = rng.integers(-5, 11, 1 << n).astype(np.float64)
    table[0] = 0.0
    return table


def _covered(rng: np.random.Generator, n: int) -> Array:
    """Each group may split as pays best."""
    return _cover(_random(rng, n))


def _covered_sums(rng: np.random.Generator, n: int) -> Array:
    return _cover(_sums(rng, n))


def _cover(table: Array) -> Array:
    best = table.copy()
    for group in range(1, table.size):
        part = (group - 1) & group
        while part:
            best[group] = max(best[group], best[part] + best[group ^ part])
            part = (part - 1) & group
    return best


def _convex(rng: np.random.Generator, n: int) -> Array:
    """Groups that earn something only when complete, and what members bring besides."""
    every = np.arange(1 << n)
    table = masks.sums(rng.integers(-3, 6, n).astype(np.float64))
    for group in rng.choice(every[1:], size=min(every.size - 1, 4), replace=False):
        if group & (group - 1):
            table += rng.integers(0, 7) * ((every & group) == group)
    return table


def _sums(rng: np.random.Generator, n: int) -> Array:
    """A kinked function of the sum of the members' numbers."""
    held = masks.sums(rng.integers(-6, 9, n).astype(np.float64))
    kink, slope = float(rng.integers(0, 8)), float(rng.choice([-1.0, 1.0, 2.0]))
    return np.asarray(slope * np.maximum(held - kink, 0.0) + 0.5 * held)


def _netting(rng: np.random.Generator, n: int) -> Array:
    """Surplus of some set against deficit of others; its core is never empty."""
    net = rng.integers(-6, 7, n).astype(np.float64)
    return np.minimum(masks.sums(np.maximum(net, 0.0)), masks.sums(np.maximum(-net, 0.0)))


def _with_core(rng: np.random.Generator, n: int) -> Array:
    """No group is worth more than what a point gives it, and some are worth just that."""
    point = masks.sums(rng.integers(-2, 9, n).astype(np.float64))
    slack = rng.choice([0.0, 0.0, 1.0, 3.0, 9.0], point.size)
    slack[[0, -1]] = 0.0
    return np.asarray(point - slack)


KINDS: tuple[Kind, ...] = (_random, _covered, _convex, _sums, _netting, _with_core)
