"""From the settings of a case to the rules of its market."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.units import MICRO_PER_UNIT, SECONDS_PER_HOUR
from evenwatt.markets.mechanism import Divide, proportional
from evenwatt.markets.regulator.instruments import Instruments
from evenwatt.studies.division import division
from evenwatt.studies.market.config import MarketConfig
from evenwatt.studies.market.named import mechanism
from evenwatt.studies.market.setting import Rules

Array = npt.NDArray[np.float64]
SECONDS_PER_DAY = 24 * SECONDS_PER_HOUR
WH_PER_MWH = 1_000_000
NO_LIMIT = 10**12  # [Wh]


def rules(config: MarketConfig, seconds: int, *, intervention: bool) -> Rules:
    """How the market of a case is run.

    Parameters
    ----------
    config : MarketConfig
        The settings.
    seconds : int
        Length of a step [s].
    intervention : bool
        Whether the regulator may act.
    """
    market, chosen = config.market, config.rule
    return Rules(
        scenario=market.scenario,
        steps_a_day=max(1, SECONDS_PER_DAY // seconds),
        local=mechanism(chosen.local, chosen.local_options, lot_wh=chosen.lot_wh),
        wholesale=mechanism(chosen.wholesale, chosen.wholesale_options),
        split=chosen.split,
        ration=ration(chosen.ration),
        feed_in_per_mwh=market.feed_in_per_mwh,
        fee_per_mwh_km=market.fee_per_mwh_km,
        loss_per_km=market.loss_per_km,
        connection_fee_micro=round(market.connection_fee * MICRO_PER_UNIT),
        import_limit_wh=_limit(market.import_limit_mw, seconds),
        export_limit_wh=_limit(market.export_limit_mw, seconds),
        outside_fee_per_mwh=market.outside_fee_per_mwh,
        imbalance_penalty=market.imbalance_penalty,
        contract_days=market.contract_days,
        review_days=market.review_days,
        renewable_target=market.renewable_target,
        instruments=Instruments(**config.instruments.model_dump()),
        intervention=intervention,
        rebate=market.rebate,
        upgrade_lag_days=market.upgrade_lag_days,
    )


def ration(text: str) -> Divide:
    """The claims rule that a case names, as a market asks it."""
    held = division(text)
    if held.spelling == "pro":
        return proportional  # known to the compiled clearing, with the same result

    def divide(endowment: Array, claims: Array) -> Array:
        return held.awards(np.asarray(endowment, dtype=np.float64), claims)

    return divide


def _limit(mw: float | None, seconds: int) -> int:
    """Most energy of a step [Wh]."""
    return NO_LIMIT if mw is None else min(NO_LIMIT, round(mw * WH_PER_MWH * seconds / SECONDS_PER_HOUR))
