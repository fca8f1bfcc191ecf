"""When energy was shared, left over and wanted: by day, by time of day, and both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.units import SECONDS_PER_HOUR
from evenwatt.studies.sharing.period import Period
from evenwatt.studies.sharing.tally import Tally

Whole = npt.NDArray[np.int64]
Row = dict[str, Any]


def by_day(period: Period) -> list[Row]:
    """One row a day: supply, demand, what was shared, unused, unmet, and unused while unmet."""
    return [
        {"date": tally.day, **{name: int(values.sum()) for name, values in _series(tally).items()}}
        for tally in period.tallies
    ]


def _series(tally: Tally) -> dict[str, Whole]:
    return {
        "supply_wh": tally.supply,
        "demand_wh": tally.demand,
        "shared_wh": tally.shared,
        "unused_wh": tally.supply - tally.shared,
        "unmet_wh": tally.demand - tally.shared,
        "could_wh": tally.could,
    }


def by_slot(period: Period) -> list[Row]:
    """One row an interval of the local day: means over the days."""
    slots = period.series("slots")
    held = {name: period.series(name) for name in ("supply", "demand", "shared", "could")}
    return [
        {
            "slot": int(slot),
            "minute": int(slot) * period.seconds // 60,
            **{f"{name}_wh": round(float(values[slots == slot].mean())) for name, values in held.items()},
        }
        for slot in np.unique(slots)
    ]


def by_day_and_hour(period: Period) -> list[Row]:
    """One row an hour of each day, by the clock on the wall."""
    return [row for tally in period.tallies for row in _hours(tally, period.seconds)]


def _hours(tally: Tally, seconds: int) -> Iterator[Row]:
    hours = tally.slots * seconds // SECONDS_PER_HOUR
    held = _series(tally)
    for hour in np.unique(hours):
        here = hours == hour
        yield {
            "day": tally.day,
            "hour": int(hour),
            **{name: int(values[here].sum()) for name, values in held.items()},
        }
