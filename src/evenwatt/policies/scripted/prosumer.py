"""The prosumer's rule: use the own energy first, trade the rest, leave a local grid that costs more than it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import Keyed
from evenwatt.policies.battery import limits
from evenwatt.policies.kept import Kept
from evenwatt.policies.reading import Array, Column, figure, own, some
from evenwatt.policies.scripted.buying import Taste, purchases
from evenwatt.policies.scripted.investing import Investing
from evenwatt.policies.scripted.standing import Standing, part, whole
from evenwatt.policies.scripted.turns import steps_a_day, whose_turn
from evenwatt.policies.seen import Observation

Whole = npt.NDArray[np.int64]


def self_use(surplus: Whole, charge: Whole, discharge: Whole) -> Whole:
    """(n,) charge the surplus, and cover a deficit, as far as the battery goes [Wh]."""
    least = np.negative(discharge)
    return np.maximum(np.minimum(surplus, charge), least, out=least)


_TRADED_ON = ("local_per_mwh", "charge_efficiency", "discharge_efficiency", "wear_per_mwh", "tariff_per_mwh")


def threshold(seen: Observation, surplus: Whole, charge: Whole, discharge: Whole) -> Whole:
    """(n,) trade on the quartiles of the day, where a cycle pays; in between, use the own energy [Wh].

    Below the lower quartile nothing is discharged and the surplus is charged, and energy from the grid too if it
    pays even at the tariff; above the upper quartile everything that the battery can give is used or sold. A
    cycle pays if what comes back, sold dear, brings more than what went in, bought cheap, and the wear.
    """
    low, high = figure(seen, "low_per_mwh", np.inf), figure(seen, "high_per_mwh", -np.inf)
    price = seen["local_per_mwh"]
    returned = high * seen["charge_efficiency"] * seen["discharge_efficiency"] - seen["wear_per_mwh"]
    pays = returned > low
    cheap, dear = pays & (price < low), pays & (price > high)
    filled = np.where(returned > seen["tariff_per_mwh"], charge, np.clip(surplus, 0, charge))
    made = np.where(cheap, filled, self_use(surplus, charge, discharge))
    return np.where(dear, -discharge, made)


def asked(seen: Observation, spare: npt.NDArray[np.bool_]) -> Array:
    """(n,) the least to take for the surplus [currency per MWh].

    What the utility pays for it, or, where the battery could still take it, what it would bring in the evening;
    and the persona's margin.

    Parameters
    ----------
    seen : Observation
        Of prosumers.
    spare : (n,) bool
        Whether the battery could take more than it is about to.

    Examples
    --------
    >>> own = {"charge_efficiency": np.array([0.9, 0.9]), "discharge_efficiency": np.array([1.0, 1.0]),
    ...        "margin": np.array([0.1, 0.1])}
    >>> prices = {"feed_in_per_mwh": 60.0, "evening_per_mwh": 200.0}
    >>> asked(Observation("prosumer", 0, np.arange(2), own, prices), np.array([False, True])).round(6)
    array([ 66., 198.])
    """
    feed_in = figure(seen, "feed_in_per_mwh")
    evening = figure(seen, "evening_per_mwh", feed_in)
    ask = evening * seen["charge_efficiency"]
    ask *= seen["discharge_efficiency"]
    np.maximum(ask, feed_in, out=ask)
    ask *= spare
    ask += np.logical_not(spare) * feed_in
    ask += np.abs(ask) * seen["margin"]
    return ask


@dataclass
class Prosumer:
    """Buys as a consumer does, runs a battery, sells what is left.

    Attributes
    ----------
    taste : Taste
        What it weighs when it buys.
    investing : Investing
        When it pays for more panels.
    patience_days : int
        How long it looks at the local grid before it judges it [d].
    hysteresis : float
        How much more than the fee the local grid would have to bring to be joined again [-].
    """

    taste: Taste = field(default_factory=Taste)
    investing: Investing = field(default_factory=Investing)
    patience_days: int = 30
    hysteresis: float = 0.25
    name: str = "rule"
    _standing: Standing = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._standing = Standing("prosumer", ("bid_per_mwh", "source", "utility", "ask_per_mwh"))
        self._missed = Kept({"gain": np.float64(0.0), "steps": np.int64(0)})
        self._first = -1

    def decide(self, seen: Observation, rng: Keyed) -> dict[str, Column]:
        """Everything but the share to sell, which is all, and preferred sellers, which are none."""
        surplus = seen["pv_wh"] - seen["load_wh"]
        charge, discharge = limits(seen)
        used = self_use(surplus, charge, discharge)
        traders = np.flatnonzero(own(seen, "trades_battery", 0.0))
        if len(traders):
            few = some(seen, traders, _TRADED_ON)
            used[traders] = threshold(few, surplus[traders], charge[traders], discharge[traders])
        spare = (charge > used) & (used >= 0)
        made = purchases(seen, rng, self.taste)
        made["ask_per_mwh"] = asked(seen, spare)
        made = self._standing.decided(seen, rng, made)
        made["charge_wh"] = used
        made["connected"] = self._connected(seen, surplus)
        made["upgrade"] = self.investing.upgrades(seen)
        return made

    def _connected(self, seen: Observation, surplus: Whole) -> Column:
        """Leave when the local grid brought less than its fee; join when it would have brought clearly more."""
        self._first = seen.step if self._first < 0 else self._first
        present = seen["connected"]
        missing = np.flatnonzero(~present)
        if len(missing):
            self._miss(seen.rows(missing), surplus[missing])
        patient = seen.step - self._first < self.patience_days * steps_a_day(seen)
        rows = np.zeros(0, dtype=np.int64) if patient else whose_turn(seen)
        if len(rows) == 0:
            return present
        made = present.copy()
        gain, fee = seen["local_gain_micro"][rows], seen["fee_micro"][rows]
        made[rows] = np.where(present[rows], ~(gain < fee), self._would_join(seen.rows(rows)))
        back = rows[made[rows] & ~present[rows]]
        if len(back):
            at = self._missed.rows(seen.agents[back])
            self._missed["gain"][at], self._missed["steps"][at] = 0.0, 0
        return made

    def _miss(self, seen: Observation, surplus: Whole) -> None:
        """What the local grid would have brought at its last price, summed over the time away."""
        price, feed_in = seen["local_per_mwh"], figure(seen, "feed_in_per_mwh")
        sold = np.fmax(price - feed_in, 0.0) * np.maximum(surplus, 0)
        bought = np.fmax(seen["tariff_per_mwh"] - price, 0.0) * np.maximum(-surplus, 0)
        at = self._missed.rows(seen.agents)
        self._missed["gain"][at] += np.where(np.isfinite(sold + bought), sold + bought, 0.0)
        self._missed["steps"][at] += 1

    def _would_join(self, seen: Observation) -> npt.NDArray[np.bool_]:
        """Whether 30 days like those away would bring more than the fee, and some more."""
        at = self._missed.rows(seen.agents)
        away, day = self._missed["steps"][at], steps_a_day(seen)
        month = self._missed["gain"][at] * 30 * day / np.maximum(away, 1)
        enough = month > (1.0 + self.hysteresis) * seen["fee_micro"]
        judged: npt.NDArray[np.bool_] = enough & (away >= self.patience_days * day)
        return judged

    def remember(self) -> Mapping[str, Column]:
        """Decisions that stand, what the grid would have brought, and purchases."""
        parts = {
            "standing": self._standing.remember(),
            "missed": self._missed.remember(),
            "investing": self.investing.remember(),
        }
        return {"first": np.array(self._first), **whole(parts)}

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Go on from what :meth:`remember` gave."""
        self._first = int(memory.get("first", np.array(-1)))
        self._standing.recall(part(memory, "standing"))
        self._missed.recall(part(memory, "missed"))
        self.investing.recall(part(memory, "investing"))
