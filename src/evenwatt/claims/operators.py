"""Rules made of rules: the dual, minimal rights first, truncated claims, the average of two."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from evenwatt.core.problem import Claims

Array = npt.NDArray[np.float64]
Divide = Callable[[npt.ArrayLike, npt.ArrayLike], Array]


def dual(divide: Divide) -> Divide:
    """Share what is missing as ``divide`` shares what is there: ``d - R(D - E, d)``.

    Examples
    --------
    >>> from evenwatt.claims import constrained_equal_awards
    >>> dual(constrained_equal_awards)(12.0, [3, 5, 9, 13])
    array([0., 0., 4., 8.])
    """

    def divided(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
        problem = Claims(endowment, claims)
        missing = np.maximum(problem.total - problem.endowment, 0.0)
        return np.asarray(problem.claims - divide(missing, problem.claims))

    return divided


def from_minimal_rights(divide: Divide) -> Divide:
    """Give each member what the others concede, and divide the rest: ``m + R(E - sum m, d - m)``.

    Examples
    --------
    >>> from evenwatt.claims import constrained_equal_awards
    >>> from_minimal_rights(constrained_equal_awards)(20.0, [3, 5, 9, 13])
    array([3.        , 4.66666667, 4.66666667, 7.66666667])
    """

    def divided(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
        problem = Claims(endowment, claims)
        rights = problem.minimal_rights
        rest = np.maximum(problem.endowment - rights.sum(axis=-1), 0.0)
        return np.asarray(rights + divide(rest, problem.claims - rights))

    return divided


def truncated(divide: Divide) -> Divide:
    """Cut claims to the endowment before dividing: ``R(E, min(d, E))``.

    Examples
    --------
    >>> from evenwatt.claims import proportional
    >>> truncated(proportional)(6.0, [3, 12])
    array([2., 4.])
    """

    def divided(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
        problem = Claims(endowment, claims)
        return divide(problem.endowment, problem.truncated)

    return divided


def average_of(first: Divide, second: Divide) -> Divide:
    """Give the mean of two rules' awards.

    Examples
    --------
    >>> from evenwatt.claims import constrained_equal_awards, constrained_equal_losses
    >>> average_of(constrained_equal_awards, constrained_equal_losses)(12.0, [3, 5, 9, 13])
    array([1.5, 1.5, 3.5, 5.5])
    """

    def divided(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
        return np.asarray((first(endowment, claims) + second(endowment, claims)) / 2)

    return divided
