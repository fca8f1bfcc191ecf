"""What was agreed in the past, where a case knows: flows that real talks led to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from evenwatt.core.errors import DataError, gather

if TYPE_CHECKING:
    from evenwatt.learning.columns import Array, Column
    from evenwatt.learning.history import History

FILE = "outcomes.csv"
ROUNDED = 1.0  # flows may have been rounded to whole watt-hours, each on its own [Wh]
NOISY = 2.0  # times what there was, beyond which a flow is a fault and not a meter's error


def read_outcomes(path: Path, history: History, zone: str) -> dict[str, Column]:
    """Read ``outcomes.csv``: interval_start, supplier, agent, wh; intervals without a row are unknown.

    Parameters
    ----------
    path : Path
        The file.
    history : History
        Whose intervals and parties the rows name.
    zone : str
        Of stamps without an offset.

    Returns
    -------
    dict of str to Column
        ``flow``, known when the interval ends; NaN where nothing is known.

    Raises
    ------
    DataError
        Naming every row of an unknown party or interval, below zero, or that stands twice, and every supplier that
        gave far more than it had.
    """
    from evenwatt.data import schema
    from evenwatt.learning.columns import Column

    rows = schema.read_table(path, {"interval_start": datetime, "supplier": str, "agent": str, "wh": float})
    place = {start: t for t, start in enumerate(history.start.tolist())}
    suppliers = {name: k for k, name in enumerate(history.suppliers)}
    agents = {name: k for k, name in enumerate(history.agents)}
    wh = np.full(history.shapes["link"], np.nan)
    seen: set[tuple[int, int, int]] = set()
    with gather(path.name, DataError) as faults:
        for row in rows:
            stamp = row["interval_start"]
            aware = stamp if stamp.tzinfo else stamp.replace(tzinfo=ZoneInfo(zone))
            start = aware.astimezone(UTC).replace(tzinfo=None)
            said = f"{start:%Y-%m-%dT%H:%M:%SZ}, {row['supplier']} to {row['agent']}"
            wrong = [
                *([] if start in place else ["the readings hold no such interval"]),
                *([] if row["supplier"] in suppliers else ["supplier is not in suppliers.csv"]),
                *([] if row["agent"] in agents else ["agent is not in agents.csv"]),
                *([] if row["wh"] >= 0 else [f"{row['wh']} Wh is below 0"]),
            ]
            faults.extend(f"{said}: {fault}" for fault in wrong)
            if wrong:
                continue
            cell = place[start], suppliers[row["supplier"]], agents[row["agent"]]
            if cell in seen:
                faults.append(f"{said}: stands twice")
            seen.add(cell)
            # Who is named in an interval traded; the links not named carried nothing.
            wh[cell[0]] = np.nan_to_num(wh[cell[0]])
            wh[cell] = row["wh"]
        faults.extend(_too_much(wh, history))
    return {"flow": Column(wh, "link", history.end)}


def _too_much(wh: Array, history: History) -> Iterator[str]:
    """Intervals in which a supplier gave, or a link carried, far more than it could, beyond all noise."""
    given, held = wh.sum(axis=2), history["capacity"]
    for t, k in np.argwhere(given > NOISY * held + ROUNDED * len(history.agents)):
        yield (
            f"{history.start[t]}Z, {history.suppliers[k]}: gave {given[t, k]:.10g} Wh, far more than the "
            f"{held[t, k]:.10g} Wh it had"
        )
    for t, k, j in np.argwhere(wh > NOISY * history["limit"] + ROUNDED):
        yield (
            f"{history.start[t]}Z, {history.suppliers[k]} to {history.agents[j]}: {wh[t, k, j]:.10g} Wh, far more than "
            f"the limit of the link, {history['limit'][t, k, j]:.10g} Wh"
        )
