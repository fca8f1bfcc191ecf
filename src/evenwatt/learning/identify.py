"""Which weights a history tells at all, and beside whom they can be measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining import Smoothed, TransportBargain
from evenwatt.learning.likelihood import Array, Fit, log_sum

Flags = npt.NDArray[np.bool_]
Names = npt.NDArray[np.str_]

IDENTIFIED, WEAK, NOT_IDENTIFIED = "identified", "weak", "not identified"
SHARP, LOOSE = 0.1, 0.5  # standard errors of a log weight up to which it is identified, and weak
FELT = 1e-3  # a gain that moves by less than this share of a log weight's step does not feel the weight
FULL = 1e-3  # share of capacity or demand below all of it that a rounded bargain leaves
LEAST_INFORMATION = 1e-6  # of a history that tells nothing
RIDGE = 1e-9  # of the information's trace; makes what nothing tells uncertain rather than singular


@dataclass(frozen=True)
class Reference:
    """The players whose weights together are the yardstick, and how well each weight is measured by it.

    Attributes
    ----------
    players : (P,) bool
        Whose ratios to one another are known; empty where no two players are tied to each other.
    threshold : float
        Up to which standard error players belong.
    log_se : (P,)
        Standard error of the log of each player's weight over those of the others in the reference.
    """

    players: Flags
    threshold: float
    log_se: Array

    @property
    def beside(self) -> Flags:
        """Whose weights each player is measured by, (P, P): the reference without itself."""
        return besides(self.players)

    def normalised(self, theta: Array) -> Array:
        """Log weights (P,), those of the reference (of everybody where there is none) summing to 1 as weights."""
        among = self.players if self.players.any() else np.ones_like(self.players)
        return np.asarray(theta - log_sum(theta, among))


def besides(players: Flags) -> Flags:
    """The players each is measured by, (P, P): these without itself, or everybody else where they are none."""
    others = ~np.eye(len(players), dtype=np.bool_)
    among = others & players
    return np.asarray(np.where(among.any(axis=-1, keepdims=True), among, others))


def reference(fit: Fit, noise: float, *, without: Flags | None = None) -> Reference:
    """Find the largest group of players whose ratios the data tell, and everybody's standard error beside it.

    Only ratios of weights can be learned, so a weight is known only beside others. The group is the one in
    which most players are within 0.1 of one of them (in log ratio; failing that within 0.5). Markets that do
    not touch make several groups; the players of the smaller ones are then not identified beside the largest.

    Parameters
    ----------
    fit : Fit
        One row: where the information is taken.
    noise : float
        Standard deviation of the log gains at unit scale.
    without : (P,) bool, optional
        Players who may not belong.

    Returns
    -------
    Reference
        The group and the standard errors.
    """
    covariance = _covariance(fit.curvature[0] / noise**2)
    variance = np.diagonal(covariance)
    apart = np.sqrt(np.maximum(variance[:, None] + variance - 2 * covariance, 0.0))
    barred = np.zeros(len(variance), dtype=np.bool_) if without is None else without
    apart[barred], apart[:, barred] = np.inf, np.inf
    for threshold in (SHARP, LOOSE):
        players = _largest(apart < threshold, fit.curvature[0])
        if players.any():
            break
    return Reference(players, threshold, _standard_errors(fit.theta[0], covariance, besides(players)))


def _covariance(information: Array) -> Array:
    lift = RIDGE * max(float(np.trace(information)), LEAST_INFORMATION)
    return np.asarray(np.linalg.inv(information + lift * np.eye(len(information))))


def _largest(tied: Flags, information: Array) -> Flags:
    """Who is tied to the player with most ties, itself included; nobody where it has none."""
    ties = tied & ~np.eye(len(tied), dtype=np.bool_)
    count = ties.sum(axis=-1)
    anchor = int(np.lexsort((np.diagonal(information), count))[-1])
    if not count[anchor]:
        return np.zeros(len(tied), dtype=np.bool_)
    ties[anchor, anchor] = True
    return np.asarray(ties[anchor])


def _standard_errors(theta: Array, covariance: Array, beside: Flags) -> Array:
    """Of the log ratio of each player's weight to those it is measured by, (P,)."""
    weights = np.where(beside, np.exp(theta - theta.max()), 0.0)
    moves = np.eye(len(theta)) - weights / weights.sum(axis=-1, keepdims=True)
    return np.asarray(np.sqrt(np.maximum(((moves @ covariance) * moves).sum(axis=-1), 0.0)))


def verdicts(yardstick: Reference, log_se: Array) -> Names:
    """What can be said of each weight, (P,)."""
    loose = log_se < LOOSE if yardstick.players.any() else np.zeros(len(log_se), dtype=np.bool_)
    sharp = yardstick.players & (log_se < SHARP)
    return np.asarray(np.select([sharp, loose], [IDENTIFIED, WEAK], default=NOT_IDENTIFIED))


def reasons(
    problem: TransportBargain,
    point: Smoothed,
    yardstick: Reference,
    verdict: Names,
    felt: Array,
    spans: tuple[Array, Array, Array],
    names: Sequence[str] | None = None,
) -> dict[int, str]:
    """Why a weight is weak or not identified, by player.

    Parameters
    ----------
    problem : TransportBargain
        T bargains.
    point : Smoothed
        Their solution by the best weights.
    yardstick : Reference
        Whose weights each is measured by.
    verdict : (P,) str
        Of each weight.
    felt : (P,)
        Share of intervals in which something seen depends on it.
    spans : three of (P,)
        Standard error, lower and upper end of each log ratio.
    names : sequence of str, optional
        Of the players.
    """
    who = names or called(problem)
    full = _full(problem, point)
    rows = len(problem.capacity)
    told = {}
    for player in np.flatnonzero(verdict != IDENTIFIED).tolist():
        kind = "sold out" if player < problem.suppliers else "served in full"
        usual = f"it is {kind} in {100 * full[player]:.0f} % of the intervals"
        told[player] = f"{who[player]}: " + _why(
            felt[player], rows, usual, yardstick, [float(span[player]) for span in spans]
        )
    return told


def _why(felt: float, rows: int, usual: str, yardstick: Reference, span: list[float]) -> str:
    log_se, low, high = span
    if not rows:
        return "there is no interval"
    if felt == 0:
        return f"no gain that was seen depends on its weight; {usual}"
    seldom = f"{round(felt * rows)} of {rows} intervals depend on its weight; {usual}"
    if not yardstick.players.any():
        return f"nobody's weight is tied to another's; {seldom}"
    if np.isfinite(log_se):
        return f"its log ratio to the reference is known to {log_se:.2g} only: {seldom}"
    if np.isfinite(low):
        return f"the data rule out smaller weights, not larger ones: {seldom}"
    if np.isfinite(high):
        return f"the data rule out larger weights, not smaller ones: {seldom}"
    return f"the data rule out nothing: {seldom}"


def called(problem: TransportBargain) -> list[str]:
    """What players are called who have no names, suppliers first."""
    return [
        *(f"supplier {one}" for one in range(problem.suppliers)),
        *(f"agent {one}" for one in range(problem.agents)),
    ]


def _full(problem: TransportBargain, point: Smoothed) -> Array:
    """Share of the intervals in which a supplier sells, or an agent gets, all it can, (P,)."""
    moved = np.concatenate([point.flows.sum(axis=-1), point.flows.sum(axis=-2)], axis=-1)
    most = np.concatenate([problem.capacity, problem.demand], axis=-1)
    return np.asarray((moved >= (1 - FULL) * most).mean(axis=0)) if len(most) else np.zeros(most.shape[1])
