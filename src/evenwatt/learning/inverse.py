"""Inverse Nash bargaining: the weights that past bargains must have had, as far as the data tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt import bargaining
from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.core.errors import ProblemError, gather
from evenwatt.learning.identify import (
    FELT,
    NOT_IDENTIFIED,
    Flags,
    Names,
    Reference,
    called,
    reasons,
    reference,
    verdicts,
)
from evenwatt.learning.intervals import profile
from evenwatt.learning.likelihood import Array, Fit, Observed, agreed, best, log_ratio, misfit
from evenwatt.learning.model import Progress

# From bargains rounded off so far that every gain feels every weight, to those that were struck.
BARRIERS = (1e-3, 1e-4, 1e-5, 1e-6)
SHARPEST = 1e-9
BARRIER_OF_NOISE = 1e-4  # of its square: the rounding then stays below a hundredth of the noise
LEAST_NOISE = (
    1e-4  # relative; gains are rounded and solved to a tolerance even where nothing else disturbs them
)
TRUSTED = 0.02  # standard error of a log weight up to which the misfit is a parabola
TRIES = 6  # of fits from better weights that a profile met


@dataclass(frozen=True, eq=False)
class InferredWeights:
    """Hidden bargaining weights, each with how well the data tell it.

    Only ratios of weights act on a bargain. A weight is therefore given as the player's share of the weights of
    itself and the ``reference``, the largest group of players whose ratios to one another are known. Within the
    reference the weights sum to 1. Weights of players outside are not part of that sum.

    Attributes
    ----------
    weights : (P,)
        Suppliers first; NaN where the verdict is ``not identified`` [-].
    low, high : (P,)
        Interval of the weight; (0, 1) where the data allow anything [-].
    log_se : (P,)
        Standard error of the log of the weight over those of the rest of the reference: from the interval where
        that was profiled, infinite where one of its ends is open [-].
    verdict : (P,) str
        ``identified`` (standard error below 0.1), ``weak`` (below 0.5) or ``not identified``.
    information : (P, P)
        Fisher information of the log weights; its rows sum to 0.
    sensitive_share : (P,)
        Share of intervals in which a gain that was seen moves by more than 0.001 of a step of the log weight.
    sigma : float or (P,)
        Standard deviation of the noise of the log gains: as given, or estimated; infinite where no more gains were
        seen than there are ratios to fit.
    residuals : (T, P)
        Log of each gain seen over the gain explained; NaN where nothing was seen.
    reference : (P,) bool
        Whose weights are the yardstick.
    log_weights : (P,)
        The best log weights, the reference's summing to 1; where a weight is not identified, a value that explains
        the data as well as many others, for use as a starting point only.
    iterations : int
        Passes over all bargains.
    reasons : dict of int to str
        Why a player's weight is weak or not identified.
    """

    weights: Array
    low: Array
    high: Array
    log_se: Array
    verdict: Names
    information: Array
    sensitive_share: Array
    sigma: float | Array
    residuals: Array
    reference: Flags
    log_weights: Array
    iterations: int
    reasons: dict[int, str]


def infer_weights(
    problem: TransportBargain,
    gains: npt.ArrayLike,
    *,
    sigma: npt.ArrayLike | None = None,
    interval: float = 0.95,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> InferredWeights:
    """Find the bargaining weights behind past bargains by maximum likelihood, and say which can be found.

    Gains are taken to be those of the Nash bargain times log-normal noise, independent over players and
    intervals. Damped Gauss-Newton steps start at equal weights on a strongly rounded bargain and follow the best fit
    while the rounding is taken away, because the exact likelihood has a local optimum at almost every interval in
    which a constraint begins to bind. Standard errors are Fisher's where they are at most 0.02, and profile-likelihood
    intervals elsewhere. Unequal noise, or noise that lasts for several intervals, makes them too short.

    Parameters
    ----------
    problem : TransportBargain
        T bargains; their weights are not looked at.
    gains : (T, P) or (T, N)
        What players (suppliers first), or agents alone, were seen to gain over their disagreement; NaN where nothing
        was seen. Gains of 0 and below say nothing in logarithms and are left out [money].
    sigma : float or (P,), optional
        Standard deviation of the log gains, estimated (one for all) when not given [-].
    interval : float
        Nominal coverage of the intervals.
    names : sequence of str, optional
        Of the players, for the reasons.
    progress : callable, optional
        Told ``(done, total, what)``.

    Returns
    -------
    InferredWeights
        A weight that cannot be told from the data is NaN, with an interval and a reason.

    Raises
    ------
    ProblemError
        If shapes do not fit or a number is not what it may be; names all of them.

    Source: Gauss-Newton on the implicit derivative of the Nash bargain; profile likelihood after Venzon &
    Moolgavkar 1988, doi:10.2307/2347496.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> struck = TransportBargain(rng.uniform(5, 9, (40, 1)), rng.uniform(8, 12, (40, 2)), cost=[40], offer=[70],
    ...                           willingness=[120, 110], weights=[1, 1, 3])
    >>> found = infer_weights(struck, bargaining.solve(struck).gains)
    >>> found.weights.round(3), found.verdict.tolist()
    (array([ nan, 0.25, 0.75]), ['not identified', 'identified', 'identified'])
    >>> found.reasons[0]
    'supplier 0: no gain that was seen depends on its weight; it is sold out in 100 % of the intervals'
    """
    observed, fixed = _observed(problem, gains, sigma, interval, names)
    search = _Search(observed, fixed, progress)
    fit = search.descend() if observed.count else search.blank()
    felt = _felt(observed, fit, search.barrier)
    fit, yardstick, low, high, log_se = search.intervals(fit, felt > 0, interval)
    return _result(search, fit, yardstick, (low, high, log_se), felt, names)


@dataclass
class _Search:
    """The best fit and its intervals, with the noise that was found on the way."""

    observed: Observed
    fixed: bool  # whether the noise was given, as the scale of each player
    progress: Progress | None
    barrier: float = BARRIERS[-1]
    passes: int = 0
    found_noise: float = np.inf

    def noise(self, fit: Fit) -> Array:
        """Standard deviation of the residuals over their scale, by fit; the least there can be where it is less."""
        if self.fixed:
            return np.ones(len(fit.misfit))
        return np.asarray(np.maximum(np.sqrt(fit.misfit / max(1, self.freedom(fit))), LEAST_NOISE))

    def freedom(self, fit: Fit) -> int:
        """Gains seen beyond the ratios that shape them at a fit."""
        return self.observed.count - int(np.linalg.matrix_rank(fit.curvature[0], tol=FELT**2, hermitian=True))

    def blank(self) -> Fit:
        """Equal weights, where nothing was seen."""
        players = self.observed.logs.shape[1]
        return Fit(
            np.zeros((1, players)), np.zeros(1), np.zeros((1, players)), np.zeros((1, players, players))
        )

    def descend(self) -> Fit:
        """The best fit from equal weights, the rounding taken away step by step."""
        fit = misfit(self.observed, np.zeros((1, self.observed.logs.shape[1])), BARRIERS[0])
        for step, barrier in enumerate(BARRIERS):
            fit = self.refined(fit, barrier)
            self.tell(step + 1, "fit")
        noise = float(self.noise(fit)[0] * self.observed.scale.min())
        sharpest = float(np.clip(BARRIER_OF_NOISE * noise**2, SHARPEST, BARRIERS[-1]))
        while self.barrier > sharpest:
            fit = self.refined(fit, max(self.barrier / 10, sharpest))
        return self.refined(fit, self.barrier, most=40)

    def refined(self, fit: Fit, barrier: float, most: int = 12) -> Fit:
        """A fit from where another ended."""
        self.barrier = barrier
        noise = self.noise(misfit(self.observed, fit.theta, barrier))
        found, passes = best(self.observed, fit.theta, noise, barrier, most=most)
        self.passes += passes
        return found

    def intervals(self, fit: Fit, felt: Flags, interval: float) -> tuple[Fit, Reference, Array, Array, Array]:
        """The fit, the yardstick, and everybody's log ratio: lower end, upper end, standard error.

        Starts again where a profile meets better weights, or shows that a player of the reference is not as
        sharply known as the curvature at the best fit said.
        """
        from scipy.special import ndtri, stdtrit

        freedom = self.freedom(fit)
        limit = float(stdtrit(max(1, freedom), (1 + interval) / 2))
        without = ~felt
        for turn in range(TRIES + len(felt)):
            # Without a gain to spare the misfit is 0 whatever the noise.
            noise = float(self.noise(fit)[0]) if self.fixed or freedom > 0 else np.inf
            yardstick = reference(fit, noise, without=without)
            spread = limit * yardstick.log_se
            centre = log_ratio(fit.theta[0], yardstick.beside)
            low, high = centre - spread, centre + spread
            asked = np.flatnonzero((yardstick.log_se > TRUSTED) & felt)
            ends = profile(self.observed, fit, noise, asked, yardstick, limit=limit, barrier=self.barrier)
            self.passes += ends.passes
            self.tell(len(BARRIERS) + 1, "intervals")
            if ends.better is not None and turn < TRIES:
                fit = self.refined(ends.better, self.barrier, most=40)
                continue
            low[asked], high[asked] = ends.low[asked], ends.high[asked]
            low, high = np.minimum(low, ends.low), np.maximum(high, ends.high)
            low[~felt], high[~felt] = -np.inf, np.inf
            log_se = (high - low) / (2 * float(ndtri((1 + interval) / 2)))
            blunt = yardstick.players & ~(log_se < yardstick.threshold)
            if not blunt.any():
                break
            without = without | blunt
        self.found_noise = noise
        return fit, yardstick, low, high, log_se

    def tell(self, done: int, what: str) -> None:
        """Report progress where somebody listens."""
        if self.progress is not None:
            self.progress(done, len(BARRIERS) + 1, what)


def _result(
    search: _Search,
    fit: Fit,
    yardstick: Reference,
    spans: tuple[Array, Array, Array],
    felt: Array,
    names: Sequence[str] | None,
) -> InferredWeights:
    observed, (low, high, log_se) = search.observed, spans
    verdict = verdicts(yardstick, log_se)
    known = verdict != NOT_IDENTIFIED
    share = _share(log_ratio(fit.theta[0], yardstick.beside))
    point = bargaining.smoothed(_with(observed.problem, fit.theta[0]), barrier=search.barrier)
    noise = search.found_noise
    return InferredWeights(
        weights=np.where(known, share, np.nan),
        low=_share(low),
        high=_share(high),
        log_se=log_se,
        verdict=verdict,
        information=fit.curvature[0] / noise**2,
        sensitive_share=felt,
        sigma=observed.scale.copy() if search.fixed else noise,
        residuals=observed.logs - np.log(np.where(np.isnan(observed.logs), 1.0, point.gains)),
        reference=yardstick.players,
        log_weights=yardstick.normalised(fit.theta[0]),
        iterations=search.passes,
        reasons=reasons(observed.problem, point, yardstick, verdict, felt, (log_se, low, high), names)
        if np.isfinite(noise) or not observed.count
        else _too_few(observed, names),
    )


def _too_few(observed: Observed, names: Sequence[str] | None) -> dict[int, str]:
    """The reason for everybody where the noise cannot be estimated."""
    why = f"{observed.count} gains were seen, no more than there are ratios to fit; give sigma or more intervals"
    return {player: f"{name}: {why}" for player, name in enumerate(names or called(observed.problem))}


def _share(log_odds: Array) -> Array:
    """Share of a player in its weight and the others', by the log of their ratio."""
    return np.asarray(0.5 + 0.5 * np.tanh(log_odds / 2))


def _with(problem: TransportBargain, theta: Array) -> TransportBargain:
    return problem.changed(weights=np.exp(theta - theta.max()))


def _felt(observed: Observed, fit: Fit, barrier: float) -> Array:
    """Share of the intervals in which some gain that was seen feels each weight, (P,)."""
    point = bargaining.smoothed(_with(observed.problem, fit.theta[0]), barrier=barrier)
    seen = ~np.isnan(observed.logs)
    felt = (np.abs(point.sensitivity()) * seen[..., None]).max(axis=1, initial=0.0) > FELT
    return np.asarray(felt.mean(axis=0) if len(felt) else np.zeros(fit.theta.shape[1]))


def _observed(
    problem: TransportBargain,
    gains: npt.ArrayLike,
    sigma: npt.ArrayLike | None,
    interval: float,
    names: Sequence[str] | None,
) -> tuple[Observed, bool]:
    """What was seen, checked, and whether its noise is given."""
    flat = problem.flat
    players, agents, rows = flat.players, flat.agents, len(flat.capacity)
    seen = np.asarray(gains, dtype=np.float64)
    scale = np.ones(players) if sigma is None else np.asarray(sigma, dtype=np.float64)
    with gather("infer_weights", ProblemError) as faults:
        if seen.shape not in ((*problem.shape, players), (*problem.shape, agents)):
            expected = f"{(*problem.shape, players)} (all players) or {(*problem.shape, agents)} (agents)"
            faults.append(f"gains of shape {seen.shape}; expected {expected}")
        if np.isinf(seen).any():
            faults.append(
                f"{int(np.isinf(seen).sum())} gains are infinite; expected numbers, NaN where unseen"
            )
        if scale.shape not in ((), (players,)) or not (np.isfinite(scale) & (scale > 0)).all():
            faults.append(
                f"sigma {scale.tolist()}; expected a number above 0, or one for each of {players} players"
            )
        if not 0 < interval < 1:
            faults.append(f"interval {interval}; expected a share between 0 and 1, such as 0.95")
        if names is not None and len(names) != players:
            faults.append(f"{len(names)} names; expected one for each of {players} players")
    logs = np.full((rows, players), np.nan)
    seen = seen.reshape(rows, seen.shape[-1])
    logs[:, players - seen.shape[1] :] = np.log(np.where(seen > 0, seen, np.nan))
    logs[~agreed(bargaining.smoothed(flat.changed(weights=np.ones(players)), barrier=BARRIERS[0]))] = np.nan
    return Observed(flat, logs, np.broadcast_to(scale, (players,)).copy()), sigma is not None
