"""Mechanisms by policies by seeds: every cell a run of its own, kept until all are there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from evenwatt.core import chance
from evenwatt.core.errors import CaseError, InputError
from evenwatt.core.report import plain
from evenwatt.data.store import Store
from evenwatt.engine.executor import executor
from evenwatt.studies import runs
from evenwatt.studies.case import Case, silent
from evenwatt.studies.market.cells import MEASURES, Cell, outcome
from evenwatt.studies.market.config import MarketConfig
from evenwatt.studies.market.deciding import asks_model
from evenwatt.studies.market.listening import ASKING
from evenwatt.studies.market.named import LANGUAGE, OWN, variant
from evenwatt.studies.market.swept import Swept, report
from evenwatt.studies.story import Progress
from evenwatt.studies.written import Page, write_report

FOLDER = "swept"
TABLES = {
    "sweep": ("mechanism", "policy", "seed", *MEASURES, "skipped"),
    "cells": ("mechanism", "policy", "measure", "mean", "low", "high", "seeds"),
    "paired": ("mechanism", "policy", "against", "measure", "difference", "low", "high", "verdict"),
    "policies": (
        "role", "policy", "measure", "mean", "low", "high", "seeds", "against", "difference", "difference_low",
        "difference_high", "verdict",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Sweep:
    """A finished sweep.

    Attributes
    ----------
    folder : Path
        Holds ``report.json``, the tables as parquet and csv, and ``report.html``.
    report : dict
        The one format: tables ``sweep``, ``cells``, ``paired``, ``policies``.
    """

    folder: Path
    report: dict[str, Any]


def sweep(
    case: Case,
    *,
    mechanisms: Sequence[str] = (),
    policies: Sequence[str] = (),
    seeds: int | None = None,
    out: Path | None = None,
    page: Page | None = None,
    progress: Progress = silent,
    workers: int = 1,
) -> Sweep:
    """Sweep a market, or return the sweep of the same question that is there already.

    Every finished cell is kept beside ``swept/`` until all are there, so an interrupted sweep goes on from
    there; the result does not depend on the number of workers.

    Parameters
    ----------
    case : Case
        A market; ``[sweep]`` in its ``case.toml`` says what to play where nothing else is said.
    mechanisms, policies : sequence of str
        In place of those of the case; its own mechanism and policies are always there.
    seeds : int, optional
        How many; the first is the case's own.
    out : Path, optional
        Where to write, in place of ``swept/<id>/`` in the case; must not exist yet.
    page : callable, optional
        Draws ``report.html`` from the report's dictionary.
    progress : callable
        Told ``(done, total, what)``.

    Raises
    ------
    CaseError
        If the case is no market, names what is not known, or ``out`` exists.
    """
    only_market(case)
    _asks_nobody(case)
    if out is not None and out.exists():
        raise CaseError(f"{out}: exists already; choose another name or remove it")
    wished: dict[str, Any] = {"mechanisms": list(mechanisms), "policies": list(policies), "seeds": seeds}
    case = case.with_settings({"sweep": {name: value for name, value in wished.items() if value}})
    store = runs.open_store(case, runs.plan_of(case), progress)
    cells = cells_of(case, store)
    name = _id(case, store, cells)
    folder = out or case.folder / FOLDER / name
    if (folder / "report.json").is_file():
        return Sweep(folder, runs.read_json(folder / "report.json"))
    work = case.folder / ".work" / f"{FOLDER}-{name}"
    work.mkdir(parents=True, exist_ok=True)
    try:
        _play(cells, work, progress, workers)
    except InputError:
        # Refused for good: only an interruption leaves cells to go on from.
        _clear(work)
        raise
    told = _told(case, store, cells, work, name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_report(folder, told, TABLES, page=page)
    _clear(work)
    return Sweep(folder, told)


def only_market(case: Case) -> None:
    """Raise a CaseError where a case is no market."""
    if case.config.study != "market":
        raise CaseError(f"{case.folder}: is a {case.config.study}; only a market has mechanisms to sweep")


def _asks_nobody(case: Case) -> None:
    """Raise where a sweep would ask a language model: it would ask once a cell, and spend as often."""
    config = case.config
    assert isinstance(config, MarketConfig)
    asks = asks_model(config) or any(LANGUAGE in variant(text).values() for text in config.sweep.policies)
    if asks and config.language.mode in ASKING:
        raise CaseError(
            f"{case.folder / 'case.toml'}: language.mode: a sweep asks nobody; record a run first, then sweep with "
            "mode = 'replay-or-fallback'"
        )


def cells_of(case: Case, store: Store) -> list[Cell]:
    """Every cell, the case's own first; all mechanisms and policies of a seed share it."""
    config = case.config
    assert isinstance(config, MarketConfig)
    wished = config.sweep
    names = dict.fromkeys((config.rule.local, *wished.mechanisms))
    policies = dict.fromkeys((OWN, *wished.policies))
    more = chance.stream(config.seed, "sweep").integers(2**31, size=wished.seeds - 1).tolist()
    return [
        Cell(case.folder, store.path, config, mechanism, policy, seed)
        for mechanism in names
        for policy in policies
        for seed in (config.seed, *more)
    ]


def _place(work: Path, number: int) -> Path:
    return work / f"cell-{number:06d}.json"


def _play(cells: Sequence[Cell], work: Path, progress: Progress, workers: int) -> None:
    """Play every cell that ``work`` does not hold yet; each file is whole or absent."""
    waiting = [number for number in range(len(cells)) if not _place(work, number).is_file()]
    done = len(cells) - len(waiting)
    with executor(workers) as crew:
        found = crew.map(outcome, [cells[number] for number in waiting])
        for number, row in zip(waiting, found, strict=True):
            part = _place(work, number).with_suffix(".part")
            part.write_text(json.dumps(plain(row), allow_nan=False), encoding="utf-8")
            part.replace(_place(work, number))
            done += 1
            progress(done, len(cells), "sweeping")


def _told(case: Case, store: Store, cells: Sequence[Cell], work: Path, name: str) -> dict[str, Any]:
    """The report of all cells that ``work`` holds."""
    config = case.config
    assert isinstance(config, MarketConfig)
    outcomes: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for number, cell in enumerate(cells):
        outcomes.setdefault((cell.mechanism, cell.policy), []).append(runs.read_json(_place(work, number)))
    held = Swept(
        case=case.folder.resolve().name,
        config=config,
        mechanisms=tuple(dict.fromkeys(cell.mechanism for cell in cells)),
        policies=tuple(dict.fromkeys(cell.policy for cell in cells)),
        seeds=tuple(dict.fromkeys(cell.seed for cell in cells)),
        days=(str(store.days[0]), str(store.days[-1])),
        outcomes=outcomes,
    )
    provenance = {
        FOLDER: name,
        "versions": runs.versions(),
        "inputs": case.inputs,
        "seed": config.seed,
        "config": config.model_dump(mode="json"),
    }
    return report(held, provenance=provenance).to_dict()


def _id(case: Case, store: Store, cells: Sequence[Cell]) -> str:
    """First day, and a hash of inputs, settings and code: the same question lands on the same id."""
    question = [
        sorted(case.inputs.items()),
        case.config.model_dump(mode="json"),
        [(cell.mechanism, cell.policy, cell.seed) for cell in cells],
        runs.code_hash(),
    ]
    return f"{store.days[0]}-{sha256(json.dumps(plain(question), sort_keys=True).encode()).hexdigest()[:10]}"


def _clear(work: Path) -> None:
    """Remove the folder of the cells, and the one it lies in where that is empty."""
    shutil.rmtree(work)
    if not any(work.parent.iterdir()):
        work.parent.rmdir()
