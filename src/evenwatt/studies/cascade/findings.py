"""From the days' tallies to the report: sentences, measures and tables of a cascade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt import audit
from evenwatt.core import units
from evenwatt.core.meters import Meters
from evenwatt.core.report import Report
from evenwatt.studies.cascade.community import Community
from evenwatt.studies.cascade.comparison import changes
from evenwatt.studies.cascade.config import CascadeConfig
from evenwatt.studies.cascade.tally import Tally
from evenwatt.studies.division import Division, division

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Row = dict[str, Any]

DURATION_POINTS = 400  # enough for a smooth curve on any screen or page


@dataclass(frozen=True)
class Period:
    """All days together, with the names that belong to the axes."""

    community: Community
    tallies: Sequence[Tally]
    rules: tuple[str, ...]

    def total(self, name: str) -> Any:
        """Sum one field of the tallies over the days."""
        return np.sum([getattr(tally, name) for tally in self.tallies], axis=0)

    @property
    def divisions(self) -> list[Division]:
        """The rules, the case's first."""
        return [division(name) for name in self.rules]


def report(
    period: Period,
    config: CascadeConfig,
    *,
    case: str,
    meters: Meters,
    skipped: Mapping[str, str],
    notes: Sequence[str],
) -> Report:
    """Write the findings of a period.

    Parameters
    ----------
    period : Period
        The days' tallies.
    config : CascadeConfig
        The settings they were made with.
    case, meters
        Name of the case; any of its readings, for zone and interval length.
    skipped : mapping
        Rules that could not run, with the reason.
    notes : sequence of str
        What the readers assumed and which repairs were made.
    """
    measures = _measures(period, config, case, meters)
    awards = _awards(period)
    told = changes(awards, period.rules, period.community.labels())
    tables = {
        "members": _members(period),
        "agents": _agents(period),
        "suppliers": _suppliers(period),
        "rules": [{**row, "change": told.get(row["rule"])} for row in _rules(period, skipped)],
        "awards": awards,
        "lorenz": _lorenz(period),
        "flows": _flows(period),
        "coverage_by_day": _coverage_by_day(period),
        "shortage_by_slot": _shortage_by_slot(period),
        "shortage_duration": _duration(period),
        "axioms": _axioms(period),
    }
    return Report(
        study="cascade",
        summary=_summary(period, measures, tables["rules"]),
        measures=measures,
        tables=tables,
        notes=[
            *notes,
            *_gaps(period),
            *(f"rule {name} left out: {why}" for name, why in sorted(skipped.items())),
        ],
    )


def _measures(period: Period, config: CascadeConfig, case: str, meters: Meters) -> Row:
    total = period.total
    claimed, served = int(total("claimed").sum()), int(total("awarded")[0].sum())
    intervals = int(total("intervals"))
    residues = [float(np.abs(tally.member_residue).max(initial=0.0)) for tally in period.tallies]
    return {
        "case": case,
        "currency": config.currency,
        "zone": config.timezone,
        "first": period.tallies[0].day,
        "last": period.tallies[-1].day,
        "interval_seconds": meters.seconds,
        "rule": period.rules[0],
        "rule_agents": config.rule.agents,
        "intervals": intervals,
        "intervals_incomplete": int(total("incomplete")),
        "intervals_contested": int(total("contested")),
        "contested_share": int(total("contested")) / intervals if intervals else 0.0,
        "contested_wh": int(total("contested_wh")),
        "contested_claim_wh": int(total("contested_claim").sum()),
        "movable_wh": int(np.rint(total("moved").max(initial=0.0))),
        "pool_wh": int(total("pooled").sum()),
        "own_use_wh": int(total("own_use").sum()),
        "load_wh": int(total("load").sum()),
        "claimed_wh": claimed,
        "served_wh": served,
        "unserved_wh": claimed - served,
        "surplus_wh": int(total("pooled").sum()) - served,
        "rounding_wh": residues[-1],
        "rounding_peak_wh": max(residues),
        "members": len(period.community.members),
        "suppliers": len(period.community.suppliers),
        "agents": len(period.community.agents),
    }


def _members(period: Period) -> list[Row]:
    c, total = period.community, period.total
    claimed, awarded = total("claimed"), total("awarded")[0]
    fought, won = total("contested_claim"), total("contested_award")[0]
    cost = total("local_micro") + total("grid_micro")
    labels = c.labels()
    agent = {spell.id: spell.agent for spell in c.memberships}
    role = {spell.id: spell.role for spell in c.memberships}
    return [
        {
            "id": member, "label": labels[member], "agent": agent[member], "role": role[member],
            "load_wh": int(total("load")[k]), "own_use_wh": int(total("own_use")[k]),
            "claimed_wh": int(claimed[k]), "awarded_wh": int(awarded[k]),
            "shortfall_wh": int(claimed[k] - awarded[k]), "coverage": _ratio(awarded[k], claimed[k]),
            "contested_claim_wh": int(fought[k]), "contested_award_wh": int(won[k]),
            "contested_coverage": _ratio(won[k], fought[k]),
            "cost_micro": int(cost[k]), "price_saved_micro": int(total("full_grid_micro")[k] - cost[k]),
        }
        for k, member in enumerate(c.members)
    ]  # fmt: skip


def _agents(period: Period) -> list[Row]:
    c, asked, stock = period.community, period.total("asked"), period.total("stock")
    return [
        {
            "id": agent.id, "label": agent.label,
            "members": len({spell.id for spell in c.memberships if spell.agent == agent.id}),
            "claimed_wh": int(asked[k]), "stock_wh": int(stock[k]), "served_wh": int(stock[k]),
            "unserved_wh": int(asked[k] - stock[k]), "coverage": _ratio(stock[k], asked[k]),
        }
        for k, agent in enumerate(c.agents)
    ]  # fmt: skip


def _suppliers(period: Period) -> list[Row]:
    generated, pooled, given = (period.total(name) for name in ("generated", "pooled", "delivered"))
    earned = period.total("earned_micro")
    return [
        {
            "id": supplier.id, "label": supplier.label, "generated_wh": int(generated[k]),
            "own_use_wh": int(generated[k] - pooled[k]), "pool_wh": int(pooled[k]),
            "delivered_wh": int(given[k]), "surplus_wh": int(pooled[k] - given[k]), "earned_micro": int(earned[k]),
        }
        for k, supplier in enumerate(period.community.suppliers)
    ]  # fmt: skip


def _rules(period: Period, skipped: Mapping[str, str]) -> list[Row]:
    claimed = period.total("claimed")
    fought = period.total("contested_claim")
    asked = fought > 0
    rows = []
    for k, held in enumerate(period.divisions):
        awarded, won = period.total("awarded")[k], period.total("contested_award")[k]
        coverage = won[asked] / fought[asked]
        rows.append({
            "rule": held.spelling, "title": held.title, "source": held.source, "chosen": k == 0, "skipped": None,
            "served_wh": int(awarded.sum()), "unserved_wh": int((claimed - awarded).sum()),
            "gini": _index(audit.gini, won[asked]), "jain": _index(audit.jain, won[asked]),
            "gini_coverage": _index(audit.gini, coverage), "jain_coverage": _index(audit.jain, coverage),
            "worst_coverage": float(coverage.min()) if asked.any() else None,
            "mean_coverage": float(coverage.mean()) if asked.any() else None,
            "best_coverage": float(coverage.max()) if asked.any() else None,
            "moved_wh": int(np.rint(period.total("moved")[k])),
            "cost_micro": int(period.total("rule_micro")[k].sum()),
        })  # fmt: skip
    rows += [
        {
            "rule": name,
            "title": division(name).title,
            "source": division(name).source,
            "chosen": False,
            "skipped": why,
        }
        for name, why in sorted(skipped.items())
    ]
    return rows


def _awards(period: Period) -> list[Row]:
    fought = period.total("contested_claim")
    awarded, won = period.total("awarded"), period.total("contested_award")
    return [
        {
            "rule": name, "member": member, "awarded_wh": int(awarded[r, k]), "contested_award_wh": int(won[r, k]),
            "coverage": _ratio(won[r, k], fought[k]),
        }
        for r, name in enumerate(period.rules)
        for k, member in enumerate(period.community.members)
    ]  # fmt: skip


def _lorenz(period: Period) -> list[Row]:
    asked = period.total("contested_claim") > 0
    if not asked.any():
        return []
    rows = []
    for k, name in enumerate(period.rules):
        population, share = audit.lorenz(period.total("contested_award")[k][asked].astype(float))
        rows.append({"rule": name, "population": population, "share": share})
    return rows


def _flows(period: Period) -> list[Row]:
    c, moved, awarded = period.community, period.total("flows"), period.total("awarded")[0]
    surplus = period.total("pooled") - period.total("delivered")
    short = period.total("claimed") - awarded
    agent = {spell.id: spell.agent for spell in c.memberships}
    rows = [
        (f"supplier:{s.id}", f"agent:{a.id}", moved[i, j])
        for i, s in enumerate(c.suppliers)
        for j, a in enumerate(c.agents)
    ]
    rows += [(f"supplier:{s.id}", "grid", surplus[i]) for i, s in enumerate(c.suppliers)]
    rows += [(f"agent:{agent[m]}", f"member:{m}", awarded[k]) for k, m in enumerate(c.members)]
    rows += [("grid", f"member:{m}", short[k]) for k, m in enumerate(c.members)]
    return [{"source": a, "target": b, "wh": int(wh)} for a, b, wh in rows if wh]


def _coverage_by_day(period: Period) -> list[Row]:
    return [
        {"member": member, "day": tally.day, "coverage": _ratio(tally.awarded[0, k], tally.claimed[k])}
        for tally in period.tallies
        for k, member in enumerate(period.community.members)
    ]


def _shortage_by_slot(period: Period) -> list[Row]:
    return [
        {"day": tally.day, "slot": int(slot), "shortage_wh": int(wh)}
        for tally in period.tallies
        for slot, wh in zip(tally.slots, tally.shortage, strict=True)
    ]


def _duration(period: Period) -> list[Row]:
    shortage = np.sort(np.concatenate([tally.shortage for tally in period.tallies]))[::-1]
    if len(shortage) == 0:
        return []
    rank = np.unique(
        np.linspace(0, len(shortage) - 1, min(DURATION_POINTS, len(shortage))).round().astype(int)
    )
    return [{"rank": float(k / max(1, len(shortage) - 1)), "shortage_wh": int(shortage[k])} for k in rank]


def _axioms(period: Period) -> list[Row]:
    rows = []
    for held in period.divisions:
        if held.rule is None or ":" in held.spelling:
            continue  # promises are made, and tested, for the rule as enrolled
        for promise in audit.promises(held.rule):
            rows.append({
                "rule": held.spelling, "axiom": promise.axiom, "title": audit.AXIOMS[promise.axiom].title,
                "holds": promise.holds, "witness": None if promise.witness is None else promise.witness.sentence,
            })  # fmt: skip
    return rows


def _summary(period: Period, measures: Row, rules: Sequence[Row]) -> list[str]:
    m = measures
    if not m["intervals"]:
        return ["No interval has all its readings, so nothing was divided."]
    if not m["intervals_contested"]:
        return [
            f"The rule never mattered: in none of {m['intervals']:,} intervals "
            "did two members have to share too little.",
            f"{m['members']} members used {_kwh(m['load_wh'])} kWh, {_kwh(m['own_use_wh'])} of it their own "
            f"generation and {_kwh(m['served_wh'])} from the pool.",
        ]
    chosen = rules[0]
    others = [row for row in rules[1:] if row["skipped"] is None]
    movable = (
        f"; another rule would give up to {_kwh(m['movable_wh'])} kWh of that to other members "
        f"({max(others, key=lambda row: row['moved_wh'])['rule']})"
        if others and m["movable_wh"]
        else ""
    )
    return [
        f"The rule mattered in {m['intervals_contested']:,} of {m['intervals']:,} intervals "
        f"({m['contested_share']:.0%}): there {_kwh(m['contested_wh'])} kWh were divided among claims of "
        f"{_kwh(m['contested_claim_wh'])} kWh{movable}.",
        f"{m['members']} members used {_kwh(m['load_wh'])} kWh: {_kwh(m['own_use_wh'])} of their own generation, "
        f"{_kwh(m['served_wh'])} from the pool, {_kwh(m['unserved_wh'])} bought from the grid; "
        f"{_kwh(m['surplus_wh'])} kWh of the pool found no taker.",
        f"Dividing by {chosen['title']}, the worst-served member got {chosen['worst_coverage']:.0%} "
        f"of its contested claims, the best {chosen['best_coverage']:.0%}; "
        "every rule hands out the same total, they differ in who gets it.",
    ]


def _gaps(period: Period) -> list[str]:
    missing = int(period.total("incomplete"))
    return [f"intervals that lack a reading and were not divided: {missing:,}"] if missing else []


def _ratio(part: Any, whole: Any) -> float | None:
    return float(part / whole) if whole else None


def _index(measure: Any, values: Array) -> float | None:
    return float(measure(np.asarray(values, dtype=float))) if len(values) else None


def _kwh(wh: float) -> str:
    return f"{float(units.kwh(wh)):,.1f}"
