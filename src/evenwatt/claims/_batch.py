"""From any shape to rows and back: what every claims rule does before and after its loop."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, told
from evenwatt.core.problem import checked_claims

Array = npt.NDArray[np.float64]
Kernel = Callable[[Array, Array, Array], object]  # (endowment, claims, awards), awards written in place
Weighted = Callable[[Array, Array, Array], Array]  # (endowment, claims, weights) -> awards


def rows(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> tuple[Array, Array, tuple[int, ...]]:
    """Checked endowments (T,) and claims (T, n), contiguous, and the shape (..., n) to give awards in."""
    held, asked = checked_claims(endowment, claims)
    members = asked.shape[-1]
    return (
        np.ascontiguousarray(held).reshape(held.size),
        np.ascontiguousarray(asked).reshape(held.size, members),
        asked.shape,
    )


def divided(endowment: npt.ArrayLike, claims: npt.ArrayLike, kernel: Kernel) -> Array:
    """Awards (..., n) that ``kernel`` writes row by row."""
    held, asked, shape = rows(endowment, claims)
    awards = np.empty(asked.shape)
    kernel(held, asked, awards)
    return awards.reshape(shape)


def filled(
    endowment: npt.ArrayLike, claims: npt.ArrayLike, weights: npt.ArrayLike, divide: Weighted
) -> Array:
    """Awards (..., n) of a weighted rule; the endowment is cut to the claims, weights are checked."""
    held, asked = checked_claims(endowment, claims)
    speeds = checked_weights(weights, asked.shape)
    total = asked.sum(axis=-1)
    plenty = held >= total
    awards = divide(np.where(plenty, total, held), asked, speeds)
    return np.where(plenty[..., None], asked, awards)


def levelled(endowment: Array, weights: Array, caps: Array) -> Array:
    """Raise one level: ``min(weights * level, caps)`` summing to ``endowment``, (..., n)."""
    from evenwatt.engine.water import fill

    members = caps.shape[-1]
    flat = [np.broadcast_to(a, caps.shape).reshape(-1, members) for a in (weights, caps)]
    awards, _ = fill(endowment.reshape(-1), 0.0, flat[0], 0.0, flat[1])
    return awards.reshape(caps.shape)


def checked_weights(weights: npt.ArrayLike, shape: tuple[int, ...]) -> Array:
    """Weights as float64, broadcast to the claims, each a finite number above 0."""
    try:
        given = np.asarray(weights, dtype=np.float64)
        wide = np.broadcast_to(given, shape)
    except (TypeError, ValueError):
        raise ProblemError(
            f"weights: expected numbers that broadcast to the claims {shape}, found {np.shape(weights)}"
        ) from None
    good = (given > 0) & np.isfinite(given)
    if not good.all():
        raise ProblemError(told("weights", [_fault(given, place) for place in np.argwhere(~good).tolist()]))
    return wide


def _fault(weights: Array, place: list[int]) -> str:
    row = f"row {', '.join(map(str, place[:-1]))}, " if len(place) > 1 else ""
    member = f"member {place[-1]}: " if place else ""
    return f"{row}{member}weight {weights[tuple(place)]} is not a finite number above 0"
