"""How far each weight may be from the best one before the data object: profile likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenwatt.learning.identify import Reference
from evenwatt.learning.likelihood import Array, Fit, Indices, Observed, Pins, best, log_ratio

REACH = 6.0  # log ratio beyond which a weight that the data still allow is called open
CLOSE = 0.04  # relative, of the root of the deviance at an end
# Of deviance that a step must gain, and steps, for all other weights. Fewer steps stop in valleys where constraints
# switch, and call a weight known that is not.
ENOUGH, STEPS = 0.02, 15
BETTER = 0.5  # of deviance below the best fit at which it was not the best
ROUNDS = 10
NOTHING = 1e-300  # instead of 0 below a fraction
WIDEST_FIRST, NARROWEST_FIRST = 1.5, 1e-4  # log ratio of the first try


@dataclass(frozen=True)
class Ends:
    """Where the profile of some players' weights leaves the region the data allow.

    Attributes
    ----------
    low, high : (P,)
        Log ratio of each weight to the others: of the players profiled the ends found, infinite where the data object
        to nothing within reach; of everybody at least as far as the log weights met on the way that are allowed.
    better : Fit or None
        Log weights that explain the data better than those profiled, if any were met: fit again from there.
    passes : int
        Over all bargains that it took.
    """

    low: Array
    high: Array
    better: Fit | None
    passes: int


@dataclass
class _Search:
    """Two ends for each player, all looked for at once."""

    trial: Array  # (M,) distance from the best fit to try next
    inside: Array  # (M,) largest distance the data allow, of those tried
    inside_root: Array
    outside: Array  # (M,) smallest distance they do not
    outside_root: Array
    end: Array  # (M,) found distance, NaN while searched

    @classmethod
    def of(cls, first: Array) -> _Search:
        """A search that has its first trials before it."""
        none, far = np.zeros_like(first), np.full_like(first, np.inf)
        return cls(first, none, none.copy(), far, far.copy(), np.full_like(first, np.nan))

    def tell(self, rows: Indices, root: Array, limit: float) -> None:
        """Take in the root of the deviance at the trials of some rows, and set their next."""
        trial = self.trial[rows]
        allowed = root < limit
        self.inside[rows] = np.where(allowed, trial, self.inside[rows])
        self.inside_root[rows] = np.where(allowed, root, self.inside_root[rows])
        self.outside[rows] = np.where(allowed, self.outside[rows], trial)
        self.outside_root[rows] = np.where(allowed, self.outside_root[rows], root)
        near = np.abs(root - limit) < CLOSE * limit
        tight = self.outside[rows] - self.inside[rows] < CLOSE * self.outside[rows]
        self.trial[rows] = self._next(rows, limit)
        ended = [allowed & (trial >= REACH), near & np.isfinite(self.outside[rows]), near, tight]
        at = [
            np.full_like(trial, np.inf),
            self.trial[rows],
            trial * limit / np.maximum(root, NOTHING),
            self.outside[rows],
        ]
        self.end[rows] = np.select(ended, at, default=np.nan)

    def _next(self, rows: Indices, limit: float) -> Array:
        low, high = self.inside[rows], self.outside[rows]
        low_root, high_root = self.inside_root[rows], self.outside_root[rows]
        between = np.where(np.isfinite(high), high - low, 0.0)
        rise = np.where(np.isfinite(high), high_root - low_root, 1.0)
        part = np.clip((limit - low_root) / np.maximum(rise, NOTHING), 0.1, 0.9)
        grown = self.trial[rows] * np.clip(1.05 * limit / np.maximum(low_root, NOTHING), 1.3, 4.0)
        return np.asarray(np.where(np.isfinite(high), low + part * between, np.minimum(grown, REACH)))


def profile(
    observed: Observed,
    fit: Fit,
    noise: float,
    players: Indices,
    yardstick: Reference,
    *,
    limit: float,
    barrier: float,
) -> Ends:
    """Ends of the region in which a weight, all others at their best, explains the data well enough.

    A weight is inside while the deviance (misfit over the noise variance, less that of the best fit) stays
    below ``limit`` squared. Where a constraint begins to bind as a weight moves, the misfit is far from a
    parabola and the two ends are at different distances; often one of them is nowhere.

    Parameters
    ----------
    observed : Observed
        What was seen.
    fit : Fit
        The best fit, one row.
    noise : float
        Standard deviation of the log gains at unit scale.
    players : (K,)
        Whose weights to profile.
    yardstick : Reference
        Whose weights each is measured by; its standard errors are for the first try.
    limit : float
        Quantile: 1.96 for 95 %.
    barrier : float
        Of the smoothed bargain.

    Returns
    -------
    Ends
        Of each player's log ratio.

    Source: Venzon & Moolgavkar 1988, doi:10.2307/2347496 (profile-likelihood intervals).
    """
    who, beside = np.repeat(players, 2), yardstick.beside
    side = np.tile([-1.0, 1.0], len(players))
    centre, m = log_ratio(fit.theta[0], beside)[who], len(who)
    search = _Search.of(np.clip(limit * yardstick.log_se[who], NARROWEST_FIRST, WIDEST_FIRST))
    path = np.zeros((m, len(beside)))
    path[np.arange(m), who] = side
    better: Fit | None = None
    passes = 0
    met = [log_ratio(fit.theta, yardstick.beside[None])]
    for _ in range(ROUNDS):
        live = np.flatnonzero(np.isnan(search.end))
        if not live.size:
            break
        pins = Pins(who[live], beside[who[live]], centre[live] + side[live] * search.trial[live])
        found, more = best(
            observed,
            fit.theta + path[live] * search.trial[live][:, None],
            np.full(live.size, noise),
            barrier,
            pins=pins,
            most=STEPS,
            enough=ENOUGH,
        )
        passes += more
        deviance = (found.misfit - fit.misfit[0]) / noise**2
        least = int(np.argmin(found.misfit))
        if deviance[least] < -BETTER and (better is None or found.misfit[least] < better.misfit[0]):
            better = found.rows(np.array([least]))
        path[live] = (found.theta - fit.theta) / search.trial[live][:, None]
        met.append(log_ratio(found.theta[deviance <= limit**2], yardstick.beside[None]))
        search.tell(live, np.sqrt(np.maximum(deviance, 0.0)), limit)
    end = np.where(np.isnan(search.end), search.outside, search.end)
    # The likelihood has several valleys where constraints switch; whoever walked through one was in the region.
    allowed = np.concatenate(met)
    low, high = allowed.min(axis=0), allowed.max(axis=0)
    ends = (centre + side * end).reshape(-1, 2)
    low[players] = np.minimum(low[players], ends[:, 0])
    high[players] = np.maximum(high[players], ends[:, 1])
    return Ends(low, high, better, passes)
