"""Equal division, of everything or of what cooperation adds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.game import Game
from evenwatt.core.rule import rule

Array = npt.NDArray[np.float64]


@rule(
    "egalitarian",
    kind="coalitions",
    source="van den Brink 2007, Journal of Economic Theory 136, 767-775",
    satisfies={"efficiency", "symmetry", "additivity"},
    title="equal division",
)
def egalitarian(game: Game) -> Array:
    """Equal division: everyone gets the same, whatever it could earn alone.

    Parameters
    ----------
    game : Game
        Any number of members.

    Returns
    -------
    (n,)
        Summing to the worth of everyone together [unit of the worths].

    Examples
    --------
    >>> egalitarian(Game.from_table(2, [1, 2, 7]))
    array([3.5, 3.5])

    Source: van den Brink 2007, Journal of Economic Theory 136, 767-775.
    """
    return np.full(game.n, game.total / game.n)


@rule(
    "equal-surplus",
    kind="coalitions",
    source="Driessen & Funaki 1991, doi:10.1007/BF01719767",
    satisfies={"efficiency", "symmetry", "additivity", "covariance", "individual-rationality"},
    title="equal surplus division",
)
def equal_surplus(game: Game) -> Array:
    """Equal surplus division: what each could earn alone, and an equal part of what is left.

    Parameters
    ----------
    game : Game
        Any number of members.

    Returns
    -------
    (n,)
        Summing to the worth of everyone together [unit of the worths].

    Examples
    --------
    >>> equal_surplus(Game.from_table(2, [1, 2, 7]))
    array([3., 4.])

    Source: Driessen & Funaki 1991, doi:10.1007/BF01719767.
    """
    return np.asarray(game.alone + (game.total - game.alone.sum()) / game.n)
