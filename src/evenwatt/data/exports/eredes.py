"""E-REDES dynamic coefficients (Portugal): a file for each pair and month, together in a zip."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError, gather
from evenwatt.core.meters import Times, Whole, local_dates
from evenwatt.data import text
from evenwatt.data.exports import archive, coefficients, files, lines, quarter_hours, times
from evenwatt.data.exports.export import Export, Index, Written
from evenwatt.data.exports.lines import Lines

NAME = "e-redes"
ZONE = "Europe/Lisbon"
DECIMALS = (3, 4, 5, 6)
LOOKS_LIKE = (
    "zip (or folder) of CSV, one a pair: YYYYMMDD;<end of quarter-hour, 0015 to 2400>;"
    "<consumer CPE>;<producer CPE>;0.000"
)
_ROW = re.compile(rb'"?\d{8}"?[;,\t]"?\d{4}"?[;,\t][^;,\t]+[;,\t][^;,\t]+[;,\t]"?\d+([.,]\d*)?"?[;,\t ]*')
_DATE = re.compile(rb'"?\d{8}"?[;,\t]')  # a header begins with something else
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip can tell; same content, same bytes


@dataclass(frozen=True)
class Layout:
    """What of a file is not certain: change it where the distributor asks for something else.

    Attributes
    ----------
    separator, decimal : str
        Between cells, and before decimals.
    header : str
        A first line; none if empty.
    newline : str
        What ends a line.
    """

    separator: str = ";"
    decimal: str = "."
    header: str = ""
    newline: str = "\n"


@dataclass(frozen=True)
class _Pair:
    """One file: its rows in words and numbers."""

    consumer: str
    producer: str
    stamps: tuple[str, ...]  # date and end of each quarter-hour, as written
    start: Times
    values: npt.NDArray[np.float64]
    decimals: int
    found: Lines


def sniff(path: Path) -> bool:
    """Whether a file is of this kind, by the rows of its first table."""
    try:
        name, data = next(archive.members(path, text.HEAD))
    except (StopIteration, *archive.BROKEN):
        return False
    rows = [row.strip() for row in data.removeprefix(b"\xef\xbb\xbf").splitlines()[:3] if row.strip()]
    return bool(name) and any(_ROW.fullmatch(row) for row in rows[:2])


def read(path: Path, *, zone: str | None = None, repair: Mapping[str, str] | None = None) -> Export:
    """Read the coefficients of all pairs in a zip, a folder or one file; meters in the order of their names.

    Raises
    ------
    DataError
        If a pair lacks quarter-hours, pairs cover different times, or naming every cell at fault.
    """
    place = zone or ZONE
    times.known(place, repair)
    pairs = []
    try:
        for name, data in archive.members(path):
            pairs.append(_pair(name, data, place))
    except archive.BROKEN as why:
        raise DataError(f"{path}: the zip is broken ({why}); fetch the file again") from None
    if not pairs:
        raise DataError(f"{path}: holds no CSV files, expected {LOOKS_LIKE}")
    decimals = max(pair.decimals for pair in pairs)
    series = _by_pair(path, pairs)
    start = np.concatenate([pair.start for pair in next(iter(series.values()))])
    consumers = tuple(sorted({consumer for consumer, _ in series}))
    producers = tuple(sorted({producer for _, producer in series}))
    keys = np.zeros((len(start), len(producers), len(consumers)), dtype=np.int64)
    for (consumer, producer), parts in series.items():
        values = np.concatenate([pair.values for pair in parts])
        keys[:, producers.index(producer), consumers.index(consumer)] = np.rint(values * 10**decimals)
    _check_sums(path.name, keys, producers, start, place, 10**decimals)
    notes = [note for pair in pairs for note in pair.found.notes]
    notes.append(f"{path.name}: separator, decimal sign, decimals and header are not taken from a norm")
    return Export(
        path.name,
        NAME,
        start,
        quarter_hours.SECONDS,
        place,
        producers,
        consumers,
        keys=keys,
        key_units=10**decimals,
        notes=tuple(dict.fromkeys(notes)),
    )


def write(
    said: Export,
    path: Path,
    *,
    decimals: int | None = None,
    layout: Layout | None = None,
    generated: date | None = None,
    sequence: int = 1,
) -> Written:
    """Write coefficients as a zip of files, one for each pair and month.

    Where it is known who got how much, coefficients are rounded down and freed units given back to
    the largest remainders wherever the consumer still draws as much; ``loss`` says what that costs.

    Parameters
    ----------
    decimals : int, optional
        3 to 6; those of the export's keys if it came with such, else 3.
    generated : date, optional
        For the names of the files; the day after the last interval if not said.
    sequence : int
        Likewise.

    Raises
    ------
    DataError
        If the export knows no coefficients, or does not cover whole local days.
    """
    known = {10**count: count for count in DECIMALS}
    count = decimals if decimals is not None else known.get(said.key_units if said.keys is not None else 0, 3)
    if count not in DECIMALS:
        raise DataError(f"decimals = {count}, expected one of {', '.join(map(str, DECIMALS))}")
    stamps, months = _stamps(said)
    links, values, loss, notes = _coefficients(said, 10**count)
    form, last = layout or Layout(), local_dates(said.start[-1:], said.zone)[0].astype(date)
    tail = f"{generated or last + timedelta(days=1):%Y%m%d}_{sequence}.csv"

    def fill(part: Path) -> None:
        with zipfile.ZipFile(part, "w") as packed:
            for (i, j), column in zip(links.tolist(), values.T, strict=True):
                who = said.consumers[j], said.producers[i]
                words = _rows(stamps, who, _decimal(column, count, form.decimal), form)
                for month in np.unique(months):
                    rows = [words[k] for k in np.flatnonzero(months == month)]
                    entry = zipfile.ZipInfo(f"Coeficiente_Partilha_{'_'.join(who)}_{month}_{tail}", _EPOCH)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    packed.writestr(entry, _content(rows, form))

    return Written((files.written(path, fill),), notes, loss)


def _rows(stamps: list[str], who: tuple[str, str], cells: list[str], form: Layout) -> list[str]:
    middle = form.separator.join(["", *who, ""])
    return [
        f"{stamp[:8]}{form.separator}{stamp[8:]}{middle}{cell}"
        for stamp, cell in zip(stamps, cells, strict=True)
    ]


def _content(rows: list[str], form: Layout) -> bytes:
    return form.newline.join([*([form.header] if form.header else []), *rows, ""]).encode()


def _pair(name: str, data: bytes, zone: str) -> _Pair:
    """One file of the archive.

    Raises
    ------
    DataError
        Naming every cell at fault.
    """
    notes: list[str] = []
    body = lines.decode(name, data, notes)
    first = body.lstrip().partition(b"\n")[0].strip()
    found = lines.parse(name, body, notes, ";\t,", width=5 if _DATE.match(first) else None)
    if len(found.columns) != 5:
        found.faults.append((found.top, f"{len(found.columns)} columns, expected 5: {LOOKS_LIKE}"))
    found.refuse()
    frame, values = lines.table(found, [4])
    days, ends, takers, givers = (frame[str(k)].str.strip_chars().fill_null("").to_list() for k in range(4))
    for row, (day, end) in enumerate(zip(days, ends, strict=True)):
        if not (len(day) == 8 and len(end) == 4 and (day + end).isdecimal() and day.isascii()):
            found.wrong(row, f"{day!r}, {end!r} is no date YYYYMMDD and end of a quarter-hour HHMM")
    for row in np.flatnonzero(~((values[:, 0] >= 0) & (values[:, 0] <= 1))).tolist():
        found.wrong(row, f"coefficient {values[row, 0]:g} lies outside 0 to 1")
    for what, names in (("consumer", takers), ("producer", givers)):
        other = next((row for row, one in enumerate(names) if one != names[0] or not one), None)
        if other is not None:
            found.wrong(other, f"{what} {names[other]!r}, expected {names[0]!r} as in the rows before")
    if not days:
        found.faults.append((found.top, "has no rows"))
    most = _decimals(found)
    found.refuse()
    stamps = tuple(day + end for day, end in zip(days, ends, strict=True))
    start = quarter_hours.check(found, stamps, zone)
    return _Pair(takers[0], givers[0], stamps, start, values[:, 0], most, found)


def _decimals(found: Lines) -> int:
    """Most decimals of a coefficient."""
    cells = [row.rsplit(found.delimiter.encode(), 1)[1].strip() for row in found.rows]
    marks = [max(cell.rfind(b"."), cell.rfind(b",")) for cell in cells]
    most = max(
        (len(cell) - 1 - mark for cell, mark in zip(cells, marks, strict=True) if mark >= 0), default=0
    )
    if most > DECIMALS[-1]:
        found.faults.append((0, f"coefficients of {most} decimals, expected at most {DECIMALS[-1]}"))
    return most


def _by_pair(path: Path, pairs: list[_Pair]) -> dict[tuple[str, str], list[_Pair]]:
    """The files of each pair after each other; all pairs must tell the same quarter-hours."""
    groups: dict[tuple[str, str], list[_Pair]] = {}
    for pair in pairs:
        groups.setdefault((pair.consumer, pair.producer), []).append(pair)
    with gather(path.name) as faults:
        for parts in groups.values():
            parts.sort(key=lambda pair: pair.stamps[0])
            faults += [
                f"{after.found.source} and {before.found.source} overlap"
                for before, after in pairwise(parts)
                if after.stamps[0] <= before.stamps[-1]
            ]
        (first, expected), *others = groups.items()
        faults += [
            f"consumer {who[0]}, producer {who[1]}: {sum(len(pair.stamps) for pair in parts)} quarter-hours "
            f"that are not those of consumer {first[0]}, producer {first[1]}"
            for who, parts in others
            if [pair.stamps for pair in parts] != [pair.stamps for pair in expected]
        ]
    return groups


def _check_sums(
    source: str, keys: Whole, producers: tuple[str, ...], start: Times, zone: str, units: int
) -> None:
    sums = keys.sum(axis=2)
    with gather(source) as faults:
        faults += [
            f"{times.label(start[row], zone)}: coefficients of producer {producers[i]} sum to "
            f"{sums[row, i] / units:g}, expected at most 1"
            for row, i in np.argwhere(sums > units).tolist()
        ]


def _stamps(said: Export) -> tuple[list[str], npt.NDArray[np.str_]]:
    """Each quarter-hour in words, day and end, and its month; only for whole days."""
    if said.seconds != quarter_hours.SECONDS:
        raise DataError(f"{said.source}: intervals of {said.seconds} s, expected quarter-hours")
    if not len(said.start):
        raise DataError(f"{said.source}: has no intervals, expected whole days of quarter-hours")
    stamps: list[str] = []
    dates = local_dates(said.start, said.zone)
    for day in np.unique(dates):
        words, whole = quarter_hours.labels(day.astype(date), day.astype(date), said.zone)
        if not np.array_equal(said.start[dates == day], whole):
            told = f"{np.count_nonzero(dates == day)} of {len(whole)} quarter-hours"
            raise DataError(f"{said.source}: {day} has {told}; every one must be there")
        stamps += words
    return stamps, np.array([stamp[:6] for stamp in stamps])


def _coefficients(said: Export, units: int) -> tuple[Index, Whole, float, tuple[str, ...]]:
    """Pairs, their coefficients, what rounding loses and what is to be said about it."""
    if said.keys is None:
        coefficients.known(said)
        assert said.pairs is not None
        assert said.supply is not None
        if said.demand is None or (said.demand < 0).any():
            raise DataError(f"{said.source}: demand is unknown, so a coefficient might exceed what is drawn")
        values, loss = coefficients.fitted(said.supply, said.demand, said.pairs, units)
        return said.pairs.links, values, loss, ()
    links = np.argwhere((said.keys > 0).any(axis=0))
    exact = (
        np.broadcast_to(said.keys, (len(said.start), *said.keys.shape[1:]))[:, links[:, 0], links[:, 1]]
        * units
    )
    notes: tuple[str, ...] = ()
    if (exact % said.key_units).any():
        notes = (f"{said.source}: keys in 1/{said.key_units:,} are rounded down to 1/{units:,}",)
    return links, exact // said.key_units, 0.0, notes


def _decimal(values: Whole, decimals: int, mark: str) -> list[str]:
    known, place = np.unique(values, return_inverse=True)
    unit = 10**decimals
    words = np.array([f"{int(v) // unit}{mark}{int(v) % unit:0{decimals}d}" for v in known], dtype=object)
    return words[place].tolist()  # type: ignore[no-any-return]
