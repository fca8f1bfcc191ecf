"""How far members' claims are met, and who has reason to envy whom."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.audit.amounts import pair, share
from evenwatt.core.rule import Array


def coverage(awards: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Part of its claim that each member gets, 1 where it claims nothing.

    Parameters
    ----------
    awards, claims : (..., n)
        What each member gets and asks for, non-negative [Wh].

    Returns
    -------
    (..., n)
        Award over claim [-].

    Examples
    --------
    >>> coverage([5, 5, 0], [10, 20, 0])
    array([0.5 , 0.25, 1.  ])
    """
    won, asked = pair(awards, claims)
    return np.where(asked > 0, share(won, asked), 1.0)


def coverage_summary(awards: npt.ArrayLike, claims: npt.ArrayLike) -> dict[str, Array]:
    """Least, mean and largest coverage, their Jain index, and coverage of all claims together.

    Returns
    -------
    dict of (...)
        ``min``, ``mean``, ``max``, ``jain``, ``total`` [-], over the
        members who claim something; all 1 where nobody does.

    Examples
    --------
    >>> {name: float(value) for name, value in coverage_summary([5, 5], [10, 20]).items()}
    {'min': 0.25, 'mean': 0.375, 'max': 0.5, 'jain': 0.9, 'total': 0.3333333333333333}
    """
    won, asked = pair(awards, claims)
    part, present = coverage(won, asked), asked > 0
    count = present.sum(axis=-1)
    somebody = count > 0
    of_present = np.where(present, part, 0.0)
    summed, squares = of_present.sum(axis=-1), (of_present**2).sum(axis=-1)
    measures = {
        "min": np.where(present, part, np.inf).min(axis=-1, initial=np.inf),
        "mean": share(summed, count),
        "max": of_present.max(axis=-1, initial=0.0),
        "jain": np.where(squares > 0, share(summed**2, count * squares), 1.0),
        "total": share(won.sum(axis=-1), asked.sum(axis=-1)),
    }
    return {name: np.where(somebody, value, 1.0)[()] for name, value in measures.items()}


def coverage_envy(awards: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Largest gap between the coverages of two members who claim something.

    Returns
    -------
    (...)
        Best coverage less worst [-]; 0 where fewer than two claim anything.

    Examples
    --------
    >>> float(coverage_envy([5, 5], [10, 20]))
    0.25
    """
    summary = coverage_summary(awards, claims)
    return np.asarray(summary["max"] - summary["min"])[()]


def envy(awards: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """How much more each member could use of the award it envies most.

    Of another's award nobody can use more than their own claim, so member i envies j by
    ``min(d_i, x_j) - x_i``.

    Parameters
    ----------
    awards, claims : (..., n)
        What each member gets and asks for, non-negative [Wh].

    Returns
    -------
    (..., n)
        Largest envy, not negative [Wh]; 0 for all under constrained equal awards.

    Source: Foley 1967, adapted to claims.

    Examples
    --------
    >>> envy([2, 10], [4, 20]), envy([6, 6], [6, 20])
    (array([2., 0.]), array([0., 0.]))
    """
    won, asked = pair(awards, claims)
    most: Array = won.max(axis=-1, keepdims=True, initial=0.0)
    return np.maximum(np.minimum(asked, most) - won, 0.0)


def claim_adjusted_envy(awards: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """How much more each member would get, were its claim met to the largest part of anybody's.

    Parameters
    ----------
    awards, claims : (..., n)
        What each member gets and asks for, non-negative [Wh].

    Returns
    -------
    (..., n)
        ``d_i max_j (x_j / d_j) - x_i``, not negative [Wh]; 0 for all under the proportional rule.

    Examples
    --------
    >>> claim_adjusted_envy([5, 5], [10, 20])
    array([0., 5.])
    """
    won, asked = pair(awards, claims)
    best: Array = share(won, asked).max(axis=-1, keepdims=True, initial=0.0)
    return np.maximum(asked * best - won, 0.0)
