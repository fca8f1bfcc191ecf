"""A sample community: a village of households, roofs and a small stream, drawn from one seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.core.chance import stream
from evenwatt.core.errors import DataError, gather
from evenwatt.core.meters import Direction, Meters, Register, Times, instants
from evenwatt.core.units import W_PER_KW
from evenwatt.data.clock import local_labels
from evenwatt.data.household import load_w, wander
from evenwatt.data.solar import REFERENCE, on_panel, sun

Array = npt.NDArray[np.float64]
Row = dict[str, str | float]

SECONDS = 900
LOSSES = 0.86  # inverter, wiring, warm cells; PVWatts' default, NREL/TP-6A20-62641
MOST_MONTHS = 36  # a year of 40 homes takes seconds and 15 MB
ROOFS = 3 / 8  # share of the PV plants that stand on a member's roof


@dataclass(frozen=True)
class Sample:
    """A community ready to be written as a case.

    Attributes
    ----------
    meters : Meters
        Quarter-hours of the months, whole Wh.
    members, suppliers, agents, prices : list of dict
        Rows of the case's tables.
    """

    meters: Meters
    members: list[Row]
    suppliers: list[Row]
    agents: list[Row]
    prices: list[Row]


def community(
    *,
    seed: int = 1,
    month: str = "2026-06",
    months: int = 1,
    zone: str = "Europe/Prague",
    households: int = 40,
    plants: int = 8,
    agents: int = 3,
    latitude: float = 49.8,
    longitude: float = 15.5,
    coverage: float | None = None,
) -> Sample:
    """Draw a community: households, PV plants (three in eight on members' roofs) and one small hydro plant.

    Parameters
    ----------
    seed : int
        Same seed, same bytes.
    month : str
        Local calendar month, "YYYY-MM", the first of them.
    months : int
        How many months in a row; 12 are a year.
    zone : str
        IANA time zone of the settlement days.
    households, plants, agents : int
        How many of each; the hydro plant comes on top of the PV plants.
    latitude, longitude : float
        Where the roofs are [degrees north, east].
    coverage : float, optional
        Generation over consumption in the whole period: the plants are made larger or smaller until it
        is reached. Below 1 energy is scarce; as the plants come if not said.

    Raises
    ------
    DataError
        If the month is not one, there would be nobody, or a place or share cannot be; all named at once.

    Examples
    --------
    >>> sample = community(households=4, plants=3, agents=1)
    >>> sample.meters.wh.shape, [row["id"] for row in sample.suppliers]
    ((2880, 8), ['roof-1', 'pv-1', 'pv-2', 'hydro'])
    """
    first = _checked(month, months, zone, (households, plants, agents), (latitude, longitude), coverage)
    start = _quarters(first, months, zone)
    roofs = min(int(plants * ROOFS), households)
    load = load_w(start, zone, households, seed)
    made = np.hstack([_pv_w(start, plants, seed, latitude, longitude), _hydro_w(start, seed)[:, None]])
    if coverage is not None:
        made = made * (coverage * load.sum() / made.sum())
    power = np.hstack([load, made])
    wh = _whole(power * (SECONDS / 3600))
    registers = _registers(households, plants, roofs)
    note = f"sample community drawn from seed {seed}, not measured"
    meters = Meters(start, wh, np.zeros(wh.shape, np.uint8), registers, SECONDS, zone, (note,))
    suppliers = _suppliers(registers, households, seed)
    return Sample(
        meters,
        _members(households, agents, first, seed),
        suppliers,
        _agents(agents, seed),
        _prices(start, zone),
    )


def write(sample: Sample, path: Path | str) -> None:
    """Write the meters as a tidy CSV file, to be imported like any other.

    Parameters
    ----------
    path : path
        The file: interval_start (UTC), meter, role, kwh.
    """
    from evenwatt.data.tidy_file import write_tidy

    write_tidy(sample.meters, path)


def write_tables(sample: Sample, folder: Path | str) -> tuple[Path, ...]:
    """Write members, suppliers, agents and prices as a case has them.

    Raises
    ------
    DataError
        If the folder holds one of them already.
    """
    import polars as pl

    place = Path(folder)
    tables = {
        "members.csv": sample.members,
        "suppliers.csv": sample.suppliers,
        "agents.csv": sample.agents,
        "prices.csv": sample.prices,
    }
    taken = [name for name in tables if (place / name).exists()]
    if taken:
        raise DataError(f"{place}: holds {', '.join(taken)} already; name another folder")
    place.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        pl.DataFrame(rows).write_csv(place / name)
    return tuple(place / name for name in tables)


def _checked(
    month: str,
    months: int,
    zone: str,
    parties: tuple[int, int, int],
    place: tuple[float, float],
    coverage: float | None,
) -> date:
    """The first day, or every wish that cannot be met."""
    households, plants, agents = parties
    with gather("sample", DataError) as faults:
        first = _first(month, faults)
        if not 1 <= months <= MOST_MONTHS:
            faults.append(f"{months} months, expected 1 to {MOST_MONTHS}")
        if min(households, agents) < 1 or plants < 0:
            faults.append(f"{households} households, {plants} plants, {agents} agents; at least 1, 0 and 1")
        for value, most, name in zip(place, (90, 180), ("latitude", "longitude"), strict=True):
            if not -most <= value <= most:
                faults.append(f"{name} {value:g} is not between -{most} and {most} degrees")
        if coverage is not None and not (np.isfinite(coverage) and coverage > 0):
            faults.append(f"coverage {coverage:g} is not above 0")
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            faults.append(f"zone {zone!r} is no IANA time zone, expected a name such as 'Europe/Prague'")
    return first


def _first(month: str, faults: list[str]) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError:
        faults.append(f"month {month!r} is not of the form 'YYYY-MM'")
        return date.min


def _quarters(first: date, months: int, zone: str) -> Times:
    """Start of every quarter-hour of the months, UTC."""
    after = first.year * 12 + first.month - 1 + months
    days = (date(after // 12, after % 12 + 1, 1) - first).days
    return np.concatenate([instants(first + timedelta(days=k), zone, SECONDS) for k in range(days)])


def _pv_w(start: Times, plants: int, seed: int, latitude: float, longitude: float) -> Array:
    """Power of the PV plants, (T, plants) [W]."""
    chance = stream(seed, "plants")
    peak = chance.uniform(3.5, 9.5, plants) * W_PER_KW  # [W]
    tilt = np.radians(chance.uniform(20, 45, plants))
    facing = np.radians(chance.normal(180, 35, plants))
    elevation, azimuth = sun(start + np.timedelta64(SECONDS // 2, "s"), latitude, longitude)
    clearness = _clearness(len(start), plants, seed)
    light = on_panel(elevation, azimuth, clearness, tilt=tilt, facing=facing)
    return np.asarray(np.minimum(light / REFERENCE * LOSSES, 1.0) * peak)


def _clearness(steps: int, plants: int, seed: int) -> Array:
    """Share of a clear sky's light at each plant: weather shared by the region, clouds of one's own."""
    region = stream(seed, "clouds")
    weather = wander(region, steps, 1, hours=30.0)
    passing = wander(region, steps, 1, hours=1.5)
    own = wander(stream(seed, "local clouds"), steps, plants, hours=0.4)
    cover = 1 / (1 + np.exp(-(1.6 * weather + 0.9 * passing + 0.5 * own - 0.6) * 1.4))
    return np.asarray(1 - 0.8 * cover)


def _hydro_w(start: Times, seed: int) -> Array:
    """Power of a small run-of-river plant, (T,) [W]: high in spring, slow to change."""
    chance = stream(seed, "river")
    month = start.astype("datetime64[M]").astype(np.int64) % 12
    season = 1 + 0.3 * np.cos(2 * np.pi * (month - 3) / 12)
    return np.asarray(
        np.clip(2800 * season * np.exp(0.2 * wander(chance, len(start), 1, hours=72.0)[:, 0]), 0, 5000)
    )


def _whole(energy: Array) -> npt.NDArray[np.int64]:
    # A day's blocks differ in length at clock changes; the sample rounds each register as a whole.
    return exact.vector(energy.T).T


def _registers(households: int, plants: int, roofs: int) -> tuple[Register, ...]:
    homes = [_register(f"house-{k + 1}", "consumption", f"House {k + 1}") for k in range(households)]
    # Roofs are spread over the village rather than on its first houses.
    hosts = [(2 * k + 1) * households // (2 * roofs) + 1 for k in range(roofs)]
    sunny = [_register(f"house-{h}", "generation", f"Roof of house {h}") for h in hosts]
    fields = [_register(f"pv-{k + 1}", "generation", f"PV {k + 1}") for k in range(plants - roofs)]
    return (*homes, *sunny, *fields, _register("hydro", "generation", "Small hydro"))


def _register(meter: str, direction: Direction, label: str) -> Register:
    return Register(f"{meter}:{direction}", meter, direction, label)


def _members(households: int, agents: int, first: date, seed: int) -> list[Row]:
    of = stream(seed, "agents of members").permutation(np.arange(households) % agents)
    return [
        {
            "id": f"m{k + 1}",
            "label": f"House {k + 1}",
            "role": "consumer",
            "agent": f"agent-{of[k] + 1}",
            "meter": f"house-{k + 1}",
            "weight": 1.0,
            "valid_from": f"{first.year}-01-01",
            "valid_to": "",
        }
        for k in range(households)
    ]


def _suppliers(registers: tuple[Register, ...], households: int, seed: int) -> list[Row]:
    """What a unit costs its supplier, and what it asks for it [EUR per MWh]."""
    chance = stream(seed, "costs")
    rows: list[Row] = []
    homes = {register.meter for register in registers[:households]}
    roofs = 0
    for register in registers[households:]:
        roofs += register.meter in homes
        cost = round(float(chance.uniform(35, 60)), 1)
        offer = round(cost + float(chance.uniform(30, 60)), 1)
        name = f"roof-{roofs}" if register.meter in homes else register.meter
        rows.append({"id": name, "meter": register.meter, "cost": cost, "offer": offer})
    return rows


def _agents(agents: int, seed: int) -> list[Row]:
    """What a unit is worth to each agent's consumers [EUR per MWh]."""
    worth = stream(seed, "agents").uniform(170, 230, agents)
    return [{"id": f"agent-{k + 1}", "value": round(float(worth[k]), 1)} for k in range(agents)]


def _prices(start: Times, zone: str) -> list[Row]:
    """Hourly prices [EUR per MWh]: dearer on weekday evenings, cheaper at night."""
    hours = start[(start - start.astype("datetime64[h]")) == np.timedelta64(0, "s")]
    clock = local_labels(hours, zone)
    hour = (clock - clock.astype("datetime64[D]")) / np.timedelta64(3600, "s")
    buy = np.where((hour >= 17) & (hour < 21), 290.0, np.where((hour < 6) | (hour >= 22), 220.0, 250.0))
    stamps = np.datetime_as_string(hours, unit="s", timezone="UTC").tolist()
    fixed: Mapping[str, float] = {"grid_sell_per_mwh": 60.0, "local_per_mwh": 140.0}
    return [
        {"interval_start": s, "grid_buy_per_mwh": float(b), **fixed} for s, b in zip(stamps, buy, strict=True)
    ]
