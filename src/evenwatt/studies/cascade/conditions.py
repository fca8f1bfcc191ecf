"""What a day's talks are about: capacities, prices, links, and what everybody has without an agreement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.studies.cascade.community import Community
from evenwatt.studies.cascade.problem import DayProblem

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Conditions:
    """Prices and links of a series of talks: S suppliers, A agents [currency per MWh, Wh].

    Prices per MWh times energy in Wh are whole micro-units of money, so utilities are micro-units.

    Attributes
    ----------
    cost, offer : (T, S)
        What a MWh costs the supplier, and what an agent pays for it.
    value : (T, A)
        What a MWh is worth to the agent.
    fee : (S, A)
        What the agent pays to the network for using the link.
    limit : (S, A)
        Most that may flow on the link in an interval, whole Wh or infinite.
    least : (T, S)
        What the supplier has for a MWh that no agent buys.
    most : (T, A)
        What the agent saves on a MWh that it must buy elsewhere.
    """

    cost: Array
    offer: Array
    value: Array
    fee: Array
    limit: Array
    least: Array
    most: Array

    def outside(self, supply: Whole, statements: Whole) -> Array:
        """What everybody has where talks fail, (T, S + A) [micro-units]."""
        return np.concatenate([self.least * supply, self.most * statements], axis=-1)

    def problem(self, supply: Whole, statements: npt.ArrayLike, weights: Array | None) -> TransportBargain:
        """The bargains of all intervals at once.

        What is not sold to an agent still goes to the grid, and what is not bought of a supplier still comes
        from it, whether or not talks succeed. So an outside trade is no threat of all or nothing: each unit
        gains what it brings beyond that trade, and the disagreement is zero on this scale.

        Parameters
        ----------
        supply : (T, S)
            [Wh]
        statements : (T, A)
            Most that agents take [Wh].
        weights : (T, S + A), optional
            Equal by default.
        """
        return TransportBargain(
            supply,
            statements,
            cost=self.cost + self.least,
            offer=self.offer,
            willingness=self.value - self.most,
            limit=self.limit,
            charge=self.fee,
            weights=weights,
        )


def conditions(problem: DayProblem, community: Community, disagreement: str) -> Conditions:
    """The conditions of a day.

    An offer that ``suppliers.csv`` leaves empty is the local price, a value that ``agents.csv`` leaves empty
    is what the grid takes.

    Parameters
    ----------
    disagreement : "zero" or "grid"
        What everybody has for a unit that talks leave aside: nothing, or its price at the grid.
    """
    steps = len(problem.start)
    buy, sell, local = (problem.prices[f"{name}_per_mwh"] for name in ("grid_buy", "grid_sell", "local"))
    cost = np.tile([s.cost for s in community.suppliers], (steps, 1))
    offer = np.stack([_or(s.offer, local) for s in community.suppliers], axis=1)
    value = np.stack([_or(a.value, buy) for a in community.agents], axis=1)
    is_grid = disagreement == "grid"
    # Nobody need trade with the grid at a loss.
    least = np.maximum(sell[:, None] - cost, 0.0) if is_grid else np.zeros_like(cost)
    most = np.maximum(value - buy[:, None], 0.0) if is_grid else np.zeros_like(value)
    return Conditions(cost, offer, value, community.fees, community.limits, least, most)


def _or(price: float | None, otherwise: Array) -> Array:
    return otherwise if price is None else np.full(len(otherwise), price)
