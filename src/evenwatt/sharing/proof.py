"""What no keys exceed under a rule, and weights from which to look for keys that come near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.sharing import bound as bounds
from evenwatt.sharing import keys
from evenwatt.sharing import links as limits
from evenwatt.sharing.asked import Asked
from evenwatt.sharing.history import Step
from evenwatt.sharing.objectives import Money, Shared
from evenwatt.sharing.watch import Watch

Array = npt.NDArray[np.float64]

BOUND_PART = 0.4  # of the time limit: what the bound may take before the search
FEWER = (1, 2, 3)  # links a consumer that are tried besides: fewer links, fewer floors
MANY, ENOUGH = 3_000, 5  # pairs and rounds from which the bound has only ever come out as the largest flows
START = 5e-3  # gap that is enough to start a search from
TOLERANCE = 5e-4  # gap at which the certified keys stop


@dataclass(frozen=True, eq=False)
class Proof:
    """A bound, and weights (I, J) to start from."""

    bound: float
    shared_bound: float
    weights: tuple[Array, ...]
    steps: tuple[Step, ...]
    unrounded: float = float("nan")


def prove(task: Asked, watch: Watch) -> Proof:
    """A bound on what any keys share, and weights to start from."""
    return _one_round(task, watch) if task.rounds == 1 else _several_rounds(task, watch)


def _one_round(task: Asked, watch: Watch) -> Proof:
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
        return Proof(bound, bound, (few.weights, *sparser), few.steps, few.shared)
    best = keys.certified(
        task.supply, task.wanted, links=task.links, objective=task.objective, tolerance=TOLERANCE, **options
    )
    if isinstance(task.objective, Shared):
        sparser = _sparser(task, best.weights, watch)
        bound = min(best.bound, task.largest)
        return Proof(bound, bound, (best.weights, *sparser), best.steps, best.shared)
    # Links may be fewer than the objective was told of: its bound holds all the same. That of energy is apart.
    energy = keys.certified(task.supply, task.wanted, links=task.links, tolerance=TOLERANCE, **options)
    return Proof(best.bound, min(energy.bound, task.largest), (best.weights,), best.steps, best.shared)


def _sparser(task: Asked, weights: Array, watch: Watch) -> list[Array]:
    """Nearly as good weights on fewer links: each link that is left out saves what the floor takes of it."""
    draws = np.where(task.links, weights, 0.0) * task.supply.sum(axis=0)[:, None]
    found = []
    for most in FEWER:
        if most >= (draws > 0).sum(axis=0).max(initial=0) or (watch.left() or 1.0) <= 0:
            break
        kept = task.links & limits.largest(draws, most) & (draws > 0)
        few = keys.certified(task.supply, task.wanted, links=kept, tolerance=4 * TOLERANCE, clock=watch.clock)
        found.append(few.weights)
    return found


def _several_rounds(task: Asked, watch: Watch) -> Proof:
    """Several rounds are not concave: a concave bound over all keys, and its maximiser to start from."""
    over = _over(task, watch)
    one = _one_round_weights(task, watch)
    started = (one, *_sparser(task, one, watch), over.weights)
    bound = min(over.bound, task.largest)
    steps = over.steps or (Step(watch.seconds, 0.0, bound),)
    if isinstance(task.objective, Money):
        gains = np.maximum(task.objective.gains, 0.0)
        most = float(gains.max(initial=0.0)) * bound / 1e6
        return Proof(most, bound, started, steps)
    return Proof(bound, bound, started, steps)


def _over(task: Asked, watch: Watch) -> bounds.RoundsBound:
    if task.links.sum() <= MANY or (task.rounds or ENOUGH) < ENOUGH:
        return bounds.rounds_bound(
            task.supply, task.wanted, task.rounds, links=task.links, time_limit=watch.left(BOUND_PART),
            clock=watch.clock, progress=watch.progress,
        )  # fmt: skip
    # Among so many pairs some keys always come near the largest flows of every interval.
    return bounds.RoundsBound(task.largest, np.where(task.links, 1.0, 0.0) / max(1, task.links.shape[1]), ())


def _one_round_weights(task: Asked, watch: Watch) -> Array:
    """What one round would have: where searches for several rounds best begin."""
    options: dict[str, Any] = {"links": task.links, "time_limit": watch.left(0.2), "clock": watch.clock}
    if task.is_limited:
        return limits.limited(task.supply, task.wanted, task.most, tolerance=START, **options).weights
    return keys.certified(task.supply, task.wanted, tolerance=TOLERANCE, **options).weights
