"""Money by compromise: between what members may hope for and what they can insist on."""

from __future__ import annotations

from evenwatt.coalitions.game import MOST_TABLED
from evenwatt.coalitions.money.pool import Pool, Split, money_rule


@money_rule(
    "tau",
    kind="value",
    title="Tau value",
    source="Tijs 1981, in Game Theory and Mathematical Economics (North-Holland), 123-132",
    satisfies={"efficiency", "symmetry", "dummy"},
    members=(1, MOST_TABLED),
)
def tau(pool: Pool) -> Split:
    """Give each member its tau value of the savings game.

    Parameters
    ----------
    pool : Pool
        A period, at most 24 members: every coalition is looked at.

    Raises
    ------
    ProblemError
        If there are more, or the game is not quasi-balanced.

    Examples
    --------
    >>> from evenwatt.coalitions.money.example import four_homes
    >>> tau(four_homes()).gains.round(3) + 0.0
    array([0.147, 0.   , 0.22 , 0.513])
    """
    from evenwatt.coalitions.tau import tau as value

    return Split(value(pool.game), True, "enumeration")
