"""The sample village as a case, so that a newcomer's first run needs no file of their own."""

from __future__ import annotations

import tempfile
from pathlib import Path

from evenwatt.studies.case import Case
from evenwatt.studies.template import Settings, Tables, assemble


def make(folder: Path, *, seed: int = 1, rule: str = "talmud") -> Case:
    """Draw the sample community and write it as a case: 40 homes, nine plants, three agents, one June."""
    from evenwatt.data import sample

    drawn = sample.community(seed=seed)
    with tempfile.TemporaryDirectory() as place:
        export = Path(place) / "village.csv"
        sample.write(drawn, export)
        return assemble(
            folder,
            export,
            Tables(drawn.members, drawn.suppliers, drawn.agents, drawn.prices),
            Settings(f"meters/{export.name}", drawn.meters.zone, members_rule=rule, seed=seed),
        )
