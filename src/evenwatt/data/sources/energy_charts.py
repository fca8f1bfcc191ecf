"""Day-ahead prices from energy-charts.info: JSON, no key, the licence in the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import numpy as np

from evenwatt.core.errors import DataError, ProblemError
from evenwatt.core.meters import Times
from evenwatt.data.series import Track, Whole, lengths
from evenwatt.data.sources.areas import zone_clock
from evenwatt.data.sources.chunk import Chunk, asked, months
from evenwatt.data.sources.errors import UnusableError
from evenwatt.data.sources.json_answer import document, numbers
from evenwatt.data.sources.source import Parsed, Source

PRICE = "price_per_mwh"
EARLIEST, LATEST = -2.2e9, 7.3e9  # seconds since 1970 of the years 1900 and 2200
_UNKNOWN = "No Unit"  # what some answers state in place of EUR / MWh


@dataclass(frozen=True)
class EnergyCharts(Source):
    """Prices of a bidding zone.

    Attributes
    ----------
    zone : str
        Bidding zone as the source spells it: ``DE-LU``, ``AT``, ``CZ`` ...

    Source: api.energy-charts.info (Fraunhofer ISE).
    """

    zone: str = "DE-LU"

    name: ClassVar[str] = "energy-charts"
    title: ClassVar[str] = "energy-charts.info, day-ahead prices"
    licence: ClassVar[str] = "stated in each answer"
    attribution: ClassVar[str] = "energy-charts.info"
    pace_s: ClassVar[float] = 1.0
    settles: ClassVar[timedelta] = timedelta(days=1)
    no_data: ClassVar[frozenset[int]] = frozenset({404})

    def __post_init__(self) -> None:
        if not self.zone:
            raise DataError("energy-charts: name a bidding zone with --zone, e.g. DE-LU")

    @property
    def address(self) -> str:
        """Base URL in use."""
        return self.base_url or "https://api.energy-charts.info"

    @property
    def clock_zone(self) -> str:
        """IANA zone whose days ``--from`` and ``--to`` name."""
        return zone_clock(self.zone)

    def chunks(self, first: np.datetime64, last: np.datetime64) -> Sequence[Chunk]:
        """One request a local month; times as seconds since 1970, which need no zone."""
        return [
            asked(
                "/price",
                {"bzn": self.zone, "start": _unix(a), "end": _unix(b - np.timedelta64(1, "s"))},
                a,
                b,
            )
            for a, b in months(first, last, self.clock_zone)
        ]

    def parse(self, content: bytes, chunk: Chunk, fetched: np.datetime64, status: int = 200) -> Parsed:
        """Prices by interval; an interval is as long as the step to its neighbour.

        Raises
        ------
        UnusableError
            If the answer is truncated, or its times and prices do not match.

        Examples
        --------
        >>> said = b'{"unix_seconds": [1767222000, 1767225600], "price": [40.5, null], "unit": "EUR / MWh"}'
        >>> day = np.datetime64("2026-01-01", "s")
        >>> made = EnergyCharts().parse(said, asked("/price", {}, day, day), day)
        >>> made.tracks[0].value.tolist(), made.tracks[0].seconds.tolist()
        ([40.5, nan], [3600, 3600])
        """
        if status in self.no_data:
            return Parsed(reason=self.reason(content) or "no content")
        said = document(content)
        unix, price = numbers(said, "unix_seconds"), numbers(said, "price")
        if len(unix) != len(price):
            raise UnusableError(f"{len(unix)} times but {len(price)} prices")
        licence = str(said.get("license_info") or "")
        if not len(unix):
            return Parsed(reason="the answer holds no prices", licence=licence)
        if not ((unix > EARLIEST) & (unix < LATEST)).all() or (np.diff(unix) <= 0).any():
            raise UnusableError("times that do not go forward")
        start: Times = unix.astype("datetime64[s]")
        seconds, assumed = _lengths(start)
        unit = str(said.get("unit") or "")
        currency, notes = _currency(unit)
        track = Track(PRICE, f"{currency}/MWh", start, seconds, price)
        return Parsed((track,), notes=(*notes, *assumed), licence=licence, currency=currency)

    def reason(self, content: bytes) -> str:
        """The source's own words in a refusal."""
        try:
            said = document(content)
        except UnusableError:
            return ""
        return str(said.get("detail") or said.get("message") or "")


def _lengths(start: Times) -> tuple[Whole, tuple[str, ...]]:
    try:
        seconds = lengths(start)
    except ProblemError as why:
        raise UnusableError(str(why)) from None
    return seconds, ("one price alone: taken to hold for an hour",) * (len(start) == 1)


def _unix(instant: np.datetime64) -> str:
    return str(int(instant.astype("datetime64[s]").astype(np.int64)))


def _currency(unit: str) -> tuple[str, tuple[str, ...]]:
    if not unit or unit == _UNKNOWN:
        return "EUR", ("the answer states no unit; read as EUR per MWh",)
    currency, _, per = (part.strip() for part in unit.partition("/"))
    if per.lower() != "mwh":
        raise UnusableError(f"prices in '{unit}', expected a currency per MWh")
    return currency.upper(), ()
