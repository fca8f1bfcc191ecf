"""What agents are asked for by name: columns over everybody, read off a world and its last step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.core.units import MICRO_PER_UNIT
from evenwatt.policies.seen import ROLES
from evenwatt.studies.market.setting import Weather
from evenwatt.studies.market.state import WHOLE
from evenwatt.studies.market.step import Step
from evenwatt.studies.market.world import World

Column = npt.NDArray[Any]

HOUSEHOLDS = ("consumer", "prosumer")


@dataclass(frozen=True)
class Moment:
    """Where a column is read.

    Attributes
    ----------
    world : World
        After its last step.
    step : Step or None
        That step; None before the first.
    weather : Weather
        What the world is played through.
    opening : (agents,)
        What everybody had at the start [micro-units].
    """

    world: World
    step: Step | None
    weather: Weather
    opening: Column


# What a role's agents have of an attribute; None where there is nothing to read before the first step.
Read = Callable[[Moment], "Column | None"]


@dataclass(frozen=True)
class Attribute:
    """One thing that agents can be asked for.

    Attributes
    ----------
    unit, meaning : str
        For people; ``-`` where it has no unit.
    roles : tuple of str
        Who has it, in the order of agent numbers.
    read : callable
        Column over the agents of those roles.
    """

    unit: str
    meaning: str
    roles: tuple[str, ...]
    read: Read


def _asked(role: str, name: str) -> Read:
    """An action of the last step, as it was carried out."""
    return lambda now: None if now.step is None else now.step.actions[role][name]


def _homes(read: Callable[[Step], Column]) -> Read:
    """A column over households of the last step."""
    return lambda now: None if now.step is None else read(now.step)


def _joined(*parts: Read) -> Read:
    """Columns of several roles, one after another."""

    def read(now: Moment) -> Column | None:
        columns = [part(now) for part in parts]
        known = [column for column in columns if column is not None]
        return np.concatenate(known) if len(known) == len(columns) else None

    return read


def _traded(step: Step, side: int) -> Column:
    return np.where(step.placed.orders.side == side, step.local.clearing.fills, 0)


def _selling(now: Moment) -> Column:
    """Asks of prosumers and producers, once they were named, and tariffs."""
    world, step = now.world, now.step
    roofs = len(world.people.agents["prosumer"])
    asks = np.full(roofs, np.nan) if step is None else step.actions["prosumer"]["ask_per_mwh"]
    sells = (
        np.full(len(world.people.producers), np.nan)
        if step is None
        else step.actions["producer"]["ask_per_mwh"]
    )
    return np.concatenate([asks, sells, world.state.utilities.retail])


def _made(now: Moment) -> Column:
    world, step = now.world, now.step
    if step is None:
        return np.zeros(len(world.people.agents["prosumer"]) + len(world.people.producers))
    return np.concatenate([step.pv, step.dispatched])


def _most(now: Moment) -> Column:
    """The highest output of panels in this weather, and the capacity of stations."""
    people, state = now.world.people, now.world.state
    panels = now.weather.pv_wh[:, people.households.consumers :].max(axis=0, initial=0)
    return np.concatenate(
        [
            panels * state.households.size // WHOLE,
            people.producers.capacity_wh * state.producers.size // WHOLE,
        ]
    )


def _stored(now: Moment) -> Column:
    state = now.world.state
    return np.concatenate(
        [state.households.stored_wh[now.world.people.households.consumers :], state.utilities.stored_wh]
    )


def _resources(now: Moment) -> Column:
    held: Column = now.world.ledger.cash / MICRO_PER_UNIT
    # Of a regulator nobody asks how much money it has.
    held[-1] = np.inf
    return held


def _profit(now: Moment) -> Column:
    gained: Column = (now.world.ledger.cash - now.opening) / MICRO_PER_UNIT
    return gained


def _names(part: str, *wheres: str) -> Read:
    """Names that never change."""

    def read(now: Moment) -> Column:
        return np.array(
            [name for where in wheres for name in getattr(getattr(now.world.people, where), part)],
            dtype=object,
        )

    return read


def _role(now: Moment) -> Column:
    agents = now.world.people.agents
    return np.array([role for role in ROLES for _ in agents[role]], dtype=object)


_COMPANIES = ("producer", "utility")
_SELLERS = ("prosumer", *_COMPANIES)
_MAKERS = ("prosumer", "producer")
_OWNERS = (*HOUSEHOLDS, *_COMPANIES)
_PARTS = ("households", "producers", "utilities")

ATTRIBUTES: Mapping[str, Attribute] = {
    "role": Attribute("-", "consumer, prosumer, producer, utility or regulator", ROLES, _role),
    "name": Attribute("-", "identity in the case", _OWNERS, _names("ids", *_PARTS)),
    "persona": Attribute("-", "preferences, by name", _OWNERS, _names("personas", *_PARTS)),
    "resources": Attribute("currency", "money at hand; a regulator's has no end", ROLES, _resources),
    "profit": Attribute("currency", "money gained since the start", ROLES, _profit),
    "node": Attribute("-", "local grid", HOUSEHOLDS, lambda now: now.world.people.households.node),
    "distance_from_grid": Attribute(
        "km", "from the transformer", HOUSEHOLDS, lambda now: now.world.people.households.distance_km
    ),
    "energy_needs": Attribute("Wh", "consumption of the step", HOUSEHOLDS, _homes(lambda step: step.load)),
    "buying_price": Attribute(
        "currency/MWh", "the most it would pay: locally, or at wholesale", (*HOUSEHOLDS, "utility"),
        _joined(_asked("consumer", "bid_per_mwh"), _asked("prosumer", "bid_per_mwh"), _asked("utility", "bid_per_mwh")),
    ),
    "selling_price": Attribute("currency/MWh", "the least it would take, or its tariff", _SELLERS, _selling),
    "production_level": Attribute("Wh", "generated in the step", _MAKERS, _made),
    "max_capacity": Attribute("Wh", "the most it can generate in a step", _MAKERS, _most),
    "storage_level": Attribute("Wh", "in the battery", ("prosumer", "utility"), _stored),
    "connected": Attribute(
        "-", "whether it is joined to the local grid", ("prosumer",), lambda now: now.world.state.households.connected
    ),
    "maintenance": Attribute(
        "currency/d", "upkeep of the panels", ("prosumer",),
        lambda now: _roofs(now, now.world.people.households.pv_maintenance_micro) / MICRO_PER_UNIT,
    ),
    "lifetime": Attribute(
        "d", "of the panels", ("prosumer",), lambda now: _roofs(now, now.world.people.households.pv_life_days)
    ),
    "bought_local": Attribute(
        "Wh", "bought of neighbours in the step", HOUSEHOLDS, _homes(lambda step: _traded(step, 1))
    ),
    "sold_local": Attribute(
        "Wh", "sold to neighbours in the step", HOUSEHOLDS, _homes(lambda step: _traded(step, -1))
    ),
    "bought_utility": Attribute(
        "Wh", "bought of the utility in the step", HOUSEHOLDS, _homes(lambda step: step.left.retail)
    ),
    "fed_in": Attribute("Wh", "fed in to the utility in the step", HOUSEHOLDS, _homes(lambda step: step.left.fed)),
    "unserved": Attribute(
        "Wh", "load that was not served", HOUSEHOLDS, _homes(lambda step: step.left.unpaid + step.shed)
    ),
    "production_type": Attribute("-", "source of energy", ("producer",), _names("sources", "producers")),
    "production_costs": Attribute(
        "currency/MWh", "without carbon", ("producer",), lambda now: now.world.people.producers.cost_per_mwh
    ),
    "renewable_quota": Attribute(
        "-", "share that must be renewable", ("utility",),
        lambda now: np.full(len(now.world.people.utilities), now.world.state.public.instruments.quota),
    ),
    "energy_volume": Attribute(
        "Wh", "sold to customers in the step", ("utility",), _homes(lambda step: step.needed - step.delivered.shed)
    ),
}  # fmt: skip


def _roofs(now: Moment, column: Column) -> Column:
    return column[now.world.people.households.consumers :]


class Attributes:
    """Columns over everybody, read when they are asked for, and kept until the next step.

    Parameters
    ----------
    world : World
        Whose agents they are.
    weather : Weather
        What it is played through.

    Examples
    --------
    >>> from evenwatt.studies.market.sample import first_rules, population, weather
    >>> people = population(consumers=2, prosumers=1, producers=1, utilities=1)
    >>> known = Attributes(World(people, first_rules(), {}, seed=1), weather(people))
    >>> np.isnan(known.column("selling_price")).tolist()
    [True, True, True, True, False, True]
    >>> known.column("resources")[0]
    np.float64(1000.0)
    """

    def __init__(self, world: World, weather: Weather) -> None:
        self.world, self.weather = world, weather
        self.step: Step | None = None
        self._agents = world.people.agents
        self._held: dict[str, Column] = {}
        people = world.people
        owned = [part.cash_micro for part in (people.households, people.producers, people.utilities)]
        self._opening = np.concatenate([*owned, np.zeros(1, dtype=np.int64)])

    def __len__(self) -> int:
        """How many agents."""
        return int(self._agents["regulator"][0]) + 1

    def follow(self, step: Step) -> None:
        """Read from this step on; a :class:`World` shows it to ``watch``."""
        self.step, self._held = step, {}

    def column(self, name: str) -> Column:
        """(agents,) everybody's, by agent number; not a number, or None for names, where a role has none.

        Raises
        ------
        ProblemError
            If there is no such attribute; names all.
        """
        if name not in self._held:
            self._held[name] = self._read(known(name))
        return self._held[name]

    def has(self, role: str, name: str) -> bool:
        """Whether agents of a role have this attribute."""
        return name in ATTRIBUTES and role in ATTRIBUTES[name].roles

    def _read(self, attribute: Attribute) -> Column:
        found = attribute.read(Moment(self.world, self.step, self.weather, self._opening))
        kind = object if found is not None and found.dtype.kind == "O" else np.float64
        if found is not None and len(found) == len(self):
            # A copy, as the world writes into its columns: it may be kept.
            return np.array(found, dtype=kind)
        made = np.full(len(self), None if kind is object else np.nan, dtype=kind)
        if found is not None:
            made[np.concatenate([self._agents[role] for role in attribute.roles])] = found
        return made


def known(name: str) -> Attribute:
    """The attribute of a name.

    Raises
    ------
    ProblemError
        If there is none; names all.
    """
    if name not in ATTRIBUTES:
        raise ProblemError(f"agents have no attribute '{name}'; expected one of {', '.join(ATTRIBUTES)}")
    return ATTRIBUTES[name]
