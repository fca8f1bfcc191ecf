"""The best keys and priorities for a rule: found, replayed under the rule, and beside what no keys exceed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.core.errors import ProblemError, gather
from evenwatt.sharing import bound as bounds
from evenwatt.sharing import grid, keys, search
from evenwatt.sharing import links as limits
from evenwatt.sharing.history import Step
from evenwatt.sharing.interval_keys import best_flows
from evenwatt.sharing.objectives import Coverage, Money, Objective, Shared
from evenwatt.sharing.problem import GRID, agreement, whole_wh
from evenwatt.sharing.replay import Replay

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Progress = Callable[[int, int, str], None]

METHODS = ("exact", *search.METHODS)
EVALUATIONS = 20_000  # of a search, where neither number nor time is limited
POLISH = (
    20_000  # evaluations that "exact" spends on what the floor takes, in one round some microseconds each
)
BOUND_PART = 0.4  # of the time limit: what the bound may take before the search
FEWER = (1, 2, 3)  # links a consumer that are tried besides: fewer links, fewer floors
MANY, ENOUGH = 3_000, 5  # pairs and rounds from which the bound has only ever come out as the largest flows
START = 5e-3  # gap that is enough to start a search from
TOLERANCE = 5e-4  # gap at which the certified keys stop


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best keys found, what they share under the rule, and what no keys exceed.

    Unpacks as ``keys, priority, shared, bound, gap, history``.

    Attributes
    ----------
    keys : (I, J) int64
        [1/10,000], each producer's at most 10,000 together.
    priority : (I, J) int64
        The larger first, 0 = no link.
    shared : int
        What they share, replayed under the rule [Wh].
    bound : float
        What no keys, priorities or floor can exceed on these readings [Wh].
    history : tuple of Step
        The best and the bound, second by second.
    method : str
        How they were found.
    evaluations : int
        How many keys were tried under the rule.
    unrounded : float
        What the certified weights share in one round before they were put on the legal grid, without floor
        [Wh]; not a number where another start was better or no certified weights were needed.
    on_grid : float
        The same after they were put on the grid, without floor [Wh].
    value, value_bound : float
        The objective by these keys and its bound; for shared energy the same as ``shared`` and ``bound``.
    """

    keys: Whole
    priority: Whole
    shared: int
    bound: float
    history: tuple[Step, ...]
    method: str
    evaluations: int
    unrounded: float
    on_grid: float
    value: float
    value_bound: float

    @property
    def gap(self) -> float:
        """What may be missing yet, as a fraction of the bound."""
        return (self.bound - self.shared) / self.bound if self.bound > 0 else 0.0

    @property
    def seconds(self) -> float:
        """How long it took [s]."""
        return self.history[-1].seconds if self.history else 0.0

    @property
    def rounding_loss(self) -> float:
        """Part of the certified keys' energy that the legal grid of keys costs."""
        return (self.unrounded - self.on_grid) / self.unrounded if self.unrounded > 0 else 0.0

    def __iter__(self) -> Iterator[Any]:
        """Iterate over what the field's papers report: keys, priority, shared, bound, gap, history."""
        return iter((self.keys, self.priority, self.shared, self.bound, self.gap, self.history))

    def __str__(self) -> str:
        """One line: shared, bound, gap, seconds."""
        return (
            f"{self.method}: shared {self.shared / 1e6:,.3f} MWh, bound {self.bound / 1e6:,.3f} MWh, "
            f"gap {self.gap:.2%}, {self.seconds:.2f} s, {self.evaluations:,} evaluations"
        )


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
    task = _task(supply, demand, rounds, quantum, links, max_links, objective, current, pull, method)
    watch = _Watch(clock, time_limit, progress)
    proof = _one_round(task, watch) if task.rounds == 1 else _several_rounds(task, watch)
    return _searched(task, proof, method, watch, rng, max_evaluations, pull)


@dataclass(frozen=True, eq=False)
class _Task:
    """What is asked, checked."""

    supply: Whole
    demand: Whole
    rounds: int | None
    quantum: int
    links: Flags
    most: int
    objective: Objective
    current: Whole | None

    @cached_property
    def wanted(self) -> Whole:
        """Demand in whole quanta: every share is a multiple of the quantum, so nobody gets more."""
        return self.demand // self.quantum * self.quantum

    @cached_property
    def largest(self) -> float:
        """Largest flows of whole quanta, interval by interval: no keys share more [Wh]."""
        offered = self.supply // self.quantum * self.quantum
        return float(best_flows(offered, self.wanted, links=self.links).sum())

    @property
    def is_limited(self) -> bool:
        """Whether links must be chosen."""
        return bool((self.links.sum(axis=0) > self.most).any())


@dataclass(frozen=True, eq=False)
class _Proof:
    """A bound, and weights (I, J) to start from."""

    bound: float
    shared_bound: float
    weights: tuple[Array, ...]
    steps: tuple[Step, ...]
    unrounded: float = float("nan")


class _Watch:
    """How long it has taken, how long it may, and who is told."""

    def __init__(self, clock: Callable[[], float], limit: float | None, progress: Progress | None) -> None:
        self.clock, self.limit, self.progress = clock, limit, progress
        self._begun = clock()

    @property
    def seconds(self) -> float:
        return self.clock() - self._begun

    def left(self, part: float = 1.0) -> float | None:
        """Part of the time that is left; None where there is no limit."""
        return None if self.limit is None else max(0.0, (self.limit - self.seconds) * part)


def _task(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    rounds: int | None,
    quantum: int,
    links: npt.ArrayLike | None,
    max_links: int | None,
    objective: str | Objective,
    current: npt.ArrayLike | None,
    pull: float,
    method: str,
) -> _Task:
    given, wanted = whole_wh(supply, "supply"), whole_wh(demand, "demand")
    shape = (given.shape[1], wanted.shape[1])
    with gather("optimise", ProblemError) as faults:
        if len(given) != len(wanted):
            faults.append(f"supply has {len(given)} intervals, demand {len(wanted)}; expected as many")
        if method not in METHODS:
            faults.append(f"method: '{method}'; there are {', '.join(METHODS)}")
        if rounds is not None and (rounds != int(rounds) or rounds < 1):
            faults.append(f"rounds: {rounds}; expected at least 1, or None to go on until nothing moves")
        if quantum != int(quantum) or quantum < 1:
            faults.append(f"quantum: {quantum}; expected whole Wh, at least 1")
        if max_links is not None and max_links < 1:
            faults.append(f"max_links: {max_links}; expected at least 1")
        if pull < 0 or (pull > 0 and current is None):
            faults.append(f"pull: {pull}; expected 0 or more, and `current`, the keys it draws towards")
        if method == "exact" and rounds != 1:
            told = "rounds=None" if rounds is None else f"{rounds} rounds"
            faults.append(
                f"method: 'exact' proves one round only; with {told} use {', '.join(search.METHODS)}"
            )
        if links is not None and (np.shape(links) != shape or np.asarray(links).dtype != np.bool_):
            faults.append(f"links: expected booleans of shape {shape}: who may share with whom")
    chosen = Shared() if objective == "shared" else objective
    if not isinstance(chosen, (Shared, Money, Coverage)):
        raise ProblemError(f"objective: {objective!r}; expected 'shared', Money(gains) or Coverage(alpha)")
    if isinstance(chosen, Coverage) and method != "exact":
        raise ProblemError("objective: coverage is chosen for by method='exact' in one round only")
    allowed = np.ones(shape, dtype=np.bool_) if links is None else np.asarray(links)
    held = None if current is None else agreement(current, allowed.astype(np.int64), most=None).keys
    most = max(shape[0], 1) if max_links is None else max_links
    return _Task(given, wanted, rounds, int(quantum), allowed, most, chosen, held)


def _one_round(task: _Task, watch: _Watch) -> _Proof:
    """One round is concave: certified weights, on few links where links are limited."""
    options: dict[str, Any] = {
        "time_limit": watch.left(0.8),
        "clock": watch.clock,
        "progress": watch.progress,
    }
    if task.is_limited and isinstance(task.objective, Shared):
        few = limits.limited(task.supply, task.wanted, task.most, links=task.links, **options)
        sparser = _sparser(task, few.weights, watch)
        bound = min(few.bound, task.largest)
        return _Proof(bound, bound, (few.weights, *sparser), few.steps, few.shared)
    best = keys.certified(
        task.supply, task.wanted, links=task.links, objective=task.objective, tolerance=TOLERANCE, **options
    )
    if isinstance(task.objective, Shared):
        sparser = _sparser(task, best.weights, watch)
        bound = min(best.bound, task.largest)
        return _Proof(bound, bound, (best.weights, *sparser), best.steps, best.shared)
    # Links may be fewer than the objective was told of: its bound holds all the same. That of energy is apart.
    energy = keys.certified(task.supply, task.wanted, links=task.links, tolerance=TOLERANCE, **options)
    return _Proof(best.bound, min(energy.bound, task.largest), (best.weights,), best.steps, best.shared)


def _sparser(task: _Task, weights: Array, watch: _Watch) -> list[Array]:
    """Nearly as good weights on fewer links: each link that is left out saves what the floor takes of it."""
    draws = np.where(task.links, weights, 0.0) * task.supply.sum(axis=0)[:, None]
    rank = np.argsort(np.argsort(-draws, axis=0, kind="stable"), axis=0, kind="stable")
    found = []
    for most in FEWER:
        if most >= (draws > 0).sum(axis=0).max(initial=0) or (watch.left() or 1.0) <= 0:
            break
        kept = task.links & (rank < most) & (draws > 0)
        few = keys.certified(task.supply, task.wanted, links=kept, tolerance=4 * TOLERANCE, clock=watch.clock)
        found.append(few.weights)
    return found


def _several_rounds(task: _Task, watch: _Watch) -> _Proof:
    """Several rounds are not concave: a concave bound over all keys, and its maximiser to start from."""
    over = _over(task, watch)
    one = _one_round_weights(task, watch)
    started = (one, *_sparser(task, one, watch), over.weights)
    bound = min(over.bound, task.largest)
    steps = over.steps or (Step(watch.seconds, 0.0, bound),)
    if isinstance(task.objective, Money):
        gains = np.maximum(task.objective.gains, 0.0)
        most = float(gains.max(initial=0.0)) * bound / 1e6
        return _Proof(most, bound, started, steps)
    return _Proof(bound, bound, started, steps)


def _over(task: _Task, watch: _Watch) -> bounds.RoundsBound:
    if task.links.sum() <= MANY or (task.rounds or ENOUGH) < ENOUGH:
        return bounds.rounds_bound(
            task.supply, task.wanted, task.rounds, links=task.links, time_limit=watch.left(BOUND_PART),
            clock=watch.clock, progress=watch.progress,
        )  # fmt: skip
    # Among so many pairs some keys always come near the largest flows of every interval.
    return bounds.RoundsBound(task.largest, np.where(task.links, 1.0, 0.0) / max(1, task.links.shape[1]), ())


def _one_round_weights(task: _Task, watch: _Watch) -> Array:
    """What one round would have: where searches for several rounds best begin."""
    options: dict[str, Any] = {"links": task.links, "time_limit": watch.left(0.2), "clock": watch.clock}
    if task.is_limited:
        return limits.limited(task.supply, task.wanted, task.most, tolerance=START, **options).weights
    return keys.certified(task.supply, task.wanted, tolerance=TOLERANCE, **options).weights


def _searched(
    task: _Task,
    proof: _Proof,
    method: str,
    watch: _Watch,
    rng: np.random.Generator | int,
    max_evaluations: int | None,
    pull: float,
) -> Optimum:
    """Replay what the proof suggests under the rule, search from there, and put the proof beside it."""
    month = Replay(task.supply, task.demand, rounds=task.rounds, quantum=task.quantum)
    certified = _on_grid(task, proof.weights[0])
    legal = certified.keys(task.supply.shape[1])
    on_grid = keys.shared(task.supply.astype(float), task.wanted.astype(float), legal / GRID)
    starts = [certified] if isinstance(task.objective, Coverage) else _starts(task, proof, certified)
    first = max(month.total_of(one.order, one.share) for one in starts)
    began = watch.seconds
    kind = "hill-climbing" if method == "exact" else method
    found = search.run(
        kind,
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
        target=proof.shared_bound if isinstance(task.objective, Shared) and pull == 0 else None,
        pull=pull,
        current=task.current if pull > 0 else None,
        value=np.maximum(task.objective.gains, 0.0) if isinstance(task.objective, Money) else None,
        bound=proof.shared_bound,
        progress=watch.progress,
        clock=watch.clock,
    )
    legal, shared = (found.keys, found.shared) if pull > 0 else _filled(month, found)
    history = (
        *(replace(step, shared=float(first), bound=min(step.bound, task.largest)) for step in proof.steps),
        *(replace(step, seconds=began + step.seconds) for step in found.steps),
        Step(watch.seconds, float(shared), proof.shared_bound),
    )
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
        on_grid=on_grid,
        value=value,
        value_bound=proof.bound,
    )


def _filled(month: Replay, found: search.Found) -> tuple[Whole, int]:
    """Keys that use up each producer, in proportion, unless that shares less: a rest invites questions."""
    full = found.keys.copy()
    for i in np.flatnonzero((full.sum(axis=1) > 0) & (full.sum(axis=1) < GRID)):
        full[i] = exact.vector(full[i] * (GRID / full[i].sum()), GRID)
    total = month.total(full, found.priority)
    return (full, total) if total >= found.shared else (found.keys, found.shared)


def _evaluations(task: _Task, method: str, watch: _Watch, wanted: int | None) -> int | None:
    if method == "exact":
        # Coverage is no sum that a shift could raise.
        return (
            0 if isinstance(task.objective, Coverage) else POLISH if wanted is None else min(wanted, POLISH)
        )
    return EVALUATIONS if wanted is None and watch.limit is None else wanted


def _on_grid(task: _Task, weights: Array) -> search.State:
    """The weights' own links, the largest draws where they are too many, and keys on the legal grid."""
    draws = np.where(task.links, weights, 0.0) * task.supply.sum(axis=0)[:, None]
    rank = np.argsort(np.argsort(-draws, axis=0, kind="stable"), axis=0, kind="stable")
    kept = np.where((rank < task.most) & (draws > 0), weights, 0.0)
    legal = grid.rounded(kept, grid=GRID)
    priority = _priorities(task, legal)
    held = agreement(legal, priority, most=task.most)
    return search.State(held.order, held.share)


def _priorities(task: _Task, legal: Whole) -> Whole:
    """The larger draw first, or the larger gain where money is chosen for; 0 without a key."""
    if isinstance(task.objective, Money):
        merit = task.objective.gains.astype(np.float64)
    else:
        merit = legal * task.supply.sum(axis=0)[:, None].astype(np.float64)
    order = np.argsort(np.argsort(np.where(legal > 0, merit, -np.inf), axis=0, kind="stable"), axis=0)
    linked = (legal > 0).sum(axis=0)
    rank = order - (len(legal) - linked) + 1
    return np.asarray(np.where(legal > 0, rank, 0), dtype=np.int64)


def _starts(task: _Task, proof: _Proof, certified: search.State) -> list[search.State]:
    """Where a search may begin: certified, the bound's maximiser, by demand, and today's keys."""
    found = [certified]
    for weights in proof.weights:
        allowed = np.where(task.links, weights, 0.0)
        found.append(search.from_weights(task.supply, allowed, max_links=task.most))
    found.append(search.proportional(task.supply, task.demand, links=task.links, max_links=task.most))
    if task.current is not None:
        found.append(_on_grid(task, task.current / GRID))
    return found
