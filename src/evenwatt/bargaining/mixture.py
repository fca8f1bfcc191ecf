"""Nash mixture: the blend of given rules that claimants would agree on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining._interior import best_shares
from evenwatt.bargaining.feasibility import told_members, told_row
from evenwatt.bargaining.openings import Opening, opening
from evenwatt.bargaining.terms import Disagreement, Weights, bargaining_weights, disagreement_point
from evenwatt.core.errors import BargainError, ProblemError, told
from evenwatt.core.problem import Claims
from evenwatt.core.rule import Array

CHUNK = 4096  # problems solved at once, to bound memory
ROUNDING = 1e-12  # gains this small against the numbers of their row are none [-]
CANCELLED = 2e-15  # or this small against the total claims, from which some rules subtract [-]
NOTHING = 1e-14  # a rule that adds no more than this part of anybody's gain has no share [-]
MISS = 1e-9  # how far a rule's awards may miss claims and endowment before they are no awards [-]


@dataclass(frozen=True)
class Mixture:
    """A blend of rules; unpacks as ``awards, shares``.

    Attributes
    ----------
    awards : (..., n)
        What each member gets; unique but for members left out of the product [Wh].
    shares : (R, ...)
        Share of each rule, summing to 1; not unique where rules are alike [-].
    status : (...) str
        ``optimal``: every member about whom the rules disagree gains. ``no_gain``: some of them cannot
        gain under any mixture everybody accepts; they keep their disagreement, the others bargain.
    reasons : dict
        Names, by flattened row, the members that cannot gain.
    """

    awards: Array
    shares: Array
    status: npt.NDArray[np.str_]
    reasons: dict[int, str]

    def __iter__(self) -> Iterator[Array]:
        return iter((self.awards, self.shares))


def nash_mixture(
    endowment: npt.ArrayLike,
    claims: npt.ArrayLike,
    awards: npt.ArrayLike,
    *,
    disagreement: Disagreement = "zero",
    share: float = 0.5,
    weights: Weights = "equal",
) -> Mixture:
    """Blend rules by the shares that maximise the weighted Nash product of the members' gains.

    Maximises ``sum_j weights_j log(sum_r shares_r awards_rj - disagreement_j)`` over shares that sum to 1.
    A member who gets its disagreement from every rule has no say.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., n)
        What each member asks for, non-negative [Wh].
    awards : (R, ..., n)
        What each rule would award; each row sums to the smaller of ``endowment`` and total claims [Wh].
    disagreement, share, weights
        As in :func:`evenwatt.bargaining.bankruptcy_nash`.

    Returns
    -------
    Mixture
        ``awards`` (..., n) [Wh] and ``shares`` (R, ...) [-], with the status of each row.

    Raises
    ------
    ProblemError
        If an input is not what it may be, or a rule's awards are not awards of the problem; names the place.
    BargainError
        If no mixture leaves every member its disagreement; names every such row.

    Source: Nash 1950, doi:10.2307/1907266, on the convex hull of the rules' awards.

    Examples
    --------
    >>> rules = [[3, 7.5, 13.5], [5, 8, 11], [4, 8, 12]]  # Talmud, Piniles, proportional
    >>> blend, shares = nash_mixture(24, [6, 12, 18], rules, disagreement="minimal-rights")
    >>> blend.round(4), shares.round(4)
    (array([ 4.8167,  7.9542, 11.2292]), array([0.0917, 0.9083, 0.    ]))
    """
    problem = Claims(endowment, claims)
    options = _checked_awards(problem, awards)
    point = disagreement_point(problem, disagreement, share)
    weighted = bargaining_weights(problem, point, weights)
    rules, members = options.shape[0], problem.members
    by_row = np.moveaxis(options.reshape(rules, -1, members), 0, 1)
    gains = by_row - point.reshape(-1, 1, members)
    gains[np.abs(gains) <= _noise(problem, by_row, point.reshape(-1, members))] = 0.0
    shares, stuck = _shares(gains, weighted.reshape(-1, members), problem)
    blend = (shares[:, None, :] @ by_row)[:, 0].reshape(problem.claims.shape)
    met = (problem.endowment >= problem.total)[..., None]
    status = np.full(problem.endowment.shape, "optimal", dtype="<U8")
    status.flat[list(stuck)] = "no_gain"
    reasons = {
        row: f"{told_row(problem, row)}{told_members(who)} cannot gain by any mixture"
        for row, who in stuck.items()
    }
    return Mixture(
        np.where(met, problem.claims, blend),
        np.moveaxis(shares, -1, 0).reshape(rules, *problem.endowment.shape),
        status,
        reasons,
    )


def _checked_awards(problem: Claims, awards: npt.ArrayLike) -> Array:
    """The rules' awards, (R, ..., n), every fault named."""
    given = np.asarray(awards, dtype=np.float64)
    if given.ndim < 2 or not len(given):
        raise ProblemError(f"awards of shape {given.shape} lack the axis of rules; expected (R, ..., n)")
    try:
        options = np.broadcast_to(given, (len(given), *problem.claims.shape))
    except ValueError:
        raise ProblemError(
            f"awards of shape {given.shape} do not fit claims of shape {problem.claims.shape}; "
            "expected (R, ..., n)"
        ) from None
    near = MISS * (1 + problem.total)
    outside = (~(options >= -near[..., None]) | ~(options <= problem.claims + near[..., None])).any(axis=-1)
    owed = np.minimum(problem.endowment, problem.total)
    missed = ~(np.abs(options.sum(axis=-1) - owed) <= near) & ~outside
    faults = []
    for bad, why in (
        (outside, "an award is below 0, above its claim or not finite"),
        (missed, "awards do not sum to the smaller of endowment and claims"),
    ):
        for rule, *row in np.argwhere(bad).tolist():
            place = f", row {', '.join(map(str, row))}" if row else ""
            faults.append(f"rule {rule}{place}: {why}")
    if faults:
        raise ProblemError(told("nash_mixture", faults))
    return options


def _shares(gains: Array, weights: Array, problem: Claims) -> tuple[Array, dict[int, list[int]]]:
    """Shares (T, R) of every row, and the members that cannot gain where there are any."""
    rows, rules, _ = gains.shape
    shares = np.full((rows, rules), 1 / rules)
    heard = np.where((gains != 0).any(axis=1), weights, 0.0)
    plain, openings = _openings(gains, heard, problem)
    for first in range(0, plain.size, CHUNK):
        some = plain[first : first + CHUNK]
        shares[some] = _best(gains[some], heard[some], np.ones((some.size, 1, rules)), shares[some])
    for row, start in openings.items():
        among = start.rules
        say = np.where(start.stuck, 0.0, heard[row])
        shares[row] = 0.0
        shares[row, among] = start.shares[among]
        if say.any():
            part = gains[None, row][:, among]
            shares[row, among] = _best(part, say[None], start.ties[None], start.shares[None, among])[0]
    stuck = {
        row: np.flatnonzero(start.stuck).tolist() for row, start in openings.items() if start.stuck.any()
    }
    return shares, stuck


def _best(gains: Array, weights: Array, ties: Array, start: Array) -> Array:
    """The best shares, without those of rules that add nothing to anybody's gain."""
    shares = best_shares(gains, weights / weights.sum(axis=-1, keepdims=True), ties, start)
    gained = (shares[:, None, :] @ gains)[:, 0]
    adds = np.abs(shares[..., None] * gains) > NOTHING * gained[:, None, :]
    shares[~(adds & (weights > 0)[:, None, :]).any(axis=-1)] = 0.0
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


def _openings(gains: Array, heard: Array, problem: Claims) -> tuple[npt.NDArray[np.intp], dict[int, Opening]]:
    """Rows in which equal shares please everybody, and the openings of the others."""
    disputed = (gains != 0).any(axis=1)
    best = np.abs(gains).max(axis=1)
    # A member without a weight never loses what it has to keep where no rule takes it away.
    safe = (heard > 0) | (gains.min(axis=1) >= 0)
    pleased = ((gains.mean(axis=1) > 1e-9 * best) & safe) | ~disputed
    found = {int(row): opening(gains[row]) for row in np.flatnonzero(~pleased.all(axis=-1))}
    lost = [row for row, start in found.items() if start is None]
    if lost:
        faults = [f"{told_row(problem, row)}no mixture leaves every member its disagreement" for row in lost]
        raise BargainError(told("nash_mixture", faults), tuple(lost))
    plain = np.flatnonzero(pleased.all(axis=-1) & (heard > 0).any(axis=-1))
    return plain, {row: start for row, start in found.items() if start is not None}


def _noise(problem: Claims, awards: Array, point: Array) -> Array:
    """How small a gain is none, (T, 1, 1): rounding of the awards, and of claims that rules subtract from."""
    largest = np.maximum(np.abs(awards).max(axis=(1, 2), initial=0), np.abs(point).max(axis=-1, initial=0))
    return np.asarray(ROUNDING * largest + CANCELLED * problem.total.reshape(-1))[:, None, None]
