"""The result of looking for better keys: a folder beside the runs, never the case's own ``keys.csv`` unasked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenwatt.core import units
from evenwatt.core.errors import CaseError
from evenwatt.core.report import Report, plain
from evenwatt.sharing.plan import Plan
from evenwatt.studies import runs
from evenwatt.studies.case import Case, silent
from evenwatt.studies.sharing import better, filing, findings
from evenwatt.studies.sharing.config import SharingConfig
from evenwatt.studies.sharing.keys import COLUMNS as KEYS
from evenwatt.studies.sharing.keys import FILE
from evenwatt.studies.sharing.loop import settled
from evenwatt.studies.sharing.period import Period
from evenwatt.studies.sharing.readings import Readings, readings
from evenwatt.studies.sharing.variants import Tried, Variant, tried, variants
from evenwatt.studies.story import Progress, Work
from evenwatt.studies.template import write_csv

if TYPE_CHECKING:
    from evenwatt.sharing.optimum import Optimum

Page = Callable[[dict[str, Any]], str]
Row = dict[str, Any]

HISTORY = ("seconds", "shared_wh", "bound_wh", "gap")


@dataclass(frozen=True)
class Optimised:
    """A finished search.

    Attributes
    ----------
    folder : Path
        Holds ``keys.csv``, ``history.csv``, ``report.json``, ``report.html`` and what is to be filed.
    report : dict
        The period by the new keys, with bound, gap, history, waterfall and walk-forward.
    """

    folder: Path
    report: dict[str, Any]


def optimise(
    case: Case,
    *,
    out: Path | None = None,
    page: Page | None = None,
    progress: Progress = silent,
) -> Optimised:
    """Look for better keys on the case's readings and write what was found.

    Parameters
    ----------
    out : Path, optional
        Where to write, in place of ``optimised/<id>/`` in the case; must not exist yet.
    page : callable, optional
        Draws ``report.html`` from the report's dictionary.
    progress : callable
        Told ``(done, total, what)``.

    Raises
    ------
    CaseError
        If the rule has no fixed keys, or ``out`` exists.
    """
    plan = runs.plan_of(case)
    store = runs.open_store(case, plan, progress)
    name = _id(case, str(store.days[0]))
    folder = out or case.folder / "optimised" / name
    if out is not None and out.exists():
        raise CaseError(f"{out}: exists already; choose another name or remove it")
    if out is None and (folder / "report.json").is_file() and not _is_timed(case):
        return Optimised(folder, runs.read_json(folder / "report.json"))
    report = _report(Work(case, store, plan, None, progress), name)
    return Optimised(folder, _written(folder, report, case, page))


def _is_timed(case: Case) -> bool:
    """Whether the clock limits the search, so that doing it again may find more."""
    assert isinstance(case.config, SharingConfig)
    return case.config.optimise.time_limit_s is not None


def _id(case: Case, first: str) -> str:
    """First day, and a hash of inputs, settings and code: the same question lands on the same id."""
    settings = case.config.model_dump(mode="json")
    question = [sorted(case.inputs.items()), settings, runs.code_hash()]
    return f"{first}-{sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:10]}"


def _report(work: Work, name: str) -> Report:
    """Find the keys, share the whole period by them, and set both beside the case's own."""
    case, group = work.case, work.case.community
    config = case.config
    assert isinstance(config, SharingConfig)
    sample = work.store.day(work.store.days[0])
    held = readings(work, group, group.sides(sample))
    best = better.best_keys(held, group.regime, config, work.progress)
    rows = held.rows(better.whole_keys(best.keys, group.regime), best.priority)
    before = settled(work, group, sample)
    after = settled(work, replace(group, keys=rows), sample)
    told = findings.report(
        after,
        [
            *tried(work, after, variants(after.group, len(after.sides.consumers), False, "the keys found")),
            _own(before, after),
        ],
        config,
        case=case.folder.resolve().name,
        meters=sample,
        notes=work.store.notes,
    )
    return _with_search(told, work, held, best, before, name)


def _own(before: Period, after: Period) -> Tried:
    """The case's own keys, to stand among the variants of those found."""
    variant = Variant("keys", "before", "the case's own keys", after.group.regime)
    return Tried(variant, float(before.shared), before.received)


def _with_search(
    told: Report, work: Work, held: Readings, best: Optimum, before: Period, name: str
) -> Report:
    """The report with how the keys were found, what is proved of them, and how they do on other days."""
    case, regime = work.case, before.group.regime
    config = case.config
    assert isinstance(config, SharingConfig)
    is_shared = config.optimise.objective == "shared"
    forward = better.forward(held, regime, config, work.progress) if is_shared else []
    windows = _windows(work, config.forward.window_days)
    history = [
        {"seconds": round(step.seconds, 4), "shared_wh": step.shared, "bound_wh": step.bound, "gap": step.gap}
        for step in best.history
    ]
    measures = {
        **told.measures,
        "before_wh": before.shared,
        "found_wh": best.shared,
        "bound_wh": best.bound,
        "gap": best.gap,
        "seconds": round(best.seconds, 3),
        "method": best.method,
        "evaluations": best.evaluations,
        "objective": config.optimise.objective,
    }
    was = dict(zip(before.group.members, before.received.tolist(), strict=True))
    tables = {
        **told.tables,
        "members": [{**row, "received_before_wh": was[row["id"]]} for row in told.tables["members"]],
        "history": history,
        "waterfall": better.losses(
            held, regime, Plan(best.keys, best.priority), config, work.progress, proved=best.bound
        ),
        "forward": [{**row, "window": windows[row["window"]]} for row in forward],
    }
    return replace(
        told,
        summary=[_found(measures, told.tables["variants"]), *told.summary[:-1]],
        measures=measures,
        tables=tables,
        notes=[*told.notes, *_notes(forward, config)],
        provenance={
            "optimised": name,
            "versions": runs.versions(),
            "inputs": case.inputs,
            "seed": config.seed,
            "config": config.model_dump(mode="json"),
        },
    )


def _windows(work: Work, days: int) -> list[str]:
    """Names of the windows: first and last day."""
    held = work.store.days
    return [f"{held[k]} to {held[min(k + days, len(held)) - 1]}" for k in range(0, len(held), days)]


def _found(m: Row, variants: Sequence[Mapping[str, Any]]) -> str:
    """One sentence: what the keys share, against the case's own and against what is proved."""
    more = m["shared_wh"] - m["before_wh"]
    change = (
        f"{abs(more) / m['before_wh']:.1%} {'more' if more >= 0 else 'less'} than"
        if m["before_wh"]
        else "more than"
    )
    aim, fair = "", ""
    if m["objective"] != "shared":
        worst = {row["name"]: row["worst_coverage"] for row in variants if row["kind"] == "keys"}
        aim = f" for {m['objective']}"
        fair = (
            f" (the worst served has {worst['current']:.1%} of its demand met, {worst['before']:.1%} before)"
        )
    return (
        f"Keys found by {m['method']}{aim} share {_kwh(m['shared_wh'])} kWh, {change} the case's own{fair}; no keys by "
        f"this rule can share more than {_kwh(m['bound_wh'])} kWh, so at most {m['gap']:.2%} is missing."
    )


def _kwh(wh: float) -> str:
    return f"{float(units.kwh(wh)):,.1f}"


def _notes(forward: Sequence[Row], config: SharingConfig) -> list[str]:
    told = [
        "the keys are chosen on the very days they are told on; the section on other days says how they do there"
    ]
    if config.optimise.objective != "shared":
        told = [
            "keys for coverage are told on the days they were chosen on; how they do on other days is not known"
        ]
    elif not forward:
        told = [
            f"the period holds fewer than two windows of {config.forward.window_days} days: nothing is known of how "
            "the keys do on days they were not chosen on"
        ]
    if config.optimise.time_limit_s is not None:
        told.append("the search was limited by the clock: another machine may find other keys")
    return told


def _written(folder: Path, report: Report, case: Case, page: Page | None) -> dict[str, Any]:
    """Write the folder beside its final name, then rename it."""
    held = report.to_dict()
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        for name, table, columns in ((FILE, "keys", KEYS), ("history.csv", "history", HISTORY)):
            if rows := held["tables"][table]:
                write_csv(part / name, rows)
            else:
                (part / name).write_text(f"{','.join(columns)}\n", encoding="utf-8")
        filed = filing.file_keys(case, held["tables"]["keys"], part / "filing")
        held["notes"] += filed
        (part / "report.json").write_text(
            json.dumps(plain(held), indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
        )
        if page is not None:
            (part / "report.html").write_text(page(held), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return held


def apply(case: Case, found: Optimised) -> Path:
    """Make the keys found the case's own; the old ones stay beside them under another name.

    Returns
    -------
    Path
        Where the old keys are now.
    """
    own = case.folder / FILE
    kept = case.folder / f"keys-before-{found.folder.name}.csv"
    if own.is_file() and not kept.exists():
        shutil.copyfile(own, kept)
    part = own.with_name(f".{FILE}.part")
    shutil.copyfile(found.folder / FILE, part)
    part.replace(own)
    return kept
