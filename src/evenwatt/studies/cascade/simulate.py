"""What would happen in other worlds: every scenario by every pair of rules, over and over by chance."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from evenwatt.core import chance
from evenwatt.core.errors import CaseError, InputError, gather
from evenwatt.core.report import plain
from evenwatt.data.store import Store
from evenwatt.engine.executor import executor
from evenwatt.studies import runs
from evenwatt.studies.cascade.config import BARGAIN, CascadeConfig, ScenarioConfig
from evenwatt.studies.cascade.draws import Draw, outcomes
from evenwatt.studies.cascade.lessons import refuse_existing
from evenwatt.studies.cascade.loop import skipped_rules
from evenwatt.studies.cascade.scenarios import scenarios
from evenwatt.studies.cascade.simulated import Simulated, report
from evenwatt.studies.case import Case, silent
from evenwatt.studies.division import division
from evenwatt.studies.story import Progress
from evenwatt.studies.written import Page, write_report

Row = dict[str, Any]

TABLES = {
    "scenarios": ("scenario", "title", "rule", "measure", "mean", "low", "high", "draws"),
    "bands": ("scenario", "rule", "day", "served_share", "low", "high"),
    "draws": ("scenario", "rule", "draw", "seed", "served_share", "gini", "cost_micro"),
    "agents": ("scenario", "rule", "agent", "served_share", "low", "high"),
}


@dataclass(frozen=True)
class Simulation:
    """A finished simulation.

    Attributes
    ----------
    folder : Path
        Holds ``report.json``, the tables as parquet and csv, and ``report.html``.
    report : dict
        The one format: tables ``scenarios``, ``bands``, ``draws``, ``agents``.
    """

    folder: Path
    report: dict[str, Any]


def simulate(
    case: Case,
    *,
    only: Sequence[str] = (),
    out: Path | None = None,
    page: Page | None = None,
    progress: Progress = silent,
    workers: int = 1,
) -> Simulation:
    """Simulate a case's scenarios, or return the simulation of the same question that is there already.

    Every finished draw is kept beside ``simulated/`` until all are there, so an interrupted simulation goes
    on from there; the result does not depend on the number of workers.

    Parameters
    ----------
    case : Case
        A cascade; ``[simulate]`` and ``[[scenario]]`` in its ``case.toml`` say what to draw.
    only : sequence of str
        Names of the scenarios to simulate beside the world as it is; all of them by default.
    out : Path, optional
        Where to write, in place of ``simulated/<id>/`` in the case; must not exist yet.
    page : callable, optional
        Draws ``report.html`` from the report's dictionary.
    progress : callable
        Told ``(done, total, what)``.

    Raises
    ------
    CaseError
        If the case is no cascade, a scenario names whom it does not know, a rule cannot divide, or ``out``
        exists.
    """
    config = only_cascade(case)
    refuse_existing(out)
    worlds = _worlds(case, config, only)
    pairs = rule_pairs(config)
    store = _accepted(case, config, pairs, progress)
    name = _id(case, store, worlds, pairs)
    folder = out or case.folder / "simulated" / name
    if (folder / "report.json").is_file():
        return Simulation(folder, runs.read_json(folder / "report.json"))
    work = case.folder / ".work" / f"simulated-{name}"
    work.mkdir(parents=True, exist_ok=True)
    try:
        _draw(case, config, store, worlds, pairs, work, progress, workers)
    except InputError:
        # Refused for good: only an interruption leaves draws to go on from.
        _clear(work)
        raise
    told = _told(case, config, store, worlds, pairs, work, name)
    write_report(folder, told, TABLES, page=page)
    _clear(work)
    return Simulation(folder, told)


def _told(
    case: Case, config: CascadeConfig, store: Store, worlds: tuple[ScenarioConfig, ...],
    pairs: tuple[tuple[str, str], ...], work: Path, name: str,
) -> dict[str, Any]:  # fmt: skip
    """The report of all draws that ``work`` holds."""
    drawn = [
        [runs.read_json(_place(work, world.name, k)) for k in range(config.simulate.draws)]
        for world in worlds
    ]
    held = Simulated(
        case=case.folder.resolve().name,
        config=config,
        scenarios=worlds,
        rules=pairs,
        days=[str(day) for day in store.days],
        agents=[agent.id for agent in case.community.agents],
        outcomes=drawn,
        notes=store.notes,
    )
    provenance = {
        "simulated": name,
        "versions": runs.versions(),
        "inputs": case.inputs,
        "seed": config.seed,
        "config": config.model_dump(mode="json"),
    }
    return report(held, provenance=provenance).to_dict()


def only_cascade(case: Case) -> CascadeConfig:
    """The settings of a cascade.

    Raises
    ------
    CaseError
        If the case is of another study.
    """
    if not isinstance(case.config, CascadeConfig):
        raise CaseError(f"{case.folder}: is a {case.config.study}; only a cascade has worlds to simulate")
    return case.config


def rule_pairs(config: CascadeConfig) -> tuple[tuple[str, str], ...]:
    """The pairs of rules to put side by side, the case's own first: stage one, stage two."""

    def spelled(name: str) -> str:
        return BARGAIN if name == BARGAIN else division(name).spelling

    first = [config.rule.agents, *(config.simulate.agents or ("pro", BARGAIN))]
    second = [config.rule.members, *config.simulate.members]
    return tuple(dict.fromkeys((spelled(agents), spelled(members)) for members in second for agents in first))


def _worlds(case: Case, config: CascadeConfig, only: Sequence[str]) -> tuple[ScenarioConfig, ...]:
    worlds = scenarios(config.scenario, case.community)
    known = [one.name for one in worlds[1:]]
    with gather(str(case.folder / "case.toml"), CaseError) as faults:
        faults += [
            f"'{name}' is not a scenario; there are {', '.join(known)}" for name in only if name not in known
        ]
    return tuple(one for k, one in enumerate(worlds) if k == 0 or not only or one.name in only)


def _accepted(
    case: Case, config: CascadeConfig, pairs: Sequence[tuple[str, str]], progress: Progress
) -> Store:
    """The readings, once every rule has been accepted; a refusal writes nothing."""
    for held in _by_stage_one(case, pairs):
        store = runs.open_store(held, runs.plan_of(held), progress)
    plan = replace(runs.plan_of(case), members=tuple(dict.fromkeys(members for _, members in pairs)))
    with gather(str(case.folder / "case.toml"), CaseError) as faults:
        skipped = skipped_rules(case.community, plan, store.days)
        faults += [f"simulate.members: {why}" for why in skipped.values()]
    return store


def _by_stage_one(case: Case, pairs: Sequence[tuple[str, str]]) -> list[Case]:
    """The case with each of the stage-one rules for its own."""
    # What an agent keeps is no part of a simulation, so no margin need be refused beside a bargain.
    free = {"agent_margin_per_mwh": 0.0}
    return [
        case.with_settings({"rule": {"agents": agents}, "money": free})
        for agents in dict.fromkeys(agents for agents, _ in pairs)
    ]


def _id(case: Case, store: Store, worlds: Sequence[ScenarioConfig], pairs: Sequence[tuple[str, str]]) -> str:
    """First day, and a hash of inputs, settings and code: the same question lands on the same id."""
    question = [
        sorted(case.inputs.items()),
        case.config.model_dump(mode="json"),
        [one.model_dump(mode="json") for one in worlds],
        [case.story.question(runs.plan_of(held)) for held in _by_stage_one(case, pairs)],
        runs.code_hash(),
    ]
    text = json.dumps(plain(question), sort_keys=True)
    return f"{store.days[0]}-{sha256(text.encode()).hexdigest()[:10]}"


def _place(work: Path, scenario: str, draw: int) -> Path:
    return work / f"{scenario}-{draw:05d}.json"


def _draw(
    case: Case, config: CascadeConfig, store: Store, worlds: Sequence[ScenarioConfig],
    pairs: tuple[tuple[str, str], ...], work: Path, progress: Progress, workers: int,
) -> None:  # fmt: skip
    """Compute every draw that ``work`` does not hold yet; each file is whole or absent."""
    count = config.simulate.draws
    seeds = chance.stream(config.seed, "simulation").integers(2**31, size=count).tolist()
    waiting = []
    for k in range(count):
        missing = tuple(world for world in worlds if not _place(work, world.name, k).is_file())
        if missing:
            waiting.append(Draw(Case(case.folder, config), store.path, missing, k, seeds[k], pairs))
    total = count * len(worlds)
    done = total - sum(len(draw.scenarios) for draw in waiting)
    with executor(workers) as crew:
        for found in crew.map(outcomes, waiting):
            for row in found:
                place = _place(work, row["scenario"], row["draw"])
                part = place.with_suffix(".part")
                part.write_text(json.dumps(row, allow_nan=False), encoding="utf-8")
                part.replace(place)
                done += 1
                progress(done, total, "simulating")


def _clear(work: Path) -> None:
    """Remove the folder of the draws, and the one it lies in where that is empty."""
    shutil.rmtree(work)
    if not any(work.parent.iterdir()):
        work.parent.rmdir()
