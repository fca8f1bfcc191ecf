"""Weights and caps learned end to end: what raises the worth of the bargain they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import generator
from evenwatt.core.errors import ProblemError, gather
from evenwatt.learning.ascent import Pace, climb
from evenwatt.learning.columns import Array, Times
from evenwatt.learning.demand import DemandModel, out_of_fold
from evenwatt.learning.features import NEEDS, overstated
from evenwatt.learning.line import ridge
from evenwatt.learning.model import (
    Explanation,
    Progress,
    Rng,
    State,
    Training,
    fitted,
    refuse_others,
    training_of,
)
from evenwatt.learning.policy_form import Parameters, form, plain
from evenwatt.learning.policy_learned import PolicyFeatures, PolicyLearned
from evenwatt.learning.policy_task import Task, worth_of_need
from evenwatt.learning.terms import Terms
from evenwatt.learning.welfare import Welfare

if TYPE_CHECKING:
    from evenwatt.learning.history import History

VALIDATION = 0.2  # last part of the training window, on which nothing is fitted [-]
MONEY, STEADY = Welfare(), Pace()
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class WeightPolicy:
    """Learns bargaining weights, and a discount of what is asked for, by the worth of the bargains they lead to.

    Every step solves the bargains of a batch of past rows, asks what the allocation was worth once the meters were
    read, and follows the slope of that worth through the bargain back to the parameters. The last fifth of the
    training window judges when to stop; the fit is then made anew on all of the window, for as many epochs.

    It starts where the regression of the log of need over claim already is, not at the claims as stated: the
    line then only has to be bent from what is likely to what pays.

    A discount is a mechanism, and agents will answer it: look at the gain from manipulating a claim beside the regret.

    Attributes
    ----------
    discount : bool
        Learn caps too; else caps stay what was asked for and weights alone are learned.
    demand : DemandModel or None
        Work on its predictions instead of the claims; it learns from predictions made out of fold.
    welfare : Welfare
        What is to be raised.
    pace : Pace
        Of the climb.
    pull : float
        Price of leaving the start, for half the square of the way, as a part of the worth of the mean need [-].
    barrier : float
        How far the bargain is rounded off; see :func:`evenwatt.bargaining.smoothed`.
    refits : int
        Fits on days drawn with replacement, for the intervals; 0 for none. Each costs as much as the fit.
    blocks : int
        Of the out-of-fold predictions.

    Examples
    --------
    >>> from evenwatt.learning.worlds import world
    >>> history = world(3, intervals=500).history
    >>> policy = WeightPolicy(pace=Pace(epochs=2)).fit(history.rows(slice(0, 400)))
    >>> terms = policy.predict(history.at_gate(slice(450, 500)))
    >>> terms.weights.shape, terms.caps.shape
    ((50, 9), (50, 6))
    """

    discount: bool = True
    demand: DemandModel | None = None
    welfare: Welfare = MONEY
    pace: Pace = STEADY
    pull: float = 1e-2
    barrier: float = 1e-5
    refits: int = 0
    blocks: int = 5
    learned: PolicyLearned | None = None
    training: Training | None = None

    name = "policy"
    version = 1

    def __post_init__(self) -> None:
        with gather("weight policy", ProblemError) as faults:
            if not self.pull >= 0:
                faults.append(f"pull {self.pull} is below 0")
            if self.refits < 0 or self.refits == 1:
                faults.append(f"refits {self.refits}; expected 0, or at least 2 to see a spread")

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns it looks at."""
        return (*NEEDS, "offer", "willingness", *(self.demand.extra if self.demand is not None else ()))

    def fit(self, past: History, *, rng: Rng = 0, progress: Progress | None = None) -> WeightPolicy:
        """A copy fitted on the bargains of ``past`` and what was metered after them.

        Raises
        ------
        ProblemError
            If the history is empty or lacks a column; names it.
        """
        training = training_of(past, self.needs)
        chance = generator(rng)
        base, demand = self._asked(past, chance, progress)
        need = past.target("metered")
        known = np.flatnonzero(np.isfinite(need).all(axis=1) & np.isfinite(base).all(axis=1))
        rows, held_out = np.split(known, [int(np.ceil(len(known) * (1 - VALIDATION)))])
        total = 2 + self.refits
        _told(progress, 0, total, self.title)
        _, early = self._task(past, base, need, rows)
        judged = climb(early.objective, early.start.flat, rows, held_out, pace=self.pace, rng=chance)
        # How long to climb is known now; the newest rows, which told it, are too good to leave out of the fit.
        features, task = self._task(past, base, need, known)
        long_enough, nobody = replace(self.pace, epochs=judged.best_epoch), known[:0]
        climbs = []
        for turn, chosen in enumerate([known, *_days_drawn(known, past, self.refits, chance)]):
            _told(progress, 1 + turn, total, self.title)
            # Other days would have led to another start too: without that, intervals would be too narrow.
            own = self._begun(task, chosen) if turn else task
            climbs.append(
                climb(own.objective, own.start.flat, chosen, nobody, pace=long_enough, rng=chance).best
            )
        _told(progress, total, total, self.title)
        learned = PolicyLearned.of(past, features, task, judged, climbs, known)
        return replace(self, demand=demand, learned=learned, training=training)

    @property
    def title(self) -> str:
        """What it learns, and from what."""
        what = "weights and discount" if self.discount else "weights"
        return f"{what} on {'claims' if self.demand is None else 'predicted needs'}"

    def predict(self, now: History) -> Terms:
        """Weights and caps of each interval.

        Raises
        ------
        NotFittedError
            If it was not fitted.
        ProblemError
            If the players are others than those learned.
        """
        learned = self._of(now)
        return form(learned.features.inputs(now, self._base(now)), learned.parameters).terms

    def weights_band(self, now: History) -> tuple[Array, Array]:
        """95 % interval of each weight, low and high (T, P), from refits on days drawn with replacement.

        The weight of the fit times or divided by ``exp(1.96 sd)``, ``sd`` the standard deviation of the log weight
        over the refits: what another draw of the same past would have taught.

        Raises
        ------
        ProblemError
            If it was fitted without refits.
        """
        learned = self._of(now)
        if not self.refits:
            raise ProblemError("a band of the weights needs refits; fit WeightPolicy(refits=8)")
        return learned.band(learned.features.inputs(now, self._base(now)))

    def weight_rows(self, now: History, days: Times | None = None) -> list[dict[str, str | float | None]]:
        """Mean weight of each day and party with its interval and verdict; see ``PolicyLearned.verdicts``.

        Parameters
        ----------
        now : History
            The rows to weigh.
        days : (T,) datetime64[D], optional
            The day each row counts to, such as its settlement day; the UTC day by default.
        """
        learned, terms = self._of(now), self.predict(now)
        band = self.weights_band(now) if self.refits else None
        counted = now.start.astype("M8[D]") if days is None else days
        return list(learned.daily(counted, terms.weights, band))

    def explain(self) -> Explanation:
        """What it takes off the claims, whom it favours, and what training brought."""
        fitted(self.training, self.name)
        assert self.learned is not None
        rows: list[dict[str, str | int | float | None]] = [
            {"model": self.name, "feature": feature, "importance": worth}
            for feature, worth in self.learned.importance().items()
        ]
        return Explanation(tuple(self.learned.sentences(self.title, discount=self.discount)), tuple(rows))

    def state(self) -> State:
        """Settings and numbers, to be kept."""
        fitted(self.training, self.name)
        assert self.learned is not None
        told, arrays = self.learned.state()
        settings = {
            "discount": self.discount, "welfare": asdict(self.welfare), "pace": asdict(self.pace),
            "pull": self.pull, "barrier": self.barrier, "refits": self.refits, "blocks": self.blocks,
            "learned": told, "demand": None,
        }  # fmt: skip
        if self.demand is not None:
            inner = self.demand.state()
            settings["demand"] = {
                "settings": inner.settings, "training": asdict(fitted(self.demand.training, "demand"))
            }  # fmt: skip
            arrays = {**arrays, **{f"demand.{name}": values for name, values in inner.arrays.items()}}
        return State(settings, arrays)

    @classmethod
    def restored(cls, state: State, training: Training) -> WeightPolicy:
        """The policy of a state."""
        held = state.settings
        demand = None
        if held["demand"] is not None:
            inner = {k.removeprefix("demand."): v for k, v in state.arrays.items() if k.startswith("demand.")}
            told = held["demand"]["training"]
            seen = Training(**{**told, "columns": tuple(told["columns"])})
            demand = DemandModel.restored(State(held["demand"]["settings"], inner), seen)
        return cls(
            held["discount"], demand, Welfare(**held["welfare"]), Pace(**held["pace"]), held["pull"],
            held["barrier"], held["refits"], held["blocks"],
            PolicyLearned.restored(held["learned"], state.arrays), training,
        )  # fmt: skip

    def _asked(
        self, past: History, chance: np.random.Generator, progress: Progress | None
    ) -> tuple[Array, DemandModel | None]:
        """What is asked for in the past (T, N), and the model that will say so in future."""
        if self.demand is None:
            return past["claim"], None
        told = out_of_fold(self.demand, past, blocks=self.blocks, rng=chance, progress=progress)
        return told, self.demand.fit(past, rng=chance, progress=progress)

    def _base(self, now: History) -> Array:
        return now["claim"] if self.demand is None else self.demand.predict(now)

    def _task(self, past: History, base: Array, need: Array, rows: Rows) -> tuple[PolicyFeatures, Task]:
        """What is to be climbed, with scales and start from some rows."""
        features = PolicyFeatures.of(past, rows)
        inputs = features.inputs(past, np.nan_to_num(base))
        start = self._start(inputs.base, inputs.agent, inputs.supplier, need, rows)
        unit = worth_of_need(need[rows], past["willingness"][rows])
        bargain = past.bargain()
        return features, Task(
            inputs, bargain, need, self.welfare, start, self.pull, self.barrier, self._fixed(start), unit
        )

    def _begun(self, task: Task, rows: Rows) -> Task:
        """The same task, begun where the regression of these rows is."""
        inputs = task.inputs
        return replace(task, start=self._start(inputs.base, inputs.agent, inputs.supplier, task.need, rows))

    def _start(self, base: Array, agent: Array, supplier: Array, need: Array, rows: Rows) -> Parameters:
        """Proportional to what is asked for, corrected by the regression where that is a claim."""
        start = plain(supplier.shape[1], agent.shape[1], agent.shape[2], supplier.shape[2])
        if self.demand is not None:
            return start
        line = np.zeros_like(start.agent)
        for one in range(len(line)):
            good = rows[base[rows, one] > 0]
            line[one] = ridge(agent[good, one], -overstated(base[good, one], need[good, one]))
        return replace(start, discount=line) if self.discount else replace(start, agent=line)

    def _fixed(self, start: Parameters) -> npt.NDArray[np.bool_]:
        none = np.zeros(start.flat.size, dtype=bool)
        none[: start.discount.size] = not self.discount
        return none

    def _of(self, now: History) -> PolicyLearned:
        fitted(self.training, self.name)
        assert self.learned is not None
        refuse_others(self.name, self.learned.players, now.players)
        return self.learned


def _told(progress: Progress | None, done: int, total: int, what: str) -> None:
    if progress is not None:
        progress(done, total, what)


def _days_drawn(rows: Rows, past: History, times: int, chance: np.random.Generator) -> Iterator[Rows]:
    """Rows of as many days as there are, drawn with replacement: hours of a day are alike, days less so."""
    if not len(rows):
        return
    days = past.start[rows].astype("M8[D]")
    each = np.split(rows, np.flatnonzero(days[1:] != days[:-1]) + 1)
    for _ in range(times):
        yield np.concatenate([each[one] for one in chance.integers(len(each), size=len(each))])
