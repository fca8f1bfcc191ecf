"""What a sharing group shows in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenwatt.app.terminal import say, table
from evenwatt.core import units

MOST_STEPS = 40


def variants(held: Mapping[str, Any]) -> None:
    """Where energy is lost, then other rounds, keys, countries and formulas side by side."""
    ideal = held["measures"].get("ideal_wh") or 0
    table(
        "what each part of the rule leaves of what could be shared",
        ("stage", "kWh", "of the ideal", "lost kWh", "how sure"),
        [
            (
                row["title"],
                _kwh(row["wh"]),
                _share(row["wh"] / ideal if ideal else None),
                _kwh(row["loss_wh"]),
                row["proof"],
            )
            for row in held["tables"]["waterfall"]
        ],
    )
    rows = [row for row in held["tables"]["variants"] if row["skipped"] is None]
    if rows:
        table(
            "what else could have been: coverage is what was shared of what a member wanted",
            ("", "", "shared kWh", "of the ideal", "worst", "mean", "best"),
            [
                (
                    ("* " if row["chosen"] else "  ") + row["kind"],
                    row["name"],
                    _kwh(row["shared_wh"]),
                    _share(row["share_of_ideal"]),
                    *(_share(row[f"{name}_coverage"]) for name in ("worst", "mean", "best")),
                )
                for row in rows
            ],
        )
    say(
        *(
            f"left out: {row['kind']} {row['name']}: {row['skipped']}"
            for row in held["tables"]["variants"]
            if row["skipped"]
        )
    )


def changes(held: Mapping[str, Any]) -> None:
    """What changes for whom, the largest change first."""
    others = [row for row in held["tables"]["variants"] if row["change"]]
    say(*(row["change"] for row in sorted(others, key=lambda row: -row["moved_wh"])))


def steps(answer: Any) -> None:
    """The interval round by round."""
    if not answer.steps:
        return
    table(
        "round by round [Wh]: key times what was left is offered; the smaller of that and what is wanted, rounded down",
        ("round", "producer", "consumer", "priority", "key", "left", "offered", "wanted", "got"),
        [
            (
                step["round"], step["producer"], step["consumer"], step["priority"], f"{step['key']:.2%}",
                step["left"], step["offered"], step["wanted"], step["wh"],
            )
            for step in answer.steps[:MOST_STEPS]
        ],
    )  # fmt: skip
    if len(answer.steps) > MOST_STEPS:
        say(f"... and {len(answer.steps) - MOST_STEPS} more steps; --json gives them all")


def _kwh(wh: float | None) -> str | None:
    return None if wh is None else f"{float(units.kwh(wh)):,.1f}"


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.1%}"
