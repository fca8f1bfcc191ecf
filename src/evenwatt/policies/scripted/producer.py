"""The producer's rule: cost and a markup, which is moved every day in the direction that pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import Keyed
from evenwatt.policies.kept import Kept
from evenwatt.policies.reading import Array, Column
from evenwatt.policies.scripted.investing import Investing
from evenwatt.policies.scripted.standing import Standing, part, whole
from evenwatt.policies.scripted.turns import whose_turn
from evenwatt.policies.seen import Observation


def marked_up(cost: Array, markup: Array) -> Array:
    """A price above cost by a share of it; of a negative cost too.

    Examples
    --------
    >>> marked_up(np.array([50.0, -10.0]), np.array([0.1, 0.1]))
    array([55., -9.])
    """
    made: Array = cost + np.abs(cost) * markup
    return made


@dataclass
class Producer:
    """Asks cost times one and a markup for all that no contract has taken.

    Attributes
    ----------
    step : float
        By which the markup moves a day; it turns round when a day's profit fell; 0 for a markup that stays [-].
    reach : float
        The markup's upper bound, in margins of the persona [-].
    risk_discount : float
        What a producer would take less for a secured price, for a full hedge [-].
    investing : Investing
        When it pays for more capacity.
    """

    step: float = 0.02
    reach: float = 4.0
    risk_discount: float = 0.05
    investing: Investing = field(default_factory=Investing)
    name: str = "rule"
    _standing: Standing = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._standing = Standing("producer", ("ask_per_mwh", "contract_per_mwh", "accept_contracts"))
        self._search = Kept(
            {
                "markup": np.nan,
                "direction": np.int8(1),
                "profit": np.float64(0.0),
                "before": np.nan,
                "steps": np.int64(0),
            }
        )

    def decide(self, seen: Observation, rng: Keyed) -> dict[str, Column]:
        """Ask, the price of a contract, whether one is wanted, and whether to grow; all of the output."""
        cost = seen["cost_per_mwh"]
        ask = marked_up(cost, self._markup(seen))
        secure = (1.0 - self.risk_discount * seen["hedge"]) * seen["expected_per_mwh"]
        made = {
            "ask_per_mwh": ask,
            "contract_per_mwh": np.fmax(marked_up(cost, seen["margin"]), secure),
            # Not how much is contracted now: contracts end when the next ones are signed, and the sun is down.
            "accept_contracts": seen["hedge"] > 0.0,
            "output_share": np.ones(len(seen)),
        }
        made = self._standing.decided(seen, rng, made)
        made["upgrade"] = self.investing.upgrades(seen)
        return made

    def _markup(self, seen: Observation) -> Array:
        """The markup in force, after the day's move of those whose turn it is."""
        margin = seen["margin"]
        if self.step == 0.0:
            return np.asarray(margin, dtype=np.float64)
        at = self._search.rows(seen.agents)
        held = self._search
        held["markup"][at] = np.where(np.isnan(held["markup"][at]), margin, held["markup"][at])
        held["profit"][at] += np.nan_to_num(seen["gain_micro"], posinf=0.0, neginf=0.0)
        held["steps"][at] += 1
        turn = whose_turn(seen)
        if len(turn):
            self._move(self._search.rows(seen.agents[turn]), self.reach * margin[turn])
        return held["markup"][at].copy()

    def _move(self, at: slice | npt.NDArray[np.int64], most: Array) -> None:
        held = self._search
        # Per step: the first day may be shorter than the next.
        profit = held["profit"][at] / np.maximum(held["steps"][at], 1)
        fell = profit < held["before"][at]
        held["direction"][at] = np.where(fell, -held["direction"][at], held["direction"][at])
        moved = held["markup"][at] + self.step * held["direction"][at]
        held["markup"][at] = np.clip(moved, 0.0, most)
        held["before"][at], held["profit"][at], held["steps"][at] = profit, 0, 0

    def remember(self) -> Mapping[str, Column]:
        """Decisions that stand, the search of the markup, and purchases."""
        parts = {
            "standing": self._standing.remember(),
            "search": self._search.remember(),
            "investing": self.investing.remember(),
        }
        return whole(parts)

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Go on from what :meth:`remember` gave."""
        self._standing.recall(part(memory, "standing"))
        self._search.recall(part(memory, "search"))
        self.investing.recall(part(memory, "investing"))
