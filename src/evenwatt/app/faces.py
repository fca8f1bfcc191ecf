"""What each study shows of itself: its page, and its tables for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evenwatt.app.terminal import say, table
from evenwatt.core import units

Page = Callable[[Mapping[str, Any]], str]


def page(study: str) -> Page | None:
    """Draws a study's report, or None where its page has not been drawn yet."""
    from evenwatt.app import pages

    drawn: Page | None = getattr(pages, study, None)
    return drawn


def comparison(study: str) -> Page:
    """Draws a study's comparison; a study without a page of its own for it draws its report."""
    from evenwatt.app import pages

    return pages.comparison if study == "cascade" else getattr(pages, study)


def tell_run(held: Mapping[str, Any]) -> None:
    """Say what a run found: its sentences, then rules by measures."""
    say(*held["summary"], "")
    _RULES[held["study"]](held)


def tell_comparison(held: Mapping[str, Any]) -> None:
    """Say what changes for whom when another rule divides."""
    say(held["summary"][0], "")
    _RULES[held["study"]](held)
    _CHANGES[held["study"]](held)


def tell_explanation(study: str, answer: Any) -> None:
    """Say what the other rules would have given."""
    _OTHERS[study](answer)


def tell_difference(before: Any, after: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Say per member what moved between two runs of one study."""
    from evenwatt.studies.story import find
    from evenwatt.studies.verify import delta

    story, unit = find(after.study), after.report.measures["currency"]
    changed = [row for row in rows if any(row[delta(name)] for name in story.differs)]
    key = _CHOSEN[after.study]
    say(
        f"{len(changed)} of {len(rows)} members differ "
        f"({before.report.measures[key]} -> {after.report.measures[key]})."
    )
    columns = [_told_column(name, unit) for name in story.differs]
    table(
        "",
        ("member", *(f"{what} {when}" for what in columns for when in ("before", "after", "change"))),
        [
            (row["id"], *(_figure(row[name], name) for held in story.differs for name in
                          (held, f"{held}_after", delta(held))))
            for row in changed
        ],
    )  # fmt: skip


def _told_column(name: str, currency: str) -> str:
    what, _, unit = name.rpartition("_")
    return f"{what.replace('_', ' ')} {currency if unit == 'micro' else 'Wh'}"


def _figure(value: int, name: str) -> int | float:
    return round(float(units.money(value)), 2) if name.endswith("_micro") else value


def _cascade_others(answer: Any) -> None:
    rows = [
        (name, round(wh, 2), round(wh - answer.others[answer.rule], 2)) for name, wh in answer.others.items()
    ]
    table(
        "what each rule would have given",
        ("rule", "Wh", "difference Wh"),
        sorted(rows, key=lambda row: -row[1]),
    )


def _cascade_changes(held: Mapping[str, Any]) -> None:
    others = [row for row in held["tables"]["rules"] if row.get("change")]
    say(*(row["change"] for row in sorted(others, key=lambda row: -row["moved_wh"])))


def _cascade_rules(held: Mapping[str, Any]) -> None:
    def share(value: float | None) -> str | None:
        return None if value is None else f"{value:.1%}"

    def index(value: float | None) -> str | None:
        return None if value is None else f"{value:.3f}"

    rows = [
        (
            ("* " if r["chosen"] else "  ") + r["rule"],
            f"{units.kwh(r['served_wh']):,.1f}",
            index(r["gini"]),
            index(r["jain_coverage"]),
            share(r["worst_coverage"]),
            share(r["mean_coverage"]),
            f"{units.kwh(r['moved_wh']):,.1f}",
        )
        for r in held["tables"]["rules"]
        if r["skipped"] is None
    ]
    table(
        "where the rule mattered: Gini of awards, Jain of coverage, coverage",
        ("rule", "served kWh", "Gini", "Jain", "worst", "mean", "moved kWh"),
        rows,
    )
    say(*(f"left out: {r['rule']}: {r['skipped']}" for r in held["tables"]["rules"] if r["skipped"]))


_RULES = {"cascade": _cascade_rules}
_CHANGES = {"cascade": _cascade_changes}
_OTHERS = {"cascade": _cascade_others}
_CHOSEN = {"cascade": "rule"}  # the measure that names the run's rule
