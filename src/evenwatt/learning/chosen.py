"""The rule a careful operator would run: the one that did best on the end of the past, not on the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evenwatt.core.chance import generator
from evenwatt.core.errors import ProblemError
from evenwatt.learning.allocator import Allocated, Allocator, Progress, Rng
from evenwatt.learning.columns import Array
from evenwatt.learning.history import History
from evenwatt.learning.walk import Fold, folds, past_of
from evenwatt.learning.welfare import Welfare

MONEY = Welfare()
HELD_OUT = 0.2  # last part of the past, on which the candidates are compared


@dataclass(frozen=True)
class ByChoice:
    """Fits every candidate on the first part of its past, compares them on the last, and fits the best anew.

    Attributes
    ----------
    candidates : sequence of Allocator
        The first wins ties, so put the simplest first.
    objective : Welfare
        What is compared.
    best : Allocator or None
        The choice, fitted on the whole past; None before.
    worth : tuple of (str, float)
        What each candidate was worth on the held-out part, by its name [money].

    Raises
    ------
    ProblemError
        If there is no candidate, or the past is too short to hold anything out.
    """

    candidates: Sequence[Allocator]
    objective: Welfare = MONEY
    best: Allocator | None = None
    worth: tuple[tuple[str, float], ...] = ()
    name: str = "chosen"
    title: str = "Chosen on the end of the past"
    learns: bool = True

    def __post_init__(self) -> None:
        if not self.candidates:
            raise ProblemError("a choice needs at least one rule to choose from")

    def fit(self, past: History, *, rng: Rng = 0, progress: Progress | None = None) -> ByChoice:
        """A copy with the best candidate, fitted on the whole past."""
        chance = generator(rng)
        worth = self.compared(past, rng=chance, progress=progress)
        best = self.candidates[int(np.argmax([amount for _, amount in worth]))]
        return replace(self, best=best.fit(past, rng=chance.spawn(1)[0], progress=progress), worth=worth)

    def compared(
        self, past: History, *, rng: Rng = 0, progress: Progress | None = None
    ) -> tuple[tuple[str, float], ...]:
        """What each candidate was worth on the last part of the past, fitted on the first, by its name [money]."""
        chance = generator(rng)
        cut = self._held_out(past)
        before, now = past_of(past, cut), past.at_gate(cut.test)
        worth = []
        for place, rule in enumerate(self.candidates):
            if progress is not None:
                progress(place, len(self.candidates) + 1, rule.title)
            flows = rule.fit(before, rng=chance.spawn(1)[0]).allocate(now).flows
            worth.append((rule.name, float(self._judged(past.rows(cut.test), flows).sum())))
        return tuple(worth)

    def allocate(self, now: History) -> Allocated:
        """What the choice gives.

        Raises
        ------
        ProblemError
            If nothing was chosen yet.
        """
        if self.best is None:
            raise ProblemError("nothing was chosen yet; call fit(past) and use what it returns")
        return self.best.allocate(now)

    def _held_out(self, past: History) -> Fold:
        return folds(past, first=round((1 - HELD_OUT) * len(past)), blocks=1)[0]

    def _judged(self, rows: History, flows: Array) -> Array:
        return self.objective.value(flows, rows.target("metered"), rows["cost"], rows["willingness"])
