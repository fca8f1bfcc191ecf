"""Constrained equal awards: everybody the same, nobody more than the claim."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import divided, filled, levelled
from evenwatt.claims._told import Detail, one_problem, settled, told
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]


def detail(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Detail:
    """The level of one problem: the most anybody is served."""
    e, asked, side = one_problem(endowment, claims)
    if done := settled(side):
        return done
    level = float(constrained_equal_awards(e, asked).max())
    return told(level, side, "everyone is served up to {}")


@rule(
    "cea",
    title="constrained equal awards",
    source="Maimonides, Laws of Lending 20:4; Thomson 2019, doi:10.1017/9781139017206, ch. 2",
    satisfies=BASIC
    | {
        "order-under-endowment-change",
        "population-monotonic",
        "consistency",
        "converse-consistency",
        "composition-down",
        "composition-up",
        "claims-truncation",
        "lower-bound-awards",
        "regressive",
        "full-compensation",
        "no-advantageous-merging",
    },
    detail=detail,
)
def constrained_equal_awards(
    endowment: npt.ArrayLike, claims: npt.ArrayLike, *, weights: npt.ArrayLike | None = None
) -> Array:
    """Award everybody the same, but nobody more than the claim.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., n)
        What each member asks for, non-negative [Wh].
    weights : (..., n), optional
        How fast each award grows, so a larger weight is a larger award [-].

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
    >>> constrained_equal_awards(20.0, [3, 5, 9, 13])
    array([3., 5., 6., 6.])
    >>> constrained_equal_awards(12.0, [3, 5, 9, 13], weights=[1, 1, 1, 3])
    array([2., 2., 2., 6.])

    Source: Maimonides, Laws of Lending 20:4; Thomson 2019, doi:10.1017/9781139017206, ch. 2.
    """
    if weights is not None:
        return filled(endowment, claims, weights, _weighted)
    from evenwatt.claims._kernels import TAL, level_awards

    return divided(endowment, claims, lambda e, d, x: level_awards(e, d, x, TAL, 1.0))


def _weighted(endowment: Array, claims: Array, weights: Array) -> Array:
    return levelled(endowment, weights, claims)
