"""Money by compromise: between what members may hope for and what they can insist on."""

from __future__ import annotations

from evenwatt.coalitions.money.pool import Pool, Split, money_rule

MOST_MEMBERS = 60  # beyond 24 each member's right takes a programme of all intervals


@money_rule(
    "tau",
    kind="value",
    title="Tau value",
    source="Tijs 1981, in Game Theory and Mathematical Economics (North-Holland), 123-132",
    satisfies={"efficiency", "symmetry", "dummy"},
    members=(1, MOST_MEMBERS),
)
def tau(pool: Pool) -> Split:
    """Give each member its tau value of the savings game.

    Parameters
    ----------
    pool : Pool
        A period. Up to 24 members every coalition is looked at.

    Raises
    ------
    ProblemError
        If the game is not quasi-balanced, or of more than 24 members with batteries or selling above buying.

    Examples
    --------
    >>> from evenwatt.coalitions.money.example import four_homes
    >>> tau(four_homes()).gains.round(3) + 0.0
    array([0.147, 0.   , 0.22 , 0.513])
    """
    from evenwatt.coalitions.tau import between, minimal_rights

    held = minimal_rights(pool.game)
    return Split(
        between(pool.game, held.values),
        held.exact,
        held.method,
        remark="" if held.exact else "not proved: some minimal right may be larger",
    )
