"""Kalai-Smorodinsky: everybody gets the same fraction of the best it could hope for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.feasibility import require_agreement
from evenwatt.core.problem import Bargain
from evenwatt.core.rule import Array


def kalai_smorodinsky(
    endowment: npt.ArrayLike, disagreement: npt.ArrayLike, *, upper: npt.ArrayLike
) -> Array:
    """Kalai-Smorodinsky solution over one transferable resource.

    A member's ideal is the smaller of its upper bound and what is left when all others only get
    their disagreement. Gains are proportional to the ideal gains.

    Parameters
    ----------
    endowment : (...)
        The total to agree on [Wh].
    disagreement : (..., n)
        What each member keeps if the talks fail, its only lower bound; may be negative [Wh].
    upper : (..., n)
        Upper bounds on the awards; may be infinite [Wh].

    Returns
    -------
    (..., n)
        Awards, summing to the smaller of ``endowment`` and total ``upper`` [Wh].

    Raises
    ------
    ProblemError
        If an entry is not a number it may be; names the member.
    BargainError
        If rows have no agreement; names all of them, each with the inequality that fails.

    Source: Kalai & Smorodinsky 1975, doi:10.2307/1914280.

    Examples
    --------
    >>> kalai_smorodinsky(12, [1, 0, 2], upper=[3, 10, 8]) * 17
    array([35., 81., 88.])
    """
    problem = Bargain(endowment, disagreement, upper=upper)
    require_agreement(problem, "kalai_smorodinsky")
    point = problem.disagreement
    spare = np.maximum(problem.endowment - point.sum(axis=-1), 0.0)[..., None]
    ideal = np.minimum(problem.upper, point + spare)
    hoped = np.maximum(ideal - point, 0.0)
    total = hoped.sum(axis=-1, keepdims=True)
    fraction = np.divide(spare, total, out=np.ones_like(total), where=total > spare)
    return np.asarray(np.where(fraction < 1.0, np.minimum(point + fraction * hoped, ideal), ideal))
