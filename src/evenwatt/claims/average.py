"""Average: halfway between equal awards and equal losses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import divided
from evenwatt.claims._told import Detail, one_problem, settled, wh
from evenwatt.claims.awards import constrained_equal_awards
from evenwatt.claims.losses import constrained_equal_losses
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]


def detail(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Detail:
    """Both levels of one problem: the equal award and the equal loss that are averaged."""
    e, asked, side = one_problem(endowment, claims)
    if done := settled(side):
        return done
    level = float(constrained_equal_awards(e, asked).max())
    loss = float((asked - constrained_equal_losses(e, asked)).max())
    sentence = f"halfway between serving everyone up to {wh(level)} and cutting everyone by up to {wh(loss)}"
    return {"level": level, "loss": loss, "side": side, "sentence": sentence}


@rule(
    "av",
    title="average of equal awards and equal losses",
    source="Thomson 2019, doi:10.1017/9781139017206, ch. 2",
    satisfies=BASIC
    | {
        "order-under-endowment-change",
        "population-monotonic",
        "self-dual",
        "midpoint",
    },
    detail=detail,
)
def average(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Give the mean of constrained equal awards and constrained equal losses.

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
    >>> average(12.0, [3, 5, 9, 13])
    array([1.5, 1.5, 3.5, 5.5])

    Source: Thomson 2019, doi:10.1017/9781139017206, ch. 2.
    """
    from evenwatt.claims._kernels import AVERAGE, level_awards

    return divided(endowment, claims, lambda e, d, x: level_awards(e, d, x, AVERAGE, 1.0))
