"""The Talmud rule: share gains below half the claims, share losses above."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import divided, filled, levelled
from evenwatt.claims._told import Detail, one_problem, settled, told
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]


def detail(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Detail:
    """The level of one problem: the equal gain below half the claims, the equal loss above."""
    e, asked, side = one_problem(endowment, claims)
    if done := settled(side):
        return done
    awards = talmud(e, asked)
    if side == "above half":
        loss = float((asked - awards).max())
        return told(loss, side, "everyone goes short by up to {}, nobody by more than half the claim")
    return told(float(awards.max()), side, "everyone gets up to {}, nobody more than half the claim")


@rule(
    "talmud",
    title="Talmud",
    source="Aumann & Maschler 1985, doi:10.1016/0022-0531(85)90102-4",
    satisfies=BASIC
    | {
        "order-under-endowment-change",
        "population-monotonic",
        "consistency",
        "converse-consistency",
        "self-dual",
        "midpoint",
        "claims-truncation",
        "minimal-rights-first",
        "lower-bound-awards",
        "lower-bound-losses",
    },
    detail=detail,
)
def talmud(endowment: npt.ArrayLike, claims: npt.ArrayLike, *, weights: npt.ArrayLike | None = None) -> Array:
    """Divide as the Mishnah does (Ketubot 93a): nobody's worry passes half the claim.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., n)
        What each member asks for, non-negative [Wh].
    weights : (..., n), optional
        How fast each award grows below half the claims, and each loss above it [-].

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
    >>> talmud([100.0, 200.0, 300.0], [100.0, 200.0, 300.0]).round(1)
    array([[ 33.3,  33.3,  33.3],
           [ 50. ,  75. ,  75. ],
           [ 50. , 100. , 150. ]])

    Weights: Hokari & Thomson 2003, Economic Theory 21:241.

    Source: Aumann & Maschler 1985, doi:10.1016/0022-0531(85)90102-4.
    """
    if weights is not None:
        return filled(endowment, claims, weights, _weighted)
    from evenwatt.claims._kernels import TAL, level_awards

    return divided(endowment, claims, lambda e, d, x: level_awards(e, d, x, TAL, 0.5))


def _weighted(endowment: Array, claims: Array, weights: Array) -> Array:
    missing = claims.sum(axis=-1) - endowment
    gains = endowment <= missing
    parts = levelled(np.minimum(endowment, missing), weights, claims / 2)
    return np.where(gains[..., None], parts, claims - parts)
