"""Money by one price: what is traded inside costs the mean of the grid's two prices."""

from __future__ import annotations

from evenwatt.coalitions.money.pool import Pool, Split, money_rule


@money_rule(
    "mid-market",
    kind="tariff",
    title="Mid-market rate",
    source="Long et al. 2017, doi:10.1109/PESGM.2017.8274546",
    satisfies={"individual-rationality"},
)
def mid_market(pool: Pool) -> Split:
    """Price every interval's trade inside halfway between buying from and selling to the grid.

    Buyer and seller then gain half the spread on each Wh, on what the energy rule let them trade; the rest
    is settled with the grid at its own prices.

    Parameters
    ----------
    pool : Pool
        A period.

    Examples
    --------
    >>> from evenwatt.coalitions.money.example import four_homes
    >>> mid_market(four_homes()).gains.round(3)
    array([0.293, 0.147, 0.11 , 0.33 ])

    Source: Long et al. 2017, doi:10.1109/PESGM.2017.8274546.
    """
    grid = pool.buy @ (pool.deficit - pool.bought) - pool.sell @ (pool.surplus - pool.sold)
    inside = (pool.buy + pool.sell) / 2 @ (pool.bought - pool.sold)
    return Split(pool.alone - grid - inside)
