"""The Shapley value from the worth of every coalition, in two passes over the table."""

from __future__ import annotations

from math import comb

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import Game

Array = npt.NDArray[np.float64]


def enumerated(game: Game) -> Array:
    """The Shapley value, exactly, by enumeration.

    Parameters
    ----------
    game : Game
        Of at most 24 members.

    Returns
    -------
    (n,)
        The mean over all orders of arrival of what each member adds [unit of the worths].

    Raises
    ------
    ProblemError
        If there are more than 24 members.

    Examples
    --------
    >>> enumerated(Game.from_table(3, [0, 0, 0, 6, 8, 4, 15])).round(12)
    array([6., 4., 5.])

    Source: Shapley 1953, doi:10.1515/9781400881970-018.
    """
    return shapley_of_table(game.table(), game.n)


def shapley_of_table(table: Array, n: int) -> Array:
    """The Shapley value of the game whose worths by bit mask are ``table``, (2**n,) -> (n,)."""
    size = masks.sizes(n)
    joined = table * np.append(0.0, arrival(n))[size]
    missed = table * np.append(arrival(n), 0.0)[size]
    # Coalitions without i are all but those that hold i: one fold serves both sums.
    return np.asarray(masks.held_sums(joined + missed, n) - missed.sum())


def arrival(n: int) -> Array:
    """Chance that exactly a given coalition of s others has come before a given member, (n,) for s = 0..n-1.

    It is s! (n - 1 - s)! / n!, taken through whole numbers so that nothing overflows.
    """
    return np.array([1 / (n * comb(n - 1, s)) for s in range(n)])
