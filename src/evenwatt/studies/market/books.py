"""One interval's supply and demand, and the order in which stations are called."""

from __future__ import annotations

from typing import Any

import numpy as np

from evenwatt.studies.market.kinds import SOURCES
from evenwatt.studies.market.period import Period
from evenwatt.studies.market.watching import MARKETS

Row = dict[str, Any]

BORDER = ("outside grid (import)", "outside grid (export)")


def curve(period: Period) -> list[Row]:
    """One row an order of the drawn interval; an order of the outside grid, without end, by what was filled of it."""
    day = period.book
    if day is None:
        return []
    names = [*(agent.id for agent in period.people.agents), *_missing_regulator(period), *BORDER]
    start, book = period.start_of(day.book_step), day.book
    return [
        {
            "market": MARKETS[int(book["market"][k])],
            "start": start,
            "side": "buy" if book["side"][k] > 0 else "sell",
            "agent": names[int(book["agent"][k])],
            "node": int(book["node"][k]),
            "price_per_mwh": float(book["price"][k]),
            "quantity_wh": int(book["quantity"][k]),
            "filled_wh": int(book["filled"][k]),
        }
        for k in range(len(book["market"]))
    ]


def _missing_regulator(period: Period) -> list[str]:
    # A regulator's number is always taken, also where there is none.
    return [] if period.people.regulated else ["regulator"]


def curve_measures(period: Period) -> Row:
    """Which interval is drawn, and the prices of its markets."""
    day = period.book
    if day is None:
        return {"curve_start": None, "curve_price_per_mwh": dict.fromkeys(MARKETS)}
    place = int(np.searchsorted(period.steps["step"], day.book_step))
    prices = {market: float(period.steps[f"{market}_per_mwh"][place]) for market in MARKETS}
    return {
        "curve_start": period.start_of(day.book_step),
        "curve_price_per_mwh": {
            market: None if np.isnan(price) else price for market, price in prices.items()
        },
    }


def merit_order(period: Period) -> list[Row]:
    """One row a producer, cheapest first: cost with carbon as it stands at the end, and what it was called for."""
    world = period.arm.world
    held, totals = world.people.producers, world.totals
    carbon = world.state.public.instruments.carbon_per_t
    cost = held.cost_per_mwh + carbon * held.emission_t_per_mwh
    return [
        {
            "producer": held.ids[k],
            "label": held.labels[k],
            "source": held.sources[k],
            "renewable": SOURCES[held.sources[k]].renewable,
            "cost_per_mwh": float(cost[k]),
            "capacity_wh": int(totals.offered[k]),
            "dispatched_wh": int(totals.generated[k]),
            "emission_t_per_mwh": float(held.emission_t_per_mwh[k]),
        }
        for k in np.argsort(cost, kind="stable").tolist()
    ]
