"""A baseline that skips the bargain: predict its outcome by trees, then make the prediction possible."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import generator
from evenwatt.learning.boosting import Forest, Growth, grow
from evenwatt.learning.columns import Array
from evenwatt.learning.feasible import feasible
from evenwatt.learning.features import MEANING, NEEDS, AgentFeatures, agent_features
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

if TYPE_CHECKING:
    from evenwatt.learning.history import History

MIDDLING = Growth()


@dataclass(frozen=True)
class Surrogate:
    """Predicts what each agent will get, directly; a baseline, to see what knowing the bargain is worth.

    Trees learn each agent's part of its claim from past outcomes, and know nothing of capacities, limits or of each
    other. Their prediction is therefore always brought back to what is feasible: within capacities, demands and
    limits, the cheapest offers first. Past flows are learned where the history has them, else the outcome of the
    bargain with weights in proportion to claims.

    Attributes
    ----------
    growth : Growth
        Of the trees.
    extra : tuple of str
        Further columns known at the gate that may be used.

    Examples
    --------
    >>> from evenwatt.learning.worlds import world
    >>> history = world(3, intervals=400).history
    >>> model = Surrogate(growth=Growth(trees=20)).fit(history.rows(slice(0, 350)))
    >>> flows = model.predict(history.at_gate(slice(380, 400)))
    >>> bool((flows.sum(axis=2) <= history["capacity"][380:] * (1 + 1e-12)).all())
    True
    """

    growth: Growth = MIDDLING
    extra: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    forests: tuple[Forest, ...] = ()
    training: Training | None = None

    name = "surrogate"
    version = 1
    is_baseline = True

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns it looks at."""
        return (*NEEDS, "offer", "willingness", *self.extra)

    def fit(self, past: History, *, rng: Rng = 0, progress: Progress | None = None) -> Surrogate:
        """A copy fitted on what agents got in ``past``.

        Raises
        ------
        ProblemError
            If the history is empty or lacks a column; names it.
        EvenwattError
            If scikit-learn is missing; names the extra.
        """
        training = training_of(past, self.needs)
        rows = _features(agent_features(past, extra=self.extra), past)
        claim, got = past["claim"], _outcome(past)
        seed, forests = int(generator(rng).integers(2**31)), []
        for agent, name in enumerate(past.agents):
            if progress is not None:
                progress(agent, len(past.agents), f"surrogate of {name}")
            some = (claim[:, agent] > 0) & np.isfinite(got[:, agent])
            part = got[some, agent] / claim[some, agent]
            # Nothing seen of an agent: it is expected to get its claim, and the projection takes what must go.
            table, target = (rows[some, agent], part) if some.any() else (rows[:1, agent], np.ones(1))
            forests.append(grow(table, target, growth=self.growth, seed=seed))
        if progress is not None:
            progress(len(past.agents), len(past.agents), "surrogate")
        return replace(self, agents=past.agents, forests=tuple(forests), training=training)

    def predict(self, now: History) -> Array:
        """Flows of each interval, (T, S, N): predicted totals of the agents, made feasible [energy].

        Raises
        ------
        NotFittedError
            If it was not fitted.
        ProblemError
            If the agents are others than those learned.
        """
        fitted(self.training, self.name)
        refuse_others(self.name, self.agents, now.agents)
        rows, claim = _features(agent_features(now, extra=self.extra), now), now["claim"]
        wanted = np.stack([one.predict(rows[:, agent]) for agent, one in enumerate(self.forests)], axis=-1)
        limit = now["limit"] if "limit" in now.columns else np.inf
        return feasible(np.clip(wanted, 0, 1) * claim, now["capacity"], offer=now["offer"], limit=limit)

    def explain(self) -> Explanation:
        """What it is, and what its trees look at most."""
        fitted(self.training, self.name)
        names = (*MEANING, *RELATIVE, *self.extra)
        rows: list[dict[str, str | int | float | None]] = []
        for agent, forest in zip(self.agents, self.forests, strict=True):
            inner = forest.feature[forest.left >= 0]
            used = np.bincount(inner, minlength=len(names)) / max(len(inner), 1)
            rows += [
                {"model": self.name, "agent": agent, "feature": name, "importance": float(share)}
                for name, share in zip(names, used, strict=True)
            ]
        said = (
            "a baseline: trees predict what each agent gets, and the prediction is made feasible afterwards"
        )
        return Explanation((said,), tuple(rows))

    def state(self) -> State:
        """Settings and numbers, to be kept."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        for place, forest in enumerate(self.forests):
            arrays.update(forest.arrays(str(place)))
        settings = {"growth": asdict(self.growth), "extra": list(self.extra), "agents": list(self.agents)}
        return State(settings, arrays)

    @classmethod
    def restored(cls, state: State, training: Training) -> Surrogate:
        """The model of a state."""
        held = state.settings
        agents = tuple(held["agents"])
        forests = tuple(Forest.of_arrays(str(place), state.arrays) for place in range(len(agents)))
        return cls(Growth(**held["growth"]), tuple(held["extra"]), agents, forests, training)


RELATIVE = ("share of all claims", "part of its claim that capacity would cover")


def _features(found: AgentFeatures, rows: History) -> Array:
    """The agents' features and where each stands among the others, (T, N, F)."""
    claim, capacity = rows["claim"], rows["capacity"].sum(axis=1, keepdims=True)
    total = np.maximum(claim.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    beside = np.stack([claim / total, np.broadcast_to(np.minimum(capacity / total, 1), claim.shape)], axis=-1)
    width = len(MEANING)
    return np.concatenate([found.values[..., :width], beside, found.values[..., width:]], axis=-1)


def _outcome(past: History) -> Array:
    """What each agent got, (T, N), NaN where nobody said."""
    if "flow" in past.columns:
        return np.asarray(past.target("flow").sum(axis=1))
    from evenwatt import bargaining

    claim = past["claim"]
    of_agents = np.maximum(claim, 1e-5 * claim.mean() + np.finfo(float).tiny)
    of_suppliers = np.full(past["capacity"].shape, np.exp(-4.0) * of_agents.mean())
    weights = np.concatenate([of_suppliers, of_agents], axis=1)
    return np.asarray(bargaining.smoothed(past.bargain(weights=weights)).flows.sum(axis=1))
