"""Average of awards: the centre of all divisions that are possible."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import divided
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]


@rule(
    "aa",
    title="average of awards",
    source="Miras Calvo, Quinteiro Sandomingo & Sanchez-Rodriguez 2022, doi:10.1007/s00355-022-01414-6",
    satisfies=BASIC
    | {
        "order-under-endowment-change",
        "population-monotonic",
        "self-dual",
        "midpoint",
        "claims-truncation",
        "minimal-rights-first",
        "lower-bound-awards",
        "lower-bound-losses",
    },
    polynomial=False,
)
def average_of_awards(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Give the mean of all awards vectors: those with nobody below zero or above the claim.

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
    >>> average_of_awards(12.0, [3, 5, 9, 13]).round(4)
    array([1.4318, 2.2976, 3.96  , 4.3106])

    Source: Miras Calvo, Quinteiro Sandomingo & Sanchez-Rodriguez 2022, doi:10.1007/s00355-022-01414-6.
    """
    from evenwatt.claims._centroid_kernels import average_rows

    return divided(endowment, claims, average_rows)
