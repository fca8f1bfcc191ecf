"""How much room a claims problem leaves: the volume of its awards vectors."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.core.problem import checked_claims

# Every group of members is a term of the volume; above this it takes minutes.
MOST_MEMBERS = 16


def volume(endowment: float, claims: npt.ArrayLike) -> float:
    """Volume of the set of all divisions ``0 <= x <= claims`` of the endowment: the room a rule has.

    Parameters
    ----------
    endowment : float
        What there is to share [Wh].
    claims : (n,)
        What each member asks for, at most 16 members [Wh].

    Returns
    -------
    float
        Volume in n - 1 dimensions [Wh^(n-1)]; 0 where a claim is null.

    Raises
    ------
    ProblemError
        If there are more than 16 members, or a claim is negative or not finite.

    Source: Mirás Calvo, Quinteiro Sandomingo & Sánchez-Rodríguez 2022, inclusion and exclusion.

    Examples
    --------
    >>> round(volume(12, [3, 5, 9, 13]), 9)
    231.0
    """
    held, asked = checked_claims(endowment, claims)
    if asked.ndim != 1 or not 1 <= len(asked) <= MOST_MEMBERS:
        raise ProblemError(f"volume: claims {asked.shape} must be one row of 1 to {MOST_MEMBERS} members")
    if (asked == 0).any() or held > asked.sum():
        return 0.0
    n = len(asked)
    # Floats are exact fractions; in floats the alternating sum would lose all digits near 12 members.
    terms = [(Fraction(float(held)), 1)]
    for claim in asked.tolist():
        terms += [(left - Fraction(claim), -sign) for left, sign in terms if left > Fraction(claim)]
    summed = sum(sign * left ** (n - 1) for left, sign in terms)
    return math.sqrt(n) * float(summed / math.factorial(n - 1))
