"""When does a member arrive: quadrature of Owen's integral over the time of arrival."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

DENSITY = 6  # nodes per root of n; error to 5e-13 of the largest value, n = 150 to 2,000, kinks anywhere


@cache
def angles(count: int) -> tuple[Array, Array]:
    """Gauss-Legendre in theta for t = sin(theta)^2, (count,) times in (0, 1) and their weights.

    With many members the integrand bends within about 1/sqrt(n) of some theta, wherever that is, so the nodes
    needed grow with the root of n.
    """
    roots, weights = np.polynomial.legendre.leggauss(count)
    angle = (roots + 1) * np.pi / 4
    return np.sin(angle) ** 2, weights * np.pi / 4 * np.sin(2 * angle)


@cache
def arrival_times(members: int) -> tuple[Array, Array]:
    """Nodes t up to 1/2 and the weights of their pairs (t, 1 - t).

    The integrand is a polynomial of degree n - 1 in t, so ceil(n/2) Gauss-Legendre nodes are exact; where
    fewer do, those of :func:`angles` are taken.

    Examples
    --------
    >>> times, weights = arrival_times(3)
    >>> times.round(4), float(weights.sum())
    (array([0.2113]), 1.0)
    """
    times, weights = every_time(members)
    kept = times <= 0.5 + 1e-12
    weights = np.where(np.abs(times - 0.5) < 1e-12, weights, 2 * weights)
    return np.minimum(times[kept], 0.5), weights[kept]


@cache
def every_time(members: int) -> tuple[Array, Array]:
    """The same nodes over all of (0, 1), ascending, with their own weights."""
    exact, enough = max(1, -(-members // 2)), int(DENSITY * members**0.5) + 1
    if exact > enough:
        return angles(enough)
    roots, weights = np.polynomial.legendre.leggauss(exact)
    return (roots + 1) / 2, weights / 2
