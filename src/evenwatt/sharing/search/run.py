"""Run a search for better keys under the true rule, within limits, with its history."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import generator
from evenwatt.core.errors import ProblemError, gather
from evenwatt.sharing.history import Step, told
from evenwatt.sharing.search.annealing import Annealing
from evenwatt.sharing.search.climbing import HillClimbing
from evenwatt.sharing.search.genetic import Genetic
from evenwatt.sharing.search.ground import ground, ideal, mark
from evenwatt.sharing.search.saved import Saved
from evenwatt.sharing.search.state import Start, State, states
from evenwatt.sharing.search.walk import batch
from evenwatt.sharing.watch import Progress

if TYPE_CHECKING:
    from evenwatt.sharing.search._paths_kernels import Ground

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

METHODS = ("hill-climbing", "annealing", "genetic")
MOVES = 20_000  # tried where no limit is named


class Method(Protocol):
    """What the three searches have in common."""

    tried: int

    @property
    def best(self) -> State:
        """The best state seen."""
        ...

    @property
    def best_worth(self) -> float:
        """Its worth."""
        ...

    def advance(self, moves: int, part: float, target: float) -> None:
        """Try so many moves, fewer where the target is reached; ``part`` of the search is done before them."""
        ...

    def tables(self) -> dict[str, npt.NDArray[Any]]:
        """Where the search stands."""
        ...

    def resume(self, tables: Mapping[str, npt.NDArray[Any]], tried: int) -> None:
        """Stand where :meth:`tables` says."""
        ...


@dataclass(frozen=True, eq=False)
class Found:
    """The best keys and priorities that a search came upon.

    Attributes
    ----------
    keys : (I, J) int64
        Keys [1/10,000]; every producer's sum to at most 10,000.
    priority : (I, J) int64
        Priorities, the larger first, 0 = no link.
    shared : int
        What the rule shares with them [Wh].
    worth : float
        The objective: ``shared``, unless values or a pull were given.
    state : Saved
        Hand it to :func:`run` as ``resume`` to go on.
    steps : tuple of Step
        The history: whenever a batch of moves found something better.
    evaluations : int
        Moves tried, those of the run that it resumed included.
    """

    keys: Whole
    priority: Whole
    shared: int
    worth: float
    state: Saved
    steps: tuple[Step, ...]
    evaluations: int

    def __str__(self) -> str:
        """One line: shared, bound, gap, seconds."""
        return told(self.state.method, self.steps)


@dataclass(frozen=True)
class _Limits:
    """When a search ends."""

    evaluations: int | None
    seconds: float | None
    target: float

    def part(self, tried: int, seconds: float) -> float:
        """How much of the search is done, from 0 to 1."""
        parts = [0.0]
        if self.evaluations is not None:
            parts.append(tried / self.evaluations if tried < self.evaluations else 1.0)
        if self.seconds is not None:
            parts.append(seconds / self.seconds if self.seconds > 0 else 1.0)
        return min(1.0, max(parts))


def run(
    method: str,
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    start: Start | Sequence[Start],
    *,
    rounds: int | None,
    quantum: int = 10,
    links: npt.ArrayLike | None = None,
    max_links: int = 5,
    rng: np.random.Generator | int | None = 0,
    max_evaluations: int | None = None,
    time_limit: float | None = None,
    target: float | None = None,
    pull: float = 0.0,
    current: npt.ArrayLike | None = None,
    value: npt.ArrayLike | None = None,
    bound: float | None = None,
    resume: Saved | None = None,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    clock: Callable[[], float] = perf_counter,
) -> Found:
    """Look for keys, priorities and links that share more, every candidate replayed under the rule.

    What is found depends on the seed and the number of moves tried, on the clock only where ``time_limit`` asks
    for it. A search proves nothing: hold its result against a certified bound.

    Parameters
    ----------
    method : str
        ``"hill-climbing"``, ``"annealing"`` or ``"genetic"``.
    supply : (T, I)
        Surplus fed in [Wh], whole.
    demand : (T, J)
        Demand left after own use [Wh], whole.
    start : State, (keys, priority) or a list of these
        Where to begin; of several the best, but ``"genetic"`` begins from all.
    rounds : int, optional
        Of the rule; None goes on until a round moves nothing.
    quantum : int
        The rule rounds every share down to a multiple of this [Wh].
    links : (I, J) bool, optional
        Pairs that may share; by default all.
    max_links : int
        Producers a consumer may have at most.
    rng : Generator or int
        Same seed, same result.
    max_evaluations : int, optional
        Moves to try, those of the run that is resumed included; 20,000 where no limit is named.
    time_limit : float, optional
        Seconds.
    target : float, optional
        Worth at which to stop, such as a bound [Wh].
    pull : float
        Worth lost per key that leaves ``current`` in full, as a fraction of what could be shared at best.
    current : (I, J), optional
        The keys that ``pull`` draws towards [1/10,000].
    value : (I, J), optional
        Worth of a Wh of each pair, to look for the most worth instead of the most energy.
    bound : float, optional
        What is proved that no keys exceed, for the history [Wh]; by default what could be shared if everything
        could go anywhere.
    resume : Saved, optional
        Go on with this search; ``start`` and ``rng`` count for nothing.
    progress : callable, optional
        Called with (done, total, words) between batches.
    stop : callable, optional
        Asked between batches; true ends the search with what it has.
    clock : callable
        Seconds from any moment on.

    Raises
    ------
    ProblemError
        Naming every fault of the measurements, limits, links or start.

    Examples
    --------
    >>> supply, demand = np.array([[400], [400]]), np.array([[100, 300], [300, 100]])
    >>> found = run("hill-climbing", supply, demand, ([[9000, 1000]], [[1, 1]]), rounds=1, max_evaluations=300)
    >>> found.steps[0].shared, found.shared
    (480.0, 600)
    """
    begun = clock()
    held = ground(
        supply,
        demand,
        rounds=rounds,
        quantum=quantum,
        links=links,
        value=value,
        current=current,
        pull=pull,
    )
    _check(method, max_links, max_evaluations, time_limit)
    if max_evaluations is None and time_limit is None:
        max_evaluations = MOVES
    limits = _Limits(max_evaluations, time_limit, np.inf if target is None else float(target))
    width = min(max_links, len(held.allowed))
    if resume is None:
        seed = int(generator(rng).integers(2**62))
        search = _method(method, held, states(start, held.allowed, width), seed, limits)
    else:
        search, seed = _resumed(method, held, resume, limits), resume.seed
    proved = ideal(held) if bound is None else float(bound)
    steps = [Step(clock() - begun, float(_shared(held, search.best)), proved)]
    reached = search.best_worth
    moves = batch(held, width)
    while True:
        seconds = clock() - begun
        part = limits.part(search.tried, seconds)
        if progress is not None:
            progress(round(1000 * part), 1000, f"{method}: {search.tried:,} keys tried, {_told(steps[-1])}")
        if part >= 1.0 or search.best_worth >= limits.target or (stop is not None and stop()):
            break
        left = moves if limits.evaluations is None else limits.evaluations - search.tried
        search.advance(min(moves, left), part, limits.target)
        if search.best_worth > reached:
            reached = search.best_worth
            steps.append(Step(clock() - begun, float(_shared(held, search.best)), proved))
    best = search.best
    return Found(
        keys=best.keys(len(held.allowed)),
        priority=best.priority(len(held.allowed)),
        shared=_shared(held, best),
        worth=search.best_worth,
        state=Saved(method, mark(held), seed, search.tried, search.tables()),
        steps=tuple(steps),
        evaluations=search.tried,
    )


def _told(step: Step) -> str:
    """What was found and what is proved, in a few words."""
    return f"shared {step.shared / 1e6:,.3f} of at most {step.bound / 1e6:,.3f} MWh, gap {step.gap:.2%}"


def _check(method: str, max_links: int, max_evaluations: int | None, time_limit: float | None) -> None:
    with gather("search", ProblemError) as faults:
        if method not in METHODS:
            near = difflib.get_close_matches(method, METHODS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            faults.append(f"unknown method {method!r}{hint} There are {', '.join(METHODS)}")
        if max_links < 1:
            faults.append(f"max_links: {max_links}; expected at least 1")
        if max_evaluations is not None and max_evaluations < 0:
            faults.append(f"max_evaluations: {max_evaluations}; expected 0 or more")
        if time_limit is not None and not time_limit >= 0:
            faults.append(f"time_limit: {time_limit} s; expected 0 or more")


def _method(name: str, held: Ground, starts: list[State], seed: int, limits: _Limits) -> Method:
    if name == "annealing":
        return Annealing(held, starts, seed, None if limits.seconds is not None else limits.evaluations)
    return HillClimbing(held, starts, seed) if name == "hill-climbing" else Genetic(held, starts, seed)


def _resumed(name: str, held: Ground, saved: Saved, limits: _Limits) -> Method:
    """The saved search, standing where it stood."""
    with gather("resume", ProblemError) as faults:
        if saved.method != name:
            faults.append(f"the saved search is {saved.method!r}, not {name!r}")
        if saved.mark != mark(held):
            faults.append("the saved search belongs to other measurements, rule or objective")
    orders = "orders" if name == "genetic" else "order"
    order = saved.tables[orders].reshape(-1, *saved.tables[orders].shape[-2:])[0]
    search = _method(name, held, [State(order, np.zeros_like(order))], saved.seed, limits)
    search.resume(saved.tables, saved.tried)
    return search


def _shared(held: Ground, state: State) -> int:
    """What the rule shares, replayed afresh [Wh]."""
    from evenwatt.sharing._rounds_kernels import shared_total

    return int(
        shared_total(held.supply_rows, held.demand_rows, state.order, state.share, held.rounds, held.quantum)
    )
