"""Where to begin: by demand, in equal parts, or from the keys of a relaxed problem."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.sharing import grid
from evenwatt.sharing.problem import GRID
from evenwatt.sharing.search.state import State

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def proportional(
    supply: npt.ArrayLike, demand: npt.ArrayLike, *, links: npt.ArrayLike | None = None, max_links: int = 5
) -> State:
    """Keys in proportion to the demand of the period, each consumer with the producers least asked for.

    Parameters
    ----------
    supply : (T, I)
        Surplus fed in [Wh].
    demand : (T, J)
        Demand left after own use [Wh].
    links : (I, J) bool, optional
        Pairs that may share; by default all.
    max_links : int
        Producers a consumer may have at most.

    Examples
    --------
    >>> start = proportional(np.array([[400, 100]]), np.array([[100, 300]]), max_links=1)
    >>> start.keys(2)
    array([[    0, 10000],
           [10000,     0]])
    """
    linked = spread_links(supply, demand, links=links, max_links=max_links)
    return from_weights(
        supply, linked * np.asarray(demand, dtype=np.float64).sum(axis=0), max_links=max_links
    )


def equal(
    supply: npt.ArrayLike, demand: npt.ArrayLike, *, links: npt.ArrayLike | None = None, max_links: int = 5
) -> State:
    """The same links, and of every producer the same key for each of its consumers."""
    linked = spread_links(supply, demand, links=links, max_links=max_links)
    return from_weights(supply, linked.astype(np.float64), max_links=max_links)


def spread_links(
    supply: npt.ArrayLike, demand: npt.ArrayLike, *, links: npt.ArrayLike | None = None, max_links: int = 5
) -> Flags:
    """Links (I, J) that ask of every producer about as much as it has, the largest consumers linked first."""
    given = np.asarray(supply, dtype=np.float64).sum(axis=0)
    asked = np.asarray(demand, dtype=np.float64).sum(axis=0)
    allowed = np.ones((given.size, asked.size), np.bool_) if links is None else np.asarray(links, np.bool_)
    linked = np.zeros_like(allowed)
    load = np.zeros(given.size)
    for j in np.argsort(-asked, kind="stable"):
        may = np.flatnonzero(allowed[:, j] & (given > 0))
        most = may[np.argsort(load[may] / given[may], kind="stable")][:max_links]
        linked[most, j] = True
        load[most] += asked[j] / max(1, most.size) + 1e-9 * (1 + asked.sum())
    return linked


def from_weights(
    supply: npt.ArrayLike, weights: npt.ArrayLike, *, max_links: int = 5, budget: npt.ArrayLike | None = None
) -> State:
    """Keys on the grid from weights of any scale, each consumer with the producers that mean most to it.

    Parameters
    ----------
    supply : (T, I)
        Surplus fed in [Wh]; a producer means to a consumer its weight times this.
    weights : (I, J)
        Non-negative, such as certified keys; of each producer only their proportion counts.
    max_links : int
        Producers a consumer may have at most.
    budget : (I,), optional
        What each producer's keys sum to, as a fraction; by default all of it.

    Raises
    ------
    ProblemError
        If a weight is negative or not finite.

    Examples
    --------
    >>> start = from_weights(np.array([[400, 100]]), [[0.5, 0.25], [0.1, 0.8]], max_links=2)
    >>> start.order, start.share
    (array([[0, 1],
           [0, 1]]), array([[6667, 1111],
           [3333, 8889]]))
    """
    given = np.asarray(supply, dtype=np.float64).sum(axis=0)
    wanted = np.asarray(weights, dtype=np.float64)
    if not np.isfinite(wanted).all() or (wanted < 0).any():
        raise ProblemError("weights: expected finite numbers of 0 or more")
    producers, consumers = wanted.shape
    width = min(max_links, producers)
    meaning = wanted * np.maximum(given, 1e-9)[:, None]
    order = np.argsort(-meaning, axis=0, kind="stable")[:width].T
    has = np.take_along_axis(meaning.T, order, axis=1) > 0
    order = np.where(has, order, -1)
    kept = np.zeros_like(wanted)
    consumer, place = np.nonzero(has)
    kept[order[consumer, place], consumer] = wanted[order[consumer, place], consumer]
    full = np.ones(producers) if budget is None else np.asarray(budget, dtype=np.float64)
    keys = grid.proportional(kept, np.floor(GRID * np.minimum(full, 1.0) + 1e-6))
    share = np.where(has, keys[np.maximum(order, 0), np.arange(consumers)[:, None]], 0)
    return State(np.ascontiguousarray(order), np.ascontiguousarray(share))
