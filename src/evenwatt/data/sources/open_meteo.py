"""Weather from Open-Meteo: the archive (what was) and the forecast (what is expected), which are not the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import numpy as np

from evenwatt.core.errors import DataError, gather
from evenwatt.core.meters import Times
from evenwatt.data.series import Track
from evenwatt.data.sources.chunk import Chunk, asked, months
from evenwatt.data.sources.errors import UnusableError
from evenwatt.data.sources.json_answer import document, inside, instants, numbers
from evenwatt.data.sources.source import Parsed, Place, Source

HOUR = np.timedelta64(3600, "s")
ARCHIVE_DELAY = np.timedelta64(5 * 24, "h")  # a reanalysis (ERA5) comes about five days after the fact


@dataclass(frozen=True)
class _Variable:
    """A quantity: its column, the unit the source must state, and what to multiply by."""

    column: str
    unit: str
    stated: str
    factor: float = 1.0
    preceding: bool = False  # a mean or sum over the hour before the stamp, not a value at the stamp


VARIABLES = {
    "temperature_2m": _Variable("temperature_c", "degC", "°C"),
    "relative_humidity_2m": _Variable("relative_humidity_share", "1", "%", 0.01),
    "cloud_cover": _Variable("cloud_cover_share", "1", "%", 0.01),
    "wind_speed_10m": _Variable("wind_speed_m_per_s", "m/s", "m/s"),
    "wind_speed_100m": _Variable("wind_speed_100m_m_per_s", "m/s", "m/s"),
    "shortwave_radiation": _Variable("shortwave_radiation_w_per_m2", "W/m2", "W/m²", preceding=True),
    "direct_normal_irradiance": _Variable(
        "direct_normal_irradiance_w_per_m2", "W/m2", "W/m²", preceding=True
    ),
    "diffuse_radiation": _Variable("diffuse_radiation_w_per_m2", "W/m2", "W/m²", preceding=True),
    "precipitation": _Variable("precipitation_mm", "mm", "mm", preceding=True),
}
USUAL = ("temperature_2m", "wind_speed_10m", "cloud_cover", "shortwave_radiation")
HOSTS = {
    "archive": ("https://archive-api.open-meteo.com", "/v1/archive"),
    "forecast": ("https://api.open-meteo.com", "/v1/forecast"),
}


@dataclass(frozen=True)
class OpenMeteo(Source):
    """Hourly weather at a place.

    Attributes
    ----------
    latitude, longitude : float
        Degrees north and east.
    what : str
        ``archive``: a reanalysis, known days after the fact; ``forecast``: known when it is fetched.
    variables : tuple of str
        By the source's names; the keys of ``VARIABLES``.

    Source: open-meteo.com; Hersbach et al. 2020, doi:10.1002/qj.3803 (ERA5).
    """

    latitude: float = float("nan")
    longitude: float = float("nan")
    what: str = "archive"
    variables: tuple[str, ...] = USUAL

    name: ClassVar[str] = "open-meteo"
    title: ClassVar[str] = "Open-Meteo"
    licence: ClassVar[str] = "CC BY 4.0"
    attribution: ClassVar[str] = "Weather data by Open-Meteo.com"
    settles: ClassVar[timedelta] = timedelta(days=6)
    pace_s: ClassVar[float] = 0.5  # 600 calls a minute are free, and a month counts as more than two

    def __post_init__(self) -> None:
        with gather("open-meteo", DataError) as faults:
            faults += Place(self.latitude, self.longitude).faults()
            if self.what not in HOSTS:
                faults.append(f"--what '{self.what}', expected archive or forecast")
            unknown = [name for name in self.variables if name not in VARIABLES]
            if unknown or not self.variables:
                faults.append(f"variables {', '.join(unknown) or 'none'}; there are {', '.join(VARIABLES)}")

    def is_settled(self, chunk: Chunk, fetched: np.datetime64) -> bool:
        """A forecast never settles; the archive does when the reanalysis has come, with a day in reserve."""
        return self.what == "archive" and super().is_settled(chunk, fetched)

    @property
    def address(self) -> str:
        """Base URL in use."""
        return self.base_url or HOSTS[self.what][0]

    @property
    def clock_zone(self) -> str:
        """IANA zone whose days ``--from`` and ``--to`` name."""
        return "UTC"

    def chunks(self, first: np.datetime64, last: np.datetime64) -> Sequence[Chunk]:
        """One request a month of the archive; one for a forecast, so that it is of one moment."""
        parts = months(first, last, "UTC") if self.what == "archive" else [(first, last)]
        return [asked(HOSTS[self.what][1], self._query(a, b), a, b) for a, b in parts]

    def _query(self, first: np.datetime64, last: np.datetime64) -> dict[str, str]:
        # The last hour's radiation stands at the stamp at which that hour ends, often on the next day.
        end = last if any(VARIABLES[name].preceding for name in self.variables) else last - HOUR
        return {
            "latitude": f"{self.latitude:g}",
            "longitude": f"{self.longitude:g}",
            "hourly": ",".join(self.variables),
            "start_date": str(first.astype("datetime64[D]")),
            "end_date": str(end.astype("datetime64[D]")),
            "timezone": "UTC",
            "wind_speed_unit": "ms",
        }

    def parse(self, content: bytes, chunk: Chunk, fetched: np.datetime64, status: int = 200) -> Parsed:
        """Hours by variable; means over the preceding hour are put at its start.

        Raises
        ------
        UnusableError
            If the answer is truncated, of another zone or in other units.
        """
        said = document(content)
        if inside(said, "utc_offset_seconds") != 0:
            raise UnusableError("times of another zone than UTC")
        hourly = inside(said, "hourly")
        stamps = instants(inside(hourly, "time"))
        tracks = tuple(self._track(name, said, stamps, fetched) for name in self.variables)
        notes = [
            f"{VARIABLES[name].column} is told for the hour before each stamp; put at the start of that hour"
            for name in self.variables
            if VARIABLES[name].preceding
        ]
        notes.append(f"open-meteo {self.what}: {_KNOWN[self.what]}")
        if not len(stamps):
            return Parsed(reason="the answer holds no hours")
        return Parsed(tracks, notes=tuple(notes))

    def _track(self, name: str, said: object, stamps: Times, fetched: np.datetime64) -> Track:
        variable = VARIABLES[name]
        assert isinstance(said, dict)
        unit = inside(said, "hourly_units", name)
        if unit != variable.stated:
            raise UnusableError(f"{name} in '{unit}', expected '{variable.stated}'")
        values = numbers(said["hourly"], name)
        if len(values) != len(stamps):
            raise UnusableError(f"{len(stamps)} hours but {len(values)} values of {name}")
        start: Times = np.asarray(stamps - HOUR if variable.preceding else stamps)
        known = np.full(len(start), fetched) if self.what == "forecast" else start + HOUR + ARCHIVE_DELAY
        return Track(
            variable.column, variable.unit, start, np.full(len(start), 3600), values * variable.factor, known
        )

    def reason(self, content: bytes) -> str:
        """The source's own words in a refusal."""
        try:
            return str(document(content).get("reason") or "")
        except UnusableError:
            return ""


_KNOWN = {
    "archive": "a reanalysis; known_at assumes that it comes five days after the fact, so it is nothing to decide with",
    "forecast": "known_at is when it was fetched, for past hours too",
}
