"""What the draws of a simulation say together: means and bands of every world and pair of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evenwatt.core.report import Report
from evenwatt.studies.cascade.config import CascadeConfig, ScenarioConfig

Row = dict[str, Any]
Outcome = Mapping[str, Any]

# Name -> its value in one draw by one pair of rules; None where nobody asked for anything.
MEASURES: dict[str, Callable[[Outcome], float | None]] = {
    "served_share": lambda one: _ratio(one["served_wh"], one["claimed_wh"]),
    "worst_coverage": lambda one: one["worst_coverage"],
    "gini": lambda one: one["gini"],
    "cost_micro": lambda one: float(one["cost_micro"]),
    "returned_wh": lambda one: float(one["returned_wh"]),
}


@dataclass(frozen=True)
class Simulated:
    """All draws of a simulation.

    Attributes
    ----------
    case : str
        Its name.
    scenarios : sequence of ScenarioConfig
        The worlds, as it is first.
    rules : sequence of (str, str)
        Pairs of rules, the case's own first.
    days, agents : sequence of str
        Settlement days and agents' ids.
    outcomes : sequence of sequence of mapping
        By scenario and draw, as ``draws.outcomes`` gives them.
    notes : sequence of str
        What the readers had to say.
    """

    case: str
    config: CascadeConfig
    scenarios: Sequence[ScenarioConfig]
    rules: Sequence[tuple[str, str]]
    days: Sequence[str]
    agents: Sequence[str]
    outcomes: Sequence[Sequence[Outcome]]
    notes: Sequence[str]

    def each(self) -> list[tuple[ScenarioConfig, str, list[Outcome]]]:
        """Every scenario and pair of rules, with its draws."""
        return [
            (scenario, spelled(pair), [one["rules"][k] for one in drawn])
            for scenario, drawn in zip(self.scenarios, self.outcomes, strict=True)
            for k, pair in enumerate(self.rules)
        ]

    def band(self, values: Sequence[float | None]) -> tuple[float | None, float | None, float | None]:
        """Mean of the draws, and the ends of the band that holds the middle of them."""
        held = np.array([value for value in values if value is not None], dtype=np.float64)
        if len(held) == 0:
            return None, None, None
        tail = (1 - self.config.simulate.level) / 2
        low, high = np.quantile(held, [tail, 1 - tail])
        return float(held.mean()), float(low), float(high)


def spelled(pair: tuple[str, str]) -> str:
    """A pair of rules as one name.

    Examples
    --------
    >>> spelled(("bargain", "talmud"))
    'bargain / talmud'
    """
    return " / ".join(pair)


def report(held: Simulated, *, provenance: Mapping[str, Any]) -> Report:
    """Write the findings of a simulation."""
    scenarios = _scenarios(held)
    settings = held.config.simulate
    return Report(
        study="cascade",
        summary=_summary(held, scenarios),
        measures={
            "kind": "simulation",
            "case": held.case,
            "currency": held.config.currency,
            "zone": held.config.timezone,
            "first": held.days[0],
            "last": held.days[-1],
            "rule": spelled(held.rules[0]),
            "draws": settings.draws,
            "level": settings.level,
            "scenarios": len(held.scenarios),
            "rules": len(held.rules),
        },
        tables={
            "scenarios": scenarios,
            "bands": _bands(held),
            "draws": _draws(held),
            "agents": _agents(held),
        },
        notes=[*held.notes, *_notes(held)],
        provenance=provenance,
    )


def _scenarios(held: Simulated) -> list[Row]:
    rows = []
    for scenario, rule, drawn in held.each():
        for measure, value in MEASURES.items():
            mean, low, high = held.band([value(one) for one in drawn])
            rows.append({
                "scenario": scenario.name, "title": scenario.title or scenario.name, "rule": rule,
                "measure": measure, "mean": mean, "low": low, "high": high, "draws": len(drawn),
            })  # fmt: skip
    return rows


def _bands(held: Simulated) -> list[Row]:
    rows = []
    for scenario, rule, drawn in held.each():
        for place, day in enumerate(held.days):
            shares = [_ratio(served, claimed) for claimed, served in (one["days"][place] for one in drawn)]
            mean, low, high = held.band(shares)
            rows.append(
                {
                    "scenario": scenario.name, "rule": rule, "day": day,
                    "served_share": mean, "low": low, "high": high,
                }
            )  # fmt: skip
    return rows


def _draws(held: Simulated) -> list[Row]:
    return [
        {
            "scenario": scenario.name, "rule": spelled(pair), "draw": one["draw"], "seed": one["seed"],
            **{name: value(one["rules"][k]) for name, value in MEASURES.items()},
            "cost_micro": one["rules"][k]["cost_micro"], "returned_wh": one["rules"][k]["returned_wh"],
        }
        for scenario, drawn in zip(held.scenarios, held.outcomes, strict=True)
        for k, pair in enumerate(held.rules)
        for one in drawn
    ]  # fmt: skip


def _agents(held: Simulated) -> list[Row]:
    rows = []
    for scenario, rule, drawn in held.each():
        for place, agent in enumerate(held.agents):
            shares = [_ratio(served, asked) for asked, served in (one["agents"][place] for one in drawn)]
            mean, low, high = held.band(shares)
            rows.append(
                {
                    "scenario": scenario.name, "rule": rule, "agent": agent,
                    "served_share": mean, "low": low, "high": high,
                }
            )  # fmt: skip
    return rows


def _summary(held: Simulated, rows: Sequence[Row]) -> list[str]:
    own = spelled(held.rules[0])
    served = [row for row in rows if row["measure"] == "served_share" and row["rule"] == own]
    base = served[0]
    if base["mean"] is None:
        return ["Nobody asked for anything in any draw, so there was nothing to divide."]
    told = [
        f"As it is, {own} meets {_band(base)} of what members ask for "
        f"({base['draws']} draws of {len(held.days)} days)."
    ]
    others = [row for row in served[1:] if row["mean"] is not None]
    if others:
        worst = min(others, key=lambda row: row["mean"])
        if worst["mean"] < base["mean"]:
            told.append(f"Hardest is {worst['scenario']} ({worst['title']}): {_band(worst)}.")
        else:
            told.append("No scenario leaves members with less than as it is.")
    for pair in held.rules[1:]:
        told.append(_against(held, pair))
    return told


def _band(row: Row) -> str:
    return f"{row['mean']:.1%} ({row['low']:.1%} to {row['high']:.1%})"


def _against(held: Simulated, pair: tuple[str, str]) -> str:
    """How another pair of rules does by the worst-served member, draw by draw on the same days."""
    k = list(held.rules).index(pair)
    better = worse = 0
    for drawn in held.outcomes:
        for one in drawn:
            mine, other = (one["rules"][place]["worst_coverage"] for place in (0, k))
            if mine is not None:
                better += other > mine
                worse += other < mine
    total = sum(len(drawn) for drawn in held.outcomes)
    return (
        f"{spelled(pair)} instead: the worst-served member gets more in {better} of {total} draws of all "
        f"scenarios, less in {worse}."
    )


def _notes(held: Simulated) -> list[str]:
    s = held.config.simulate
    stated = {
        "metered": "what their members need",
        "file": "what statements.csv says",
        "last-week": "what was needed a week before (as metered where there is no week before)",
    }[held.config.bargain.statements]  # fmt: skip
    return [
        f"each draw takes the case's own days in blocks of {s.block_days}, from at most {s.window_days} days "
        f"away, and sizes of members and suppliers that vary by {s.demand_spread:.0%} and {s.supply_spread:.0%}; "
        "all scenarios and rules of a draw see the same days",
        f"low and high hold the middle {s.level:.0%} of the draws",
        f"agents state {stated}, in proportion to the world's needs, whichever rule divides; what their members "
        "do not need goes to the grid",
        "gini is of members' coverage over the period; a newcomer is a copy of a member and brings no plant",
    ]


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
