"""Everybody in a market and what stands beside them: the outside price, a schedule of instruments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError, gather
from evenwatt.studies.market.config import InstrumentsConfig, MarketConfig
from evenwatt.studies.market.population import ordered, population
from evenwatt.studies.market.roles import ROLES, Agent, read_roles
from evenwatt.studies.market.setting import Population
from evenwatt.studies.market.signed import CONTRACTS, MOST_PER_MWH, Agreement, read_contracts
from evenwatt.studies.prices import Prices, read_prices

Array = npt.NDArray[np.float64]

MOST_ROWS = 2_000_000  # of households' intervals in a day: beyond, none is kept
PRICES, INSTRUMENTS = "prices.csv", "instruments.csv"
# What a wholesale price is called: by name, or as `evenwatt data import` writes it for households.
PRICE_COLUMNS = ("price_per_mwh", "grid_sell_per_mwh")


@dataclass(frozen=True)
class Setpoint:
    """One value of one instrument from an instant on."""

    start: np.datetime64
    instrument: str
    value: float


@dataclass(frozen=True)
class Participants:
    """The agents of a case in the order of their numbers.

    Attributes
    ----------
    agents : tuple of Agent
        Consumers, prosumers, producers, utilities, the regulator.
    prices : Prices
        Of the outside grid.
    price_column : str
        Which of its columns that is.
    schedule : tuple of Setpoint
        Instruments that change whatever the regulator does, by time.
    agreements : tuple of Agreement
        Contracts that are signed before the first step.
    """

    agents: tuple[Agent, ...]
    prices: Prices
    price_column: str = PRICE_COLUMNS[0]
    schedule: tuple[Setpoint, ...] = ()
    agreements: tuple[Agreement, ...] = ()

    def with_personas(self, personas: Mapping[str, str]) -> Participants:
        """The same people, with another persona for all agents of some roles."""
        if not personas:
            return self
        changed = [replace(agent, persona=personas.get(agent.role, agent.persona)) for agent in self.agents]
        return replace(self, agents=tuple(changed))

    def of(self, *roles: str) -> list[Agent]:
        """Agents of some roles."""
        return [agent for agent in self.agents if agent.role in roles]

    @cached_property
    def households(self) -> list[Agent]:
        """Consumers, then prosumers."""
        return self.of("consumer", "prosumer")

    @cached_property
    def consumers(self) -> list[Agent]:
        """Households without panels."""
        return self.of("consumer")

    @cached_property
    def prosumers(self) -> list[Agent]:
        """Households with panels."""
        return self.of("prosumer")

    @cached_property
    def producers(self) -> list[Agent]:
        """Power stations."""
        return self.of("producer")

    @cached_property
    def utilities(self) -> list[Agent]:
        """Companies that serve households."""
        return self.of("utility")

    @property
    def regulated(self) -> bool:
        """Whether there is a regulator."""
        return any(agent.role == "regulator" for agent in self.agents)

    @cached_property
    def scale(self) -> Array:
        """Times its readings, of each household, (H,)."""
        return np.array([agent["scale"] for agent in self.households], dtype=np.float64)

    @property
    def members(self) -> tuple[str, ...]:
        """Ids of the households."""
        return tuple(agent.id for agent in self.households)

    def few(self, slots: int) -> bool:
        """Whether every household's interval can be written down, for days of so many."""
        return len(self.households) * slots <= MOST_ROWS

    def metered(self) -> Iterator[tuple[str, str, str]]:
        """Everything that names a meter: table, id, meter."""
        for agent in self.agents:
            for column in ("meter", "pv_meter"):
                if meter := agent.cells.get(column):
                    yield ROLES, agent.id, meter

    def check_meters(self, meters: Sequence[str], place: str) -> None:
        """Raise one CaseError for every meter named in a table but absent from the readings."""
        known = set(meters)
        with gather(place, CaseError) as faults:
            faults += [
                f"{table}: '{name}': meter '{meter}' has no readings; there are "
                f"{', '.join(list(meters)[:4])} ..."
                for table, name, meter in self.metered()
                if meter not in known
            ]

    def population(self, seconds: int) -> Population:
        """The arrays of the market, for steps of so many seconds."""
        return population(self.agents, seconds)


def read_participants(folder: Path, config: MarketConfig) -> Participants:
    """Read the tables of a case.

    Raises
    ------
    CaseError, DataError
        Naming file, row and column of every fault of the first file that has any.
    """
    agents = ordered(read_roles(folder / ROLES, seed=config.seed))
    prices, column = _outside(folder / PRICES, config.timezone)
    schedule = _schedule(folder / INSTRUMENTS, config.timezone)
    agreements = read_contracts(folder / CONTRACTS, agents, config.timezone)
    return Participants(agents, prices, column, schedule, agreements)


def _outside(path: Path, zone: str) -> tuple[Prices, str]:
    from evenwatt.data import table

    names = {name.lower() for name in table.columns(path)[0]}
    column = next((name for name in PRICE_COLUMNS if name in names), PRICE_COLUMNS[0])
    prices = read_prices(path, (column,), zone)
    with gather(PRICES, CaseError) as faults:
        faults += [
            f"line {row + 2}, column '{column}': {prices.columns[column][row]:g}, expected at most {MOST_PER_MWH:g} "
            "either way [per MWh]"
            for row in np.flatnonzero(np.abs(prices.columns[column]) > MOST_PER_MWH).tolist()
        ]
    return prices, column


def _schedule(path: Path, zone: str) -> tuple[Setpoint, ...]:
    """``instruments.csv``: start, instrument, value; every fault named."""
    from evenwatt.data import schema

    if not path.is_file():
        return ()
    rows = schema.read_table(path, {"start": datetime, "instrument": str, "value": float})
    known = tuple(InstrumentsConfig.model_fields)
    with gather(INSTRUMENTS, CaseError) as faults:
        for k, row in enumerate(rows):
            faults += _setpoint_faults(k + 2, row, known)
    return tuple(
        sorted(
            (Setpoint(_instant(row["start"], zone), row["instrument"], row["value"]) for row in rows),
            key=lambda point: (point.start, point.instrument),
        )
    )


def _setpoint_faults(line: int, row: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    from difflib import get_close_matches

    from pydantic import ValidationError

    name = row["instrument"]
    if name not in known:
        near = get_close_matches(name, known, 1)
        advice = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"
        return [f"line {line}, column 'instrument': '{name}' is not one; {advice}"]
    try:
        InstrumentsConfig.model_validate({name: row["value"]})
    except ValidationError as error:
        return [f"line {line}, column 'value': {row['value']:g} for {name}: {error.errors()[0]['msg']}"]
    return []


def _instant(stamp: datetime, zone: str) -> np.datetime64:
    aware = stamp if stamp.tzinfo else stamp.replace(tzinfo=ZoneInfo(zone))
    return np.datetime64(aware.astimezone(UTC).replace(tzinfo=None), "s")
