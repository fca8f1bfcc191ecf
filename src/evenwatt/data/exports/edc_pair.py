"""EDC pair CSV (Czechia): who got how much from whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from evenwatt.data.exports import edc, energy, export, times
from evenwatt.data.exports.export import Export, Index, Pairs, Written
from evenwatt.data.exports.lines import Lines

NAME = "edc-pair"
ZONE = edc.ZONE
LOOKS_LIKE = "Datum;Cas od;Cas do;<producer, 18 digits>-<consumer, 18 digits>;... [kWh]"
_COLUMN = re.compile(r"(\d{18})-(\d{18})")


def sniff(path: Path) -> bool:
    """Whether a file is of this kind, by its header."""
    return any(_COLUMN.fullmatch(name) for name in edc.opens(path))


def read(path: Path, *, zone: str | None = None, repair: Mapping[str, str] | None = None) -> Export:
    """Read who got how much from whom; see :func:`evenwatt.data.exports.edc_all.read` for the options.

    Raises
    ------
    DataError
        Naming every fault with its line, and showing the first wrong row.
    """
    place = zone or ZONE
    policies = times.known(place, repair)
    found = edc.load(path)
    producers, consumers, links = _links(found)
    values, clock = edc.cells(found, place, policies)
    flows = energy.read(found, values, list(found.columns[3:]), 1)
    found.refuse()
    energy.counted(found, "shared energy not yet evaluated", ~flows.present)
    wh = energy.plain(found, flows, clock)
    return Export(
        found.source,
        NAME,
        clock.start,
        edc.SECONDS,
        place,
        producers,
        consumers,
        pairs=Pairs(links, wh),
        notes=tuple(found.notes),
    )


def write(said: Export, path: Path, *, encoding: str = "utf-8", newline: str = "\n") -> Written:
    """Write who got how much from whom, a column for each pair.

    Raises
    ------
    DataError
        If the export does not know the pairs.
    """
    export.needed(said, "pairs", format=NAME)
    assert said.pairs is not None
    names = [f"{said.producers[i]}-{said.consumers[j]}" for i, j in said.pairs.links.tolist()]
    columns = energy.words(said.pairs.wh)
    made = edc.save(path, names, columns, said.start, said.zone, encoding=encoding, newline=newline)
    unsaid = [name for name in ("supply", "demand", "keys") if getattr(said, name) is not None]
    return Written(
        (made,),
        tuple(f"{said.source}: {name} is not written, a file of {NAME} holds none" for name in unsaid),
    )


def _links(found: Lines) -> tuple[tuple[str, ...], tuple[str, ...], Index]:
    """Producers and consumers in order of appearance, and the pairs of the columns."""
    producers: dict[str, int] = {}
    consumers: dict[str, int] = {}
    links = []
    for name in found.columns[3:]:
        known = _COLUMN.fullmatch(name)
        if not known:
            found.faults.append((found.top, f"column {name!r} is not of the form <18 digits>-<18 digits>"))
            continue
        giver = producers.setdefault(known[1], len(producers))
        links.append((giver, consumers.setdefault(known[2], len(consumers))))
        if known[1] == known[2]:
            found.faults.append((found.top, f"column {name!r}: a meter cannot give to itself"))
    if not links and not found.faults:
        found.faults.append((found.top, f"names no pair, expected {LOOKS_LIKE}"))
    found.refuse()
    return tuple(producers), tuple(consumers), np.array(links, dtype=np.int64).reshape(-1, 2)
