"""The parts of a sharing group's page that tell of energy and money: who gave, when, and to whose good."""

from __future__ import annotations

from evenwatt.app.plots.bills import bill_lines, bills_told
from evenwatt.app.plots.calendar_maps import day_name
from evenwatt.app.plots.cells import Table, energies, moneys, shares, words
from evenwatt.app.plots.colours import SHORTAGE
from evenwatt.app.plots.daily import daily, daily_told
from evenwatt.app.plots.findings import Figure
from evenwatt.app.plots.heatmap import Legend, Side, heatmap, marks_of
from evenwatt.app.plots.local_day import clock, minute_of
from evenwatt.app.plots.mean_day import mean_day, mean_day_told
from evenwatt.app.plots.quantities import counted, energy, household_unit, money_decimals, unit_for, written
from evenwatt.app.plots.served import served, served_told
from evenwatt.app.plots.trades import SHARE, matrix_caption, pair_matrix, trades, trades_told
from evenwatt.app.section import Block, Section, absent, missing
from evenwatt.app.sharing_findings import SharingFindings

MOST_LISTED = 200
MOST_BILLS = 40
MOST_KEYS = 600
MEMBER_ENERGIES = {
    "load_wh": "Load",
    "own_use_wh": "Own use",
    "received_wh": "Shared with it",
    "unmet_wh": "From the grid",
    "given_wh": "Shared by it",
    "unused_wh": "To the grid",
}
PRODUCER_ENERGIES = {"surplus_wh": "Surplus", "given_wh": "Shared", "unused_wh": "To the grid"}


def flows(found: SharingFindings) -> Section:
    """Who shared with whom."""
    name, title, pairs, labels = "flows", "Who shared with whom", found.pairs, found.labels
    if not pairs and found.is_shared:
        return absent(name, title, "flows")
    told = trades_told(pairs, labels, SHARE)
    blocks: list[Block] = [
        Figure("From producers to consumers", trades(pairs, labels=labels, words=SHARE), told)
    ]
    if pairs:
        drawn = pair_matrix(pairs, labels=labels, words=SHARE)
        blocks += [Figure("Every pair", drawn, matrix_caption(pairs, words=SHARE)), _pairs(found)]
    return Section(name, title, blocks)


def _pairs(found: SharingFindings) -> Table:
    """The pairs, largest first; of very many only the largest."""
    labels = found.labels
    ordered = sorted(found.pairs.items(), key=lambda item: (-item[1], item[0]))
    listed = ordered[:MOST_LISTED]
    columns = [
        words("Producer", [labels.get(a, a) for (a, _), _ in listed]),
        words("Consumer", [labels.get(b, b) for (_, b), _ in listed]),
        *energies({"Energy": [wh for _, wh in listed]}),
    ]
    more = f" ({len(listed)} of {counted(len(ordered), 'pair')})" if len(listed) < len(ordered) else ""
    return Table("pairs", f"The pairs, largest first{more}", columns, is_searchable=True, is_folded=True)


def time(found: SharingFindings) -> Section:
    """When energy was shared, and when it was missed."""
    name, title = "time", "When it was shared, and when missed"
    days, hours, held = found.table("days"), found.table("hours"), found.table("map")
    lacking = [table for table, rows in (("days", days), ("hours", hours), ("map", held)) if not rows]
    if len(lacking) == 3:
        return absent(name, title, *lacking)
    blocks: list[Block] = []
    if hours:
        drawn = mean_day(hours, minutes=found.minutes)
        blocks += [Figure("The mean local day", drawn, mean_day_told(hours, found.minutes)), _hours(found)]
    if days:
        blocks += [Figure("Surplus of each day", daily(days), daily_told(days)), _days(found)]
    if held:
        blocks.append(_map(found))
    return Section(name, title, blocks, missing(*lacking) if lacking else "")


def _hours(found: SharingFindings) -> Table:
    rows = found.table("hours")
    told = {
        "supply_wh": "Surplus",
        "demand_wh": "Demand",
        "shared_wh": "Shared",
        "could_wh": "Could have been",
    }
    columns = [
        words("From", [clock(minute_of(row, found.minutes)) for row in rows]),
        *energies({heading: [row.get(key) for row in rows] for key, heading in told.items()}),
    ]
    return Table("hours", "The mean local day in figures", columns, is_folded=True)


def _days(found: SharingFindings) -> Table:
    rows = found.table("days")
    told = {
        "supply_wh": "Surplus", "demand_wh": "Demand", "shared_wh": "Shared", "unused_wh": "To the grid",
        "unmet_wh": "From the grid", "could_wh": "Could have been shared",
    }  # fmt: skip
    columns = [
        words("Day", [day_name(str(row.get("date")), weekday=True) for row in rows]),
        *energies({heading: [row.get(key) for row in rows] for key, heading in told.items()}),
    ]
    return Table("days", "Every day in figures", columns, is_folded=True)


def _map(found: SharingFindings) -> Figure:
    """What was unused while somebody wanted it: hour of the day down, days across."""
    rows, title = found.table("map"), "Unused while wanted elsewhere, hour by hour"
    days = list(dict.fromkeys(str(row["day"]) for row in rows))
    cells = {(int(row["hour"]), str(row["day"])): float(row.get("could_wh") or 0) for row in rows}
    most = max(cells.values(), default=0.0)
    unit = unit_for([most])
    values = [[cells.get((hour, day)) for day in days] for hour in range(24)]
    told = _map_told(cells)
    drawn = heatmap(
        values,
        title=title,
        description=told,
        across=Side("Day", marks_of([day_name(day) for day in days], 780, 56)),
        down=Side("Hour of the day", [(hour + 0.5, f"{hour}:00") for hour in range(0, 24, 3)]),
        ramp=SHORTAGE,
        legend=Legend(
            "Could have been shared, per hour", 0.0, most or 1.0, lambda wh: written(wh, unit), "no reading"
        ),
        height=336.0,
        left=84.0,
    )
    return Figure(title, drawn, told)


def _map_told(cells: dict[tuple[int, str], float]) -> str:
    if not any(cells.values()):
        return "At no hour was anything unused while somebody wanted it."
    (hour, day), most = max(cells.items(), key=lambda item: item[1])
    sums = {h: sum(wh for (at, _), wh in cells.items() if at == h) for h in {at for at, _ in cells}}
    worst = max(sums, key=lambda h: sums[h])
    return (
        f"Most was missed from {hour}:00 on {day_name(day, weekday=True)}: {energy(most)}. Over all days the hour from"
        f" {worst}:00 misses most, {energy(sums[worst])}."
    )


def members(found: SharingFindings) -> Section:
    """Every member's energy, coverage and money."""
    name, title = "members", "What each member got and pays"
    rows = sorted(found.table("members"), key=lambda row: (-(row.get("saved_micro") or 0), str(row["id"])))
    if not rows:
        return absent(name, title, "members")
    blocks: list[Block] = [Figure("Demand and what was shared", served(rows), served_told(rows))]
    bills = [
        {**row, "alone_micro": row.get("before_micro"), "bill_micro": row.get("after_micro"),
         "gain_micro": row.get("saved_micro")}
        for row in rows
    ]  # fmt: skip
    drawn = bill_lines(bills[:MOST_BILLS], currency=found.currency, together="with sharing")
    more = f" {counted(len(bills) - MOST_BILLS, 'member')} with smaller savings are in the table only."
    told = bills_told(bills, found.currency) + (more if len(bills) > MOST_BILLS else "")
    blocks += [Figure("Bills alone and with sharing", drawn, told), _members(found, rows)]
    return Section(name, title, blocks)


def _members(found: SharingFindings, rows: list[dict[str, object]]) -> Table:
    def micro(key: str) -> list[float | None]:
        return [row.get(key) for row in rows]  # type: ignore[misc]

    decimals = money_decimals(micro("saved_micro"))
    held = {heading: micro(key) for key, heading in MEMBER_ENERGIES.items()}
    columns = [
        words("Member", [row.get("label") or row["id"] for row in rows]),
        *energies(held, unit=household_unit(wh for values in held.values() for wh in values)),
        shares("Demand met", micro("coverage"), bars=True),
        moneys("Before", micro("before_micro"), found.currency, decimals=decimals),
        moneys("After", micro("after_micro"), found.currency, decimals=decimals),
        moneys("Saved", micro("saved_micro"), found.currency, decimals=decimals, bars=True),
    ]
    caption = f"{counted(len(rows), 'member')}, largest saving first"
    return Table("members-table", caption, columns, is_searchable=True)


def producers(found: SharingFindings) -> Section:
    """What became of each producer's surplus, and the keys to it."""
    name, title = "producers", "Producers and keys"
    rows, keys = found.table("producers"), found.table("keys")
    if not rows:
        return absent(name, title, "producers")
    held = {heading: [row.get(key) for row in rows] for key, heading in PRODUCER_ENERGIES.items()}
    earned = [row.get("earned_micro") for row in rows]
    columns = [
        words(
            "Producer",
            [row.get("label") or row["id"] for row in rows],
            notes=[f"shared with {counted(int(row.get('consumers') or 0), 'member')}" for row in rows],
        ),
        *energies(held, unit=household_unit(wh for values in held.values() for wh in values)),
        shares("Shared", [row.get("sold") for row in rows], bars=True),
        moneys("Earned by sharing", earned, found.currency, decimals=money_decimals(earned)),
    ]
    blocks: list[Block] = [Table("producers-table", "What became of each producer's surplus", columns)]
    return Section(name, title, [*blocks, _keys(found)] if keys else blocks, "" if keys else missing("keys"))


def _keys(found: SharingFindings) -> Table:
    """Who may draw which part of whose surplus."""
    held, labels = found.table("keys"), found.labels
    rows = held[:MOST_KEYS]
    is_dated = any(row.get("valid_from") or row.get("valid_to") for row in rows)
    columns = [
        words("Consumer", [labels.get(str(row["consumer"]), row["consumer"]) for row in rows]),
        words("Producer", [labels.get(str(row["producer"]), row["producer"]) for row in rows]),
        shares("Key", [row.get("key") for row in rows], bars=True, decimals=2),
        words("Priority", [row.get("priority") for row in rows]),
    ]
    if is_dated:
        columns += [
            words(head, [row.get(key) or "" for row in rows])
            for key, head in (("valid_from", "From"), ("valid_to", "To"))
        ]
    first = f"{counted(len(held), 'key')}{f', the first {MOST_KEYS}' if len(held) > len(rows) else ''}"
    caption = f"{first}; a consumer asks its producers in order of priority, larger first"
    return Table("keys-table", caption, columns, is_searchable=True, is_folded=True)
