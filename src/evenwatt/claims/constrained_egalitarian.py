"""Constrained egalitarian: as equal as awards can be with half the claim as hinge."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import divided
from evenwatt.claims._told import Detail, one_problem, settled, told
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]


def detail(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Detail:
    """The level of one problem: what everyone is raised to."""
    e, asked, side = one_problem(endowment, claims)
    if done := settled(side):
        return done
    awards = constrained_egalitarian(e, asked)
    if side == "above half":
        level = float(awards[awards < asked].min(initial=float(awards.max())))
        return told(level, side, "everyone is served up to {}, and nobody less than half the claim")
    return told(float(awards.max()), side, "everyone gets up to {}, nobody more than half the claim")


@rule(
    "ce",
    title="constrained egalitarian",
    source="Chun, Schummer & Thomson 2001, Seoul J. Econ. 14:269; Thomson 2019, doi:10.1017/9781139017206",
    satisfies=BASIC
    | {
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
def constrained_egalitarian(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Award equally with half the claim as the limit: at most that below half, at least that above.

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
    >>> constrained_egalitarian([12.0, 20.0], [3, 5, 9, 13])
    array([[1.5, 2.5, 4. , 4. ],
           [3. , 5. , 5.5, 6.5]])

    Source: Chun, Schummer & Thomson 2001, Seoul J. Econ. 14:269;
    Thomson 2019, doi:10.1017/9781139017206, ch. 2.
    """
    from evenwatt.claims._kernels import egalitarian_rows

    return divided(endowment, claims, egalitarian_rows)
