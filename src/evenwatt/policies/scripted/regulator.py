"""The regulator's rule: a carbon price that follows the renewable share, and remedies where a market is abused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import Keyed
from evenwatt.policies.policy import Forgetful
from evenwatt.policies.reading import Column
from evenwatt.policies.seen import Observation

Flags = npt.NDArray[np.bool_]


@dataclass
class Regulator(Forgetful):
    """Acts at reviews only; what is out of bounds is for the instruments to refuse.

    Attributes
    ----------
    carbon_step, cap_step : float
        Relative change at a review [-].
    quota_step : float
        Change of the quota at a review [-].
    fine_step : float
        Change of the fine's rate at a review [-].
    most_hhi, most_lerner, least_rsi, most_pivotal : float
        Concentration is high above the first; a market is abused above the second, below the third, and with
        pivotal producers in more than the fourth, a share of steps [-].
    """

    carbon_step: float = 0.1
    cap_step: float = 0.1
    quota_step: float = 0.02
    fine_step: float = 0.25
    most_hhi: float = 0.25
    most_lerner: float = 0.3
    least_rsi: float = 1.1
    most_pivotal: float = 0.05
    name: str = "rule"

    def decide(self, seen: Observation, rng: Keyed) -> dict[str, Column]:
        """Every instrument; none between reviews.

        The carbon price goes up by a tenth while renewables fall short of the target and down by a tenth once
        they exceed it; the quota follows the share upwards. Where the screen finds abuse, the cap falls and
        fines rise, and they go back once it finds none; load that was not served lifts the cap, whatever else.
        """
        review = seen["review"].astype(np.bool_)
        gap = np.nan_to_num(seen["renewable_target"] - seen["renewable_share"])
        behind = np.nan_to_num(seen["renewable_target"] - seen["quota"])
        abused, crowded = self.abused(seen), seen["hhi"] > self.most_hhi
        cap = np.where(abused & crowded, -self.cap_step, 0.0)
        cap = np.where(seen["unserved_share"] > 0.0, self.cap_step, cap)
        fine = np.nan_to_num(seen["fine_rate"]) + self.fine_step * np.where(abused, 1.0, -1.0)
        quota = np.where(gap > 0.0, np.clip(behind, 0.0, self.quota_step), 0.0)
        return {
            "carbon_change": np.where(review, self.carbon_step * np.sign(gap), 0.0),
            "cap_change": np.where(review, cap, 0.0),
            "quota_change": np.where(review, quota, 0.0),
            "fine_rate": np.where(review, np.clip(fine, 0.0, 2.0), np.nan),
            "subsidy_per_mwh": np.where(review, self._subsidy(seen, gap), np.nan),
        }

    def abused(self, seen: Observation) -> Flags:
        """(n,) whether prices stand far above cost while single producers cannot be done without."""
        found: Flags = (
            (seen["lerner"] > self.most_lerner)
            & (seen["rsi_least"] < self.least_rsi)
            & (seen["pivotal_share"] > self.most_pivotal)
        )
        return found

    def _subsidy(self, seen: Observation, gap: npt.NDArray[np.float64]) -> Column:
        """One more per MWh while renewables fall short and the fund can pay, else one less."""
        more = (gap > 0.0) & (seen["fund_micro"] > 0)
        moved: Column = np.nan_to_num(seen["subsidy_per_mwh"]) + np.where(more, 1.0, -1.0)
        return np.clip(moved, 0.0, 100.0)
