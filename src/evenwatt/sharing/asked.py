"""What is asked of a choice of keys: readings, rule and objective, checked, all faults at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.sharing import search
from evenwatt.sharing.interval_keys import best_flows
from evenwatt.sharing.objectives import Coverage, Money, Objective, Shared
from evenwatt.sharing.problem import agreement, whole_wh

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

METHODS = ("exact", *search.METHODS)


@dataclass(frozen=True, eq=False)
class Asked:
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


def asked(
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
) -> Asked:
    """Check the arguments of :func:`evenwatt.sharing.optimise`.

    Raises
    ------
    ProblemError
        Naming every fault.
    """
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
    return Asked(given, wanted, rounds, int(quantum), allowed, most, chosen, held)
