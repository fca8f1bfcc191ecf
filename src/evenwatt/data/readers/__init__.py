"""Meter files of every known format: told apart by content, read into the same meters."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from evenwatt.core.errors import DataError, told

if TYPE_CHECKING:
    from evenwatt.core.meters import Meters, Times
    from evenwatt.data.finding import Finding

FORMATS = ("citylearn", "simbench", "wide", "tidy")  # the narrower first


def read(
    path: Path | str,
    *,
    zone: str = "UTC",
    offset: str | None = None,
    year: int | None = None,
    repair: Mapping[str, str] | None = None,
) -> Meters:
    """Read a meter file of any known format, or a folder of them.

    Parameters
    ----------
    path : path
        CSV (plain or gzip) or Parquet; CityLearn's folder; or a folder of exports, which are joined.
    zone : str
        IANA zone of the settlement days, and of stamps without an offset.
    offset : str, optional
        Fixed offset of stamps without one, such as "+01:00", for files whose clock does not change.
    year : int, optional
        Calendar year of the first row of files that do not say.
    repair : mapping, optional
        Named repairs, see :func:`evenwatt.data.layout.lay` and :func:`evenwatt.data.repair`.

    Raises
    ------
    DataError
        Naming every fault of the file that no repair was named for.
    """
    from evenwatt.data.mending import reading_time
    from evenwatt.data.mending import repair as mend

    policies = dict(repair or {})
    meters, findings = lay_out(path, zone=zone, offset=offset, year=year, policies=reading_time(policies))
    refused = [str(finding) for finding in findings if finding.severity == "error"]
    if refused:
        raise DataError(told(Path(path).name, refused))
    later = {name: policy for name, policy in policies.items() if name not in reading_time(policies)}
    return mend(meters, later) if later else meters


def lay_out(
    path: Path | str,
    *,
    zone: str = "UTC",
    offset: str | None = None,
    year: int | None = None,
    policies: Mapping[str, str] | None = None,
) -> tuple[Meters, list[Finding]]:
    """Read a file as far as it can be read, with what is wrong with it as findings.

    Raises
    ------
    DataError
        If the file cannot be laid out at all: unknown format, unreadable cells, missing columns.
    """
    from evenwatt.data.layout import lay

    _known_zone(zone)
    place, named = Path(path), dict(policies or {})
    if is_plain_folder(place):
        from evenwatt.data.readers import folder

        def one(file: Path) -> tuple[Meters, list[Finding]]:
            return lay_out(file, zone=zone, offset=offset, year=year, policies=named)

        return folder.lay_out(place, one, named.get("duplicates"))
    readings = sniff(place).readings(place, offset=offset, year=year)
    return lay(readings, zone, named)


def is_plain_folder(path: Path) -> bool:
    """Whether the path is a folder of exports, not one of CityLearn's."""
    from evenwatt.data.readers import citylearn

    return path.is_dir() and not citylearn.sniff(path)


def sniff(path: Path | str) -> ModuleType:
    """Return the reader whose format a file has, by its content.

    Raises
    ------
    DataError
        If no format fits; shows the first row and names the known formats.
    """
    from evenwatt.data import table, text

    file = Path(path)
    readers = {name: import_module(f"evenwatt.data.readers.{name}") for name in FORMATS}
    if file.is_dir() and readers["citylearn"].sniff(file):
        return readers["citylearn"]
    if file.is_dir():
        text.raw(file)
    names, first = table.columns(file)
    scores = {name: reader.score(names) for name, reader in readers.items() if name != "citylearn"}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] < 0.5:
        known = "\n".join(f"    {name}: {words}" for name, words in looks().items())
        raise DataError(
            f"{file}: is of no known format\n  columns: {', '.join(names)[:200]}\n"
            f"  first row: {first[:200]}\n  known formats:\n{known}"
        )
    return readers[best]


def looks() -> dict[str, str]:
    """What a file of each known format looks like."""
    return {name: import_module(f"evenwatt.data.readers.{name}").LOOKS_LIKE for name in FORMATS}


def stated(
    source: str, stamps: Times, utc: bool, offset: str | None, *, assumed: bool = False
) -> tuple[Times, bool, tuple[str, ...]]:
    """Turn naive labels to instants where a fixed offset is stated; say so in a note."""
    import numpy as np

    from evenwatt.data.clock import offset_seconds

    if utc or offset is None:
        return stamps, utc, ()
    shift = np.timedelta64(offset_seconds(offset), "s")
    why = "assumed" if assumed else "stated by the case"
    return stamps - shift, True, (f"{source}: stamps are read at the fixed offset UTC{offset} ({why})",)


def _known_zone(zone: str) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise DataError(
            f"zone {zone!r} is no IANA time zone, expected a name such as 'Europe/Prague'"
        ) from None
