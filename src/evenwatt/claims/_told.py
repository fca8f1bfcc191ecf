"""The words of a statement: the side of the midpoint, and a level in one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.core.problem import checked_claims

Array = npt.NDArray[np.float64]
Detail = dict[str, Any]


def one_problem(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> tuple[float, Array, str]:
    """One checked problem and its side: nothing, below half, at half, above half or plenty."""
    held, asked = checked_claims(endowment, claims)
    if asked.ndim != 1:
        raise ProblemError(f"detail: expected one problem, found claims of shape {asked.shape}")
    e, total = float(held), float(asked.sum())
    if e >= total:
        return e, asked, "plenty"
    if e == 0:
        return e, asked, "nothing"
    if abs(e - total / 2) <= 1e-12 * total:
        return e, asked, "at half"
    return e, asked, "below half" if e < total / 2 else "above half"


def settled(side: str) -> Detail | None:
    """The detail of a problem without anything to divide, or with enough for all; else None."""
    if side == "plenty":
        return {
            "level": None,
            "side": side,
            "sentence": "there is enough: every claim is served in full",
        }
    if side == "nothing":
        return {"level": 0.0, "side": side, "sentence": "there is nothing to share"}
    return None


def told(level: float, side: str, sentence: str) -> Detail:
    """A detail whose sentence says the level where it has ``{}``."""
    return {"level": float(level), "side": side, "sentence": sentence.format(wh(level))}


def wh(amount: float) -> str:
    """An amount as people read it, at most three decimals.

    Examples
    --------
    >>> wh(412.0), wh(33.33333), wh(1234567.5)
    ('412 Wh', '33.333 Wh', '1,234,567.5 Wh')
    """
    return f"{amount:,.3f}".rstrip("0").rstrip(".") + " Wh"
