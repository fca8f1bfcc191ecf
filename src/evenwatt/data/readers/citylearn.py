"""CityLearn folders: a year of hourly load and PV of simulated homes, without a calendar year."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError, told
from evenwatt.core.meters import Meters, Register, Times
from evenwatt.core.units import MICRO_WH_PER_KWH, W_PER_KW
from evenwatt.data import table
from evenwatt.data.readers import stated
from evenwatt.data.sheet import Readings
from evenwatt.data.whole import micro_wh

LOOKS_LIKE = (
    "a folder with schema.json and Building_*.csv (month, hour, non_shiftable_load, solar_generation)"
)
YEAR = 2021  # of 1 August, the first full day; the files do not say
OFFSET = "+00:00"
LOAD, SOLAR = "non_shiftable_load", "solar_generation"
NEEDED = ("month", "hour", LOAD, SOLAR)


@dataclass(frozen=True)
class _Home:
    name: str
    table: table.Table
    nominal_kw: float


def sniff(path: Path) -> bool:
    """Whether the folder is CityLearn's."""
    return path.is_dir() and (path / "schema.json").is_file() and any(path.glob("Building_*.csv"))


def read(path: Path, *, zone: str, offset: str | None = None, year: int | None = None) -> Meters:
    """Read a CityLearn folder; a meter is a building."""
    from evenwatt.data.readers import read

    return read(path, zone=zone, offset=offset, year=year)


def readings(path: Path, *, offset: str | None = None, year: int | None = None) -> Readings:
    """Rows of all buildings of a folder.

    Raises
    ------
    DataError
        If a file or ``schema.json`` lacks what is needed; names every fault of the folder.
    """
    faults: list[str] = []
    homes = _homes(path, faults)
    if faults:
        raise DataError(told(str(path), faults))
    start = _hours(homes[0], YEAR if year is None else year, faults)
    values = np.hstack([_energy(home) for home in homes])
    micro, readable = micro_wh(values, MICRO_WH_PER_KWH)
    start, utc, clock = stated(path.name, start, False, offset or OFFSET, assumed=offset is None)
    why = "assumed" if year is None else "stated by the case"
    notes = (
        *clock,
        f"{path.name}: the first row is of {str(start[0])[:10]}, year {why}",
        f"{path.name}: hour h is read as starting at h - 1 (assumed)",
        f"{path.name}: PV is read as W per kW times the nominal power in schema.json",
    )
    return Readings(
        path.name,
        start,
        micro,
        readable,
        tuple(register for home in homes for register in _registers(home)),
        homes[0].table.places,
        utc,
        notes=notes,
        faults=tuple(faults),
    )


def capacity(path: Path) -> dict[str, float]:
    """Nominal power of each building's PV, by meter [kW]."""
    return {
        name: kw
        for name in _schema(path).get("buildings", {})
        if (kw := _nominal(_schema(path), name)) is not None
    }


def _homes(path: Path, faults: list[str]) -> list[_Home]:
    """Every building with its table and nominal PV power; all of one length."""
    schema = _schema(path)
    files = sorted(path.glob("Building_*.csv"), key=lambda file: (len(file.stem), file.stem))
    homes = []
    for file in files:
        try:
            found = table.load(file, lambda name: name in NEEDED)
        except DataError as why:
            faults.append(str(why))
            continue
        missing = [name for name in NEEDED if name not in found.frame.columns]
        faults += [f"{file.name}: column {name!r} is missing" for name in missing]
        faults += [f"{file.name}: {fault}" for fault in found.faults]
        nominal = _nominal(schema, file.stem)
        if nominal is None:
            faults.append(f"schema.json: no buildings.{file.stem}.pv.attributes.nominal_power")
        if not missing:
            homes.append(_Home(file.stem, found, nominal or 0.0))
    for home in homes[1:]:
        if home.table.frame.height != homes[0].table.frame.height:
            rows = f"{home.table.frame.height} rows, {homes[0].name} has {homes[0].table.frame.height}"
            faults.append(f"{home.name}.csv: {rows}")
        elif not _same_calendar(home, homes[0]):
            faults.append(f"{home.name}.csv: months and hours differ from those of {homes[0].name}")
    return homes


def _schema(path: Path) -> dict[str, Any]:
    try:
        told_by: dict[str, Any] = json.loads((path / "schema.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as why:
        raise DataError(f"{path / 'schema.json'}: cannot be read ({why})") from None
    return told_by


def _nominal(schema: dict[str, Any], name: str) -> float | None:
    building = schema.get("buildings", {}).get(name, {})
    value = ((building.get("pv") or {}).get("attributes") or {}).get("nominal_power")
    return float(value) if isinstance(value, int | float) else None


def _same_calendar(home: _Home, other: _Home) -> bool:
    own, its = (one.table.numbers(["month", "hour"]) for one in (home, other))
    return bool((own == its).all())


def _hours(home: _Home, year: int, faults: list[str]) -> Times:
    """Naive start of each hour: regular, checked against the file's month and hour columns."""
    month, hour = home.table.numbers(["month", "hour"]).T
    # The data starts with the last hour before the first full day: month 7, hour 24.
    first = np.datetime64(f"{year}-{int(month[0]):02d}", "M")
    day = (first + 1).astype("datetime64[D]") - 1 if hour[0] == 24 else first.astype("datetime64[D]")
    begin = day.astype("datetime64[s]") + np.timedelta64(int(hour[0] - 1) * 3600, "s")
    start = begin + np.arange(len(hour)) * np.timedelta64(3600, "s")
    expected = (start - start.astype("datetime64[D]")) // np.timedelta64(3600, "s") + 1
    wrong = np.flatnonzero(expected != hour)
    if len(wrong):
        row = int(wrong[0])
        line = home.table.places[row]
        faults.append(
            f"{home.name}.csv, line {line}: hour {hour[row]:g}, expected {expected[row]}; rows are missing"
        )
    elif (off := start.astype("datetime64[M]").astype(np.int64) % 12 + 1 != month).any():
        line, day = home.table.places[off][0], start[off].astype("datetime64[D]")[0]
        what = f"month {month[off][0]:g}, expected that of {day}; choose another year"
        faults.append(f"{home.name}.csv, line {line}: {what}")
    return np.asarray(start)


def _energy(home: _Home) -> npt.NDArray[np.float64]:
    """Consumption and generation, (T, 2) [kWh]."""
    load, solar = home.table.numbers([LOAD, SOLAR]).T
    return np.column_stack([load, solar * home.nominal_kw / W_PER_KW])


def _registers(home: _Home) -> tuple[Register, Register]:
    return (
        Register(f"{home.name}:consumption", home.name, "consumption"),
        Register(f"{home.name}:generation", home.name, "generation"),
    )
