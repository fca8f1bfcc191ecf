"""The parts of a cascade's page: each section's figures, tables and captions, or why there is nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from evenwatt.app import plots
from evenwatt.app.plots.axioms import axioms_of
from evenwatt.app.plots.bars import MOST_MEMBERS
from evenwatt.app.plots.calendar_maps import coverage_map, days_table, shortage_map
from evenwatt.app.plots.cells import Table, energies, moneys, numbers, shares, words
from evenwatt.app.plots.colours import agent_colour
from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.duration import duration_caption, points_of
from evenwatt.app.plots.findings import NOTHING_SCARCE, Figure, Findings, Row
from evenwatt.app.plots.lorenz import curves_of, lorenz_caption
from evenwatt.app.plots.quantities import counted
from evenwatt.app.plots.quarters import quarters_caption
from evenwatt.app.plots.sankey import gathered, links_of, sankey_caption
from evenwatt.app.plots.strips import strips_caption
from evenwatt.app.section import Block, Section, absent, marked

MEMBER_ENERGIES = {
    "load_wh": "Load",
    "own_use_wh": "Own use",
    "claimed_wh": "Claimed",
    "awarded_wh": "Awarded",
    "shortfall_wh": "Shortfall",
}
AGENT_ENERGIES = {
    "claimed_wh": "Claimed",
    "stock_wh": "Stock",
    "served_wh": "Served",
    "unserved_wh": "Unserved",
}
SUPPLIER_ENERGIES = {
    "generated_wh": "Generated",
    "own_use_wh": "Own use",
    "pool_wh": "To the pool",
    "delivered_wh": "Delivered",
    "surplus_wh": "Sold to the grid",
}


def _calm(name: str, title: str, heading: str, told: str) -> Section:
    """A section where nothing was scarce."""
    return Section(name, title, [Figure(heading, statement(heading, NOTHING_SCARCE), told)])


def flows(found: Findings) -> Section:
    """Where the energy went."""
    name, title = "flows", "Where the energy went"
    flows = found.table("flows")
    unserved = {f"member:{m['id']}": int(m.get("shortfall_wh") or 0) for m in found.table("members")}
    if not flows and not any(unserved.values()):
        return absent(name, title, "flows")
    labels = {
        f"{kind}:{key}": label
        for kind in ("supplier", "agent", "member")
        for key, label in found.names(f"{kind}s").items()
    }
    drawn = plots.sankey(flows, labels=labels, agents=found.agents, unserved=unserved)
    told = sankey_caption(
        found.wh("pool_wh"), found.wh("served_wh"), found.wh("unserved_wh"), found.table("agents")
    )
    network = gathered(links_of(flows, unserved), labels, found.agents)
    links = sorted(network.links.items(), key=lambda item: (-item[1], item[0]))
    table = Table(
        "bands",
        "The bands, largest first",
        [
            words("From", [network.labels[source] for (source, _), _ in links]),
            words("To", [network.labels[target] for (_, target), _ in links]),
            *energies({"Energy": [wh for _, wh in links]}),
        ],
        is_folded=True,
    )
    return Section(name, title, [Figure("Suppliers, agents, members", drawn, told), table])


def scarcity(found: Findings) -> Section:
    """Who went short, by day and by time of day."""
    name, title = "scarcity", "Who went short, and when"
    tables = {"coverage_by_day": coverage_map, "shortage_by_slot": shortage_map}
    figures = [draw(found) for table, draw in tables.items() if found.table(table)]
    if not figures:
        return absent(name, title, *tables)
    return Section(name, title, [*figures, days_table(found)] if found.is_scarce else figures)


def equality(found: Findings) -> Section:
    """How equal the awards are under each rule."""
    name, title, of = "equality", "How equal the awards are", _shared(found)
    rows = found.table("lorenz")
    curves = curves_of(rows)
    if not curves:
        return absent(name, title, "lorenz")
    heading = "Lorenz curves by rule"
    if not found.is_scarce:
        return _calm(name, title, heading, "All curves coincide, as every rule awards every claim.")
    drawn = Figure(
        heading, plots.lorenz(rows, chosen=found.chosen, of=of), lorenz_caption(rows, found.chosen, of)
    )
    held = [
        shares(f"Held by the lowest {p} %", [c.at(p / 100) for c in curves], decimals=1)
        for p in (10, 25, 50, 75)
    ]
    gini = numbers("Gini", [curve.gini for curve in curves], 3, bars=True)
    table = Table(
        "lorenz-table",
        "The figures of the curves",
        [words("Rule", [curve.rule for curve in curves]), gini, *held],
        marked([curve.rule for curve in curves], found),
        is_folded=True,
    )
    return Section(name, title, [drawn, table])


def _shared(found: Findings) -> str:
    """What the rules' tables divide."""
    return "contested energy" if found.is_contested_only else "awarded energy"


def awards(found: Findings) -> Section:
    """What each rule gives each member: bars for a few members, strips for many."""
    name, title = "awards", "What each rule gives each member"
    given = [row for row in found.table("awards") if row["rule"] in {r["rule"] for r in found.rules}]
    if not given:
        return absent(name, title, "awards")
    heading = (
        "Coverage of each member by rule" if len(found.table("members")) > MOST_MEMBERS else "Awards by rule"
    )
    if not found.is_scarce:
        return _calm(name, title, heading, "Every rule gives every member the whole claim.")
    coverage: dict[str, dict[str, float | None]] = defaultdict(dict)
    for row in given:
        coverage[str(row["rule"])][str(row["member"])] = row.get("coverage")
    lists = {rule: list(values.values()) for rule, values in coverage.items()}
    told = strips_caption(lists, found.chosen)
    if found.is_contested_only:
        told += " All figures are of contested intervals: in the others every rule gives the same."
    asked = "contested_claim_wh" if found.is_contested_only else "claimed_wh"
    claims = {str(m["id"]): int(m.get(asked) or 0) for m in found.table("members")}
    where = " in contested intervals" if found.is_contested_only else ""
    if 0 < len(claims) <= MOST_MEMBERS:
        drawn = _bars(found, given, claims)
    else:
        drawn = plots.coverage_strips(lists, chosen=found.chosen, where=where)
        told += " The upright line marks the median."
    blocks: list[Block] = [Figure(heading, drawn, told)]
    if len(claims) > MOST_MEMBERS:
        awards_of = _awards_by_rule(found, given)
        bars = plots.award_quarters(awards_of, claims=claims, chosen=found.chosen)
        blocks.append(
            Figure(
                "Awards by rule and size of claim", bars, quarters_caption(awards_of, claims, found.chosen)
            )
        )
    if len(coverage) > 1:
        blocks.append(_spread(found, coverage, claims))
    return Section(name, title, blocks)


def _bars(found: Findings, given: Sequence[Row], claims: Mapping[str, int]) -> str:
    """A panel of bars per rule."""
    awards = _awards_by_rule(found, given)
    return plots.award_bars(awards, claims=claims, labels=found.names("members"), chosen=found.chosen)


def _awards_by_rule(found: Findings, given: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Rule -> member -> energy [Wh], of contested intervals where the report tells them apart."""
    given_wh = "contested_award_wh" if found.is_contested_only else "awarded_wh"
    awards: dict[str, dict[str, int]] = defaultdict(dict)
    for row in given:
        awards[str(row["rule"])][str(row["member"])] = int(row.get(given_wh) or 0)
    return awards


def _spread(
    found: Findings,
    coverage: Mapping[str, Mapping[str, float | None]],
    claims: Mapping[str, int],
    shown: int = 10,
) -> Table:
    """The members for whom the choice of the rule matters most."""
    by_member: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for rule, values in coverage.items():
        for member, value in values.items():
            if value is not None:
                by_member[member].append((value, rule))
    ends = {member: (min(told), max(told)) for member, told in by_member.items()}
    members = sorted(ends, key=lambda m: (ends[m][0][0] - ends[m][1][0], m))[:shown]
    low, high = [ends[m][0] for m in members], [ends[m][1] for m in members]
    gaps = [b[0] - a[0] for a, b in zip(low, high, strict=True)]
    case = coverage.get(found.chosen or "", {})
    labels = found.names("members")
    moved = [gap * claims[m] if m in claims else None for gap, m in zip(gaps, members, strict=True)]
    columns = [
        words("Member", [labels.get(m, m) for m in members]),
        *energies({"Claimed": [claims.get(m) for m in members], "At stake": moved}),
        shares("Least", [value for value, _ in low]),
        words("under", [rule for _, rule in low]),
        shares("Most", [value for value, _ in high]),
        words("under", [rule for _, rule in high]),
        shares(f"Case’s rule, {found.chosen}", [case.get(m) for m in members]),
        shares("Difference", gaps, bars=True),
    ]
    return Table("spread", f"The {len(members)} members for whom the rule matters most (coverage)", columns)


def duration(found: Findings) -> Section:
    """How sharp the shortage was."""
    name, title, table = "duration", "How sharp the shortage was", "shortage_duration"
    rows = found.table(table)
    intervals, contested = found.wh("intervals"), found.wh("intervals_contested")
    if not rows:
        return absent(name, title, table)
    heading = "Duration curve of shortage"
    if not found.is_scarce:
        return _calm(name, title, heading, "The curve lies at zero: no interval was short.")
    share = contested / intervals if intervals else None
    told = duration_caption(rows, intervals, contested, found.minutes)
    drawn = plots.duration(rows, contested=share, minutes=found.minutes)
    return Section(name, title, [Figure(heading, drawn, told), _duration_table(rows, found.minutes)])


def _duration_table(rows: Sequence[Any], minutes: float) -> Table:
    """Shortages that were reached or passed in given shares of the time."""
    points = points_of(rows)
    wanted = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75)
    reached = [max((p for p in points if p[0] <= share), default=points[0])[1] for share in wanted]
    columns = [
        shares("Share of the time", wanted, decimals=1),
        *energies({f"Shortage per {minutes:g} minutes, at least": reached}),
    ]
    return Table("duration-table", "The figures of the curve", columns, is_folded=True)


def fairness(found: Findings) -> Section:
    """The fairness card: what every rule promises and what it measured here."""
    name, title = "fairness", "What each rule promises and delivers"
    blocks: list[Block] = []
    if found.rules:
        blocks.append(_measured(found))
    if found.table("axioms"):
        blocks.append(axioms_of(found.table("axioms"), found.chosen))
    changed = [row for row in found.rules if row.get("change")]
    if changed:
        columns = [
            words("Rule", [r["rule"] for r in changed]),
            words("What changes", [r["change"] for r in changed]),
        ]
        blocks.append(Table("changes", "What another rule would change, and for whom", columns))
    skipped = [row for row in found.table("rules") if row.get("skipped")]
    if skipped:
        columns = [
            words("Rule", [row["rule"] for row in skipped]),
            words("Reason", [row["skipped"] for row in skipped]),
        ]
        blocks.append(Table("skipped", "Rules that could not run here", columns))
    return Section(name, title, blocks) if blocks else absent(name, title, "rules", "axioms")


def _measured(found: Findings) -> Table:
    """Rules against measures."""
    rows = found.rules
    every = {key: [row.get(key) for row in rows] for key in {k for row in rows for k in row}}
    absent: list[Any] = [None] * len(rows)
    columns = [
        words("Rule", [row["rule"] for row in rows], notes=[str(row.get("title") or "") for row in rows]),
        *energies({"Served": every.get("served_wh", absent), "Unserved": every.get("unserved_wh", absent)}),
        numbers("Gini", every.get("gini", absent), 3, bars=True),
        numbers("Jain", every.get("jain", absent), 3, bars=True),
        shares("Worst coverage", every.get("worst_coverage", absent), bars=True),
        shares("Mean coverage", every.get("mean_coverage", absent), bars=True),
        *energies({"Moved": every.get("moved_wh", absent)}, bars=frozenset({"Moved"})),
    ]
    where = "; indices and coverage of contested intervals" if found.is_contested_only else ""
    told = f"Measures by rule; moved is what changes hands against the case’s rule{where}"
    return Table("measured", told, columns, marked([row["rule"] for row in rows], found))


def members(found: Findings) -> Section:
    """Every member's month in one table, worst served first."""
    name, title = "members", "Members"
    rows = sorted(found.table("members"), key=_worst_first)
    if not rows:
        return absent(name, title, "members")
    agents = found.names("agents")
    of = {key: [row.get(key) for row in rows] for key in MEMBER_ENERGIES}
    colours = [agent_colour(found.position(str(row.get("agent")))) for row in rows]
    told = energies({heading: of[key] for key, heading in MEMBER_ENERGIES.items()})
    columns = [
        words("Member", [row.get("label") or row["id"] for row in rows]),
        words("Agent", [agents.get(str(row.get("agent")), row.get("agent")) for row in rows], dots=colours),
        *told[:4],
        shares("Coverage", [row.get("coverage") for row in rows], bars=True),
        told[4],
        moneys("Cost", [row.get("cost_micro") for row in rows], found.currency),
    ]
    caption = f"{counted(len(rows), 'member')}, worst served first"
    return Section(name, title, [Table("members-table", caption, columns, is_searchable=True)])


def _worst_first(row: Row) -> tuple[bool, float, str]:
    """Order of the members' table; those who claimed nothing come last."""
    coverage = row.get("coverage")
    return coverage is None, coverage or 0.0, str(row["id"])


def parties(found: Findings) -> Section:
    """Agents and suppliers."""
    name, title = "parties", "Agents and suppliers"
    tables = [_agents(found), _suppliers(found)]
    present = [table for table in tables if table.length]
    return Section(name, title, present) if present else absent(name, title, "agents", "suppliers")


def _agents(found: Findings) -> Table:
    """A row per agent."""
    rows = found.table("agents")
    of = {title: [row.get(key) for row in rows] for key, title in AGENT_ENERGIES.items()}
    met = [row["served_wh"] / row["claimed_wh"] if row.get("claimed_wh") else None for row in rows]
    colours = [agent_colour(k) for k in range(len(rows))]
    columns = [
        words("Agent", [row.get("label") or row["id"] for row in rows], dots=colours),
        numbers("Members", [row.get("members") for row in rows]),
        *energies(of),
        shares("Claims met", met, bars=True),
    ]
    return Table("agents", "Agents: what their members claimed and got", columns)


def _suppliers(found: Findings) -> Table:
    """A row per supplier."""
    rows = found.table("suppliers")
    of = {title: [row.get(key) for row in rows] for key, title in SUPPLIER_ENERGIES.items()}
    columns = [
        words("Supplier", [row.get("label") or row["id"] for row in rows]),
        *energies(of),
        moneys("Earned", [row.get("earned_micro") for row in rows], found.currency),
    ]
    return Table("suppliers", "Suppliers: where their generation went", columns)
