"""One call for every auction: orders in, prices, fills and payments out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from evenwatt.core import rule as registry
from evenwatt.core.errors import ProblemError
from evenwatt.core.rule import Rule
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import KIND, Divide, Mechanism, Terms, proportional
from evenwatt.markets.orders import Orders


def clear(
    orders: Orders,
    mechanism: str | Mechanism = "uniform-price",
    *,
    split: float = 0.5,
    ration: Divide = proportional,
    demand_wh: npt.ArrayLike | None = None,
    rng: int | np.random.Generator = 0,
    near: npt.ArrayLike | None = None,
) -> Clearing:
    """Clear every market of the orders by one mechanism.

    Parameters
    ----------
    orders : Orders
        One market for each distinct (period, node).
    mechanism : str or Mechanism
        A name of :func:`mechanisms`, or one with options of its own, such as ``Muda(displaced="lottery")``.
    split : float
        The sellers' share of the interval of prices at which nobody regrets, 0 to 1 [-].
    ration : callable
        ``(endowment, claims) -> awards``, any claims rule: shares ties at the margin.
    demand_wh : whole number or (T,), optional
        Demand that takes any price [Wh]; for mechanisms that serve it (merit-order).
    rng : int or Generator
        Chance of coins, arrivals and ties, or its seed.
    near : (T,), optional
        Guesses of the prices [currency per MWh]: they save time, and change no result.

    Returns
    -------
    Clearing
        ``price, low, high, budget, status, welfare, volume`` a market; ``fills, payments`` an order.

    Raises
    ------
    ProblemError
        If the split is not a share, demand is not whole or not asked for by the mechanism, or the mechanism
        cannot take these orders.
    RuleError
        If there is no such mechanism; names the nearest.

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> book = Orders([1, 2, 3, 4], ["buy", "buy", "sell", "sell"], [60.0, 50.0, 20.0, 55.0], [100, 100, 150, 100])
    >>> cleared = clear(book)
    >>> cleared.price, cleared.fills, cleared.payments
    (array([50.]), array([100,  50, 150,   0]), array([ 5000,  2500, -7500,     0]))
    """
    if not 0.0 <= split <= 1.0:
        raise ProblemError(f"split {split} is not a share; expected 0 (all to buyers) to 1 (all to sellers)")
    chosen = found(mechanism) if isinstance(mechanism, str) else mechanism
    markets = len(orders.markets)
    terms = Terms(
        split=float(split),
        ration=ration,
        demand=None if demand_wh is None else _demand(demand_wh, markets),
        seed=rng if isinstance(rng, int) else int(rng.integers(2**62)),
        near=None if near is None else np.broadcast_to(np.asarray(near, dtype=np.float64), (markets,)),
    )
    return chosen.clear(orders, terms)


def found(name: str, options: Mapping[str, object] | None = None) -> Mechanism:
    """The mechanism of a name, with options in place of its own.

    Raises
    ------
    RuleError
        If there is none; names the nearest.

    Examples
    --------
    >>> found("uniform-price")
    UniformPrice()
    """
    made: Mechanism = registry.find(KIND, name)(**(options or {}))
    return made


def mechanisms() -> dict[str, Rule]:
    """Every mechanism by name: title, source, what it promises, its options."""
    return registry.all(KIND)


def _demand(given: npt.ArrayLike, markets: int) -> npt.NDArray[np.int64]:
    wished = np.asarray(given, dtype=np.float64)
    if not (np.isfinite(wished).all() and (wished == np.floor(wished)).all() and (wished >= 0).all()):
        raise ProblemError("demand_wh: expected whole watt-hours of at least 0")
    return np.broadcast_to(wished.astype(np.int64), (markets,)).copy()
