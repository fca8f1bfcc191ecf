"""A page for each country: how it shares, where that is written, what is certain and what is not."""

from __future__ import annotations

import re
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

from evenwatt.sharing.countries import Regulation, regulations


def described(name: str | None = None) -> list[dict[str, Any]]:
    """The regulations as the list of rules tells them: all, or the one of that name; none if there is none.

    Examples
    --------
    >>> described("at-dynamic")[0]["rule"]
    'What is generated is divided in proportion to consumption in the same quarter-hour, never above it.'
    """
    return [
        {
            "name": one.name,
            "kind": "sharing",
            "divides": "a community's surplus",
            "title": one.title,
            "spelling": one.name,
            "source": one.source,
            "country": one.country,
            "rule": one.rule,
            "rounds": one.rounds,
            "quantum_wh": one.quantum,
            "minutes": one.minutes,
            "keys": one.keys,
            "formula": one.formula,
            "certain": one.certain,
            "uncertain": one.uncertain,
            "promises": [],
        }
        for one in regulations().values()
        if name in (None, one.name)
    ]


def pages() -> dict[str, str]:
    """Markdown of every country's page, by file name.

    Examples
    --------
    >>> sorted(pages())[:2]
    ['austria.md', 'belgium.md']
    """
    held = sorted(regulations().values(), key=lambda one: one.country)
    return {
        re.sub(r"\W+", "-", country.lower()) + ".md": _page(country, list(ways))
        for country, ways in groupby(held, key=lambda one: one.country)
    }


def _page(country: str, ways: list[Regulation]) -> str:
    lines = [
        f"# {country}",
        "",
        "Made by `python -m evenwatt.app.countrybook`. In `case.toml`: "
        + ", ".join(f'`country = "{one.name}"`' for one in ways)
        + ".",
    ]
    for one in ways:
        lines += ["", f"## {one.name}: {one.title}", "", one.rule, "", *_table(one)]
    return "\n".join(lines) + "\n"


def _table(one: Regulation) -> list[str]:
    rows = {
        "shares by": one.form.title,
        "keys": {"fixed": "fixed for the period", "interval": "per interval", "none": "none; a formula"}[
            one.keys
        ],
        "formula": f"claims rule `{one.formula}` on (min(supply, demand), demand)" if one.formula else "",
        "rounds": "until nothing moves" if one.rounds is None else str(one.rounds),
        "rounded": f"each share down to {one.quantum} Wh" if one.quantum > 1 else "once, to whole Wh",
        "interval": f"{one.minutes} minutes",
        "producers of a consumer": f"at most {one.max_links}" if one.max_links else "",
        "metering points": f"at most {one.max_members}" if one.max_members else "",
        "whoever injects": "" if one.injecting_may_receive else "cannot receive in that interval",
        **{name: f"at most {value}" for name, value in one.limits.items()},
        "source": one.source,
        "certain": one.certain,
        "uncertain": one.uncertain,
    }
    told = [f"| {name} | {text} |" for name, text in rows.items() if text]
    return ["| | |", "|---|---|", *told]


def write(folder: Path) -> None:
    """Write every page into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
