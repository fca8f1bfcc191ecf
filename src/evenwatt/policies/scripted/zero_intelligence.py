"""Zero intelligence with a budget: any price that brings no loss, by chance; the control of every other policy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenwatt.core.chance import Keyed
from evenwatt.policies.reading import Column
from evenwatt.policies.scripted.trader import PRICES, Trader, price_range
from evenwatt.policies.seen import Observation


@dataclass
class ZeroIntelligence(Trader):
    """Bids between the lowest price and the own limit, asks between the own limit and the highest price.

    Source: Gode & Sunder 1993, doi:10.1086/261868 (their ZI-C traders).
    """

    name: str = "zero-intelligence"

    def decide(self, seen: Observation, rng: Keyed) -> dict[str, Column]:
        """The rule's actions at prices by chance."""
        made = self.decided(seen, rng)
        low, high = price_range(seen)
        for price, side in PRICES[self.role].items():
            limit = made[price]
            drawn = rng.uniform(seen.agents, price)
            end = np.minimum(limit, low) if side > 0 else np.maximum(limit, high)
            made[price] = limit + drawn * (end - limit)
        return made
