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

# Prices of a new case [currency per MWh]; ordinary European household figures, to be replaced by the user's.
FIRST_PRICES = {"grid_buy_per_mwh": 250.0, "grid_sell_per_mwh": 60.0, "local_per_mwh": 140.0}

MEMBER_COLUMNS = ("id", "label", "role", "agent", "meter", "weight", "valid_from", "valid_to")


@dataclass(frozen=True)
class Tables:
    """The four tables of a new case, as rows to be written."""

    members: Sequence[Mapping[str, Any]]
    suppliers: Sequence[Mapping[str, Any]]
    agents: Sequence[Mapping[str, Any]]
    prices: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Settings:
    """What a new case's ``case.toml`` says."""

    meters: str
    timezone: str = "UTC"
    currency: str = "EUR"
    offset: str | None = None
    year: int | None = None
    agents_rule: str = "pro"
    members_rule: str = "pro"
    seed: int = 0
    repair: Mapping[str, str] = field(default_factory=dict)


def create(
    folder: Path,
    source: Path,
    *,
    agents: int = 3,
    timezone: str = "UTC",
    offset: str | None = None,
    year: int | None = None,
    currency: str = "EUR",
    rule: str = "pro",
    repair: Mapping[str, str] | None = None,
) -> Case:
    """Make a case from a meter file or folder: copy it, deal members to agents in turn, write the rest.

    Parameters
    ----------
    folder : Path
        The case to make; must not exist yet.
    source : Path
        The export, copied as it is into ``meters/``.
    agents : int
        How many agents serve the members.
    repair : mapping, optional
        Fault -> policy, written into ``case.toml``; without it a faulty export is refused.

    Raises
    ------
    CaseError
        If the folder exists, or there are no members or suppliers to be found in the readings.
    DataError
        If the export cannot be read.
    """
    from evenwatt.data import readers

    if agents < 1:
        raise CaseError(f"--agents {agents}: a cascade needs at least one agent")
    if not source.exists():
        raise CaseError(f"{source}: there is no such file or folder")
    stated = Settings(
        f"meters/{source.name}", timezone, currency, offset, year, members_rule=rule, repair=repair or {}
    )
    checked_config(_raw(stated), "settings")
    read = readers.read(source, zone=timezone, offset=offset, year=year, repair=stated.repair)
    return assemble(folder, source, dealt(read, agents), _stated(stated, read))


def _stated(settings: Settings, meters: Meters) -> Settings:
    """Write down the offset a reader had to assume, so that the case says it itself."""
    assumed = any("UTC+00:00" in note and "assum" in note for note in meters.notes)
    return replace(settings, offset="+00:00") if assumed and settings.offset is None else settings


def assemble(folder: Path, source: Path, tables: Tables, settings: Settings) -> Case:
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
        first = {"valid_from": "", "valid_to": ""}
        write_csv(part / "members.csv", [{**first, **row} for row in tables.members], MEMBER_COLUMNS)
        write_csv(part / "suppliers.csv", tables.suppliers)
        write_csv(part / "agents.csv", tables.agents)
        write_csv(part / "prices.csv", tables.prices)
        (part / "case.toml").write_text(toml(settings), encoding="utf-8")
        (part / ".gitignore").write_text(
            "# Meter data are personal: a case never goes into version control.\n*\n"
        )
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return load(folder)


def dealt(meters: Meters, agents: int) -> Tables:
    """Members, suppliers, agents and a first price from readings alone; members dealt round-robin."""
    users = sorted({r.meter for r in meters.registers if r.direction == "consumption"}, key=natural)
    makers = sorted({r.meter for r in meters.registers if r.direction == "generation"}, key=natural)
    if not users or not makers:
        raise CaseError(
            f"the readings hold {len(users)} meters with consumption and {len(makers)} with generation; "
            "a cascade needs both"
        )
    names = [f"a{k + 1}" for k in range(agents)]
    return Tables(
        members=[
            {
                "id": meter, "label": meter, "role": "prosumer" if meter in makers else "consumer",
                "agent": names[k % agents], "meter": meter, "weight": 1,
            }
            for k, meter in enumerate(users)
        ],
        suppliers=[
            {"id": meter, "meter": meter, "cost": 0, "offer": FIRST_PRICES["local_per_mwh"]} for meter in makers
        ],
        agents=[{"id": name, "value": FIRST_PRICES["grid_buy_per_mwh"]} for name in names],
        prices=[{"interval_start": f"{meters.start[0]}Z", **FIRST_PRICES}],
    )  # fmt: skip


def toml(settings: Settings) -> str:
    """The text of ``case.toml``, with the keys a newcomer will want to change."""
    lines = [
        'study = "cascade"',
        f"timezone = {_quoted(settings.timezone)}      # settlement days are local days of this zone",
        f"currency = {_quoted(settings.currency)}",
        f"seed = {settings.seed}",
        "",
        "[data]",
        f"meters = {_quoted(settings.meters)}",
    ]
    if settings.offset is not None:
        lines.append(
            f"offset = {_quoted(settings.offset)}       # how time stamps without an offset are read"
        )
    if settings.year is not None:
        lines.append(f"year = {settings.year}")
    named = ", ".join(f"{_quoted(fault)} = {_quoted(policy)}" for fault, policy in settings.repair.items())
    lines += [
        f"repair = {{ {named} }}"
        if named
        else '# repair = { missing = "previous-week" }   # nothing is repaired unless a policy is named',
        "",
        "[rule]",
        f"agents = {_quoted(settings.agents_rule)}     # stage one: the pool among agents",
        f"members = {_quoted(settings.members_rule)}    # stage two: an agent's stock among its members",
        '# compare = ["tal:theta=0.25", "cea:weights=weight"]   # further rules beside the polynomial ones',
        "",
        "[money]",
        "agent_margin_per_mwh = 0.0",
    ]
    return "\n".join(lines) + "\n"


def _raw(settings: Settings) -> dict[str, Any]:
    return {
        "study": "cascade",
        "timezone": settings.timezone,
        "currency": settings.currency,
        "data": {"meters": settings.meters, "offset": settings.offset, "year": settings.year},
        "rule": {"members": settings.members_rule},
    }


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> None:
    """Write rows with the columns of the first, or those given first."""
    names = [*columns, *(name for name in rows[0] if name not in columns)]
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
