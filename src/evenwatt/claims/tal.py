"""The TAL family: the Talmud rule with its hinge at any share of the claims."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import divided
from evenwatt.claims._told import Detail, one_problem, settled, told
from evenwatt.core.errors import ProblemError
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]


def detail(endowment: npt.ArrayLike, claims: npt.ArrayLike, *, theta: float = 0.5) -> Detail:
    """The level of one problem: the equal gain below the hinge, the equal loss above."""
    e, asked, side = one_problem(endowment, claims)
    if done := settled(side):
        return done
    awards = tal_family(e, asked, theta=theta)
    if e > theta * asked.sum():
        loss = float((asked - awards).max())
        return told(
            loss, side, f"everyone goes short by up to {{}}, served at least {theta:.4g} of the claim"
        )
    return told(
        float(awards.max()), side, f"everyone gets up to {{}}, nobody more than {theta:.4g} of the claim"
    )


@rule(
    "tal",
    title="TAL family",
    source="Moreno-Ternero & Villar 2006, doi:10.1007/s00355-006-0121-3",
    satisfies=BASIC
    | {
        "order-under-endowment-change",
        "population-monotonic",
        "consistency",
        "converse-consistency",
    },
    detail=detail,
)
def tal_family(endowment: npt.ArrayLike, claims: npt.ArrayLike, *, theta: float = 0.5) -> Array:
    """Share gains up to ``theta`` of the claims, and losses from there on.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., n)
        What each member asks for, non-negative [Wh].
    theta : float
        The hinge, 0 to 1: 0 is constrained equal losses, 1/2 Talmud, 1 constrained equal awards [-].

    Returns
    -------
    (..., n)
        Awards, summing to the smaller of ``endowment`` and total claims [Wh].

    Raises
    ------
    ProblemError
        If an entry is negative or not finite, shapes do not fit, or ``theta`` is outside 0 to 1.

    Examples
    --------
    >>> tal_family(12.0, [3, 5, 9, 13], theta=0.25)
    array([0.75, 1.25, 3.  , 7.  ])

    Source: Moreno-Ternero & Villar 2006, doi:10.1007/s00355-006-0121-3.
    """
    if not 0.0 <= theta <= 1.0:
        raise ProblemError(f"tal: theta {theta} is not a number from 0 to 1")
    from evenwatt.claims._kernels import TAL, level_awards

    return divided(endowment, claims, lambda e, d, x: level_awards(e, d, x, TAL, float(theta)))
