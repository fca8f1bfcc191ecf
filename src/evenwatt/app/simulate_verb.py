"""The verb that asks what would happen: a cascade's scenarios by every pair of rules, drawn over and over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from evenwatt.app.terminal import emit, guarded, progress, say, table
from evenwatt.core import units

CasePath = Annotated[Path, typer.Argument(metavar="CASE", help="A case folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print the report's one format instead of text.")]


def enrol(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("simulate")(simulate)


@guarded
def simulate(
    case: CasePath,
    scenario: Annotated[
        list[str] | None, typer.Option("--scenario", help="Only this scenario; may be said again.")
    ] = None,
    draws: Annotated[int | None, typer.Option("--draws", help="Draws of each scenario.", min=1)] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Stage two: another rule among members.")] = None,
    agents: Annotated[
        list[str] | None,
        typer.Option("--agents", help="Stage one: a rule to compare, e.g. bargain; may be said again."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of everything drawn by chance.", min=0)
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", help="Processes; the result does not depend on it.", min=1)
    ] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write, in place of CASE/simulated/<id>/.")
    ] = None,
    json: Json = False,
) -> None:
    """Draw worlds that could be (drought, outage, price spike, over-claim, growth) and compare rules in them."""
    from evenwatt.app import pages
    from evenwatt.studies.cascade import simulate as study
    from evenwatt.studies.case import load

    wished = {"draws": draws, "agents": agents or None}
    changes: dict[str, Any] = {
        "simulate": {name: value for name, value in wished.items() if value is not None},
        **({} if seed is None else {"seed": seed}),
    }
    opened = load(case).with_rule(rule)
    study.only_cascade(opened)
    page = getattr(pages, "simulation", None)
    with progress(json) as step:
        made = study.simulate(
            opened.with_settings(changes),
            only=scenario or (),
            out=out,
            page=page,
            progress=step,
            workers=workers,
        )
    if json:
        emit({**made.report, "folder": str(made.folder)})
        return
    _tell(made.report)
    drawn = made.folder / "report.html"
    say(f"report: {drawn if drawn.is_file() else made.folder / 'report.json'}")


def _tell(report: Mapping[str, Any]) -> None:
    say(*report["summary"], "")
    m = report["measures"]
    by: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for row in report["tables"]["scenarios"]:
        by.setdefault((row["scenario"], row["rule"]), {})[row["measure"]] = row
    table(
        f"mean of {m['draws']} draws, and the middle {m['level']:.0%} of them",
        ("scenario", "rules", "claims met", "worst served", "Gini", f"members pay {m['currency']}", "sent back kWh"),
        [
            (
                scenario, rule, _share(held["served_share"]), _share(held["worst_coverage"]), _index(held["gini"]),
                _money(held["cost_micro"]), f"{float(units.kwh(held['returned_wh']['mean'])):,.1f}",
            )
            for (scenario, rule), held in by.items()
        ],
    )  # fmt: skip


def _share(row: Mapping[str, Any]) -> str | None:
    return None if row["mean"] is None else f"{row['mean']:.1%} ({row['low']:.1%} to {row['high']:.1%})"


def _index(row: Mapping[str, Any]) -> str | None:
    return None if row["mean"] is None else f"{row['mean']:.3f}"


def _money(row: Mapping[str, Any]) -> str:
    return f"{float(units.money(row['mean'])):,.2f}"
