"""The reverse Talmud rule: share losses below half the claims, share gains above."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import divided
from evenwatt.claims._told import Detail, one_problem, settled, told
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]


def detail(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Detail:
    """The level of one problem: the equal shortfall of half the claim, or the equal rise above it."""
    e, asked, side = one_problem(endowment, claims)
    if done := settled(side):
        return done
    away = np.abs(reverse_talmud(e, asked) - asked / 2)
    if side == "above half":
        return told(float(away.max()), side, "everyone gets half the claim and up to {} more")
    return told(float(away.max()), side, "everyone gets half the claim less up to {}")


@rule(
    "rtalmud",
    title="reverse Talmud",
    source="Chun, Schummer & Thomson 2001, Seoul J. Econ. 14:269; Thomson 2019, doi:10.1017/9781139017206",
    satisfies=BASIC
    | {
        "order-under-endowment-change",
        "population-monotonic",
        "consistency",
        "converse-consistency",
        "self-dual",
        "midpoint",
    },
    detail=detail,
)
def reverse_talmud(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Cut half the claims equally while there is less than half; from half on raise them equally.

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
    >>> reverse_talmud([12.0, 20.0], [3, 5, 9, 13])
    array([[0.75, 1.75, 3.75, 5.75],
           [2.75, 3.75, 5.75, 7.75]])

    Source: Chun, Schummer & Thomson 2001, Seoul J. Econ. 14:269;
    Thomson 2019, doi:10.1017/9781139017206, ch. 2.
    """
    from evenwatt.claims._kernels import REVERSE_TALMUD, level_awards

    return divided(endowment, claims, lambda e, d, x: level_awards(e, d, x, REVERSE_TALMUD, 0.5))
