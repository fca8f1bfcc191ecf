"""Money as a published script divides it: kept to be compared with, named as what it is."""

from __future__ import annotations

import numpy as np

from evenwatt.coalitions.money.pool import Array, Pool, Split, money_rule

REMARK = "published script, not a value: it does not hand out what there is"


@money_rule(
    "seed001",
    kind="published script",
    title="Profit rule of a published script",
    source="evenwatt.coalitions.compat.seed001_profit",
)
def seed001(pool: Pool) -> Split:
    """Apply the script's profit allocation to the period's totals, at mean prices weighted by energy.

    Parameters
    ----------
    pool : Pool
        A period; ``delta`` is the part of a surplus that the script credits.

    Raises
    ------
    ProblemError
        If all contributions are equal, where the script divides 0 by 0.

    Examples
    --------
    >>> from evenwatt.coalitions.money.example import four_homes
    >>> seed001(four_homes()).gains.round(3)
    array([0.31 , 0.164, 0.   , 0.   ])
    """
    from evenwatt.coalitions.compat import seed001_profit

    buy, sell = _mean(pool.buy, pool.deficit), _mean(pool.sell, pool.surplus)
    return Split(seed001_profit(pool.load, pool.generated, buy, sell, pool.delta), remark=REMARK)


def _mean(price: Array, energy: Array) -> float:
    weight = energy.sum(axis=1)
    return (
        float(np.average(price, weights=weight))
        if weight.sum() > 0
        else float(price.sum() / max(1, price.size))
    )
