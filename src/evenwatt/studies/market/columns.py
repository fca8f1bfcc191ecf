"""Columns of ``roles.csv``: which role has which, in what unit and bounds, and what an empty cell means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HOUSEHOLDS = ("consumer", "prosumer")
EVERYBODY = ("consumer", "prosumer", "producer", "utility", "regulator")
STORING = ("prosumer", "utility")


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    kind : type
        ``str``, ``int`` or ``float``.
    roles : tuple of str
        Roles that have it; a value in another role's row is a fault.
    unit, meaning : str
        For people.
    default : object
        For an empty cell; None where something else decides.
    low, high : float
        Bounds of a number, both allowed.
    """

    kind: type
    roles: tuple[str, ...]
    unit: str
    meaning: str
    default: Any = None
    low: float = 0.0
    high: float = 1e12


COLUMNS: Mapping[str, Column] = {
    "id": Column(str, EVERYBODY, "-", "unique; the role's name and a number if empty"),
    "label": Column(str, EVERYBODY, "-", "what people call it"),
    "role": Column(str, EVERYBODY, "-", "consumer, prosumer, producer, utility or regulator"),
    "count": Column(int, EVERYBODY, "-", "so many of them, numbered from 1", 1, 1, 1_000_000),
    "persona": Column(
        str, EVERYBODY, "-", "how it decides; several with | between are dealt by the seed", "balanced"
    ),
    "node": Column(int, HOUSEHOLDS, "-", "local grid, from 0", 0, 0, 100_000),
    "meter": Column(str, (*HOUSEHOLDS, "producer"), "-", "its readings; {n} is the number of the agent"),
    "pv_meter": Column(str, ("prosumer",), "-", "readings of its panels, where not at its own meter"),
    "scale": Column(
        float, HOUSEHOLDS, "-", "times the readings; needed where several share a meter", 1.0, 0, 1e6
    ),
    "distance_km": Column(float, HOUSEHOLDS, "km", "from the transformer of the local grid", 0.5, 0, 100),
    "value_per_mwh": Column(
        float, HOUSEHOLDS, "currency/MWh", "the most a unit of energy is worth", 400.0, 0, 1e5
    ),
    "cash": Column(
        float, ("consumer", "prosumer", "producer", "utility"), "currency", "money at the start"
    ),
    "battery_kwh": Column(float, STORING, "kWh", "capacity", 0.0, 0, 1e9),
    "battery_kw": Column(float, STORING, "kW", "power; half the capacity in an hour if empty", None, 0, 1e9),
    "battery_efficiency": Column(float, STORING, "-", "round trip", 0.9, 0.01, 1.0),
    "battery_wear_per_mwh": Column(
        float, STORING, "currency/MWh", "cost of what is discharged", 20.0, 0, 1e4
    ),
    "pv_age_years": Column(float, ("prosumer",), "a", "age of the panels", 5.0, 0, 100),
    "pv_life_years": Column(float, ("prosumer",), "a", "lifetime of the panels", 25.0, 0.1, 100),
    "pv_maintenance": Column(
        float, ("prosumer",), "currency/a", "upkeep of the panels in a year", 60.0, 0, 1e6
    ),
    "pv_upgrade": Column(float, ("prosumer",), "currency", "cost of a tenth more panels", 700.0, 0, 1e9),
    "source": Column(str, ("producer",), "-", "solar, wind, hydro, biomass, nuclear, lignite, coal, gas, oil"),
    "capacity_kw": Column(float, ("producer",), "kW", "most output", None, 0, 1e9),
    "capacity_mw": Column(float, ("producer",), "MW", "most output", None, 0, 1e6),
    "cost_per_mwh": Column(
        float, ("producer",), "currency/MWh", "variable cost without carbon; the source's if empty", None, -1e4, 1e4
    ),
    "emission_t_per_mwh": Column(
        float, ("producer",), "t/MWh", "emission factor; the source's if empty", None, 0, 10
    ),
    "upgrade": Column(
        float, ("producer",), "currency", "cost of a tenth more capacity; the source's if empty", None, 0, 1e12
    ),
    "retail_per_mwh": Column(
        float, ("utility",), "currency/MWh", "retail price at the start", 220.0, 0, 1e4
    ),
    "tariff": Column(str, ("utility",), "-", "flat, time-of-use or dynamic, around the retail price", "flat"),
}  # fmt: skip
# Money at the start where the file does not say it [currency].
CASH: Mapping[str, float] = {
    "consumer": 1000.0,
    "prosumer": 2000.0,
    "producer": 10_000.0,
    "utility": 50_000.0,
}
