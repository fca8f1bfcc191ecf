"""What households pay for a unit in a step: each utility's tariff, around the price that it posts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.markets.tariffs import Dynamic, Flat, Tariff, TimeOfUse
from evenwatt.studies.market.setting import Population, Rules
from evenwatt.studies.market.state import State

Array = npt.NDArray[np.float64]

TARIFFS = ("flat", "time-of-use", "dynamic")
# A time-of-use tariff over the posted price, by hour of the day: cheap at night, dear in the evening, 1 in the mean.
HOURS = (*(0.8,) * 6, *(1.0,) * 11, *(1.4,) * 4, *(0.867,) * 3)
SHAPE = tuple(hour * 24 / sum(HOURS) for hour in HOURS)


def in_force(people: Population, rules: Rules, state: State) -> Array:
    """Energy price of each utility's tariff in this step; not a number for those that have defaulted.

    A flat tariff is the posted price; a time-of-use tariff is that price by the hour; a dynamic one is the last
    wholesale price with an adder, such that it is the posted price in the mean.

    Returns
    -------
    (U,)
        [currency per MWh].
    """
    kinds = people.utilities.tariffs
    posted, slot = state.utilities.retail, state.slot
    prices = posted.copy()
    for place, kind in enumerate(kinds):
        if kind != "flat":
            held = tariff(kind, float(posted[place]), rules.steps_a_day, state.public.expected)
            prices[place] = max(float(held.price(slot, _spot(state))), 0.0)
    return np.where(state.utilities.active, prices, np.nan)


def tariff(kind: str, posted_per_mwh: float, steps_a_day: int, expected_per_mwh: float) -> Tariff:
    """A utility's tariff around its posted price.

    Examples
    --------
    >>> float(tariff("dynamic", 240.0, 96, 60.0).price(0, 85.0))
    265.0
    >>> bool(np.isclose(np.mean(tariff("time-of-use", 240.0, 96, 60.0).price(np.arange(96), 0.0)), 240.0))
    True
    """
    if kind == "time-of-use":
        hour = np.arange(steps_a_day) * 24 // steps_a_day
        return TimeOfUse(tuple((np.asarray(SHAPE)[hour] * posted_per_mwh).tolist()))
    if kind == "dynamic" and not np.isnan(expected_per_mwh):
        return Dynamic(0.0, posted_per_mwh - expected_per_mwh)
    return Flat(posted_per_mwh)


def _spot(state: State) -> float:
    """The last wholesale price; before the first, nothing, which only a flat tariff does not ask for."""
    return 0.0 if np.isnan(state.public.wholesale) else state.public.wholesale
