"""EDC "all" CSV (Czechia): what each meter measured, and what was left of it after sharing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from evenwatt.data.exports import edc, energy, export, times
from evenwatt.data.exports.export import Export, Written
from evenwatt.data.exports.lines import Lines

NAME = "edc-all"
ZONE = edc.ZONE
LOOKS_LIKE = (
    "Datum;Cas od;Cas do;IN-<18 digits>-D;OUT-<18 digits>-D;IN-<18 digits>-O;OUT-<18 digits>-O;... [kWh]"
)
_COLUMN = re.compile(r"(IN|OUT)-(\d{18})-([DO])")


def sniff(path: Path) -> bool:
    """Whether a file is of this kind, by its header."""
    return any(name.startswith(("IN-", "OUT-")) for name in edc.opens(path))


def read(path: Path, *, zone: str | None = None, repair: Mapping[str, str] | None = None) -> Export:
    """Read what each meter measured and what was left.

    Consumption is negative in the file and positive here. Where the measured value is there and the
    value after sharing is empty, the interval is not yet evaluated: ``MISSING``, counted in the notes.

    Parameters
    ----------
    zone : str, optional
        IANA zone of the file's clock, Europe/Prague if not said.
    repair : mapping, optional
        ``{"autumn-day": "first" | "second" | "halves"}`` for an autumn day of 96 rows,
        ``{"missing-rows": "keep"}`` to leave out what the file leaves out.

    Raises
    ------
    DataError
        Naming every fault with its line, and showing the first wrong row.
    """
    place = zone or ZONE
    policies = times.known(place, repair)
    found = edc.load(path)
    columns = _columns(found)
    values, clock = edc.cells(found, place, policies)
    tables = {}
    for role, sign in (("D", 1), ("O", -1)):
        meters = [meter for meter, kind in columns if kind == role]
        for side in ("IN", "OUT"):
            at = [columns[meter, role][side] for meter in meters]
            names = [found.columns[k] for k in at]
            tables[side, role] = energy.read(found, values[:, [k - 3 for k in at]], names, sign)
    whole = {}
    for role, what in (("D", "production"), ("O", "consumption")):
        meters = [meter for meter, kind in columns if kind == role]
        measured, after = tables["IN", role], tables["OUT", role]
        names = [f"OUT-{meter}-{role}" for meter in meters]
        whole[role] = energy.split(found, measured, after, names, clock)
        energy.counted(found, f"{what} not measured", ~measured.present)
        energy.counted(found, f"{what} not yet evaluated", measured.present & ~after.present)
    got, gave = (tables["IN", "O"], tables["OUT", "O"]), (tables["IN", "D"], tables["OUT", "D"])
    unbalanced, doubts = energy.balance(found, got, gave, clock, place)
    return Export(
        found.source,
        NAME,
        clock.start,
        edc.SECONDS,
        place,
        tuple(meter for meter, role in columns if role == "D"),
        tuple(meter for meter, role in columns if role == "O"),
        supply=whole["D"][0],
        unused=whole["D"][1],
        demand=whole["O"][0],
        unmet=whole["O"][1],
        unbalanced=unbalanced,
        doubts=doubts,
        notes=tuple(found.notes),
    )


def write(said: Export, path: Path, *, encoding: str = "utf-8", newline: str = "\n") -> Written:
    """Write what was measured and what was left, producers first.

    Parameters
    ----------
    encoding : str
        "utf-8", "utf-8-sig" or "cp1250"; the file holds ASCII letters only.
    newline : str
        What ends a line.

    Raises
    ------
    DataError
        If the export does not know what was left after sharing.
    """
    export.needed(said, "supply", "unused", "demand", "unmet", format=NAME)
    assert said.supply is not None
    assert said.unused is not None
    assert said.demand is not None
    assert said.unmet is not None
    names, blocks = [], []
    for role, sign, meters, measured, after in (
        ("D", 1, said.producers, said.supply, said.unused),
        ("O", -1, said.consumers, said.demand, said.unmet),
    ):
        names += [f"{side}-{meter}-{role}" for meter in meters for side in ("IN", "OUT")]
        both = np.stack([measured, after], axis=2).reshape(len(measured), 2 * len(meters))
        blocks.append(energy.words(both, sign=sign))
    made = edc.save(path, names, np.hstack(blocks), said.start, said.zone, encoding=encoding, newline=newline)
    return Written((made,), told_left_out(said))


def told_left_out(said: Export) -> tuple[str, ...]:
    """What of an export such a file cannot hold, in words."""
    tables = [name for name in ("pairs", "keys") if getattr(said, name) is not None]
    return tuple(f"{said.source}: {name} are not written, a file of {NAME} holds none" for name in tables)


def _columns(found: Lines) -> dict[tuple[str, str], dict[str, int]]:
    """Where the two columns of each meter and role stand, in the order of the file."""
    columns: dict[tuple[str, str], dict[str, int]] = {}
    for k, name in enumerate(found.columns[3:], 3):
        known = _COLUMN.fullmatch(name.upper())
        if not known:
            found.faults.append(
                (found.top, f"column {name!r} is not of the form IN-<18 digits>-D or OUT-<18 digits>-O")
            )
            continue
        columns.setdefault((known[2], known[3]), {})[known[1]] = k
    for (meter, role), sides in columns.items():
        found.faults += [
            (found.top, f"column '{side}-{meter}-{role}' is missing")
            for side in ("IN", "OUT")
            if side not in sides
        ]
    if not columns and not found.faults:
        found.faults.append((found.top, f"names no meter, expected {LOOKS_LIKE}"))
    found.refuse()
    return columns
