"""The most any trades are worth by the reports: found without asking a mechanism."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.audit.auctions.outcome import Outcome
from evenwatt.markets.orders import BUY

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def most_worth(outcome: Outcome, top: float) -> Array:
    """Worth of the best trades: (T,), or one a period where energy may cross between nodes [micro-units].

    Demand that takes any price counts as a bid of ``top``.
    """
    if outcome.clearing.coupled:
        return _across_nodes(outcome)
    best = np.zeros(len(outcome.orders.markets))
    for market, rows in outcome.by_market():
        bids, asks = (rows[outcome.side[rows] == side] for side in (BUY, -BUY))
        price = np.append(outcome.price[bids], top)
        demand = 0 if outcome.terms.demand is None else outcome.terms.demand[market]
        quantity = np.append(outcome.quantity[bids], demand)
        best[market] = _worth(price, quantity, outcome.price[asks], outcome.quantity[asks])
    return best


def _worth(bids: Array, wanted: Whole, asks: Array, offered: Whole) -> float:
    """The area between the curves, as far as bids are above asks."""
    best, cheapest = np.argsort(-bids, kind="stable"), np.argsort(asks, kind="stable")
    demand, supply = np.cumsum(wanted[best]), np.cumsum(offered[cheapest])
    if not len(supply):
        return 0.0
    ends = np.union1d(demand, supply)
    ends = ends[(ends > 0) & (ends <= min(demand[-1], supply[-1]))]
    starts = np.concatenate([[0], ends[:-1]])[: len(ends)]
    value = bids[best][np.searchsorted(demand, starts, side="right")]
    cost = asks[cheapest][np.searchsorted(supply, starts, side="right")]
    return float((np.maximum(value - cost, 0.0) * (ends - starts)).sum())


def _across_nodes(outcome: Outcome) -> Array:
    """The same with energy flowing along the mechanism's lines: one linear programme a period."""
    from scipy.optimize import linprog

    lines = getattr(outcome.mechanism, "lines", ())
    markets = outcome.orders.markets
    periods = np.unique(markets[:, 0])
    best = np.zeros(len(periods))
    for place, period in enumerate(periods):
        at = np.flatnonzero(markets[outcome.market, 0] == period)
        node = markets[outcome.market[at], 1]
        nodes = np.unique([*node, *(end for line in lines for end in (line.from_node, line.to_node))])
        balance = np.zeros((len(nodes), len(at) + len(lines)))
        balance[np.searchsorted(nodes, node), np.arange(len(at))] = outcome.side[at]
        for column, line in enumerate(lines, start=len(at)):
            balance[np.searchsorted(nodes, line.from_node), column] += 1
            balance[np.searchsorted(nodes, line.to_node), column] -= 1
        cost = np.concatenate([-outcome.side[at] * outcome.price[at], np.zeros(len(lines))])
        limits = [(0, q) for q in outcome.quantity[at]] + [
            (-line.back_wh, line.capacity_wh) for line in lines
        ]
        if len(cost):
            found = linprog(cost, A_eq=balance, b_eq=np.zeros(len(nodes)), bounds=limits)
            best[place] = -float(cost @ found.x)
    return best
