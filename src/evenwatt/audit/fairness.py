"""How even a division is: indices, Lorenz curves, envy, and the distance between two divisions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, told
from evenwatt.core.problem import checked_claims
from evenwatt.core.rule import Array

# Lorenz curves closer than this are equal [share of the total].
SAME_SHARE = 1e-9
# Every group of members is a term of the volume; above this it takes minutes.
MOST_MEMBERS = 16


def gini(values: npt.ArrayLike) -> Array:
    """Gini index: 0 when all have the same, towards 1 when one member has everything.

    Parameters
    ----------
    values : (..., n)
        What each member has, non-negative [any unit].

    Returns
    -------
    (...)
        The index [-]; 0 where nobody has anything.

    Raises
    ------
    ProblemError
        If a value is negative or not finite; names the row and member.

    Source: Thomson 2019, doi:10.1017/9781139017206; formula with sorted values, Sen 1973.

    Examples
    --------
    >>> float(gini([0, 0, 0, 8]))
    0.75
    """
    held = _amounts(values)
    n = held.shape[-1]
    total = held.sum(axis=-1)
    behind = (np.sort(held, axis=-1) * np.arange(n - 1, -1, -1)).sum(axis=-1)
    return np.where(total > 0, 1 - 1 / n - 2 / n * _share(behind, total), 0.0)[()]


def jain(values: npt.ArrayLike) -> Array:
    """Jain index: 1 when all have the same, 1/n when one member has everything.

    Parameters
    ----------
    values : (..., n)
        Awards or coverages, non-negative [any unit].

    Returns
    -------
    (...)
        ``(sum x)^2 / (n sum x^2)`` [-]; 1 where nobody has anything.

    Raises
    ------
    ProblemError
        If a value is negative or not finite; names the row and member.

    Source: Jain, Chiu & Hawe 1984, DEC-TR-301.

    Examples
    --------
    >>> float(jain([0, 0, 0, 8]))
    0.25
    """
    held = _amounts(values)
    largest = held.max(axis=-1, keepdims=True)
    scaled = _share(held, largest)  # squares of the values themselves may overflow
    squares = held.shape[-1] * (scaled**2).sum(axis=-1)
    return np.where(squares > 0, _share(scaled.sum(axis=-1) ** 2, squares), 1.0)[()]


def lorenz(values: npt.ArrayLike) -> tuple[Array, Array]:
    """Lorenz curve: which share of the total the poorest k members hold together.

    Parameters
    ----------
    values : (..., n)
        What each member has, non-negative [any unit].

    Returns
    -------
    population : (n + 1,)
        Share of the members, 0 to 1 [-].
    share : (..., n + 1)
        Share of the total, 0 to 1 [-]; the diagonal where nobody has anything.

    Raises
    ------
    ProblemError
        If a value is negative or not finite; names the row and member.

    Examples
    --------
    >>> lorenz([3, 1])
    (array([0. , 0.5, 1. ]), array([0.  , 0.25, 1.  ]))
    """
    held = _amounts(values)
    population = np.linspace(0.0, 1.0, held.shape[-1] + 1)
    poorest = np.concatenate(
        [np.zeros_like(held[..., :1]), np.cumsum(np.sort(held, axis=-1), axis=-1)], axis=-1
    )
    total = poorest[..., -1:]
    return population, np.where(total > 0, _share(poorest, total), population)


def lorenz_compare(first: npt.ArrayLike, second: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Which of two divisions has the higher Lorenz curve.

    Parameters
    ----------
    first, second : (..., n)
        What each member has under either, non-negative [same unit].

    Returns
    -------
    (...) int64
        2 where the curves are equal to 1e-9 of the total, 1 where the first is nowhere lower, -1 where
        the second is nowhere lower, 0 where they cross.

    Examples
    --------
    >>> int(lorenz_compare([2, 2], [1, 3])), int(lorenz_compare([0.75, 0.25], [0.25, 0.75]))
    (1, 2)
    """
    # Compared without a tolerance, awards that differ by rounding alone would dominate one another.
    ahead = lorenz(first)[1] - lorenz(second)[1]
    above, below = (ahead > SAME_SHARE).any(axis=-1), (ahead < -SAME_SHARE).any(axis=-1)
    return np.select([above & below, above, below], [0, 1, -1], default=2)[()]


def lorenz_dominates(first: npt.ArrayLike, second: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether the first division is more even: its Lorenz curve nowhere lower and somewhere higher.

    Examples
    --------
    >>> bool(lorenz_dominates([2, 2], [1, 3])), bool(lorenz_dominates([1, 3], [3, 1]))
    (True, False)
    """
    return np.asarray(lorenz_compare(first, second) == 1)[()]


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
    won, asked = _pair(awards, claims)
    return np.where(asked > 0, _share(won, asked), 1.0)


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
    won, asked = _pair(awards, claims)
    part, present = coverage(won, asked), asked > 0
    count = present.sum(axis=-1)
    somebody = count > 0
    of_present = np.where(present, part, 0.0)
    summed, squares = of_present.sum(axis=-1), (of_present**2).sum(axis=-1)
    measures = {
        "min": np.where(present, part, np.inf).min(axis=-1, initial=np.inf),
        "mean": _share(summed, count),
        "max": of_present.max(axis=-1, initial=0.0),
        "jain": np.where(squares > 0, _share(summed**2, count * squares), 1.0),
        "total": _share(won.sum(axis=-1), asked.sum(axis=-1)),
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
    won, asked = _pair(awards, claims)
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
    won, asked = _pair(awards, claims)
    best: Array = _share(won, asked).max(axis=-1, keepdims=True, initial=0.0)
    return np.maximum(asked * best - won, 0.0)


def signed_deviation_index(awards: npt.ArrayLike, reference: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """How far a division leans to the large claims, above 0, or the small ones, below, next to another.

    Members stand in order of their claims; the curve plots the cumulative share of ``awards`` against
    that of ``reference``, and the index is twice the area between diagonal and curve, signed.

    Parameters
    ----------
    awards, reference, claims : (..., n)
        A division, the one it is compared with (usually proportional), and the claims [Wh].

    Returns
    -------
    (...)
        The index, -1 to 1 [-].

    Raises
    ------
    ProblemError
        If one of the divisions hands out nothing.

    Source: Mirás Calvo, Núñez Lugilde, Quinteiro Sandomingo & Sánchez-Rodríguez 2023, on deviation
    from proportionality.

    Examples
    --------
    >>> round(float(signed_deviation_index([3, 3, 3, 3], [1.2, 2, 3.6, 5.2], [3, 5, 9, 13])) * 60, 9)
    -17.0
    """
    along, up = _cumulative_shares(awards, reference, claims)
    return np.asarray(1 - (np.diff(along) * (up[..., 1:] + up[..., :-1])).sum(axis=-1))[()]


def deviation_index(awards: npt.ArrayLike, reference: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """How far a division is from another: twice the area between their curve and the diagonal.

    As :func:`signed_deviation_index`, but areas above and below the diagonal add up.

    Returns
    -------
    (...)
        The index, 0 where the shares are the same [-].

    Examples
    --------
    >>> float(deviation_index([2, 4, 2], [2, 2, 4], [1, 2, 3]))
    0.1875
    """
    along, up = _cumulative_shares(awards, reference, claims)
    above = up - along
    left, right = above[..., :-1], above[..., 1:]
    heights = np.abs(left) + np.abs(right)
    # A step that crosses the diagonal leaves two triangles.
    area = np.where(left * right < 0, _share(left**2 + right**2, heights), heights)
    return np.asarray((np.diff(along) * area).sum(axis=-1))[()]


def volume(endowment: float, claims: npt.ArrayLike) -> float:
    """Volume of the set of all divisions ``0 <= x <= claims`` of the endowment: the room a rule has.

    Parameters
    ----------
    endowment : float
        What there is to share [Wh].
    claims : (n,)
        What each member asks for, at most 16 members [Wh].

    Returns
    -------
    float
        Volume in n - 1 dimensions [Wh^(n-1)]; 0 where a claim is null.

    Raises
    ------
    ProblemError
        If there are more than 16 members, or a claim is negative or not finite.

    Source: Mirás Calvo, Quinteiro Sandomingo & Sánchez-Rodríguez 2022, inclusion and exclusion.

    Examples
    --------
    >>> round(volume(12, [3, 5, 9, 13]), 9)
    231.0
    """
    held, asked = checked_claims(endowment, claims)
    if asked.ndim != 1 or not 1 <= len(asked) <= MOST_MEMBERS:
        raise ProblemError(f"volume: claims {asked.shape} must be one row of 1 to {MOST_MEMBERS} members")
    if (asked == 0).any() or held > asked.sum():
        return 0.0
    n = len(asked)
    # Floats are exact fractions; in floats the alternating sum would lose all digits near 12 members.
    terms = [(Fraction(float(held)), 1)]
    for claim in asked.tolist():
        terms += [(left - Fraction(claim), -sign) for left, sign in terms if left > Fraction(claim)]
    summed = sum(sign * left ** (n - 1) for left, sign in terms)
    return math.sqrt(n) * float(summed / math.factorial(n - 1))


def _cumulative_shares(
    awards: npt.ArrayLike, reference: npt.ArrayLike, claims: npt.ArrayLike
) -> tuple[Array, Array]:
    """Cumulative shares of the reference (along) and the awards (up), members by claim, from 0."""
    won, kept, asked = np.broadcast_arrays(_amounts(awards), _amounts(reference), _amounts(claims))
    order = np.argsort(asked, axis=-1, kind="stable")
    curves = []
    for name, values in (("reference", kept), ("awards", won)):
        total = values.sum(axis=-1, keepdims=True)
        if (total == 0).any():
            row = tuple(np.argwhere(total[..., 0] == 0)[0].tolist())
            place = f"row {', '.join(map(str, row))}: " if row else ""
            raise ProblemError(f"deviation index: {place}{name} sum to 0, so they have no shares")
        cumulated = np.cumsum(np.take_along_axis(values, order, axis=-1), axis=-1) / total
        curves.append(np.concatenate([np.zeros_like(cumulated[..., :1]), cumulated], axis=-1))
    return curves[0], curves[1]


def _share(part: Array, whole: npt.NDArray[np.number]) -> Array:
    shape = np.broadcast_shapes(np.shape(part), np.shape(whole))
    defined = np.broadcast_to(np.asarray(whole) > 0, shape)
    divided: Array = np.divide(part, whole, out=np.zeros(shape), where=defined)
    return divided


def _pair(awards: npt.ArrayLike, claims: npt.ArrayLike) -> tuple[Array, Array]:
    won, asked = np.broadcast_arrays(_amounts(awards), _amounts(claims))
    return won, asked


def _amounts(values: npt.ArrayLike) -> Array:
    """Check that amounts are finite, not negative, and have a member axis with somebody on it."""
    held = np.asarray(values, dtype=np.float64)
    if held.ndim == 0 or held.shape[-1] == 0:
        raise ProblemError(f"amounts {held.shape} need a member axis with at least one member")
    if held.size and not (held.min() >= 0 and held.max() < np.inf):
        bad = np.argwhere(~((held >= 0) & np.isfinite(held))).tolist()
        faults = [f"{held[tuple(place)]} at {tuple(place)} is negative or not finite" for place in bad]
        raise ProblemError(told("amounts", faults))
    return held
