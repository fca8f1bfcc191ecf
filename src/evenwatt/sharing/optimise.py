"""The best keys and priorities for a rule: found, replayed under the rule, and beside what no keys exceed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import SolverError
from evenwatt.sharing import grid, keys, search
from evenwatt.sharing import links as limits
from evenwatt.sharing.asked import Asked, asked
from evenwatt.sharing.history import Step
from evenwatt.sharing.objectives import Coverage, Money, Objective, Shared
from evenwatt.sharing.optimum import Optimum
from evenwatt.sharing.problem import GRID, agreement
from evenwatt.sharing.proof import Proof, prove
from evenwatt.sharing.replay import Replay
from evenwatt.sharing.watch import Progress, Watch

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

EVALUATIONS = 20_000  # of a search, where neither number nor time is limited
POLISH = (
    20_000  # evaluations that "exact" spends on what the floor takes, in one round some microseconds each
)
NOISE = 1e-9  # of a bound, by which sums of floats may miss it


def optimise(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    *,
    rounds: int | None,
    quantum: int = 10,
    links: npt.ArrayLike | None = None,
    max_links: int | None = 5,
    objective: str | Objective = "shared",
    current: npt.ArrayLike | None = None,
    pull: float = 0.0,
    method: str = "exact",
    rng: np.random.Generator | int = 0,
    max_evaluations: int | None = None,
    time_limit: float | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = perf_counter,
) -> Optimum:
    """Choose keys, priorities and links that let the rule share as much as it can, with a proof of how near.

    Parameters
    ----------
    supply, demand : (T, I), (T, J)
        Whole Wh.
    rounds : int, optional
        Of the rule; None goes on until nothing moves.
    quantum : int
        Floor step of the rule [Wh].
    links : (I, J) bool, optional
        Pairs that may share; all by default. Leave out a building's own.
    max_links : int, optional
        Producers a consumer may have at most; None for any number.
    objective : "shared" or Shared, Money, Coverage
        What to choose for. Coverage needs ``method="exact"``.
    current : (I, J), optional
        Today's keys [1/10,000]: a start of every search, and what ``pull`` draws towards.
    pull : float
        What moving keys costs: as a fraction of what could be shared at best, per key that is moved in full.
    method : str
        "exact": one round only, proved by a certificate; what the floor takes is then won back as far as single
        shifts can. "hill-climbing", "annealing", "genetic": searches on the true rule, for any number of rounds,
        from the certified keys and others.
    rng : Generator or int
        Same seed, same keys, unless ``time_limit`` stops it.
    max_evaluations : int, optional
        Keys to try under the rule.
    time_limit : float, optional
        Seconds for all of it.
    progress : callable, optional
        Told ``(done, total, what)``.
    clock : callable
        Seconds from any moment on.

    Returns
    -------
    Optimum
        ``keys, priority, shared, bound, gap, history``; ``bound`` holds for any keys, priorities and floor.

    Raises
    ------
    ProblemError
        Naming every fault; "exact" with several rounds names the methods that work.

    Examples
    --------
    >>> best = optimise([[400], [400]], [[100, 300], [300, 100]], rounds=1, quantum=1)
    >>> best.keys, best.shared, round(best.bound, 3), round(best.gap, 6)
    (array([[5000, 5000]]), 600, 600.0, 0.0)

    Source: docs/explanation/sharing.md tells what is proved and how.
    """
    task = asked(supply, demand, rounds, quantum, links, max_links, objective, current, pull, method)
    watch = Watch(clock, time_limit, progress)
    return _searched(task, prove(task, watch), method, watch, rng, max_evaluations, pull)


def _searched(
    task: Asked,
    proof: Proof,
    method: str,
    watch: Watch,
    rng: np.random.Generator | int,
    max_evaluations: int | None,
    pull: float,
) -> Optimum:
    """Replay what the proof suggests under the rule, search from there, and put the proof beside it."""
    month = Replay(task.supply, task.demand, rounds=task.rounds, quantum=task.quantum)
    certified = _on_grid(task, proof.weights[0])
    starts = [certified] if isinstance(task.objective, Coverage) else _starts(task, proof, certified)
    first = max(month.total_of(one.order, one.share) for one in starts)
    began = watch.seconds
    is_plain = isinstance(task.objective, Shared) and pull == 0
    found = search.run(
        "hill-climbing" if method == "exact" else method,
        task.supply,
        task.demand,
        starts,
        rounds=task.rounds,
        quantum=task.quantum,
        links=task.links,
        max_links=task.most,
        rng=rng,
        max_evaluations=_evaluations(task, method, watch, max_evaluations),
        time_limit=watch.left(),
        target=proof.shared_bound if is_plain else None,
        pull=pull,
        current=task.current if pull > 0 else None,
        value=np.maximum(task.objective.gains, 0.0) if isinstance(task.objective, Money) else None,
        bound=proof.shared_bound,
        progress=watch.progress,
        clock=watch.clock,
    )
    plan = _filled(month, found) if is_plain else (found.keys, found.shared)
    history = (
        *(replace(step, shared=float(first), bound=min(step.bound, task.largest)) for step in proof.steps),
        *(replace(step, seconds=began + step.seconds) for step in found.steps),
        Step(watch.seconds, float(plan[1]), proof.shared_bound),
    )
    return _beside_its_proof(task, proof, method, found, plan, certified, history)


def _beside_its_proof(
    task: Asked,
    proof: Proof,
    method: str,
    found: search.Found,
    plan: tuple[Whole, int],
    certified: search.State,
    history: tuple[Step, ...],
) -> Optimum:
    """What was found with what was proved; a result above its bound is a fault of ours."""
    legal, shared = plan
    if shared > proof.shared_bound * (1 + NOISE) + 1e-3:
        raise SolverError(
            f"keys share {shared} Wh, more than the proved bound of {proof.shared_bound:.3f} Wh"
        )
    weights = certified.keys(task.supply.shape[1]) / GRID
    value = {Shared: float(shared), Money: found.worth / 1e6}.get(type(task.objective), float("nan"))
    return Optimum(
        keys=legal,
        priority=found.priority,
        shared=shared,
        bound=max(proof.shared_bound, float(shared)),
        history=history,
        method=method,
        evaluations=found.evaluations,
        unrounded=proof.unrounded,
        on_grid=keys.shared(task.supply.astype(float), task.wanted.astype(float), weights),
        unallocated=int(task.supply.sum() + task.demand.sum()) - 2 * shared,
        least_unallocated=int(np.abs(task.supply.sum(axis=1) - task.demand.sum(axis=1)).sum()),
        value=value,
        value_bound=proof.bound,
    )


def _filled(month: Replay, found: search.Found) -> tuple[Whole, int]:
    """Keys that use up each producer, in proportion, unless that shares less: a rest invites questions."""
    full = grid.proportional(found.keys)
    total = month.total(full, found.priority)
    return (full, total) if total >= found.shared else (found.keys, found.shared)


def _evaluations(task: Asked, method: str, watch: Watch, wanted: int | None) -> int | None:
    if method == "exact":
        # Coverage is no sum that a shift could raise.
        return (
            0 if isinstance(task.objective, Coverage) else POLISH if wanted is None else min(wanted, POLISH)
        )
    return EVALUATIONS if wanted is None and watch.limit is None else wanted


def _on_grid(task: Asked, weights: Array) -> search.State:
    """The weights' own links, the largest draws where they are too many, and keys on the legal grid."""
    draws = np.where(task.links, weights, 0.0) * task.supply.sum(axis=0)[:, None]
    kept = np.where(limits.largest(draws, task.most) & (draws > 0), weights, 0.0)
    legal = grid.rounded(kept, grid=GRID)
    priority = _priorities(task, legal)
    held = agreement(legal, priority, most=task.most)
    return search.State(held.order, held.share)


def _priorities(task: Asked, legal: Whole) -> Whole:
    """The larger draw first, or the larger gain where money is chosen for; 0 without a key."""
    if isinstance(task.objective, Money):
        merit = task.objective.gains.astype(np.float64)
    else:
        merit = legal * task.supply.sum(axis=0)[:, None].astype(np.float64)
    order = np.argsort(np.argsort(np.where(legal > 0, merit, -np.inf), axis=0, kind="stable"), axis=0)
    linked = (legal > 0).sum(axis=0)
    rank = order - (len(legal) - linked) + 1
    return np.asarray(np.where(legal > 0, rank, 0), dtype=np.int64)


def _starts(task: Asked, proof: Proof, certified: search.State) -> list[search.State]:
    """Where a search may begin: certified, the bound's maximiser, by demand, and today's keys."""
    found = [certified]
    for weights in proof.weights:
        allowed = np.where(task.links, weights, 0.0)
        found.append(search.from_weights(task.supply, allowed, max_links=task.most))
    found.append(search.proportional(task.supply, task.demand, links=task.links, max_links=task.most))
    if task.current is not None:
        found.append(_on_grid(task, task.current / GRID))
    return found
