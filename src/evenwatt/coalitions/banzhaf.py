"""The Banzhaf value: what a member adds when everyone else tosses a coin whether to come."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.sum_game import SumGame
from evenwatt.coalitions.sums.structured import affordable, coin_toss, structured
from evenwatt.coalitions.two_price import TwoPriceGame
from evenwatt.core.errors import ProblemError
from evenwatt.core.rule import rule

Array = npt.NDArray[np.float64]

SOURCE = "Owen 1975, doi:10.1002/nav.3800220409"


@rule(
    "banzhaf",
    kind="coalitions",
    source=SOURCE,
    satisfies={"symmetry", "dummy", "additivity", "covariance"},
    title="Banzhaf value",
)
def banzhaf(game: Game) -> Array:
    """The Banzhaf value: the mean of what a member adds to a coalition of the others, all equally likely.

    It is *not* efficient: its sum may be more or less than the worth of everyone together. To divide that
    worth use :func:`normalised_banzhaf`; to compare power use :func:`banzhaf_index`.

    Parameters
    ----------
    game : Game
        Of at most 24 members; a game on sums may have thousands.

    Returns
    -------
    (n,)
        In the unit of the worths.

    Raises
    ------
    ProblemError
        If there are more than 24 members and the worth is not one of sums of whole numbers.

    Examples
    --------
    >>> banzhaf(Game.from_table(3, [0, 0, 0, 6, 8, 4, 15]))
    array([6.25, 4.25, 5.25])

    Source: Owen 1975, doi:10.1002/nav.3800220409.
    """
    if isinstance(game, (SumGame, TwoPriceGame)) and affordable(game):
        return structured(game, coin_toss)[0]
    table = game.table()
    holding = masks.held_sums(table, game.n)
    return np.asarray((2 * holding - table.sum()) / 2.0 ** (game.n - 1))


@rule(
    "normalised-banzhaf",
    kind="coalitions",
    source=SOURCE,
    satisfies={"efficiency", "symmetry"},
    title="normalised Banzhaf value",
)
def normalised_banzhaf(game: Game) -> Array:
    """The Banzhaf value rescaled so that it divides the worth of everyone together.

    The rescaling costs it what the Banzhaf value keeps: a member that adds the same to every coalition no
    longer gets just that.

    Parameters
    ----------
    game : Game
        Of at most 24 members; a game on sums may have thousands.

    Returns
    -------
    (n,)
        Summing to the worth of everyone together [unit of the worths].

    Raises
    ------
    ProblemError
        If no positive factor leads from the sum of the Banzhaf values to that worth.

    Examples
    --------
    >>> normalised_banzhaf(Game.from_table(3, [0, 0, 0, 6, 8, 4, 15])).round(4)
    array([5.9524, 4.0476, 5.    ])

    Source: Owen 1975, doi:10.1002/nav.3800220409.
    """
    found = banzhaf(game)
    total, close = float(found.sum()), 1e-12 * (1 + np.abs(game.table()).max())
    if abs(total - game.total) <= close:
        return found
    # A factor below 0 would turn those who add most into those who get least.
    if abs(total) <= close or game.total / total < 0:
        raise ProblemError(
            f"normalised Banzhaf value: the Banzhaf values sum to {total:g} and everyone together is worth "
            f"{game.total:g}; no positive factor leads from one to the other. Use banzhaf, or the Shapley value"
        )
    return np.asarray(found * (game.total / total))


def banzhaf_index(game: Game) -> Array:
    """The Banzhaf index: the Banzhaf values as shares of their sum.

    Parameters
    ----------
    game : Game
        Of at most 24 members, usually one of voting: worths 0 and 1.

    Returns
    -------
    (n,)
        Shares, summing to 1 [-].

    Raises
    ------
    ProblemError
        If the Banzhaf values sum to nothing, so that there is no power to share.

    Examples
    --------
    >>> banzhaf_index(Game(3, lambda s: s @ [4, 3, 2] >= 6)).round(4)  # votes 4, 3, 2; six pass
    array([0.6, 0.2, 0.2])

    Source: Banzhaf 1965, Rutgers Law Review 19, 317-343; Dubey & Shapley 1979, doi:10.1287/moor.4.2.99.
    """
    found = banzhaf(game)
    total = float(found.sum())
    if abs(total) <= 1e-12 * (1 + np.abs(game.table()).max()):
        raise ProblemError(
            f"Banzhaf index: the Banzhaf values sum to {total:g}; there is nothing to take shares of"
        )
    return np.asarray(found / total)
