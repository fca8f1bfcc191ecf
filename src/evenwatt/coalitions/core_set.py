"""The core: divisions that no group would rather leave; who would, its corners and its centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.game import Game
from evenwatt.coalitions.leaving.separation import oracle
from evenwatt.coalitions.leaving.span import Span
from evenwatt.core.errors import ProblemError, SolverError
from evenwatt.core.rule import rule

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MOST_LISTED = 8  # members whose core's corners are listed: there can be 8! of them
NOISE = 1e-9  # against the sizes of the worths and payoffs at hand


@dataclass(frozen=True)
class CoreExcess:
    """How much the worst-off coalition would gain by leaving.

    Attributes
    ----------
    excess : float
        The largest v(S) - x(S) found, over coalitions neither empty nor everyone; ``-inf`` for one member.
    coalition : (n,) booleans
        A coalition that has it.
    bound : float
        No coalition has more; ``inf`` where that is not proved.
    missing : float
        v(N) - x(N): what the division leaves over, negative where it hands out more than there is. A division
        that misses v(N) is in no core, whatever its excess.
    exact : bool
        Whether ``excess`` and ``bound`` meet.
    method : str
        ``table``, ``grid``, ``relaxation`` or ``search``.
    """

    excess: float
    coalition: Flags
    bound: float
    missing: float
    exact: bool
    method: str


def core_excess(game: Game, x: npt.ArrayLike, *, method: str = "auto") -> CoreExcess:
    """How much the worst-off coalition would gain by leaving the division ``x``: max of v(S) - x(S).

    Parameters
    ----------
    game : Game
        Any game.
    x : (n,)
        What each member gets. It need not sum to the worth of everyone together: the excess is that of the
        division as it is, and ``missing`` tells by how much the sum is off.
    method : str
        How to look, see :func:`evenwatt.coalitions.separation.oracle`.

    Raises
    ------
    ProblemError
        If ``x`` is not one finite number a member.

    Examples
    --------
    >>> found = core_excess(Game.from_table(3, [0, 0, 0, 6, 8, 4, 15]), [3, 3, 9])
    >>> found.excess, found.coalition, found.exact
    (0.0, array([ True,  True, False]), True)
    """
    shares = _division(game, x)
    missing = game.total - float(shares.sum())
    if game.n == 1:
        return CoreExcess(-np.inf, np.zeros(1, dtype=np.bool_), -np.inf, missing, True, "table")
    ask = oracle(game, method)
    everyone = Span(game.n)
    everyone.add(np.ones(game.n), game.total)
    answer = ask(shares, everyone, np.inf)
    excess = float(answer.excesses[0])
    return CoreExcess(
        excess=excess,
        coalition=answer.coalitions[0],
        bound=max(answer.bound, excess),
        missing=missing,
        exact=answer.bound <= excess + NOISE * _size(game, shares),
        method=ask.method,
    )


def is_in_core(game: Game, x: npt.ArrayLike) -> bool:
    """Whether ``x`` shares out exactly v(N) and no coalition earns more alone, to 1e-9 of the sizes at hand.

    Raises
    ------
    ProblemError
        If ``x`` is not one finite number a member.
    SolverError
        If no coalition was found to gain, but there are too many members to prove that none does.

    Examples
    --------
    >>> is_in_core(Game.from_table(3, [0, 0, 0, 6, 8, 4, 15]), [6.75, 3.5, 4.75])
    True
    """
    found = core_excess(game, x)
    size = NOISE * _size(game, np.asarray(x, dtype=np.float64))
    if abs(found.missing) > size or found.excess > size:
        return False
    if found.bound > size:
        raise SolverError(
            f"core of {game.n} members: no coalition was found to gain by leaving, by {found.method}, but one may "
            f"gain up to {found.bound:.6g}; core_excess tells what is known"
        )
    return True


def core_vertices(game: Game) -> Array:
    """The corners of the core.

    A convex game's are its marginal vectors. Others are found by double description: milliseconds for hundreds
    of corners, a second for thousands, a minute or two for the tens of thousands that 8 members can have.

    Parameters
    ----------
    game : Game
        Of at most 8 members.

    Returns
    -------
    (k, n)
        Each corner once, sorted by the first member's share, then the second's ...; (0, n) if the core is empty.

    Raises
    ------
    ProblemError
        If there are more than 8 members.

    Examples
    --------
    >>> core_vertices(Game.from_table(3, [0, 0, 0, 1, 1, 0, 1]))  # one left glove, two right: one point
    array([[1., 0., 0.]])

    Source: Motzkin et al. 1953 (double description); Shapley 1971, doi:10.1007/BF01753431 (convex games).
    """
    from evenwatt.coalitions.leaving.corners import corners

    _listed(game)
    return corners(game)


@rule(
    "core-centre",
    kind="coalitions",
    source="González-Díaz & Sánchez-Rodríguez 2007, doi:10.1016/j.geb.2006.09.002",
    satisfies={"efficiency", "symmetry", "dummy", "covariance", "individual-rationality", "core-selection"},
    members=(1, MOST_LISTED),
    polynomial=False,
    title="Core centre",
)
def core_centre(game: Game) -> Array:
    """The centre of gravity of the core.

    Parameters
    ----------
    game : Game
        Of at most 8 members, with a core that is not empty.

    Returns
    -------
    (n,)
        What each member gets, summing to the worth of everyone together.

    Raises
    ------
    ProblemError
        If there are more than 8 members or the core is empty.

    Examples
    --------
    >>> core_centre(Game.from_table(3, [0, 0, 0, 0, 0, 0, 3])).round(9)
    array([1., 1., 1.])

    Source: González-Díaz & Sánchez-Rodríguez 2007, doi:10.1016/j.geb.2006.09.002.
    """
    from evenwatt.coalitions.leaving.corners import centre

    _listed(game)
    return centre(game)


def _listed(game: Game) -> None:
    if game.n > MOST_LISTED:
        raise ProblemError(f"core: {game.n} members; its corners are listed for at most {MOST_LISTED}")


def _division(game: Game, x: npt.ArrayLike) -> Array:
    held = np.array(x, dtype=np.float64)
    if held.shape != (game.n,) or not np.isfinite(held).all():
        raise ProblemError(f"x: {held.tolist()}; expected one finite number for each of {game.n} members")
    return held


def _size(game: Game, x: Array) -> float:
    return float(np.abs(x).sum() + abs(game.total) + np.abs(game.alone).sum())
