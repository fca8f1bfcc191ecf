"""The parts of a microgrid's page that tell of energy: trades, prices through time, and the members."""

from __future__ import annotations

from typing import Any

from evenwatt.app.microgrid_findings import MicrogridFindings
from evenwatt.app.plots.cells import Table, energies, moneys, numbers, shares, words
from evenwatt.app.plots.findings import Figure
from evenwatt.app.plots.internal_price import day_of, internal_price, price, price_told
from evenwatt.app.plots.local_day import clock, day_told, local_day, minute_of
from evenwatt.app.plots.quantities import counted, energy, household_unit, money_decimals
from evenwatt.app.plots.trades import matrix_caption, pair_matrix, trades, trades_told
from evenwatt.app.section import Block, Section, absent, missing

MEMBER_ENERGIES = {
    "load_wh": "Load",
    "generated_wh": "Generated",
    "own_use_wh": "Own use",
    "sold_inside_wh": "Sold inside",
    "bought_inside_wh": "Bought inside",
    "exported_wh": "Sold to the grid",
    "imported_wh": "Bought from the grid",
}
PRICES = {
    "buy_per_mwh": "Grid, when you buy",
    "sell_per_mwh": "Grid, when you sell",
    "mid_per_mwh": "Mid-market",
    "marginal_per_mwh": "One more kWh inside",
    "shapley_per_mwh": "Implied by Shapley",
}
BATTERY_ENERGIES = {"charged_wh": "Into batteries", "discharged_wh": "Out of batteries"}
MOST_LISTED = 200


def trade(found: MicrogridFindings) -> Section:
    """Who traded with whom."""
    name, title, pairs, labels = "trade", "Who traded with whom", found.pairs, found.labels
    if not pairs and found.is_traded:
        return absent(name, title, "flows")
    told = trades_told(pairs, labels) if pairs else _apart(found)
    blocks: list[Block] = [Figure("From sellers to buyers", trades(pairs, labels=labels), told)]
    if pairs:
        drawn = pair_matrix(pairs, labels=labels)
        blocks.append(Figure("Every pair", drawn, matrix_caption(pairs)))
        blocks.append(_pairs(found))
    return Section(name, title, [*blocks, *_energy_rules(found)])


def _apart(found: MicrogridFindings) -> str:
    """What there was to trade, where nothing was traded."""
    surplus, deficit = energy(found.wh("surplus_wh")), energy(found.wh("deficit_wh"))
    return f"The members had a surplus of {surplus} and a deficit of {deficit}, but never at the same time."


def _pairs(found: MicrogridFindings) -> Table:
    """The pairs, largest first; of very many only the largest."""
    labels = found.labels
    ordered = sorted(found.pairs.items(), key=lambda item: (-item[1], item[0]))
    listed = ordered[:MOST_LISTED]
    columns = [
        words("Seller", [labels.get(a, a) for (a, _), _ in listed]),
        words("Buyer", [labels.get(b, b) for (_, b), _ in listed]),
        *energies({"Energy": [wh for _, wh in listed]}),
    ]
    caption = "The pairs, largest first" + (
        f" ({len(listed)} of {counted(len(ordered), 'pair')})" if len(listed) < len(ordered) else ""
    )
    return Table("pairs", caption, columns, is_searchable=True, is_folded=True)


def _energy_rules(found: MicrogridFindings) -> list[Table]:
    """How evenly each energy rule serves deficits and sells surpluses, where there is more than one."""
    rows = found.table("energy")
    if len(rows) < 2:
        return []
    of = {key: [row.get(key) for row in rows] for key in {k for row in rows for k in row}}
    nothing: list[Any] = [None] * len(rows)
    columns = [
        words(
            "Energy rule",
            of["rule"],
            notes=[str(row.get("skipped") or row.get("title") or "") for row in rows],
        ),
        shares("Deficit met, worst", of.get("worst_bought", nothing), bars=True),
        shares("best", of.get("best_bought", nothing), bars=True),
        shares("Surplus sold, worst", of.get("worst_sold", nothing), bars=True),
        shares("best", of.get("best_sold", nothing), bars=True),
        *energies({"Moved": of.get("moved_wh", nothing)}, bars=frozenset({"Moved"})),
    ]
    told = "What another energy rule would change; moved is what changes hands against the case’s rule"
    case = frozenset(k for k, row in enumerate(rows) if row.get("chosen"))
    return [Table("energy-rules", told, columns, case)]


def prices(found: MicrogridFindings) -> Section:
    """The internal price through time and over the mean local day."""
    name, title = "prices", "What energy was worth inside"
    days, hours = found.table("prices"), found.table("hours")
    if not days and not hours:
        return absent(name, title, "prices", "hours")
    lacking = "" if days and hours else missing("hours" if days else "prices")
    blocks: list[Block] = []
    if days:
        drawn = internal_price(days, currency=found.currency)
        blocks.append(Figure("Price of each day", drawn, price_told(days, found.currency)))
        blocks.append(_days(found))
    if hours:
        drawn = local_day(hours, minutes=found.minutes, currency=found.currency)
        blocks.append(Figure("The mean local day", drawn, day_told(hours, found.minutes)))
        blocks.append(_hours(found))
    return Section(name, title, blocks, lacking)


def _days(found: MicrogridFindings) -> Table:
    """Prices of every day."""
    rows = found.table("prices")
    unit = f"{found.currency} per kWh"
    columns = [
        words("Day", [day_of(row) for row in rows]),
        *energies({"Traded inside": [row.get("traded_wh") for row in rows]}),
        *(
            numbers(heading, [price(row, key) for row in rows], 4, unit=unit)
            for key, heading in PRICES.items()
        ),
    ]
    return Table("days", "Prices of each day", columns, is_folded=True)


def _hours(found: MicrogridFindings) -> Table:
    """Means of every interval of the local day."""
    rows = found.table("hours")
    unit = f"{found.currency} per kWh"
    told = {"surplus_wh": "Surplus", "deficit_wh": "Deficit", "traded_wh": "Traded inside"}
    columns = [
        words("From", [clock(minute_of(row, found.minutes)) for row in rows]),
        *energies({heading: [row.get(key) for row in rows] for key, heading in told.items()}),
        *(
            numbers(PRICES[key], [price(row, key) for row in rows], 4, unit=unit)
            for key in ("marginal_per_mwh", "shapley_per_mwh")
        ),
    ]
    return Table("hours", "The mean local day in figures", columns, is_folded=True)


def members(found: MicrogridFindings) -> Section:
    """Every member's energy and money in one table, largest saving first."""
    name, title = "members", "Members"
    rows = sorted(found.table("members"), key=lambda row: (-(row.get("gain_micro") or 0), str(row["id"])))
    if not rows:
        return absent(name, title, "members")
    decimals = money_decimals(row.get("gain_micro") for row in rows)
    told = MEMBER_ENERGIES | (BATTERY_ENERGIES if found.measures.get("batteries") else {})
    held = {heading: [row.get(key) for row in rows] for key, heading in told.items()}
    columns = [
        words("Member", [row.get("label") or row["id"] for row in rows]),
        *energies(held, unit=household_unit(wh for values in held.values() for wh in values)),
        moneys("Bill", [row.get("bill_micro") for row in rows], found.currency, decimals=decimals),
        moneys(
            "Saving", [row.get("gain_micro") for row in rows], found.currency, decimals=decimals, bars=True
        ),
    ]
    caption = f"{counted(len(rows), 'member')}, largest saving first"
    return Section(name, title, [Table("members-table", caption, columns, is_searchable=True)])
