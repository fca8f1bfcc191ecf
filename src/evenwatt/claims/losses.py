"""Constrained equal losses: everybody goes short by the same, nobody below zero."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import divided, filled, levelled
from evenwatt.claims._told import Detail, one_problem, settled, told
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]


def detail(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Detail:
    """The level of one problem: the most anybody goes short."""
    e, asked, side = one_problem(endowment, claims)
    if done := settled(side):
        return done
    level = float((asked - constrained_equal_losses(e, asked)).max())
    return told(level, side, "everyone goes short by up to {}, nobody by more than the claim")


@rule(
    "cel",
    title="constrained equal losses",
    source="Thomson 2019, doi:10.1017/9781139017206, ch. 2",
    satisfies=BASIC
    | {
        "order-under-endowment-change",
        "population-monotonic",
        "consistency",
        "converse-consistency",
        "composition-down",
        "composition-up",
        "minimal-rights-first",
        "lower-bound-losses",
        "progressive",
        "null-compensation",
        "no-advantageous-splitting",
    },
    detail=detail,
)
def constrained_equal_losses(
    endowment: npt.ArrayLike, claims: npt.ArrayLike, *, weights: npt.ArrayLike | None = None
) -> Array:
    """Divide the shortage equally, but nobody loses more than the claim.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., n)
        What each member asks for, non-negative [Wh].
    weights : (..., n), optional
        How fast each *loss* grows, so a larger weight is a smaller award; the weight of a
        priority is its inverse [-].

    Returns
    -------
    (..., n)
        Awards, summing to the smaller of ``endowment`` and total claims [Wh].

    Raises
    ------
    ProblemError
        If an entry is negative or not finite, a weight is not above 0, or shapes do not fit.

    Examples
    --------
    >>> constrained_equal_losses(20.0, [3, 5, 9, 13])
    array([ 0.5,  2.5,  6.5, 10.5])
    >>> constrained_equal_losses(12.0, [3, 5, 9, 13], weights=[1, 1, 1, 3])
    array([0., 2., 6., 4.])

    Source: Aumann & Maschler 1985, doi:10.1016/0022-0531(85)90102-4;
    Thomson 2019, doi:10.1017/9781139017206, ch. 2.
    """
    if weights is not None:
        return filled(endowment, claims, weights, _weighted)
    from evenwatt.claims._kernels import TAL, level_awards

    return divided(endowment, claims, lambda e, d, x: level_awards(e, d, x, TAL, 0.0))


def _weighted(endowment: Array, claims: Array, weights: Array) -> Array:
    return np.asarray(claims - levelled(claims.sum(axis=-1) - endowment, weights, claims))
