"""Money by energy: each Wh traded inside earns the same."""

from __future__ import annotations

import numpy as np

from evenwatt.coalitions.money.pool import Pool, Split, money_rule


@money_rule(
    "proportional",
    kind="tariff",
    title="Proportional to energy traded inside",
    source="common practice of energy communities",
    satisfies={"efficiency"},
)
def proportional(pool: Pool) -> Split:
    """Divide the gain in proportion to what each member bought and sold inside over the period.

    Parameters
    ----------
    pool : Pool
        A period. Where batteries earn a gain without any trade, it is divided equally.

    Examples
    --------
    >>> from evenwatt.coalitions.money.example import four_homes
    >>> proportional(four_homes()).gains.round(3)
    array([0.293, 0.147, 0.11 , 0.33 ])
    """
    energy = (pool.bought + pool.sold).sum(axis=0)
    if energy.sum() == 0:
        return Split(np.full(pool.n, pool.total / pool.n), remark="nothing was traded: equal shares")
    return Split(pool.total * (energy / energy.sum()))
