"""Whether members can agree on dividing one resource at all, and which inequality fails where they cannot."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import BargainError, told
from evenwatt.core.problem import Bargain, Claims
from evenwatt.core.rule import Array

Flags = npt.NDArray[np.bool_]

# A miss this small against the numbers of its row is rounding, not a quarrel [-].
ROUNDING = 1e-12


def floor(problem: Bargain) -> Array:
    """What each member must get to sign: the lower bound or the disagreement, (..., n) [Wh]."""
    return np.minimum(np.maximum(problem.lower, problem.disagreement), problem.upper)


def slack(problem: Bargain) -> Array:
    """How far sums of each row may miss by rounding alone, (...) [Wh]."""
    sizes = np.abs(problem.disagreement) + np.abs(problem.lower)
    return np.asarray(ROUNDING * (np.abs(problem.endowment) + sizes.sum(axis=-1)))


def infeasible(problem: Bargain) -> Flags:
    """Rows without any agreement, (...)."""
    near = slack(problem)
    needed = np.maximum(problem.lower, problem.disagreement)
    crossed = (needed > problem.upper + near[..., None]).any(axis=-1)
    return np.asarray(crossed | (needed.sum(axis=-1) > problem.endowment + near))


def require_agreement(problem: Bargain, place: str) -> None:
    """Raise one error for all rows without an agreement.

    Raises
    ------
    BargainError
        Naming each row and the inequality that fails there; ``rows`` counts over flattened leading axes.
    """
    rows = np.flatnonzero(infeasible(problem)).tolist()
    if rows:
        faults = [f"{told_row(problem, row)}{why_infeasible(problem, row)}" for row in rows]
        raise BargainError(told(place, faults), tuple(rows))


def told_row(problem: Bargain | Claims, row: int) -> str:
    """Name a flattened row by its indices; a single problem needs no name."""
    place = np.unravel_index(row, problem.endowment.shape)
    return f"row {', '.join(str(i) for i in place)}: " if place else ""


def told_members(members: list[int]) -> str:
    """Name one member or several."""
    return f"member {members[0]}" if len(members) == 1 else f"members {', '.join(map(str, members))}"


def why_infeasible(problem: Bargain, row: int) -> str:
    """The first inequality that fails in a flattened row, with its numbers."""
    members = problem.disagreement.shape[-1]
    point, lower, upper = (
        side.reshape(-1, members)[row] for side in (problem.disagreement, problem.lower, problem.upper)
    )
    endowment, near = problem.endowment.flat[row], slack(problem).flat[row]
    for low, name in ((point, "disagreement"), (lower, "lower bound")):
        for i in np.flatnonzero(low > upper + near):
            return f"member {i}: {name} {low[i]} is above upper bound {upper[i]}"
    if lower.sum() > endowment + near and not np.array_equal(lower, point):
        return f"lower bounds sum to {lower.sum()}, above the endowment {endowment}"
    if (lower <= point).all():
        return f"disagreements sum to {point.sum()}, above the endowment {endowment}"
    needed = np.maximum(lower, point).sum()
    return f"disagreements and lower bounds together need {needed}, above the endowment {endowment}"
