"""Nash bargaining over one resource: who gains how much over what each keeps if the talks fail."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.feasibility import (
    Flags,
    floor,
    infeasible,
    require_agreement,
    slack,
    told_members,
    told_row,
    why_infeasible,
)
from evenwatt.core.problem import Bargain
from evenwatt.core.rule import Array


@dataclass(frozen=True)
class NashOutcome:
    """The Nash bargaining solution of every row, and what kind of solution it is.

    Attributes
    ----------
    awards : (..., n)
        The agreement; the disagreement where there is none [Wh].
    level : (...)
        Gain per unit weight of every member between its bounds; its inverse prices the resource.
        0 where nobody can gain or agree [Wh].
    status : (...) str
        ``optimal``: everybody gains. ``saturated``: every upper bound is met and some is left over.
        ``no_gain``: some members cannot gain; they stay where they are, the others bargain.
        ``infeasible``: no agreement.
    surplus : (...)
        What no upper bound lets anybody take; 0 where there is no agreement [Wh].
    problem : Bargain
        The problem solved.
    """

    awards: Array
    level: Array
    status: npt.NDArray[np.str_]
    surplus: Array
    problem: Bargain

    @cached_property
    def reasons(self) -> dict[int, str]:
        """Why a row is not optimal, by flattened row: the failing inequality or the members named."""
        told = {"infeasible": why_infeasible, "saturated": self._why_saturated, "no_gain": _why_no_gain}
        rows = np.flatnonzero(self.status != "optimal").tolist()
        return {
            row: told_row(self.problem, row) + told[self.status.flat[row]](self.problem, row) for row in rows
        }

    def _why_saturated(self, problem: Bargain, row: int) -> str:
        total, left = problem.endowment.flat[row], self.surplus.flat[row]
        return f"upper bounds sum to {total - left}, {left} of the endowment {total} is left"


def nash(
    endowment: npt.ArrayLike,
    disagreement: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    lower: npt.ArrayLike | None = None,
    upper: npt.ArrayLike | None = None,
) -> Array:
    """Asymmetric Nash bargaining solution over one transferable resource.

    Maximises ``sum(weights * log(awards - disagreement))``: gains are proportional to weights until
    a bound is met. Members who cannot gain stay where they are and the others bargain;
    :func:`nash_outcome` says who.

    Parameters
    ----------
    endowment : (...)
        The total to agree on [Wh].
    disagreement : (..., n)
        What each member keeps if the talks fail; may be negative [Wh].
    weights : (..., n), optional
        Bargaining weights above 0, by default equal [-].
    lower, upper : (..., n), optional
        Bounds on the awards, by default the disagreement and infinity [Wh].

    Returns
    -------
    (..., n)
        Awards, summing to the smaller of ``endowment`` and total ``upper`` [Wh].

    Raises
    ------
    ProblemError
        If an entry is not a number it may be; names the member.
    BargainError
        If rows have no agreement; names all of them, each with the inequality that fails.

    Source: Nash 1950, doi:10.2307/1907266; with weights Kalai 1977, doi:10.1007/BF01774658.

    Examples
    --------
    >>> nash(12, [1, 0, 2], weights=[1, 2, 1], lower=[0, 0, 4], upper=[3, 10, 8]).round(4)
    array([3.    , 4.6667, 4.3333])
    """
    problem = Bargain(endowment, disagreement, weights=weights, lower=lower, upper=upper)
    require_agreement(problem, "nash")
    return agreement(problem)[0]


def nash_outcome(
    endowment: npt.ArrayLike,
    disagreement: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    lower: npt.ArrayLike | None = None,
    upper: npt.ArrayLike | None = None,
) -> NashOutcome:
    """Nash bargaining solution with level, status and surplus; an infeasible row is an answer too.

    Takes what :func:`nash` takes. Where there is no agreement the disagreement stands. A gain, excess
    or miss below 1e-12 of the numbers in its row counts as none.

    Returns
    -------
    NashOutcome
        Finite everywhere; ``reasons`` names what keeps a row from being optimal.

    Raises
    ------
    ProblemError
        If an entry is not a number it may be; names the member.

    Source: Nash 1950, doi:10.2307/1907266.

    Examples
    --------
    >>> outcome = nash_outcome([12, 3, 2], [1, 1, 1], upper=[5, 5, 1])
    >>> outcome.awards
    array([[5., 5., 1.],
           [1., 1., 1.],
           [1., 1., 1.]])
    >>> outcome.status.tolist()
    ['saturated', 'no_gain', 'infeasible']
    >>> outcome.reasons[2]
    'row 2: disagreements sum to 3.0, above the endowment 2.0'
    """
    problem = Bargain(endowment, disagreement, weights=weights, lower=lower, upper=upper)
    lost = infeasible(problem)
    awards, level = agreement(problem, without=lost)
    left = problem.endowment - problem.upper.sum(axis=-1)
    full = left > slack(problem)
    status = np.select(
        [lost, full, stuck(problem).any(axis=-1)], ["infeasible", "saturated", "no_gain"], default="optimal"
    )
    return NashOutcome(awards, level, status, np.where(full & ~lost, left, 0.0), problem)


def agreement(problem: Bargain, without: Flags | None = None) -> tuple[Array, Array]:
    """Awards and level of every row; the disagreement and 0 in the rows to leave out."""
    from evenwatt.engine.water import fill

    shape = problem.disagreement.shape
    awards = np.array(problem.disagreement, order="C")
    level = np.zeros(shape[:-1])
    if not awards.size:
        return awards, level
    rows = np.flatnonzero(~without) if without is not None and without.any() else slice(None)
    sides = (problem.disagreement, problem.weights, floor(problem), problem.upper)
    filled = fill(problem.endowment.reshape(-1)[rows], *(side.reshape(-1, shape[-1])[rows] for side in sides))
    # Assigned through views: both arrays are fresh and contiguous.
    awards.reshape(-1, shape[-1])[rows], level.reshape(-1)[rows] = filled
    return awards, level


def stuck(problem: Bargain) -> Flags:
    """Members that no agreement of their row lets gain over their disagreement, (..., n)."""
    used_up = problem.endowment <= floor(problem).sum(axis=-1) + slack(problem)
    at_rest = problem.disagreement >= problem.lower
    return np.asarray((problem.upper <= problem.disagreement) | (used_up[..., None] & at_rest))


def _why_no_gain(problem: Bargain, row: int) -> str:
    members = problem.disagreement.shape[-1]
    who = told_members(np.flatnonzero(stuck(problem).reshape(-1, members)[row]).tolist())
    needed, endowment = floor(problem).reshape(-1, members)[row].sum(), problem.endowment.flat[row]
    if endowment <= needed + slack(problem).flat[row]:
        return f"{who} cannot gain: disagreements and lower bounds use up the endowment {endowment}"
    return f"{who} cannot gain: the upper bound is the disagreement"
