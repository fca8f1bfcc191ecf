"""Verbs of learning: fit models on a case's past, and judge whether they help."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from evenwatt.app.terminal import emit, guarded, progress, say, table

CasePath = Annotated[Path, typer.Argument(metavar="CASE", help="A case folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print the report's one format instead of text.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of everything drawn by chance.", min=0)]


def enrol(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command("train")(train)
    app.command("evaluate")(evaluate)


@guarded
def train(
    case: CasePath,
    refits: Annotated[
        int, typer.Option("--refits", help="Fits on drawn days, for intervals; 0 for none.", min=0)
    ] = 8,
    seed: Seed = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write, in place of CASE/models/<id>/.")
    ] = None,
    json: Json = False,
) -> None:
    """Learn from a cascade's past what claims hide and which bargaining weights pay."""
    from evenwatt.app import pages
    from evenwatt.studies.cascade.training import train as learn
    from evenwatt.studies.case import load

    opened = load(case)
    opened = opened if seed is None else opened.with_settings({"seed": seed})
    with progress(json) as step:
        made = learn(opened, refits=refits, out=out, page=pages.training, progress=step)
    if json:
        emit({**made.report, "folder": str(made.folder)})
        return
    _tell_models(made.report)
    # A case looks for its model from its own folder, wherever the command was typed.
    place, home = made.folder.resolve(), opened.folder.resolve()
    place = place.relative_to(home) if place.is_relative_to(home) else place
    say(
        f"report: {made.folder / 'report.html'}",
        "",
        "to bargain by it, write into case.toml:",
        "  [rule]",
        '  agents = "bargain"',
        "  [bargain]",
        '  weights = "learned"',
        f'  model = "{place.as_posix()}"',
    )


def _tell_models(report: Mapping[str, Any]) -> None:
    say(*report["summary"], "")
    table(
        "what was fitted",
        ("model", "intervals", "from", "to", "seconds"),
        [
            (row["model"], row["rows"], row["first"], row["last"], f"{row['seconds']:.1f}")
            for row in report["tables"]["models"]
        ],
    )
    unit = report["measures"]["currency"]
    table(
        "policies compared on the end of the period",
        ("policy", f"worth {unit}", "chosen"),
        [
            (row["title"], f"{row['worth']:,.2f}", "*" if row["chosen"] else "")
            for row in report["tables"]["candidates"]
        ],
    )


@guarded
def evaluate(
    case: CasePath,
    blocks: Annotated[
        int, typer.Option("--blocks", help="Stretches to be judged on; rules learn anew before each.", min=1)
    ] = 3,
    long_run: Annotated[
        bool,
        typer.Option(
            "--long-run", help="Also what a false claim still gains once rules learned from it; slow."
        ),
    ] = False,
    seed: Seed = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write, in place of CASE/evaluated/<id>/.")
    ] = None,
    json: Json = False,
) -> None:
    """Judge learned rules on days they have not seen, beside the simple rules they must beat."""
    from evenwatt.app import pages
    from evenwatt.studies.cascade.evaluation import evaluate as judge
    from evenwatt.studies.case import load

    opened = load(case)
    opened = opened if seed is None else opened.with_settings({"seed": seed})
    with progress(json) as step:
        made = judge(opened, blocks=blocks, long_run=long_run, out=out, page=pages.evaluation, progress=step)
    if json:
        emit({**made.report, "folder": str(made.folder)})
        return
    _tell_regrets(made.report)
    say(f"report: {made.folder / 'report.html'}")


def _tell_regrets(report: Mapping[str, Any]) -> None:
    say(*report["summary"], "")
    rows = sorted(report["tables"]["regret"], key=lambda row: row["regret"])
    table(
        f"regret against perfect foresight on {report['measures']['test_intervals']:,} unseen intervals",
        ("rule", "regret", "95 % interval", "worst satisfied", "Gini", "false claim gains", "seconds"),
        [
            (
                row["title"], f"{row['regret']:.2%}", f"{row['regret_low']:.2%} to {row['regret_high']:.2%}",
                f"{row['satisfaction_worst']:.1%}", f"{row['gini']:.3f}",
                None if row["manipulation_gain"] is None else f"{row['manipulation_gain']:.1%}",
                f"{row['seconds']:.1f}",
            )
            for row in rows
        ],
    )  # fmt: skip
