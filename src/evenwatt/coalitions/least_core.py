"""The least core: how little the worst-off coalition must lose, and the evenest division that does it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.game import Game
from evenwatt.coalitions.leaving.answer import Oracle
from evenwatt.coalitions.leaving.generation import solved_level
from evenwatt.coalitions.leaving.levels import Levels, Scaled, scaled
from evenwatt.coalitions.leaving.nearest import nearest
from evenwatt.coalitions.leaving.separation import oracle
from evenwatt.coalitions.leaving.span import Span
from evenwatt.core.errors import ProblemError, SolverError
from evenwatt.core.rule import rule

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MOST_QUESTIONS = 2_000  # to an oracle that is exact, unless told otherwise
FEW_QUESTIONS = 150  # to one that searches, where more would seldom change the answer
PROVED = 1e-9  # of the scale of the game: what a bound may pass a level by and still prove it


@dataclass(frozen=True)
class LeastCore:
    """The least core of a game.

    Attributes
    ----------
    epsilon : float
        The least possible largest excess v(S) - x(S), over coalitions neither empty nor everyone: above 0 the
        core is empty. A proven lower bound in any case; ``-inf`` for one member, whom nobody can leave.
    values : (n,)
        A division that reaches it, summing to the worth of everyone together.
    bound : float
        Proven upper bound on the largest excess at ``values``, and so on the true ``epsilon``; ``inf`` where
        there is no proof.
    exact : bool
        Whether the two meet.
    method : str
        The oracle: ``table``, ``grid``, ``relaxation`` or ``search``.
    coalitions : (k, n) booleans
        Those that hold epsilon up: they have that excess at every division of the least core.
    questions : int
        How often the oracle was asked.
    """

    epsilon: float
    values: Array
    bound: float
    exact: bool
    method: str
    coalitions: Flags
    questions: int


def least_core(game: Game, *, method: str = "auto", questions: int | None = None) -> LeastCore:
    """How little the worst-off coalition must lose: min over x of max over S of v(S) - x(S).

    Parameters
    ----------
    game : Game
        Any game.
    method : str
        The oracle that finds the worst-off coalition, see :func:`evenwatt.coalitions.separation.oracle`.
    questions : int, optional
        How often to ask it at most, 2,000 times unless told otherwise, 150 times where it cannot prove its
        answers; the answer is not exact if that was not enough.

    Examples
    --------
    >>> found = least_core(Game.from_table(3, [0, 0, 0, 8, 8, 8, 9]))
    >>> round(found.epsilon, 9), found.values.round(9), found.exact
    (2.0, array([3., 3., 3.]), True)

    Source: Maschler, Peleg & Shapley 1979, doi:10.1287/moor.4.4.303.
    """
    ask = oracle(game, method)
    view = scaled(game, tabled=ask.method == "table")
    if game.n == 1 or view.flat:
        return _flat(view)
    levels = Levels(view)
    usual = MOST_QUESTIONS if ask.method in ("table", "grid") else FEW_QUESTIONS
    level = solved_level(levels, ask, usual if questions is None else questions)
    epsilon, bound = float(level.found.x[-1]) * view.scale, level.bound * view.scale
    return LeastCore(
        epsilon=epsilon,
        values=view.payoffs(level.found.x[:-1]),
        bound=bound,
        exact=level.settled and bound <= epsilon + PROVED * view.scale,
        method=ask.method,
        coalitions=levels.coalitions[levels.acting(level.found)],
        questions=level.asked,
    )


def balanced(game: Game) -> tuple[bool, Array | Flags]:
    """Whether the core holds anything, with a witness.

    Returns
    -------
    bool
        Whether some division makes no coalition want to leave.
    (n,) or (k, n) booleans
        If so, such a division; if not, coalitions whose worths, weighted, pass what everyone earns together
        (a balanced collection, the weights being the duals of the least core).

    Raises
    ------
    SolverError
        If there are too many members to prove either.

    Examples
    --------
    >>> balanced(Game.from_table(3, [0, 0, 0, 8, 8, 8, 9]))[0]
    False

    Source: Bondareva 1963; Shapley 1967, doi:10.1002/nav.3800140404.
    """
    found = least_core(game)
    size = PROVED * (1.0 + abs(game.total) + float(np.abs(game.alone).max()))
    if found.epsilon > size:
        return False, found.coalitions
    if found.bound <= size:
        return True, found.values
    raise SolverError(
        f"core of {game.n} members: the largest excess is at least {found.epsilon:.6g} and at most "
        f"{found.bound:.6g}, by {found.method}; whether the core is empty is not proved"
    )


@rule(
    "variance-least-core",
    kind="coalitions",
    source="Maschler, Peleg & Shapley 1979, doi:10.1287/moor.4.4.303",
    satisfies={"efficiency", "symmetry", "dummy", "core-selection"},
    title="Evenest division of the least core",
)
def variance_least_core(game: Game) -> Array:
    """The division of the least core with the smallest sum of (x_i - v(N)/n)^2.

    Returns
    -------
    (n,)
        What each member gets, summing to the worth of everyone together.

    Raises
    ------
    SolverError
        If there are too many members to prove the least core.

    Examples
    --------
    >>> variance_least_core(Game.from_table(3, [0, 0, 0, 6, 8, 4, 15])).round(9)
    array([6. , 3.5, 5.5])
    """
    ask = oracle(game)
    view = scaled(game, tabled=ask.method == "table")
    if game.n == 1 or view.flat:
        return _flat(view).values
    levels = Levels(view)
    level = solved_level(levels, ask, MOST_QUESTIONS)
    epsilon = float(level.found.x[-1])
    if not level.settled or level.bound > epsilon + PROVED:
        raise SolverError(
            f"least core of {game.n} members by {ask.method}: not proved, so nothing is chosen in it"
        )
    fixed = levels.coalitions[levels.acting(level.found)]
    return _evenest(levels, ask, epsilon, fixed)


def variance_core(game: Game) -> Array:
    """The division of the core with the smallest sum of (x_i - v(N)/n)^2.

    Returns
    -------
    (n,)
        What each member gets, summing to the worth of everyone together.

    Raises
    ------
    ProblemError
        If the core is empty; the least core never is.
    SolverError
        If there are too many members to prove that it is not.

    Examples
    --------
    >>> variance_core(Game.from_table(3, [1, 0, 0, 8, 5, 2, 10])).round(9)
    array([4., 4., 2.])
    """
    held, witness = balanced(game)
    if not held:
        raise ProblemError("game: the core is empty; use variance_least_core")
    ask = oracle(game)
    view = scaled(game, tabled=ask.method == "table")
    if game.n == 1 or view.flat:
        return np.asarray(witness, dtype=np.float64)
    return _evenest(Levels(view), ask, 0.0, np.zeros((0, game.n), dtype=np.bool_))


def _evenest(levels: Levels, ask: Oracle, epsilon: float, fixed: Flags) -> Array:
    """The evenest division at which no excess passes ``epsilon`` and those of ``fixed`` reach it (scaled)."""
    view, n = levels.view, levels.n
    # Evenness is of the payoffs themselves, so the target is counted from those alone too.
    target = np.full(n, view.game.total / n) - view.alone
    span = Span(n)
    span.add(np.ones(n), view.total)
    for row, worth in zip(fixed, view.worth(fixed) if len(fixed) else (), strict=True):
        span.add(row.astype(np.float64), float(worth - epsilon))
    for _ in range(MOST_QUESTIONS):
        free = levels.coalitions[~span.holds(levels.coalitions)]
        shares = nearest(
            target / view.scale,
            np.stack(span.vectors),
            np.array(span.values),
            free.astype(np.float64),
            view.worth(free) - epsilon,
        )
        payoffs = view.payoffs(shares)
        answer = ask(payoffs, span, (epsilon + PROVED) * view.scale)
        worse = answer.excesses > (epsilon + PROVED) * view.scale
        if not worse.any() or levels.add(answer.coalitions[worse]) == 0:
            return payoffs
    raise SolverError(f"evenest division of {n} members: not reached in {MOST_QUESTIONS} questions")


def _flat(view: Scaled) -> LeastCore:
    """One member, or a game in which nothing is gained together."""
    n = view.game.n
    level = 0.0 if n > 1 else -np.inf
    values = view.payoffs(np.full(n, view.total / n))
    return LeastCore(level, values, level, True, "table", np.zeros((0, n), dtype=np.bool_), 0)
