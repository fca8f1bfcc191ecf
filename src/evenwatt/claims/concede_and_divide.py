"""Concede and divide: two claimants each get what the other leaves, and half of the rest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.core.problem import checked_claims
from evenwatt.core.rule import rule

Array = npt.NDArray[np.float64]


@rule(
    "cd",
    title="concede and divide",
    source="Aumann & Maschler 1985, doi:10.1016/0022-0531(85)90102-4",
    satisfies={
        "efficiency",
        "claims-bounded",
        "non-negative",
        "equal-treatment",
        "anonymity",
        "order-awards",
        "order-losses",
        "homogeneity",
        "resource-monotonic",
        "order-under-endowment-change",
        "claims-monotonic",
        "linked-monotonic",
        "self-dual",
        "midpoint",
        "claims-truncation",
        "minimal-rights-first",
        "lower-bound-awards",
        "lower-bound-losses",
    },
    members=(2, 2),
)
def concede_and_divide(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Give each of two members what the other concedes, and half of what both contest.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., 2)
        What each of the two asks for, non-negative [Wh].

    Returns
    -------
    (..., 2)
        Awards, summing to the smaller of ``endowment`` and total claims [Wh].

    Raises
    ------
    ProblemError
        If an entry is negative or not finite, shapes do not fit, or members are not two.

    Examples
    --------
    The contested garment (Bava Metzia 2a): one claims all, one half.

    >>> concede_and_divide(1.0, [1.0, 0.5])
    array([0.75, 0.25])

    Source: Aumann & Maschler 1985, doi:10.1016/0022-0531(85)90102-4.
    """
    held, asked = checked_claims(endowment, claims)
    if asked.shape[-1] != 2:
        raise ProblemError(f"cd: concede and divide is for 2 members, found {asked.shape[-1]}")
    e = held[..., None]
    conceded = np.clip(e - asked[..., ::-1], 0.0, asked)
    rest = e - conceded.sum(axis=-1, keepdims=True)
    return np.where(e >= asked.sum(axis=-1, keepdims=True), asked, np.minimum(conceded + rest / 2, asked))
