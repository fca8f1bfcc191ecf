"""Coefficients for Spanish distributors: a line for each consumer, or each consumer and hour of the year.

The layout is data, not code: ``spain.toml`` beside this module, unverified, to be copied and changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from evenwatt.core import exact
from evenwatt.core.errors import DataError
from evenwatt.core.meters import Times, Whole
from evenwatt.data import text
from evenwatt.data.clock import meanings
from evenwatt.data.exports import files, lines, times
from evenwatt.data.exports.export import Export, Written
from evenwatt.data.exports.lines import Lines
from evenwatt.data.exports.spain_template import Template, template

NAME = "spain"
SECONDS = 3600
FINE = 1e-3  # [units]; a further decimal is at least 0.1, what floats blur far less
LOOKS_LIKE = "<CUPS>;0,123456 or <CUPS>;<hour of the year>;0,123456 (layout in a template, unverified)"
_ROW = re.compile(r"ES\d{16}[A-Z]{2}\w{0,2}[;,\t ](\d{1,4}[;,\t ])?[01]([.,]\d+)?[;,\t ]*")


def sniff(path: Path) -> bool:
    """Whether a file is of this kind, by its first lines."""
    start = text.raw(path, text.HEAD).removeprefix(b"\xef\xbb\xbf").decode("cp1250", errors="replace")
    return any(_ROW.fullmatch(row.strip()) for row in start.splitlines()[:2])


def read(
    path: Path,
    *,
    zone: str | None = None,
    repair: Mapping[str, str] | None = None,
    layout: Template | None = None,
    plant: str | None = None,
    year: int | None = None,
) -> Export:
    """Read the coefficients of one plant.

    Parameters
    ----------
    layout : Template, optional
        The distributor's; see :func:`template`.
    plant : str, optional
        The producer; from the file's name, as the template writes it, if not said.
    year : int, optional
        Of hourly coefficients; likewise.

    Raises
    ------
    DataError
        Naming every fault with its line, and showing the first wrong row.
    """
    form = layout or template()
    place = zone or form.zone
    times.known(place, repair)
    notes: list[str] = []
    body = lines.decode(path.name, text.raw(path), notes)
    found = lines.parse(path.name, body, notes, form.separator, width=_width(body, form))
    cells = form.hourly if len(found.columns) == len(form.hourly) else form.constant
    if len(found.columns) != len(cells):
        found.faults.append(
            (found.top, f"{len(found.columns)} cells, expected {form.constant} or {form.hourly}")
        )
    found.refuse()
    frame, values = lines.table(found, [cells.index("coefficient")])
    cups = frame[str(cells.index("cups"))].str.strip_chars().fill_null("").to_list()
    hours = [0] * len(cups)
    if "hour" in cells:
        hours = _hours(found, frame[str(cells.index("hour"))].to_list(), form)
    units = 10**form.decimals
    keys, consumers, numbered = _keys(found, cups, hours, values[:, 0], form.decimals)
    named_plant, named_year = _from_name(path.name, form)
    start = np.empty(0, dtype="datetime64[s]")
    if "hour" in cells:
        start = _starts(path, numbered, year or named_year, form, place)
    if not form.verified:
        notes.append(f"{path.name}: read by a layout that is not taken from a norm; see spain.toml")
    return Export(
        path.name,
        NAME,
        start,
        SECONDS,
        place,
        (plant or named_plant or path.stem,),
        consumers,
        keys=keys[:, None, :],
        key_units=units,
        notes=tuple(notes),
    )


def write(said: Export, path: Path, *, layout: Template | None = None, year: int | None = None) -> Written:
    """Write the keys, a file for each plant: as ``path``, or into the folder ``path`` if it has no ending.

    Coefficients are rounded by largest remainder, so that each hour's sum to 1 exactly.

    Raises
    ------
    DataError
        If there are no keys, they leave a part of a plant to nobody, or differ within an hour.
    """
    form = layout or template()
    if said.keys is None:
        raise DataError(f"{said.source}: has no keys, which a file of {NAME} needs")
    if path.suffix and len(said.producers) != 1:
        raise DataError(f"{path}: {len(said.producers)} plants need a file each; name a folder")
    keys, start = _by_hour(said)
    hours, of_year = (None, year) if len(keys) == 1 else _numbered(said, start, form)
    made = []
    for i, plant in enumerate(said.producers):
        whole = _to_the_whole(said, keys[:, i], plant, 10**form.decimals)
        name = form.name.format(plant=plant, year=of_year if of_year is not None else 0)
        content = form.newline.join(
            [*([form.header] if form.header else []), *_rows(said, whole, hours, form), ""]
        )
        made.append(files.text(path if path.suffix else path / name, content, form.encoding))
    notes = (
        ()
        if form.verified
        else (f"{said.source}: written in a layout that is not taken from a norm; see spain.toml",)
    )
    return Written(tuple(made), notes)


def _width(body: bytes, form: Template) -> int | None:
    """Cells of a line, by the first one; None where that is a header."""
    first = body.lstrip().partition(b"\n")[0].strip().rstrip(form.separator.encode())
    return None if form.header else first.count(form.separator.encode()) + 1


def _hours(found: Lines, cells: list[str | None], form: Template) -> list[int]:
    hours = []
    for row, cell in enumerate(cells):
        bare = (cell or "").strip()
        number = int(bare) - form.first_hour if re.fullmatch("[0-9]+", bare) else -1
        if not 0 <= number < 8784:
            found.wrong(row, f"hour {cell!r} is no hour of a year, counted from {form.first_hour}")
        hours.append(number)
    return hours


def _keys(
    found: Lines, cups: list[str], hours: list[int], values: lines.Array, decimals: int
) -> tuple[Whole, tuple[str, ...], list[int]]:
    """Coefficients by hour and consumer in whole units, the consumers, and the numbers of the hours."""
    units = 10**decimals
    scaled = values * units
    whole = np.rint(np.clip(np.nan_to_num(scaled), 0, units)).astype(np.int64)
    inside = (values >= 0) & (values <= 1)
    for row in np.flatnonzero(~inside).tolist():
        found.wrong(row, f"coefficient {values[row]:g} lies outside 0 to 1")
    for row in np.flatnonzero(inside & (np.abs(scaled - whole) > FINE)).tolist():
        found.wrong(row, f"coefficient {values[row]:g} has more than {decimals} decimals")
    consumers = {name: k for k, name in enumerate(dict.fromkeys(cups))}
    numbered = sorted(set(hours))
    place = {hour: k for k, hour in enumerate(numbered)}
    keys = np.full((len(numbered), len(consumers)), -1, dtype=np.int64)
    for row, (name, hour) in enumerate(zip(cups, hours, strict=True)):
        if not name:
            found.wrong(row, "names no CUPS")
        if keys[place[hour], consumers[name]] >= 0:
            found.wrong(
                row, f"CUPS {name!r} has two coefficients" + (f" in hour {hour}" if len(numbered) > 1 else "")
            )
        keys[place[hour], consumers[name]] = whole[row]
    found.refuse()
    for k, j in np.argwhere(keys < 0).tolist():
        found.faults.append((0, f"CUPS {list(consumers)[j]!r} has no coefficient in hour {numbered[k]}"))
    for k in np.flatnonzero((keys >= 0).all(axis=1) & (keys.sum(axis=1) != units)).tolist():
        total = f"{keys[k].sum() / units:.{decimals}f}"
        found.faults.append(
            (
                0,
                f"coefficients sum to {total}"
                + (f" in hour {numbered[k]}" if len(numbered) > 1 else "")
                + ", expected 1",
            )
        )
    found.refuse()
    return keys, tuple(consumers), numbered


def _from_name(name: str, form: Template) -> tuple[str | None, int | None]:
    """Plant and year, where the file is named as the template says."""
    pattern = (
        re.escape(form.name).replace(r"\{plant\}", "(?P<plant>.+)").replace(r"\{year\}", r"(?P<year>\d{4})")
    )
    known = re.fullmatch(pattern, name)
    if not known:
        return None, None
    parts = known.groupdict()
    return parts.get("plant"), int(parts["year"]) if "year" in parts else None


def _new_year(year: int, zone: str) -> np.datetime64:
    """The instant at which a local year begins."""
    return np.datetime64(meanings(np.array([f"{year}-01-01"], dtype="datetime64[s]"), zone)[0][0])


def _starts(path: Path, numbered: list[int], year: int | None, form: Template, zone: str) -> Times:
    if not year:
        raise DataError(
            f"{path.name}: hours are counted from new year; say of which, year=..., or name it {form.name}"
        )
    start: Times = _new_year(year, zone) + np.array(numbered) * np.timedelta64(SECONDS, "s")
    if start[-1] >= _new_year(year + 1, zone):
        raise DataError(f"{path.name}: hour {numbered[-1] + form.first_hour} lies beyond the year {year}")
    if len(start) != numbered[-1] - numbered[0] + 1:
        missing = sorted(set(range(numbered[0], numbered[-1])) - set(numbered))
        raise DataError(
            f"{path.name}: {len(missing)} hours are left out, the first is {missing[0] + form.first_hour}"
        )
    return start


def _by_hour(said: Export) -> tuple[Whole, Times]:
    """Keys by hour, once it is sure that none changes within one."""
    assert said.keys is not None
    if len(said.keys) == 1 or said.seconds == SECONDS:
        return said.keys, said.start
    hours = said.start.astype("datetime64[h]")
    first = np.flatnonzero(np.append(True, hours[1:] != hours[:-1]))
    group = np.cumsum(np.append(0, hours[1:] != hours[:-1]))
    if not np.array_equal(said.keys[first][group], said.keys):
        raise DataError(f"{said.source}: keys change within an hour, which a file of {NAME} cannot hold")
    return said.keys[first], hours[first].astype("datetime64[s]")


def _numbered(said: Export, start: Times, form: Template) -> tuple[list[int], int]:
    """Numbers of the hours in their year, and the year."""
    from evenwatt.data.clock import local_labels

    years = local_labels(start, said.zone).astype("datetime64[Y]")
    if years[0] != years[-1]:
        raise DataError(f"{said.source}: reaches from {years[0]} to {years[-1]}; a file holds one year")
    year = int(str(years[0]))
    elapsed = (start - _new_year(year, said.zone)) // np.timedelta64(SECONDS, "s")
    return (elapsed.astype(int) + form.first_hour).tolist(), year


def _to_the_whole(said: Export, keys: Whole, plant: str, units: int) -> Whole:
    sums = keys.sum(axis=1)
    if (sums != said.key_units).any():
        found = sums[sums != said.key_units][0] / said.key_units
        raise DataError(
            f"{said.source}: keys of {plant} sum to {found:g}; Spain shares the whole, expected 1"
        )
    if said.key_units == units:
        return keys
    return exact.vector(keys * (units / said.key_units), np.full(len(keys), units))


def _rows(said: Export, whole: Whole, hours: list[int] | None, form: Template) -> list[str]:
    unit = 10**form.decimals
    rows = []
    for k, keys in enumerate(whole.tolist()):
        for name, key in zip(said.consumers, keys, strict=True):
            cells = {
                "cups": name,
                "coefficient": f"{key // unit}{form.decimal}{key % unit:0{form.decimals}d}",
            }
            if hours is not None:
                cells["hour"] = f"{hours[k]:0{form.hour_digits}d}"
            order = form.constant if hours is None else form.hourly
            rows.append(form.separator.join(cells[cell] for cell in order))
    return rows
