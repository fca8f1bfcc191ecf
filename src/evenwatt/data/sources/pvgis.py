"""What a PV plant of one kilowatt would have given, hour by hour, from the European Commission's PVGIS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import numpy as np

from evenwatt.core.errors import DataError, gather
from evenwatt.data.series import Track
from evenwatt.data.sources.chunk import Chunk, asked, years
from evenwatt.data.sources.errors import UnusableError
from evenwatt.data.sources.json_answer import document, inside
from evenwatt.data.sources.source import Parsed, Place, Source

COLUMNS = {
    "P": ("pv_w_per_kw", "W per kW of installed power"),
    "G(i)": ("irradiance_w_per_m2", "W/m2"),
    "T2m": ("temperature_c", "degC"),
    "WS10m": ("wind_speed_m_per_s", "m/s"),
}
HOUR = 3600  # [s]


@dataclass(frozen=True)
class Pvgis(Source):
    """Hourly power of a fixed PV plant.

    Attributes
    ----------
    latitude, longitude : float
        Degrees north and east.
    tilt : float
        Of the panels from horizontal [degrees].
    facing : float
        Where they look, from north, clockwise [degrees]; 180 is south.
    loss : float
        What is lost in wires, inverter and dirt, as a fraction.
    database : str
        Radiation database, such as ``PVGIS-SARAH3``; the service's choice if empty.

    Source: PVGIS (c) European Union; Huld, Mueller & Gambardella 2012, doi:10.1016/j.solener.2012.03.006.
    """

    latitude: float = float("nan")
    longitude: float = float("nan")
    tilt: float = 35.0
    facing: float = 180.0
    loss: float = 0.14
    database: str = ""

    name: ClassVar[str] = "pvgis"
    title: ClassVar[str] = "PVGIS, hourly PV power"
    licence: ClassVar[str] = "free re-use with acknowledgement (European Commission, Decision 2011/833/EU)"
    attribution: ClassVar[str] = "PVGIS (c) European Union"
    pace_s: ClassVar[float] = 0.1  # 30 calls a second are allowed

    def __post_init__(self) -> None:
        with gather("pvgis", DataError) as faults:
            faults += Place(self.latitude, self.longitude).faults()
            if not 0 <= self.tilt <= 90:
                faults.append(f"tilt {self.tilt:g} is not between 0 and 90 degrees")
            if not 0 <= self.facing <= 360:
                faults.append(f"facing {self.facing:g} is not between 0 and 360 degrees from north")
            if not 0 <= self.loss < 1:
                faults.append(f"loss {self.loss:g} is not a fraction between 0 and 1")

    @property
    def address(self) -> str:
        """Base URL in use."""
        return self.base_url or "https://re.jrc.ec.europa.eu/api/v5_3"

    @property
    def clock_zone(self) -> str:
        """IANA zone whose days ``--from`` and ``--to`` name."""
        return "UTC"

    def chunks(self, first: np.datetime64, last: np.datetime64) -> Sequence[Chunk]:
        """One request a calendar year: the service tells whole years only."""
        return [
            asked("/seriescalc", self._query(year), _new_year(year), _new_year(year + 1))
            for year in years(first, last)
        ]

    def _query(self, year: int) -> dict[str, str]:
        query = {
            "lat": f"{self.latitude:g}",
            "lon": f"{self.longitude:g}",
            "startyear": str(year),
            "endyear": str(year),
            "pvcalculation": "1",
            "peakpower": "1",
            "loss": f"{100 * self.loss:g}",
            "angle": f"{self.tilt:g}",
            "aspect": f"{_aspect(self.facing):g}",
            "outputformat": "json",
        }
        return query | ({"raddatabase": self.database} if self.database else {})

    def parse(self, content: bytes, chunk: Chunk, fetched: np.datetime64, status: int = 200) -> Parsed:
        """Hours with their power; a stamp at an odd minute stands for the hour that holds it.

        Raises
        ------
        UnusableError
            If the answer is truncated, or its stamps are not one an hour.
        """
        said = document(content)
        rows = inside(said, "outputs", "hourly")
        if not isinstance(rows, list):
            raise UnusableError("JSON whose outputs.hourly is no list")
        if not rows:
            return Parsed(reason="the answer holds no hours")
        stamps = np.array([_stamp(row) for row in rows], dtype="datetime64[s]")
        start = stamps.astype("datetime64[h]").astype("datetime64[s]")
        if (np.diff(start) != np.timedelta64(HOUR, "s")).any():
            raise UnusableError("stamps that are not one an hour")
        length = np.full(len(start), HOUR)
        tracks = tuple(
            Track(column, unit, start, length, _values(rows, name))
            for name, (column, unit) in COLUMNS.items()
        )
        return Parsed(tracks, notes=_notes(said, rows, stamps - start))

    def reason(self, content: bytes) -> str:
        """The source's own words in a refusal."""
        try:
            return str(document(content).get("message") or "")
        except UnusableError:
            return ""


def _notes(said: Mapping[str, Any], rows: list[Any], into: np.ndarray[Any, Any]) -> tuple[str, ...]:
    minutes = sorted({int(m) for m in into.astype("timedelta64[m]").astype(np.int64)})
    notes = []
    if minutes != [0]:
        told = " and ".join(f"{m}" for m in minutes)
        notes.append(
            f"stamps stand at minute {told}; each is put at the start of its hour and taken as the hour's mean"
        )
    database = said.get("inputs", {}).get("meteo_data", {}).get("radiation_db")
    if database:
        notes.append(f"radiation database {database}")
    filled = sum(1 for row in rows if row.get("Int"))
    if filled:
        notes.append(f"{filled} hours are reconstructed by the source (Int = 1)")
    return tuple(notes)


def _stamp(row: Any) -> datetime:
    try:
        stamp = datetime.strptime(row["time"], "%Y%m%d:%H%M")  # UTC, as the service states
        if 1900 <= stamp.year < 2200:
            return stamp
        raise ValueError
    except (KeyError, TypeError, ValueError):
        raise UnusableError("a row without a readable time") from None


def _values(rows: list[Any], name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        return np.array([np.nan if row[name] is None else float(row[name]) for row in rows], dtype=np.float64)
    except (KeyError, TypeError, ValueError):
        raise UnusableError(f"a row without a number for {name}") from None


def _aspect(facing: float) -> float:
    """The service counts from south, west positive, within -180..180."""
    return (facing - 180 + 180) % 360 - 180


def _new_year(year: int) -> np.datetime64:
    return np.datetime64(f"{year}-01-01", "s")
