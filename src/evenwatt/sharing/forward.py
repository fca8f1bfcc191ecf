"""Keys chosen on past months and judged on the next: what they are worth to someone who cannot see ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.sharing.plan import Plan, equal_keys, proportional_keys
from evenwatt.sharing.problem import whole_wh
from evenwatt.sharing.replay import Replay
from evenwatt.sharing.watch import Progress

Whole = npt.NDArray[np.int64]

PULLS = (0.0, 1e-3, 1e-2, 1e-1)  # what moving a key in full costs, as a part of what could be shared
CANDIDATES = ("current", "equal", "proportional", "optimised", "hindsight")


Optimise = Callable[[Whole, Whole, Plan, float], Plan]  # supply, demand, start, pull -> plan


@dataclass(frozen=True, eq=False)
class Fold:
    """One window judged by keys that were chosen before it.

    Attributes
    ----------
    window : int
        The one that was judged.
    trained : tuple of int
        Those before it on which keys were chosen.
    start : str
        What the optimised keys were held to: "current" or "proportional".
    pull : float
        How strongly; infinite where staying there was best.
    plans : dict of str to Plan
        By candidate, in the order of ``CANDIDATES``; "hindsight" was chosen on the judged window itself.
    inside, outside : dict of str to float
        Shared energy as a part of what could be shared, on the windows trained on and on the one judged.
    ideal : int
        What could be shared at most in the judged window [Wh].
    """

    window: int
    trained: tuple[int, ...]
    start: str
    pull: float
    plans: dict[str, Plan]
    inside: dict[str, float]
    outside: dict[str, float]
    ideal: int


class Spread(NamedTuple):
    """Least, mean and largest over all folds."""

    least: float
    mean: float
    largest: float


@dataclass(frozen=True, eq=False)
class WalkForward:
    """All folds."""

    folds: tuple[Fold, ...]

    def outside(self, candidate: str) -> Spread:
        """What a candidate reached on windows it had not seen."""
        return _spread([fold.outside[candidate] for fold in self.folds])

    def inside(self, candidate: str) -> Spread:
        """What a candidate reached on the windows it was chosen on; never show it alone."""
        return _spread([fold.inside[candidate] for fold in self.folds])

    @property
    def candidates(self) -> tuple[str, ...]:
        """Which were compared."""
        return tuple(self.folds[0].plans) if self.folds else ()

    @property
    def hindsight_gap(self) -> float:
        """What not seeing ahead costs on average, as a part of what could be shared."""
        return self.outside("hindsight").mean - self.outside("optimised").mean

    def rows(self) -> Iterator[dict[str, float | int | str]]:
        """One row per fold and candidate, for tables: shares are fractions of the ideal."""
        for fold in self.folds:
            for name in fold.plans:
                yield {
                    "window": fold.window, "candidate": name, "inside": fold.inside[name],
                    "outside": fold.outside[name], "ideal_wh": fold.ideal, "start": fold.start,
                    "pull": fold.pull,
                }  # fmt: skip


def walk_forward(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    windows: npt.ArrayLike,
    optimise: Optimise,
    *,
    priority: npt.ArrayLike,
    current: npt.ArrayLike | None = None,
    rounds: int | None = 5,
    quantum: int = 10,
    train: int | None = None,
    pulls: Sequence[float] = PULLS,
    progress: Progress | None = None,
) -> WalkForward:
    """Choose keys on past windows and judge them on the next, window after window.

    Parameters
    ----------
    supply, demand : (T, I), (T, J)
        Whole Wh.
    windows : (T,)
        Labels of intervals, such as local months; a new label begins a new window.
    optimise : callable
        ``optimise(supply, demand, start, pull) -> Plan``, the better keys of some intervals, drawn towards
        ``start`` by ``pull``.
    priority : (I, J)
        Today's, the larger first, 0 = no link.
    current : (I, J), optional
        Today's keys, towards which the optimised ones are held back; without them those in proportion to past
        demand take their place.
    rounds, quantum : int
        Of the rule that judges.
    train : int, optional
        Windows before the judged one to choose on; all of them by default.
    pulls : sequence of float
        Tried on the windows trained on, the last of which judges (where there is only one, its later half).

    Returns
    -------
    WalkForward
        Beside the optimised keys the equal, the proportional, today's, and those of hindsight: the best that
        is known for the judged window, as if it had been seen.

    Raises
    ------
    ProblemError
        If there are not two windows, or arrays do not fit.

    Examples
    --------
    >>> from evenwatt.data.group import group
    >>> season = group(1, 4, seed=3, days=61, coverage=0.4, drift=True)
    >>> months = (season.start + np.timedelta64(2, "h")).astype("datetime64[M]")
    >>> stay = lambda supply, demand, start, pull: start
    >>> found = walk_forward(season.supply, season.demand, months, stay, priority=np.ones((1, 4), int))
    >>> found.candidates
    ('equal', 'proportional', 'optimised', 'hindsight')
    >>> found.outside("optimised").mean == found.outside("proportional").mean
    True
    """
    given, wanted = whole_wh(supply, "supply"), whole_wh(demand, "demand")
    labels, ranks = np.asarray(windows), whole_wh(priority, "priority")
    _check(given, wanted, labels, ranks, train, pulls)
    parts = _stretches(labels)
    judge = _Judge(given, wanted, parts, rounds, quantum)
    today = None if current is None else Plan(whole_wh(current, "current"), ranks)
    chooser = _Chooser(optimise, today, ranks, pulls)
    folds = []
    for window in range(1, len(parts)):
        if progress is not None:
            progress(window - 1, len(parts) - 1, f"window {window + 1} of {len(parts)}")
        past = tuple(range(0 if train is None else max(0, window - train), window))
        folds.append(_fold(judge, past, window, chooser))
    return WalkForward(tuple(folds))


class _Judge:
    """What a plan shares in each window, as a part of what could be shared."""

    def __init__(
        self, supply: Whole, demand: Whole, parts: list[slice], rounds: int | None, quantum: int
    ) -> None:
        self.supply, self.demand, self.parts = supply, demand, parts
        self.rounds, self.quantum = rounds, quantum
        self.replays = [self._replay(part) for part in parts]

    def ideal(self, window: int) -> int:
        return self.replays[window].ideal

    def share(self, plan: Plan, window: int) -> float:
        return _part(self.replays[window], plan)

    def mean(self, plan: Plan, windows: Sequence[int]) -> float:
        return float(np.mean([self.share(plan, window) for window in windows]))

    def energies(self, windows: Sequence[int]) -> tuple[Whole, Whole]:
        rows = np.concatenate([np.arange(self.parts[w].start, self.parts[w].stop) for w in windows])
        return self.supply[rows], self.demand[rows]

    def split(self, past: Sequence[int]) -> tuple[Whole, Whole, Replay]:
        """Where to choose and where to judge inside the past."""
        if len(past) > 1:
            return *self.energies(past[:-1]), self.replays[past[-1]]
        part = self.parts[past[0]]
        middle = (part.start + part.stop + 1) // 2
        early = slice(part.start, middle)
        return self.supply[early], self.demand[early], self._replay(slice(middle, part.stop))

    def _replay(self, part: slice) -> Replay:
        return Replay(self.supply[part], self.demand[part], rounds=self.rounds, quantum=self.quantum)


@dataclass(frozen=True, eq=False)
class _Chooser:
    """How keys are chosen from past energies alone."""

    optimise: Optimise
    today: Plan | None
    ranks: Whole
    pulls: Sequence[float]

    def starts(self, demand: Whole) -> dict[str, Plan]:
        """What keys may be held to, by name."""
        held = {} if self.today is None else {"current": self.today}
        return {**held, "proportional": proportional_keys(demand, self.ranks)}

    def plan(self, supply: Whole, demand: Whole, start: str, pull: float) -> Plan:
        """Keys of some intervals; an infinite pull stays at the start."""
        held = self.starts(demand)[start]
        return held if np.isinf(pull) else self.optimise(supply, demand, held, pull)

    def best(self, judge: _Judge, past: Sequence[int]) -> tuple[str, float]:
        """Start and pull that do best on the last of the past, chosen on what came before it.

        Of equals the strongest pull: keys are not moved for nothing.
        """
        supply, demand, last = judge.split(past)
        names = list(self.starts(demand))
        # Staying is tried at every start, moving from the first: today's keys where there are any.
        tried = [(name, np.inf) for name in names]
        tried += [(names[0], pull) for pull in sorted(self.pulls, reverse=True)]
        return max(tried, key=lambda choice: _part(last, self.plan(supply, demand, *choice)))


def _fold(judge: _Judge, past: tuple[int, ...], window: int, chooser: _Chooser) -> Fold:
    """Every candidate of one window."""
    supply, demand = judge.energies(past)
    starts = chooser.starts(demand)
    start, pull = chooser.best(judge, past)
    plans = {name: starts[name] for name in starts if name == "current"}
    plans["equal"] = equal_keys(chooser.ranks)
    plans["proportional"] = starts["proportional"]
    plans["optimised"] = chooser.plan(supply, demand, start, pull)
    seen = chooser.optimise(*judge.energies([window]), plans["optimised"], 0.0)
    plans["hindsight"] = max([*plans.values(), seen], key=lambda plan: judge.share(plan, window))
    return Fold(
        window, past, start, pull, plans,
        inside={name: judge.mean(plan, past) for name, plan in plans.items()},
        outside={name: judge.share(plan, window) for name, plan in plans.items()},
        ideal=judge.ideal(window),
    )  # fmt: skip


def _part(replay: Replay, plan: Plan) -> float:
    """Shared energy as a part of what could be; 1 where nothing could."""
    return replay.total(plan.keys, plan.priority) / replay.ideal if replay.ideal else 1.0


def _stretches(labels: npt.NDArray[np.generic]) -> list[slice]:
    """Where each window begins and ends."""
    edges = [0, *(np.flatnonzero(labels[1:] != labels[:-1]) + 1).tolist(), len(labels)]
    return [slice(a, b) for a, b in pairwise(edges)]


def _spread(values: list[float]) -> Spread:
    return Spread(min(values), float(np.mean(values)), max(values))


def _check(
    supply: Whole,
    demand: Whole,
    labels: npt.NDArray[np.generic],
    ranks: Whole,
    train: int | None,
    pulls: Sequence[float],
) -> None:
    """Name everything that does not fit."""
    with gather("walk_forward", ProblemError) as faults:
        if len(demand) != len(supply):
            faults.append(f"demand has {len(demand)} intervals, supply {len(supply)}; expected as many")
        if labels.shape != (len(supply),):
            faults.append(f"windows: shape {labels.shape}, expected ({len(supply)},), one label per interval")
        elif len(supply) < 2 or (labels == labels[0]).all():
            faults.append("windows: only one; expected two at least, one to choose on and one to judge")
        if ranks.shape != (supply.shape[1], demand.shape[1]):
            faults.append(f"priority: shape {ranks.shape}, expected {(supply.shape[1], demand.shape[1])}")
        if train is not None and train < 1:
            faults.append(f"train: {train}; expected a whole number of windows, at least 1")
        for pull in pulls:
            if not (np.isfinite(pull) and pull >= 0):
                faults.append(f"pulls: {pull}; expected finite numbers, 0 or more")
