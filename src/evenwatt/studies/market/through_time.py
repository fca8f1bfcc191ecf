"""The market through time: step by step, over the mean day, day by day."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.studies.market.period import Period

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Row = dict[str, Any]

MOST_STEPS = 12_000  # of a report; a longer period is told by days there, and by steps in its files
TOLD = (
    "local_per_mwh", "local_low_per_mwh", "local_high_per_mwh", "wholesale_per_mwh", "outside_per_mwh",
    "retail_per_mwh", "load_wh", "pv_wh", "produced_wh", "local_wh", "wholesale_wh", "contracted_wh", "import_wh",
    "export_wh", "balancing_wh", "unserved_wh", "forgone_wh", "curtailed_wh", "charged_wh", "discharged_wh",
    "lost_wh", "stored_wh", "emissions_t", "welfare_micro", "carbon_per_t", "cap_per_mwh",
)  # fmt: skip
SUMS = ("emissions_t", "welfare_micro")  # beside energies; prices and levels are means
LEVELS = ("stored_wh",)
QUANTILES = {"low": 0.05, "quarter": 0.25, "median": 0.5, "three_quarters": 0.75, "high": 0.95}


def steps(period: Period) -> list[Row]:
    """One row a step; one a day where there are too many for a page."""
    held = period.steps
    if len(period) > MOST_STEPS:
        return _by_day(period)
    start = [f"{stamp}Z" for stamp in np.datetime_as_string(held["start"], unit="s").tolist()]
    columns = {name: _cells(held[name]) for name in TOLD}
    return [
        {"start": when, **{name: values[k] for name, values in columns.items()}}
        for k, when in enumerate(start)
    ]


def _cells(values: npt.NDArray[Any]) -> list[Any]:
    if values.dtype.kind in "iu":
        return [int(value) for value in values]
    return [None if np.isnan(value) else float(value) for value in values]


def _by_day(period: Period) -> list[Row]:
    rows = []
    for day in period.arm.days:
        held = day.steps
        if not len(held["start"]):
            continue
        row: Row = {"start": f"{held['start'][0]}Z"}
        for name in TOLD:
            values = held[name]
            summed = (name.endswith("_wh") and name not in LEVELS) or name in SUMS
            row[name] = (
                int(values.sum()) if summed and values.dtype.kind == "i"
                else _mean(values) if not summed else float(np.nansum(values))
            )  # fmt: skip
        rows.append(row)
    return rows


def _last(values: Array) -> float | None:
    """The last figure that is one: sums since a review are whole at the end of a day."""
    known = values[~np.isnan(values)]
    return float(known[-1]) if len(known) else None


def _mean(values: npt.NDArray[Any]) -> float | None:
    known = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    return float(known.mean()) if len(known) else None


def slots(period: Period) -> list[Row]:
    """One row a slot of the day and market: quantiles of its price over the days."""
    rows = []
    place = period.slots
    for market in ("local", "wholesale"):
        price = period.steps[f"{market}_per_mwh"]
        for slot in np.unique(place):
            here = price[(place == slot) & ~np.isnan(price)]
            known = (
                dict(zip(QUANTILES, np.quantile(here, list(QUANTILES.values())), strict=True))
                if len(here)
                else {}
            )
            rows.append({
                "slot": int(slot), "market": market, **{name: known.get(name) for name in QUANTILES},
                "mean": float(here.mean()) if len(here) else None,
            })  # fmt: skip
    return rows


def concentration(period: Period) -> list[Row]:
    """One row a day: how concentrated generation was since the review before, and what that did to the price."""
    rows = []
    for day in period.arm.days:
        held = day.steps
        if not len(held["start"]):
            continue
        rsi = held["rsi_least"]
        rows.append({
            "day": str(held["start"][len(held["start"]) // 2].astype("datetime64[D]")),
            "hhi": _last(held["hhi_so_far"]), "lerner": _mean(held["lerner"]),
            "rsi_least": None if np.isnan(rsi).all() else float(np.nanmin(rsi)),
            "pivotal_share": _mean(held["pivotal"]),
            "wholesale_per_mwh": weighted(held["wholesale_per_mwh"], held["wholesale_wh"]),
        })  # fmt: skip
    return rows


def storage(period: Period) -> list[Row]:
    """One row a slot of the day: how full batteries are in the mean, and what they take and give."""
    people = period.arm.world.people
    capacity = int(
        people.households.batteries.capacity_wh.sum() + people.utilities.batteries.capacity_wh.sum()
    )
    place, held = period.slots, period.steps
    if not capacity:
        return []
    return [
        {
            "slot": int(slot),
            "stored_share": float(held["stored_wh"][place == slot].mean() / capacity),
            "charged_wh": round(float(held["charged_wh"][place == slot].mean())),
            "discharged_wh": round(float(held["discharged_wh"][place == slot].mean())),
        }
        for slot in np.unique(place)
    ]


def instruments(period: Period) -> list[Row]:
    """One row a change of an instrument."""
    return [
        {
            "start": period.start_of(int(row["step"])),
            "instrument": row["instrument"],
            "before": row["before"],
            "after": row["after"],
            "reason": row["reason"],
        }
        for day in period.arm.days
        for row in day.changes
    ]


def weighted(price: Array, weight: Whole) -> float | None:
    """Mean price by volume; None where nothing was traded.

    Examples
    --------
    >>> weighted(np.array([10.0, np.nan, 40.0]), np.array([200, 0, 100]))
    20.0
    """
    known = (weight > 0) & ~np.isnan(price)
    return float(np.average(price[known], weights=weight[known])) if known.any() else None
