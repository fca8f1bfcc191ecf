"""Oracles: which coalition would gain most by leaving, without asking all of them where a game allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import MOST_TABLED, Game
from evenwatt.coalitions.leaving.span import Span
from evenwatt.coalitions.sum_game import SumGame
from evenwatt.coalitions.two_price import TwoPriceGame
from evenwatt.core.errors import ProblemError

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

TABLED = 20  # members up to which every coalition is looked at unless another way is asked for
METHODS = ("table", "grid", "relaxation", "search")


@dataclass(frozen=True)
class Found:
    """What an oracle answers.

    Attributes
    ----------
    coalitions : (k, n) booleans
        Those with large excesses, the largest first; at least one.
    excesses : (k,)
        v(S) - x(S) of each.
    bound : float
        No coalition asked about has a larger excess; ``inf`` where that is not proved.
    """

    coalitions: Flags
    excesses: Array
    bound: float


class Oracle(Protocol):
    """Answers which coalitions outside ``span`` have the largest v(S) - x(S).

    Attributes
    ----------
    method : str
        ``table``, ``grid``, ``relaxation`` or ``search``.
    """

    method: str

    def __call__(self, x: Array, span: Span, above: float, prove: bool = True) -> Found:
        """Coalitions of large excess; a proof is spared where one passes ``above`` or ``prove`` is off."""
        ...


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
    >>> oracle(surplus_deficit_game(np.arange(-50.0, 50.0))).method
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


class Table:
    """Looks at every coalition."""

    method = "table"

    def __init__(self, game: Game) -> None:
        if game.n > MOST_TABLED:
            raise ProblemError(f"method 'table': {game.n} members; expected at most {MOST_TABLED}")
        self.n, self.worths = game.n, game.table()
        self.many = 4 * game.n

    def __call__(self, x: Array, span: Span, above: float, prove: bool = True) -> Found:
        """Coalitions of the largest excesses; the bound is the first of them."""
        excesses = self.worths - masks.sums(x)
        excesses[span.table()] = -np.inf
        best = int(excesses.argmax())
        worst = np.flatnonzero(excesses > above)
        if worst.size > self.many:
            # In part the worst of all, in part any that are violated: the worst look alike.
            ranked = worst[np.argpartition(-excesses[worst], self.many)[: self.many]]
            spread = worst[:: max(1, worst.size // self.many)][: self.many]
            worst = np.union1d(ranked, spread)
        worst = worst[np.argsort(-excesses[worst], kind="stable")]
        chosen = np.concatenate([[best], worst[worst != best]]).astype(np.int64)
        return Found(masks.rows(chosen, self.n), excesses[chosen], float(excesses[best]))
