"""The command line. Each verb imports what it needs when it runs, so that help is instant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import evenwatt
from evenwatt.app.terminal import BAD_RESULT, emit, guarded, progress, say, table
from evenwatt.core import units

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
data = typer.Typer(name="data", help="Sample readings.", no_args_is_help=True)
app.add_typer(data)

Json = Annotated[bool, typer.Option("--json", help="Print the report's one format instead of text.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of everything drawn by chance.", min=0)]
Rule = Annotated[
    str | None, typer.Option("--rule", help="Rule for the members, e.g. talmud or tal:theta=0.25.")
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
    seed: Seed = None,
    json: Json = False,
) -> None:
    """Make a sample village, divide a month among 40 homes, draw the report."""
    from evenwatt.app import pages
    from evenwatt.studies import demo as village

    with progress(json) as step:
        case = village.open_or_make(folder, seed=seed, progress=step)
        run = case.run(progress=step, page=pages.cascade)
    _show_run(run, json)


@app.command()
@guarded
def init(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="The case folder to make.")],
    meters: Annotated[Path, typer.Option("--meters", help="Meter file or folder; copied as it is.")],
    template: Annotated[str, typer.Option("--template", help="Which study the case is for.")] = "cascade",
    agents: Annotated[
        int, typer.Option("--agents", help="Agents to deal the members to, in turn.", min=1)
    ] = 3,
    timezone: Annotated[str, typer.Option("--timezone", help="IANA zone of the settlement days.")] = "UTC",
    offset: Annotated[
        str | None, typer.Option("--offset", help="UTC offset of time stamps that carry none, e.g. +01:00.")
    ] = None,
    year: Annotated[int | None, typer.Option("--year", help="Year of a file that states none.")] = None,
    currency: Annotated[str, typer.Option("--currency")] = "EUR",
    rule: Annotated[str, typer.Option("--rule", help="Rule for the members.")] = "pro",
    repair: Annotated[
        list[str] | None,
        typer.Option("--repair", help="FAULT=POLICY for readings that need mending, e.g. missing=zero."),
    ] = None,
    json: Json = False,
) -> None:
    """Make a case folder from a meter file."""
    from evenwatt.core.errors import CaseError
    from evenwatt.studies import template as templates

    if template != "cascade":
        raise CaseError(f"--template '{template}': there is one template so far, 'cascade'")
    policies = dict(part.partition("=")[::2] for part in repair or [])
    made = templates.create(
        case, meters, agents=agents, timezone=timezone, offset=offset, year=year,
        currency=currency, rule=rule, repair=policies,
    )  # fmt: skip
    c = made.community
    if json:
        emit(
            {
                "case": str(case),
                "members": len(c.members),
                "suppliers": len(c.suppliers),
                "agents": len(c.agents),
            }
        )
        return
    say(
        f"{case}: {_counted(len(c.members), 'member')} dealt to {_counted(len(c.agents), 'agent')}, "
        f"{_counted(len(c.suppliers), 'supplier')}.",
        f"Look at {case / 'members.csv'} and {case / 'prices.csv'}, then: evenwatt run {case}",
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
    from evenwatt.app import pages

    with progress(json) as step:
        made = _opened(case, rule, seed).run(progress=step, workers=workers, page=pages.cascade)
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
    from evenwatt.studies import runs

    with progress(json) as step:
        report = runs.compare(_opened(case, rule, seed), progress=step, workers=workers).to_dict()
    if out is not None:
        from evenwatt.app import pages

        part = out.with_name(f".{out.name}.part")
        part.write_text(pages.comparison(report), encoding="utf-8")
        part.replace(out)
    if json:
        emit(report)
        return
    say(report["summary"][0], "")
    _show_rules(report)
    others = [row for row in report["tables"]["rules"] if row.get("change")]
    say(*(row["change"] for row in sorted(others, key=lambda row: -row["moved_wh"])))
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
    from evenwatt.studies import runs

    answer = runs.open_run(run).explain(member, time)
    if json:
        emit(answer.to_dict())
        return
    say(*answer.sentences, "")
    rows = [
        (name, round(wh, 2), round(wh - answer.others[answer.rule], 2)) for name, wh in answer.others.items()
    ]
    table(
        "what each rule would have given",
        ("rule", "Wh", "difference Wh"),
        sorted(rows, key=lambda row: -row[1]),
    )


@app.command()
@guarded
def verify(run: RunPath, json: Json = False) -> None:
    """Recompute a run from its case and compare every file; exit 1 where one differs."""
    from evenwatt.app import pages
    from evenwatt.studies import runs
    from evenwatt.studies.verify import verify as recompute

    with progress(json) as step:
        verdict = recompute(runs.open_run(run), progress=step, page=pages.cascade)
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
    from evenwatt.studies import runs
    from evenwatt.studies.verify import diff as difference

    one, two = runs.open_run(before), runs.open_run(after)
    rows = difference(one, two).to_dicts()
    if json:
        emit(rows)
        return
    changed = [row for row in rows if row["awarded_delta_wh"] or row["cost_delta_micro"]]
    say(
        f"{len(changed)} of {len(rows)} members differ "
        f"({one.report.measures['rule']} -> {two.report.measures['rule']})."
    )
    unit = two.report.measures["currency"]
    table(
        "",
        ("member", "Wh before", "Wh after", "change Wh", f"change {unit}"),
        [
            (
                r["id"],
                r["awarded_wh"],
                r["awarded_wh_after"],
                r["awarded_delta_wh"],
                round(float(units.money(r["cost_delta_micro"])), 2),
            )
            for r in changed
        ],
    )


@app.command()
@guarded
def rules(
    name: Annotated[str | None, typer.Argument(metavar="RULE", help="One rule, in full.")] = None,
    json: Json = False,
) -> None:
    """List the rules: name, meaning, source, parameters and promises."""
    from evenwatt.app.rulebook import described

    held = described(name)
    if json:
        emit(held)
    elif name is not None:
        rule = held[0]
        say(
            f"{rule['name']}: {rule['title']}",
            f"source: {rule['source']}",
            f"written: {rule['spelling']}",
            "",
        )
        say(*(f"  {'yes' if p['holds'] else 'no ' if p['holds'] is False else '?  '}  {p['statement']}"
              + (f"\n       {p['witness']}" if p["witness"] else "") for p in rule["promises"]))  # fmt: skip
    else:
        table(
            "",
            ("name", "rule", "written", "promises", "source"),
            [
                (
                    r["name"],
                    r["title"],
                    r["spelling"],
                    sum(p["holds"] is True for p in r["promises"]),
                    r["source"],
                )
                for r in held
            ],
        )


@app.command()
@guarded
def schema() -> None:
    """Print the JSON Schema of case.toml."""
    from evenwatt.studies.config import CaseConfig

    emit(CaseConfig.model_json_schema())


@data.command("sample")
@guarded
def sample(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Tidy CSV to write.")],
    seed: Seed = None,
    month: Annotated[str, typer.Option("--month", help="Which month, e.g. 2026-06.")] = "2026-06",
    households: Annotated[int, typer.Option("--households", min=1)] = 40,
) -> None:
    """Write a sample community's quarter-hours as an ordinary meter file."""
    from evenwatt.data import sample as samples

    drawn = samples.community(seed=1 if seed is None else seed, month=month, households=households)
    samples.write(drawn, out)
    say(f"{out}: {len(drawn.meters.registers)} registers, {len(drawn.meters.start):,} quarter-hours")


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
    say(*held["summary"], "")
    _show_rules(held)
    say(f"report: {made.folder / 'report.html'}")


def _show_rules(held: dict[str, Any]) -> None:
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
