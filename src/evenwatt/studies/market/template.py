"""The tables and settings of a new market, from readings alone: stations sized so that their order matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError
from evenwatt.core.meters import Meters, Times
from evenwatt.core.units import SECONDS_PER_HOUR
from evenwatt.studies.market.availability import outside_prices, sunshine, wind
from evenwatt.studies.market.config import WeatherConfig
from evenwatt.studies.market.participants import PRICES
from evenwatt.studies.market.roles import ROLES
from evenwatt.studies.template import Draft, Settings, counting, quoted, toml

Array = npt.NDArray[np.float64]
Row = dict[str, Any]

# Shares of the households' mean load that each station could deliver: together about three times of it, so that
# the dear ones run on calm evenings and even cheap ones stand idle on a windy noon.
STATIONS: Mapping[str, tuple[str, float]] = {
    "solar": ("Solar park", 0.7),
    "wind": ("Wind farm", 0.6),
    "hydro": ("River plant", 0.2),
    "biomass": ("Wood-fired plant", 0.2),
    "coal": ("Coal plant", 0.35),
    "gas": ("Gas plant", 1.2),
    "oil": ("Oil turbine", 0.9),
}
EXPORTS = 5  # times the limit of what comes in
UTILITIES = (
    ("green-power", "Green Power", "eco", 212.0),
    ("city-works", "City Works", "balanced", 208.0),
    ("prime-energy", "Prime Energy", "greedy", 210.0),
)
# In the order of a row in roles.csv.
COLUMNS = (
    "id", "label", "role", "persona", "node", "meter", "distance_km", "value_per_mwh", "cash", "battery_kwh",
    "battery_kw", "pv_age_years", "source", "capacity_kw", "cost_per_mwh", "emission_t_per_mwh", "retail_per_mwh",
)  # fmt: skip


def draft(settings: Settings, meters: Meters, agents: int | None) -> Draft:
    """A household for each consuming meter, seven stations, three utilities, a regulator, an outside price.

    Raises
    ------
    CaseError
        If agents are asked for, or no meter consumes.
    """
    if agents is not None:
        raise CaseError("--agents: a market has roles instead; edit roles.csv")
    named, makers = counting(meters, "consumption"), counting(meters, "generation")
    if not named:
        raise CaseError("the readings hold no consumption; a market needs at least one household")
    households: list[Row] = [
        {"id": meter, "label": meter, "role": "prosumer" if meter in makers else "consumer", "meter": meter}
        for meter in named
    ]
    return drafted(settings, meters, households)


def drafted(settings: Settings, meters: Meters, households: Sequence[Row]) -> Draft:
    """The same with households that are known already."""
    rows = [*households, *stations(meters), *companies(), {"id": "regulator", "role": "regulator"}]
    return Draft(
        {
            ROLES: [{name: row.get(name) for name in COLUMNS} for row in rows],
            PRICES: prices(settings, meters),
        },
        toml("market", settings, _sections(settings, _border(meters))),
    )


def stations(meters: Meters) -> list[Row]:
    """Producers whose capacities are shares of the mean load."""
    mean = mean_kw(meters)
    return [
        {
            "id": source, "label": label, "role": "producer", "source": source,
            "capacity_kw": float(f"{share * mean:.3g}"),
        }
        for source, (label, share) in STATIONS.items()
    ]  # fmt: skip


def mean_kw(meters: Meters) -> float:
    """Mean consumption of all meters together [kW]."""
    columns = [k for k, register in enumerate(meters.registers) if register.direction == "consumption"]
    hours = len(meters.start) * meters.seconds / SECONDS_PER_HOUR
    return float(meters.wh[:, columns].sum() / 1000 / hours) if hours else 0.0


def companies() -> list[Row]:
    """Utilities of three temperaments."""
    return [
        {"id": id, "label": label, "role": "utility", "persona": persona, "retail_per_mwh": retail}
        for id, label, persona, retail in UTILITIES
    ]


def prices(settings: Settings, meters: Meters) -> list[Row]:
    """An outside price for every hour of the readings, generated: to be replaced by a market's own."""
    first, last = meters.start[0].astype("datetime64[h]"), meters.start[-1].astype("datetime64[h]")
    hours: Times = np.arange(first, last + 1).astype("datetime64[s]")
    place = WeatherConfig()
    sun_share = _seen_sun(meters, hours)
    if sun_share is None:
        sun_share = sunshine(
            hours, SECONDS_PER_HOUR, settings.seed, latitude=place.latitude, longitude=place.longitude
        )
    wind_share = wind(hours, SECONDS_PER_HOUR, 1, settings.seed)[:, 0]
    price = outside_prices(
        hours, settings.timezone, settings.seed, sun_share=sun_share, wind_share=wind_share
    )
    stamps = np.datetime_as_string(hours, unit="s").tolist()
    return [
        {"interval_start": f"{stamp}Z", "price_per_mwh": float(value)}
        for stamp, value in zip(stamps, price, strict=True)
    ]


def _seen_sun(meters: Meters, hours: Times) -> Array | None:
    """Share of their highest output that the panels of the readings give in each hour; None without panels."""
    columns = [k for k, register in enumerate(meters.registers) if register.direction == "generation"]
    made = meters.wh[:, columns].sum(axis=1)
    if not made.any():
        return None
    per_hour = np.zeros(len(hours))
    np.add.at(per_hour, np.searchsorted(hours, meters.start, side="right") - 1, made.astype(np.float64))
    return np.asarray(per_hour / per_hour.max())


def _border(meters: Meters) -> float:
    """Most that comes in: half of the mean load [MW]. Without a limit, the outside price is the only one."""
    return float(f"{mean_kw(meters) / 2 / 1000:.2g}")


def _sections(settings: Settings, border: float) -> list[str]:
    return [
        "[rule]",
        f"local = {quoted(settings.rule)}    # auction of each local grid; `evenwatt mechanisms` lists them",
        'wholesale = "uniform-price"  # auction between producers and utilities',
        'ration = "pro"               # any claims rule: divides ties at the margin and what is scarce',
        "",
        "[market]",
        "scenario = 1              # 1: local auction and secured contracts; 2: auctions for everything",
        "feed_in_per_mwh = 60.0    # what utilities pay for what households feed in",
        f"import_limit_mw = {border:g}   # most that comes in from the outside grid; leave out for no limit",
        f"export_limit_mw = {EXPORTS * border:g}   # noon's sun goes out where nobody is left to use it",
        "renewable_target = 0.8    # what the regulator aims at",
        "",
        "[instruments]             # at the start; the regulator may change them day by day",
        "carbon_per_t = 40.0",
        "quota = 0.3",
        "",
        "[policies]                # who decides: rule, zero-intelligence, zip, bandit, q, nothing, language",
        'consumer = "rule"',
        'prosumer = "rule"',
        'producer = "rule"',
        'utility = "rule"',
        'regulator = "rule"',
        "",
        "[sweep]                   # what `evenwatt sweep` runs beside the case's own",
        'mechanisms = ["uniform-price", "pay-as-bid", "order-book"]',
        'policies = ["own", "zero-intelligence", "zip"]',
        "seeds = 8",
    ]
