"""Answers of sources that were downloaded by hand: the same parsers read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evenwatt.core.errors import DataError
from evenwatt.data import text
from evenwatt.data.imports.layout import Kind
from evenwatt.data.series import Track, laid
from evenwatt.data.sources import EnergyCharts, Entsoe, Source, SourceError
from evenwatt.data.sources.chunk import asked

ANY = np.datetime64("1970-01-01", "s")


def is_answer(opening: bytes) -> bool:
    """Whether a file is JSON, XML or a zip archive rather than a table."""
    return opening.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"<") or opening.startswith(b"PK")


def read_answer(path: Path, kind: Kind | None) -> tuple[Track, tuple[str, ...]]:
    """The prices that an answer of energy-charts or ENTSO-E holds.

    Raises
    ------
    DataError
        If it is neither, holds no prices, or is damaged.
    """
    content = text.raw(path).removeprefix(b"\xef\xbb\xbf")
    if kind == "generation":
        raise DataError(
            f"{path}: only prices are read from downloaded answers; fetch generation with data fetch"
        )
    source: Source = (
        EnergyCharts() if content.lstrip().startswith(b"{") else Entsoe(zone="DE-LU")
    )  # the zone plays no part in reading
    try:
        said = source.parse(content, asked("", {}, ANY, ANY), ANY)
    except SourceError as why:
        raise DataError(f"{path}: is no answer of {source.name} ({why})") from None
    if not said.tracks:
        raise DataError(f"{path}: holds no prices ({said.reason})")
    series = laid(said.tracks)
    name = said.tracks[0].name
    return Track(name, "", series.start, series.seconds, series.columns[name]), (
        f"read as an answer of {source.name}, prices in {said.currency}",
        *said.notes,
        *series.notes,
    )
