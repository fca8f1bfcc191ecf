"""Verbs of markets: mechanisms by policies by seeds, and the list of mechanisms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from evenwatt.app.terminal import emit, guarded, progress, say, table

CasePath = Annotated[Path, typer.Argument(metavar="CASE", help="A case folder of a market.")]
Json = Annotated[bool, typer.Option("--json", help="Print the report's one format instead of text.")]


def enrol(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command("sweep")(sweep)
    app.command("mechanisms")(mechanisms)


@guarded
def sweep(
    case: CasePath,
    mechanism: Annotated[
        list[str] | None,
        typer.Option("--mechanism", help="A local mechanism beside the case's own; repeat for more."),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", help="Who decides, e.g. zip or prosumer=bandit; repeat for more."),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", help="How many; the first is the case's own.", min=1)
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of everything drawn by chance.", min=0)
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", help="Processes; the result does not depend on it.", min=1)
    ] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write, in place of CASE/swept/<id>/.")
    ] = None,
    json: Json = False,
) -> None:
    """Play every mechanism by every policy by every seed; goes on where it was interrupted."""
    from evenwatt.app import pages
    from evenwatt.studies.case import load
    from evenwatt.studies.market import sweep as study

    opened = load(case)
    opened = opened if seed is None else opened.with_settings({"seed": seed})
    with progress(json) as step:
        made = study.sweep(
            opened,
            mechanisms=mechanism or (),
            policies=policy or (),
            seeds=seeds,
            out=out,
            page=getattr(pages, "sweep", None),
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
    for row in report["tables"]["cells"]:
        by.setdefault((row["mechanism"], row["policy"]), {})[row["measure"]] = row
    table(
        f"mean of {m['seeds']} seeds, and the {m['level']:.0%} interval of the mean",
        (
            "mechanism",
            "policy",
            "welfare",
            f"local {m['currency']}/MWh",
            "wholesale",
            "Gini",
            "unserved kWh",
            "t CO2",
        ),
        [
            (
                mechanism,
                policy,
                _told(held["welfare_share"], ".1%"),
                _told(held["local_mean_per_mwh"], ",.1f"),
                _told(held["wholesale_mean_per_mwh"], ",.1f"),
                _told(held["gini"], ".3f"),
                _told(held["unserved_wh"], ",.1f", 1e-3),
                _told(held["emissions_t"], ",.2f"),
            )
            for (mechanism, policy), held in by.items()
        ],
    )
    left_out = [note for note in report["notes"] if " left out: " in note]
    say(*left_out, *([""] if left_out else []))


def _told(row: Mapping[str, Any], form: str, factor: float = 1.0) -> str | None:
    if row["mean"] is None:
        return None
    mean = format(row["mean"] * factor, form)
    if row["low"] is None:
        return mean
    return f"{mean} ({format(row['low'] * factor, form)} to {format(row['high'] * factor, form)})"


@guarded
def mechanisms(json: Json = False) -> None:
    """List the market mechanisms: name, title, what each promises, source."""
    from evenwatt.markets.clear import mechanisms as enrolled
    from evenwatt.markets.mechanism import PROPERTIES

    rows = [
        {
            "name": held.name,
            "title": held.title,
            "source": held.source,
            "promises": sorted(held.satisfies),
            "options": sorted(held.parameters),
        }
        for held in enrolled().values()
    ]
    if json:
        emit(rows)
        return
    table(
        "",
        ("name", "mechanism", "promises", "options", "source"),
        [
            (row["name"], row["title"], ", ".join(row["promises"]), ", ".join(row["options"]), row["source"])
            for row in rows
        ],
    )
    say(*(f"{name}: {meaning}" for name, meaning in PROPERTIES.items()))
