"""Money by contribution: what each member adds to the savings, averaged over all orders of joining."""

from __future__ import annotations

import warnings

from evenwatt.coalitions.money.pool import Pool, Split, money_rule
from evenwatt.core import units


@money_rule(
    "shapley",
    kind="value",
    title="Shapley value",
    source="Shapley 1953, doi:10.1515/9781400881970-018",
    satisfies={"efficiency", "symmetry", "dummy", "additivity"},
)
def shapley(pool: Pool) -> Split:
    """Give each member its Shapley value of the savings game, exact or with intervals.

    Parameters
    ----------
    pool : Pool
        A period.

    Examples
    --------
    >>> from evenwatt.coalitions.money.example import four_homes
    >>> shapley(four_homes()).gains.round(4)
    array([0.275 , 0.0917, 0.1283, 0.385 ])
    """
    from evenwatt.coalitions.sampling import SamplingWarning
    from evenwatt.coalitions.shapley import shapley as value

    with warnings.catch_warnings():
        # Told as a remark instead, beside the intervals that say the same.
        warnings.simplefilter("ignore", SamplingWarning)
        found = value(
            pool.game,
            rng=pool.rng,
            std_err=pool.std_err or None,
            orders=pool.orders,
            progress=pool.progress,
        )
    widest = float(found.std_err.max())
    return Split(
        found.values,
        found.exact,
        found.method,
        remark=_remark(widest, pool.std_err, found.evaluations),
        evaluations=found.evaluations,
        std_err=found.std_err,
        interval=found.interval,
    )


def _remark(widest: float, wanted: float | None, orders: int) -> str:
    if not wanted or widest <= wanted:
        return ""
    return (
        f"{orders:,} sampled orders leave a standard error of {units.money(widest):,.2f}, "
        f"not the {units.money(wanted):,.2f} asked for; the intervals are as wide as that"
    )
