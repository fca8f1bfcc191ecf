"""Bargains that need no search: one seller, or one buyer whom all links serve alike, is one pot to share."""

from __future__ import annotations

import numpy as np

from evenwatt.bargaining.transport.interior import Iterates
from evenwatt.bargaining.transport.presolve import Flags
from evenwatt.bargaining.transport.problem import Array, TransportBargain


def is_closed_form(problem: TransportBargain, is_open: Flags, playing: Flags) -> Flags:
    """Rows of a batch that are one pot: all open links have one end in common and every party to them gains.

    With one buyer, a unit must gain it the same whoever sells it: else what it buys of whom moves its own gain.
    """
    if 1 not in (problem.suppliers, problem.agents):
        return np.zeros(len(is_open), dtype=bool)
    linked = np.concatenate([is_open.any(axis=2), is_open.any(axis=1)], axis=-1)
    alike = (linked == playing).all(axis=-1)
    gain = np.where(is_open, problem.gain, np.nan)
    if problem.suppliers > 1:
        first = np.nanmax(np.where(is_open, problem.gain, -np.inf), axis=(1, 2))
        alike &= (np.isnan(gain) | (gain == first[:, None, None])).all(axis=(1, 2))
    rising = (np.isnan(gain) | (gain > 0)).all(axis=(1, 2)) & (
        ~is_open.any(axis=2) | (problem.margin > 0)
    ).all(axis=-1)
    total, anchor, upper, _ = _pot(problem, is_open)
    floor = np.maximum(anchor, 0.0)
    room = (floor.sum(axis=-1) < total * (1 - 1e-9)) & (~_members(is_open) | (floor < upper)).all(axis=-1)
    hub = _hub_gain(problem, is_open, np.minimum(total, upper.sum(axis=-1)))
    return np.asarray(alike & rising & room & (hub > 0) & is_open.any(axis=(1, 2)))


def closed_form(problem: TransportBargain, is_open: Flags, weights: Array) -> Iterates:
    """Fill the pot: gains of the many ends proportional to weights until a bound is met.

    The hub gains the same on each unit, so only how much is shared matters to it: everything that can be.

    Source: Nash 1950, doi:10.2307/1907266; the water level of :func:`evenwatt.bargaining.nash`.
    """
    from evenwatt.engine.water import fill

    s, n = problem.suppliers, problem.agents
    total, anchor, upper, unit = _pot(problem, is_open)
    shared = np.minimum(total, upper.sum(axis=-1))
    share = weights[:, s:] if s == 1 else weights[:, :s]
    members = _members(is_open)
    # Members without a link: no weight may be zero, and their bound is.
    awards, _ = fill(
        shared,
        np.where(members, anchor, 0.0),
        np.where(members, share, 1.0),
        np.where(members, np.maximum(anchor, 0.0), 0.0),
        np.where(members, upper, 0.0),
    )
    scarce = total < upper.sum(axis=-1)
    # Exactly the bounds where all are met: prices are told by comparing.
    awards = np.where(scarce[:, None], awards, upper)
    flows = awards[:, None, :] if s == 1 else awards[:, :, None]
    gains = problem.utilities(flows) - problem.disagreement
    curve = np.divide(weights, gains, out=np.zeros_like(weights), where=weights > 0)
    hub = (
        curve[:, 0] * problem.margin[:, 0]
        if s == 1
        else curve[:, s] * np.where(members, unit[1], 0).max(axis=1)
    )
    own = np.where(members, (curve[:, s:] if s == 1 else curve[:, :s]) * unit[0], 0.0)
    worth = np.where(members, hub[:, None] + own, 0.0)
    met = awards >= upper
    loose = np.where(members & ~met & (awards > 0), worth, np.inf).min(axis=-1)
    level = np.where(np.isfinite(loose), loose, np.where(members, worth, np.inf).min(axis=-1))
    level = np.where(scarce, level, 0.0)
    excess = np.where(met, np.maximum(worth - level[:, None], 0.0), 0.0)
    short = np.where(members, np.maximum(level[:, None] - worth, 0.0), 0.0)
    ends = problem.demand if s == 1 else problem.capacity
    limited = upper < ends
    to_end, to_limit = np.where(limited, 0.0, excess), np.where(limited, excess, 0.0)
    shape = (len(flows), n, s)
    return Iterates(
        flow=awards.reshape(shape),
        flow_price=short.reshape(shape),
        limit_price=to_limit.reshape(shape),
        price=level[:, None] if s == 1 else to_end,
        demand_price=to_end if s == 1 else level[:, None],
        curve=curve,
        certificate=np.zeros(len(flows)),
        steps=np.zeros(len(flows), dtype=np.int64),
    )


def _members(is_open: Flags) -> Flags:
    """The many ends that have a link, (B, n)."""
    return np.asarray(is_open[:, 0, :] if is_open.shape[1] == 1 else is_open[:, :, 0])


def _pot(problem: TransportBargain, is_open: Flags) -> tuple[Array, Array, Array, tuple[Array, Array]]:
    """What there is, where each member's gain is zero, its bound, and gains a unit of (member, hub)."""
    s = problem.suppliers
    if s == 1:
        total, point = problem.capacity[:, 0], problem.disagreement[:, 1:]
        upper = np.where(is_open[:, 0], np.minimum(problem.demand, problem.limit[:, 0]), 0.0)
        unit, hub = problem.gain[:, 0, :], problem.margin
    else:
        total, point = problem.demand[:, 0], problem.disagreement[:, :s]
        upper = np.where(is_open[:, :, 0], np.minimum(problem.capacity, problem.limit[:, :, 0]), 0.0)
        unit, hub = problem.margin, problem.gain[:, :, 0]
    anchor = np.divide(point, unit, out=np.zeros_like(upper), where=unit > 0)
    return total, anchor, upper, (unit, hub)


def _hub_gain(problem: TransportBargain, is_open: Flags, shared: Array) -> Array:
    s = problem.suppliers
    if s == 1:
        return np.asarray(problem.margin[:, 0] * shared - problem.disagreement[:, 0])
    gain = np.where(is_open, problem.gain, -np.inf).max(axis=(1, 2))
    return np.asarray(np.where(np.isfinite(gain), gain, 0.0) * shared - problem.disagreement[:, s])
