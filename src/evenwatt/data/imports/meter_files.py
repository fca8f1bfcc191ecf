"""Meter files of any known format, judged and made into one tidy file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evenwatt.core.errors import DataError, told

if TYPE_CHECKING:
    from evenwatt.core.meters import Meters
    from evenwatt.data.quality import Quality

METERS, QUALITY = "meters.csv", "quality.json"


@dataclass(frozen=True)
class ImportedMeters:
    """What was read, how it was judged, and where it lies now."""

    meters: Meters
    quality: Quality
    paths: tuple[Path, ...]


def import_meters(
    path: Path | str,
    folder: Path | str,
    *,
    zone: str = "UTC",
    offset: str | None = None,
    year: int | None = None,
    repair: Mapping[str, str] | None = None,
) -> ImportedMeters:
    """Read a meter file or a folder of them, and write ``meters.csv`` and ``quality.json``.

    Parameters
    ----------
    path : path
        Tidy, wide, SimBench or CityLearn; a folder of exports is joined.
    folder : path
        Where to write; made if need be.
    zone, offset, year, repair
        As of :func:`evenwatt.data.read`.

    Raises
    ------
    DataError
        If the folder holds one of the files already, or the readings hold faults that no repair was named for: all of
        them at once, and nothing is written.
    """
    from evenwatt.data.quality import read_and_check
    from evenwatt.data.tidy_file import write_tidy

    place = Path(folder)
    taken = [name for name in (METERS, QUALITY) if (place / name).exists()]
    if taken:
        raise DataError(f"{place}: holds {', '.join(taken)} already; name another folder with --out")
    meters, quality = read_and_check(path, zone=zone, offset=offset, year=year, repair=repair)
    if quality.errors:
        raise DataError(told(str(path), [str(finding) for finding in quality.errors]))
    place.mkdir(parents=True, exist_ok=True)
    judged = json.dumps(quality.to_dict(), indent=1, ensure_ascii=False)
    part = place / f".{QUALITY}.part"
    part.write_text(judged + "\n", encoding="utf-8")
    part.replace(place / QUALITY)
    write_tidy(meters, place / METERS)
    return ImportedMeters(meters, quality, (place / METERS, place / QUALITY))
