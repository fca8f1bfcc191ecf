"""Trust, but recompute: a run against its own inputs, and a run against another."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenwatt.core.errors import CaseError
from evenwatt.studies import story, tallies
from evenwatt.studies.case import Case, silent
from evenwatt.studies.runs import Page, Run, draw, open_store, plan_of, versions, write
from evenwatt.studies.story import Progress

if TYPE_CHECKING:
    import polars as pl

MEASURE_TOLERANCE = 1e-9  # [fraction of 1 + the recorded value]


@dataclass(frozen=True)
class Verdict:
    """What recomputing a run showed.

    Attributes
    ----------
    faults : tuple of str
        Every file or figure that differs; empty where the run stands.
    bytewise : bool
        Whether files were compared byte for byte (same versions) or by content.
    """

    faults: tuple[str, ...]
    files: int
    bytewise: bool

    @property
    def stands(self) -> bool:
        """Whether the run can be trusted."""
        return not self.faults


def verify(run: Run, *, progress: Progress = silent, page: Page | None = None) -> Verdict:
    """Recompute a run from its case's files and compare; ``report.html`` only where ``page`` can draw it.

    Raises
    ------
    CaseError
        If the run no longer lies in its case folder.
    """
    case = run.case
    changed = _changed_inputs(run, case)
    if changed:
        return Verdict(tuple(changed), 0, False)
    with tempfile.TemporaryDirectory() as place:
        fresh = Path(place) / run.folder.name
        # Read the exports anew, beside the case: neither its store is trusted nor anything of it changed.
        store = open_store(case, plan_of(case), progress, place=Path(place) / "store")
        write(case, store, fresh, progress=progress)
        if page is not None and (run.folder / "report.html").is_file():
            draw(page, fresh)
        same = versions() == run.record["versions"]
        undrawn = {"report.html"} if page is None else set()
        return Verdict(*_compared(run.folder, fresh, same, undrawn), same)


def _changed_inputs(run: Run, case: Case) -> list[str]:
    recorded, now = run.record["inputs"], case.inputs
    return [
        f"input {name}: {'gone' if name not in now else 'new' if name not in recorded else 'changed'} since the run"
        for name in sorted(recorded.keys() | now.keys())
        if recorded.get(name) != now.get(name)
    ]


def _compared(kept: Path, fresh: Path, same: bool, ignored: set[str]) -> tuple[tuple[str, ...], int]:
    names = sorted({*_files(kept), *_files(fresh)} - ignored)
    faults = []
    for name in names:
        a, b = kept / name, fresh / name
        if not a.is_file() or not b.is_file():
            faults.append(f"{name}: {'missing from the run' if b.is_file() else 'not part of this run'}")
        elif not _equal(a, b, same):
            faults.append(f"{name}: differs from what its inputs give")
    return tuple(faults), len(names)


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(f"{tallies.FOLDER}/"):
            yield name


def _equal(a: Path, b: Path, same: bool) -> bool:
    if a.name == "run.json":  # timings differ from run to run
        left, right = (json.loads(p.read_text(encoding="utf-8")) for p in (a, b))
        # The code is part of a run's id: another version's run of the same question bears another.
        ignored = {"timings"} if same else {"timings", "versions", "run_id"}
        return all(left.get(key) == right.get(key) for key in (left.keys() | right.keys()) - ignored)
    if same:
        return a.read_bytes() == b.read_bytes()
    if a.suffix == ".parquet":
        import polars as pl

        return pl.read_parquet(a).equals(pl.read_parquet(b))
    if a.name == "report.json":
        left, right = (json.loads(p.read_text(encoding="utf-8")) for p in (a, b))
        return _near(left["measures"], right["measures"]) and _near(left["tables"], right["tables"])
    return True


def _near(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_near(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_near, a, b))
    if isinstance(a, float) and isinstance(b, (int, float)):
        return abs(a - b) <= MEASURE_TOLERANCE * (1 + abs(a))
    return bool(a == b)


def diff(before: Run, after: Run) -> pl.DataFrame:
    """Per member, what the second run gives beyond the first; sorted by the size of the change.

    Returns
    -------
    polars.DataFrame
        id, and for each column that tells two runs of the study apart (awarded_wh and cost_micro of a
        cascade) its value before, after and their difference (awarded_delta_wh); a member present in
        one run only counts as 0 in the other.

    Raises
    ------
    CaseError
        If the runs are of two studies.
    """
    import polars as pl

    if before.study != after.study:
        raise CaseError(f"{before.folder} is a {before.study}, {after.folder} a {after.study}")
    names = story.find(before.study).differs
    joined = before.members.select("id", *names).join(
        after.members.select("id", *names), on="id", how="full", coalesce=True, suffix="_after"
    )
    filled = joined.with_columns(pl.exclude("id").fill_null(0))
    return filled.with_columns(
        (pl.col(f"{name}_after") - pl.col(name)).alias(delta(name)) for name in names
    ).sort(pl.col(delta(names[0])).abs(), "id", descending=[True, False])


def delta(column: str) -> str:
    """Name of a difference: the unit stays at the end.

    Examples
    --------
    >>> delta("awarded_wh")
    'awarded_delta_wh'
    """
    name, _, unit = column.rpartition("_")
    return f"{name}_delta_{unit}"
