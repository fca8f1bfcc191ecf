"""Amounts that indices are taken of: checked, paired, and divided without 0/0."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, told
from evenwatt.core.rule import Array


def amounts(values: npt.ArrayLike) -> Array:
    """Check that amounts are finite, not negative, and have a member axis with somebody on it."""
    held = np.asarray(values, dtype=np.float64)
    if held.ndim == 0 or held.shape[-1] == 0:
        raise ProblemError(f"amounts {held.shape} need a member axis with at least one member")
    if held.size and not (held.min() >= 0 and held.max() < np.inf):
        bad = np.argwhere(~((held >= 0) & np.isfinite(held))).tolist()
        faults = [f"{held[tuple(place)]} at {tuple(place)} is negative or not finite" for place in bad]
        raise ProblemError(told("amounts", faults))
    return held


def pair(awards: npt.ArrayLike, claims: npt.ArrayLike) -> tuple[Array, Array]:
    """Awards and claims, checked and broadcast to one another."""
    won, asked = np.broadcast_arrays(amounts(awards), amounts(claims))
    return won, asked


def share(part: Array, whole: npt.NDArray[np.number]) -> Array:
    """Part over whole; 0 where the whole is nothing."""
    shape = np.broadcast_shapes(np.shape(part), np.shape(whole))
    defined = np.broadcast_to(np.asarray(whole) > 0, shape)
    divided: Array = np.divide(part, whole, out=np.zeros(shape), where=defined)
    return divided
