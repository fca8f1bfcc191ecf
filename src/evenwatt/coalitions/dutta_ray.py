"""The Dutta-Ray solution: as equal as groups that could leave allow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.properties import convex
from evenwatt.core.errors import ProblemError
from evenwatt.core.rule import rule

Array = npt.NDArray[np.float64]


@rule(
    "dutta-ray",
    kind="coalitions",
    source="Dutta & Ray 1989, doi:10.2307/1911055",
    satisfies={"efficiency", "symmetry", "dummy", "individual-rationality", "core-selection"},
    title="Dutta-Ray egalitarian solution",
)
def dutta_ray(game: Game) -> Array:
    """The egalitarian solution of a convex game: the core point that Lorenz-dominates every other.

    The group with the largest worth per head, the largest such group, shares its worth equally; so do the
    rest in the game of what they add to it, and so on.

    Parameters
    ----------
    game : Game
        Convex, of at most 24 members.

    Returns
    -------
    (n,)
        Summing to the worth of everyone together, never below what any group is worth [unit of the worths].

    Raises
    ------
    ProblemError
        If the game is not convex; names two coalitions that show it.

    Examples
    --------
    >>> dutta_ray(Game.from_table(3, [4, 0, 0, 5, 5, 2, 9]))
    array([4. , 2.5, 2.5])

    Source: Dutta & Ray 1989, doi:10.2307/1911055, theorem 3.
    """
    verdict = convex(game)
    if not verdict:
        raise ProblemError(
            f"Dutta-Ray solution: the game is not convex: {verdict.reason}; "
            "for such a game use the nucleolus, or the least core"
        )
    return _shared(game.table(), game.n)


def _shared(table: Array, n: int) -> Array:
    size, served = masks.sizes(n), 0
    found, everyone = np.zeros(n), (1 << n) - 1
    while served != everyone:
        group = _richest(table, size, served)
        newcomers = masks.rows([group & ~served], n)[0]
        found[newcomers] = (table[group] - table[served]) / newcomers.sum()
        served = group
    return found


def _richest(table: Array, size: npt.NDArray[np.int64], served: int) -> int:
    """The largest group around ``served`` that adds most per head."""
    beyond = np.flatnonzero((np.arange(table.size) & served) == served)[1:]
    heads = size[beyond] - size[served]
    added = (table[beyond] - table[served]) / heads
    best = added >= added.max() - 1e-12 * (1 + np.abs(table).max())
    # In a convex game the union of two richest groups is a richest group.
    return int(np.bitwise_or.reduce(beyond[best]))
