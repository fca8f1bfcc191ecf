"""Verbs of data: sample readings, series from the web, files of others made into what a case takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from evenwatt.app import sharing_verbs
from evenwatt.app.fetch_verb import From, Json, To, fetch
from evenwatt.app.terminal import emit, guarded, say

KINDS = ("auto", "meters", "export", "prices", "generation")
Repair = Annotated[
    list[str] | None,
    typer.Option(
        "--repair",
        help="FAULT=POLICY: meters as for init; series clock-changes=normalised, missing=hold, missing=leave-out.",
    ),
]


def enrol(data: typer.Typer) -> None:
    """Add the verbs to the command line's data verbs."""
    data.command("fetch")(fetch)
    data.command("import")(import_file)
    data.command("export")(sharing_verbs.export_run)
    data.command("sample")(sample)


@guarded
def import_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Meters, a national file, or a folder of them; a series.")
    ],
    kind: Annotated[
        str, typer.Option("--kind", help="auto, meters, export (a national file), prices or generation.")
    ] = "auto",
    country: Annotated[
        str | None, typer.Option("--country", help="Whose national file it is: cz, at, fr, pt, es.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write to; FILE's name without its ending.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option("--timezone", help="Zone of the file's clock, if not its format's own.")
    ] = None,
    offset: Annotated[
        str | None, typer.Option("--offset", help="Fixed UTC offset of bare stamps, e.g. +01:00.")
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", help="Meters: year of a file that states none.")
    ] = None,
    column: Annotated[str | None, typer.Option("--column", help="Series: which column, if several.")] = None,
    first: From = None,
    last: To = None,
    repair: Repair = None,
    buy_add: Annotated[
        float, typer.Option("--buy-add", help="Prices: what the grid adds to the wholesale price, per MWh.")
    ] = 150.0,
    sell_add: Annotated[
        float, typer.Option("--sell-add", help="Prices: what feed-in earns beyond wholesale, per MWh.")
    ] = 0.0,
    local_split: Annotated[
        float, typer.Option("--local-split", help="Prices: local price between selling (0) and buying (1).")
    ] = 0.5,
    meter: Annotated[str, typer.Option("--meter", help="Generation: id of the meter.")] = "plant-1",
    peak_kw: Annotated[
        float, typer.Option("--peak-kw", help="Generation: highest power of the plant, in kW.")
    ] = 10.0,
    minutes: Annotated[
        int | None, typer.Option("--minutes", help="Generation: length of the readings: 15, 30, 60.")
    ] = None,
    json: Json = False,
) -> None:
    """Turn meter files into one, a national file into meters and shares, or a series into a case's file."""
    from evenwatt.core.errors import CaseError, DataError

    if kind not in KINDS:
        raise CaseError(f"--kind '{kind}': there are {', '.join(KINDS)}")
    if not file.exists():
        raise DataError(f"{file}: there is no such file or folder")
    folder = out or _beside(file)
    policies = dict(part.partition("=")[::2] for part in repair or [])
    if kind == "meters" or (kind == "auto" and country is None and _is_meters(file)):
        _import_meters(file, folder, zone or "UTC", offset, year, policies, json)
        return
    if kind == "export" or country is not None or (kind == "auto" and _is_export(file)):
        _import_export(file, folder, country, zone, json)
        return
    from evenwatt.data import imports

    begin, end = _some_period(first, last, zone)
    said = imports.read_series(
        file, kind=None if kind == "auto" else kind, column=column, zone=zone, offset=offset,  # type: ignore[arg-type]
        first=begin, last=end, repair=policies,
    )  # fmt: skip
    if said.kind == "prices":
        path, notes = imports.write_prices(said, folder, imports.Markup(buy_add, sell_add, local_split))
    else:
        path, notes = imports.write_meter(said, folder, meter=meter, peak_kw=peak_kw, minutes=minutes)
    _tell_imported(said, path, notes, json)


def _is_meters(file: Path) -> bool:
    """Whether readings are all a file can be: a wide one could be a series too, and that is tried first."""
    from evenwatt.core.errors import DataError
    from evenwatt.data import exports, readers

    try:
        format_of = readers.sniff(file).__name__.rpartition(".")[2]
    except DataError:
        return False
    if format_of != "wide":
        return True
    from evenwatt.data import imports

    for known in (exports.sniff, imports.recognise):
        try:
            known(file)
        except DataError:
            continue
        return False
    return True


def _import_meters(
    file: Path,
    folder: Path,
    zone: str,
    offset: str | None,
    year: int | None,
    repair: dict[str, str],
    json: bool,
) -> None:
    from evenwatt.data import imports

    made = imports.import_meters(file, folder, zone=zone, offset=offset, year=year, repair=repair)
    held, notes = made.meters, [*made.meters.notes, *(str(finding) for finding in made.quality.findings)]
    if json:
        emit(
            {
                "kind": "meters", "registers": len(held.registers), "intervals": len(held.start),
                "seconds": held.seconds, "files": [str(path) for path in made.paths], "notes": notes,
            }
        )  # fmt: skip
        return
    say(
        f"{file}: {len(held.registers)} registers, {len(held.start):,} intervals of {held.seconds // 60} minutes from "
        f"{held.start[0]}Z",
        *(f"  {path}" for path in made.paths),
        *notes,
        f"next: evenwatt init CASE --meters {made.paths[0]} --timezone {zone}",
    )


def _beside(file: Path) -> Path:
    """Folder named after the file, without its endings."""
    bare = file.name.partition(".")[0]
    return Path(bare if bare and bare != file.name else f"{file.name}-imported")


def _is_export(file: Path) -> bool:
    """Whether a file is one of a national data centre; if it is nothing known at all, say all that is."""
    from evenwatt.core.errors import DataError
    from evenwatt.data import exports, imports, readers, text
    from evenwatt.data.imports.answers import is_answer

    if file.is_dir():
        return True
    try:
        exports.sniff(file)
    except DataError:
        if not is_answer(text.raw(file, 512)):
            try:
                imports.recognise(file)
            except DataError as why:
                formats = "\n".join(
                    f"    {name}: {exports.reader(name).LOOKS_LIKE}" for name in exports.FORMATS
                )
                meters = "\n".join(f"    {name}: {looks}" for name, looks in readers.looks().items())
                raise DataError(f"{why}\n  national formats:\n{formats}\n  meter files:\n{meters}") from None
        return False
    return True


def _some_period(first: str | None, last: str | None, zone: str | None) -> Any:
    from evenwatt.data.sources import period

    if first is None and last is None:
        return None, None
    return period(first or "1900-01-01", last or "2199-12-31", zone or "UTC")


def _tell_imported(said: Any, path: Path, notes: tuple[str, ...], json: bool) -> None:
    every = [*said.notes, *notes]
    if json:
        emit(
            {
                "layout": said.layout, "kind": said.kind, "column": said.column, "intervals": len(said.value),
                "from": f"{said.series.start[0]}Z", "to": f"{said.series.end[-1]}Z", "files": [str(path)],
                "notes": every,
            }
        )  # fmt: skip
        return
    say(
        f"{said.source}: {said.layout}, {said.kind} in column '{said.column}', {len(said.value):,} intervals "
        f"from {said.series.start[0]}Z to {said.series.end[-1]}Z",
        f"  {path}",
        *every,
    )
    if said.kind == "prices":
        say(f"next: cp {path} CASE/prices.csv")
    else:
        say(f"next: put {path} into the folder of meters, then: evenwatt init CASE --meters FOLDER")


def _import_export(file: Path, folder: Path, country: str | None, zone: str | None, json: bool) -> None:
    from evenwatt.studies.sharing import importing

    made = importing.import_export(file, folder, country=country, zone=zone)
    held = made.export
    if json:
        emit(
            {
                "format": held.format, "producers": list(held.producers), "consumers": list(held.consumers),
                "intervals": len(held.start), "files": [str(path) for path in made.paths], "notes": list(made.notes),
            }
        )  # fmt: skip
        return
    say(
        f"{file}: {held.format}, {len(held.producers)} producers, {len(held.consumers)} consumers, "
        f"{len(held.start):,} intervals",
        *(f"  {path}" for path in made.paths),
        *made.notes,
    )
    if folder / importing.METERS in made.paths:
        say(
            f"next: evenwatt init CASE --template sharing --meters {folder / importing.METERS} --timezone {held.zone}"
        )


@guarded
def sample(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Tidy CSV to write.")],
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of everything drawn by chance.", min=0)
    ] = None,
    month: Annotated[
        str, typer.Option("--month", help="Which month, or the first, e.g. 2026-06.")
    ] = "2026-06",
    months: Annotated[int, typer.Option("--months", help="How many months; 12 are a year.")] = 1,
    households: Annotated[int, typer.Option("--households", help="Homes.")] = 40,
    plants: Annotated[
        int,
        typer.Option("--plants", help="PV plants, three in eight on members' roofs; a small hydro is added."),
    ] = 8,
    agents: Annotated[int, typer.Option("--agents", help="Agents; matters with --tables only.")] = 3,
    zone: Annotated[
        str, typer.Option("--timezone", help="IANA zone whose clock people live by.")
    ] = "Europe/Prague",
    latitude: Annotated[float, typer.Option("--latitude", help="Of the roofs, in degrees north.")] = 49.8,
    longitude: Annotated[float, typer.Option("--longitude", help="Of the roofs, in degrees east.")] = 15.5,
    coverage: Annotated[
        float | None,
        typer.Option(
            "--coverage", help="Generation over consumption in the whole period; below 1 is scarce."
        ),
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option("--tables", help="Folder for members, suppliers, agents and prices of the same sample."),
    ] = None,
) -> None:
    """Write a sample community's quarter-hours as an ordinary meter file."""
    from evenwatt.data import sample as samples

    drawn = samples.community(
        seed=1 if seed is None else seed, month=month, months=months, zone=zone, households=households,
        plants=plants, agents=agents, latitude=latitude, longitude=longitude, coverage=coverage,
    )  # fmt: skip
    samples.write(drawn, out)
    say(f"{out}: {len(drawn.meters.registers)} registers, {len(drawn.meters.start):,} quarter-hours")
    if tables is not None:
        say(*(f"  {path}" for path in samples.write_tables(drawn, tables)))
