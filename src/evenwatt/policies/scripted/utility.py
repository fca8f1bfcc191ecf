"""The utility's rule: buy what customers should need, secure a share, let the retail price follow cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import Keyed
from evenwatt.policies.actions import MOST_SELLERS
from evenwatt.policies.battery import limits
from evenwatt.policies.reading import Array, Column, figure, public
from evenwatt.policies.scripted.producer import marked_up
from evenwatt.policies.scripted.standing import Standing
from evenwatt.policies.scripted.turns import whose_turn
from evenwatt.policies.seen import Observation


def next_retail(present: Array, cost: Array, margin: Array, pace: float) -> Array:
    """(n,) the retail price, moved some of the way to cost and margin [currency per MWh].

    It stays where the cost is not known yet.

    Examples
    --------
    >>> next_retail(np.array([120.0]), np.array([90.0]), np.array([0.15]), 0.2).round(6)
    array([116.7])
    """
    moved = (1.0 - pace) * present + pace * marked_up(cost, margin)
    return np.where(np.isfinite(moved), moved, present)


def ranked(seen: Observation) -> npt.NDArray[np.int64]:
    """(n, 5) producers by what a contract costs less what its being green is worth, the lowest first.

    A utility that is short of its quota puts renewable producers before all others. Producers without a price
    are left out; ties go to the lower number.

    Examples
    --------
    >>> own = {"green": np.array([0.0, 20.0]), "renewable_share": np.ones(2), "quota": np.zeros(2)}
    >>> offers = {"contract_per_mwh": np.array([50.0, 60.0]), "contract_green": np.array([False, True])}
    >>> ranked(Observation("utility", 0, np.arange(2), own, offers))[:, :2]
    array([[0, 1],
           [1, 0]])
    """
    prices, green = public(seen, "contract_per_mwh"), public(seen, "contract_green") > 0
    made = np.full((len(seen), MOST_SELLERS), -1, dtype=np.int64)
    if not len(prices) or not len(seen):
        return made
    score = prices - seen["green"][:, None] * green
    later = (seen["renewable_share"] < seen["quota"])[:, None] & ~green
    order = np.lexsort((np.broadcast_to(np.arange(len(prices)), score.shape), score, later), axis=-1)
    unpriced = np.isnan(score)
    order = np.take_along_axis(
        order, np.argsort(np.take_along_axis(unpriced, order, 1), axis=1, kind="stable"), 1
    )
    best = order[:, :MOST_SELLERS]
    made[:, : best.shape[1]] = np.where(np.take_along_axis(unpriced, best, 1), -1, best)
    return made


@dataclass
class Utility:
    """Buys its forecast at wholesale up to what a lack would cost, and secures its persona's share of the next day.

    Attributes
    ----------
    pace : float
        How far the retail price moves towards cost and margin in a day [-].
    premium : float
        What a secured price may exceed the expected one by [-].
    penalty : float
        Share by which a lack costs more than the outside grid [-].
    fee_per_mwh : float
        What the outside grid costs on top of its price [currency per MWh].
    """

    pace: float = 0.2
    premium: float = 0.05
    penalty: float = 0.1
    fee_per_mwh: float = 5.0
    name: str = "rule"
    _standing: Standing = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._standing = Standing("utility", ("retail_per_mwh", "hedge_ratio", "contract_per_mwh"))

    def decide(self, seen: Observation, rng: Keyed) -> dict[str, Column]:
        """Retail price, bid, hedge, the price of a contract, suppliers and the battery."""
        outside = figure(seen, "outside_per_mwh")
        expected = np.where(np.isfinite(seen["expected_per_mwh"]), seen["expected_per_mwh"], outside)
        lack = outside + self.fee_per_mwh
        retail, turn = seen["retail_per_mwh"].astype(np.float64), whose_turn(seen)
        retail[turn] = next_retail(retail[turn], seen["cost_per_mwh"][turn], seen["margin"][turn], self.pace)
        made = {
            "retail_per_mwh": retail,
            "bid_per_mwh": np.full(len(seen), lack + self.penalty * abs(lack)),
            "purchase_share": np.ones(len(seen)),
            "hedge_ratio": seen["hedge"],
            "contract_per_mwh": marked_up(expected, np.full(len(seen), self.premium)),
        }
        made = self._standing.decided(seen, rng, made)
        made["suppliers"] = ranked(seen)
        made["charge_wh"] = self._charge(seen, outside, expected)
        return made

    def _charge(self, seen: Observation, price: float, expected: Array) -> npt.NDArray[np.int64]:
        """Charge where the expected price, after both losses, exceeds the present one, and the other way round."""
        charge, discharge = limits(seen)
        cycle = seen["charge_efficiency"] * seen["discharge_efficiency"]
        cheap, dear = price < cycle * expected, price * cycle > expected
        return np.where(cheap, charge, np.where(dear, -discharge, 0))

    def remember(self) -> Mapping[str, Column]:
        """Decisions that stand."""
        return self._standing.remember()

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Go on from what :meth:`remember` gave."""
        self._standing.recall(memory)
