"""What a mechanism may promise, each as a measure of how far one auction falls short of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.audit.auctions.misreports import most_gained, price_reports, quantity_reports
from evenwatt.audit.auctions.most import most_worth
from evenwatt.audit.auctions.outcome import Outcome, held
from evenwatt.markets import mechanism as markets
from evenwatt.markets.mechanism import Mechanism, Terms
from evenwatt.markets.orders import BUY, Orders

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Gap = Callable[[Outcome], float]

# Money is whole micro-units: an order may pay up to one more, or get one less, than its exact share.
ROUNDING = 1.0
# Float noise, as a part of the money at stake.
NOISE = 1e-9


@dataclass(frozen=True)
class Property:
    """A promise, and how far an auction falls short of it.

    Attributes
    ----------
    id, statement : str
        As in ``evenwatt.markets.mechanism.PROPERTIES``.
    unit : str
        Of the gap: micro-units or Wh.
    gap : callable
        ``outcome -> float``.
    """

    id: str
    statement: str
    unit: str
    gap: Gap

    def __call__(self, mechanism: Mechanism, orders: Orders, *, terms: Terms | None = None) -> float:
        """How far the mechanism falls short of the promise on these orders; 0 where it keeps it.

        Parameters
        ----------
        mechanism : Mechanism
            Who clears.
        orders : Orders
            Any number of markets.
        terms : Terms, optional
            How the auction is run; coins are the same in every misreport.

        Returns
        -------
        float
            The gap, never negative [``unit``]; what rounding to whole micro-units explains counts as nothing.

        Raises
        ------
        ProblemError
            If the mechanism cannot take these orders.

        Examples
        --------
        >>> from evenwatt.audit.auctions import PROPERTIES
        >>> from evenwatt.markets import Orders
        >>> from evenwatt.markets.clear import found
        >>> book = Orders([1, 2, 3], ["buy", "sell", "sell"], [60.0, 20.0, 30.0], [100, 100, 100])
        >>> PROPERTIES["budget-balanced"](found("uniform-price"), book)
        0.0
        >>> PROPERTIES["truthful-price"](found("uniform-price"), book)  # a bid of 20 moves the price from 25 to 20
        498.0
        """
        outcome = held(mechanism, orders, terms or Terms())
        stake = float(np.abs(np.where(outcome.fill > 0, outcome.price * outcome.fill, 0.0)).sum())
        gap = self.gap(outcome)
        return float(gap) if gap > NOISE * (1.0 + stake) else 0.0


PROPERTIES: dict[str, Property] = {}


def _property(name: str, unit: str = "micro-units") -> Callable[[Gap], Gap]:
    def enrol(gap: Gap) -> Gap:
        PROPERTIES[name] = Property(name, markets.PROPERTIES[name], unit, gap)
        return gap

    return enrol


@_property("single-price")
def _single_price(outcome: Outcome) -> float:
    return max((_apart(outcome, market, rows) for market, rows in outcome.by_market()), default=0.0)


def _apart(outcome: Outcome, market: int, rows: Whole) -> float:
    """By how much more than rounding some payment is off, at the price that suits all best."""
    traded = rows[outcome.fill[rows] > 0]
    amount = np.append((outcome.side * outcome.payment)[traded], outcome.clearing.demand_payment[market])
    energy = np.append(outcome.fill[traded], outcome.served[market]).astype(np.float64)
    amount, energy = amount[energy > 0], energy[energy > 0]
    # Two payments off by e each agree on a price where (a - e) / x <= (b + e) / y.
    crossed = amount[:, None] * energy - amount * energy[:, None]
    least = crossed / (energy[:, None] + energy)
    return max(0.0, float(least.max(initial=0.0)) - ROUNDING)


@_property("budget-balanced")
def _budget_balanced(outcome: Outcome) -> float:
    return float(np.abs(_budgets(outcome)).max(initial=0.0))


@_property("no-deficit")
def _no_deficit(outcome: Outcome) -> float:
    return float((-_budgets(outcome)).max(initial=0.0))


def _budgets(outcome: Outcome) -> Array:
    return _together(outcome, outcome.clearing.budget.astype(np.float64))


def _together(outcome: Outcome, values: Array) -> Array:
    """A value a market; where energy may cross from node to node, their sum a period."""
    if not outcome.clearing.coupled:
        return values
    _, place = np.unique(outcome.orders.markets[:, 0], return_inverse=True)
    return np.asarray(np.bincount(place.ravel(), weights=values), dtype=np.float64)


@_property("rational")
def _rational(outcome: Outcome) -> float:
    """What an agent loses by trading in a market, by its reports, beyond rounding of each order it trades."""
    if not len(outcome.fill):
        return 0.0
    worth = np.where(outcome.fill > 0, outcome.price * outcome.fill, 0.0) * outcome.side
    lost = outcome.payment - worth - ROUNDING * (outcome.fill > 0)
    _, place = np.unique(np.stack([outcome.market, outcome.agent]), axis=1, return_inverse=True)
    return max(0.0, float(np.bincount(place.ravel(), weights=lost).max()))


@_property("efficient")
def _efficient(outcome: Outcome) -> float:
    # What stands for demand that takes any price: more than anybody bids or asks.
    top = 1.0 + 2.0 * float(np.abs(outcome.price).max(initial=0.0))
    worth = _together(outcome, outcome.clearing.welfare + top * outcome.served)
    return max(0.0, float((most_worth(outcome, top) - worth).max(initial=0.0)))


@_property("no-better-unserved", "Wh")
def _no_better_unserved(outcome: Outcome) -> float:
    worst = 0.0
    for _, rows in outcome.by_market():
        for side in (BUY, -BUY):
            at = rows[outcome.side[rows] == side]
            worst = max(
                worst, _passed_over(-side * outcome.price[at], outcome.quantity[at], outcome.fill[at])
            )
    return worst


def _passed_over(merit: Array, quantity: Whole, fill: Whole) -> float:
    """Energy that went to worse orders while better ones went short, less being better."""
    levels, place = np.unique(merit, return_inverse=True)
    if len(levels) < 2:
        return 0.0
    short = np.cumsum(np.bincount(place, weights=quantity - fill))[:-1]
    served = np.cumsum(np.bincount(place, weights=fill)[::-1])[::-1][1:]
    return float(np.minimum(short, served).max())


@_property("truthful-price")
def _truthful_price(outcome: Outcome) -> float:
    return most_gained(outcome, price_reports)


@_property("truthful-quantity")
def _truthful_quantity(outcome: Outcome) -> float:
    return most_gained(outcome, quantity_reports)
