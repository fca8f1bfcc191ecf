"""The command line. Each verb imports what it needs when it runs, so that help is instant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import evenwatt
from evenwatt.app import clear_verb, data_verbs, learning_verbs, market_verbs, sharing_verbs, simulate_verb
from evenwatt.app.terminal import BAD_RESULT, emit, guarded, progress, say, table

app = typer.Typer(
    name="evenwatt",
    help="Who gets which energy, who pays what, and how fair that is.\n\n"
    "Start with [bold]evenwatt demo[/bold]; for your own meters\n"
    "[bold]evenwatt init CASE --meters FILE[/bold], then check, run, compare and explain.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
)
data = typer.Typer(name="data", help="Sample readings, series from the web, files.", no_args_is_help=True)
app.add_typer(data)

Json = Annotated[bool, typer.Option("--json", help="Print the report's one format instead of text.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of everything drawn by chance.", min=0)]
Rule = Annotated[
    str | None,
    typer.Option(
        "--rule",
        help="The study's main rule, e.g. talmud or tal:theta=0.25 (cascade), nucleolus (microgrid), at-dynamic "
        "(sharing), order-book (market).",
    ),
]
Workers = Annotated[
    int, typer.Option("--workers", help="Processes; the result does not depend on it.", min=1)
]
CasePath = Annotated[Path, typer.Argument(metavar="CASE", help="A case folder.")]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or a case for its newest run.")]


def main() -> None:
    """Entry point of the console script."""
    app()


def _version(wanted: bool) -> None:
    if wanted:
        say(f"evenwatt {evenwatt.__version__}")
        raise typer.Exit()


@app.callback()
def start(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Who gets which energy, who pays what, and how fair that is."""


@app.command()
@guarded
def demo(
    folder: Annotated[Path, typer.Argument(metavar="CASE", help="Where to make the case.")] = Path("demo"),
    study: Annotated[str, typer.Option("--study", help="cascade, microgrid, sharing or market.")] = "cascade",
    seed: Seed = None,
    json: Json = False,
) -> None:
    """Make a sample village of 40 homes, run a month of one study, draw the report; a market is a town and a week."""
    from evenwatt.app import faces
    from evenwatt.studies import demo as village

    with progress(json) as step:
        case = village.open_or_make(folder, study=study, seed=seed, progress=step)
        run = case.run(progress=step, page=faces.page(study))
    _show_run(run, json)


@app.command()
@guarded
def init(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="The case folder to make.")],
    meters: Annotated[Path, typer.Option("--meters", help="Meter file or folder; copied as it is.")],
    template: Annotated[str, typer.Option("--template", help="Which study the case is for.")] = "cascade",
    agents: Annotated[
        int | None,
        typer.Option("--agents", help="Agents of a cascade to deal the members to, in turn; 3.", min=1),
    ] = None,
    timezone: Annotated[str, typer.Option("--timezone", help="IANA zone of the settlement days.")] = "UTC",
    offset: Annotated[
        str | None, typer.Option("--offset", help="UTC offset of time stamps that carry none, e.g. +01:00.")
    ] = None,
    year: Annotated[int | None, typer.Option("--year", help="Year of a file that states none.")] = None,
    currency: Annotated[str, typer.Option("--currency")] = "EUR",
    rule: Rule = None,
    repair: Annotated[
        list[str] | None,
        typer.Option("--repair", help="FAULT=POLICY for readings that need mending, e.g. missing=zero."),
    ] = None,
    links: Annotated[
        bool,
        typer.Option("--links", help="Write links.csv of a cascade too: limits and fees, supplier to agent."),
    ] = False,
    json: Json = False,
) -> None:
    """Make a case folder from a meter file."""
    from evenwatt.core.errors import CaseError
    from evenwatt.studies import template as templates
    from evenwatt.studies.story import STUDIES

    if template not in STUDIES:
        raise CaseError(f"--template '{template}': there are {', '.join(STUDIES)}")
    policies = dict(part.partition("=")[::2] for part in repair or [])
    made = templates.create(
        case, meters, study=template, agents=agents, timezone=timezone, offset=offset, year=year,
        currency=currency, rule=rule, repair=policies, links=links,
    )  # fmt: skip
    parties = {
        name: len(held)
        for name in ("members", "suppliers", "producers", "agents")
        if (held := getattr(made.community, name, None)) is not None
    }
    if json:
        emit({"case": str(case), **parties})
        return
    say(
        f"{case}: {', '.join(_counted(number, name[:-1]) for name, number in parties.items())}.",
        f"Look at {case / made.story.tables[0]} and {case / 'prices.csv'}, then: evenwatt run {case}",
    )


@app.command()
@guarded
def check(
    case: CasePath,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the findings as JSON to this file.")
    ] = None,
    json: Json = False,
) -> None:
    """Judge a case's readings: gaps, duplicates, spikes, dead meters. Writes only with --out."""
    from evenwatt.studies.case import load

    opened = load(case)
    _, quality = opened.quality()
    if out is not None:
        import json as encoder

        part = out.with_name(f".{out.name}.part")
        part.write_text(
            encoder.dumps(quality.to_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        part.replace(out)
    if json:
        emit(quality.to_dict())
    else:
        say(quality.table())
    raise typer.Exit(quality.exit_code)


@app.command()
@guarded
def run(
    case: CasePath, rule: Rule = None, seed: Seed = None, workers: Workers = 1, json: Json = False
) -> None:
    """Divide the case's energy, day by day, and write runs/<id>/ with tables and report.html."""
    from evenwatt.app import faces

    with progress(json) as step:
        opened = _opened(case, rule, seed)
        made = opened.run(progress=step, workers=workers, page=faces.page(opened.config.study))
    _show_run(made, json)


@app.command()
@guarded
def compare(
    case: CasePath,
    rule: Rule = None,
    seed: Seed = None,
    workers: Workers = 1,
    out: Annotated[
        Path | None, typer.Option("--out", help="Draw the comparison as a page in this file.")
    ] = None,
    json: Json = False,
) -> None:
    """Put every rule side by side on the case's readings: rules by measures, and what changes for whom."""
    from evenwatt.app import faces
    from evenwatt.studies import runs

    with progress(json) as step:
        report = runs.compare(_opened(case, rule, seed), progress=step, workers=workers).to_dict()
    if out is not None:
        part = out.with_name(f".{out.name}.part")
        part.write_text(faces.comparison(report["study"])(report), encoding="utf-8")
        part.replace(out)
    if json:
        emit(report)
        return
    faces.tell_comparison(report)
    if out is not None:
        say("", f"page: {out}")


@app.command()
@guarded
def explain(
    run: RunPath,
    member: Annotated[str, typer.Option("--member", help="Id or label of the member.")],
    time: Annotated[
        str, typer.Option("--time", help="An instant, e.g. 2016-06-14T12:15; the case's zone if bare.")
    ],
    json: Json = False,
) -> None:
    """Answer "why did I get this?" for one member and one interval."""
    from evenwatt.app import faces
    from evenwatt.studies import runs

    opened = runs.open_run(run)
    answer = opened.explain(member, time)
    if json:
        emit(answer.to_dict())
        return
    say(*answer.sentences, "")
    faces.tell_explanation(opened.study, answer)


@app.command()
@guarded
def verify(run: RunPath, json: Json = False) -> None:
    """Recompute a run from its case and compare every file; exit 1 where one differs."""
    from evenwatt.app import faces
    from evenwatt.studies import runs
    from evenwatt.studies.verify import verify as recompute

    with progress(json) as step:
        opened = runs.open_run(run)
        verdict = recompute(opened, progress=step, page=faces.page(opened.study))
    if json:
        emit(
            {
                "stands": verdict.stands,
                "files": verdict.files,
                "bytewise": verdict.bytewise,
                "faults": verdict.faults,
            }
        )
    elif verdict.stands:
        how = "byte for byte" if verdict.bytewise else "by content, as versions differ"
        say(f"{run}: stands; {verdict.files} files recomputed and compared {how}.")
    else:
        say(f"{run}: does not stand", *(f"  {fault}" for fault in verdict.faults))
    raise typer.Exit(0 if verdict.stands else BAD_RESULT)


@app.command()
@guarded
def diff(
    before: Annotated[Path, typer.Argument(metavar="RUN", help="The earlier run.")],
    after: Annotated[Path, typer.Argument(metavar="RUN", help="The later run.")],
    json: Json = False,
) -> None:
    """Say per member what one run gives beyond another."""
    from evenwatt.app import faces
    from evenwatt.studies import runs
    from evenwatt.studies.verify import diff as difference

    one, two = runs.open_run(before), runs.open_run(after)
    rows = difference(one, two).to_dicts()
    if json:
        emit(rows)
        return
    faces.tell_difference(one, two, rows)


@app.command()
@guarded
def rules(
    name: Annotated[str | None, typer.Argument(metavar="RULE", help="One rule, in full.")] = None,
    json: Json = False,
) -> None:
    """List the rules: name, meaning, source, parameters and promises."""
    from evenwatt.app import countrybook
    from evenwatt.app.rulebook import described

    regulations = countrybook.described(name)
    held = [] if name is not None and regulations else described(name)
    if json:
        emit([*held, *regulations])
    elif regulations and name is not None:
        told = regulations[0]
        say(
            f"{name}: {told['title']}, divides {told['divides']}",
            f"source: {told['source']}",
            "",
            told["rule"],
        )
        say("", f"certain: {told['certain']}", f"uncertain: {told['uncertain']}")
    elif name is not None:
        for rule in held:
            say(
                f"{rule['name']}: {rule['title']}, divides {rule['divides']}",
                f"source: {rule['source']}",
                f"written: {rule['spelling']}",
                "",
            )
            say(*(f"  {'yes' if p['holds'] else 'no ' if p['holds'] is False else '?  '}  {p['statement']}"
                  + (f"\n       {p['witness']}" if p["witness"] else "") for p in rule["promises"]), "")  # fmt: skip
    else:
        table(
            "",
            ("name", "rule", "divides", "written", "promises", "source"),
            [
                (
                    r["name"],
                    r["title"],
                    r["divides"],
                    r["spelling"],
                    sum(p["holds"] is True for p in r["promises"]),
                    r["source"],
                )
                for r in [*held, *regulations]
            ],
        )


@app.command()
@guarded
def schema() -> None:
    """Print the JSON Schema of case.toml."""
    from evenwatt.studies.config import json_schema

    emit(json_schema())


sharing_verbs.enrol(app)
data_verbs.enrol(data)
learning_verbs.enrol(app)
simulate_verb.enrol(app)
market_verbs.enrol(app)
clear_verb.enrol(app)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _opened(case: Path, rule: str | None, seed: int | None) -> Any:
    from evenwatt.studies.case import load

    opened = load(case).with_rule(rule)
    return opened if seed is None else opened.with_settings({"seed": seed})


def _show_run(made: Any, json: bool) -> None:
    held = made.report.to_dict()
    if json:
        emit({**held, "folder": str(made.folder)})
        return
    from evenwatt.app import faces

    faces.tell_run(held)
    drawn = made.folder / "report.html"
    say(f"report: {drawn if drawn.is_file() else made.folder / 'report.json'}")
