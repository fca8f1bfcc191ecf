"""A run as a national file: what was measured, what was left after sharing, who gave to whom, or coefficients."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError
from evenwatt.studies.sharing.group import SharingGroup

if TYPE_CHECKING:
    import polars as pl

    from evenwatt.data.exports import Export, Written
    from evenwatt.studies.runs import Run

Whole = npt.NDArray[np.int64]

# The format in which a country settles or is told what was shared; "tidy" where none is known.
FORMATS = {"cz": "edc-all", "fr": "enedis", "pt": "e-redes"}


def write_run(run: Run, place: Path, *, format: str | None = None) -> Written:
    """Write a run in a country's format: coefficients filed after the fact (FR, PT), before and after sharing (CZ).

    Parameters
    ----------
    place : Path
        File or folder, as the format has it.
    format : str, optional
        Name of a format; the country's own if not said.

    Raises
    ------
    CaseError
        If the run is of another study, a member had two meters, or ``place`` exists.
    DataError
        If the format cannot hold it.
    """
    from evenwatt.data import exports

    if run.study != "sharing":
        raise CaseError(f"{run.folder}: is a {run.study}; only sharing is told to data centres")
    if place.exists():
        raise CaseError(f"{place}: exists already; choose another name or remove it")
    country = str(run.report.measures["country"]).partition("-")[0]
    return exports.write(told(run), place, format=format or FORMATS.get(country, "tidy"))


def told(run: Run) -> Export:
    """What a run says, as a national file would."""
    from evenwatt.data.exports import Export, Pairs

    meters = _meters(run.case.community)
    intervals = run.intervals.sort("interval_start")
    start = np.unique(intervals["interval_start"].to_numpy()).astype("datetime64[s]")
    producers = [str(row["id"]) for row in run.report.tables["producers"]]
    consumers = [str(row["id"]) for row in run.report.tables["members"] if row["deficit_wh"]]
    links, wh = _pairs(run, start, producers, consumers)
    return Export(
        source=run.folder.name,
        format="tidy",
        start=start,
        seconds=int(run.report.measures["interval_seconds"]),
        zone=str(run.record["zone"]),
        producers=tuple(meters[name] for name in producers),
        consumers=tuple(meters[name] for name in consumers),
        supply=_table(intervals, start, producers, "surplus_wh"),
        unused=_table(intervals, start, producers, "unused_wh"),
        demand=_table(intervals, start, consumers, "deficit_wh"),
        unmet=_table(intervals, start, consumers, "unmet_wh"),
        pairs=Pairs(links, wh),
    )


def _meters(group: SharingGroup) -> dict[str, str]:
    """The meter of each member."""
    held: dict[str, str] = {}
    for spell in group.memberships:
        if held.setdefault(spell.id, spell.meter) != spell.meter:
            raise CaseError(
                f"members.csv: '{spell.id}' had the meters '{held[spell.id]}' and '{spell.meter}'"
            )
    return held


def _table(intervals: pl.DataFrame, start: Any, names: list[str], column: str) -> Whole:
    """One column of the intervals as (T, n); 0 while a member did not take part."""
    import polars as pl

    place = {name: k for k, name in enumerate(names)}
    rows = intervals.filter(pl.col("member").is_in(names))
    table = np.zeros((len(start), len(names)), dtype=np.int64)
    t = np.searchsorted(start, rows["interval_start"].to_numpy().astype("datetime64[s]"))
    table[t, [place[name] for name in rows["member"].to_list()]] = rows[column].to_numpy()
    return table


def _pairs(run: Run, start: Any, producers: list[str], consumers: list[str]) -> tuple[Whole, Whole]:
    """Links (L, 2) in the order of their names, and what went over each, (T, L)."""
    import polars as pl

    flows = pl.read_parquet(run.folder / "flows" / "*.parquet")
    order = sorted(
        (producers.index(a), consumers.index(b))
        for a, b in flows.select("producer", "consumer").unique().iter_rows()
    )
    column = {(producers[i], consumers[j]): k for k, (i, j) in enumerate(order)}
    wh = np.zeros((len(start), len(order)), dtype=np.int64)
    t = np.searchsorted(start, flows["interval_start"].to_numpy().astype("datetime64[s]"))
    wh[t, [column[pair] for pair in flows.select("producer", "consumer").iter_rows()]] = flows[
        "wh"
    ].to_numpy()
    return np.array(order, dtype=np.int64).reshape(-1, 2), wh
