"""The sample village as a case, so that a newcomer's first run needs no file of their own."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evenwatt.core.errors import CaseError
from evenwatt.studies.cascade.template import drafted
from evenwatt.studies.case import Case, load, silent
from evenwatt.studies.story import Progress, find
from evenwatt.studies.template import Draft, Settings, assemble

if TYPE_CHECKING:
    from evenwatt.data.sample import Sample

FIRST_SEED = 1


def open_or_make(
    folder: Path, *, study: str = "cascade", seed: int | None = None, progress: Progress = silent
) -> Case:
    """Open the village that is there, or make it.

    Raises
    ------
    CaseError
        If another village (of another seed or study) is there already, or there is no such study.
    """
    find(study)
    if (folder / "case.toml").is_file():
        case = load(folder)
        if case.config.study != study:
            raise CaseError(
                f"{folder}: is a {case.config.study}, not a {study}; name another folder or remove it"
            )
        if seed is not None and case.config.seed != seed:
            raise CaseError(
                f"{folder}: holds the village of seed {case.config.seed}, not {seed}; name another folder or remove it"
            )
        return case
    progress(0, 1, "drawing a village")
    made = make(folder, study=study, seed=FIRST_SEED if seed is None else seed)
    progress(1, 1, "drawing a village")
    return made


def make(folder: Path, *, study: str = "cascade", seed: int = FIRST_SEED, rule: str | None = None) -> Case:
    """Draw the sample community and write it as a case: 40 homes and nine plants, one June.

    A market is larger and shorter: 90 homes, stations, utilities and a regulator, a week.
    """
    if study == "market":
        return _market(folder, seed=seed, rule=rule)
    from evenwatt.data import sample

    drawn = sample.community(seed=seed)
    with tempfile.TemporaryDirectory() as place:
        export = Path(place) / "village.csv"
        sample.write(drawn, export)
        chosen = rule or ("talmud" if study == "cascade" else find(study).first_rule)
        settings = Settings(f"meters/{export.name}", drawn.meters.zone, rule=chosen, seed=seed)
        drafted = _cascade(settings, drawn) if study == "cascade" else _neighbours(study, settings, drawn)
        return assemble(folder, export, drafted)


def _market(folder: Path, *, seed: int, rule: str | None) -> Case:
    """The sample market: homes with batteries and tempers of their own."""
    from evenwatt.data.tidy_file import write_tidy
    from evenwatt.studies.market import sample
    from evenwatt.studies.market.template import drafted

    meters = sample.readings(seed=seed)
    with tempfile.TemporaryDirectory() as place:
        export = Path(place) / "town.csv"
        write_tidy(meters, export)
        chosen = rule or find("market").first_rule
        settings = Settings(f"meters/{export.name}", meters.zone, rule=chosen, seed=seed)
        return assemble(folder, export, drafted(settings, meters, sample.households(meters, seed=seed)))


def _cascade(settings: Settings, drawn: Sample) -> Draft:
    """The village with its three agents."""
    return drafted(
        settings,
        members=drawn.members,
        suppliers=drawn.suppliers,
        agents=drawn.agents,
        prices=drawn.prices,
    )


def _neighbours(study: str, settings: Settings, drawn: Sample) -> Draft:
    """The village as one microgrid or sharing group: homes under their names, plants as members of their own."""
    plain = find(study).draft(settings, drawn.meters, None)
    names = {row["meter"]: row.get("label") or row["id"] for row in drawn.members}
    members = [{**row, "label": names.get(row["meter"], row["label"])} for row in plain.tables["members.csv"]]
    return replace(plain, tables={**plain.tables, "members.csv": members})
