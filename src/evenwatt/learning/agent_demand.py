"""What is learned of one agent: a line from its claims to its needs, and trees where they help."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evenwatt.learning.boosting import Forest, Growth, grow
from evenwatt.learning.columns import Array
from evenwatt.learning.features import MEANING, MOST_OFF, AgentFeatures, overstated
from evenwatt.learning.line import Scale, ridge, with_constant

# What a line may use: ratios, which stay in the range they had. A yearly cycle is not among them: a line
# fitted to one summer would carry it into a winter it has not seen.
LINEAR = (
    "surprise", "surprise_now", "over_latest", "over_usual", "over_usual_hour", "lean", "lean_slow", "spread",
    "trend", "scarcity", "hour_sin", "hour_cos",
)  # fmt: skip
HELD_OUT = 0.2  # last part of the past on which the trees must prove themselves [-]
SHUFFLES = 3  # of each feature, for its importance

LINE, TREES, DISCOUNT = "line", "line and trees", "mean discount"


@dataclass(frozen=True)
class AgentDemand:
    """What was learned of one agent.

    Attributes
    ----------
    kind : str
        ``line and trees``; ``line`` where the trees did not help on held-out rows; ``mean discount`` where
        there were too few rows.
    scale : Scale
        Of the line's features.
    line : (1 + F,)
        Constant and coefficients, of the log of need over claim.
    forest : Forest or None
        What the line leaves.
    factor : float
        Brings the predicted energy of the past to what was needed [-].
    rows : int
        Readings it was learned from.
    error, error_claim : float
        Mean absolute error on held-out rows, of the model and of the claim as stated, over the mean need [-].
    importance : (F,)
        How much shuffling a feature adds to the error on held-out rows [-].
    """

    kind: str
    scale: Scale
    line: Array
    forest: Forest | None
    factor: float
    rows: int
    error: float
    error_claim: float
    importance: Array

    def ratio(self, features: Array, linear: Array) -> Array:
        """Log of need over claim, (T,), of features (T, F), of which the line sees those of ``linear``."""
        said = with_constant(self.scale.applied(linear)) @ self.line
        if self.forest is not None:
            said = said + self.forest.predict(features)
        return np.clip(said, -MOST_OFF, MOST_OFF)


@dataclass(frozen=True)
class AgentPast:
    """Rows of one agent that can teach something: it claimed, and its meter was read."""

    features: Array
    linear: Array
    claim: Array
    metered: Array

    def __init__(self, features: AgentFeatures, agent: int, claim: Array, metered: Array, extra: int) -> None:
        some = (claim > 0) & np.isfinite(metered)
        object.__setattr__(self, "features", features.values[some, agent])
        object.__setattr__(self, "linear", linear_part(features, extra)[some, agent])
        object.__setattr__(self, "claim", claim[some])
        object.__setattr__(self, "metered", metered[some])

    @property
    def ratio(self) -> Array:
        """Log of need over claim, (T,)."""
        return -overstated(self.claim, self.metered)

    def part(self, rows: slice) -> AgentPast:
        """Some of the rows."""
        made = object.__new__(AgentPast)
        for name in ("features", "linear", "claim", "metered"):
            object.__setattr__(made, name, getattr(self, name)[rows])
        return made

    def __len__(self) -> int:
        return len(self.claim)


def learnt(past: AgentPast, growth: Growth, fewest: int, chance: np.random.Generator) -> AgentDemand:
    """The simplest kind that does best on the last fifth, fitted on all of the past."""
    if len(past) < fewest:
        return _discount(past)
    cut = int(len(past) * (1 - HELD_OUT))
    early, late = past.part(slice(0, cut)), past.part(slice(cut, None))
    line = _fit(early, None)
    trees = _fit(early, growth)
    better = min((line, trees), key=lambda one: _error(one, late))
    return replace(
        _fit(past, growth if better.kind == TREES else None),
        error=_error(better, late),
        error_claim=_relative(late.claim, late.metered),
        importance=_importance(better, late, chance),
    )


def _fit(past: AgentPast, growth: Growth | None) -> AgentDemand:
    """A line, and trees on what it leaves where their growth is given."""
    scale = Scale.of(past.linear)
    design = with_constant(scale.applied(past.linear))
    line = ridge(design, past.ratio)
    forest = None if growth is None else grow(past.features, past.ratio - design @ line, growth=growth)
    one = AgentDemand(
        LINE if forest is None else TREES, scale, line, forest, 1.0, len(past), np.nan, np.nan,
        np.zeros(past.features.shape[1]),
    )  # fmt: skip
    return replace(one, factor=_factor(one, past))


def _factor(one: AgentDemand, past: AgentPast) -> float:
    """Logs are right in the middle and low in the mean: predict as much energy as was needed."""
    return float(past.metered.sum() / (past.claim * np.exp(one.ratio(past.features, past.linear))).sum())


def _discount(past: AgentPast) -> AgentDemand:
    """The mean past discount; 1 for an agent never seen."""
    factor = float(past.metered.sum() / past.claim.sum()) if len(past) else 1.0
    width = past.linear.shape[1]
    scale = Scale(np.zeros(width), np.full(width, np.inf))
    nothing = np.zeros(past.features.shape[1])
    return AgentDemand(DISCOUNT, scale, np.zeros(width + 1), None, factor, len(past), np.nan, np.nan, nothing)


def _error(one: AgentDemand, past: AgentPast, shuffled: Array | None = None) -> float:
    """Mean absolute error over the mean need [-]."""
    features = past.features if shuffled is None else shuffled
    linear = past.linear if shuffled is None else features[:, _linear_columns(features.shape[1])]
    said = past.claim * one.factor * np.exp(one.ratio(features, linear))
    return _relative(said, past.metered)


def _importance(one: AgentDemand, past: AgentPast, chance: np.random.Generator) -> Array:
    """How much the error grows when a feature is shuffled, (F,)."""
    plain = _error(one, past)
    worth = np.zeros(past.features.shape[1])
    for feature in range(len(worth)):
        for _ in range(SHUFFLES):
            mixed = past.features.copy()
            mixed[:, feature] = chance.permutation(mixed[:, feature])
            worth[feature] += (_error(one, past, mixed) - plain) / SHUFFLES
    return np.nan_to_num(worth)


def linear_part(features: AgentFeatures, extra: int) -> Array:
    """The features a line may use, (T, N, F)."""
    return np.asarray(features.values[..., _linear_columns(len(features.names), extra)])


def _linear_columns(width: int, extra: int | None = None) -> list[int]:
    names = tuple(MEANING)
    further = width - len(names) if extra is None else extra
    return [names.index(name) for name in LINEAR] + list(range(width - further, width))


def _relative(said: Array, metered: Array) -> float:
    """Mean absolute error over the mean need; NaN where nothing was needed and something said [-]."""
    missed, needed = float(np.abs(said - metered).sum()), float(metered.sum())
    if missed == 0:
        return 0.0
    return missed / needed if needed > 0 else np.nan
