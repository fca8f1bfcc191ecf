"""Keys as a country wants them filed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.problem import GRID
from evenwatt.studies.case import Case
from evenwatt.studies.sharing.group import SharingGroup
from evenwatt.studies.sharing.keys import POOL

Whole = npt.NDArray[np.int64]
Rows = Sequence[Mapping[str, Any]]

CZECH = "keys-for-edc.csv"
SPANISH = "es-"  # names of regulations whose keys go to a Spanish distributor
FRENCH = "fr-"


def file_keys(case: Case, rows: Rows, folder: Path) -> list[str]:
    """Write keys in the format of the case's country, where there is one; say what was written and what is not sure.

    Parameters
    ----------
    rows : rows of ``keys.csv``
        With dates or without; dates are not filed.
    folder : Path
        Made if anything is written.
    """
    group: SharingGroup = case.community
    country = group.regime.country
    meters = {spell.id: spell.meter for spell in group.memberships}
    if country.startswith("cz"):
        return _czech(rows, meters, folder)
    if country.startswith((SPANISH, FRENCH)):
        return _national(case, group, rows, meters, folder)
    return [f"no file format is known in which keys are filed by {group.regime.title}; keys.csv holds them"]


def _czech(rows: Rows, meters: Mapping[str, str], folder: Path) -> list[str]:
    """A table to type into the portal of the data centre: percent with two decimals, priority 1 first."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["EAN odberu;EAN vyroby;alokacni klic [%];priorita"]
    by_consumer: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_consumer.setdefault(str(row["consumer"]), []).append(row)
    for consumer, held in by_consumer.items():
        ranked = sorted(held, key=lambda row: -int(row["priority"]))
        lines += [
            f"{meters[consumer]};{meters[str(row['producer'])]};{_percent(float(row['key']))};{place}"
            for place, row in enumerate(ranked, start=1)
        ]
    (folder / CZECH).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [
        f"{folder.name}/{CZECH}: keys in percent and priorities from 1, as the annex words them; the data centre "
        "publishes no file format for them, so they are to be typed in"
    ]


def _percent(key: float) -> str:
    return f"{key * 100:.2f}".replace(".", ",")


def _national(
    case: Case, group: SharingGroup, rows: Rows, meters: Mapping[str, str], folder: Path
) -> list[str]:
    """Keys of all producers together, the same in the file of each."""
    from evenwatt.data import exports

    store = case.store()
    first = store.day(store.days[0])
    producers = group.names(group.sides(first).producers)
    consumers = [str(row["consumer"]) for row in rows if row["producer"] == POOL]
    keys = np.array(
        [round(float(row["key"]) * GRID) for row in rows if row["producer"] == POOL], dtype=np.int64
    )
    is_french = group.regime.country.startswith(FRENCH)
    held = exports.Export(
        source="keys found",
        format="enedis" if is_french else "spain",
        start=np.concatenate([store.day(day).start for day in store.days]) if is_french else first.start[:0],
        seconds=first.seconds,
        zone=case.config.timezone,
        producers=tuple(meters[name] for name in producers),
        consumers=tuple(meters[name] for name in consumers),
        keys=np.broadcast_to(keys, (1, len(producers), len(consumers))).copy(),
        key_units=GRID,
    )
    folder.mkdir(parents=True, exist_ok=True)
    written = exports.write(held, folder)
    return [f"{folder.name}: {path.name}" for path in written.paths] + list(written.notes)
