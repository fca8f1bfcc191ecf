"""Better keys for a sharing group: found by search, proved by a bound, judged on days they were not chosen on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.grid import proportional
from evenwatt.studies.sharing.config import SharingConfig, alpha_of
from evenwatt.studies.sharing.readings import Readings
from evenwatt.studies.sharing.regime import Regime
from evenwatt.studies.story import Progress

if TYPE_CHECKING:
    from evenwatt.sharing.optimum import Optimum
    from evenwatt.sharing.plan import Plan

Whole = npt.NDArray[np.int64]
Row = dict[str, Any]

PART = 4  # searches for a waterfall or a window try this many times fewer keys
PULLS = (0.0, 1e-2)  # towards today's keys, tried in each window
PROOFS = {True: "certified", False: "heuristic"}
STAGES = {
    "ideal": "Ideal: surplus meets demand",
    "links": "Between all who may share",
    "keys": "Best fixed keys, endless rounds",
    "rounds": "Best fixed keys, the rule's rounds",
    "floor": "Rounded down: the keys found",
    "current": "The case's own keys",
}


def best_keys(held: Readings, regime: Regime, config: SharingConfig, progress: Progress) -> Optimum:
    """The best keys found for the rule, and what no keys exceed."""
    from evenwatt.sharing.objectives import Coverage, Shared
    from evenwatt.sharing.optimise import optimise

    alpha = alpha_of(config.optimise.objective)
    return optimise(
        held.supply,
        held.demand,
        rounds=regime.rounds,
        quantum=regime.quantum,
        links=held.links,
        max_links=regime.max_links,
        objective=Shared() if alpha is None else Coverage(alpha),
        current=held.keys,
        pull=config.optimise.pull,
        method=config.optimise.method,
        rng=config.seed,
        max_evaluations=config.optimise.max_evaluations,
        time_limit=config.optimise.time_limit_s,
        progress=progress,
    )


def whole_keys(keys: Whole, regime: Regime) -> Whole:
    """The same keys, using up all of each producer where the rule wants that."""
    return proportional(keys) if regime.regulation.sums_to_one else keys


def losses(
    held: Readings,
    regime: Regime,
    found: Plan,
    config: SharingConfig,
    progress: Progress,
    *,
    proved: float = float("inf"),
) -> list[Row]:
    """What links, fixed keys, rounds, rounding and the case's own keys cost: rows for the waterfall.

    ``found`` are the best keys known for the rule, ``proved`` is what no keys exceed under it [Wh].
    """
    from evenwatt.sharing.plan import Plan
    from evenwatt.sharing.waterfall import waterfall

    search = _search(held, regime, config)

    def optimise(supply: Whole, demand: Whole, rounds: int | None, quantum: int) -> Plan:
        if (rounds, quantum) == (regime.rounds, regime.quantum):
            return found
        return search(supply, demand, rounds, quantum, found, 0.0)

    def bound(supply: Whole, demand: Whole, rounds: int | None, quantum: int) -> float:
        # What is proved of shares rounded down says nothing of shares that are not.
        return proved if (rounds, quantum) == (regime.rounds, regime.quantum) else float("inf")

    levels = waterfall(
        held.supply, held.demand, optimise,
        current=Plan(held.keys, held.priority), links=held.links, rounds=regime.rounds, quantum=regime.quantum,
        plans=[found], bound=bound, progress=progress,
    ).levels  # fmt: skip
    rows: list[Row] = []
    for level in levels:
        wh = round(level.shared)
        rows.append(
            {
                "stage": level.name,
                "title": STAGES[level.name],
                "wh": wh,
                "loss_wh": rows[-1]["wh"] - wh if rows else 0,
                "proof": PROOFS[level.is_exact],
                "bound_wh": level.bound,
            }
        )
    return rows


def forward(held: Readings, regime: Regime, config: SharingConfig, progress: Progress) -> list[Row]:
    """How keys do on windows of days after those they were chosen on; no rows where there are too few days."""
    from evenwatt.sharing.forward import walk_forward

    windows = held.days // config.forward.window_days
    if len(np.unique(windows)) < 2:
        return []
    search = _search(held, regime, config)
    found = walk_forward(
        held.supply, held.demand, windows,
        lambda supply, demand, start, pull: search(supply, demand, regime.rounds, regime.quantum, start, pull),
        priority=held.priority, current=held.keys, rounds=regime.rounds, quantum=regime.quantum,
        train=config.forward.train_windows, pulls=PULLS,
        progress=lambda done, total, what: progress(done, total, "judging on other days"),
    )  # fmt: skip
    return [
        {
            "window": int(row["window"]),
            "keys": "demand" if row["candidate"] == "proportional" else row["candidate"],
            "share": row["outside"],
            "inside": row["inside"],
            "ideal_wh": row["ideal_wh"],
            "pull": row["pull"],
        }
        for row in found.rows()
    ]


def _search(held: Readings, regime: Regime, config: SharingConfig) -> Callable[..., Plan]:
    """A search by the case's method, smaller than the one that finds the keys."""
    from evenwatt.sharing import search
    from evenwatt.sharing.plan import Plan

    method = "hill-climbing" if config.optimise.method == "exact" else config.optimise.method
    most = len(held.producers) if regime.max_links is None else regime.max_links

    def run(supply: Whole, demand: Whole, rounds: int | None, quantum: int, start: Plan, pull: float) -> Plan:
        even = search.proportional(supply, demand, links=held.links, max_links=most)
        found = search.run(
            method, supply, demand, [(start.keys, start.priority), even],
            rounds=rounds, quantum=quantum, links=held.links, max_links=max(most, 1), rng=config.seed,
            max_evaluations=max((config.optimise.max_evaluations or 20_000) // PART, 1),
            pull=pull, current=start.keys if pull > 0 else None,
        )  # fmt: skip
        return Plan(found.keys, found.priority)

    return run
