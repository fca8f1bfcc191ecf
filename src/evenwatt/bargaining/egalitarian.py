"""Egalitarian bargaining: equal gains until the first cap (Kalai), or past it for the others (leximin)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.feasibility import require_agreement
from evenwatt.bargaining.single import agreement
from evenwatt.core.problem import Bargain
from evenwatt.core.rule import Array


def egalitarian(
    endowment: npt.ArrayLike,
    disagreement: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    upper: npt.ArrayLike | None = None,
) -> Array:
    """Kalai's egalitarian solution: gains stay proportional to weights, so the first cap stops everybody.

    May leave a surplus; a member that cannot gain stops all gains. :func:`leximin` goes on for the others.

    Parameters
    ----------
    endowment : (...)
        The total to agree on [Wh].
    disagreement : (..., n)
        What each member keeps if the talks fail, its lower bound; may be negative [Wh].
    weights : (..., n), optional
        Speeds of gain above 0, by default equal [-].
    upper : (..., n), optional
        Upper bounds on the awards, by default infinity [Wh].

    Returns
    -------
    (..., n)
        Awards, summing to at most ``endowment`` [Wh].

    Raises
    ------
    ProblemError
        If an entry is not a number it may be; names the member.
    BargainError
        If rows have no agreement; names all of them, each with the inequality that fails.

    Source: Kalai 1977, doi:10.2307/1913954.

    Examples
    --------
    >>> egalitarian(12, [1, 0, 2], upper=[3, 10, 8])
    array([3., 2., 4.])
    """
    problem = Bargain(endowment, disagreement, weights=weights, upper=upper)
    require_agreement(problem, "egalitarian")
    point, speed = problem.disagreement, problem.weights
    spare = np.maximum(problem.endowment - point.sum(axis=-1), 0.0)
    room = np.maximum(problem.upper - point, 0.0)
    first_cap = (room / speed).min(axis=-1, initial=np.inf)
    everything = np.divide(spare, speed.sum(axis=-1), out=np.zeros_like(spare), where=speed.shape[-1] > 0)
    level = np.minimum(first_cap, everything)[..., None]
    # The member that stops the others meets its cap exactly.
    return np.where(room / speed <= level, np.maximum(problem.upper, point), point + speed * level)


def leximin(
    endowment: npt.ArrayLike,
    disagreement: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    upper: npt.ArrayLike | None = None,
) -> Array:
    """Lexicographic egalitarian solution: gains proportional to weights, going on past caps for the others.

    On one transferable resource it is the Nash solution; the two part where the frontier is curved.

    Parameters
    ----------
    endowment : (...)
        The total to agree on [Wh].
    disagreement : (..., n)
        What each member keeps if the talks fail, its lower bound; may be negative [Wh].
    weights : (..., n), optional
        Speeds of gain above 0, by default equal [-].
    upper : (..., n), optional
        Upper bounds on the awards, by default infinity [Wh].

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

    Source: Imai 1983, doi:10.2307/1911997; Kalai 1977, doi:10.2307/1913954.

    Examples
    --------
    >>> leximin(12, [1, 0, 2], upper=[3, 10, 8])
    array([3. , 3.5, 5.5])
    """
    problem = Bargain(endowment, disagreement, weights=weights, upper=upper)
    require_agreement(problem, "leximin")
    return agreement(problem)[0]
