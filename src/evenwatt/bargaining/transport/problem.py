"""Suppliers and agents who bargain over who buys how much from whom, checked on making."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.core.problem import LARGEST

Array = npt.NDArray[np.float64]

MOST_NAMED = 20  # faults named of one array; the rest is counted


@dataclass(frozen=True)
class TransportBargain:
    """A bargain of S suppliers with N agents over the flows between them, or a batch of such bargains.

    Players are the suppliers, then the agents: P = S + N. Supplier i gains ``offer - cost`` on each unit it
    sells, agent j gains ``willingness - offer - charge`` on each unit it buys of i. Nobody agrees to less
    than its disagreement utility.

    Attributes
    ----------
    capacity : (..., S)
        What each supplier can deliver [energy].
    demand : (..., N)
        What each agent claims; it takes no more [energy].
    cost, offer : (..., S)
        What a unit costs the supplier, and what the agent pays for it [money per energy].
    willingness : (..., N)
        What a unit is worth to the agent: its resale price, or the value of lost load [money per energy].
    limit : (..., S, N)
        Most that may flow on each link; infinite by default, 0 where there is no link [energy].
    charge : (..., S, N)
        What the agent pays for using the link, 0 by default [money per energy].
    disagreement : (..., P)
        Utility if the talks fail: an outside sale, an old contract; 0 by default [money].
    weights : (..., P)
        Bargaining weights above 0, equal by default; only their ratios matter [-].

    Raises
    ------
    ProblemError
        Naming every entry that is not what it may be, or the shapes that do not fit.

    Examples
    --------
    >>> problem = TransportBargain([10, 6], [8, 12], cost=[40, 60], offer=[70, 80], willingness=[120, 110],
    ...                            charge=[[2, 5], [4, 1]])
    >>> problem.margin, problem.gain
    (array([30., 20.]), array([[48., 35.],
           [36., 29.]]))
    """

    capacity: Array
    demand: Array
    cost: Array
    offer: Array
    willingness: Array
    limit: Array
    charge: Array
    disagreement: Array
    weights: Array

    def __init__(
        self,
        capacity: npt.ArrayLike,
        demand: npt.ArrayLike,
        *,
        cost: npt.ArrayLike,
        offer: npt.ArrayLike,
        willingness: npt.ArrayLike,
        limit: npt.ArrayLike | None = None,
        charge: npt.ArrayLike | None = None,
        disagreement: npt.ArrayLike | None = None,
        weights: npt.ArrayLike | None = None,
    ) -> None:
        given = {
            "capacity": capacity, "demand": demand, "cost": cost, "offer": offer, "willingness": willingness,
            "limit": np.inf if limit is None else limit, "charge": 0.0 if charge is None else charge,
            "disagreement": 0.0 if disagreement is None else disagreement,
            "weights": 1.0 if weights is None else weights,
        }  # fmt: skip
        held = _floats(given)
        with gather("transport bargain", ProblemError) as faults:
            for name, values in held.items():
                faults.extend(_named(name, values))
        for name, values in _fitted(held).items():
            object.__setattr__(self, name, values)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the batch; empty for one bargain."""
        return self.capacity.shape[:-1]

    @property
    def suppliers(self) -> int:
        """How many suppliers, S."""
        return int(self.capacity.shape[-1])

    @property
    def agents(self) -> int:
        """How many agents, N."""
        return int(self.demand.shape[-1])

    @property
    def players(self) -> int:
        """How many players, P = S + N."""
        return self.suppliers + self.agents

    @cached_property
    def margin(self) -> Array:
        """What a supplier gains on a unit, (..., S) [money per energy]."""
        return np.asarray(self.offer - self.cost)

    @cached_property
    def gain(self) -> Array:
        """What an agent gains on a unit of each supplier, (..., S, N) [money per energy]."""
        return np.asarray(self.willingness[..., None, :] - self.offer[..., :, None] - self.charge)

    @cached_property
    def joint_gain(self) -> Array:
        """What a link gains per unit for both its ends, (..., S, N) [money per energy]."""
        return np.asarray(self.willingness[..., None, :] - self.cost[..., :, None] - self.charge)

    @cached_property
    def most(self) -> Array:
        """The most that can flow on each link by its limit and both its ends, (..., S, N) [energy]."""
        ends = np.minimum(self.capacity[..., :, None], self.demand[..., None, :])
        return np.asarray(np.minimum(ends, self.limit))

    def utilities(self, flows: npt.ArrayLike) -> Array:
        """Everybody's utility by these flows (..., S, N): (..., P), suppliers first [money]."""
        moved = np.asarray(flows, dtype=np.float64)
        sold, bought = self.margin * moved.sum(axis=-1), (self.gain * moved).sum(axis=-2)
        return np.concatenate([sold, bought], axis=-1)

    def rows(self, chosen: npt.NDArray[Any]) -> TransportBargain:
        """Some bargains of the flattened batch, by index or flag: a batch with one axis."""
        return _made({name: values[chosen] for name, values in self.flat._arrays()})

    @cached_property
    def flat(self) -> TransportBargain:
        """The same bargains with one batch axis."""
        depth = len(self.shape)
        count = int(np.prod(self.shape))
        if depth == 1:
            return self
        return _made({name: values.reshape(count, *values.shape[depth:]) for name, values in self._arrays()})

    def changed(self, **parts: npt.ArrayLike) -> TransportBargain:
        """The same bargain with some of its parts replaced, checked anew."""
        return TransportBargain(**{**dict(self._arrays()), **parts})

    def _arrays(self) -> Iterator[tuple[str, Array]]:
        return ((part.name, getattr(self, part.name)) for part in fields(self))


def _made(arrays: dict[str, Array]) -> TransportBargain:
    """A bargain of arrays that were checked already."""
    problem = object.__new__(TransportBargain)
    for name, values in arrays.items():
        object.__setattr__(problem, name, values)
    return problem


def _floats(given: dict[str, npt.ArrayLike]) -> dict[str, Array]:
    held = {}
    with gather("transport bargain", ProblemError) as faults:
        for name, values in given.items():
            try:
                held[name] = np.asarray(values, dtype=np.float64)
            except (TypeError, ValueError) as error:
                faults.append(f"{name} must be numbers: {error}")
    return held


def _named(name: str, values: Array) -> list[str]:
    """Every entry that is not what it may be."""
    if name in ("capacity", "demand"):
        bad, expected = ~((values >= 0) & (values <= LARGEST)), "a number of at least 0"
    elif name == "limit":
        bad, expected = ~(values >= 0), "a number of at least 0, or infinity"
    elif name == "weights":
        bad, expected = ~((values > 0) & np.isfinite(values)), "a finite number above 0"
    else:
        bad, expected = ~np.isfinite(values), "a finite number"
    places = np.argwhere(bad)
    told = [f"{name} {p.tolist()}: {values[tuple(p)]}; expected {expected}" for p in places[:MOST_NAMED]]
    more = len(places) - MOST_NAMED
    return [*told, f"{name}: {more} more"] if more > 0 else told


def _fitted(held: dict[str, Array]) -> dict[str, Array]:
    """All arrays, broadcast to one batch."""
    ends = {"capacity": held["capacity"], "demand": held["demand"]}
    for name, values in ends.items():
        if values.ndim == 0:
            raise ProblemError(f"transport bargain: {name} needs an axis of players, found a single number")
    s, n = held["capacity"].shape[-1], held["demand"].shape[-1]
    wanted = {
        "capacity": (s,), "demand": (n,), "cost": (s,), "offer": (s,), "willingness": (n,), "limit": (s, n),
        "charge": (s, n), "disagreement": (s + n,), "weights": (s + n,),
    }  # fmt: skip
    batches, faults = [], []
    for name, values in held.items():
        tail = wanted[name]
        try:
            if np.broadcast_shapes(values.shape[-len(tail) :], tail) != tail:
                raise ValueError
            batches.append(values.shape[: -len(tail)] if values.ndim >= len(tail) else ())
        except ValueError:
            faults.append(f"{name} of shape {values.shape}; expected (..., {', '.join(map(str, tail))})")
    if not faults:
        try:
            batch = np.broadcast_shapes(*batches)
        except ValueError:
            shapes = ", ".join(f"{name} {values.shape}" for name, values in held.items())
            faults.append(f"batch axes do not fit one another: {shapes}")
    if faults:
        raise ProblemError("transport bargain: " + "; ".join(faults))
    return {name: np.broadcast_to(values, (*batch, *wanted[name])) for name, values in held.items()}
