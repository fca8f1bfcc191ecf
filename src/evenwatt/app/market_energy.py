"""The parts of a market's page that tell of energy: how it was traded, what went short, batteries, emissions."""

from __future__ import annotations

from evenwatt.app.market_findings import MarketFindings
from evenwatt.app.plots.calendar_maps import day_name
from evenwatt.app.plots.cells import Table, energies, numbers, shares, words
from evenwatt.app.plots.day_balance import (
    EMITTED,
    LOST,
    NO_EMISSIONS,
    NO_ENERGY,
    NOTHING_LOST,
    TITLE_EMITTED,
    TITLE_LOST,
    TITLE_SERVED,
    TRADED,
    balance_told,
    by_day,
    day_bars,
    emitted_told,
    lost_told,
)  # fmt: skip
from evenwatt.app.plots.findings import Figure
from evenwatt.app.plots.local_day import clock
from evenwatt.app.plots.storage_day import storage_day, storage_told
from evenwatt.app.plots.values import value
from evenwatt.app.section import Block, Section, absent

ALL = {"load_wh": "Load", "pv_wh": "PV", "produced_wh": "Power stations", "export_wh": "Exported"}


def energy(found: MarketFindings) -> Section:
    """How each day's energy was traded, what went short or to waste, and what was emitted."""
    name, title, rows = "energy", "Energy and emissions", found.table("steps")
    if not rows:
        return absent(name, title, "steps")
    days = by_day(rows, found.day_of, (*TRADED, *LOST, *EMITTED))
    blocks: list[Block] = [
        Figure(TITLE_SERVED, day_bars(days, TRADED, title=TITLE_SERVED, nothing=NO_ENERGY, told=balance_told(days)),
               balance_told(days)),
        Figure(TITLE_LOST, day_bars(days, LOST, title=TITLE_LOST, nothing=NOTHING_LOST, told=lost_told(days)),
               lost_told(days)),
        Figure(TITLE_EMITTED, day_bars(days, EMITTED, title=TITLE_EMITTED, nothing=NO_EMISSIONS,
                                       told=emitted_told(days), is_energy=False), emitted_told(days)),
        _days(found),
    ]  # fmt: skip
    return Section(name, title, blocks)


def _days(found: MarketFindings) -> Table:
    """Every day in figures."""
    rows = found.table("steps")
    sums: dict[str, dict[str, float]] = {}
    keys = [*ALL, *(part.key for part in (*TRADED, *LOST, *EMITTED))]
    for row in rows:
        held = sums.setdefault(found.day_of(row), dict.fromkeys(keys, 0.0))
        for key in keys:
            held[key] += value(row, key) or 0.0
    headings = ALL | {part.key: part.name for part in (*TRADED, *LOST)}
    columns = [
        words("Day", [day_name(day, weekday=True) for day in sums]),
        *energies({heading: [held[key] for held in sums.values()] for key, heading in headings.items()}),
        numbers("Emissions", [held["emissions_t"] for held in sums.values()], 3, unit="t"),
    ]
    return Table("energy-days", "Each day in figures", columns, is_folded=True)


def storage(found: MarketFindings) -> Section:
    """Batteries over the mean day."""
    name, title, rows = "storage", "Batteries", found.table("storage")
    if not rows:
        if not found.has("storage"):
            return absent(name, title, "storage")
        return Section(name, title, [], "Nobody in this market has a battery.")
    drawn = storage_day(rows, minutes=found.minutes)
    held = [row for row in rows if value(row, "slot") is not None]
    columns = [
        words("From", [clock(float(row["slot"]) * found.minutes) for row in held]),
        shares("How full", [value(row, "stored_share") for row in held], decimals=1),
        *energies({"Charged": [value(row, "charged_wh") for row in held],
                   "Discharged": [value(row, "discharged_wh") for row in held]}),
    ]  # fmt: skip
    table = Table("storage-day", "The mean day in figures", columns, is_folded=True)
    return Section(
        name, title, [Figure("The mean day", drawn, storage_told(rows, minutes=found.minutes)), table]
    )
