"""What each study shows of itself: its page, and its tables for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evenwatt.app import market_faces, sharing_faces
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
            (row["id"], *(_figure(row[key], name) for name in story.differs for key in
                          (name, f"{name}_after", delta(name))))
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


def _microgrid_rules(held: Mapping[str, Any]) -> None:
    unit, labels = held["measures"]["currency"], {m["id"]: m["label"] for m in held["tables"]["members"]}

    def money(micro: int | None) -> str | None:
        return None if micro is None else f"{float(units.money(micro)):,.2f}"

    rows = [
        (
            ("* " if r["chosen"] else "  ") + r["rule"],
            money(r["total_micro"]),
            money(r["budget_micro"]),
            _leaving(r, labels, money),
            len(r["worse_than_alone"]),
            None if r["gini"] is None else f"{r['gini']:.3f}",
            r["gainers"],
            r["losers"],
            r["method"],
        )
        for r in held["tables"]["money"]
        if r["skipped"] is None
    ]
    table(
        f"how the savings are divided [{unit}]; gainers and losers are against the Shapley value",
        ("rule", "gains", "over budget", "who would leave", "worse off", "Gini", "gain", "lose", "method"),
        rows,
    )
    say(*(f"left out: {r['rule']}: {r['skipped']}" for r in held["tables"]["money"] if r["skipped"]))


def _leaving(row: Mapping[str, Any], labels: Mapping[str, str], money: Callable[[int], str | None]) -> str:
    who = row["leaving"]
    if not who:
        return "nobody" if row["core_exact"] else "nobody found"
    names = ", ".join(labels[member] for member in who[:MOST_NAMED])
    more = f" and {len(who) - MOST_NAMED} more" if len(who) > MOST_NAMED else ""
    return f"{names}{more} (+{money(row['leaving_gain_micro'])})"


def _microgrid_changes(held: Mapping[str, Any]) -> None:
    unit = held["measures"]["currency"]
    say(*(row["change"] for row in held["tables"]["money"] if row["change"]), "")
    moneys = list(dict.fromkeys(row["money"] for row in held["tables"]["combinations"]))
    by = {(row["energy"], row["money"]): row for row in held["tables"]["combinations"]}
    table(
        f"energy rule by money rule: {unit} that go to other members than under the case's own pair",
        ("energy rule", *moneys),
        [
            (energy, *(_moved(by[energy, name]) for name in moneys))
            for energy in dict.fromkeys(row["energy"] for row in held["tables"]["combinations"])
        ],
    )


def _moved(row: Mapping[str, Any]) -> str | None:
    return None if row["skipped"] else f"{float(units.money(row['moved_micro'])):,.2f}"


def _microgrid_others(answer: Any) -> None:
    table(
        f"what each money rule gives {answer.label} for the period",
        ("rule", answer.currency),
        [(name, f"{float(units.money(micro)):,.2f}") for name, micro in answer.gains.items()],
    )


MOST_NAMED = 3  # members of a coalition named in a terminal

_RULES = {
    "cascade": _cascade_rules,
    "microgrid": _microgrid_rules,
    "sharing": sharing_faces.variants,
    "market": market_faces.run,
}
_CHANGES = {
    "cascade": _cascade_changes,
    "microgrid": _microgrid_changes,
    "sharing": sharing_faces.changes,
    "market": market_faces.changes,
}
_OTHERS = {
    "cascade": _cascade_others,
    "microgrid": _microgrid_others,
    "sharing": sharing_faces.steps,
    "market": market_faces.others,
}
# The measure that names the run's rule.
_CHOSEN = {"cascade": "rule", "microgrid": "money_rule", "sharing": "country", "market": "local_mechanism"}
