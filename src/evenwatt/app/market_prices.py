"""The parts of a market's page that tell of prices: through time, by time of day, and how one came about."""

from __future__ import annotations

from collections.abc import Mapping

from evenwatt.app.market_findings import MarketFindings
from evenwatt.app.plots.cells import Table, energies, numbers, words
from evenwatt.app.plots.day_balance import tonnes
from evenwatt.app.plots.findings import Figure
from evenwatt.app.plots.local_day import clock
from evenwatt.app.plots.market_inks import MARKETS, source_colour
from evenwatt.app.plots.merit_order import merit_order, merit_told, ordered
from evenwatt.app.plots.prices_per_mwh import unit_of
from evenwatt.app.plots.slot_prices import markets_of, slot_prices, slots_told
from evenwatt.app.plots.step_prices import prices_told, step_prices
from evenwatt.app.plots.supply_demand import crossings, curves_told, supply_demand
from evenwatt.app.plots.time_axis import when
from evenwatt.app.plots.values import capital, value
from evenwatt.app.section import Block, Section, absent, missing

MOST_ORDERS = 400


def prices(found: MarketFindings) -> Section:
    """Prices through time and at each time of day."""
    name, title = "prices", "What energy cost"
    steps, slots = found.table("steps"), found.table("slots")
    if not steps and not slots:
        return absent(name, title, "steps", "slots")
    blocks: list[Block] = []
    if steps:
        drawn = step_prices(steps, zone=found.zone, currency=found.currency)
        blocks.append(
            Figure("Local, wholesale, outside and retail", drawn, prices_told(steps, found.currency))
        )
    if slots:
        drawn = slot_prices(slots, minutes=found.minutes, currency=found.currency)
        told = slots_told(slots, minutes=found.minutes, currency=found.currency)
        blocks.append(Figure("At each time of day", drawn, told))
        blocks += _slots(found)
    lacking = "" if steps and slots else missing("slots" if steps else "steps")
    return Section(name, title, blocks, lacking)


def _slots(found: MarketFindings) -> list[Table]:
    """Quantiles of each market in figures."""
    quantiles = {
        "low": "5 %",
        "quarter": "25 %",
        "median": "Median",
        "three_quarters": "75 %",
        "high": "95 %",
        "mean": "Mean",
    }
    made: list[Table] = []
    for market, rows in markets_of(found.table("slots")).items():
        columns = [
            words("From", [clock(float(row["slot"]) * found.minutes) for row in rows]),
            *(numbers(heading, [value(row, key) for row in rows], 2, unit=unit_of(found.currency))
              for key, heading in quantiles.items()),
        ]  # fmt: skip
        caption = f"{MARKETS.get(market, (market,))[0]}: prices at each time of day"
        made.append(Table(f"slots-{len(made) + 1}", caption, columns, is_folded=True))
    return made


def clearing(found: MarketFindings) -> Section:
    """How one price came about, and which power stations were needed."""
    name, title = "clearing", "How a price came about"
    orders, stations = found.table("curve"), found.table("merit_order")
    if not orders and not stations:
        return absent(name, title, "curve", "merit_order")
    blocks: list[Block] = []
    if orders:
        start = found.measures.get("curve_start") or orders[0].get("start")
        at = (
            f"Supply and demand on {when(start, found.zone)}"
            if start
            else "Supply and demand of one interval"
        )
        drawn = supply_demand(
            orders, prices=_interval_prices(found), currency=found.currency, labels=found.labels
        )
        blocks.append(
            Figure(at, drawn, curves_told(orders, prices=_interval_prices(found), currency=found.currency))
        )
        blocks.append(_orders(found))
    if stations:
        told = merit_told(stations, currency=found.currency)
        blocks.append(Figure("Power stations by cost", merit_order(stations, currency=found.currency), told))
        blocks.append(_stations(found))
    lacking = "" if orders and stations else missing("merit_order" if orders else "curve")
    return Section(name, title, blocks, lacking)


def _interval_prices(found: MarketFindings) -> Mapping[str, float | None]:
    """Market -> the price of the chosen interval."""
    held = found.measures.get("curve_price_per_mwh")
    return {str(market): value(held, market) for market in held} if isinstance(held, Mapping) else {}


def _orders(found: MarketFindings) -> Table:
    """The orders behind the curves; of very many only the first."""
    held = [
        (market, side, order)
        for market, crossing in crossings(found.table("curve")).items()
        for side, orders in (("buy", crossing.bids), ("sell", crossing.asks))
        for order in orders
    ]
    shown = held[:MOST_ORDERS]
    columns = [
        words("Market", [market for market, _, _ in shown]),
        words("Side", [side for _, side, _ in shown]),
        words("Who", [found.labels.get(order.agent, order.agent) for *_, order in shown]),
        numbers("Limit", [order.price for *_, order in shown], 2, unit=unit_of(found.currency)),
        *energies(
            {"Wanted or offered": [o.quantity for *_, o in shown], "Filled": [o.filled for *_, o in shown]}
        ),
    ]
    caption = "Orders of the interval, best first" + (
        f" ({len(shown)} of {len(held)})" if len(held) > len(shown) else ""
    )
    return Table("orders", caption, columns, is_searchable=True, is_folded=True)


def _stations(found: MarketFindings) -> Table:
    """Every power station in figures."""
    rows = ordered(found.table("merit_order"))
    emissions = [value(row, "emission_t_per_mwh") for row in rows]
    given = [value(row, "dispatched_wh") for row in rows]
    emitted = [
        None if e is None or wh is None else e * wh / 1e6 for e, wh in zip(emissions, given, strict=True)
    ]
    columns = [
        words("Station", [row.get("label") or row.get("producer") for row in rows],
              dots=[source_colour(str(row.get("source") or "other")) for row in rows]),
        words("Source", [capital(str(row.get("source") or "")) for row in rows]),
        numbers("Cost with carbon", [value(row, "cost_per_mwh") for row in rows], 2, unit=unit_of(found.currency)),
        *energies({"Could give": [value(row, "capacity_wh") for row in rows], "Gave": given}, bars=frozenset({"Gave"})),
        words("Emitted", [None if t is None else tonnes(t) for t in emitted]),
    ]  # fmt: skip
    return Table("stations", "Power stations, cheapest first", columns)
