"""Worlds that could be: each scenario of a case as a change of the days that are drawn for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError, gather
from evenwatt.studies.cascade.community import Community
from evenwatt.studies.cascade.config import AS_IS, OutageConfig, ScenarioConfig, SimulateConfig, SpikeConfig
from evenwatt.studies.cascade.problem import DayProblem

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

HOUR = np.timedelta64(3600, "s")


def scenarios(chosen: Sequence[ScenarioConfig], community: Community) -> tuple[ScenarioConfig, ...]:
    """The worlds of a simulation: as it is, then those of ``case.toml``, or the usual five.

    Raises
    ------
    CaseError
        Naming every supplier or agent of a scenario that the case does not have.
    """
    known = {
        "suppliers.csv": {s.id for s in community.suppliers},
        "agents.csv": {a.id for a in community.agents},
    }
    with gather("case.toml", CaseError) as faults:
        for one in chosen:
            named = [("suppliers.csv", "suppliers", name) for name in one.suppliers]
            named += [
                ("suppliers.csv", "outage.suppliers", n) for n in (one.outage.suppliers if one.outage else ())
            ]
            named += [("agents.csv", "claims", name) for name in one.claims]
            faults += [
                f"scenario.{one.name}.{key}: '{name}' is not in {table}; there are {', '.join(sorted(known[table]))}"
                for table, key, name in named
                if name not in known[table]
            ]
            if one.suppliers and one.supply is None:
                faults.append(
                    f"scenario.{one.name}.suppliers: names whom `supply` concerns, but there is no supply"
                )
    return (ScenarioConfig.model_construct(name=AS_IS, title="as it is"), *(chosen or usual(community)))


def usual(community: Community) -> tuple[ScenarioConfig, ...]:
    """The scenarios of a case that names none."""
    first = community.agents[0]
    return (
        ScenarioConfig(name="drought", title="suppliers give 60 %", supply=0.6),
        ScenarioConfig(name="outage", title="a supplier fails on 30 % of days", outage=OutageConfig(share=0.3)),
        ScenarioConfig(
            name="spike", title="the grid takes three times as much from 17 to 21 h",
            spike=SpikeConfig(factor=3.0, hours=(17, 18, 19, 20)),
        ),
        ScenarioConfig(
            name="overclaim", title=f"{first.label} claims half as much again", claims={first.id: 1.5}
        ),
        ScenarioConfig(name="growth", title="20 % more members", growth=0.2),
    )  # fmt: skip


@dataclass(frozen=True)
class World:
    """One draw of a scenario: what it does to each day.

    Attributes
    ----------
    demand : (M,)
        Times what members need.
    supply : (D, S)
        Times what suppliers feed in, by day.
    price : (D, 24)
        Times the prices of ``priced``, by day and hour.
    newcomers : (G,) int64
        The members that newcomers are copies of.
    size : (G,)
        Times what those need.
    claims : (A,)
        Times what they need is what agents state.
    """

    demand: Array
    supply: Array
    price: Array
    priced: tuple[str, ...]
    newcomers: Whole
    size: Array
    claims: Array

    def day(self, problem: DayProblem, place: int) -> DayProblem:
        """The day at this place of the period, as it is in this world."""
        claims = _scaled(problem.claims, self.demand)
        grown = _scaled(claims[:, self.newcomers], self.size)
        hours = _hours(problem)
        prices = {
            name: values * self.price[place, hours] if name in self.priced else values
            for name, values in problem.prices.items()
        }
        own = np.concatenate([problem.own_use, np.zeros_like(grown)], axis=1)
        asked = np.concatenate([claims, grown], axis=1)
        return replace(
            problem,
            load=own + asked,
            own_use=own,
            claims=asked,
            generated=_scaled(problem.generated, self.supply[place]),
            supply=_scaled(problem.supply, self.supply[place]),
            agent=np.concatenate([problem.agent, problem.agent[self.newcomers]]),
            prices=prices,
        )

    def columns(self, values: Array) -> Array:
        """A column of ``members.csv`` (M,) with the newcomers', (M + G,)."""
        return np.concatenate([values, values[self.newcomers]])


def world(
    scenario: ScenarioConfig, settings: SimulateConfig, community: Community, days: Sequence[date],
    common: np.random.Generator, own: np.random.Generator,
) -> World:  # fmt: skip
    """Draw a world.

    Parameters
    ----------
    days : sequence of date
        The days of the period, which outages are dated by.
    common, own : Generator
        Chance that every scenario of a draw shares, so that they differ by the scenario alone; and its own.
    """
    members, suppliers = len(community.members), len(community.suppliers)
    demand = np.exp(settings.demand_spread * common.standard_normal(members))
    supply = np.tile(np.exp(settings.supply_spread * common.standard_normal(suppliers)), (len(days), 1))
    names = [supplier.id for supplier in community.suppliers]
    if scenario.supply is not None:
        hit = np.isin(names, scenario.suppliers or names)
        supply[:, hit] *= scenario.supply
    if scenario.outage is not None:
        failing = scenario.outage.suppliers or (names[int(own.integers(suppliers))],)
        dark = _outage(scenario.outage, days, own)
        supply[np.ix_(dark, np.flatnonzero(np.isin(names, failing)))] = 0.0
    price = np.ones((len(days), 24))
    if scenario.spike is not None:
        hit_days = own.permutation(len(days))[: round(scenario.spike.share * len(days))]
        price[np.ix_(hit_days, np.array(scenario.spike.hours, dtype=np.int64))] = scenario.spike.factor
    count = int(np.ceil(scenario.growth * members))
    return World(
        demand=demand,
        supply=supply,
        price=price,
        priced=() if scenario.spike is None else scenario.spike.prices,
        newcomers=own.integers(members, size=count),
        size=np.exp(scenario.growth_spread * own.standard_normal(count)),
        claims=np.array([scenario.claims.get(agent.id, 1.0) for agent in community.agents]),
    )


def _outage(outage: OutageConfig, days: Sequence[date], rng: np.random.Generator) -> Whole:
    """The days of an outage: a part of those it may fall on, in one piece."""
    may = np.array(
        [
            k
            for k, day in enumerate(days)
            if (outage.first is None or outage.first <= day) and (outage.last is None or day <= outage.last)
        ],
        dtype=np.int64,
    )
    length = round(outage.share * len(may))
    begin = int(rng.integers(len(may) - length + 1))
    return may[begin : begin + length]


def _scaled(values: Whole, factor: Array) -> Whole:
    return np.asarray(np.rint(values * factor), dtype=np.int64)


def _hours(problem: DayProblem) -> Whole:
    """Hour of the local day of each interval, counted from its midnight, (T,)."""
    return np.asarray(np.minimum((problem.start - problem.midnight) // HOUR, 23), dtype=np.int64)
