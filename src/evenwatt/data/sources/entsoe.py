"""Load, generation and day-ahead prices from ENTSO-E's Transparency Platform; needs a key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import numpy as np

from evenwatt.core.errors import DataError
from evenwatt.data.series import Track
from evenwatt.data.sources.areas import area_code, zone_clock
from evenwatt.data.sources.chunk import Chunk, asked, days, months
from evenwatt.data.sources.entsoe_document import ACKNOWLEDGEMENT, Document, TimeSeries, documents
from evenwatt.data.sources.errors import SourceError, UnusableError
from evenwatt.data.sources.source import Parsed, Source

NOTHING = "no matching data"  # what an acknowledgement says where there is nothing
MOST_SERIES = 100  # time series in one answer about prices at most; a longer one is cut without a word
PRICE_DAYS = 14  # of up to four series each (two auctions, two resolutions), well below that
# Production types of the platform's code list (psrType), as columns.
TYPES = {
    "B01": "biomass", "B02": "lignite", "B03": "coal_gas", "B04": "gas", "B05": "hard_coal", "B06": "oil",
    "B07": "oil_shale", "B08": "peat", "B09": "geothermal", "B10": "pumped_storage", "B11": "run_of_river",
    "B12": "reservoir", "B13": "marine", "B14": "nuclear", "B15": "other_renewable", "B16": "solar",
    "B17": "waste", "B18": "wind_offshore", "B19": "wind_onshore", "B20": "other", "B25": "storage",
}  # fmt: skip


@dataclass(frozen=True)
class _Item:
    """What can be asked for: query, and which element holds a point's value."""

    document: str
    process: str
    domains: tuple[str, ...]
    value: str


ITEMS = {
    "prices": _Item("A44", "", ("in_Domain", "out_Domain"), "price.amount"),
    "load": _Item("A65", "A16", ("outBiddingZone_Domain",), "quantity"),
    "load-forecast": _Item("A65", "A01", ("outBiddingZone_Domain",), "quantity"),
    "generation": _Item("A75", "A16", ("in_Domain",), "quantity"),
}


@dataclass(frozen=True)
class Entsoe(Source):
    """One item of one area.

    Attributes
    ----------
    zone : str
        Area by its name here (``DE-LU``, ``CZ`` ...) or its code of 16 characters.
    what : str
        ``prices`` (day-ahead, A44), ``load`` (actual total load, A65), ``load-forecast`` (day-ahead,
        A65) or ``generation`` (actual by production type, A75).
    auction : int
        Where a zone has several day-ahead auctions, which one: 1 is the coupled market; Germany and
        Austria have a second one at another exchange.

    Source: Transparency Platform RESTful API user guide; Regulation (EU) 543/2013.
    """

    zone: str = ""
    what: str = "prices"
    auction: int = 1

    name: ClassVar[str] = "entsoe"
    title: ClassVar[str] = "ENTSO-E Transparency Platform"
    licence: ClassVar[str] = (
        "terms and conditions of the Transparency Platform; free re-use of most items (CC BY 4.0)"
    )
    attribution: ClassVar[str] = "ENTSO-E Transparency Platform, transparency.entsoe.eu"
    key_parameter: ClassVar[str] = "securityToken"
    key_variable: ClassVar[str] = "ENTSOE_API_KEY"
    pace_s: ClassVar[float] = 0.2  # 400 requests a minute are allowed; more earns ten minutes of silence
    settles: ClassVar[timedelta] = timedelta(days=5)
    no_data: ClassVar[frozenset[int]] = frozenset({400})  # with an acknowledgement that says so

    def __post_init__(self) -> None:
        if not self.zone:
            raise DataError("entsoe: name an area with --zone, e.g. DE-LU or 10YCZ-CEPS-----N")
        if self.what not in ITEMS:
            raise DataError(f"entsoe: --what '{self.what}', expected one of {', '.join(ITEMS)}")
        area_code(self.zone)

    @property
    def address(self) -> str:
        """Base URL in use."""
        return self.base_url or "https://web-api.tp.entsoe.eu/api"

    @property
    def clock_zone(self) -> str:
        """IANA zone whose days ``--from`` and ``--to`` name."""
        return zone_clock(self.zone)

    def chunks(self, first: np.datetime64, last: np.datetime64) -> Sequence[Chunk]:
        """One request a local month; prices come in pieces of 14 days, as an answer holds 100 series at most."""
        item = ITEMS[self.what]
        code = area_code(self.zone)
        query = {"documentType": item.document, **dict.fromkeys(item.domains, code)}
        query |= {"processType": item.process} if item.process else {}
        zone = self.clock_zone
        parts = days(first, last, zone, PRICE_DAYS) if self.what == "prices" else months(first, last, zone)
        return [
            asked("", {**query, "periodStart": _stamp(a), "periodEnd": _stamp(b)}, a, b) for a, b in parts
        ]

    def parse(self, content: bytes, chunk: Chunk, fetched: np.datetime64, status: int = 200) -> Parsed:
        """Read market documents, alone or in a zip archive.

        Raises
        ------
        UnusableError
            If an answer is truncated or no market document.
        SourceError
            If the platform refuses, in its own words.
        """
        found = documents(content, ITEMS[self.what].value)
        refused = [words for one in found if one.kind == ACKNOWLEDGEMENT for words in one.reasons]
        series = [part for one in found for part in one.series]
        if refused and not series:
            return self._acknowledged(refused, chunk)
        if status != 200:
            raise SourceError(f"entsoe: {chunk.url(self.address)} was refused (HTTP {status})")
        if not series:
            return Parsed(reason="the document holds no time series")
        if self.what == "prices":
            return self._prices(series)
        return self._quantities(series)

    def reason(self, content: bytes) -> str:
        """The reasons of an acknowledgement."""
        try:
            found: list[Document] = documents(content, "quantity")
        except UnusableError:
            return ""
        return "; ".join(f"{text} ({code})" for one in found for code, text in one.reasons)

    def _acknowledged(self, reasons: list[tuple[str, str]], chunk: Chunk) -> Parsed:
        words = "; ".join(f"{text} ({code})" for code, text in reasons)
        if all(NOTHING in text.lower() for _, text in reasons):
            return Parsed(reason=words)
        raise SourceError(f"entsoe: {chunk.url(self.address)} was refused: {words}")

    def _prices(self, series: list[TimeSeries]) -> Parsed:
        """Day-ahead prices of the chosen auction; intraday ones (contract A07) are left out."""
        if len(series) >= MOST_SERIES:
            raise SourceError(
                f"entsoe: an answer of {len(series)} time series may be cut; ask for fewer days"
            )
        daily = [one for one in series if one.words.get("contract_MarketAgreement.type", "A01") == "A01"]
        mine = [one for one in daily if _auction(one) in (None, self.auction)]
        units = {one.words.get("price_Measure_Unit.name", "MWH") for one in mine}
        if units - {"MWH"}:
            raise UnusableError(f"prices per {', '.join(sorted(units))}, expected per MWH")
        currencies = sorted({one.words.get("currency_Unit.name", "EUR") for one in mine})
        if len(currencies) > 1:
            raise SourceError(f"entsoe: one answer has prices in {' and '.join(currencies)}")
        notes = [f"prices of other auctions than number {self.auction} are left out"] * (
            len(mine) < len(daily)
        )
        if daily and not mine:
            return Parsed(reason=f"no prices of auction {self.auction}, only of others", notes=tuple(notes))
        currency = currencies[0] if currencies else "EUR"
        tracks = _tracks(mine, lambda _: "price_per_mwh", f"{currency}/MWh")
        return Parsed(tracks, notes=tuple(notes), currency=currency)

    def _quantities(self, series: list[TimeSeries]) -> Parsed:
        units = {one.words.get("quantity_Measure_Unit.name", "MAW") for one in series}
        if units - {"MAW"}:
            raise UnusableError(f"quantities in {', '.join(sorted(units))}, expected MAW (megawatt)")
        return Parsed(_tracks(series, self._column, "MW"))

    def _column(self, series: TimeSeries) -> str:
        if self.what != "generation":
            return f"{self.what.replace('-', '_')}_mw"
        kind = TYPES.get(series.words.get("psrType", ""), "unknown")
        # A series out of the area is what the plants themselves take, such as pumps.
        taken = "outBiddingZone_Domain.mRID" in series.words
        return f"consumption_{kind}_mw" if taken else f"generation_{kind}_mw"


def _tracks(series: list[TimeSeries], column: Callable[[TimeSeries], str], unit: str) -> tuple[Track, ...]:
    return tuple(
        Track(column(one), unit, period.start, period.seconds, period.value)
        for one in series
        for period in one.periods
    )


def _auction(series: TimeSeries) -> int | None:
    told = series.words.get("classificationSequence_AttributeInstanceComponent.position")
    return int(told) if told is not None and told.isdigit() else None


def _stamp(instant: np.datetime64) -> str:
    return str(instant.astype("datetime64[m]")).translate(str.maketrans("", "", "-T:"))
