"""The best keys that stay the same in every interval, under one round without floor, with a proof of how good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.sharing.certificate.central_path import CentralPath, Proof
from evenwatt.sharing.certificate.cuts import Cuts
from evenwatt.sharing.certificate.least_path import LeastPath
from evenwatt.sharing.certificate.task import Task, allowed, energies, prepared
from evenwatt.sharing.history import Step
from evenwatt.sharing.objectives import Least, Linear, Objective, Shared
from evenwatt.sharing.watch import Progress

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MOST_STEPS = 100  # Newton steps; ten to thirty are usual
PATIENCE, MORE_PATIENCE = (
    12,
    30,
)  # Newton steps in which a tenth of the gap must close, with few links and many
FEW_LINKS, MANY_LINKS = 10_000, 100_000  # few; above many, cutting planes are not tried
MOST_CUTS = 200


@dataclass(frozen=True, eq=False)
class Certified:
    """Keys, what they share, and what no keys exceed.

    Attributes
    ----------
    weights : (I, J)
        Part of each producer's supply that each consumer may draw, from 0 to 1; a producer's sum to at most 1.
    shared : float
        What they share in one round without floor [Wh].
    value, bound : float
        The objective by these keys, and what no keys exceed, to rounding of 1e-12: [Wh] for shared energy,
        money for money, and for coverage the coverage that, the same for all, would be as good.
    intercept, slope : (J,), (I, J)
        The proof: by any keys a consumer gets at most ``intercept + slope @ weights`` [Wh, or money], so all of
        them at most the sum of intercepts and of each producer's largest slope.
    steps : tuple of Step
        Value and bound second by second.
    """

    weights: Array
    shared: float
    value: float
    bound: float
    intercept: Array
    slope: Array
    steps: tuple[Step, ...]

    @property
    def gap(self) -> float:
        """What may be missing yet, as a fraction of the bound; 0 where there is nothing to share."""
        return (self.bound - self.value) / self.bound if self.bound > 0 else 0.0


def certified(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    *,
    links: npt.ArrayLike | None = None,
    objective: Objective | None = None,
    tolerance: float = 1e-3,
    time_limit: float | None = None,
    start: npt.ArrayLike | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = perf_counter,
) -> Certified:
    """Best fixed keys under one round without floor, and a bound that proves it.

    Consumer j gets the sum over t of min(d_jt, sum_i w_ij s_it), which is concave in the weights; priorities
    do not change it. Newton steps along a central path come near in a dozen steps; what is left, where periods
    are short and kinks few, is closed by cutting planes.

    Parameters
    ----------
    supply : (T, I)
        What producers feed in [Wh].
    demand : (T, J)
        What consumers draw [Wh].
    links : (I, J) bool, optional
        Pairs that may share; all by default.
    objective : Shared, Money or Coverage
        What to maximise; shared energy by default.
    tolerance : float
        Stop at this gap.
    time_limit : float, optional
        Stop after so long [s] with the certificate reached by then.
    start : (I, J), optional
        Weights that are known: the result is at least as good.
    progress : callable, optional
        Told Newton steps done, how many there can be, and what goes on.
    clock : callable
        Seconds, for the history and the limit.

    Raises
    ------
    ProblemError
        Naming every argument that does not fit.

    Source: Kelley 1960, doi:10.1137/0108053 (lines above a concave total); Mehrotra 1992, doi:10.1137/0802028.

    Examples
    --------
    One producer; the two consumers want it at different times:

    >>> found = certified([[4], [4]], [[1, 3], [3, 1]], tolerance=1e-9)
    >>> round(found.shared, 6), round(found.bound, 6), found.weights.round(4)
    (6.0, 6.0, array([[0.5, 0.5]]))
    """
    begun = clock()
    offered, wanted = energies(supply, demand)
    producers, consumers = offered.shape[1], wanted.shape[1]
    given = None if start is None else _known(start, producers, consumers)
    chosen = Shared() if objective is None else objective
    task = prepared(offered, wanted, allowed(links, producers, consumers), chosen)
    if task is None:
        return _nothing(producers, consumers, clock() - begun)
    climb = _Climb(task, given, tolerance, time_limit, lambda: clock() - begun, progress)
    climb.along_the_path()
    climb.by_cuts()
    weights = task.full(climb.best)
    lines = _lines(task, climb.proof)
    return Certified(
        weights, shared(offered, wanted, weights), climb.value, climb.bound, *lines, tuple(climb.steps)
    )


class _Climb:
    """The best weights and the least bound so far, and when to stop."""

    def __init__(
        self,
        task: Task,
        start: Array | None,
        tolerance: float,
        time_limit: float | None,
        seconds: Callable[[], float],
        progress: Progress | None,
    ) -> None:
        self.task, self.tolerance, self.time_limit = task, tolerance, time_limit
        self.seconds, self.progress = seconds, progress
        self.best = task.even() if start is None else task.normal(task.by_link(start))
        self.value = task.value(self.best)
        self.bound = max(self.value, task.ceiling)
        self.steps = [Step(seconds(), self.value, self.bound)]

    def along_the_path(self) -> None:
        """Newton steps until the gap is closed, or no longer closes."""
        # The path begins inside; a start is worth having where it is, and near enough to begin from.
        path = _path(self.task, self.task.normal(0.9 * self.best + 0.1 * self.task.even()))
        self.proof = path.proof()
        self._note(self.proof)
        while not self._is_over() and not self._is_stuck():
            path.step(self.steps[-1].gap)
            self._note(path.proof())

    def by_cuts(self) -> None:
        """Cutting planes for what gap is left."""
        if self._is_over() or self._links > MANY_LINKS:
            return
        cuts = Cuts(self.task.levels, self.task.goal, self.proof)
        cuts.touch(self.best)
        for _ in range(MOST_CUTS):
            self._note(cuts.step(self.best))
            if self._is_over():
                return

    @property
    def _links(self) -> int:
        return int((self.task.levels.who >= 0).sum())

    def _is_over(self) -> bool:
        last = self.steps[-1]
        is_late = self.time_limit is not None and last.seconds >= self.time_limit
        return last.gap <= self.tolerance or is_late

    def _is_stuck(self) -> bool:
        held = self.steps
        patience = PATIENCE if self._links <= FEW_LINKS else MORE_PATIENCE
        return len(held) > MOST_STEPS or (len(held) > patience and held[-1].gap > 0.9 * held[-patience].gap)

    def _note(self, proof: Proof) -> None:
        if proof.value > self.value:
            self.best, self.value = proof.weights, proof.value
        if proof.bound < self.proof.bound:
            self.proof = proof
        self.bound = max(self.value, min(self.bound, proof.bound))
        self.steps.append(Step(self.seconds(), self.value, self.bound))
        if self.progress is not None:
            self.progress(len(self.steps), MOST_STEPS + MOST_CUTS, "keys")


def _path(task: Task, weights: Array) -> CentralPath:
    if isinstance(task.goal, Least):
        return LeastPath(task.levels, task.goal, weights)
    return CentralPath(task.levels, task.goal, weights)


def shared(supply: Array, demand: Array, weights: Array) -> float:
    """What weights (I, J) share of supply (T, I) and demand (T, J) in one round without floor [Wh].

    Examples
    --------
    >>> shared(np.array([[4.0], [4.0]]), np.array([[1.0, 3.0], [3.0, 1.0]]), np.array([[0.5, 0.5]]))
    6.0
    """
    return float(np.minimum(demand, supply @ weights).sum())


def _lines(task: Task, proof: Proof) -> tuple[Array, Array]:
    """Intercepts (J,) and slopes (I, J) of all consumers, those that are left out at zero."""
    consumers, owner = len(task.consumers), task.levels.owner
    per_worth = np.ones(consumers)
    if not isinstance(task.goal, Linear):
        per_worth = 1 / proof.worth
    unit = task.goal.unit if isinstance(task.goal, Linear) else task.unit
    intercept = np.zeros(task.shape[1])
    intercept[task.consumers] = np.bincount(owner, proof.intercept, consumers) * per_worth * unit
    return intercept, task.full(proof.slope * per_worth[:, None] * unit)


def _known(start: npt.ArrayLike, producers: int, consumers: int) -> Array:
    held = np.asarray(start, dtype=np.float64)
    with gather("start", ProblemError) as faults:
        if held.shape != (producers, consumers):
            faults.append(f"shape {held.shape}, expected ({producers}, {consumers})")
        elif not (np.isfinite(held) & (held >= 0)).all():
            faults.append("holds weights that are not finite or below 0")
        elif (held.sum(axis=1) > 1 + 1e-9).any():
            worst = int(held.sum(axis=1).argmax())
            faults.append(f"producer {worst}: weights sum to {held[worst].sum():.6g}; expected at most 1")
    return held


def _nothing(producers: int, consumers: int, seconds: float) -> Certified:
    empty = np.zeros((producers, consumers))
    return Certified(empty, 0.0, 0.0, 0.0, np.zeros(consumers), empty.copy(), (Step(seconds, 0.0, 0.0),))
