"""From the rows of a case to the arrays of its market: who there is and what they own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.units import MICRO_PER_UNIT, SECONDS_PER_HOUR
from evenwatt.studies.market.kinds import SOURCES
from evenwatt.studies.market.roles import Agent
from evenwatt.studies.market.setting import Batteries, Households, Population, Producers, Utilities

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

DAYS_PER_YEAR = 365.25
NONE = {"battery_kwh": 0.0, "battery_kw": 0.0, "battery_efficiency": 1.0, "battery_wear_per_mwh": 0.0}
NO_PANELS = {"pv_age_years": 0.0, "pv_life_years": 25.0, "pv_maintenance": 0.0, "pv_upgrade": 0.0}


def ordered(agents: Sequence[Agent]) -> tuple[Agent, ...]:
    """Agents as a market numbers them: consumers, prosumers, producers, utilities, the regulator."""
    order = ("consumer", "prosumer", "producer", "utility", "regulator")
    return tuple(sorted(agents, key=lambda agent: order.index(agent.role)))


def population(agents: Sequence[Agent], seconds: int) -> Population:
    """The arrays of a market.

    Parameters
    ----------
    agents : sequence of Agent
        In the order of :func:`ordered`.
    seconds : int
        Length of a step [s].
    """
    return Population(
        _households([a for a in agents if a.role in ("consumer", "prosumer")], seconds),
        _producers([a for a in agents if a.role == "producer"], seconds),
        _utilities([a for a in agents if a.role == "utility"], seconds),
    )


def _households(rows: Sequence[Agent], seconds: int) -> Households:
    return Households(
        **_names(rows),
        consumers=sum(row.role == "consumer" for row in rows),
        node=_column(rows, "node").astype(np.int64),
        distance_km=_column(rows, "distance_km"),
        value_per_mwh=_column(rows, "value_per_mwh"),
        cash_micro=_money(_column(rows, "cash")),
        batteries=_batteries(rows, seconds),
        pv_age_days=_column(rows, "pv_age_years") * DAYS_PER_YEAR,
        pv_life_days=_column(rows, "pv_life_years") * DAYS_PER_YEAR,
        pv_maintenance_micro=_money(_column(rows, "pv_maintenance") / DAYS_PER_YEAR),
        pv_upgrade_micro=_money(_column(rows, "pv_upgrade")),
    )


def _producers(rows: Sequence[Agent], seconds: int) -> Producers:
    sources = tuple(row["source"] for row in rows)
    return Producers(
        **_names(rows),
        sources=sources,
        renewable=np.array([SOURCES[source].renewable for source in sources], dtype=np.bool_),
        capacity_wh=_energy(_column(rows, "capacity_kw"), seconds),
        cost_per_mwh=_column(rows, "cost_per_mwh"),
        emission_t_per_mwh=_column(rows, "emission_t_per_mwh"),
        cash_micro=_money(_column(rows, "cash")),
        upgrade_micro=_money(_column(rows, "upgrade")),
    )


def _utilities(rows: Sequence[Agent], seconds: int) -> Utilities:
    return Utilities(
        **_names(rows),
        cash_micro=_money(_column(rows, "cash")),
        retail_per_mwh=_column(rows, "retail_per_mwh"),
        batteries=_batteries(rows, seconds),
        tariffs=tuple(row.cells.get("tariff") or "flat" for row in rows),
    )


def _names(rows: Sequence[Agent]) -> dict[str, Any]:
    return {
        "ids": tuple(row.id for row in rows),
        "labels": tuple(row.label for row in rows),
        "personas": tuple(row.persona for row in rows),
    }


def _batteries(rows: Sequence[Agent], seconds: int) -> Batteries:
    capacity = np.rint(_column(rows, "battery_kwh") * 1000).astype(np.int64)
    power = _energy(_column(rows, "battery_kw"), seconds)
    # The losses of a round trip fall half on the way in, half on the way out.
    efficiency = np.sqrt(_column(rows, "battery_efficiency"))
    return Batteries(
        capacity_wh=capacity,
        charge_wh=power,
        discharge_wh=power,
        stored_wh=np.zeros(len(rows), dtype=np.int64),
        charge_efficiency=efficiency,
        discharge_efficiency=efficiency,
        wear_per_mwh=_column(rows, "battery_wear_per_mwh"),
    )


def _column(rows: Sequence[Agent], name: str) -> Array:
    """A column's values; agents whose role has none of it, have nothing."""
    nothing = (NONE | NO_PANELS).get(name)
    return np.array([row.cells.get(name, nothing) for row in rows], dtype=np.float64)


def _money(value: Array) -> Whole:
    return np.rint(value * MICRO_PER_UNIT).astype(np.int64)


def _energy(kw: Array, seconds: int) -> Whole:
    """Energy of a step at so much power [Wh]."""
    return np.rint(kw * 1000 * seconds / SECONDS_PER_HOUR).astype(np.int64)
