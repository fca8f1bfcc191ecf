"""What agents will need, from what they claim: a line through the past, and trees where they help."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import generator
from evenwatt.core.errors import ProblemError
from evenwatt.learning.agent_demand import DISCOUNT, AgentDemand, AgentPast, learnt, linear_part
from evenwatt.learning.boosting import Forest, Growth
from evenwatt.learning.columns import Array
from evenwatt.learning.features import MEANING, NEEDS, agent_features
from evenwatt.learning.line import Scale
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

# Small trees, because the line has taken the large part.
SMALL = Growth(trees=100, rate=0.05, leaves=6, leaf_rows=40)

TOLD = ("kind", "factor", "rows", "error", "error_claim")
NUMBERS = ("centre", "spread", "line", "importance")


@dataclass(frozen=True)
class DemandModel:
    """Predicts each agent's metered need from its claim and what the gate knows.

    The log of need over claim is explained by a line (ridge regression), and boosted trees explain what the line
    leaves, where they do so on the last fifth of the past. A line first, because claims that overstate by a factor
    are a straight line here, and trees need thousands of rows to draw one.

    Attributes
    ----------
    growth : Growth
        Of the trees.
    extra : tuple of str
        Further columns known at the gate that may be used: a weather forecast, a day-ahead price.
    fewest_rows : int
        An agent with fewer readings gets its mean past discount instead.

    Examples
    --------
    >>> from evenwatt.learning.worlds import world
    >>> history = world(3, intervals=600).history
    >>> model = DemandModel().fit(history.rows(slice(0, 500)))
    >>> now = history.at_gate(slice(560, 600))
    >>> off = np.abs(model.predict(now) / history.target("metered")[560:] - 1).mean()
    >>> off < np.abs(now["claim"] / history.target("metered")[560:] - 1).mean() / 2
    np.True_
    """

    growth: Growth = SMALL
    extra: tuple[str, ...] = ()
    fewest_rows: int = 100
    agents: tuple[str, ...] = ()
    learned: tuple[AgentDemand, ...] = ()
    training: Training | None = None

    name = "demand"
    version = 1

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns it looks at."""
        return (*NEEDS, *self.extra)

    def fit(self, past: History, *, rng: Rng = 0, progress: Progress | None = None) -> DemandModel:
        """A copy fitted on what was metered in ``past``.

        Raises
        ------
        ProblemError
            If the history is empty or lacks a column; names it.
        EvenwattError
            If scikit-learn is missing; names the extra.
        """
        training = training_of(past, self.needs)
        features = agent_features(past, extra=self.extra)
        claim, metered = past["claim"], past.target("metered")
        chance, learned = generator(rng), []
        for agent, name in enumerate(past.agents):
            if progress is not None:
                progress(agent, len(past.agents), f"demand of {name}")
            seen = AgentPast(features, agent, claim[:, agent], metered[:, agent], len(self.extra))
            learned.append(learnt(seen, self.growth, self.fewest_rows, chance))
        if progress is not None:
            progress(len(past.agents), len(past.agents), "demand")
        return replace(self, agents=past.agents, learned=tuple(learned), training=training)

    def predict(self, now: History) -> Array:
        """Need of each agent in each interval, (T, N); 0 where nothing is claimed [energy].

        Raises
        ------
        NotFittedError
            If it was not fitted.
        ProblemError
            If the agents are others than those learned.
        """
        fitted(self.training, self.name)
        refuse_others(self.name, self.agents, now.agents)
        features = agent_features(now, extra=self.extra)
        linear = linear_part(features, len(self.extra))
        claim = now["claim"]
        found = np.empty_like(claim)
        for agent, one in enumerate(self.learned):
            ratio = one.ratio(features.values[:, agent], linear[:, agent])
            found[:, agent] = claim[:, agent] * one.factor * np.exp(ratio)
        return found

    def explain(self) -> Explanation:
        """Errors beside those of the claims as stated, and what each feature is worth."""
        fitted(self.training, self.name)
        names = (*MEANING, *self.extra)
        sentences: list[str] = []
        rows: list[dict[str, str | int | float | None]] = []
        for agent, one in zip(self.agents, self.learned, strict=True):
            sentences.append(_told(agent, one, names))
            rows += [
                {"model": self.name, "agent": agent, "feature": name, "importance": float(worth)}
                for name, worth in zip(names, one.importance, strict=True)
            ]
        return Explanation(tuple(sentences), tuple(rows))

    def state(self) -> State:
        """Settings and numbers, to be kept."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        told = []
        for place, one in enumerate(self.learned):
            told.append({name: getattr(one, name) for name in TOLD})
            for name, values in _numbers(one).items():
                arrays[f"{place}.{name}"] = values
            if one.forest is not None:
                arrays.update(one.forest.arrays(f"{place}.forest"))
        settings = {
            "growth": vars(self.growth), "extra": list(self.extra), "fewest_rows": self.fewest_rows,
            "agents": list(self.agents), "learned": told,
        }  # fmt: skip
        return State(settings, arrays)

    @classmethod
    def restored(cls, state: State, training: Training) -> DemandModel:
        """The model of a state."""
        held, arrays = state.settings, state.arrays
        learned = []
        for place, told in enumerate(held["learned"]):
            centre, spread, line, importance = (arrays[f"{place}.{name}"] for name in NUMBERS)
            has_trees = f"{place}.forest.roots" in arrays
            forest = Forest.of_arrays(f"{place}.forest", arrays) if has_trees else None
            learned.append(
                AgentDemand(
                    scale=Scale(centre, spread), line=line, importance=importance, forest=forest, **told
                )
            )
        return cls(
            Growth(**held["growth"]), tuple(held["extra"]), held["fewest_rows"], tuple(held["agents"]),
            tuple(learned), training,
        )  # fmt: skip


def out_of_fold(
    model: DemandModel,
    history: History,
    *,
    blocks: int = 5,
    rng: Rng = 0,
    progress: Progress | None = None,
) -> Array:
    """Predictions as they would have been made at the time, for whatever is to be trained on them.

    The past is cut into blocks; each is predicted by a model fitted on what was known when the block began. A model
    that has seen the answer predicts too well, and what trains on such predictions learns to trust them.

    Parameters
    ----------
    model : DemandModel
        Settings to fit with.
    history : History
        The whole past.
    blocks : int
        At least 2.

    Returns
    -------
    (T, N)
        NaN in the first block, which nobody can predict [energy].

    Raises
    ------
    ProblemError
        If there are fewer than 2 blocks.

    Examples
    --------
    >>> from evenwatt.learning.worlds import world
    >>> predicted = out_of_fold(DemandModel(growth=Growth(trees=5)), world(1, intervals=300).history, blocks=3)
    >>> np.isnan(predicted).all(axis=1).sum()
    np.int64(100)
    """
    if blocks < 2:
        raise ProblemError(f"out of fold needs at least 2 blocks, found {blocks}")
    chance = generator(rng)
    cuts = np.linspace(0, len(history), blocks + 1).round().astype(int)
    found = np.full((len(history), len(history.agents)), np.nan)
    for block in range(1, blocks):
        first, last = cuts[block], cuts[block + 1]
        if progress is not None:
            progress(block - 1, blocks - 1, "demand out of fold")
        past = history.until(history.gate[first]) if last > first else history.rows(slice(0, 0))
        if len(past):
            found[first:last] = model.fit(past, rng=chance).predict(history.at_gate(slice(first, last)))
    return found


def _numbers(one: AgentDemand) -> dict[str, Array]:
    return dict(zip(NUMBERS, (one.scale.centre, one.scale.spread, one.line, one.importance), strict=True))


def _told(agent: str, one: AgentDemand, names: tuple[str, ...]) -> str:
    """One agent in a sentence."""
    if one.kind == DISCOUNT:
        return f"{agent}: {one.rows} readings are too few to learn from; its claims are multiplied by {one.factor:.3f}"
    best = names[int(np.argmax(one.importance))]
    return (
        f"{agent}: off by {one.error:.1%} of its need where its claims were off by {one.error_claim:.1%} "
        f"({one.kind}, {one.rows} readings); what helps most is {MEANING.get(best, best)}"
    )
