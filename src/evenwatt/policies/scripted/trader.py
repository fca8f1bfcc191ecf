"""What traders without a persona share: the price at which a trade is worth nothing to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from evenwatt.core.chance import Keyed
from evenwatt.policies.reading import Array, Column, figure, public
from evenwatt.policies.scripted.consumer import Consumer
from evenwatt.policies.scripted.producer import Producer
from evenwatt.policies.scripted.prosumer import Prosumer
from evenwatt.policies.seen import Observation

# Which price of a role is a bid and which an ask.
PRICES: Mapping[str, Mapping[str, int]] = {
    "consumer": {"bid_per_mwh": 1},
    "prosumer": {"bid_per_mwh": 1, "ask_per_mwh": -1},
    "producer": {"ask_per_mwh": -1},
}


@dataclass
class Trader:
    """Leaves everything but prices to the role's rule, and asks it for limits with no margin.

    Attributes
    ----------
    role : str
        ``consumer``, ``prosumer`` or ``producer``.
    """

    role: str
    _rule: Consumer | Prosumer | Producer = field(init=False, repr=False)

    def __post_init__(self) -> None:
        made = {"consumer": Consumer, "prosumer": Prosumer}
        self._rule = Producer(step=0.0) if self.role == "producer" else made[self.role]()

    def decided(self, seen: Observation, rng: Keyed) -> dict[str, Column]:
        """The rule's actions, prices being limits."""
        plain = {"margin": np.zeros(len(seen)), "activity": np.ones(len(seen))}
        return dict(self._rule.decide(replace(seen, own={**seen.own, **plain}), rng))

    def remember(self) -> Mapping[str, Column]:
        """Of the rule."""
        return self._rule.remember()

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Of the rule."""
        self._rule.recall(memory)


def market_price(seen: Observation) -> Array:
    """(n,) the last price of the auction that the agents trade in."""
    if seen.role == "producer":
        return np.full(len(seen), figure(seen, "wholesale_per_mwh", np.nan))
    return np.asarray(seen["local_per_mwh"], dtype=np.float64)


def price_range(seen: Observation) -> tuple[float, float]:
    """What anybody might bid or ask [currency per MWh].

    Nobody sells for less than the feed-in tariff (a producer: the floor), or buys for more than the dearest retail
    price; floor and cap where there are none.
    """
    floor = figure(seen, "floor_per_mwh", -500.0)
    low = floor if seen.role == "producer" else figure(seen, "feed_in_per_mwh", floor)
    retail = public(seen, "retail_per_mwh")
    retail = retail[np.isfinite(retail)]
    high = float(retail.max()) if len(retail) else figure(seen, "cap_per_mwh", 4000.0)
    return low, max(low, high)
