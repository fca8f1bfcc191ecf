"""The rules that every table of results must show: what learning has to beat."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import numpy as np

from evenwatt.learning.allocator import (
    Allocated,
    Allocator,
    Division,
    Progress,
    Rng,
    agent_weights,
    bargained,
    divided,
)
from evenwatt.learning.columns import Array
from evenwatt.learning.history import History
from evenwatt.learning.terms import Terms

Weighing = Literal["equal", "claims"]

PRO, CEA, NASH_EQUAL, NASH_CLAIMS = "pro", "cea", "nash-equal", "nash-claims"
DEMAND_PRO, DEMAND_NASH = "demand-pro", "demand-nash"
WEIGHTS, DISCOUNT, DEMAND_LEARNED = "weights", "weights-discount", "demand-learned"
SURROGATE, FORESIGHT = "surrogate", "foresight"
MANDATORY = (PRO, CEA, NASH_EQUAL, NASH_CLAIMS, DEMAND_PRO, DEMAND_NASH)
BASELINES = (*MANDATORY, SURROGATE)  # what learned rules are compared with, where it is there


class Forecaster(Protocol):
    """Predicts what agents will turn out to need."""

    def fit(self, past: History, *, rng: Any = 0, progress: Any = None) -> Forecaster:
        """A fitted copy."""

    def predict(self, now: History) -> Array:
        """Needs of rows still to be decided, (T, N) [energy]."""


class FlowModel(Protocol):
    """Predicts outcomes, already feasible."""

    def fit(self, past: History, *, rng: Any = 0, progress: Any = None) -> FlowModel:
        """A fitted copy."""

    def predict(self, now: History) -> Array:
        """Flows of rows still to be decided, (T, S, N) [energy]."""


class PolicyModel(Protocol):
    """Says which weights and caps agents should bargain under."""

    def fit(self, past: History, *, rng: Any = 0, progress: Any = None) -> PolicyModel:
        """A fitted copy."""

    def predict(self, now: History) -> Terms:
        """Weights and caps of rows still to be decided."""


def proportional(endowment: Array, claims: Array) -> Array:
    """Everybody gets the same share of its claim, (T, n).

    Examples
    --------
    >>> proportional(np.array([24.0]), np.array([[6.0, 12.0, 18.0]]))
    array([[ 4.,  8., 12.]])
    """
    total = claims.sum(axis=-1)
    given = np.minimum(endowment, total)
    share = np.divide(given, total, out=np.zeros_like(given), where=total > 0)
    return np.asarray(claims * share[..., None])


def equal_awards(endowment: Array, claims: Array) -> Array:
    """Everybody gets the same, but nobody more than its claim, (T, n).

    Examples
    --------
    >>> equal_awards(np.array([24.0]), np.array([[6.0, 12.0, 18.0]]))
    array([[6., 9., 9.]])
    """
    from evenwatt import bargaining

    given = np.minimum(endowment, claims.sum(axis=-1))
    return np.asarray(bargaining.nash(given, np.zeros_like(claims), upper=claims))


@dataclass(frozen=True)
class ByDivision:
    """Divides by a claims rule on what was stated; see :func:`evenwatt.learning.allocator.divided`."""

    name: str
    title: str
    division: Division
    learns: bool = False

    def fit(self, past: History, *, rng: Rng = 0, progress: Progress | None = None) -> ByDivision:
        """The same: nothing to learn."""
        return self

    def allocate(self, now: History) -> Allocated:
        """Awards by the rule."""
        return divided(now, now["claim"], self.division)


@dataclass(frozen=True)
class ByBargain:
    """Bargains on what was stated, with equal weights or weights in proportion to claims."""

    name: str
    title: str
    weights: Weighing
    learns: bool = False

    def fit(self, past: History, *, rng: Rng = 0, progress: Progress | None = None) -> ByBargain:
        """The same: nothing to learn."""
        return self

    def allocate(self, now: History) -> Allocated:
        """What is agreed."""
        return bargained(now, weights=_weights(self.weights, now, now["claim"]))


@dataclass(frozen=True)
class ByDemand:
    """Predicts needs, then divides by a claims rule, or bargains with the predictions as caps and weights."""

    name: str
    title: str
    model: Forecaster
    division: Division | None = None
    learns: bool = True

    def fit(self, past: History, *, rng: Rng = 0, progress: Progress | None = None) -> ByDemand:
        """A copy whose demand model is fitted."""
        return replace(self, model=self.model.fit(past, rng=rng, progress=progress))

    def allocate(self, now: History) -> Allocated:
        """Awards on predicted needs."""
        needs = np.maximum(self.model.predict(now), 0.0)
        if self.division is not None:
            return divided(now, needs, self.division)
        return bargained(now, weights=_weights("claims", now, needs), caps=needs)


@dataclass(frozen=True)
class ByPolicy:
    """Bargains under learned weights and caps."""

    name: str
    title: str
    model: PolicyModel
    learns: bool = True

    def fit(self, past: History, *, rng: Rng = 0, progress: Progress | None = None) -> ByPolicy:
        """A copy whose policy is fitted."""
        return replace(self, model=self.model.fit(past, rng=rng, progress=progress))

    def allocate(self, now: History) -> Allocated:
        """What is agreed under the policy's terms."""
        terms = self.model.predict(now)
        return bargained(now, weights=terms.weights, caps=terms.caps)


@dataclass(frozen=True)
class BySurrogate:
    """Takes flows straight from a model that was trained to imitate outcomes and is projected to feasibility."""

    name: str
    title: str
    model: FlowModel
    learns: bool = True

    def fit(self, past: History, *, rng: Rng = 0, progress: Progress | None = None) -> BySurrogate:
        """A copy whose model is fitted."""
        return replace(self, model=self.model.fit(past, rng=rng, progress=progress))

    def allocate(self, now: History) -> Allocated:
        """Predicted flows."""
        return Allocated(self.model.predict(now))


@dataclass
class Shared:
    """One demand model for several rules: fitted once for a past, asked once for the same rows.

    Its chance comes from ``seed`` alone, so it does not matter which rule asks first.
    """

    model: Forecaster
    seed: int = 0
    _fits: list[tuple[History, Shared]] = field(default_factory=list, repr=False)
    _answers: list[tuple[History, Array]] = field(default_factory=list, repr=False)

    def fit(self, past: History, *, rng: Rng = 0, progress: Progress | None = None) -> Shared:
        """The model fitted on this past; the same object for the same past."""
        for held, fitted in self._fits:
            if held is past:
                return fitted
        fitted = Shared(self.model.fit(past, rng=self.seed, progress=progress), self.seed)
        self._fits[:] = [(past, fitted)]
        return fitted

    def predict(self, now: History) -> Array:
        """Needs of these rows, (T, N) [energy]."""
        for held, answer in self._answers:
            if held is now:
                return answer
        answer = self.model.predict(now)
        self._answers[:] = [(now, answer)]
        return answer


def claims_rules() -> tuple[Allocator, ...]:
    """The mandatory baselines that learn nothing."""
    return (
        ByDivision(PRO, "Proportional on claims", proportional),
        ByDivision(CEA, "Equal awards on claims", equal_awards),
        ByBargain(NASH_EQUAL, "Bargain, equal weights", "equal"),
        ByBargain(NASH_CLAIMS, "Bargain, weights by claims", "claims"),
    )


def demand_rules(model: Forecaster) -> tuple[Allocator, ...]:
    """The mandatory baselines that correct claims by a demand model first."""
    return (
        ByDemand(DEMAND_PRO, "Demand model, then proportional", model, proportional),
        ByDemand(DEMAND_NASH, "Demand model, then bargain, weights by prediction", model),
    )


def mandatory(model: Forecaster | None = None) -> tuple[Allocator, ...]:
    """Every baseline that a table of results must show.

    Parameters
    ----------
    model : Forecaster, optional
        Boosted trees when not given, fitted once for both rules that use them.
    """
    if model is None:
        from evenwatt.learning.demand import DemandModel

        model = DemandModel()
    return (*claims_rules(), *demand_rules(Shared(model)))


def learned() -> tuple[Allocator, ...]:
    """Rules whose weights or caps are learned end to end, to be shown beside the mandatory ones."""
    from evenwatt.learning.demand import DemandModel
    from evenwatt.learning.policy import WeightPolicy

    return (
        ByPolicy(WEIGHTS, "Learned weights, on claims", WeightPolicy(discount=False)),
        ByPolicy(DISCOUNT, "Learned weights and discount, on claims", WeightPolicy()),
        ByPolicy(
            DEMAND_LEARNED,
            "Demand model, then learned weights and discount",
            WeightPolicy(demand=DemandModel()),
        ),
    )


def surrogate() -> Allocator:
    """A baseline that need not be shown: outcomes predicted directly, without a bargain."""
    from evenwatt.learning.surrogate import Surrogate

    return BySurrogate(SURROGATE, "Outcomes predicted directly", Surrogate())


def foresight(rows: History) -> Allocated:
    """What would be agreed if everybody's need were known: caps and weights are true needs.

    The reference of regret. It looks at what the meters said later, so it is no rule.

    Parameters
    ----------
    rows : History
        A plain history, not a view for deciding.
    """
    need = rows.target("metered")
    return bargained(rows, weights=_weights("claims", rows, need), caps=need)


def _weights(weighing: Weighing, now: History, sizes: Array) -> Array:
    suppliers, agents = len(now.suppliers), len(now.agents)
    if weighing == "equal":
        return np.ones((len(now), suppliers + agents))
    return agent_weights(sizes, suppliers)
