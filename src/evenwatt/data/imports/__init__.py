"""Readings and series from files that somebody else wrote, made into what a case takes."""

from __future__ import annotations

from evenwatt.data.imports.case_files import METERS, PRICES, Markup, write_meter, write_prices
from evenwatt.data.imports.layout import LAYOUTS, Kind, recognise
from evenwatt.data.imports.meter_files import ImportedMeters, import_meters
from evenwatt.data.imports.reading import REPAIRS, Wholesale, read_series

__all__ = [
    "LAYOUTS",
    "METERS",
    "PRICES",
    "REPAIRS",
    "ImportedMeters",
    "Kind",
    "Markup",
    "Wholesale",
    "import_meters",
    "read_series",
    "recognise",
    "write_meter",
    "write_prices",
]
