"""The rounds rule: who gets what from which producer, by keys and priorities, to the last watt-hour."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ConservationError, ProblemError, gather
from evenwatt.sharing.flows import Flows
from evenwatt.sharing.participation import Offered, offered
from evenwatt.sharing.problem import GRID, Agreement, agreement, apart, whole_wh

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

ENDLESS = 1 << 40  # rounds; a round that moves nothing ends them long before


class KeyWarning(UserWarning):
    """Keys do not do what their sum seems to say."""


class Allocation(NamedTuple):
    """Who got what, conserved to the watt-hour.

    Attributes
    ----------
    flows : Flows
        Energy over each link [Wh].
    shared : (T, J) int64
        What each consumer got [Wh].
    unused : (T, I) int64
        What each producer did not give: it goes to the grid [Wh].
    unmet : (T, J) int64
        What each consumer still draws from the grid [Wh].
    """

    flows: Flows
    shared: Whole
    unused: Whole
    unmet: Whole


def allocate(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    keys: npt.ArrayLike,
    priority: npt.ArrayLike,
    *,
    rounds: int | None = 5,
    quantum: int = 10,
    max_links: int | None = 5,
    owner_supply: npt.ArrayLike | None = None,
    owner_demand: npt.ArrayLike | None = None,
    injecting_may_receive: bool = True,
    participation: object = None,
    reserve: npt.ArrayLike = 0,
) -> Allocation:
    """Share surplus by keys and priorities, round after round, floored to ``quantum``.

    In each round every consumer asks its producers in order of priority; from each it takes the smaller of
    what it still wants and its key times what that producer had left when the round began, rounded down.

    Parameters
    ----------
    supply : (T, I)
        Surplus fed in [Wh], whole.
    demand : (T, J)
        Demand left after own use [Wh], whole.
    keys : (I, J) or (T, I, J)
        Whole numbers of 1/10,000; of each producer at most 10,000 together. Floats off that grid are refused.
    priority : (I, J)
        Whole numbers, the larger first; 0 = no link.
    rounds : int, optional
        None goes on until a round moves nothing.
    quantum : int
        Every share is rounded down to a multiple of this [Wh].
    max_links : int, optional
        Producers a consumer may have at most; None for any number.
    owner_supply, owner_demand : (I,), (J,), optional
        Who is the same person: nobody gives to itself.
    injecting_may_receive : bool
        False where a member that injects in an interval cannot receive in it; needs the owners.
    participation : optional
        Part of each meter that takes part, at most six decimals: one number, or a pair for producers and
        consumers, each one number, (members,) or (T, members). Energy that takes part is floored to whole Wh.
    reserve : (), (I,) or (T, I)
        Withheld from the supply before round one [Wh], whole.

    Returns
    -------
    Allocation
        ``flows, shared, unused, unmet``; what was withheld or did not take part counts as unused or unmet.

    Raises
    ------
    ProblemError
        Naming every fault of an argument.

    Examples
    --------
    Twelve kWh for three consumers; the third wants most but holds the smallest key:

    >>> given = allocate([[12_000]], [[4_000, 5_000, 6_000]], [[5000, 3000, 2000]], [[1, 1, 1]])
    >>> given.shared, given.unused
    (array([[4000, 4720, 3150]]), array([[130]]))

    Source: decree 408/2015 Sb. (Czech Republic), annex 25.
    """
    _check_rule(rounds, quantum)
    held, energy = _group(
        supply, demand, keys, priority, max_links, (owner_supply, owner_demand), injecting_may_receive,
        participation, reserve,
    )  # fmt: skip
    if rounds is None or rounds > 1:
        _warn_of_sums(held)
    return allocate_among(energy, held, rounds, int(quantum))


def allocate_among(energy: Offered, held: Agreement, rounds: int | None, quantum: int) -> Allocation:
    """The rounds rule on what was checked before; see :func:`allocate`."""
    from evenwatt.sharing._rounds_kernels import shared_flows

    wh = np.zeros((len(energy.supply), len(held.links)), dtype=np.int64)
    share = held.share
    shared_flows(
        energy.supply_in, energy.demand_in, held.order, share if share.ndim == 3 else share[None],
        _columns(held.order), ENDLESS if rounds is None else rounds, quantum, wh,
    )  # fmt: skip
    return conserved(held.links, wh, energy.supply, energy.demand)


def allocate_exact(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    keys: npt.ArrayLike,
    priority: npt.ArrayLike,
    *,
    rounds: int | None = None,
    max_links: int | None = 5,
    owner_supply: npt.ArrayLike | None = None,
    owner_demand: npt.ArrayLike | None = None,
    injecting_may_receive: bool = True,
    participation: object = None,
    reserve: npt.ArrayLike = 0,
) -> Allocation:
    """Share without the floor, in exact proportions, and round to whole Wh once, at the end.

    Parameters
    ----------
    supply, demand, keys, priority, max_links, owner_supply, owner_demand, injecting_may_receive, participation, reserve
        As in :func:`allocate`.
    rounds : int, optional
        None goes on until less than 1e-9 of the interval's supply moves.

    Returns
    -------
    Allocation
        Every flow, and what is unused and unmet, lies within one Wh of its exact value.

    Examples
    --------
    With one producer and endless rounds the keys are the weights of constrained equal awards:

    >>> allocate_exact([[12_000]], [[4_000, 5_000, 6_000]], [[5000, 3000, 2000]], [[1, 1, 1]]).shared
    array([[4000, 4800, 3200]])

    Source: decree 408/2015 Sb., annex 25, without its rounding; O'Neill 1982,
    doi:10.1016/0165-4896(82)90029-4, for the claims problem.
    """
    _check_rule(rounds, 1)
    held, energy = _group(
        supply, demand, keys, priority, max_links, (owner_supply, owner_demand), injecting_may_receive,
        participation, reserve,
    )  # fmt: skip
    flows = exact_flows(energy.supply_in, energy.demand_in, held, rounds)
    whole = rounded(flows, held.links, energy.supply_in, energy.demand_in)
    return conserved(held.links, whole, energy.supply, energy.demand)


def exact_flows(supply: Whole, demand: Whole, held: Agreement, rounds: int | None = None) -> Array:
    """The rule without floor, before rounding: (T, L) float over ``held.links`` [Wh]."""
    from evenwatt.sharing import _rounds_kernels as kernels

    flows = np.zeros((len(supply), len(held.links)))
    share = held.share / GRID
    kernels.exact_flows(
        supply.astype(np.float64), demand.astype(np.float64), held.order,
        share if share.ndim == 3 else share[None], _columns(held.order),
        ENDLESS if rounds is None else rounds, flows,
    )  # fmt: skip
    return flows


def rounded(flows: Array, links: Whole, supply: Whole, demand: Whole) -> Whole:
    """Round flows to whole Wh so that nobody gives or gets a Wh that is not there, (T, L) int64.

    A table of producers by consumers with what stays behind in a last row and column, and the total in the
    corner, has whole margins; so it has a rounding in which every cell moves by less than one.
    """
    from evenwatt.engine.tables import rounded_table

    whole = np.zeros(flows.shape, dtype=np.int64)
    for t in np.flatnonzero(flows.any(axis=1)):
        table = np.zeros((supply.shape[1] + 1, demand.shape[1] + 1))
        table[links[:, 0], links[:, 1]] = flows[t]
        table[:-1, -1] = supply[t] - table[:-1].sum(axis=1)
        table[-1, :-1] = demand[t] - table[:-1, :-1].sum(axis=0)
        table[-1, -1] = flows[t].sum()
        np.maximum(table, 0.0, out=table)
        rows, columns = np.append(supply[t], demand[t].sum()), np.append(demand[t], supply[t].sum())
        whole[t] = rounded_table(table, rows, columns)[links[:, 0], links[:, 1]]
    return whole


def conserved(links: Whole, wh: Whole, supply: Whole, demand: Whole) -> Allocation:
    """Make an allocation of flows, or raise: nothing may be given or received that was not there.

    Raises
    ------
    ConservationError
        Naming the interval.
    """
    flows = Flows(links, wh, supply.shape[1], demand.shape[1])
    shared = flows.by_consumer()
    unused, unmet = supply - flows.by_producer(), demand - shared
    for name, left in (("given", unused), ("received", unmet)):
        if left.size and left.min() < 0:
            t, member = (int(k) for k in np.argwhere(left < 0)[0])
            raise ConservationError(f"interval {t}, member {member}: {-left[t, member]} Wh {name} too much")
    return Allocation(flows, shared, unused, unmet)


def _group(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    keys: npt.ArrayLike,
    priority: npt.ArrayLike,
    most: int | None,
    owners: tuple[object, object],
    injecting_may_receive: bool,
    participation: object,
    reserve: npt.ArrayLike,
) -> tuple[Agreement, Offered]:
    """Check everything that both rules take."""
    given, wanted = whole_wh(supply, "supply"), whole_wh(demand, "demand")
    if len(given) != len(wanted):
        raise ProblemError(f"supply has {len(given)} intervals, demand {len(wanted)}; expected as many")
    expected = (given.shape[1], wanted.shape[1])
    if np.shape(priority) != expected:
        raise ProblemError(
            f"priority: shape {np.shape(priority)}, expected {expected} as supply and demand say"
        )
    same = apart(*owners, *expected)
    if not injecting_may_receive and owners[0] is None:
        raise ProblemError("injecting_may_receive=False needs owner_supply and owner_demand: who injects?")
    held = agreement(keys, priority, most=most, apart=same, intervals=len(given))
    barred = None if injecting_may_receive else same
    return held, offered(given, wanted, participation, reserve, barred)


def _columns(order: Whole) -> Whole:
    """Number of each link beside ``order``; counted as ``Agreement.links`` does."""
    linked = order >= 0
    column = np.cumsum(linked.ravel()).reshape(order.shape) - 1
    return np.where(linked, column, 0).astype(np.int64)


def _check_rule(rounds: int | None, quantum: int) -> None:
    with gather("rule", ProblemError) as faults:
        for name, value in (("rounds", rounds), ("quantum", quantum)):
            if value is not None and (value != int(value) or value < 1):
                faults.append(f"{name}: {value}; expected a whole number, at least 1")


def _warn_of_sums(held: Agreement) -> None:
    """Keys below one are no reserve where there are several rounds: the rest is offered again."""
    sums = held.keys.sum(axis=-1)
    # What rounding keys down leaves, one unit a consumer, is nobody's intention.
    short = (sums > 0) & (sums < GRID - held.keys.shape[-1])
    low = np.flatnonzero(short if short.ndim == 1 else short.any(axis=0))
    if low.size:
        named = ", ".join(str(i) for i in low[:10].tolist()) + (" ..." if low.size > 10 else "")
        warnings.warn(
            f"keys of producer {named} sum to less than 10000, but in several rounds the rest is offered "
            "again; to keep some supply for sale use reserve=",
            KeyWarning,
            stacklevel=3,
        )
