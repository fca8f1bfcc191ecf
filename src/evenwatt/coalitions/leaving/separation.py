"""The choice of an oracle: who would gain most by leaving, without asking every coalition where a game allows."""

from __future__ import annotations

from evenwatt.coalitions.game import Game
from evenwatt.coalitions.leaving.answer import Oracle
from evenwatt.coalitions.leaving.table import Table
from evenwatt.coalitions.sum_game import SumGame
from evenwatt.coalitions.two_price import TwoPriceGame
from evenwatt.core.errors import ProblemError

TABLED = 20  # members up to which every coalition is looked at unless another way is asked for
METHODS = ("table", "grid", "relaxation", "search")


def oracle(game: Game, method: str = "auto") -> Oracle:
    """The best oracle for a game.

    Parameters
    ----------
    game : Game
        Any game.
    method : str
        ``table`` looks at all 2**n coalitions (n at most 24; exact). ``grid`` finds the cheapest coalition of
        every sum by dynamic programming (:class:`SumGame`, or :class:`TwoPriceGame` of one interval, whose
        numbers are whole multiples of some unit; exact). ``relaxation`` bounds the excess by linear programmes
        over fractional coalitions and looks for coalitions by local search (:class:`TwoPriceGame` with
        ``buy >= sell``; exact where the two meet). ``search`` is a local search with no bound (heuristic).
        ``auto`` takes the first that fits; the table where the game says that listing its coalitions is cheap, and
        to 20 members.

    Raises
    ------
    ProblemError
        If the method is unknown or does not fit the game.

    Examples
    --------
    >>> from evenwatt.coalitions.microgrid import surplus_deficit_game
    >>> oracle(surplus_deficit_game(list(range(-50, 50)))).method
    'grid'
    """
    if method not in ("auto", *METHODS):
        raise ProblemError(f"method '{method}'; expected auto, {', '.join(METHODS)}")
    if method == "table" or (method == "auto" and game.n <= min(TABLED, game.most_listed)):
        return Table(game)
    from evenwatt.coalitions.leaving.relaxation import Relaxation
    from evenwatt.coalitions.leaving.search import Search
    from evenwatt.coalitions.leaving.worst_on_grid import Grid, on_grid

    line = on_grid(game) if method in ("auto", "grid") else None
    if line is not None:
        return Grid(line)
    if method in ("auto", "relaxation") and isinstance(game, TwoPriceGame) and (game.spread >= 0).all():
        return Relaxation(game)
    if method in ("auto", "search"):
        return Search(game)
    raise ProblemError(f"method '{method}' does not fit {_kind(game)}; try 'auto'")


def _kind(game: Game) -> str:
    if isinstance(game, TwoPriceGame):
        sign = "" if (game.spread >= 0).all() else ", sell above buy"
        return f"a two-price game of {len(game.net)} intervals{sign}, {game.n} members"
    kind = "a sum game off any grid" if isinstance(game, SumGame) else "a game of no known structure"
    return f"{kind}, {game.n} members"
