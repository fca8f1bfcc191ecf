"""Zero intelligence plus: each trader moves its margin towards what the last price says could be had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import Keyed
from evenwatt.policies.kept import Kept, Rows
from evenwatt.policies.reading import Array, Column
from evenwatt.policies.scripted.standing import part, whole
from evenwatt.policies.scripted.trader import PRICES, Trader, market_price
from evenwatt.policies.seen import Observation

Flags = npt.NDArray[np.bool_]
# How much was traded and ordered in the last step, by the side of the market.
LAST = {1: ("last_bought_wh", "last_wanted_wh"), -1: ("last_sold_wh", "last_offered_wh")}


def gained(
    margin: Array,
    limit: Array,
    price: Array,
    traded: Flags,
    side: int,
    amounts: Array,
    overshoot: float = 1.0,
) -> Array:
    """(n,) by how much each margin misses its target [currency per MWh].

    A seller who would have sold at the price aims above it, one who asked more and did not sell aims below it;
    buyers the other way round; everybody else is content. Where there was no price, those who did not trade aim
    below their own.

    Parameters
    ----------
    margin, limit : (n,)
        What the own price is away from the limit, at least 0, and the limit [currency per MWh].
    price : (n,)
        Of the last auction; not a number where there was none.
    traded : (n,)
        Whether the agent traded.
    side : int
        1 to buy, -1 to sell.
    amounts : (2, n)
        How far from the price each aims: relative to it, and in currency.
    overshoot : float
        Where those who traded aim: 1 beyond the price by that amount, -1 short of it by as much.

    Examples
    --------
    A seller with a limit of 50 asked 55 and sold at 60; another asked 55 and did not sell at 52.

    >>> margin, limit = np.array([5.0, 5.0]), np.array([50.0, 50.0])
    >>> price, traded = np.array([60.0, 52.0]), np.array([True, False])
    >>> gained(margin, limit, price, traded, -1, np.array([[0.0, 0.0], [1.0, 1.0]]))
    array([ 6., -4.])
    """
    # Seen from a seller: a buyer's prices are mirrored, so that larger is always more profit.
    own, found = margin - side * limit, -side * price
    found = np.where(np.isnan(price), own, found)
    aim = amounts[0] * np.abs(found) + amounts[1]
    beyond, short = found + overshoot * aim, found - aim
    more = traded & (found >= own) & (beyond > own)
    less = ~traded & (np.isnan(price) | (found < own))
    return np.where(more, beyond, np.where(less, short, own)) - own


@dataclass
class Zip(Trader):
    """Zero-intelligence-plus traders, in the additive form: price = limit, less or more a margin.

    While limits stay, this is the form of the source, price = limit x (1 + margin); it holds at limits of 0 and
    below too.

    Attributes
    ----------
    seed : int
        Of learning rates, momenta and first margins.
    relative, absolute : float
        The furthest aim from a price: as a share of it [-], and [currency per MWh].
    overshoot : float
        Where those who traded aim. The source has 1, beyond the price: its traders may quote again at once if that
        goes wrong. Here a quote stands for a whole auction, where half of all trades would be lost by that; with -1,
        the default, they stay short of the price by as much.

    Source: Cliff 1997, Minimal-intelligence agents for bargaining behaviors, HP Labs HPL-97-91.
    """

    seed: int = 0
    relative: float = 0.05
    absolute: float = 0.5
    overshoot: float = -1.0
    name: str = "zip"
    _sides: dict[int, Kept] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._sides = {
            side: Kept({"margin": np.nan, "momentum": np.float64(0.0)}) for side in PRICES[self.role].values()
        }

    def decide(self, seen: Observation, rng: Keyed) -> dict[str, Column]:
        """The rule's actions at learned prices."""
        made = self.decided(seen, rng)
        for price, side in PRICES[self.role].items():
            limit = made[price]
            made[price] = limit - side * self._margin(seen, limit, side, rng)
        return made

    def _margin(self, seen: Observation, limit: Array, side: int, rng: Keyed) -> Array:
        kept = self._sides[side]
        at = kept.rows(seen.agents)
        self._begin(kept, at, seen, limit, side)
        traded, wanted = (seen[name] > 0 for name in LAST[side])
        amounts = np.stack(
            [
                self.relative * rng.uniform(seen.agents, f"relative {side}"),
                self.absolute * rng.uniform(seen.agents, f"absolute {side}"),
            ]
        )
        margin, momentum = kept["margin"][at], kept["momentum"][at]
        missed = gained(margin, limit, market_price(seen), traded, side, amounts, self.overshoot)
        moves = wanted & np.isfinite(missed) & (missed != 0.0)
        rate, keeps = self._drawn(seen, "rate", 0.1, 0.5), self._drawn(seen, "momentum", 0.0, 0.1)
        momentum = np.where(moves, keeps * momentum + (1.0 - keeps) * rate * missed, momentum)
        # A buyer whose limit is above 0 does not bid less than 0.
        most = np.where(limit > 0.0, limit, np.inf) if side > 0 else np.inf
        margin = np.clip(np.where(moves, margin + momentum, margin), 0.0, most)
        kept["margin"][at], kept["momentum"][at] = margin, momentum
        return margin

    def _begin(self, kept: Kept, at: Rows, seen: Observation, limit: Array, side: int) -> None:
        """First margins, of 5 to 35 % of the limit; nothing is learned from limits that are no number."""
        fresh = np.isnan(kept["margin"][at])
        if fresh.any():
            first = np.abs(limit) * self._drawn(seen, f"margin {side}", 0.05, 0.35)
            kept["margin"][at] = np.where(fresh, first, kept["margin"][at])

    def _drawn(self, seen: Observation, what: str, low: float, high: float) -> Array:
        """Of each agent's own, the same in every step."""
        drawn: Array = Keyed(self.seed, "zip").uniform(seen.agents, what)
        return low + (high - low) * drawn

    def remember(self) -> Mapping[str, Column]:
        """Margins and momenta of both sides, and the rule's memory."""
        parts = {str(side): kept.remember() for side, kept in self._sides.items()}
        return whole({"rule": super().remember(), **parts})

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Go on from what :meth:`remember` gave."""
        super().recall(part(memory, "rule"))
        for side, kept in self._sides.items():
            kept.recall(part(memory, str(side)))
