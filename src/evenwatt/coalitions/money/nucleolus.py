"""Money by stability: the group that is worst served is served as well as can be."""

from __future__ import annotations

from evenwatt.coalitions.money.pool import Pool, Split, money_rule

MOST_MEMBERS = 200  # beyond, a hundred questions would neither be quick nor find much


@money_rule(
    "nucleolus",
    kind="value",
    title="Nucleolus",
    source="Schmeidler 1969, doi:10.1137/0117107",
    satisfies={"efficiency", "symmetry", "dummy", "core-selection"},
    members=(1, MOST_MEMBERS),
)
def nucleolus(pool: Pool, *, questions: int = 100) -> Split:
    """Give each member its share of the nucleolus of the savings game.

    Parameters
    ----------
    pool : Pool
        A period.
    questions : int
        How often to look for a worse-off group at most, where there are too many to look at all of them.

    Raises
    ------
    ProblemError
        If members alone earn more than together, so that nobody could be kept.

    Examples
    --------
    >>> from evenwatt.coalitions.money.example import four_homes
    >>> nucleolus(four_homes()).gains.round(2) + 0.0
    array([0.11, 0.  , 0.22, 0.55])
    """
    from evenwatt.coalitions.leaving.separation import TABLED
    from evenwatt.coalitions.nucleolus import MOST_QUESTIONS, nucleolus_outcome

    found = nucleolus_outcome(pool.game, questions=MOST_QUESTIONS if pool.n <= TABLED else questions)
    return Split(
        found.values,
        found.exact,
        found.method,
        remark="" if found.exact else "not proved: some coalition may have been overlooked",
    )
