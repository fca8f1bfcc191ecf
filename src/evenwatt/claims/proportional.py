"""Proportional: the same share of every claim."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import divided, filled, levelled
from evenwatt.claims._told import Detail, one_problem, settled
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]


def detail(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Detail:
    """The served share of one problem, and the sentence that says it."""
    e, asked, side = one_problem(endowment, claims)
    share = e / float(asked.sum()) if side != "plenty" else 1.0
    return settled(side) or {
        "level": share,
        "side": side,
        "sentence": f"everyone is served {100 * share:.1f} % of the claim",
    }


@rule(
    "pro",
    title="proportional",
    source="Aristotle, Nicomachean Ethics V; O'Neill 1982, doi:10.1016/0165-4896(82)90029-4",
    satisfies=BASIC
    | {
        "order-under-endowment-change",
        "population-monotonic",
        "consistency",
        "converse-consistency",
        "self-dual",
        "midpoint",
        "composition-down",
        "composition-up",
        "regressive",
        "progressive",
        "no-advantageous-merging",
        "no-advantageous-splitting",
    },
    detail=detail,
)
def proportional(
    endowment: npt.ArrayLike, claims: npt.ArrayLike, *, weights: npt.ArrayLike | None = None
) -> Array:
    """Serve the same share of every claim.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., n)
        What each member asks for, non-negative [Wh].
    weights : (..., n), optional
        How much faster a member's share of the claim grows than another's, until the claim is met [-].

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
    >>> proportional(12.0, [3, 5, 9, 13])
    array([1.2, 2. , 3.6, 5.2])
    >>> proportional(12.0, [3, 5, 9, 13], weights=[10, 1, 1, 1])
    array([3.        , 1.66666667, 3.        , 4.33333333])

    Source: O'Neill 1982, doi:10.1016/0165-4896(82)90029-4; weights: Dagan & Volij 1993,
    doi:10.1016/0165-4896(93)90024-D.
    """
    if weights is not None:
        return filled(endowment, claims, weights, _weighted)
    from evenwatt.claims._kernels import share_rows

    return divided(endowment, claims, share_rows)


def _weighted(endowment: Array, claims: Array, weights: Array) -> Array:
    # A null claim has no speed; any positive one keeps it at its cap of 0.
    return levelled(endowment, np.where(claims > 0, weights * claims, 1.0), claims)
