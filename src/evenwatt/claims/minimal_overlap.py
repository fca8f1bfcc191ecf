"""Minimal overlap: claim units so that few are contested, and split each among its claimants."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import divided
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]


@rule(
    "mo",
    title="minimal overlap",
    source="Ibn Ezra, 12th century; O'Neill 1982, doi:10.1016/0165-4896(82)90029-4",
    satisfies=BASIC
    | {
        "order-under-endowment-change",
        "population-monotonic",
        "claims-truncation",
        "minimal-rights-first",
        "lower-bound-awards",
        "lower-bound-losses",
    },
)
def minimal_overlap(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Claim units so that as few as possible are claimed by many; who claims a unit shares it equally.

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
    Ibn Ezra's four sons:

    >>> minimal_overlap(120.0, [30, 40, 60, 120]).round(2)
    array([ 7.5 , 10.83, 20.83, 80.83])

    Source: Ibn Ezra, 12th century; O'Neill 1982, doi:10.1016/0165-4896(82)90029-4.
    """
    from evenwatt.claims._sorted_kernels import overlap_rows

    return divided(endowment, claims, overlap_rows)
