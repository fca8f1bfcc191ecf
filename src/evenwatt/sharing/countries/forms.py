"""The forms in which countries share an interval: keys of pairs, keys of the pool, rules, levels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.sharing.flows import all_pairs
from evenwatt.sharing.participation import Offered, offered
from evenwatt.sharing.problem import GRID, Agreement, agreement
from evenwatt.sharing.rounds import Allocation, allocate_among, conserved, exact_flows, rounded

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Divide = Callable[[Any, Any], Array]


@dataclass(frozen=True, eq=False)
class Group:
    """What a form is handed; see :func:`evenwatt.sharing.countries.share`."""

    supply: Whole
    demand: Whole
    keys: npt.NDArray[Any] | None
    priority: npt.NDArray[Any] | None
    divide: Divide | None
    rounds: int | None
    quantum: int
    max_links: int | None
    same: Flags
    injecting_may_receive: bool
    participation: object
    sums_to_one: bool = False

    @property
    def energy(self) -> Offered:
        """What takes part."""
        barred = None if self.injecting_may_receive else self.same
        return offered(self.supply, self.demand, self.participation, 0, barred)

    def is_barred(self, wanted: Whole) -> Flags:
        """Who cannot receive because it injects, (T, J)."""
        injects: Flags = (self.demand > 0) & (wanted == 0) & ((self.supply @ self.same.astype(np.int64)) > 0)
        return injects


@dataclass(frozen=True)
class Form:
    """One way to share an interval.

    Attributes
    ----------
    share : callable
        ``Group -> Allocation``.
    title : str
        In words.
    keys_shape : str
        Which shape its keys have; empty where it has none.
    knows_rounds : bool
        Whether the number of rounds may be chosen.
    """

    share: Callable[[Group], Allocation]
    title: str
    keys_shape: str = ""
    knows_rounds: bool = False


def _by_pair(group: Group) -> Allocation:
    return allocate_among(group.energy, _pair_keys(group), group.rounds, group.quantum)


def _by_pair_exactly(group: Group) -> Allocation:
    return _exactly(group.energy, _pair_keys(group), group.rounds)


def _pair_keys(group: Group) -> Agreement:
    if group.priority is None or group.keys is None:
        raise ProblemError("priority: missing; (I, J), larger first, 0 = no link")
    steps = len(group.supply)
    return agreement(group.keys, group.priority, most=group.max_links, apart=group.same, intervals=steps)


def _by_pool(group: Group) -> Allocation:
    """Keys are parts of everybody's supply together; each producer gives in proportion to its own."""
    energy = group.energy
    keys = _pool_keys(group, energy)
    total = energy.supply_in.sum(axis=1)
    if _clashes(group, energy):
        # Keys of the pool then hold towards each producer but oneself.
        return _exactly(energy, _same_keys_everywhere(keys, group.same), group.rounds)
    if group.rounds == 1:
        awards = np.minimum(energy.demand_in, keys / GRID * total[:, None])
    else:
        pool = _same_keys_everywhere(keys, np.zeros((1, keys.shape[1]), dtype=np.bool_))
        awards = exact_flows(total[:, None], energy.demand_in, pool, group.rounds)
    return _spread(energy, awards, group.same)


def _same_keys_everywhere(keys: Array, same: Flags) -> Agreement:
    """Keys (T, J) of a pool as keys towards each producer; of equal priority, nobody towards itself."""
    wide = np.broadcast_to(keys[:, None, :], (len(keys), *same.shape))
    linked = np.ones(same.shape, dtype=np.int64)
    return agreement(np.rint(wide).astype(np.int64), linked, most=None, apart=same, intervals=len(keys))


def _exactly(energy: Offered, held: Agreement, rounds: int | None) -> Allocation:
    flows = exact_flows(energy.supply_in, energy.demand_in, held, rounds)
    whole = rounded(flows, held.links, energy.supply_in, energy.demand_in)
    return conserved(held.links, whole, energy.supply, energy.demand)


def _by_rule(group: Group) -> Allocation:
    """A claims rule divides what there is among those who want it."""
    energy = group.energy
    return _spread(energy, _divided(group, energy, energy.demand_in), group.same, group.divide)


def _by_level(group: Group) -> Allocation:
    """Consumers of a higher level first; a claims rule among those of one level."""
    if group.priority is None or group.priority.shape != group.demand.shape[1:]:
        raise ProblemError(
            f"priority: expected ({group.demand.shape[1]},) levels of consumers, the larger first"
        )
    energy = group.energy
    left = energy.supply_in.sum(axis=1)
    awards = np.zeros(energy.demand.shape)
    for level in sorted(set(group.priority.tolist()), reverse=True):
        here = group.priority == level
        claims = np.where(here, energy.demand_in, 0)
        awards += _rule(group)(np.minimum(left, claims.sum(axis=1)), claims)
        left = energy.supply_in.sum(axis=1) - awards.sum(axis=1)
    return _spread(energy, awards, group.same, group.divide)


def _hybrid(group: Group) -> Allocation:
    """Fixed keys first, then the rest by a claims rule on what is wanted yet."""
    energy = group.energy
    total = energy.supply_in.sum(axis=1)
    first = np.minimum(energy.demand_in, _pool_keys(group, energy) / GRID * total[:, None])
    rest = energy.demand_in - first
    more = _rule(group)(np.minimum(total - first.sum(axis=1), rest.sum(axis=1)), rest)
    return _spread(energy, first + more, group.same, group.divide)


def _divided(group: Group, energy: Offered, claims: Whole) -> Array:
    available = np.minimum(energy.supply_in.sum(axis=1), claims.sum(axis=1))
    return _rule(group)(available, claims)


def _rule(group: Group) -> Divide:
    assert group.divide is not None  # checked where the regulation is known
    divide = group.divide

    def awards(endowment: Any, claims: Any) -> Array:
        # What an earlier division left may be a rounding error below nothing.
        available, asked = (np.maximum(np.asarray(v, dtype=np.float64), 0.0) for v in (endowment, claims))
        return np.asarray(divide(available, asked), dtype=np.float64)

    return awards


def _pool_keys(group: Group, energy: Offered) -> Array:
    """Keys (T, J) of the pool, checked; those of whoever is barred go to the others, pro rata."""
    members = group.demand.shape[1]
    keys = np.asarray(group.keys)
    if keys.shape not in {(members,), (len(group.supply), members)}:
        raise ProblemError(
            f"keys: shape {keys.shape}, expected ({members},) or {(len(group.supply), members)}"
        )
    checked = agreement(
        keys[None, :] if keys.ndim == 1 else keys[:, None, :],
        np.ones((1, members), dtype=np.int64),
        most=None,
        intervals=len(group.supply),
    ).keys
    if group.sums_to_one and (checked.sum(axis=-1) != GRID).any():
        found = checked.sum(axis=-1)[checked.sum(axis=-1) != GRID].flat[0]
        raise ProblemError(f"keys: sum to {found}; expected {GRID} (1/10,000 each) in every interval")
    full: Array = np.broadcast_to(checked.reshape(-1, members), group.demand.shape).astype(np.float64)
    if group.injecting_may_receive:
        return full
    barred = group.is_barred(energy.demand_in)
    free = np.where(barred, 0.0, full)
    sums = free.sum(axis=1, keepdims=True)
    spread: Array = np.divide(
        free * full.sum(axis=1, keepdims=True), sums, out=np.zeros_like(free), where=sums > 0
    )
    return spread


def _clashes(group: Group, energy: Offered) -> bool:
    """Whether somebody has surplus and demand in the same interval."""
    return bool(((energy.supply_in @ group.same.astype(np.int64)) * energy.demand_in).any())


def _spread(energy: Offered, awards: Array, same: Flags, divide: Divide | None = None) -> Allocation:
    """Turn awards from the pool into flows: each producer gives in proportion to its supply.

    Where a member has surplus and demand in one interval and must not give to itself, awards from the pool
    may not be deliverable; then the most that is deliverable is divided by the same rule.
    """
    links = all_pairs(np.ones(same.shape, dtype=np.bool_))
    total = energy.supply_in.sum(axis=1).astype(np.float64)
    part = np.divide(awards, total[:, None], out=np.zeros_like(awards), where=total[:, None] > 0)
    flows = energy.supply_in[:, links[:, 0]] * part[:, links[:, 1]]
    clash = ((energy.supply_in @ same.astype(np.int64)) * energy.demand_in > 0).any(axis=1)
    whole = np.zeros(flows.shape, dtype=np.int64)
    calm = ~clash
    whole[calm] = rounded(flows[calm], links, energy.supply_in[calm], energy.demand_in[calm])
    if clash.any():
        from evenwatt.sharing.interval_keys import fair_flows

        apart = fair_flows(
            energy.supply_in[clash], energy.demand_in[clash], links=~same, divide=divide or _proportional
        )
        whole[clash] = apart.dense()[:, links[:, 0], links[:, 1]]
    return conserved(links, whole, energy.supply, energy.demand)


def _proportional(endowment: Any, claims: Any) -> Array:
    total = np.asarray(claims, float).sum(axis=-1, keepdims=True)
    scale = np.divide(np.asarray(endowment)[..., None], total, out=np.zeros_like(total), where=total > 0)
    return np.asarray(np.asarray(claims) * np.minimum(scale, 1.0))


PAIRS = "(I, J) or (T, I, J)"
BY_PAIR = Form(_by_pair, "keys and priorities of pairs, in rounds with a floor", PAIRS, True)
BY_PAIR_EXACTLY = Form(_by_pair_exactly, "keys and priorities of pairs, without floor", PAIRS, True)
BY_POOL = Form(_by_pool, "keys of the pool", "(J,) or (T, J)", True)
BY_RULE = Form(_by_rule, "a claims rule on the pool")
BY_LEVEL = Form(_by_level, "levels of consumers, a claims rule within each")
HYBRID = Form(_hybrid, "keys of the pool, then a claims rule on the rest", "(J,) or (T, J)")
