"""Enedis keys CSV (France): the part of each consumer at each step, a file for each producer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError
from evenwatt.core.meters import Times, Whole
from evenwatt.data.clock import local_labels
from evenwatt.data.exports import coefficients, files, lines, times
from evenwatt.data.exports.export import Export, Written
from evenwatt.data.exports.lines import Array, Lines

NAME = "enedis"
ZONE = "Europe/Paris"
TIME_FORMAT = "%d/%m/%Y %H:%M"  # unverified: taken from an open tool, not from the norm
DECIMALS = 1  # of a percentage; unverified likewise
LOOKS_LIKE = "Horodate;<consumer PRM>;<consumer PRM>;... [% of the producer]"
FINE = 1e-3  # [units]; a further decimal is at least 0.1, what floats blur far less
USUAL_SECONDS = 1800  # of a file that holds one step only


def sniff(path: Path) -> bool:
    """Whether a file is of this kind, by its header."""
    columns, _ = lines.head(path)
    return columns[0] == "horodate" and len(columns) > 1


def read(
    path: Path,
    *,
    zone: str | None = None,
    repair: Mapping[str, str] | None = None,
    producer: str | None = None,
    time_format: str = TIME_FORMAT,
    decimals: int = DECIMALS,
) -> Export:
    """Read a producer's keys.

    Parameters
    ----------
    producer : str, optional
        Whose keys they are; the file does not say, so its name without ending if not said.
    time_format : str
        How the first column writes the start of a step; see ``datetime.strftime``.
    decimals : int
        Most decimals of a percentage; keys are in units of one in the last of them.

    Raises
    ------
    DataError
        Naming every fault with its line, and showing the first wrong row.
    """
    place = zone or ZONE
    policies = times.known(place, repair)
    found = lines.load(path)
    _check_header(found)
    found.refuse()
    frame, values = lines.table(found, list(range(1, len(found.columns))))
    labels = _labels(found, frame["0"].to_list(), time_format, place)
    seconds = _seconds(labels)
    clock = times.instants(found, labels, place, seconds, policies)
    units = 100 * 10**decimals
    keys = _keys(found, values, decimals, units)
    found.refuse()
    if clock is None:
        raise DataError(f"{found.source}: has a header but no rows")
    return Export(
        found.source,
        NAME,
        clock.start,
        seconds,
        place,
        (producer or path.stem,),
        found.columns[1:],
        keys=keys[clock.rows][:, None, :],
        key_units=units,
        notes=(*found.notes, f"{found.source}: time format and decimals are not taken from a norm"),
    )


def write(
    said: Export, path: Path, *, time_format: str = TIME_FORMAT, decimals: int = DECIMALS, newline: str = "\n"
) -> Written:
    """Write keys, a file for each producer: into the folder ``path``, or as ``path`` if it ends in .csv.

    Percentages are rounded down, so that no row sums to more than 100.

    Raises
    ------
    DataError
        If the export knows neither keys nor pairs, or has several producers and ``path`` is one file.
    """
    is_file = path.suffix.lower() == ".csv"
    if is_file and len(said.producers) != 1:
        raise DataError(f"{path}: {len(said.producers)} producers need a file each; name a folder")
    units = 100 * 10**decimals
    stamps = [f"{label:{time_format}}" for label in local_labels(said.start, said.zone).tolist()]
    made, handed, shared = [], 0.0, 0.0
    for i, name in enumerate(said.producers):
        keys = coefficients.of_producer(said, i, units)
        given, known = coefficients.loss(said, i, keys, units)
        handed, shared = handed + given, shared + known
        cells = _percent(np.broadcast_to(keys, (len(stamps), len(said.consumers))), decimals)
        rows = [";".join([stamp, *row]) for stamp, row in zip(stamps, cells.tolist(), strict=True)]
        content = newline.join([";".join(["Horodate", *said.consumers]), *rows, ""])
        made.append(files.text(path if is_file else path / f"{name}.csv", content))
    notes: tuple[str, ...] = ()
    if said.keys is not None and (said.keys * units % said.key_units).any():
        notes = (f"{said.source}: keys in 1/{said.key_units:,} are rounded down to 1/{units:,}",)
    return Written(tuple(made), notes, 1.0 - handed / shared if shared else 0.0)


def _check_header(found: Lines) -> None:
    names = found.columns[1:]
    if not found.columns or lines.plain(found.columns[0]) != "horodate" or not names:
        found.faults.append((found.top, f"expected {LOOKS_LIKE}"))
    found.faults += [
        (found.top, f"column {name!r} appears twice; which one holds?")
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
    found.faults += [(found.top, f"column {k + 2} has no name") for k, name in enumerate(names) if not name]
    if not found.rows and not found.faults:
        found.faults.append((found.top, "has a header but no rows"))


def _labels(found: Lines, cells: list[str | None], time_format: str, zone: str) -> Times:
    """Wall-clock labels of the first column; stamps with an offset are turned to them."""
    from datetime import datetime

    labels = np.full(len(cells), np.datetime64("NaT", "s"))
    for row, cell in enumerate(cells):
        try:
            moment = datetime.strptime((cell or "").strip(), time_format)
        except ValueError:
            found.wrong(row, f"column {found.columns[0]!r}: {cell!r} is not of the form {time_format!r}")
            continue
        offset = moment.utcoffset()
        if offset is not None:
            utc = np.datetime64(moment.replace(tzinfo=None) - offset, "s")
            labels[row] = local_labels(np.array([utc]), zone)[0]
        else:
            labels[row] = np.datetime64(moment, "s")
    return labels


def _seconds(labels: Times) -> int:
    """Length of a step: the most frequent distance of labels, which a change of the clock hardly touches."""
    steps = np.diff(labels)
    steps = steps[steps > np.timedelta64(0, "s")]
    if not len(steps):
        return USUAL_SECONDS
    known, times_seen = np.unique(steps, return_counts=True)
    return int(known[np.argmax(times_seen)] // np.timedelta64(1, "s"))


def _keys(found: Lines, values: Array, decimals: int, units: int) -> Whole:
    """Percentages as whole units; what is empty, too fine, outside 0 to 100 or sums above 100 is a fault."""
    scaled = values * 10**decimals
    keys = np.rint(np.clip(np.nan_to_num(scaled), 0, units))
    fine = np.abs(scaled - keys) > FINE
    for wrong, told in (
        (np.isnan(values), "is empty, expected a percentage"),
        (fine & (values >= 0) & (values <= 100), f"has more than {decimals} decimals"),
        ((values < 0) | (values > 100), "lies outside 0 to 100 %"),
    ):
        for row, column in np.argwhere(wrong).tolist():
            found.wrong(row, f"column {found.columns[column + 1]!r}: {values[row, column]:g} {told}")
    whole: Whole = keys.astype(np.int64)
    for row in np.flatnonzero(whole.sum(axis=1) > units).tolist():
        found.wrong(row, f"keys sum to {100 * whole[row].sum() / units:g} %, expected at most 100")
    return whole


def _percent(keys: Whole, decimals: int) -> npt.NDArray[np.object_]:
    """Keys as percentages with a decimal comma, in words."""
    known, place = np.unique(keys, return_inverse=True)
    words = np.array([_word(int(key), decimals) for key in known], dtype=object)
    return np.asarray(words[place].reshape(keys.shape))


def _word(key: int, decimals: int) -> str:
    whole, part = divmod(key, 10**decimals)
    return f"{whole},{part:0{decimals}d}" if decimals else str(whole)
