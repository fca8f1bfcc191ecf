"""The verb that opens the network: `data fetch`."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from evenwatt.app.terminal import emit, guarded, progress, say

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
From = Annotated[
    str | None, typer.Option("--from", help="First day, e.g. 2026-01-01, or an instant with its offset.")
]
To = Annotated[str | None, typer.Option("--to", help="Last day, included; or an instant, not included.")]


@guarded
def fetch(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="entsoe, open-meteo, pvgis or energy-charts.")
    ],
    first: From = None,
    last: To = None,
    zone: Annotated[
        str | None, typer.Option("--zone", help="Bidding zone or area, e.g. DE-LU (entsoe, energy-charts).")
    ] = None,
    what: Annotated[
        str | None,
        typer.Option(
            "--what",
            help="entsoe: prices, load, load-forecast, generation; open-meteo: archive, forecast.",
        ),
    ] = None,
    latitude: Annotated[
        float | None, typer.Option("--latitude", help="Degrees north (open-meteo, pvgis).")
    ] = None,
    longitude: Annotated[
        float | None, typer.Option("--longitude", help="Degrees east (open-meteo, pvgis).")
    ] = None,
    variables: Annotated[
        str | None, typer.Option("--variables", help="open-meteo: its names, with commas between.")
    ] = None,
    tilt: Annotated[
        float | None, typer.Option("--tilt", help="pvgis: of the panels, in degrees; 35.")
    ] = None,
    facing: Annotated[
        float | None, typer.Option("--facing", help="pvgis: of the panels, from north, in degrees; 180.")
    ] = None,
    loss: Annotated[float | None, typer.Option("--loss", help="pvgis: as a fraction; 0.14.")] = None,
    database: Annotated[str | None, typer.Option("--database", help="pvgis: e.g. PVGIS-SARAH3.")] = None,
    auction: Annotated[
        int | None, typer.Option("--auction", help="entsoe: which day-ahead auction; 1, the coupled one.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="CSV to write; SOURCE-WHAT.csv.")] = None,
    cache: Annotated[
        Path | None, typer.Option("--cache", help="Folder of the answers; ~/.cache/evenwatt/sources.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="Where the source stands, if not at its public address.")
    ] = None,
    key_variable: Annotated[
        str | None,
        typer.Option("--key-variable", help="Environment variable with the key; entsoe: ENTSOE_API_KEY."),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Send nothing; serve the cache or say what is missing.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Of the chance in the waits.", min=0)] = 0,
    json: Json = False,
) -> None:
    """Fetch prices, load, generation, weather or PV power from the web; goes on where it was interrupted."""
    from evenwatt.data import sources

    wishes = {
        "zone": zone, "what": what, "latitude": latitude, "longitude": longitude, "tilt": tilt, "facing": facing,
        "loss": loss, "database": database, "auction": auction, "base_url": base_url,
        "variables": tuple(part.strip() for part in variables.split(",")) if variables is not None else None,
    }  # fmt: skip
    chosen = _source(source, {name: value for name, value in wishes.items() if value is not None})
    begin, end = _period(first, last, chosen.clock_zone)
    with progress(json) as step:
        collected = sources.collect(
            chosen, begin, end, cache=cache or _cache(), offline=offline, key_variable=key_variable, rng=seed,
            progress=step,
        )  # fmt: skip
    if not len(collected.series.start):
        words = "\n  ".join(collected.notes)
        raise sources.SourceError(f"{source}: nothing for the whole period; no file is written\n  {words}")
    named = "-".join([chosen.name, *([w] if (w := getattr(chosen, "what", "")) else [])])
    path, beside = sources.write(collected, out or Path(f"{named}.csv"))
    _tell_fetched(collected, path, beside, json)


def _source(name: str, wishes: dict[str, Any]) -> Any:
    """The source of a name with its wishes; a wish that it does not know is named."""
    from dataclasses import fields

    from evenwatt.core.errors import CaseError, gather
    from evenwatt.data.sources import SOURCES

    if name not in SOURCES:
        near = get_close_matches(name, SOURCES, n=1)
        raise CaseError(
            f"source '{name}': there are {', '.join(SOURCES)}"
            + (f"; did you mean {near[0]}?" if near else "")
        )
    known = {field.name for field in fields(SOURCES[name])}
    with gather(name, CaseError) as faults:
        faults += [f"takes no --{wish.replace('_', '-')}" for wish in wishes if wish not in known]
        faults += [
            f"needs --{wish}" for wish in ("latitude", "longitude") if wish in known and wish not in wishes
        ]
    return SOURCES[name](**wishes)


def _period(first: str | None, last: str | None, zone: str) -> Any:
    from evenwatt.core.errors import CaseError
    from evenwatt.data.sources import period

    if first is None or last is None:
        raise CaseError("data fetch needs --from and --to, e.g. --from 2026-01-01 --to 2026-01-31")
    return period(first, last, zone)


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "evenwatt" / "sources"


def _tell_fetched(collected: Any, path: Path, beside: Path, json: bool) -> None:
    from evenwatt.data.sources.tidy_file import manifest

    told = manifest(collected)
    if json:
        emit({**told, "file": str(path), "manifest": str(beside), "requests": collected.requests})
        return
    columns = ", ".join(told["columns"][k]["name"] for k in range(len(told["columns"])))
    say(
        f"{path}: {told['rows']:,} rows from {told['from']} to {told['to']}: {columns}",
        *(
            f"  {column['name']}: {column['missing_seconds'] / 3600:,.4g} hours without a value"
            for column in told["columns"]
            if column["missing_seconds"]
        ),
        *(f"  {note}" for note in collected.notes),
        f"{len(collected.answers)} answers, {collected.requests} requests sent; origin of each: {beside}",
        f"licence: {collected.licence}; attribution: {collected.attribution}",
    )
    names = [column["name"] for column in told["columns"]]
    if "price_per_mwh" in names:
        say(f"next: evenwatt data import {path} --kind prices --out CASE")
    elif any("generation" in name or "pv_w" in name for name in names):
        say(f"next: evenwatt data import {path} --kind generation --meter pv-1 --peak-kw 10 --out FOLDER")
