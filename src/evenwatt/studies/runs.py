"""Runs on disk: made day by day, kept whole or not at all, recomputed and compared at any time."""

from __future__ import annotations

import json
import shutil
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

import evenwatt
from evenwatt.core.errors import CaseError, DataError
from evenwatt.core.report import Report, plain
from evenwatt.engine.executor import executor
from evenwatt.studies import cascade, findings
from evenwatt.studies.case import Case, Progress, silent
from evenwatt.studies.community import PRICES
from evenwatt.studies.day import Plan, Prepared, Residues, conclude, member_awards, prepare, write_tables
from evenwatt.studies.division import division, every, polynomial
from evenwatt.studies.tally import Tally

if TYPE_CHECKING:
    import polars as pl

    from evenwatt.core.meters import Meters
    from evenwatt.data.store import Store
    from evenwatt.studies.explain import Explanation

# Packages whose version may change a file's bytes.
WITNESSES = ("numpy", "numba", "polars")
Page = Callable[[dict[str, Any]], str]  # a report's dictionary -> a self-contained page

TABLES = ("members", "agents", "suppliers", "rules", "flows")


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
    def members(self) -> pl.DataFrame:
        """One row a member: energy, coverage and cost over the period."""
        return _table(self.folder / "members.parquet")

    @property
    def flows(self) -> pl.DataFrame:
        """Who supplied whom over the period [Wh]."""
        return _table(self.folder / "flows.parquet")

    @property
    def ledger(self) -> pl.DataFrame:
        """Every payment: interval, payer, payee, energy [Wh], money [micro-units]."""
        return _table(self.folder / "ledger" / "*.parquet")

    @property
    def intervals(self) -> pl.DataFrame:
        """One row an interval and member: load, own use, claim, stock of its agent, award [Wh]."""
        return _table(self.folder / "intervals" / "*.parquet")

    def explain(self, member: str, time: str) -> Explanation:
        """Why ``member`` got what it got in the interval that holds ``time``."""
        from evenwatt.studies.explain import explain

        return explain(self, member, time)


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


def plan_of(case: Case, *, complete: bool = False) -> Plan:
    """What to compute: the case's rule first, then those it names, then every affordable or every rule."""
    rule = case.config.rule
    names = [rule.members, *rule.compare, *(d.spelling for d in (every() if complete else polynomial()))]
    return Plan(
        agents=division(rule.agents).spelling,
        members=tuple(dict.fromkeys(division(name).spelling for name in names)),
        margin_per_mwh=case.config.money.agent_margin_per_mwh,
        seed=case.config.seed,
    )


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
    write(case, store, work, progress=progress, workers=workers)
    if page is not None:
        draw(page, work)
    record = read_json(work / "run.json")
    record["timings"] = {"seconds": round(perf_counter() - begun, 3)}
    (work / "run.json").write_text(_json(record), encoding="utf-8")
    shutil.rmtree(work / "tallies")
    final.parent.mkdir(exist_ok=True)
    work.rename(final)
    if not any(work.parent.iterdir()):
        work.parent.rmdir()
    return Run(final)


def draw(page: Page, folder: Path) -> None:
    """Draw ``report.html`` of the report in ``folder``, whole or not at all."""
    part = folder / ".report.part"
    part.write_text(page(read_json(folder / "report.json")), encoding="utf-8")
    part.replace(folder / "report.html")


def run_id(case: Case, store: Store, plan: Plan) -> str:
    """First day, and a hash of inputs, settings and rules: the same question lands on the same id."""
    settings = case.config.model_dump(mode="json")
    question = [sorted(case.inputs.items()), settings, plan.members, plan.agents, code_hash()]
    return f"{store.days[0]}-{sha256(_json(question).encode()).hexdigest()[:10]}"


def write(case: Case, store: Store, folder: Path, *, progress: Progress = silent, workers: int = 1) -> Report:
    """Compute every day that ``folder`` does not hold yet, then write tables and report there."""
    plan = plan_of(case)
    tallies, plan, skipped = tally_days(case, store, plan, folder, progress=progress, workers=workers)
    report = case_report(case, store, tallies, plan, skipped)
    _write_report(report, folder, case)
    return report


def compare(case: Case, *, progress: Progress = silent, workers: int = 1) -> Report:
    """Every rule side by side on the case's readings; nothing is kept."""
    plan = plan_of(case, complete=True)
    store = open_store(case, plan, progress)
    tallies, plan, skipped = tally_days(case, store, plan, None, progress=progress, workers=workers)
    return case_report(case, store, tallies, plan, skipped)


def tally_days(
    case: Case, store: Store, plan: Plan, folder: Path | None, *, progress: Progress, workers: int
) -> tuple[list[Tally], Plan, dict[str, str]]:
    """Settle every day in order, resuming after the last one that ``folder`` holds."""
    days = store.days
    skipped = _skipped(case, plan, days)
    plan = replace(plan, members=tuple(name for name in plan.members if name not in skipped))
    done = _finished(folder, [str(day) for day in days])
    _warm_up(plan, progress)
    residues = _residues(case, plan, done)
    settled = _settle(case, store, plan, residues, days[len(done) :], workers)
    for tally, tables in settled:
        if folder is not None:
            write_tables(tables, folder, tally.day)
            tally.save(folder / "tallies" / f"{tally.day}.npz")
        done.append(tally)
        progress(len(done), len(days), "dividing")
    return done, plan, skipped


def _warm_up(plan: Plan, progress: Progress) -> None:
    """Let every rule divide twice, few members and many, so that compiling shows as what it is."""
    what = "preparing rules (the first time compiles them)"
    for k, held in enumerate(division(name) for name in plan.members):
        for members in (2, 64):
            if held.refusal(members) is None:
                weights = None if held.weights is None else np.ones(members)
                cascade.divide(np.array([members]), np.full((1, members), 2), held, weights)
        progress(k + 1, len(plan.members), what)


def _settle(
    case: Case, store: Store, plan: Plan, residues: Residues, days: Sequence[Any], workers: int
) -> Iterator[tuple[Tally, Any]]:
    """Yield each day's tally and tables; only the rules' arithmetic is shared among workers."""
    waiting: deque[Prepared] = deque()
    owed = residues.agents

    def prepared() -> Iterator[Prepared]:
        nonlocal owed
        for held in days:
            meters = store.day(held)
            day = prepare(meters, meters.days[0], case.community, plan, owed)
            owed = day.first.residue
            waiting.append(day)
            yield day

    with executor(workers) as crew:
        for awards in crew.map(member_awards, prepared()):
            tally, tables, residues = conclude(waiting.popleft(), awards, case.community, plan, residues)
            yield tally, tables


def open_store(case: Case, plan: Plan, progress: Progress = silent, *, place: Path | None = None) -> Store:
    """The case's readings, once everything about the plan has been accepted; a refusal writes nothing."""
    return case.store(progress, accept=lambda days, first: _accept(case, plan, days, first), place=place)


def _accept(case: Case, plan: Plan, days: Sequence[date], first: np.datetime64) -> None:
    """Refuse what must run and cannot, naming file and key."""
    place, chosen = case.folder / "case.toml", division(plan.agents)
    if chosen.weights is not None:
        raise CaseError(
            f"{place}: rule.agents: '{plan.agents}': weights are a column of members; agents have none"
        )
    if refusal := chosen.refusal(len(case.community.agents)):
        raise CaseError(f"{place}: rule.agents: {refusal}")
    skipped = _skipped(case, plan, days)
    if plan.members[0] in skipped:
        raise CaseError(f"{place}: rule.members: {skipped[plan.members[0]]}")
    for column in filter(None, (division(name).weights for name in plan.members)):
        for day in days:
            case.community.column(column, day)
    for name in PRICES:
        case.community.prices.at(np.array([first]), name)


def _skipped(case: Case, plan: Plan, days: Sequence[date]) -> dict[str, str]:
    return cascade.refusals([division(name) for name in plan.members], case.community, days)


def _finished(folder: Path | None, days: Sequence[str]) -> list[Tally]:
    if folder is None:
        return []
    place = folder / "tallies"
    place.mkdir(parents=True, exist_ok=True)
    held: list[Tally] = []
    for day in days:
        if not (place / f"{day}.npz").is_file():
            break
        held.append(Tally.load_from(place / f"{day}.npz"))
    return held


def _residues(case: Case, plan: Plan, done: Sequence[Tally]) -> Residues:
    if done:
        return Residues(done[-1].agent_residue, done[-1].supplier_residue, done[-1].member_residue)
    c = case.community
    return Residues(
        np.zeros(len(c.agents)), np.zeros(len(c.suppliers)), np.zeros((len(plan.members), len(c.members)))
    )


def case_report(
    case: Case, store: Store, tallies: Sequence[Tally], plan: Plan, skipped: dict[str, str]
) -> Report:
    """The findings of a case's days, with where they came from."""
    sample: Meters = store.day(store.days[0])
    return findings.report(
        findings.Period(case.community, tallies, plan.members),
        case.config,
        case=case.folder.resolve().name,
        meters=sample,
        skipped=skipped,
        notes=[*store.notes, *_unpooled(case, sample)],
        provenance={
            "run_id": run_id(case, store, plan_of(case)),
            "versions": versions(),
            "inputs": case.inputs,
            "seed": case.config.seed,
            "config": case.config.model_dump(mode="json"),
        },
    )


@cache
def code_hash() -> str:
    """Short hash of evenwatt's own source: the same release, changed by hand, is another program."""
    root = Path(evenwatt.__file__).parent
    total = sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in {".py", ".json", ".html", ".css", ".js"}):
        total.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]


def _unpooled(case: Case, meters: Meters) -> list[str]:
    """Say which generation reaches no pool because no supplier stands for it."""
    pooled = {supplier.meter for supplier in case.community.suppliers}
    idle = sorted({r.meter for r in meters.registers if r.direction == "generation"} - pooled)
    return (
        [f"generation at {', '.join(idle)} is not in suppliers.csv: beyond own use it feeds no pool"]
        if idle
        else []
    )


def versions() -> dict[str, str]:
    """What the numbers were made with."""
    return {
        "evenwatt": evenwatt.__version__,
        "code": code_hash(),
        "python": ".".join(map(str, sys.version_info[:3])),
        **{name: version(name) for name in WITNESSES},
    }


def _write_report(report: Report, folder: Path, case: Case) -> None:
    import polars as pl

    held = report.to_dict()
    (folder / "report.json").write_text(_json(held), encoding="utf-8")
    (folder / "run.json").write_text(
        _json({"study": held["study"], **held["provenance"], "zone": case.config.timezone}), encoding="utf-8"
    )
    for name in TABLES:
        rows = held["tables"][name]
        frame = pl.DataFrame(rows, infer_schema_length=None)
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd")
        frame.write_csv(folder / f"{name}.csv")


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
