"""The parts of a market's page that tell of power: concentration, the regulator's instruments, contracts."""

from __future__ import annotations

from evenwatt.app.market_findings import MarketFindings
from evenwatt.app.plots.calendar_maps import day_name
from evenwatt.app.plots.cells import Column, Table, energies, moneys, numbers, shares, words
from evenwatt.app.plots.contract_bars import (
    BROKEN,
    contract_bars,
    contracts_of,
    contracts_told,
    kind_name,
    spot_means,
)
from evenwatt.app.plots.findings import Figure
from evenwatt.app.plots.instrument_steps import figure, instrument_name, instrument_steps, instruments_told
from evenwatt.app.plots.power_days import power_days, power_told
from evenwatt.app.plots.prices_per_mwh import unit_of
from evenwatt.app.plots.quantities import counted
from evenwatt.app.plots.step_prices import timed
from evenwatt.app.plots.time_axis import when
from evenwatt.app.plots.values import value
from evenwatt.app.section import Block, Section, absent

MOST_CONTRACTS = 400


def power(found: MarketFindings) -> Section:
    """Whether anybody could move the price."""
    name, title, rows = "power", "Market power", found.table("concentration")
    if not rows:
        return absent(name, title, "concentration")
    columns = [
        words("Day", [day_name(str(row.get("day")), weekday=True) for row in rows]),
        numbers("HHI", [value(row, "hhi") for row in rows], 3),
        numbers("Lerner", [value(row, "lerner") for row in rows], 3),
        numbers("Least RSI", [value(row, "rsi_least") for row in rows], 2),
        shares("Indispensable", [value(row, "pivotal_share") for row in rows], decimals=1),
        numbers(
            "Wholesale", [value(row, "wholesale_per_mwh") for row in rows], 2, unit=unit_of(found.currency)
        ),
    ]
    table = Table("power-days", "Market power in figures", columns, is_folded=True)
    return Section(name, title, [Figure("Day by day", power_days(rows), power_told(rows)), table])


def instruments(found: MarketFindings) -> Section:
    """What the regulator set and why."""
    name, title, rows = "instruments", "What the regulator did", found.table("instruments")
    if not rows:
        if not found.has("instruments"):
            return absent(name, title, "instruments")
        allowed = found.measures.get("intervention") is not False
        why = (
            "moved no instrument: at no review did it see a reason to"
            if allowed
            else "was not allowed to act in this run"
        )
        return Section(name, title, [], f"The regulator {why}.")
    ends = (found.measures.get("first"), found.measures.get("last"))
    drawn = instrument_steps(rows, ends=ends, zone=found.zone, currency=found.currency)
    names = [str(row.get("instrument")) for row in rows]
    levels = [
        [_level(name, row.get(key), found.currency) for name, row in zip(names, rows, strict=True)]
        for key in ("before", "after")
    ]
    columns = [
        words("From", [when(row.get("start"), found.zone) for row in rows]),
        words(
            "Instrument, and why",
            [instrument_name(name) for name in names],
            notes=[str(row.get("reason") or "") for row in rows],
        ),
        *(
            Column(heading, words(heading, held).cells)
            for heading, held in zip(("Before", "After"), levels, strict=True)
        ),
    ]
    told = instruments_told(rows, currency=found.currency)
    table = Table("decisions", "Decisions and their reasons", columns, is_searchable=len(rows) > 12)
    return Section(name, title, [Figure("Instruments through time", drawn, told), table])


def _level(instrument: str, level: object, currency: str) -> str:
    """The level of an instrument; one that is no number as it came."""
    held = value({"level": level}, "level")
    return str(level) if held is None and level is not None else figure(instrument, held, currency)


def contracts(found: MarketFindings) -> Section:
    """Fixed prices against the market's."""
    name, title, rows = "contracts", "Contracts", found.table("contracts")
    if not rows:
        if not found.has("contracts"):
            return absent(name, title, "contracts")
        return Section(
            name,
            title,
            [],
            "No contract was signed in this run: everything was traded in auctions and by tariffs.",
        )
    held = contracts_of(rows, spot_means(timed(found.table("steps"), found.zone)), found.zone)
    blocks: list[Block] = []
    if held:
        drawn = contract_bars(held, labels=found.labels, currency=found.currency)
        told = contracts_told(held, currency=found.currency)
        if later := len(rows) - len(held):
            told += (
                f" {counted(later, 'more contract')} of a time after the run, or unknown, in the table only."
            )
        blocks.append(Figure("Fixed prices against the market’s", drawn, told))
    blocks.append(_contracts(found))
    return Section(name, title, blocks)


def _contracts(found: MarketFindings) -> Table:
    """Every contract; of very many the broken ones and the first of the others."""
    rows = sorted(found.table("contracts"), key=lambda row: str(row.get("status")) not in BROKEN)
    shown, labels = rows[:MOST_CONTRACTS], found.labels
    columns = [
        words("Contract", [row.get("id") for row in shown]),
        words("Kind", [kind_name(row.get("kind")) for row in shown]),
        words("Seller", [labels.get(str(row.get("seller")), str(row.get("seller"))) for row in shown]),
        words("Buyer", [labels.get(str(row.get("buyer")), str(row.get("buyer"))) for row in shown]),
        words("From", [when(row.get("start"), found.zone) for row in shown]),
        words("To", [when(row.get("end"), found.zone) for row in shown]),
        numbers("Price", [value(row, "price_per_mwh") for row in shown], 2, unit=unit_of(found.currency)),
        *energies({"Agreed": [value(row, "contracted_wh") for row in shown],
                   "Delivered": [value(row, "delivered_wh") for row in shown]}),
        moneys("Paid", [value(row, "paid_micro") for row in shown], found.currency),
        words("Status", [row.get("status") for row in shown]),
    ]  # fmt: skip
    more = f" ({len(shown)} of {len(rows)})" if len(rows) > len(shown) else ""
    return Table(
        "contracts-table",
        f"All contracts, broken ones first{more}",
        columns,
        is_searchable=True,
        is_folded=True,
    )
