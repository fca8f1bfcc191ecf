"""What fairness costs: the energy that is shared against how evenly it covers members, alpha by alpha."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.certificate.task import allowed, energies
from evenwatt.sharing.keys import Certified, certified
from evenwatt.sharing.objectives import Coverage
from evenwatt.sharing.watch import Progress

Array = npt.NDArray[np.float64]

ALPHAS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, np.inf)


@dataclass(frozen=True, eq=False)
class Point:
    """Keys for one aversion to inequality.

    Attributes
    ----------
    alpha : float
        0 counts energy only, infinity the least coverage only.
    weights : (I, J)
    shared : float
        One round without floor [Wh].
    coverage : (J,)
        Part of each member's demand that is shared, over all intervals; 0 where it has none.
    worst, gini : float
        Least coverage, and the Gini index of coverages, both of the members that anybody can give to.
    gap : float
        By how much the objective of this alpha may fall short yet, as a fraction.
    """

    alpha: float
    weights: Array
    shared: float
    coverage: Array
    worst: float
    gini: float
    gap: float


def front(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    *,
    alphas: Iterable[float] = ALPHAS,
    links: npt.ArrayLike | None = None,
    tolerance: float = 1e-3,
    time_limit: float | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = perf_counter,
) -> tuple[Point, ...]:
    """Certified keys for several aversions to inequality, from efficient to fair.

    Members count by their demand at every alpha, so that the points are steps of one family: a kWh of demand
    counts the same, whoever's it is.

    Parameters
    ----------
    supply : (T, I)
        [Wh]
    demand : (T, J)
        [Wh]
    alphas : numbers from 0 to 8, or infinity
        As for :class:`Coverage`.
    links : (I, J) bool, optional
        Pairs that may share; all by default.
    tolerance, time_limit
        Of every point, as for :func:`certified`.
    progress : callable, optional
        Told points done, how many there are, and what goes on.
    clock : callable
        Seconds.

    Examples
    --------
    Whoever draws in the evening too can use more of a key, so the efficient keys favour it:

    >>> supply, demand = [[6], [2]], [[6, 4], [0, 4]]
    >>> for point in front(supply, demand, alphas=(0.0, float("inf")), tolerance=1e-6):
    ...     print(point.alpha, round(point.shared, 3), point.coverage.round(3))
    0.0 7.333 [0.333 0.667]
    inf 7.0 [0.5 0.5]
    """
    offered, wanted = energies(supply, demand)
    free = allowed(links, offered.shape[1], wanted.shape[1])
    chosen = tuple(alphas)
    points: list[Point] = []
    for done, alpha in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen), f"alpha {alpha:g}")
        found = certified(
            offered,
            wanted,
            links=free,
            objective=_objective(alpha, wanted.sum(axis=0)),
            tolerance=tolerance,
            time_limit=time_limit,
            clock=clock,
        )
        points.append(_point(alpha, found, offered, wanted, free))
    return tuple(points)


def gini(values: Array) -> float:
    """Mean difference of all pairs over twice the mean; 0 for equal values, or none.

    Examples
    --------
    >>> gini(np.array([0.0, 0.0, 3.0])), gini(np.array([2.0, 2.0]))
    (0.6666666666666666, 0.0)
    """
    total = float(values.sum())
    if total <= 0:
        return 0.0
    ordered = np.sort(values)
    place = 2 * np.arange(1, len(values) + 1) - len(values) - 1
    return float(place @ ordered) / (len(values) * total)


def _objective(alpha: float, demand: Array) -> Coverage:
    # A member without demand is left aside whatever it counts.
    weights = np.where(demand > 0, demand, 1.0) / max(float(demand.mean()), 1.0)
    return Coverage(alpha) if alpha == np.inf else Coverage(alpha, weights)


def _point(
    alpha: float, found: Certified, supply: Array, demand: Array, links: npt.NDArray[np.bool_]
) -> Point:
    got = np.minimum(demand, supply @ found.weights).sum(axis=0)
    total = demand.sum(axis=0)
    coverage = np.divide(got, total, out=np.zeros_like(got), where=total > 0)
    reached = (np.minimum(demand, supply @ links)).sum(axis=0) > 0
    of_these = coverage[reached]
    return Point(
        alpha,
        found.weights,
        found.shared,
        coverage,
        float(of_these.min(initial=1.0)) if of_these.size else 0.0,
        gini(of_these),
        found.gap,
    )
