"""Runs on disk: made day by day, kept whole or not at all, recomputed and compared at any time."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import evenwatt
from evenwatt.core.errors import CaseError, DataError
from evenwatt.core.report import Report, plain
from evenwatt.studies import story as stories
from evenwatt.studies import tallies
from evenwatt.studies.case import Case, silent
from evenwatt.studies.config import checked_config
from evenwatt.studies.story import Progress, Work

if TYPE_CHECKING:
    import polars as pl

    from evenwatt.data.store import Store

# Packages whose version may change a file's bytes.
WITNESSES = ("numpy", "numba", "polars")
Page = Callable[[dict[str, Any]], str]  # a report's dictionary -> a self-contained page


@dataclass(frozen=True)
class Run:
    """A finished run: a folder that is never changed again."""

    folder: Path

    @cached_property
    def record(self) -> dict[str, Any]:
        """``run.json``: settings as used, input hashes, versions, timings."""
        return read_json(self.folder / "run.json")

    @cached_property
    def report(self) -> Report:
        """What the run found."""
        held = read_json(self.folder / "report.json")
        return Report(
            held["study"],
            held["summary"],
            held["measures"],
            held["tables"],
            held["notes"],
            held["provenance"],
        )

    @property
    def study(self) -> str:
        """Which study made it."""
        return str(self.record["study"])

    @property
    def case(self) -> Case:
        """The case it was made of, with the settings it was made with.

        Raises
        ------
        CaseError
            If the run no longer lies in its case folder.
        """
        folder = self.folder.resolve().parent.parent
        if not (folder / "case.toml").is_file():
            raise CaseError(f"{self.folder}: does not lie in a case folder, so it cannot be recomputed")
        return Case(folder, checked_config(self.record["config"], str(self.folder / "run.json")))

    @property
    def members(self) -> pl.DataFrame:
        """One row a member: energy and money over the period."""
        return self.table(stories.find(self.study).members)

    @property
    def flows(self) -> pl.DataFrame:
        """Who supplied whom over the period [Wh]."""
        return self.table("flows")

    def table(self, name: str) -> pl.DataFrame:
        """One of the tables over the period that the study keeps as files."""
        return _table(self.folder / f"{name}.parquet")

    @property
    def ledger(self) -> pl.DataFrame:
        """Every payment: interval, payer, payee, energy [Wh], money [micro-units]."""
        return _table(self.folder / "ledger" / "*.parquet")

    @property
    def intervals(self) -> pl.DataFrame:
        """One row an interval and member: load, own use, what it asked for and got [Wh]."""
        return _table(self.folder / "intervals" / "*.parquet")

    def explain(self, member: str, time: str) -> Any:
        """Why ``member`` got what it got in the interval that holds ``time``."""
        return stories.find(self.study).explain(self, member, time)


def open_run(place: str | Path) -> Run:
    """Open a run's folder; a case's folder stands for its newest run.

    Raises
    ------
    CaseError
        If there is no run.
    """
    folder = Path(place)
    if (folder / "run.json").is_file():
        return Run(folder)
    if (folder / "case.toml").is_file():
        held = list((folder / "runs").glob("*/run.json"))
        if held:
            return Run(max(held, key=lambda p: p.stat().st_mtime_ns).parent)
        raise CaseError(f"{folder}: the case has no run yet; `evenwatt run {folder}` makes one")
    raise CaseError(f"{folder}: neither a run (run.json) nor a case (case.toml)")


def plan_of(case: Case, *, complete: bool = False) -> Any:
    """What the case's study is to compute; everything that can be compared where ``complete``."""
    return case.story.plan(case, complete)


def make(case: Case, *, progress: Progress = silent, workers: int = 1, page: Page | None = None) -> Run:
    """Run a case, or return the run of the same inputs and settings that is there already.

    Days are finished one by one in a work folder beside ``runs/``; an interrupted run goes on after the
    last finished day, and ``runs/`` only ever holds whole runs. ``page`` draws ``report.html``.
    """
    begun = perf_counter()
    plan = plan_of(case)
    store = open_store(case, plan, progress)
    name = run_id(case, store, plan)
    final = case.folder / "runs" / name
    if (final / "run.json").is_file():
        if page is not None and not (final / "report.html").is_file():
            draw(page, final)
        return Run(final)
    work = case.folder / ".work" / name
    try:
        write(case, store, work, progress=progress, workers=workers)
    except CaseError:
        # Refused for good: only an interruption leaves days to go on from.
        shutil.rmtree(work, ignore_errors=True)
        _tidy(work.parent)
        raise
    if page is not None:
        draw(page, work)
    record = read_json(work / "run.json")
    record["timings"] = {"seconds": round(perf_counter() - begun, 3)}
    (work / "run.json").write_text(_json(record), encoding="utf-8")
    shutil.rmtree(work / tallies.FOLDER)
    final.parent.mkdir(exist_ok=True)
    work.rename(final)
    _tidy(work.parent)
    return Run(final)


def _tidy(folder: Path) -> None:
    """Remove a folder that holds nothing more."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def draw(page: Page, folder: Path) -> None:
    """Draw ``report.html`` of the report in ``folder``, whole or not at all."""
    part = folder / ".report.part"
    part.write_text(page(read_json(folder / "report.json")), encoding="utf-8")
    part.replace(folder / "report.html")


def run_id(case: Case, store: Store, plan: Any) -> str:
    """First day, and a hash of inputs, settings and rules: the same question lands on the same id."""
    settings = case.config.model_dump(mode="json")
    question = [sorted(case.inputs.items()), settings, *case.story.question(plan), code_hash()]
    return f"{store.days[0]}-{sha256(_json(question).encode()).hexdigest()[:10]}"


def write(case: Case, store: Store, folder: Path, *, progress: Progress = silent, workers: int = 1) -> Report:
    """Compute every day that ``folder`` does not hold yet, then write tables and report there."""
    report = _report(Work(case, store, plan_of(case), folder, progress, workers))
    _write_report(report, folder, case)
    return report


def compare(case: Case, *, progress: Progress = silent, workers: int = 1) -> Report:
    """Every rule side by side on the case's readings; nothing is kept."""
    plan = plan_of(case, complete=True)
    return _report(Work(case, open_store(case, plan, progress), plan, None, progress, workers))


def _report(work: Work) -> Report:
    case = work.case
    return replace(
        case.story.report(work),
        provenance={
            "run_id": run_id(case, work.store, plan_of(case)),
            "versions": versions(),
            "inputs": case.inputs,
            "seed": case.config.seed,
            "config": case.config.model_dump(mode="json"),
        },
    )


def open_store(case: Case, plan: Any, progress: Progress = silent, *, place: Path | None = None) -> Store:
    """The case's readings, once everything about the plan has been accepted; a refusal writes nothing."""
    return case.store(
        progress, accept=lambda days, first: case.story.accept(case, plan, days, first), place=place
    )


@cache
def code_hash() -> str:
    """Short hash of evenwatt's own source: the same release, changed by hand, is another program."""
    root = Path(evenwatt.__file__).parent
    total = sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in {".py", ".json", ".html", ".css", ".js"}):
        total.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]


def versions() -> dict[str, str]:
    """What the numbers were made with."""
    return {
        "evenwatt": evenwatt.__version__,
        "code": code_hash(),
        "python": ".".join(map(str, sys.version_info[:3])),
        **{name: version(name) for name in WITNESSES},
    }


def _write_report(report: Report, folder: Path, case: Case) -> None:
    held = report.to_dict()
    (folder / "report.json").write_text(_json(held), encoding="utf-8")
    (folder / "run.json").write_text(
        _json({"study": held["study"], **held["provenance"], "zone": case.config.timezone}), encoding="utf-8"
    )
    for name, columns in case.story.kept.items():
        if name in held["tables"]:
            _write_table(held["tables"][name], columns, folder / name)


def _write_table(rows: list[dict[str, Any]], columns: Mapping[str, type], place: Path) -> None:
    """Write a table as parquet and as csv, where a list is its items with a semicolon between."""
    import polars as pl
    from polars import selectors

    frame = pl.DataFrame(rows, infer_schema_length=None) if rows else pl.DataFrame(schema=columns)
    frame.write_parquet(place.with_suffix(".parquet"), compression="zstd")
    frame.with_columns(selectors.list().cast(pl.List(pl.String)).list.join(";")).write_csv(
        place.with_suffix(".csv")
    )


def _table(pattern: Path) -> pl.DataFrame:
    import polars as pl

    return pl.read_parquet(pattern)


def read_json(path: Path) -> dict[str, Any]:
    """Read one of a run's JSON files; a missing or broken one is named."""
    try:
        held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CaseError(f"{path}: missing; the run is not whole") from None
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: not valid JSON: {error}") from None
    return held


def _json(value: Any) -> str:
    return json.dumps(plain(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
