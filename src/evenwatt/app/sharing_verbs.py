"""Verbs of sharing groups: better keys, keys found again, a run as a data centre wants it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from evenwatt.app.terminal import BAD_RESULT, Progress, emit, guarded, say, table

CasePath = Annotated[Path, typer.Argument(metavar="CASE", help="A case folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print the report's one format instead of text.")]


def enrol(app: typer.Typer) -> None:
    """Add the verbs to the command line; `export_run` stands among the data verbs."""
    app.command("optimise")(optimise)
    app.command("infer-keys")(infer_keys)


@guarded
def optimise(
    case: CasePath,
    rounds: Annotated[
        str | None, typer.Option("--rounds", help="Another number of rounds, or 'unlimited'.")
    ] = None,
    method: Annotated[
        str | None, typer.Option("--method", help="annealing, hill-climbing, genetic; exact for one round.")
    ] = None,
    objective: Annotated[
        str | None, typer.Option("--objective", help="shared, or coverage:alpha=1 with --method exact.")
    ] = None,
    max_evaluations: Annotated[
        int | None, typer.Option("--max-evaluations", help="Keys tried at most.", min=1)
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", help="Seconds; the result then depends on the machine.", min=0),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of everything drawn by chance.", min=0)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write, in place of CASE/optimised/<id>/.")
    ] = None,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Make the keys found the case's own; the old ones are kept beside."),
    ] = False,
    json: Json = False,
) -> None:
    """Look for better keys, with a proof of how near to the best they are."""
    from evenwatt.app import pages
    from evenwatt.studies.case import load
    from evenwatt.studies.sharing import optimised

    opened = load(case)
    _only_sharing(opened, case)
    rule = {} if rounds is None else {"rounds": int(rounds) if rounds.isdigit() else rounds}
    wished = {
        "method": method, "objective": objective, "max_evaluations": max_evaluations, "time_limit_s": time_limit,
    }  # fmt: skip
    changes: dict[str, Any] = {
        "rule": rule,
        "optimise": {name: value for name, value in wished.items() if value is not None},
    }
    opened = opened.with_settings(changes | ({} if seed is None else {"seed": seed}))
    with searching(json) as step:
        found = optimised.optimise(opened, out=out, page=pages.sharing, progress=step)
    kept = optimised.apply(opened, found) if apply else None
    if json:
        emit({**found.report, "folder": str(found.folder), "applied": kept is not None})
        return
    _tell(found, kept)


def _only_sharing(opened: Any, case: Path) -> None:
    from evenwatt.core.errors import CaseError

    if opened.config.study != "sharing":
        raise CaseError(f"{case}: is a {opened.config.study}; only a sharing group has keys to choose")


def _tell(found: Any, kept: Path | None) -> None:
    m = found.report["measures"]
    say(*found.report["summary"], "")
    table(
        "the search",
        ("method", "before kWh", "shared kWh", "bound kWh", "gap", "seconds", "keys tried"),
        [
            (
                m["method"], _kwh(m["before_wh"]), _kwh(m["shared_wh"]), _kwh(m["bound_wh"]), f"{m['gap']:.2%}",
                f"{m['seconds']:.1f}", m["evaluations"],
            )
        ],
    )  # fmt: skip
    _tell_forward(found.report["tables"]["forward"])
    say(f"keys: {found.folder / 'keys.csv'}", f"report: {found.folder / 'report.html'}")
    if kept is not None:
        say(f"applied; the keys before are in {kept}")


def _tell_forward(rows: list[Mapping[str, Any]]) -> None:
    kinds = list(dict.fromkeys(row["keys"] for row in rows))
    if not kinds:
        return
    held = {kind: [row["share"] for row in rows if row["keys"] == kind] for kind in kinds}
    table(
        "share of the ideal on days that the keys were not chosen on",
        ("keys", "least", "mean", "most"),
        [
            (kind, *(f"{v:.1%}" for v in (min(parts), sum(parts) / len(parts), max(parts))))
            for kind, parts in held.items()
        ],
    )


@guarded
def infer_keys(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|CASE",
            help="A national file with values before and after sharing, or a case with shares.csv.",
        ),
    ],
    country: Annotated[str | None, typer.Option("--country", help="Whose file it is: cz, at ...")] = None,
    rounds: Annotated[
        int | None, typer.Option("--rounds", help="Rounds of the rule; 1 to 6 are tried if not said.", min=1)
    ] = None,
    quantum: Annotated[int, typer.Option("--quantum", help="Step of the rule in Wh.", min=1)] = 10,
    out: Annotated[Path | None, typer.Option("--out", help="Write the keys as a keys.csv.")] = None,
    json: Json = False,
) -> None:
    """Find the keys that a data centre applied; exit 1 where they explain too little."""
    from evenwatt.studies.sharing import inference

    found = inference.infer(place, country=country, rounds=rounds, quantum=quantum)
    if out is not None:
        inference.write_keys(found, out)
    if json:
        emit(found.to_dict())
    else:
        _tell_keys(found)
        say(*([f"keys: {out}"] if out is not None else []))
    raise typer.Exit(0 if found.is_good else BAD_RESULT)


def _tell_keys(found: Any) -> None:
    table(
        f"keys found with {found.rounds} rounds, and the range of keys that explain as much",
        ("consumer", "producer", "key", "priority", "from", "to"),
        [
            (
                row["consumer"], row["producer"], f"{row['key']:.2%}", row["priority"], f"{row['least']:.2%}",
                f"{row['most']:.2%}",
            )
            for row in found.rows
        ],
    )  # fmt: skip
    say(
        f"{found.matched:.2%} of all cells in {found.intervals:,} intervals are explained; "
        f"{found.cells:,} are not.",
        *(
            f"  {row['interval_start']} {row['consumer']}: {row['found_wh']:,} Wh found, "
            f"{row['replayed_wh']:,} Wh by these keys"
            for row in found.mismatches
        ),
        *found.notes,
    )


@guarded
def export_run(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run of a sharing group, or its case.")],
    out: Annotated[Path, typer.Option("--out", help="File or folder to write, as the format has it.")],
    form: Annotated[
        str | None,
        typer.Option("--format", help="edc-all, edc-pair, enedis, e-redes, tidy; the country's own."),
    ] = None,
) -> None:
    """Write a run as its country's data centre wants it: coefficients, or before and after sharing."""
    from evenwatt.studies import runs
    from evenwatt.studies.sharing.settled_export import write_run

    written = write_run(runs.open_run(run), out, format=form)
    lost = (
        [f"rounding to the format's decimals loses {written.loss:.4%} of what was shared"]
        if written.loss
        else []
    )
    say(*(str(path) for path in written.paths[:10]), *written.notes, *lost)
    if len(written.paths) > 10:
        say(f"... {len(written.paths)} files in all")


@contextmanager
def searching(quiet: bool) -> Iterator[Progress]:
    """Progress of a search: a bar a stage with what it says of itself and the seconds; only on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total, what: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def step(done: int, total: int, what: str) -> None:
            # A stage may say how far it is ("annealing: 300 moves"); its name before the colon keeps it one bar.
            stage = what.partition(":")[0]
            if stage not in tasks:
                tasks[stage] = bar.add_task(what, total=total)
            bar.update(tasks[stage], completed=done, total=total, description=what)

        yield step


def _kwh(wh: float) -> str:
    return f"{wh / 1e3:,.1f}"
