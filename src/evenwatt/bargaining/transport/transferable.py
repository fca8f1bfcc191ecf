"""The bargain with side payments: energy goes where it is worth most, weights only move money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.outcome import NO_AGREEMENT, NO_GAIN, NOTHING_TO_TRADE, OPTIMAL, Names
from evenwatt.bargaining.transport.polytope import Polytope
from evenwatt.bargaining.transport.problem import Array, TransportBargain
from evenwatt.bargaining.transport.selection import proportional_flows

Flags = npt.NDArray[np.bool_]

SAME = 1e-12  # gains that add up from both ends to this part of the largest are sums [-]
ROUNDING = 1e-9  # a surplus this small against the money at stake is none [-]


@dataclass(frozen=True)
class TransferOutcome:
    """What suppliers and agents agreed on where money may change hands freely.

    Attributes
    ----------
    problem : TransportBargain
        The bargains.
    flows : (..., S, N)
        Worth the most to all together; 0 where there is no agreement [energy].
    surplus : (...)
        What all flows could be worth at most, before disagreement [money].
    utilities : (..., P)
        Disagreement plus a share of the surplus over all disagreement, by weights [money].
    payments : (..., P)
        What each receives besides what its energy gains it; sums to 0 [money].
    capacity_rent, demand_rent, limit_rent : (..., S), (..., N), (..., S, N)
        What one more unit of each would add to the surplus [money per energy].
    certificate : (...)
        Surplus as bounded by the rents less what the flows reach; 0 up to rounding [money].
    status : (...) str
        ``optimal``; ``no_gain``: the surplus is just what disagreement gives; ``no_agreement``: it is less;
        ``nothing_to_trade``. But for the first everybody has its disagreement.
    method : (...) str
        ``merit order``, ``linear programme``, or ``none``.
    """

    problem: TransportBargain
    flows: Array
    surplus: Array
    utilities: Array
    payments: Array
    capacity_rent: Array
    demand_rent: Array
    limit_rent: Array
    certificate: Array
    status: Names
    method: Names


def solve_with_transfers(problem: TransportBargain) -> TransferOutcome:
    """Solve bargains with free side payments: the largest joint gain, split by weights over disagreement.

    Where several flows are worth the most: links that gain nothing stay empty; at the margin, suppliers of
    one cost and agents of one value share in proportion to what they could trade; flows are proportional to
    totals. Where charges or limits ask for the linear programme its totals are taken as they come, and flows
    are those of :func:`proportional_flows` for these totals.

    Parameters
    ----------
    problem : TransportBargain
        The bargains.

    Returns
    -------
    TransferOutcome
        Flows, utilities, payments, and the rents that prove the surplus.

    Source: Nash 1953, doi:10.2307/1906951; Shapley & Shubik 1971, doi:10.1007/BF01753437 (assignment game).

    Examples
    --------
    >>> problem = TransportBargain([10, 6], [8, 12], cost=[40, 60], offer=[70, 80], willingness=[120, 110],
    ...                            charge=[[2, 5], [4, 1]])
    >>> found = solve_with_transfers(problem)
    >>> found.surplus, found.utilities, found.payments
    (array(1048.), array([262., 262., 262., 262.]), array([ -38.,  142., -122.,   18.]))
    """
    flat = problem.flat
    best = _best(flat)
    spare = best.surplus - flat.disagreement.sum(axis=-1)
    at_stake = np.abs(best.surplus) + np.abs(flat.disagreement).sum(axis=-1)
    trades = flat.most.max(axis=(-2, -1), initial=0.0) > 0
    status = np.select(
        [~trades, spare < -ROUNDING * at_stake, spare <= ROUNDING * at_stake],
        [NOTHING_TO_TRADE, NO_AGREEMENT, NO_GAIN],
        default=OPTIMAL,
    )
    agreed = np.isin(status, [OPTIMAL, NO_GAIN])
    flows = np.where(agreed[:, None, None], best.flows, 0.0)
    shares = flat.weights / flat.weights.sum(axis=-1, keepdims=True)
    split = np.where(status == OPTIMAL, spare, 0.0)[:, None]
    utilities = flat.disagreement + shares * split
    payments = np.where(agreed[:, None], utilities - flat.utilities(flows), 0.0)
    method = np.where(trades, best.method, "none")
    return TransferOutcome(
        problem,
        flows.reshape(problem.gain.shape),
        best.surplus.reshape(problem.shape),
        utilities.reshape(problem.weights.shape),
        payments.reshape(problem.weights.shape),
        best.capacity.reshape(problem.capacity.shape),
        best.demand.reshape(problem.demand.shape),
        best.limit.reshape(problem.gain.shape),
        best.gap.reshape(problem.shape),
        status.reshape(problem.shape),
        method.reshape(problem.shape),
    )


class _Best(NamedTuple):
    """The flows worth most to all together, with the rents that prove it."""

    flows: Array
    surplus: Array
    capacity: Array
    demand: Array
    limit: Array
    gap: Array
    method: Names


def _best(problem: TransportBargain) -> _Best:
    count, s, n = problem.gain.shape
    flows, limit = np.zeros((count, s, n)), np.zeros((count, s, n))
    capacity, demand = np.zeros((count, s)), np.zeros((count, n))
    is_ranked = _is_ranked(problem)
    for chosen, solver in ((is_ranked, _by_merit), (~is_ranked, _by_programme)):
        if chosen.any():
            found = solver(problem.rows(chosen))
            for part, values in zip((flows, capacity, demand, limit), found, strict=True):
                part[chosen] = values
    surplus = (problem.joint_gain * flows).sum(axis=(-2, -1))
    gap = _bound(problem, capacity, demand, limit) - surplus
    return _Best(
        flows, surplus, capacity, demand, limit, gap, np.where(is_ranked, "merit order", "linear programme")
    )


def _is_ranked(problem: TransportBargain) -> Flags:
    """Whether each bargain is settled by ranking: one supplier, one agent, or no charge or limit that tells."""
    if 1 in (problem.suppliers, problem.agents):
        return np.ones(problem.gain.shape[0], bool)
    charge = problem.charge
    crossed = charge - charge[:, :1] - charge[:, :, :1] + charge[:, :1, :1]
    largest = np.abs(problem.joint_gain).max(axis=(-2, -1), initial=0.0)
    adds_up = np.abs(crossed).max(axis=(-2, -1), initial=0.0) <= SAME * largest
    ends = np.minimum(problem.capacity[:, :, None], problem.demand[:, None, :])
    return np.asarray(adds_up & (problem.limit >= ends).all(axis=(-2, -1)))


def _by_merit(problem: TransportBargain) -> tuple[Array, Array, Array, Array]:
    """Cheapest suppliers serve the agents to whom energy is worth most, while that gains anything."""
    capacity, demand, charge = problem.capacity, problem.demand, problem.charge
    cost, value = problem.cost, problem.willingness
    if problem.suppliers == 1:
        value, demand = value - charge[:, 0], np.minimum(demand, problem.limit[:, 0])
    elif problem.agents == 1:
        cost, capacity = cost + charge[:, :, 0], np.minimum(capacity, problem.limit[:, :, 0])
    else:
        cost, value = cost + charge[:, :, 0] - charge[:, :1, 0], value - charge[:, 0]
    sold, bought, price = _ranked(cost, capacity, value, demand)
    volume = sold.sum(axis=-1)[:, None, None]
    product = sold[:, :, None] * bought[:, None, :]
    flows = np.divide(product, volume, out=np.zeros_like(product), where=volume > 0)
    own, others = np.maximum(price - cost, 0.0), np.maximum(value - price, 0.0)
    # With one end alone a limit may stand for the other end: then the rent is the limit's.
    by_limit = np.zeros_like(flows)
    if problem.suppliers == 1:
        is_limit = problem.limit[:, 0] < problem.demand
        by_limit[:, 0], others = np.where(is_limit, others, 0.0), np.where(is_limit, 0.0, others)
    elif problem.agents == 1:
        is_limit = problem.limit[:, :, 0] < problem.capacity
        by_limit[:, :, 0], own = np.where(is_limit, own, 0.0), np.where(is_limit, 0.0, own)
    return flows, own, others, by_limit


def _ranked(cost: Array, capacity: Array, value: Array, demand: Array) -> tuple[Array, Array, Array]:
    """Sold (B, S), bought (B, N) and a clearing price (B, 1); ties share by what they could trade."""
    offered = _up_to(cost, capacity, cost, np.less_equal)
    wanted = _up_to(value, demand, cost, np.greater)
    volume = np.minimum(offered, wanted).max(axis=-1, initial=0.0)[:, None]
    sold = _served(capacity, volume - _up_to(cost, capacity, cost, np.less), cost)
    bought = _served(demand, volume - _up_to(value, demand, value, np.greater), value)
    low = np.maximum(
        np.where(sold > 0, cost, -np.inf).max(axis=-1, initial=-np.inf),
        np.where(bought < demand, value, -np.inf).max(axis=-1, initial=-np.inf),
    )
    high = np.minimum(
        np.where(bought > 0, value, np.inf).min(axis=-1, initial=np.inf),
        np.where(sold < capacity, cost, np.inf).min(axis=-1, initial=np.inf),
    )
    low, high = np.where(low > -np.inf, low, high), np.where(high < np.inf, high, low)
    is_priced = np.isfinite(low)  # not where nobody has anything to trade
    price = (np.where(is_priced, low, 0.0) + np.where(is_priced, high, 0.0)) / 2
    return sold, bought, price[:, None]


def _up_to(merit: Array, quantity: Array, at: Array, compare: np.ufunc) -> Array:
    """How much of ``quantity`` (B, m) has a merit that compares so with each of ``at`` (B, k): (B, k)."""
    return np.asarray((quantity[:, None, :] * compare(merit[:, None, :], at[:, :, None])).sum(axis=-1))


def _served(quantity: Array, left: Array, merit: Array) -> Array:
    """What each sells or buys when ``left`` (B, m) is there for its rung."""
    rung = _up_to(merit, quantity, merit, np.equal)
    # Sums in another order differ by dust, which must not look like somebody at the margin.
    dust = SAME * quantity.sum(axis=-1, keepdims=True)
    part = np.divide(left, rung, out=np.zeros_like(rung), where=rung > 0)
    return np.asarray(quantity * np.where(left >= rung - dust, 1.0, part) * (left > dust))


def _by_programme(problem: TransportBargain) -> tuple[Array, Array, Array, Array]:
    """The transport programme, each bargain from the last one's basis."""
    polytope = Polytope(problem)
    flows, limit = np.zeros_like(problem.gain), np.zeros_like(problem.gain)
    room = np.concatenate([problem.capacity, problem.demand], axis=-1)
    rents = np.zeros_like(room)
    worth = problem.joint_gain * problem.most
    unit = np.abs(worth).max(axis=(-2, -1), initial=0.0)
    unit = np.where(unit > 0, unit, 1.0)
    for row in range(unit.size):
        polytope.load(row)
        found = polytope.highest(worth[row].ravel() / unit[row])
        flows[row] = polytope.flows(found, row)
        rents[row], limit[row] = -found.duals, -found.reduced_costs[:-1].reshape(limit.shape[1:])
    # The programme counts in parts of what ends and links can do.
    rents = _per_energy(rents * unit[:, None], room)
    limit = _per_energy(limit * unit[:, None, None], problem.most)
    flows = proportional_flows(problem, flows, links=problem.most > 0).flows
    return flows, *_of_ends(problem, rents[:, : problem.suppliers], rents[:, problem.suppliers :], limit)


def _per_energy(rents: Array, room: Array) -> Array:
    """Rents of whole capacities, demands or limits as rents of a unit, at least 0."""
    return np.divide(np.maximum(rents, 0.0), room, out=np.zeros_like(room), where=room > 0)


def _of_ends(
    problem: TransportBargain, capacity: Array, demand: Array, limit: Array
) -> tuple[Array, Array, Array]:
    """Give a link's rent to the end that bounds it, where it is not the limit that does."""
    capacity_of, demand_of = problem.capacity[:, :, None], problem.demand[:, None, :]
    not_limit = problem.limit > problem.most
    of_supplier = np.where(not_limit & (capacity_of <= demand_of), limit, 0.0).max(axis=-1, initial=0.0)
    of_agent = np.where(not_limit & (capacity_of > demand_of), limit, 0.0).max(axis=-2, initial=0.0)
    return capacity + of_supplier, demand + of_agent, np.where(not_limit, 0.0, limit)


def _bound(problem: TransportBargain, capacity: Array, demand: Array, limit: Array) -> Array:
    """What no flows can be worth more than, by these rents, lifted until they pay for every open link."""
    lacking = problem.joint_gain - capacity[:, :, None] - demand[:, None, :] - limit
    lift = np.where(problem.most > 0, lacking, 0.0).max(axis=-1, initial=0.0)
    ends = ((capacity + lift) * problem.capacity).sum(axis=-1) + (demand * problem.demand).sum(axis=-1)
    return np.asarray(ends + (limit * problem.most).sum(axis=(-2, -1)))
