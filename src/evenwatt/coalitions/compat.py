"""Three allocations of a published notebook as they were, without their n! loops: to compare with, not to use."""

from __future__ import annotations

from math import factorial

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions._fitting import chance_to_fit
from evenwatt.core.errors import ProblemError, gather

Array = npt.NDArray[np.float64]

MOST_ADDED = 7  # members whose n! equal terms are added one by one, for the notebook's last digit


def seed001_profit(
    consumption: npt.ArrayLike, production: npt.ArrayLike, buy: float, sell: float, delta: float
) -> Array:
    """The notebook's step one: each prosumer's own payoff, scaled by its place above the worst.

    Each prosumer has a "marginal contribution", its net position at a price that depends on whether the
    group produces enough; the smallest is subtracted from all. An own payoff is what it consumes at ``buy``
    and sells at ``delta * sell`` (or, short of energy, what it produces at ``buy``). The result is own payoff
    x contribution / all contributions.

    This is **not** a Shapley value, and it divides nothing: it is a weighted *mean* of own payoffs, so it
    sums to less than there is (25.75 of 113.25 EUR in the notebook's first case). Whoever stands worst gets
    0, whatever it brought. Consumers are charged ``sell`` in full where producers are credited
    ``delta * sell``. Use ``microgrid_game`` with the Shapley value instead.

    Parameters
    ----------
    consumption, production : (n,)
        Energy of each prosumer, non-negative [one energy unit, kWh in the notebook].
    buy : float
        Price of energy from the grid, ``Cg`` [money per unit].
    sell : float
        Price an aggregator pays, ``Cr`` [money per unit].
    delta : float
        Part of the surplus that is sold to the aggregator, from 0 to 1 [-].

    Returns
    -------
    (n,)
        [money].

    Raises
    ------
    ProblemError
        If inputs do not fit, or if all contributions are equal (one prosumer is enough), where the notebook
        divides 0 by 0.

    Examples
    --------
    >>> seed001_profit([150, 400, 300, 100], [200, 300, 350, 150], buy=0.12, sell=0.15, delta=0.5).round(2)
    array([ 7.25,  0.  , 13.25,  5.25])
    """
    used, made = _amounts(consumption=consumption, production=production)
    _prices(buy, sell, delta)
    above = _contributions(used, made, buy, sell, delta)
    if above.sum() == 0:
        raise ProblemError(
            "seed001_profit: all marginal contributions are equal, so that nothing is left once the smallest "
            "is subtracted; the notebook divides 0 by 0 here. Use the Shapley value of microgrid_game"
        )
    share = above / above.sum()
    selling = share * (used * buy + delta * (made - used) * sell)
    return np.asarray(np.where(made >= used, selling, share * made * buy))


def seed001_threshold(demand: npt.ArrayLike, total: float) -> Array:
    """The notebook's step two: total x claim x chance that the claim still fits, rescaled to hand out all.

    Members come in random order; one counts its demand if that still fits under ``total`` on top of
    *everything demanded* before, and nothing if not. What is counted is rescaled until ``total`` is gone.

    This is **not** the Shapley value of any game. Where energy is plenty everyone gets more than it asked
    for (78 kWh for a demand of 48 in the notebook); a member that just misses gets nothing in that order
    instead of the rest; and a larger demand can get less than a smaller one. Use random arrival,
    ``claims.rule("ra")``, which is the Shapley value of the same story told correctly.

    Parameters
    ----------
    demand : (n,)
        What each member asks for, non-negative [one energy unit]. Up to 20 members any numbers; beyond, whole
        numbers, unless all fit together.
    total : float
        What there is, non-negative [same unit].

    Returns
    -------
    (n,)
        Summing to ``total``, even where that is more than all demand [same unit].

    Raises
    ------
    ProblemError
        If inputs do not fit, if nobody's demand fits, where the notebook divides 0 by 0, or if many members
        have demands that are not whole or too large to count.

    Notes
    -----
    A demand that exceeds the total by less than 1e-12 of it fits. The notebook compares sums of floats as
    they come, so that there ties may depend on the order of adding up.

    Examples
    --------
    >>> seed001_threshold([6, 12, 15, 15], 78)
    array([ 9.75 , 19.5  , 24.375, 24.375])
    >>> seed001_threshold([6, 12, 15, 15], 20).round(3)  # 12 gets more than 15
    array([2.963, 5.926, 5.556, 5.556])
    """
    (asked,) = _amounts(demand=demand)
    if not 0 <= total < np.inf:
        raise ProblemError(f"total: {total}; expected a finite number, 0 or more")
    counted = asked * chance_to_fit(asked, float(total))
    if counted.sum() == 0:
        raise ProblemError(
            f"seed001_threshold: no demand above 0 fits into {total:g}, the smallest is {_smallest(asked):g}; the "
            'notebook divides 0 by 0 here. claims.rule("ra") divides what there is'
        )
    return np.asarray(counted * total / counted.sum())


def seed001_refined(supply: npt.ArrayLike, demand: npt.ArrayLike) -> Array:
    """The notebook's step three: energy held after those with too much have traded with those with too little.

    Own use comes first. The smaller of all surplus and all deficit is traded; each side shares it by sums
    over all orders of what a member adds. As the notebook adds negative deficits, nothing ever stops fitting
    and each member adds the same in every order: both sides are shared **exactly in proportion**, at n!
    times the work. It is sound, but it is the proportional rule, not a Shapley value.

    Kept as published: whoever does not trade has utility 0, not what it holds. That is everyone where there
    is no surplus or no deficit, and always those whose supply equals their demand.

    Parameters
    ----------
    supply, demand : (n,)
        Energy each member has and needs, non-negative [one energy unit].

    Returns
    -------
    (n,)
        "Utility": supply plus what is bought, or less what is sold; 0 for whoever does not trade [same unit].

    Raises
    ------
    ProblemError
        If shapes differ or a number is negative or not finite.

    Examples
    --------
    >>> seed001_refined([18, 25, 15, 26, 24, 25], [5, 6, 17, 7, 29, 29]).round(3)
    array([15.196, 20.902, 17.   , 21.902, 29.   , 29.   ])
    >>> seed001_refined([3, 3], [1, 2])  # nobody is short, so nobody trades: the utilities stay 0
    array([0., 0.])
    """
    held, asked = _amounts(supply=supply, demand=demand)
    balance = held - asked
    trade = min(balance[balance > 0].sum(), -balance[balance < 0].sum())
    if trade <= 0:
        return np.zeros(balance.size)
    bought, sold = _proportional(trade, -balance), _proportional(trade, balance)
    return np.asarray(np.where(balance == 0, 0.0, held + bought - sold))


def seed001_balance(supply: npt.ArrayLike, demand: npt.ArrayLike) -> Array:
    """What is left over or still missing after :func:`seed001_refined`.

    Parameters are the same.

    Returns
    -------
    (n,)
        Utility less demand for whoever traded, supply less demand for the others [same unit].

    Examples
    --------
    >>> seed001_balance([18, 25, 15, 26, 24, 25], [5, 6, 17, 7, 29, 29]).round(3)
    array([10.196, 14.902,  0.   , 14.902,  0.   ,  0.   ])
    """
    held, asked = _amounts(supply=supply, demand=demand)
    utility = seed001_refined(held, asked)
    # Whoever has traded ends with something: a seller keeps its own use, a buyer holds what it bought.
    return np.asarray(np.where(utility > 0, utility, held) - asked)


def _contributions(used: Array, made: Array, buy: float, sell: float, delta: float) -> Array:
    """The notebook's marginal contributions, above the smallest."""
    net = made - used
    if used.sum() <= made.sum():
        found = np.where(net >= 0, delta * net * sell, net * sell)
    else:
        found = np.where(net >= 0, net * buy - delta * net * sell, net * buy)
    return np.asarray(found - found.min())


def _proportional(total: float, claims: Array) -> Array:
    asked = np.maximum(claims, 0.0)
    weights = _order_sums(asked, int((asked > 0).sum()))
    return np.asarray(weights * total / sum(weights.tolist()))


def _order_sums(asked: Array, members: int) -> Array:
    """What the notebook adds up before it rescales: members! times asked / members.

    It is ``asked`` times a number that the rescaling takes away again. But 13/3 added six times is not 26 in
    floats, and the last digit the notebook prints shows it; so where that is quick it is done.
    """
    if members > MOST_ADDED:
        return asked
    terms = np.broadcast_to(asked / members, (factorial(members), asked.size))
    return np.asarray(np.cumsum(terms, axis=0)[-1])


def _smallest(demand: Array) -> float:
    return float(demand[demand > 0].min(initial=np.inf))


def _amounts(**named: npt.ArrayLike) -> list[Array]:
    """Rows of energy of one length, finite and not negative; every fault named at once."""
    rows = {name: np.asarray(values, dtype=np.float64) for name, values in named.items()}
    shapes = {name: row.shape for name, row in rows.items()}
    with gather("seed001", ProblemError) as faults:
        if len(set(shapes.values())) > 1:
            told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            faults.append(f"shapes differ: {told}")
        for name, row in rows.items():
            if row.ndim != 1 or row.size == 0:
                faults.append(f"{name}: shape {row.shape}, expected one number a member")
                continue
            wrong = np.flatnonzero(~(np.isfinite(row) & (row >= 0)))
            faults.extend(f"{name}: member {i}: {row[i]}; expected a finite number, 0 or more" for i in wrong)
    return list(rows.values())


def _prices(buy: float, sell: float, delta: float) -> None:
    with gather("seed001_profit", ProblemError) as faults:
        faults.extend(
            f"{name}: {price} is not finite"
            for name, price in (("buy", buy), ("sell", sell))
            if not np.isfinite(price)
        )
        if not 0 <= delta <= 1:
            faults.append(f"delta: {delta}; expected a part from 0 to 1")
