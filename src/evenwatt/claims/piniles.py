"""Piniles' rule: equal awards up to half the claims, and the same again above."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import divided
from evenwatt.claims._told import Detail, one_problem, settled, told
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]


def detail(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Detail:
    """The level of one problem: the equal award below half the claims, the equal rise above."""
    e, asked, side = one_problem(endowment, claims)
    if done := settled(side):
        return done
    awards = piniles(e, asked)
    if side == "above half":
        rise = float((awards - asked / 2).max())
        return told(rise, side, "everyone gets half the claim and up to {} more")
    return told(float(awards.max()), side, "everyone gets up to {}, nobody more than half the claim")


@rule(
    "piniles",
    title="Piniles",
    source="Piniles 1861; Aumann & Maschler 1985, doi:10.1016/0022-0531(85)90102-4",
    satisfies=BASIC
    | {
        "order-under-endowment-change",
        "population-monotonic",
        "consistency",
        "converse-consistency",
        "midpoint",
        "lower-bound-awards",
        "regressive",
        "no-advantageous-merging",
    },
    detail=detail,
)
def piniles(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Award equally up to half the claims; what is left raises everyone equally towards the claim.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., n)
        What each member asks for, non-negative [Wh].

    Returns
    -------
    (..., n)
        Awards, summing to the smaller of ``endowment`` and total claims [Wh].

    Raises
    ------
    ProblemError
        If an entry is negative or not finite, or the shapes do not fit; names the row.

    Examples
    --------
    >>> piniles([12.0, 20.0], [3, 5, 9, 13])
    array([[1.5 , 2.5 , 4.  , 4.  ],
           [2.75, 3.75, 5.75, 7.75]])

    Source: Piniles 1861; Aumann & Maschler 1985, doi:10.1016/0022-0531(85)90102-4.
    """
    from evenwatt.claims._kernels import PINILES, level_awards

    return divided(endowment, claims, lambda e, d, x: level_awards(e, d, x, PINILES, 0.5))
