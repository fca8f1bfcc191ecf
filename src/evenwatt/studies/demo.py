"""The sample village as a case, so that a newcomer's first run needs no file of their own."""

from __future__ import annotations

import tempfile
from pathlib import Path

from evenwatt.core.errors import CaseError
from evenwatt.studies.cascade.template import drafted
from evenwatt.studies.case import Case, load, silent
from evenwatt.studies.story import Progress
from evenwatt.studies.template import Settings, assemble

FIRST_SEED = 1


def open_or_make(folder: Path, *, seed: int | None = None, progress: Progress = silent) -> Case:
    """Open the village that is there, or make it.

    Raises
    ------
    CaseError
        If another village (of another seed) is there already.
    """
    if (folder / "case.toml").is_file():
        case = load(folder)
        if seed is not None and case.config.seed != seed:
            raise CaseError(
                f"{folder}: holds the village of seed {case.config.seed}, not {seed}; name another folder or remove it"
            )
        return case
    progress(0, 1, "drawing a village")
    made = make(folder, seed=FIRST_SEED if seed is None else seed)
    progress(1, 1, "drawing a village")
    return made


def make(folder: Path, *, seed: int = FIRST_SEED, rule: str = "talmud") -> Case:
    """Draw the sample community and write it as a case: 40 homes, nine plants, three agents, one June."""
    from evenwatt.data import sample

    drawn = sample.community(seed=seed)
    with tempfile.TemporaryDirectory() as place:
        export = Path(place) / "village.csv"
        sample.write(drawn, export)
        settings = Settings(f"meters/{export.name}", drawn.meters.zone, rule=rule, seed=seed)
        return assemble(
            folder,
            export,
            drafted(
                settings,
                members=drawn.members,
                suppliers=drawn.suppliers,
                agents=drawn.agents,
                prices=drawn.prices,
            ),
        )
