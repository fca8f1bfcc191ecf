"""Sample markets: ninety metered homes for a week of June, and markets of any size drawn in a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from evenwatt.core.chance import stream
from evenwatt.core.meters import Meters
from evenwatt.markets.regulator.instruments import Instruments
from evenwatt.studies.market.availability import available, outside_prices, sunshine, wind
from evenwatt.studies.market.kinds import SOURCES
from evenwatt.studies.market.population import population as arrays
from evenwatt.studies.market.roles import Agent
from evenwatt.studies.market.setting import Population, Rules, Weather
from evenwatt.studies.market.template import STATIONS, UTILITIES, Row

SECONDS, STEPS_A_DAY = 900, 96
FIRST_DAY = np.datetime64("2026-06-01T00:00:00", "s")
MEAN_KW = 0.42  # of a drawn household
CONSUMERS, PROSUMERS, DAYS = 60, 30, 7
PERSONAS = ("balanced", "eco", "profit-driven", "greedy", "depressed")
LIKELY = (0.45, 0.25, 0.15, 0.1, 0.05)  # how many of each, in the mean


def readings(*, seed: int = 1) -> Meters:
    """Quarter-hours of a week from Monday, 2026-06-01: ninety homes, thirty of them with a roof of panels.

    Examples
    --------
    >>> meters = readings(seed=1)
    >>> meters.wh.shape
    (672, 120)
    """
    from evenwatt.data import sample

    homes = CONSUMERS + PROSUMERS
    # Three plants in eight stand on roofs; the others are no part of this market.
    drawn = sample.community(seed=seed, households=homes, plants=PROSUMERS * 8 // 3, agents=1).meters
    week = drawn.days[DAYS].rows.start
    kept = [k for k, register in enumerate(drawn.registers) if register.meter.startswith("house-")]
    return replace(
        drawn,
        start=drawn.start[:week],
        wh=drawn.wh[:week, kept],
        status=drawn.status[:week, kept],
        registers=tuple(drawn.registers[k] for k in kept),
    )


def households(meters: Meters, *, seed: int = 1) -> list[Row]:
    """Rows of the homes: where they stand, what energy is worth to them, who has a battery."""
    chance = stream(seed, "sample market")
    makers = {register.meter for register in meters.registers if register.direction == "generation"}
    homes = [register for register in meters.registers if register.direction == "consumption"]
    n = len(homes)
    personas = chance.choice(PERSONAS, n, p=LIKELY)
    distance = chance.uniform(0.1, 1.5, n).round(2)
    value = chance.normal(380, 60, n).clip(250).round()
    battery = chance.choice([0.0, 5.0, 7.5, 10.0], n)
    age = chance.uniform(0, 12, n).round(1)
    return [
        {
            "id": home.meter,
            "label": home.label,
            "role": "prosumer" if home.meter in makers else "consumer",
            "persona": str(personas[k]),
            "node": 2 * k // n,
            "meter": home.meter,
            "distance_km": float(distance[k]),
            "value_per_mwh": float(value[k]),
            **(
                {
                    "battery_kwh": float(battery[k]),
                    "battery_kw": float(battery[k]) / 2,
                    "pv_age_years": float(age[k]),
                }
                if home.meter in makers
                else {}
            ),
        }
        for k, home in enumerate(homes)
    ]


def population(
    *, consumers: int = 60, prosumers: int = 30, producers: int = 7, utilities: int = 3, seed: int = 1
) -> Population:
    """A market's people of any number, drawn without meters; stations together can serve about all of them.

    Examples
    --------
    >>> people = population(consumers=4, prosumers=2, producers=2, utilities=2, seed=1)
    >>> len(people.households), people.producers.sources, people.utilities.personas
    (6, ('solar', 'wind'), ('eco', 'balanced'))
    """
    chance = stream(seed, "drawn market")
    n = consumers + prosumers
    personas = chance.choice(PERSONAS, n, p=LIKELY)
    distance, value = chance.uniform(0.1, 1.5, n), chance.normal(380, 60, n).clip(250)
    battery = chance.choice([0.0, 5.0, 7.5, 10.0], n) * (np.arange(n) >= consumers)
    homes = [
        _agent(
            f"{'consumer' if k < consumers else 'prosumer'}-{k + 1}",
            "consumer" if k < consumers else "prosumer",
            {
                "node": 0, "distance_km": distance[k], "value_per_mwh": value[k], "cash": 1000.0,
                "battery_kwh": battery[k], "battery_kw": battery[k] / 2, "battery_efficiency": 0.9,
                "battery_wear_per_mwh": 20.0, "pv_age_years": 5.0, "pv_life_years": 25.0, "pv_maintenance": 60.0,
                "pv_upgrade": 700.0,
            },
            str(personas[k]),
        )
        for k in range(n)
    ]  # fmt: skip
    return arrays([*homes, *_stations(producers, max(n, 1)), *_companies(utilities)], SECONDS)


def _stations(producers: int, homes: int) -> list[Agent]:
    kinds, shares = list(STATIONS), [share for _, share in STATIONS.values()]
    rounds = -(-producers // len(kinds)) or 1
    made = []
    for k in range(producers):
        name = kinds[k % len(kinds)]
        capacity = shares[k % len(kinds)] * MEAN_KW * homes / rounds
        source = SOURCES[name]
        made.append(
            _agent(
                f"{name}-{k + 1}",
                "producer",
                {
                    "source": name, "capacity_kw": capacity, "cash": 10_000.0, "cost_per_mwh": source.cost_per_mwh,
                    "emission_t_per_mwh": source.emission_t_per_mwh, "upgrade": source.upgrade_per_kw * capacity / 10,
                },
            )
        )  # fmt: skip
    return made


def _companies(utilities: int) -> list[Agent]:
    made = []
    for k in range(utilities):
        id, _, persona, retail = UTILITIES[k % len(UTILITIES)]
        made.append(_agent(f"{id}-{k + 1}", "utility", {"cash": 50_000.0, "retail_per_mwh": retail}, persona))
    return made


def _agent(id: str, role: str, cells: Mapping[str, Any], persona: str = "balanced") -> Agent:
    return Agent(id, id, role, persona, "drawn", cells)


def weather(people: Population, *, days: int = 1, seed: int = 1, first: int = 0) -> Weather:
    """Quarter-hours of June for a drawn market: evening peaks, a sun with clouds, an outside price.

    Examples
    --------
    >>> drawn = weather(population(consumers=4, prosumers=2), days=1, seed=1)
    >>> len(drawn), bool(drawn.pv_wh[:, :4].any()), bool(drawn.pv_wh[48, 4:].all())
    (96, False, True)
    """
    homes, roofs = len(people.households), len(people.households) - people.households.consumers
    start = FIRST_DAY + np.arange(days * STEPS_A_DAY) * np.timedelta64(SECONDS, "s")
    chance = stream(seed, "drawn weather")
    hour = np.arange(len(start)) % STEPS_A_DAY / 4
    usual = 0.6 + 0.5 * np.exp(-0.5 * ((hour - 7) / 1.5) ** 2) + 1.1 * np.exp(-0.5 * ((hour - 19.5) / 2) ** 2)
    size = chance.lognormal(0.0, 0.35, homes) * MEAN_KW * 1000 * SECONDS / 3600  # [Wh]
    load = usual[:, None] * size * chance.gamma(4.0, 0.25, (len(start), homes))
    sun_share = sunshine(start, SECONDS, seed, latitude=50.0, longitude=10.0)
    panels = chance.uniform(3.0, 9.0, roofs) * 1000 * SECONDS / 3600  # [Wh]
    pv = np.zeros((len(start), homes), dtype=np.int64)
    pv[:, people.households.consumers :] = np.rint(sun_share[:, None] * panels)
    sources = [SOURCES[source].weather for source in people.producers.sources]
    price = outside_prices(
        start, "UTC", seed, sun_share=sun_share, wind_share=wind(start, SECONDS, 1, seed)[:, 0]
    )
    return Weather(
        load_wh=np.rint(load).astype(np.int64),
        pv_wh=pv,
        availability=available(sources, start, SECONDS, seed, sun_share=sun_share),
        outside_per_mwh=np.repeat(price[::4], 4)[: len(start)],
        first=first,
    )


def first_rules(*, scenario: int = 1, intervention: bool = True) -> Rules:
    """Rules of a drawn market: uniform prices in both markets, a carbon price and a quota."""
    from evenwatt.markets.mechanism import proportional
    from evenwatt.studies.market.named import mechanism

    return Rules(
        scenario=scenario,
        steps_a_day=STEPS_A_DAY,
        local=mechanism("uniform-price"),
        wholesale=mechanism("uniform-price"),
        split=0.5,
        ration=proportional,
        instruments=Instruments(carbon_per_t=40.0, quota=0.3),
        intervention=intervention,
    )
