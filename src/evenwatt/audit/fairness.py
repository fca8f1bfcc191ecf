"""How even a division is: indices, Lorenz curves, and the distance between two divisions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.audit.amounts import amounts, share
from evenwatt.core.errors import ProblemError
from evenwatt.core.rule import Array

# Lorenz curves closer than this are equal [share of the total].
SAME_SHARE = 1e-9


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
    held = amounts(values)
    n = held.shape[-1]
    total = held.sum(axis=-1)
    behind = (np.sort(held, axis=-1) * np.arange(n - 1, -1, -1)).sum(axis=-1)
    return np.where(total > 0, 1 - 1 / n - 2 / n * share(behind, total), 0.0)[()]


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
    held = amounts(values)
    largest = held.max(axis=-1, keepdims=True)
    scaled = share(held, largest)  # squares of the values themselves may overflow
    squares = held.shape[-1] * (scaled**2).sum(axis=-1)
    return np.where(squares > 0, share(scaled.sum(axis=-1) ** 2, squares), 1.0)[()]


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
    held = amounts(values)
    population = np.linspace(0.0, 1.0, held.shape[-1] + 1)
    poorest = np.concatenate(
        [np.zeros_like(held[..., :1]), np.cumsum(np.sort(held, axis=-1), axis=-1)], axis=-1
    )
    total = poorest[..., -1:]
    return population, np.where(total > 0, share(poorest, total), population)


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
    area = np.where(left * right < 0, share(left**2 + right**2, heights), heights)
    return np.asarray((np.diff(along) * area).sum(axis=-1))[()]


def _cumulative_shares(
    awards: npt.ArrayLike, reference: npt.ArrayLike, claims: npt.ArrayLike
) -> tuple[Array, Array]:
    """Cumulative shares of the reference (along) and the awards (up), members by claim, from 0."""
    won, kept, asked = np.broadcast_arrays(amounts(awards), amounts(reference), amounts(claims))
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
