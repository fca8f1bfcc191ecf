"""Keys for each quarter-hour: as much as the links let through, and a fair division of it.

Where keys may follow every interval (France and Portugal take coefficients after the fact), the most that can be
shared is a maximum flow from producers over links to consumers. Many divisions reach it. Which totals consumers can
have together is a polymatroid: no set of consumers more than the supply of all its producers. A claims rule is
carried into it by bottlenecks: the rule divides the maximum flow by demand; if some consumers are promised more than
all their producers have, those with the largest excess (of equal ones the smallest set) take all that their
producers have and divide it by the rule among themselves, the others divide the rest, and so on. With all links this
is the rule itself; constrained equal awards become the lexicographically largest of all feasible awards, the
proportional rule that of all feasible coverages. Producers divide what is sold in the same way; awards and sales
that two maximum flows reach, one flow reaches together.

Source: Fujishige 1980, doi:10.1287/moor.5.2.186 (decomposition); Moulin & Sethuraman 2013, The bipartite rationing
problem, Operations Research 61 (claims rules on a network).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.sharing.flows import Flows, all_pairs
from evenwatt.sharing.problem import whole_wh

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Divide = Callable[[Array, Array], Any]
Net = tuple[Whole, ...]

MICRO = 1_000_000  # parts of a Wh in which targets are tried: whole, so that the test is exact


def best_flows(supply: npt.ArrayLike, demand: npt.ArrayLike, *, links: npt.ArrayLike | None = None) -> Whole:
    """The most that can be shared in every interval on the links: the maximum flow.

    Parameters
    ----------
    supply : (T, I)
        Whole Wh.
    demand : (T, J)
        Whole Wh.
    links : (I, J) bool, optional
        Pairs that may share; all by default, and then it is the smaller of the two sums.

    Returns
    -------
    (T,) int64
        [Wh]

    Raises
    ------
    ProblemError
        Naming every fault of energies and links.

    Examples
    --------
    The first two consumers share a producer of 3 Wh, the third has one of 2 Wh to itself:

    >>> best_flows([[3, 2]], [[2, 2, 2]], links=[[True, True, False], [False, False, True]])
    array([5])
    """
    given, wanted, linked = checked(supply, demand, links)
    if linked.all():
        return np.asarray(np.minimum(given.sum(axis=1), wanted.sum(axis=1)))
    return _totals(given, wanted, _net(linked))


def fair_awards(
    supply: npt.ArrayLike, demand: npt.ArrayLike, divide: Divide, *, links: npt.ArrayLike | None = None
) -> Array:
    """What each consumer gets of the maximum flow when a claims rule divides it, before rounding.

    Parameters
    ----------
    supply : (T, I)
        Whole Wh.
    demand : (T, J)
        Whole Wh.
    divide : callable
        A claims rule: takes endowments (P,) and claims (P, J), at least as large in sum, and gives awards (P, J). It
        must give nothing for no claim.
    links : (I, J) bool, optional
        Pairs that may share; all by default.

    Returns
    -------
    (T, J)
        Every row sums to the maximum flow [Wh].

    Raises
    ------
    ProblemError
        Naming every fault of energies and links, and a rule that does not divide what it is given.

    Examples
    --------
    In proportion to demand, the first two consumers should get 1.67 Wh each, but have only 3 Wh between them:

    >>> def proportional(endowment, claims):
    ...     return claims * (endowment / np.maximum(1, claims.sum(axis=1)))[:, None]
    >>> fair_awards([[3, 2]], [[2, 2, 2]], proportional, links=[[True, True, False], [False, False, True]])
    array([[1.5, 1.5, 2. ]])
    """
    given, wanted, linked = checked(supply, demand, links)
    return _awards(given, wanted, divide, linked)


def fair_flows(
    supply: npt.ArrayLike, demand: npt.ArrayLike, divide: Divide, *, links: npt.ArrayLike | None = None
) -> Flows:
    """The maximum flow of every interval, divided by a claims rule among consumers and among producers.

    Sums of consumers and producers are those of the rule (see the module) to the whole Wh, largest remainder first;
    pairs are then as proportional to both as the links allow.

    Parameters
    ----------
    supply, demand, divide, links
        As for :func:`fair_awards`.

    Returns
    -------
    Flows
        Summing to ``best_flows`` in every interval; one link for every allowed pair.

    Raises
    ------
    ProblemError
        As for :func:`fair_awards`.

    Examples
    --------
    >>> def proportional(endowment, claims):
    ...     return claims * (endowment / np.maximum(1, claims.sum(axis=1)))[:, None]
    >>> fair_flows([[30, 10]], [[20, 40]], proportional).dense()
    array([[[10, 20],
            [ 3,  7]]])
    """
    from evenwatt.sharing._interval_kernels import pair_rows

    given, wanted, linked = checked(supply, demand, links)
    got = _whole(given, wanted, _awards(given, wanted, divide, linked), linked)
    gave = _whole(wanted, given, _awards(wanted, given, divide, linked.T), linked.T)
    pairs = all_pairs(linked)
    wh = np.zeros((len(given), len(pairs)), dtype=np.int64)
    pair_rows(gave, got, _net(linked), wh)
    return Flows(pairs, wh, *linked.shape)


def coefficients(flows: Flows, supply: npt.ArrayLike) -> Array:
    """Part of its producer's supply that went over each link, as it is filed after the fact.

    Parameters
    ----------
    flows : Flows
    supply : (T, I)
        Whole Wh.

    Returns
    -------
    (T, L)
        Fractions from 0 to 1; 0 where there was no supply.

    Raises
    ------
    ProblemError
        If supply does not fit the flows, or a producer gave more than it had.

    Examples
    --------
    >>> flows = Flows(np.array([[0, 0], [0, 1]]), np.array([[30, 10]]), producers=1, consumers=2)
    >>> coefficients(flows, [[80]])
    array([[0.375, 0.125]])
    """
    given = whole_wh(supply, "supply", flows.producers)
    if len(given) != flows.intervals:
        raise ProblemError(f"supply: {len(given)} intervals; expected {flows.intervals} as the flows have")
    over = np.argwhere(flows.by_producer() > given)
    if over.size:
        t, i = (int(k) for k in over[0])
        raise ProblemError(
            f"flows: interval {t}: producer {i} gave {flows.by_producer()[t, i]} of {given[t, i]} Wh"
        )
    return np.asarray(flows.wh / np.maximum(given, 1)[:, flows.links[:, 0]])


def _awards(supply: Whole, demand: Whole, divide: Divide, linked: Flags) -> Array:
    """Divide by bottlenecks, all intervals at once: each turn settles some and splits the rest in two."""
    from evenwatt.sharing._interval_kernels import short_rows

    net, consumers = _net(linked), demand.shape[1]
    awards = np.zeros(demand.shape)
    row = np.arange(len(supply))
    endowment = best_flows(supply, demand, links=linked)
    while row.size and consumers:
        target = _divided(divide, endowment, demand)
        short = np.zeros(demand.shape, dtype=np.bool_)
        givers = np.zeros(supply.shape, dtype=np.bool_)
        promised = np.round(target * MICRO).astype(np.int64)
        short_rows(supply * MICRO, promised, net, 2 * (consumers + 1), short, givers)
        settled = ~short.any(axis=1) | (short | (demand == 0)).all(axis=1)
        np.add.at(awards, row[settled], target[settled])
        row, supply, demand, endowment = (held[~settled] for held in (row, supply, demand, endowment))
        short, givers = short[~settled], givers[~settled]
        own = np.where(givers, supply, 0)
        row = np.concatenate([row, row])
        endowment = np.concatenate([own.sum(axis=1), endowment - own.sum(axis=1)])
        supply = np.concatenate([own, np.where(givers, 0, supply)])
        demand = np.concatenate([np.where(short, demand, 0), np.where(short, 0, demand)])
    return awards


def _divided(divide: Divide, endowment: Whole, claims: Whole) -> Array:
    awards = np.asarray(divide(endowment.astype(np.float64), claims.astype(np.float64)), dtype=np.float64)
    with gather("divide", ProblemError) as faults:
        if awards.shape != claims.shape:
            faults.append(f"awards of shape {awards.shape}, expected {claims.shape}")
        else:
            noise = 1e-9 * (1 + claims.sum(axis=1))
            wrong = np.abs(awards.sum(axis=1) - endowment) > noise
            wrong |= ~((awards >= -noise[:, None]) & (awards <= claims + noise[:, None])).all(axis=1)
            for p in np.flatnonzero(wrong)[:20]:
                faults.append(
                    f"awards {awards[p].tolist()} of {endowment[p]} Wh for claims {claims[p].tolist()}; "
                    "expected them between 0 and the claims, summing to the endowment"
                )
    return np.clip(awards, 0.0, claims)


def _whole(supply: Whole, demand: Whole, awards: Array, linked: Flags) -> Whole:
    from evenwatt.sharing._interval_kernels import whole_rows

    whole = np.zeros(demand.shape, dtype=np.int64)
    whole_rows(supply, demand, awards, best_flows(supply, demand, links=linked), _net(linked), whole)
    return whole


def _totals(supply: Whole, demand: Whole, net: Net) -> Whole:
    from evenwatt.sharing._interval_kernels import total_rows

    total = np.zeros(len(supply), dtype=np.int64)
    total_rows(supply, demand, net, total)
    return total


def _net(linked: Flags) -> Net:
    """Links of each consumer, one after the other, and which of them are a producer's."""
    pairs = all_pairs(linked)
    first = np.concatenate([[0], np.cumsum(linked.sum(axis=0))]).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(linked.sum(axis=1))]).astype(np.int64)
    link = np.argsort(pairs[:, 0], kind="stable").astype(np.int64)
    return first, pairs[:, 0].copy(), start, link, pairs[:, 1].copy()


def checked(
    supply: npt.ArrayLike, demand: npt.ArrayLike, links: npt.ArrayLike | None
) -> tuple[Whole, Whole, Flags]:
    """Energies and links, checked; all links where none are named."""
    given, wanted = whole_wh(supply, "supply"), whole_wh(demand, "demand")
    shape = (given.shape[1], wanted.shape[1])
    linked = np.ones(shape, dtype=np.bool_) if links is None else np.asarray(links)
    with gather("problem", ProblemError) as faults:
        if len(given) != len(wanted):
            faults.append(f"supply has {len(given)} intervals and demand {len(wanted)}; expected the same")
        if linked.shape != shape or linked.dtype != np.bool_:
            faults.append(f"links: shape {linked.shape} of {linked.dtype}, expected {shape} booleans")
    return given, wanted, linked
