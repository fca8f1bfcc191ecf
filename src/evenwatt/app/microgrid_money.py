"""The parts of a microgrid's page that tell of money: savings, bills, who would leave, and what a share means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evenwatt.app.microgrid_findings import MicrogridFindings
from evenwatt.app.plots.bills import bill_lines, bills_told
from evenwatt.app.plots.cells import NOTHING, Column, Table, moneys, numbers, words
from evenwatt.app.plots.findings import Figure, Row
from evenwatt.app.plots.objections import group_words, objection_bars, objections_of, objections_told
from evenwatt.app.plots.quantities import grouped, money_decimals
from evenwatt.app.plots.savings import MOST_ROWS, Gains, saving_dots, saving_strips, savings_told
from evenwatt.app.plots.stories import stories_of
from evenwatt.app.section import Block, Section, absent, marked
from evenwatt.core.units import MICRO_PER_UNIT

KINDS = {"published script": "published script, not a value"}


def savings(found: MicrogridFindings) -> Section:
    """What each member saves under each money rule."""
    name, title, gains = "savings", "What each member saves", found.gains
    if not gains:
        return absent(name, title, "gains")
    shared: dict[str, Any] = {
        "titles": found.titles, "chosen": found.chosen, "currency": found.currency, "reference": _near(found),
    }  # fmt: skip
    is_small = max(len(by) for by in gains.values()) <= MOST_ROWS
    drawn = saving_dots(gains, labels=found.labels, **shared) if is_small else saving_strips(gains, **shared)
    told = savings_told(gains, found.labels, found.chosen, found.currency)
    if any(not gain.is_exact for by in gains.values() for gain in by.values()):
        where = "Whiskers are" if is_small else "The table of bills holds the"
        told += f" {where} 95 % intervals of values that were sampled."
    return Section(name, title, [Figure("Savings by money rule", drawn, told), _by_rule(found, gains)])


def _near(found: MicrogridFindings) -> list[str]:
    """Rules that the axis must hold: the case's and those that are values of the game."""
    return [
        str(row["rule"])
        for row in found.rules
        if row["rule"] == found.chosen or row.get("kind_of") == "value"
    ]


def _by_rule(found: MicrogridFindings, gains: Gains) -> Table:
    """Members down, rules across."""
    labels = found.labels
    lead = gains.get(found.chosen or "") or next(iter(gains.values()))
    members = sorted(lead, key=lambda m: (-lead[m].micro, m))
    decimals = money_decimals(gain.micro for by in gains.values() for gain in by.values())
    columns = [words("Member", [labels.get(m, m) for m in members])]
    for rule, by in gains.items():
        amounts = [by[m].micro if m in by else None for m in members]
        columns.append(moneys(found.titles.get(rule, rule), amounts, found.currency, decimals=decimals))
    return Table("gains", "Savings by member and rule", columns, is_searchable=True, is_folded=True)


def bills(found: MicrogridFindings) -> Section:
    """What each member pays alone and with the pool."""
    name, title = "bills", "What each member pays, alone and together"
    rows = [row for row in found.table("members") if row.get("alone_micro") is not None]
    if not rows:
        return absent(name, title, "members")
    rows = sorted(rows, key=lambda row: (-(row.get("gain_micro") or 0), str(row["id"])))
    gain = [row.get("gain_micro") for row in rows]
    decimals = money_decimals(gain)
    columns = [
        words("Member", [row.get("label") or row["id"] for row in rows]),
        moneys("Alone", [row.get("alone_micro") for row in rows], found.currency, decimals=decimals),
        moneys(
            "With the microgrid", [row.get("bill_micro") for row in rows], found.currency, decimals=decimals
        ),
        moneys("Saving", gain, found.currency, decimals=decimals, bars=True),
    ]
    if any(row.get("std_err_micro") for row in rows):
        columns.append(_intervals(found, rows, decimals))
    earns = (
        " A negative bill is money earned." if any((row.get("bill_micro") or 0) < 0 for row in rows) else ""
    )
    rule = found.titles.get(found.chosen or "", found.chosen or "the case’s rule")
    caption = f"Bills of the period by {rule}, largest saving first.{earns}"
    table = Table("bills-table", caption, columns, is_searchable=True)
    if len(rows) > MOST_ROWS:
        return Section(name, title, [table])
    drawn = Figure(
        "From the bill alone to the bill with the microgrid",
        bill_lines(rows, currency=found.currency),
        bills_told(rows, found.currency),
    )
    return Section(name, title, [drawn, table])


def _intervals(found: MicrogridFindings, rows: Sequence[Row], decimals: int) -> Column:
    """The 95 % interval of each saving, from the table of gains."""
    by = found.gains.get(found.chosen or "", {})
    told = []
    for row in rows:
        gain = by.get(str(row["id"]))
        ends = [] if gain is None else [grouped(v / MICRO_PER_UNIT, decimals) for v in (gain.low, gain.high)]
        told.append(" to ".join(ends) or NOTHING)
    return words("95 % interval", told)


def stability(found: MicrogridFindings) -> Section:
    """Would anyone leave: objections, and the measures of every rule."""
    name, title, rows = "stability", "Would anyone leave?", found.rules
    if not found.table("money"):
        return absent(name, title, "money")
    blocks: list[Block] = []
    if rows:
        tested = objections_of(rows, found.labels)
        drawn = objection_bars(tested, currency=found.currency, chosen=found.chosen)
        told = objections_told(tested, found.currency)
        blocks += [Figure("The largest objection to each rule", drawn, told), _measured(found)]
    blocks += [*_changes(rows), *_combinations(found), *_skipped(found), *_sources(rows)]
    return Section(name, title, blocks)


def _measured(found: MicrogridFindings) -> Table:
    """Rules against measures."""
    rows = found.rules
    labels, currency = found.labels, found.currency
    of = {key: [row.get(key) for row in rows] for key in {k for row in rows for k in row}}
    nothing: list[Any] = [None] * len(rows)
    decimals = money_decimals([*of.get("core_excess_micro", nothing), *of.get("budget_micro", nothing)])
    columns = [
        words(
            "Rule",
            [found.titles[str(row["rule"])] for row in rows],
            notes=[_note(row, found) for row in rows],
        ),
        moneys("Budget", of.get("budget_micro", nothing), currency, decimals=decimals),
        moneys("Largest objection", of.get("core_excess_micro", nothing), currency, decimals=decimals),
        words("Who would leave", [_leaving(row, found) for row in rows]),
        words("Worse off than alone", [_listed(row.get("worse_than_alone"), found) for row in rows]),
        numbers("Gini", of.get("gini", nothing), 3, bars=True),
        words("Against Shapley", [_against(row) for row in rows], notes=[_ends(row, labels) for row in rows]),
    ]
    caption = "Measures by money rule; a budget of zero hands out exactly what was gained, above zero more than that"
    return Table("measured", caption, columns, marked([str(row["rule"]) for row in rows], found))


def _note(row: Row, found: MicrogridFindings) -> str:
    """Kind of a rule, and whether its shares are exact."""
    kind = str(row.get("kind_of") or "")
    return "; ".join(part for part in (KINDS.get(kind, kind), found.sureness(row)) if part)


def _leaving(row: Row, found: MicrogridFindings) -> str:
    """The group that would leave."""
    if row.get("core_excess_micro") is None:
        return "not tested"
    if row.get("leaving"):
        return group_words(row.get("leaving"), found.labels, 3)
    return "nobody" if row.get("core_exact") else "nobody found"


def _listed(ids: Sequence[object] | None, found: MicrogridFindings, shown: int = 3) -> str:
    """Members by name, or the first few and how many more."""
    if ids is None:
        return NOTHING
    names = [found.labels.get(str(member), str(member)) for member in ids]
    if not names:
        return "nobody"
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")


def _against(row: Row) -> str:
    """How many gain and lose against the Shapley value."""
    if row.get("gainers") is None:
        return NOTHING
    if not row["gainers"] and not row["losers"]:
        return "the same"
    return f"{row['gainers']} gain, {row['losers']} lose"


def _ends(row: Row, labels: dict[str, str]) -> str:
    """Who gains and who loses most against the Shapley value."""
    if not row.get("gainers") and not row.get("losers"):
        return ""
    most, least = (row.get(key) for key in ("most_gaining", "most_losing"))
    told = [f"gains most: {labels.get(str(most), str(most))}"] if most is not None else []
    told += [f"loses most: {labels.get(str(least), str(least))}"] if least is not None else []
    return ", ".join(told)


def _changes(rows: Sequence[Row]) -> list[Table]:
    """What each other rule would change, in a sentence."""
    changed = [row for row in rows if row.get("change")]
    if not changed:
        return []
    columns = [
        words("Rule", [row.get("title") or row["rule"] for row in changed]),
        words("What changes", [row["change"] for row in changed]),
    ]
    return [Table("changes", "What another rule would change, and for whom", columns)]


def _combinations(found: MicrogridFindings) -> list[Table]:
    """Every energy rule with every money rule, where the report compares them."""
    rows = found.table("combinations")
    if not rows:
        return []
    of = {key: [row.get(key) for row in rows] for key in {k for row in rows for k in row}}
    nothing: list[Any] = [None] * len(rows)
    moved = of.get("moved_micro", nothing)
    money_rules = [found.titles.get(str(row["money"]), row["money"]) for row in rows]
    columns = [
        words("Energy by", of["energy"]),
        words("Money by", money_rules, notes=[str(row.get("skipped") or "") for row in rows]),
        moneys("Budget", of.get("budget_micro", nothing), found.currency, decimals=money_decimals(moved)),
        numbers("Gini", of.get("gini", nothing), 3, bars=True),
        numbers("Worse off than alone", of.get("worse_than_alone", nothing)),
        moneys("Moved", moved, found.currency, decimals=money_decimals(moved), bars=True),
    ]
    caption = "Energy rules with money rules; moved is what changes hands against the case’s own pair"
    return [Table("combinations", caption, columns, is_searchable=len(rows) > 40)]


def _skipped(found: MicrogridFindings) -> list[Table]:
    """Rules that could not run, with the reason."""
    rows = [row for row in found.table("money") if row.get("skipped")]
    if not rows:
        return []
    columns = [
        words("Rule", [row.get("title") or row["rule"] for row in rows]),
        words("Reason", [row["skipped"] for row in rows]),
    ]
    return [Table("skipped", "Rules that could not run here", columns)]


def _sources(rows: Sequence[Row]) -> list[Table]:
    """Where each rule comes from, and how its shares were computed."""
    if not any(row.get("source") or row.get("method") for row in rows):
        return []
    columns = [
        words("Rule", [row.get("title") or row["rule"] for row in rows]),
        words("Spelling", [row["rule"] for row in rows]),
        words("Source", [row.get("source") for row in rows]),
        words("Shares by", [row.get("method") for row in rows]),
        words("Objection by", [row.get("core_method") for row in rows]),
        words("Remark", [row.get("remark") or None for row in rows]),
    ]
    return [
        Table("sources", "Where the rules come from, and how they were computed", columns, is_folded=True)
    ]


def explained(found: MicrogridFindings) -> Section:
    """What the Shapley value means, household by household."""
    name, title, rows = "explained", "What the Shapley value means for you", found.table("explained")
    if not rows:
        return absent(name, title, "explained")
    return Section(name, title, list(stories_of(rows, found.currency)))
