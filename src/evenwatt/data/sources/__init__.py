"""Series from the web, each answer kept with its origin; the only part of the data layer that opens the network."""

from __future__ import annotations

from evenwatt.data.sources.collecting import Collected, collect
from evenwatt.data.sources.energy_charts import EnergyCharts
from evenwatt.data.sources.entsoe import Entsoe
from evenwatt.data.sources.errors import OfflineError, SourceError, UnusableError
from evenwatt.data.sources.open_meteo import OpenMeteo
from evenwatt.data.sources.period import period
from evenwatt.data.sources.pvgis import Pvgis
from evenwatt.data.sources.source import Source
from evenwatt.data.sources.tidy_file import write
from evenwatt.data.sources.waiting import Clock, Patience

SOURCES: dict[str, type[Source]] = {kind.name: kind for kind in (Entsoe, OpenMeteo, Pvgis, EnergyCharts)}

__all__ = [
    "SOURCES",
    "Clock",
    "Collected",
    "EnergyCharts",
    "Entsoe",
    "OfflineError",
    "OpenMeteo",
    "Patience",
    "Pvgis",
    "Source",
    "SourceError",
    "UnusableError",
    "collect",
    "period",
    "write",
]
