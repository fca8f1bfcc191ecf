"""Money by heads: everybody gains the same."""

from __future__ import annotations

import numpy as np

from evenwatt.coalitions.money.pool import Pool, Split, money_rule


@money_rule(
    "equal",
    kind="tariff",
    title="Equal shares",
    source="common practice of energy communities",
    satisfies={"efficiency", "symmetry"},
)
def equal(pool: Pool) -> Split:
    """Divide the gain equally among all members.

    Parameters
    ----------
    pool : Pool
        A period.

    Examples
    --------
    >>> from evenwatt.coalitions.money.example import four_homes
    >>> equal(four_homes()).gains.round(2)
    array([0.22, 0.22, 0.22, 0.22])
    """
    return Split(np.full(pool.n, pool.total / pool.n))
