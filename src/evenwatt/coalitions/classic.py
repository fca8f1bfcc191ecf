"""Games of the literature: runways and bankruptcies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.game import Game
from evenwatt.coalitions.sum_game import Kinked, SumGame, checked_numbers
from evenwatt.core.errors import ProblemError

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class AirportGame(Game):
    """A coalition needs the longest runway of its members: v(S) = -max of their costs.

    Source: Littlechild & Owen 1973, doi:10.1287/mnsc.20.3.370.
    """

    def __init__(self, costs: npt.ArrayLike) -> None:
        self.costs = checked_numbers("costs", costs)
        if (self.costs < 0).any():
            first = int(np.flatnonzero(self.costs < 0)[0])
            raise ProblemError(f"costs: member {first}: {self.costs[first]} is below 0")
        super().__init__(self.costs.size, self._of, memo=False)

    def _of(self, coalitions: Flags) -> Array:
        return np.asarray(-np.where(coalitions, self.costs, 0.0).max(axis=1))


def airport_game(costs: npt.ArrayLike) -> AirportGame:
    """The game of sharing one runway: v(S) = -max of the costs in S.

    Parameters
    ----------
    costs : (n,)
        Cost of the runway each member needs, non-negative [any one unit].

    Examples
    --------
    >>> airport_game([1.0, 2.0, 4.0]).value([0, 1])
    -2.0
    """
    return AirportGame(costs)


def pessimistic_claims_game(endowment: float, claims: npt.ArrayLike) -> SumGame:
    """What a group is sure of once all others have been paid: v(S) = max(0, E - d(N outside S)).

    Its Shapley value is random arrival, its nucleolus the Talmud rule, its tau value the adjusted
    proportional rule.

    Parameters
    ----------
    endowment : float
        What there is to share, from 0 to the total claims [Wh].
    claims : (n,)
        Non-negative [Wh].

    Examples
    --------
    >>> pessimistic_claims_game(200.0, [100, 200, 300]).value([1, 2])
    100.0

    Source: O'Neill 1982, doi:10.1016/0165-4896(82)90029-4.
    """
    asked = _claims(endowment, claims)
    lack = float(asked.sum() - endowment)
    return SumGame(asked, Kinked(0.0, (lack,), (1.0,)))


def optimistic_claims_game(endowment: float, claims: npt.ArrayLike) -> SumGame:
    """What a group takes if it comes first: v(S) = min(E, d(S)).

    Parameters
    ----------
    endowment : float
        What there is to share, from 0 to the total claims [Wh].
    claims : (n,)
        Non-negative [Wh].

    Examples
    --------
    >>> optimistic_claims_game(200.0, [100, 200, 300]).value([1, 2])
    200.0

    Source: Driessen 1988, doi:10.1007/978-94-015-7787-8.
    """
    asked = _claims(endowment, claims)
    return SumGame(asked, Kinked(1.0, (float(endowment),), (-1.0,)))


def _claims(endowment: float, claims: npt.ArrayLike) -> Array:
    asked = checked_numbers("claims", claims)
    if (asked < 0).any():
        first = int(np.flatnonzero(asked < 0)[0])
        raise ProblemError(f"claims: member {first}: {asked[first]} is below 0")
    if not 0 <= endowment <= asked.sum():
        raise ProblemError(
            f"endowment: {endowment}; expected from 0 to the total claims {asked.sum():g}; "
            "with more there is nothing to quarrel about"
        )
    return asked
