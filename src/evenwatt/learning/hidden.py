"""The hidden weights of past bargains as a model: fitted on a history, bargained with, followed over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import stream
from evenwatt.core.errors import ProblemError, gather
from evenwatt.learning.history import History
from evenwatt.learning.inverse import InferredWeights, infer_weights
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
from evenwatt.learning.terms import Terms

Array = npt.NDArray[np.float64]
Row = Mapping[str, str | int | float | None]

MISFIT = 0.3  # standard deviation of the log gains around the bargain's, beyond which it is no bargain [log]
NEEDS = ("capacity", "claim", "cost", "offer", "willingness")


@dataclass(frozen=True)
class HiddenWeights:
    """Bargaining weights that explain what was agreed in the past, applied to what is claimed now.

    Reads the column ``gain`` where the history has it, else the gains of the column ``flow``; rows without either
    say nothing.

    Attributes
    ----------
    interval : float
        Nominal coverage of the weights' intervals.
    most_rows : int
        Bargains to fit on at most, spread over the past; the time grows with them, and 2,000 tell what can be told.
    found : InferredWeights or None
        What was learned; None before.
    players : tuple of str
        Whose weights, suppliers first.

    Examples
    --------
    >>> from evenwatt import bargaining
    >>> from evenwatt.learning.columns import Column
    >>> from evenwatt.learning.worlds import world
    >>> drawn = world(3, suppliers=1, agents=3, intervals=60)
    >>> struck = bargaining.solve(drawn.history.bargain(weights=drawn.truth.weights))
    >>> past = drawn.history.with_columns({"gain": Column(struck.gains, "player", drawn.history.gate)})
    >>> model = HiddenWeights().fit(past)
    >>> for sentence in model.explain().sentences[:2]:
    ...     print(sentence)
    agent:a2: weight 0.610 (0.610 to 0.610, identified)
    agent:a1: weight 0.239 (0.239 to 0.239, identified)
    """

    interval: float = 0.95
    most_rows: int = 2000
    found: InferredWeights | None = None
    players: tuple[str, ...] = ()
    training: Training | None = None

    name = "hidden-weights"
    version = 1
    needs = NEEDS

    def fit(self, past: History, *, rng: Rng = 0, progress: Progress | None = None) -> HiddenWeights:
        """A copy fitted on the past; ``rng`` is not used, the fit is not left to chance.

        Raises
        ------
        ProblemError
            If the history is empty or lacks a column it needs.
        """
        training = training_of(past, (*self.needs, _seen_column(past)))
        gains = seen_gains(past)
        rows = _spread(np.flatnonzero(np.isfinite(gains).any(axis=1)), self.most_rows)
        found = infer_weights(
            past.bargain().rows(rows),
            gains[rows],
            interval=self.interval,
            names=past.players,
            progress=progress,
        )
        return replace(self, found=found, players=past.players, training=training)

    def predict(self, now: History) -> Terms:
        """The same weights in every row, and the claims as caps.

        A weight that the data do not tell enters as one of the many values that explain the past as well.

        Raises
        ------
        ProblemError
            If the players are not those it was fitted on.
        """
        fitted(self.training, self.name)
        refuse_others(self.name, self.players, now.players)
        weights = np.exp(self._found.log_weights - self._found.log_weights.max())
        return Terms(np.tile(weights, (len(now), 1)), now["claim"])

    def explain(self) -> Explanation:
        """Each weight with its interval and verdict; a weight that is not identified is given no number."""
        fitted(self.training, self.name)
        rows = tuple({"model": self.name, **row} for row in weight_rows(self._found, self.players))
        return Explanation(tuple(_sentences(self._found, self.players)), rows)

    def state(self) -> State:
        """All that is needed to make it again."""
        fitted(self.training, self.name)
        found = self._found
        arrays = {name: np.asarray(getattr(found, name)) for name in ARRAYS}
        settings = {
            "interval": self.interval,
            "most_rows": self.most_rows,
            "players": list(self.players),
            "iterations": found.iterations,
            "reasons": {str(player): reason for player, reason in found.reasons.items()},
        }
        return State(settings, arrays)

    @classmethod
    def restored(cls, state: State, training: Training) -> HiddenWeights:
        """The fitted model of a state."""
        settings, arrays = state.settings, state.arrays
        kept: dict[str, Any] = {name: arrays[name] for name in ARRAYS}
        kept["sigma"] = float(kept["sigma"]) if kept["sigma"].ndim == 0 else kept["sigma"]
        found = InferredWeights(
            **kept,
            iterations=int(settings["iterations"]),
            reasons={int(player): reason for player, reason in settings["reasons"].items()},
        )
        return cls(
            float(settings["interval"]),
            int(settings["most_rows"]),
            found,
            tuple(settings["players"]),
            training,
        )

    @property
    def _found(self) -> InferredWeights:
        assert self.found is not None
        return self.found


def _spread(rows: npt.NDArray[np.intp], most: int) -> npt.NDArray[np.intp]:
    """At most so many rows, always the same ones: one from each of as many stretches, at a place drawn in it.

    A regular step would fall in with the hours of the day.
    """
    if len(rows) <= most:
        return rows
    edges = np.linspace(0, len(rows), most + 1).astype(np.int64)
    return rows[edges[:-1] + (np.diff(edges) * stream(0, "rows").random(most)).astype(np.int64)]


ARRAYS = (
    "weights",
    "low",
    "high",
    "log_se",
    "verdict",
    "information",
    "sensitive_share",
    "sigma",
    "residuals",
    "reference",
    "log_weights",
)


def seen_gains(past: History) -> Array:
    """Gains that a history shows, (T, P): its column ``gain``, else those of its ``flow``; NaN where unseen.

    Raises
    ------
    ProblemError
        If it has neither.
    """
    if _seen_column(past) == "gain":
        return past.target("gain")
    flows = past.target("flow")
    problem = past.bargain()
    return np.asarray(problem.utilities(flows) - problem.disagreement)


def _seen_column(past: History) -> str:
    for name in ("gain", "flow"):
        if name in past.columns:
            return name
    raise ProblemError("the history lacks the columns gain and flow; one of them must say what was agreed")


def weight_rows(found: InferredWeights, players: tuple[str, ...]) -> list[dict[str, str | float | None]]:
    """One row a player: weight and interval (null where not identified), standard error, verdict, reason."""
    rows = []
    for player, party in enumerate(players):
        known = found.verdict[player] != "not identified"
        numbers = {"weight": found.weights[player], "low": found.low[player], "high": found.high[player]}
        rows.append(
            {
                "party": party,
                **{name: float(value) if known else None for name, value in numbers.items()},
                "se": float(found.log_se[player]) if np.isfinite(found.log_se[player]) else None,
                "information": float(found.information[player, player]),
                "sensitive_share": float(found.sensitive_share[player]),
                "verdict": _verdict(found, player),
                "reason": found.reasons.get(player, ""),
            }
        )
    return rows


def _verdict(found: InferredWeights, player: int) -> str:
    """As inferred; a sharp interval around weights that do not explain the outcomes is at most weak."""
    told = str(found.verdict[player])
    return "weak" if told == "identified" and float(np.max(found.sigma)) > MISFIT else told


def _sentences(found: InferredWeights, players: tuple[str, ...]) -> list[str]:
    order = np.argsort(-np.nan_to_num(found.weights), kind="stable")
    known = [player for player in order.tolist() if not np.isnan(found.weights[player])]
    told = [
        f"{players[p]}: weight {found.weights[p]:.3f} ({found.low[p]:.3f} to {found.high[p]:.3f}, {_verdict(found, p)})"
        for p in known
    ]
    told += [f"{found.reasons[p]} (no number)" for p in order.tolist() if p not in known]
    noise = float(np.max(found.sigma))
    if MISFIT < noise < np.inf:
        told.append(
            f"these weights hardly explain what was agreed: gains are {noise:.0%} away from what they lead to, so the "
            "outcomes may not be of such bargains, or not of these claims and capacities"
        )
    return told


def weights_over_time(
    past: History, window: int, *, every: int = 1, interval: float = 0.95, progress: Progress | None = None
) -> list[dict[str, str | float | None]]:
    """Weights of windows that end with the days of a history, each fitted by itself.

    Parameters
    ----------
    past : History
        What was agreed, in order.
    window : int
        Intervals of the window, or all there are before the first that is full. Windows overlap, so neighbouring
        days are not independent.
    every : int
        Days from one window's end to the next.
    interval : float
        Nominal coverage.
    progress : callable, optional
        Told ``(done, total, "weights over time")``.

    Returns
    -------
    list of dict
        ``day, party, weight, low, high, verdict``; numbers are None where the weight is not identified.

    Raises
    ------
    ProblemError
        If the window holds no interval or the history says nothing of what was agreed.
    """
    with gather("weights_over_time", ProblemError) as faults:
        for name, number in (("window", window), ("every", every)):
            if number < 1:
                faults.append(f"{name}: {number}; expected at least 1")
    gains, problem = seen_gains(past), past.bargain()
    days = past.start.astype("M8[D]")
    lasts = (
        np.flatnonzero(np.append(days[1:] != days[:-1], True)) if len(days) else np.zeros(0, dtype=np.intp)
    )
    rows: list[dict[str, str | float | None]] = []
    for done, last in enumerate(lasts.tolist()):
        chosen = np.arange(max(0, last + 1 - window), last + 1)
        found = infer_weights(problem.rows(chosen), gains[chosen], interval=interval, names=past.players)
        rows += [
            {
                "day": str(days[last]),
                **{name: row[name] for name in ("party", "weight", "low", "high", "verdict")},
            }
            for row in weight_rows(found, past.players)
        ]
        if progress is not None:
            progress(done + 1, len(lasts), "weights over time")
    return rows
