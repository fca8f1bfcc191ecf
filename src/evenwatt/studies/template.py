"""A new case folder from a meter file: everything a first run needs, ready to be edited."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evenwatt.core.errors import CaseError
from evenwatt.core.meters import Meters
from evenwatt.studies.case import Case, load
from evenwatt.studies.config import checked_config
from evenwatt.studies.story import find

# Prices of a new case [currency per MWh]; ordinary European household figures, to be replaced by the user's.
FIRST_PRICES = {"grid_buy_per_mwh": 250.0, "grid_sell_per_mwh": 60.0, "local_per_mwh": 140.0}

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Settings:
    """What a new case's ``case.toml`` says; ``rule`` is the study's main rule."""

    meters: str
    timezone: str = "UTC"
    currency: str = "EUR"
    offset: str | None = None
    year: int | None = None
    rule: str = "pro"
    seed: int = 0
    repair: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Draft:
    """A new case before it is written: its tables by file name, and the text of ``case.toml``."""

    tables: Mapping[str, Rows]
    toml: str


def create(
    folder: Path,
    source: Path,
    *,
    study: str = "cascade",
    agents: int | None = None,
    timezone: str = "UTC",
    offset: str | None = None,
    year: int | None = None,
    currency: str = "EUR",
    rule: str | None = None,
    repair: Mapping[str, str] | None = None,
    links: bool = False,
) -> Case:
    """Make a case from a meter file or folder: copy it, make members of its meters, write the rest.

    Parameters
    ----------
    folder : Path
        The case to make; must not exist yet.
    source : Path
        The export, copied as it is into ``meters/``.
    study : str
        Which story the case is for.
    agents : int, optional
        How many agents serve the members of a cascade; 3 unless said.
    rule : str, optional
        The study's main rule, in place of its first one.
    repair : mapping, optional
        Fault -> policy, written into ``case.toml``; without it a faulty export is refused.
    links : bool
        Whether a cascade gets a ``links.csv`` to edit: limits and fees from suppliers to agents.

    Raises
    ------
    CaseError
        If the folder exists, or the readings do not hold what the study needs.
    DataError
        If the export cannot be read.
    """
    from evenwatt.data import readers

    story = find(study)
    if not source.exists():
        raise CaseError(f"{source}: there is no such file or folder")
    stated = Settings(
        f"meters/{source.name}", timezone, currency, offset, year, rule or story.first_rule, 0, repair or {}
    )
    checked_config(_raw(study, story.main_rule, stated), "settings")
    read = readers.read(source, zone=timezone, offset=offset, year=year, repair=stated.repair)
    drawn = story.draft(_stated(stated, read), read, agents)
    return assemble(folder, source, _linked(drawn, study) if links else drawn)


def _linked(drawn: Draft, study: str) -> Draft:
    if study != "cascade":
        raise CaseError(f"links: a {study} has no suppliers to link; only a cascade has")
    from evenwatt.studies.cascade.template import linked

    return linked(drawn)


def _stated(settings: Settings, meters: Meters) -> Settings:
    """Write down the offset a reader had to assume, so that the case says it itself."""
    assumed = any("UTC+00:00" in note and "assum" in note for note in meters.notes)
    return replace(settings, offset="+00:00") if assumed and settings.offset is None else settings


def assemble(folder: Path, source: Path, draft: Draft) -> Case:
    """Write a case folder beside its final name, then rename it: a case is whole or absent."""
    if folder.exists():
        raise CaseError(f"{folder}: exists already; choose another name or remove it")
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "meters").mkdir(parents=True)
    try:
        if source.is_dir():
            shutil.copytree(source, part / "meters" / source.name, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(source, part / "meters" / source.name)
        for name, rows in draft.tables.items():
            write_csv(part / name, rows)
        (part / "case.toml").write_text(draft.toml, encoding="utf-8")
        (part / ".gitignore").write_text(
            "# Meter data are personal: a case never goes into version control.\n*\n"
        )
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return load(folder)


def members_of(meters: Sequence[str], makers: Sequence[str]) -> list[dict[str, Any]]:
    """A member for each meter; one whose meter also generates is a prosumer."""
    return [
        {"id": meter, "label": meter, "role": "prosumer" if meter in makers else "consumer", "meter": meter}
        for meter in meters
    ]


def counting(meters: Meters, direction: str) -> list[str]:
    """Metering points with a register in this direction, in natural order."""
    return sorted({r.meter for r in meters.registers if r.direction == direction}, key=natural)


def toml(study: str, settings: Settings, sections: Sequence[str]) -> str:
    """The text of ``case.toml``, with the keys a newcomer will want to change."""
    lines = [
        f"study = {quoted(study)}",
        f"timezone = {quoted(settings.timezone)}      # settlement days are local days of this zone",
        f"currency = {quoted(settings.currency)}",
        f"seed = {settings.seed}",
        "",
        "[data]",
        f"meters = {quoted(settings.meters)}",
    ]
    if settings.offset is not None:
        lines.append(f"offset = {quoted(settings.offset)}       # how time stamps without an offset are read")
    if settings.year is not None:
        lines.append(f"year = {settings.year}")
    named = ", ".join(f"{quoted(fault)} = {quoted(policy)}" for fault, policy in settings.repair.items())
    lines += [
        f"repair = {{ {named} }}"
        if named
        else '# repair = { missing = "previous-week" }   # nothing is repaired unless a policy is named',
        "",
        *sections,
    ]
    return "\n".join(lines) + "\n"


def _raw(study: str, main_rule: tuple[str, str], settings: Settings) -> dict[str, Any]:
    section, key = main_rule
    return {
        "study": study,
        "timezone": settings.timezone,
        "currency": settings.currency,
        "data": {"meters": settings.meters, "offset": settings.offset, "year": settings.year},
        section: {key: settings.rule},
    }


def quoted(text: str) -> str:
    """Text as TOML writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def write_csv(path: Path, rows: Rows) -> None:
    """Write rows with the columns of the first."""
    names = list(rows[0])
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, names, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(
        {name: "" if row.get(name) is None else row.get(name, "") for name in names} for row in rows
    )
    path.write_text(buffer.getvalue(), encoding="utf-8")


def natural(name: str) -> list[Any]:
    """Sort key that puts ``bus9`` before ``bus10``."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part
    ]
