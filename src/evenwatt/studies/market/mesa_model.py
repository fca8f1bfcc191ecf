"""The market as a model of Mesa 3: the same world, stepped by Mesa, collected in columns, run in batches."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from evenwatt.core.errors import EvenwattError
from evenwatt.core.units import MICRO_PER_UNIT
from evenwatt.policies.scripted import policy
from evenwatt.policies.seen import ROLES
from evenwatt.studies.market.attributes import Attributes
from evenwatt.studies.market.setting import Rules, Weather
from evenwatt.studies.market.world import World

try:
    import mesa  # type: ignore[import-untyped]
    from mesa.agent import AgentSet  # type: ignore[import-untyped]
except ImportError:
    raise EvenwattError('a Mesa model of the market needs mesa: pip install "evenwatt[mesa]"') from None

from evenwatt.studies.market.mesa_agents import KINDS, EnergyMarketAgent
from evenwatt.studies.market.mesa_collector import ColumnarCollector, Reporters

MODEL_REPORTERS: Reporters = {
    "Average_Price": "average_price",
    "Total_Production": "total_production",
    "Local_Price": "local_price",
    "Wholesale_Price": "wholesale_price",
    "Retail_Price": "retail_price",
    "Local_Volume": "local_volume",
    "Wholesale_Volume": "wholesale_volume",
    "Unserved": "unserved",
    "Welfare": "welfare",
}
AGENT_REPORTERS: Reporters = {"Profit": "profit", "Resources": "resources"}


class WorldModel(mesa.Model):  # type: ignore[misc]
    """A world and its weather as a model of Mesa.

    Data are collected once before the first step and once after each, so that row ``i`` of the model's data and
    the agents' records of step ``i`` are of one moment. ``running`` ends with the weather.

    Parameters
    ----------
    world : World
        At the step at which the weather begins.
    weather : Weather
        What is played.
    model_reporters, agent_reporters : mapping, optional
        As Mesa's ``DataCollector`` has them, besides :data:`MODEL_REPORTERS` and :data:`AGENT_REPORTERS`. An agent
        reporter that names one of :data:`~evenwatt.studies.market.attributes.ATTRIBUTES` takes no time.
    seed : int, optional
        Of Mesa's own ``random`` and ``rng``, which the market does not use; by default the world's.

    Attributes
    ----------
    attributes : Attributes
        Columns over all agents, by name.
    datacollector : ColumnarCollector
        What was collected.

    Examples
    --------
    >>> from evenwatt.studies.market.sample import first_rules, population, weather
    >>> people = population(consumers=4, prosumers=2, producers=2, utilities=2)
    >>> model = WorldModel(World(people, first_rules(), {}, seed=1), weather(people))
    >>> model.step()
    >>> model.datacollector.get_agent_vars_dataframe().shape
    (22, 2)
    """

    def __init__(
        self,
        world: World,
        weather: Weather,
        *,
        model_reporters: Reporters | None = None,
        agent_reporters: Reporters | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(seed=world.seed if seed is None else seed)
        self.world, self.weather = world, weather
        self.attributes = Attributes(world, weather)
        self._figures: dict[str, float] = {}
        self.running = len(weather) > 0
        self.datacollector = ColumnarCollector(
            {**MODEL_REPORTERS, **(model_reporters or {})}, {**AGENT_REPORTERS, **(agent_reporters or {})}
        )
        self.datacollector.collect(self)

    def step(self) -> None:
        """Play the next step of the weather; beyond its end nothing happens."""
        row = self.world.state.step - self.weather.first
        if row >= len(self.weather):
            self.running = False
            return
        told = self.world.run(_one(self.weather, row), watch=self.attributes.follow)
        self._figures = {name: column.item() for name, column in told.columns.items()}
        self.running = row + 1 < len(self.weather)
        self.datacollector.collect(self)

    @cached_property
    def _views(self) -> tuple[EnergyMarketAgent, ...]:
        agents = self.world.people.agents
        return tuple(
            KINDS[role](self, number, self.attributes) for role in ROLES for number in agents[role].tolist()
        )

    @property
    def agents(self) -> AgentSet:
        """Everybody, as objects that read the columns; made when they are first asked for."""
        return AgentSet(self._views, random=self.random)

    @property
    def agents_by_type(self) -> dict[type, AgentSet]:
        """The same, by class."""
        kinds = {kind: [view for view in self._views if type(view) is kind] for kind in KINDS.values()}
        return {kind: AgentSet(views, random=self.random) for kind, views in kinds.items() if views}

    @property
    def agent_types(self) -> list[type]:
        """Classes of the agents."""
        return list(self.agents_by_type)

    def figure(self, name: str) -> float:
        """A figure of the last step, as a run's table of steps has it; not a number before the first."""
        return self._figures.get(name, np.nan)

    @property
    def average_price(self) -> float:
        """Mean selling price of prosumers, producers and utilities that named one [currency per MWh]."""
        prices = self.attributes.column("selling_price")
        named = prices[~np.isnan(prices)]
        return float(named.mean()) if len(named) else np.nan

    @property
    def total_production(self) -> float:
        """Generated by panels and stations in the step [Wh]."""
        return float(np.nansum(self.attributes.column("production_level")))

    @property
    def local_price(self) -> float:
        """Mean price of the local auctions, by volume [currency per MWh]."""
        return self.figure("local_per_mwh")

    @property
    def wholesale_price(self) -> float:
        """Of the wholesale auction [currency per MWh]."""
        return self.figure("wholesale_per_mwh")

    @property
    def retail_price(self) -> float:
        """Mean tariff of the utilities [currency per MWh]."""
        held = self.world.state.utilities
        return float(held.retail[held.active].mean()) if held.active.any() else np.nan

    @property
    def local_volume(self) -> float:
        """Traded between neighbours [Wh]."""
        return self.figure("local_wh")

    @property
    def wholesale_volume(self) -> float:
        """Traded at wholesale [Wh]."""
        return self.figure("wholesale_wh")

    @property
    def unserved(self) -> float:
        """Load that was not served [Wh]."""
        return self.figure("unserved_wh")

    @property
    def welfare(self) -> float:
        """Worth of the energy used less what generating and importing it cost [currency]."""
        return self.figure("welfare_micro") / MICRO_PER_UNIT


class MarketModel(WorldModel):
    """A market drawn by numbers, for ``mesa.batch_run`` and for pages with sliders.

    Parameters
    ----------
    consumers, prosumers, producers, utilities : int
        How many there are; a regulator is always there.
    mechanism, wholesale : str
        Of the local and of the wholesale market, by name.
    scenario : int
        1: local auction, and contracts at a secured price; 2: auctions for everything.
    days : int
        How long it goes on, in quarter-hours.
    intervention : bool
        Whether the regulator's instruments are in force.
    consumer_policy, prosumer_policy, producer_policy, utility_policy, regulator_policy : str
        Who decides for each role: a name of ``evenwatt.policies.scripted.NAMES``.
    model_reporters, agent_reporters : mapping, optional
        See :class:`WorldModel`.
    seed : int
        Of everything drawn by chance.

    Examples
    --------
    >>> model = MarketModel(consumers=4, prosumers=2, producers=2, utilities=1, seed=1)
    >>> model.step()
    >>> [type(agent).__name__ for agent in model.agents][-1], model.agents[0].resources < 1000
    ('RegulatorAgent', True)
    """

    def __init__(
        self,
        consumers: int = 60,
        prosumers: int = 30,
        producers: int = 7,
        utilities: int = 3,
        *,
        mechanism: str = "uniform-price",
        wholesale: str = "uniform-price",
        scenario: int = 1,
        days: int = 1,
        intervention: bool = True,
        consumer_policy: str = "rule",
        prosumer_policy: str = "rule",
        producer_policy: str = "rule",
        utility_policy: str = "rule",
        regulator_policy: str = "rule",
        model_reporters: Reporters | None = None,
        agent_reporters: Reporters | None = None,
        seed: int = 1,
    ) -> None:
        from evenwatt.studies.market.sample import population, weather

        people = population(
            consumers=consumers, prosumers=prosumers, producers=producers, utilities=utilities, seed=seed
        )
        named = (consumer_policy, prosumer_policy, producer_policy, utility_policy, regulator_policy)
        world = World(
            people,
            _rules(mechanism, wholesale, scenario, intervention),
            {role: policy(role, name, seed) for role, name in zip(ROLES, named, strict=True)},
            seed,
        )
        super().__init__(
            world,
            weather(people, days=days, seed=seed),
            model_reporters=model_reporters,
            agent_reporters=agent_reporters,
            seed=seed,
        )


def _rules(local: str, wholesale: str, scenario: int, intervention: bool) -> Rules:
    from dataclasses import replace

    from evenwatt.studies.market.named import mechanism
    from evenwatt.studies.market.sample import first_rules

    rules = first_rules(scenario=scenario, intervention=intervention)
    return replace(rules, local=mechanism(local), wholesale=mechanism(wholesale))


def _one(weather: Weather, row: int) -> Weather:
    """One step of the weather."""
    part = slice(row, row + 1)
    return Weather(
        weather.load_wh[part],
        weather.pv_wh[part],
        weather.availability[part],
        weather.outside_per_mwh[part],
        weather.first + row,
        None if weather.slots is None else weather.slots[part],
    )
