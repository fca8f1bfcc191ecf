"""The tau value: the compromise between what members may hope for and what they can insist on."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import MOST_TABLED, Game
from evenwatt.coalitions.nucleolus import InexactWarning
from evenwatt.coalitions.two_price import TwoPriceGame
from evenwatt.core.errors import ProblemError, told
from evenwatt.core.rule import rule

Array = npt.NDArray[np.float64]

NOISE = 1e-9  # against the sizes of the worths at hand


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
        Of at most 24 members; a game of two prices, buy >= sell, may have more.

    Returns
    -------
    (n,)
        Summing to the worth of everyone together [unit of the worths].

    Raises
    ------
    ProblemError
        If the game is not quasi-balanced, that is if some minimal right is above the utopia payoff, or the
        worth of everyone together lies outside their sums; names each with its figures.

    Warns
    -----
    InexactWarning
        If some minimal right of a large game was found by search and not proved.

    Examples
    --------
    >>> tau(Game.from_table(3, [1, 0, 0, 8, 5, 2, 10])) * 12
    array([71., 35., 14.])

    Source: Tijs 1981, in Game Theory and Mathematical Economics (North-Holland), pp. 123-132; Tijs &
    Driessen 1986, doi:10.1287/mnsc.32.8.1015.
    """
    held = minimal_rights(game)
    if not held.exact:
        warnings.warn(
            f"tau value: minimal rights of {game.n} members by {held.method} are not all proved; some may be up to "
            f"{(held.bound - held.values).max():.3g} larger",
            InexactWarning,
            stacklevel=2,
        )
    return between(game, held.values)


def between(game: Game, rights: Array) -> Array:
    """The efficient point on the way from minimal rights to utopia payoffs, (n,)."""
    utopia = game.last
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
        Of at most 24 members; a game of two prices, buy >= sell, may have more.

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
    return minimal_rights(game).values, game.last


@dataclass(frozen=True)
class Rights:
    """Minimal rights and how sure they are.

    Attributes
    ----------
    values, bound : (n,)
        As found, and proven to be no larger than [unit of the worths].
    exact : bool
        Whether the two meet.
    method : str
        ``table`` or ``relaxation``.
    """

    values: Array
    bound: Array
    exact: bool
    method: str


def minimal_rights(game: Game) -> Rights:
    """What each member can insist on: the best of v(S) less the utopia payoffs of the others in S.

    Up to 24 members all coalitions are looked at. In a larger game of two prices a coalition is looked for,
    and bounded, as :func:`evenwatt.coalitions.core_set.core_excess` does.

    Raises
    ------
    ProblemError
        If there are more than 24 members and the game is of no two prices, or sells above buying.
    """
    if game.n <= min(MOST_TABLED, game.most_listed) or not isinstance(game, TwoPriceGame):
        kept = game.table() - masks.sums(game.last)
        rights = game.last + _held_most(kept, game.n)
        return Rights(rights, rights, True, "table")
    return _related(game)


def _related(game: TwoPriceGame) -> Rights:
    """By search and relaxation, from the gains over everyone alone.

    Those gains never fall when a member joins; so if the member itself is asked to pay nothing, the best
    coalition may as well hold it, and the question is that of the core.
    """
    from evenwatt.coalitions.leaving.separation import oracle
    from evenwatt.coalitions.leaving.span import Span

    gains = TwoPriceGame(game.net, game.buy, game.sell, base=game.base - game.alone)
    ask = oracle(gains, "relaxation")
    everyone = Span(game.n)
    everyone.add(np.ones(game.n), gains.total)
    found, bound = np.zeros(game.n), np.zeros(game.n)
    noise = NOISE * abs(gains.total)
    for i in range(game.n):
        price = np.where(np.arange(game.n) == i, 0.0, gains.last)
        found[i] = max(0.0, gains.total - price.sum())
        answer = ask(price, everyone, found[i] + noise)
        # A coalition that passes is found without a proof; asked again from there, it is bounded.
        while answer.excesses[0] > found[i] + noise:
            found[i] = float(answer.excesses[0])
            answer = ask(price, everyone, found[i] + noise)
        bound[i] = max(found[i], answer.bound)
    exact = bool((bound <= found + 2 * noise).all())
    return Rights(game.alone + found, game.alone + bound, exact, ask.method)


def unbalance(game: Game, rights: Array, utopia: Array) -> list[str]:
    """What keeps the game from being quasi-balanced, in words; empty where it is."""
    close = NOISE * (1 + abs(game.total) + np.abs(utopia).max() + np.abs(game.alone).max())
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
