"""Money by one bill: all pay the microgrid's grid bill together, whoever kept it low."""

from __future__ import annotations

import numpy as np

from evenwatt.coalitions.money.pool import Array, Pool, Split, money_rule


@money_rule(
    "bill-sharing",
    kind="tariff",
    title="Bill sharing",
    source="Long et al. 2017, doi:10.1109/PESGM.2017.8274546",
)
def bill_sharing(pool: Pool) -> Split:
    """Share each interval's import bill by net consumption and its export income by net production.

    Where the microgrid is short, sellers get nothing for what their neighbours use: the rule can leave them
    worse off than alone, and it does.

    Parameters
    ----------
    pool : Pool
        A period.

    Examples
    --------
    >>> from evenwatt.coalitions.money.example import four_homes
    >>> bill_sharing(four_homes()).gains.round(3)  # long of energy: sellers share the little that is exported
    array([-0.213, -0.107,  0.3  ,  0.9  ])

    Source: Long et al. 2017, doi:10.1109/PESGM.2017.8274546.
    """
    long, short = pool.surplus.sum(axis=1), pool.deficit.sum(axis=1)
    inside = np.minimum(long, short)
    # The price of a unit consumed: only what the microgrid imports is paid for; of one sold likewise.
    paid = pool.buy * _ratio(short - inside, short)
    earned = pool.sell * _ratio(long - inside, long)
    return Split(pool.alone - (paid @ pool.deficit - earned @ pool.surplus))


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
