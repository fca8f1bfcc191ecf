"""The Gately point: everyone would disrupt the agreement equally."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.game import Game
from evenwatt.core.errors import ProblemError
from evenwatt.core.rule import rule

Array = npt.NDArray[np.float64]


@rule(
    "gately",
    kind="coalitions",
    source="Gately 1974, doi:10.2307/2526099",
    satisfies={"efficiency", "symmetry", "dummy", "covariance"},
    title="Gately point",
)
def gately(game: Game) -> Array:
    """The Gately point: gains in proportion to what everyone together gains by each member's presence.

    Each member then loses by leaving the same part of what the others would lose: all propensities to
    disrupt are equal. Only coalitions of 1, n - 1 and n members are asked, so n may be large. Nobody gets
    less than it is worth alone if nobody adds less than that when it comes last, as in superadditive games.

    Parameters
    ----------
    game : Game
        Any number of members.

    Returns
    -------
    (n,)
        Summing to the worth of everyone together [unit of the worths].

    Raises
    ------
    ProblemError
        If the members' last contributions do not together exceed what they are worth alone, while there
        is something to share besides.

    Examples
    --------
    >>> gately(Game.from_table(3, [1, 0, 0, 8, 5, 2, 10])) * 14
    array([77., 45., 18.])

    Source: Gately 1974, doi:10.2307/2526099.
    """
    gain = game.total - game.alone.sum()
    missed = game.last - game.alone
    close = 1e-12 * (1 + abs(game.total) + np.abs(game.alone).sum() + np.abs(game.last).sum())
    if missed.sum() > close:
        return np.asarray(game.alone + missed * (gain / missed.sum()))
    if abs(gain) <= close and np.abs(missed).max() <= close:
        return game.alone.copy()
    raise ProblemError(
        f"Gately point: what members add last exceeds what they are worth alone by {missed.sum():g} in all; "
        f"expected more than 0, so that the gain of {gain:g} can be shared in proportion"
    )
