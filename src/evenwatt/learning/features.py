"""What the gate knows of each agent: the claim, how far its past claims were off, and what is usual for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.learning.columns import Array, Column, Times

if TYPE_CHECKING:
    from evenwatt.learning.history import History
    from evenwatt.learning.information import Information

NOW, FAST, SLOW, BY_HOUR = 0.6, 0.95, 0.99, 0.8  # share of the old mean kept with each new reading [-]
MOST = 10.0  # a claim ten times the need counts as that, whatever it was [-]
MOST_OFF = np.log(MOST)
HOURS = 24

NEEDS = ("capacity", "claim", "cost", "metered")
OF_CLOCK = ("hour", "hour_sin", "hour_cos", "weekday", "season_sin", "season_cos")

MEANING = {
    "claim": "the stated claim",
    "surprise": "the claim against the agent's usual claim",
    "surprise_now": "the claim against the agent's claims of the last few intervals",
    "over_latest": "the claim against the newest meter reading",
    "over_usual": "the claim against the usual need",
    "over_usual_hour": "the claim against the usual need at this hour",
    "lean": "how much its claims overstated of late",
    "lean_slow": "how much its claims overstated over a longer past",
    "spread": "how widely its claims miss the need",
    "trend": "whether its need has been rising",
    "latest": "the newest meter reading",
    "usual": "the usual need",
    "usual_hour": "the usual need at this hour",
    "scarcity": "all claims against all capacity",
    "mean_cost": "the suppliers' mean cost",
    "hour": "the hour",
    "hour_sin": "the daily cycle (sine)",
    "hour_cos": "the daily cycle (cosine)",
    "weekday": "the day of the week",
    "season_sin": "the yearly cycle (sine)",
    "season_cos": "the yearly cycle (cosine)",
}
FEATURES = tuple(MEANING)


@dataclass(frozen=True)
class AgentFeatures:
    """Features of every agent in every interval, each as the interval's own gate knew it.

    Attributes
    ----------
    names : tuple of str
        The last axis; :data:`MEANING` says them in words.
    values : (T, N, F)
        NaN where nothing was known yet.
    """

    names: tuple[str, ...]
    values: Array

    def __getitem__(self, name: str) -> Array:
        """One feature, (T, N)."""
        return np.asarray(self.values[..., self.names.index(name)])


def agent_features(rows: History, *, extra: tuple[str, ...] = ()) -> AgentFeatures:
    """The features of all agents at once, through what each gate knew and nothing else.

    Parameters
    ----------
    rows : History
        Plain, or a view of rows still to be decided.
    extra : tuple of str
        Further columns of one value an interval, or one an agent, to be used as they stand at the gate: a
        weather forecast, a day-ahead price.

    Raises
    ------
    LeakError
        If a column of ``extra`` was not known at the gate.

    Examples
    --------
    >>> from evenwatt.learning.worlds import world
    >>> features = agent_features(world(1, intervals=50).history)
    >>> features["lean"].shape, bool(np.isnan(features["lean"][0]).all())
    ((50, 6), True)
    """
    information = rows.information()
    claim = information.current("claim")
    made = {
        **_of_past(rows, information, claim),
        "scarcity": _each(_scarcity(information, claim), claim),
        "mean_cost": _each(information.current("cost").mean(axis=-1), claim),
        **{name: _each(information.calendar()[name], claim) for name in OF_CLOCK},
        **{name: _each(information.current(name), claim) for name in extra},
    }
    names = (*FEATURES, *extra)
    return AgentFeatures(names, np.stack([made[name] for name in names], axis=-1))


def _of_past(rows: History, information: Information, claim: Array) -> dict[str, Array]:
    """What past claims and readings say of each agent."""
    off = information.combine("claim error", overstated, "claim", "metered")
    squared = information.combine("squared claim error", np.square, off)
    lean, usual, latest = (
        information.ewm(off, FAST), information.ewm("metered", FAST), information.latest("metered"),
    )  # fmt: skip
    usual_hour = _usual_hour(rows, information)
    return {
        "claim": claim,
        "surprise": overstated(claim, information.ewm("claim", FAST)),
        # Meters come a day late, claims at once: what drifts within a day shows in the last few claims alone.
        "surprise_now": overstated(claim, information.ewm("claim", NOW)),
        "over_latest": overstated(claim, latest),
        "over_usual": overstated(claim, usual),
        "over_usual_hour": overstated(claim, usual_hour),
        "lean": lean,
        "lean_slow": information.ewm(off, SLOW),
        "spread": np.sqrt(np.maximum(information.ewm(squared, FAST) - lean**2, 0.0)),
        "trend": overstated(usual, information.ewm("metered", SLOW)),
        "latest": latest,
        "usual": usual,
        "usual_hour": usual_hour,
    }


def overstated(claim: Array, need: Array) -> Array:
    """Log of claim over need, so that twice and half cancel; tenfold at most, NaN where nothing was claimed [log].

    Examples
    --------
    >>> overstated(np.array([2.0, 1.0, 1.0, 0.0]), np.array([1.0, 2.0, 0.0, 1.0])).round(3)
    array([ 0.693, -0.693,  2.303,    nan])
    """
    some = claim > 0
    ratio = np.divide(
        claim,
        np.maximum(need, claim / MOST),
        out=np.full(np.shape(claim), np.nan),
        where=some & np.isfinite(need),
    )
    return np.asarray(np.clip(np.log(ratio), -MOST_OFF, MOST_OFF))


def _scarcity(information: Information, claim: Array) -> Array:
    """Log of all claims over all capacity, (T,); 0 where there is neither."""
    return np.nan_to_num(overstated(claim.sum(axis=-1), information.current("capacity").sum(axis=-1)))


def _usual_hour(rows: History, information: Information) -> Array:
    """Running mean of the readings of the same hour of the day, (T, N)."""
    metered = information.column("metered")
    hours = _hour((rows if rows.context is None else rows.context).start)
    at_its_hour = (hours[:, None] == np.arange(HOURS))[..., None]
    by_hour = np.where(at_its_hour, metered.values[:, None, :], np.nan)
    means = information.ewm(Column(by_hour, metered.axis, metered.known), BY_HOUR)
    mine = _hour(rows.start)
    return np.asarray(means[np.arange(len(mine)), mine])


def _hour(start: Times) -> npt.NDArray[np.int64]:
    """Hour of the day, UTC, 0 to 23."""
    return np.asarray(start.astype("M8[h]").astype(np.int64) % HOURS)


def _each(values: Array, claim: Array) -> Array:
    """A value of the interval for every agent; one of the agents as it is."""
    return np.broadcast_to(values if values.ndim == 2 else values[:, None], claim.shape)
