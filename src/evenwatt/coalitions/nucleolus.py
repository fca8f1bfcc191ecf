"""The nucleolus: make the worst-off coalition as well off as can be, then the next, and so on."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.game import Game
from evenwatt.coalitions.leaving.answer import Oracle
from evenwatt.coalitions.leaving.generation import Level, solved_level
from evenwatt.coalitions.leaving.levels import DUST, Levels, scaled
from evenwatt.coalitions.leaving.separation import oracle
from evenwatt.core.errors import ProblemError
from evenwatt.core.rule import rule

Array = npt.NDArray[np.float64]

MOST_QUESTIONS = 5_000  # to an oracle that is exact, over all levels, unless told otherwise
FEW_QUESTIONS = 150  # to one that searches, where more would seldom change the answer
PROVED = 1e-9  # of the scale of the game: what a bound may pass a level by and still prove it


class InexactWarning(UserWarning):
    """A solution was found by a method that does not prove it."""


@dataclass(frozen=True)
class Nucleolus:
    """A nucleolus and how sure it is.

    Attributes
    ----------
    values : (n,)
        What each member gets, summing to the worth of everyone together.
    exact : bool
        Whether every level is proved; if not, some coalition may have been overlooked.
    method : str
        The oracle: ``table``, ``grid``, ``relaxation`` or ``search``; ``closed form`` where
        nothing had to be solved.
    rounds : int
        How many levels were solved.
    questions : int
        How often the oracle was asked.
    epsilon : float
        The first level: no division lets the largest excess (per capita where asked) fall below it.
    bound : float
        Proven upper bound on the largest excess at ``values``; ``inf`` where there is no proof.
    """

    values: Array
    exact: bool
    method: str
    rounds: int
    questions: int
    epsilon: float
    bound: float


@rule(
    "nucleolus",
    kind="coalitions",
    source="Schmeidler 1969, doi:10.1137/0117107",
    satisfies={"efficiency", "symmetry", "dummy", "covariance", "individual-rationality", "core-selection"},
    title="Nucleolus",
)
def nucleolus(game: Game) -> Array:
    """The imputation whose excesses v(S) - x(S), sorted from the largest, are lexicographically least.

    Parameters
    ----------
    game : Game
        With no more to earn alone than together. To 20 members every coalition is looked at; above, see
        :func:`nucleolus_outcome`.

    Returns
    -------
    (n,)
        What each member gets, at least what it earns alone, summing to the worth of everyone together.

    Raises
    ------
    ProblemError
        If members earn more alone than together: there is no imputation.

    Warns
    -----
    InexactWarning
        If there are too many members to prove the answer.

    Examples
    --------
    >>> nucleolus(Game.from_table(3, [0, 0, 0, 6, 8, 4, 15])).round(9)
    array([6.75, 3.5 , 4.75])

    Source: Schmeidler 1969, doi:10.1137/0117107; computed by the levels of Kopelowitz 1967, fixing what the
    duals show to be tight at every optimum.
    """
    return _told(nucleolus_outcome(game))


@rule(
    "prenucleolus",
    kind="coalitions",
    source="Schmeidler 1969, doi:10.1137/0117107; Sobolev 1975",
    satisfies={"efficiency", "symmetry", "dummy", "covariance", "core-selection"},
    title="Prenucleolus",
)
def prenucleolus(game: Game) -> Array:
    """As the nucleolus, but a member may be given less than it earns alone.

    It exists for every game and equals the nucleolus where the core is not empty.

    Parameters
    ----------
    game : Game
        Any game.

    Returns
    -------
    (n,)
        What each member gets, summing to the worth of everyone together.

    Warns
    -----
    InexactWarning
        If there are too many members to prove the answer.

    Examples
    --------
    >>> prenucleolus(Game.from_table(3, [0, 0, 0, 9, 1, 1, 6])).round(9)
    array([ 3.75,  3.75, -1.5 ])

    Source: Schmeidler 1969, doi:10.1137/0117107.
    """
    return _told(nucleolus_outcome(game, imputations=False))


@rule(
    "per-capita-nucleolus",
    kind="coalitions",
    source="Grotte 1970; Young, Okada & Hashimoto 1982, doi:10.1029/WR018i003p00463",
    satisfies={"efficiency", "symmetry", "dummy", "covariance", "individual-rationality", "core-selection"},
    title="Per-capita nucleolus",
)
def per_capita_nucleolus(game: Game) -> Array:
    """As the nucleolus, with each coalition's excess divided by how many members it has.

    Parameters
    ----------
    game : Game
        With no more to earn alone than together.

    Returns
    -------
    (n,)
        What each member gets, at least what it earns alone, summing to the worth of everyone together.

    Raises
    ------
    ProblemError
        If members earn more alone than together: there is no imputation.

    Warns
    -----
    InexactWarning
        If there are too many members to prove the answer.

    Examples
    --------
    >>> per_capita_nucleolus(Game.from_table(3, [0, 0, 0, 6, 8, 4, 15])).round(9)
    array([7., 3., 5.])

    Source: Young, Okada & Hashimoto 1982, doi:10.1029/WR018i003p00463.
    """
    return _told(nucleolus_outcome(game, per_capita=True))


def nucleolus_outcome(
    game: Game,
    *,
    imputations: bool = True,
    per_capita: bool = False,
    method: str = "auto",
    questions: int | None = None,
) -> Nucleolus:
    """The nucleolus with the proof it has.

    Level by level, a linear programme over the coalitions known lowers the largest excess; an oracle adds
    coalitions that are worse off, until there is none; coalitions whose duals act are fixed, and so is all
    that follows from them.

    Parameters
    ----------
    game : Game
        Any game.
    imputations : bool
        Whether nobody may get less than alone; without, this is the prenucleolus.
    per_capita : bool
        Whether an excess is divided by the size of its coalition.
    method : str
        The oracle, see :func:`evenwatt.coalitions.separation.oracle`.
    questions : int, optional
        How often to ask the oracle at most, 5,000 times unless told otherwise, 150 times where it cannot prove
        its answers. When that is used up, the levels still open are solved over the coalitions known, and
        the answer is not called exact.

    Raises
    ------
    ProblemError
        If imputations are asked for and members earn more alone than together.

    Examples
    --------
    >>> from evenwatt.coalitions.classic import pessimistic_claims_game
    >>> found = nucleolus_outcome(pessimistic_claims_game(200.0, [100, 200, 300]))
    >>> found.values.round(9), found.exact, found.method
    (array([50., 75., 75.]), True, 'table')
    """
    ask = oracle(game, method)
    view = scaled(game, tabled=ask.method == "table")
    missing = -view.total * (view.scale or 1.0)
    size = float(np.abs(game.alone).sum()) + abs(game.total)
    if imputations and missing > max(1e-9 * size, DUST):
        raise ProblemError(
            f"game: members earn {game.alone.sum():.9g} alone and {game.total:.9g} together, so somebody gets less "
            "than alone: there is no imputation; the prenucleolus exists for every game"
        )
    if imputations and missing > 0:
        # Rounding alone: the one imputation is what everybody gets alone, and that must be feasible.
        view = replace(view, total=0.0)
    if view.flat or game.n == 1:
        values = view.payoffs(np.full(game.n, view.total / game.n))
        level = 0.0 if game.n > 1 else -np.inf  # one member alone has no coalition that could object
        return Nucleolus(values, True, "closed form", 0, 0, level, level)
    usual = MOST_QUESTIONS if ask.method in ("table", "grid") else FEW_QUESTIONS
    levels = Levels(view, imputations=imputations, per_capita=per_capita)
    return _by_levels(levels, ask, usual if questions is None else questions)


def _by_levels(levels: Levels, ask: Oracle, questions: int) -> Nucleolus:
    view, exact, used = levels.view, True, 0
    solved: list[Level] = []
    while not levels.span.complete:
        level = solved_level(levels, ask, questions - used, prove=exact)
        used += level.asked
        solved.append(level)
        exact &= level.settled and level.bound <= float(level.found.x[-1]) + PROVED
        levels.settle(level.found)
    values = view.payoffs(levels.span.solved())
    values += (view.game.total - values.sum()) / values.size  # what rounding left over
    epsilon = float(solved[0].found.x[-1]) * view.scale
    bound = solved[0].bound * view.scale
    return Nucleolus(values, exact, ask.method, len(solved), used, epsilon, bound)


def _told(found: Nucleolus) -> Array:
    if not found.exact:
        warnings.warn(
            f"the nucleolus of {found.values.size} members by {found.method} is not proved: after {found.rounds} "
            f"levels and {found.questions} questions some coalition may have been overlooked; "
            "nucleolus_outcome tells what is known",
            InexactWarning,
            stacklevel=3,
        )
    return found.values
