"""A case's readings beside the shares that its data centre told: what keys can be found in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError, DataError, gather
from evenwatt.studies import runs
from evenwatt.studies.case import Case
from evenwatt.studies.sharing.energy import day_energy
from evenwatt.studies.sharing.group import SharingGroup

if TYPE_CHECKING:
    from evenwatt.data.exports import Export

Whole = npt.NDArray[np.int64]

SHARES = "shares.csv"  # interval_start, producer, consumer, wh; as `evenwatt data import` writes it


def beside_readings(case: Case) -> Export:
    """The case's supply and demand with the shares of its ``shares.csv``, members under their ids.

    Raises
    ------
    CaseError
        If there is no such file.
    DataError
        Naming rows of strangers, at other times, or of more than was wanted.
    """
    from evenwatt.data.exports import Export, Pairs

    path = case.folder / SHARES
    if not path.is_file():
        raise CaseError(
            f"{path}: missing; keys are found in what a data centre says was shared: `evenwatt data import` writes it"
        )
    group: SharingGroup = case.community
    store = runs.open_store(case, runs.plan_of(case))
    sample = store.day(store.days[0])
    sides = group.sides(sample)
    days = [day_energy(meters, meters.days[0], group, sides) for meters in map(store.day, store.days)]
    start = np.concatenate([day.start for day in days]).astype("datetime64[s]")
    producers, consumers = (tuple(group.names(side)) for side in (sides.producers, sides.consumers))
    demand = np.concatenate([day.demand for day in days])
    shared, pairs = _read(case, start, producers, consumers)
    if (shared > demand).any():
        t, j = (int(k) for k in np.argwhere(shared > demand)[0])
        raise DataError(
            f"{path}: {consumers[j]}, {start[t]}Z: {shared[t, j]} Wh shared, but it wanted {demand[t, j]} Wh after own "
            "use; do the readings already count own use? (rule.own_use_first = false)"
        )
    return Export(
        source=SHARES,
        format="tidy",
        start=start,
        seconds=sample.seconds,
        zone=case.config.timezone,
        producers=producers,
        consumers=consumers,
        supply=np.concatenate([day.supply for day in days]),
        demand=demand,
        unmet=demand - shared,
        pairs=None if pairs is None else Pairs(*pairs),
    )


def _read(
    case: Case, start: Any, producers: tuple[str, ...], consumers: tuple[str, ...]
) -> tuple[Whole, tuple[Whole, Whole] | None]:
    """Shares of consumers (T, J), and where the file names producers, of pairs: links (L, 2) and (T, L)."""
    from evenwatt.data import schema

    path = case.folder / SHARES
    columns = {"interval_start": str, "producer": str, "consumer": str, "wh": int}
    rows = schema.read_table(path, columns, required=("interval_start", "consumer", "wh"))
    names = {spell.meter: spell.id for spell in case.community.memberships}
    place = [{name: k for k, name in enumerate(side)} for side in (producers, consumers)]
    table = np.zeros((len(start), len(producers), len(consumers)), dtype=np.int64)
    shared = np.zeros((len(start), len(consumers)), dtype=np.int64)
    is_paired = all(row["producer"] for row in rows)
    times = np.array([row["interval_start"].removesuffix("Z") for row in rows], dtype="datetime64[s]")
    at = np.searchsorted(start, times)
    known = (at < len(start)) & (start[np.minimum(at, len(start) - 1)] == times)
    with gather(str(path)) as faults:
        if not known.any():
            faults.append(
                f"no row lies in an interval of the readings, which begin {start[:1]}; are stamps in UTC?"
            )
        for number, (row, t, is_there) in enumerate(
            zip(rows, at.tolist(), known.tolist(), strict=True), start=1
        ):
            taker = place[1].get(names.get(row["consumer"], row["consumer"]))
            giver = place[0].get(names.get(row["producer"], row["producer"])) if is_paired else 0
            if taker is None or giver is None:
                faults.append(
                    f"row {number}: '{row['consumer'] if taker is None else row['producer']}' is no member"
                )
            elif is_there:
                shared[t, taker] += row["wh"]
                table[t, giver, taker] += row["wh"] if is_paired else 0
    if not is_paired:
        return shared, None
    links = np.argwhere(table.any(axis=0))
    return shared, (links, table[:, links[:, 0], links[:, 1]])
