"""The tau value: the compromise between what members may hope for and what they can insist on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import Game
from evenwatt.core.errors import ProblemError, told
from evenwatt.core.rule import rule

Array = npt.NDArray[np.float64]


@rule(
    "tau",
    kind="coalitions",
    source="Tijs 1981, in Game Theory and Mathematical Economics (North-Holland), 123-132",
    satisfies={"efficiency", "symmetry", "dummy", "covariance", "individual-rationality"},
    title="tau value",
)
def tau(game: Game) -> Array:
    """The tau value: the efficient point between everyone's minimal right and utopia payoff.

    Parameters
    ----------
    game : Game
        Of at most 24 members.

    Returns
    -------
    (n,)
        Summing to the worth of everyone together [unit of the worths].

    Raises
    ------
    ProblemError
        If the game is not quasi-balanced, that is if some minimal right is above the utopia payoff, or the
        worth of everyone together lies outside their sums; names each with its figures.

    Examples
    --------
    >>> tau(Game.from_table(3, [1, 0, 0, 8, 5, 2, 10])) * 12
    array([71., 35., 14.])

    Source: Tijs 1981, in Game Theory and Mathematical Economics (North-Holland), pp. 123-132; Tijs &
    Driessen 1986, doi:10.1287/mnsc.32.8.1015.
    """
    rights, utopia = tau_bounds(game)
    faults = unbalance(game, rights, utopia)
    if faults:
        raise ProblemError(told("tau value: the game is not quasi-balanced", faults))
    room, wanted = utopia.sum() - rights.sum(), game.total - rights.sum()
    share = wanted / room if room > 0 else 0.0
    return np.asarray(rights + min(max(share, 0.0), 1.0) * (utopia - rights))


def tau_bounds(game: Game) -> tuple[Array, Array]:
    """Minimal rights and utopia payoffs of all members.

    Parameters
    ----------
    game : Game
        Of at most 24 members.

    Returns
    -------
    (n,), (n,)
        What each member keeps for itself in the best coalition whose other members get their utopia
        payoff; and what the others lose if it leaves everyone [unit of the worths].

    Examples
    --------
    >>> tau_bounds(Game.from_table(3, [1, 0, 0, 8, 5, 2, 10]))
    (array([3., 0., 0.]), array([8., 5., 2.]))
    """
    utopia = game.last
    kept = game.table() - masks.sums(utopia)
    return utopia + _held_most(kept, game.n), utopia


def unbalance(game: Game, rights: Array, utopia: Array) -> list[str]:
    """What keeps the game from being quasi-balanced, in words; empty where it is."""
    close = 1e-9 * (1 + np.abs(game.table()).max())
    faults = [
        f"member {i}: minimal right {rights[i]:g} is above its utopia payoff {utopia[i]:g}"
        for i in np.flatnonzero(rights > utopia + close)
    ]
    if rights.sum() > game.total + close:
        faults.append(
            f"minimal rights sum to {rights.sum():g}, more than the {game.total:g} of everyone together"
        )
    if utopia.sum() < game.total - close:
        faults.append(
            f"utopia payoffs sum to {utopia.sum():g}, less than the {game.total:g} of everyone together"
        )
    return faults


def _held_most(table: Array, n: int) -> Array:
    """Largest entry among the coalitions that hold each member; folds in half as ``masks.held_sums`` does."""
    found = np.empty(n)
    for i in range(n - 1, -1, -1):
        without, holding = table[: 1 << i], table[1 << i : 2 << i]
        found[i] = holding.max()
        table = np.maximum(without, holding)
    return found
