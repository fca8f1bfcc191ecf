"""Adjusted proportional: what nobody contests first, then in proportion to what remains."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import divided
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]


@rule(
    "apro",
    title="adjusted proportional",
    source="Curiel, Maschler & Tijs 1987, doi:10.1007/BF02109593",
    satisfies=BASIC
    | {
        "order-under-endowment-change",
        "self-dual",
        "midpoint",
        "claims-truncation",
        "minimal-rights-first",
        "lower-bound-awards",
        "lower-bound-losses",
    },
)
def adjusted_proportional(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Give each member what the others concede, and share the rest by what is still claimed of it.

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
    >>> adjusted_proportional(20.0, [3, 5, 9, 13]).round(4)
    array([1.8889, 3.1481, 5.6667, 9.2963])

    Source: Curiel, Maschler & Tijs 1987, doi:10.1007/BF02109593.
    """
    from evenwatt.claims._kernels import adjusted_rows

    return divided(endowment, claims, adjusted_rows)
