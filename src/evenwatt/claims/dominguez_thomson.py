"""Dominguez-Thomson: grant the lower bound on awards, again and again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import divided
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]


@rule(
    "dt",
    title="Dominguez-Thomson",
    source="Dominguez & Thomson 2006, Economic Theory 28:283; Thomson 2019, doi:10.1017/9781139017206",
    satisfies=BASIC
    | {
        "order-under-endowment-change",
        "claims-truncation",
        "lower-bound-awards",
        "regressive",
    },
)
def dominguez_thomson(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Give everyone 1/n of the truncated claim, and the same of what is left, until nothing is.

    Members without a claim do not count in n.

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
    >>> dominguez_thomson(12.0, [3, 5, 9, 13])
    array([1.53125, 2.40625, 3.65625, 4.40625])

    Source: Dominguez & Thomson 2006, Economic Theory 28:283; Thomson 2019, doi:10.1017/9781139017206.
    """
    from evenwatt.claims._sorted_kernels import recursive_rows

    return divided(endowment, claims, recursive_rows)
