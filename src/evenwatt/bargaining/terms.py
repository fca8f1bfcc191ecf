"""The terms of a bankruptcy bargain: what each claimant falls back on and how much it weighs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.core.problem import Claims
from evenwatt.core.rule import Array

Divide: TypeAlias = Callable[[Array, Array], npt.ArrayLike]
Disagreement: TypeAlias = Literal["zero", "minimal-rights"] | npt.ArrayLike | Divide
Weights: TypeAlias = Literal["equal", "claims", "claims-minus-d"] | npt.ArrayLike


def disagreement_point(problem: Claims, disagreement: Disagreement, share: float) -> Array:
    """What each claimant keeps if the talks fail, (..., n) [Wh].

    Raises
    ------
    ProblemError
        If the name is unknown, ``share`` is outside [0, 1), or an entry is not finite.
    """
    if callable(disagreement):
        _check_share(share)
        awards = np.asarray(disagreement(problem.endowment, problem.claims), dtype=np.float64)
        return _fitted("the rule's awards", share * awards, problem)
    if isinstance(disagreement, str):
        if disagreement == "zero":
            return np.zeros_like(problem.claims)
        if disagreement == "minimal-rights":
            return problem.minimal_rights
        raise ProblemError(
            f"unknown disagreement '{disagreement}'; expected 'zero', 'minimal-rights', an array or a rule"
        )
    return _fitted("disagreement", np.asarray(disagreement, dtype=np.float64), problem)


def bargaining_weights(problem: Claims, point: Array, weights: Weights) -> Array:
    """Weights of the claimants, (..., n) [-]; 0 marks a claimant that its own claim makes absent.

    Raises
    ------
    ProblemError
        If the name is unknown, or a weight given as a number is not above 0; names the member.
    """
    if isinstance(weights, str):
        if weights == "equal":
            return np.ones_like(problem.claims)
        if weights == "claims":
            return problem.claims
        if weights == "claims-minus-d":
            return np.maximum(problem.claims - point, 0.0)
        raise ProblemError(
            f"unknown weights '{weights}'; expected 'equal', 'claims', 'claims-minus-d' or an array"
        )
    given = np.asarray(weights, dtype=np.float64)
    bad = np.argwhere(~((given > 0) & np.isfinite(given)))
    if bad.size:
        raise ProblemError(f"{_told('weight', given, bad[0])} is not a finite number above 0")
    return _fitted("weights", given, problem)


def _check_share(share: float) -> None:
    if share == 1:
        raise ProblemError(
            "share 1 leaves nothing to bargain over: the rule already divides everything; use 0 <= share < 1"
        )
    if not 0 <= share < 1:
        raise ProblemError(f"share {share} is not a fraction from 0 up to, but not including, 1")


def _fitted(name: str, values: Array, problem: Claims) -> Array:
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        raise ProblemError(f"{_told(name, values, bad[0])} is not finite")
    try:
        return np.broadcast_to(values, problem.claims.shape)
    except ValueError:
        raise ProblemError(
            f"{name} of shape {values.shape} does not fit claims of shape {problem.claims.shape}"
        ) from None


def _told(name: str, values: Array, place: npt.NDArray[np.intp]) -> str:
    row = f"row {', '.join(map(str, place[:-1]))}, " if place.size > 1 else ""
    member = f"member {place[-1]}: " if place.size else ""
    return f"{row}{member}{name} {values[tuple(place)]}"
