"""What a kWh is worth inside the microgrid, day by day and over the mean local day."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.studies.microgrid.period import Period

Array = npt.NDArray[np.float64]
Row = dict[str, Any]


def marginal(period: Period) -> Array:
    """What one more kWh is worth inside, (T,) [currency per MWh]; NaN where nothing is traded.

    The grid's selling price where the microgrid is long, its buying price where it is short; halfway where
    it is neither, as any price between would do.
    """
    balance = period.position.sum(axis=1)
    price = np.where(
        balance > 0, period.sell, np.where(balance < 0, period.buy, (period.buy + period.sell) / 2)
    )
    return np.where(period.inside > 0, price, np.nan)


def by_day(period: Period) -> list[Row]:
    """One row a day; prices are means weighted by what was traded, plain ones where nothing was."""
    edges = np.cumsum([0, *(len(tally.slots) for tally in period.tallies)])
    worth, implied = marginal(period), period.value_price
    rows = []
    for tally, first, last in zip(period.tallies, edges, edges[1:], strict=False):
        here = slice(int(first), int(last))
        weight = period.inside[here]
        buy, sell = (_mean(price[here], weight, plain=True) for price in (period.buy, period.sell))
        rows.append({
            "date": tally.day, "buy_per_mwh": buy, "sell_per_mwh": sell,
            "mid_per_mwh": None if buy is None or sell is None else (buy + sell) / 2,
            "marginal_per_mwh": _mean(worth[here], weight), "shapley_per_mwh": _mean(implied[here], weight),
            "traded_wh": int(weight.sum()),
        })  # fmt: skip
    return rows


def by_hour(period: Period) -> list[Row]:
    """One row an interval of the local day: means over the days, prices weighted by what was traded."""
    slots = np.asarray(period.series("slots"))
    worth, implied = marginal(period), period.value_price
    surplus = np.maximum(period.position, 0).sum(axis=1)
    deficit = np.maximum(-period.position, 0).sum(axis=1)
    rows = []
    for slot in np.unique(slots):
        here = slots == slot
        weight = period.inside[here]
        rows.append({
            "slot": int(slot), "minute": int(slot) * period.seconds // 60,
            "traded_wh": round(float(weight.mean())), "surplus_wh": round(float(surplus[here].mean())),
            "deficit_wh": round(float(deficit[here].mean())),
            "marginal_per_mwh": _mean(worth[here], weight), "shapley_per_mwh": _mean(implied[here], weight),
        })  # fmt: skip
    return rows


def _mean(price: Array, weight: npt.NDArray[np.int64], *, plain: bool = False) -> float | None:
    known = (weight > 0) & np.isfinite(price)
    if known.any():
        return float(np.average(price[known], weights=weight[known]))
    return float(price.mean()) if plain and len(price) else None
