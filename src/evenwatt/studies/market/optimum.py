"""The most that anybody could have made of a day, given what its batteries did: a bound on welfare."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.markets.clear import clear
from evenwatt.markets.orders import BUY, SELL, Orders
from evenwatt.studies.market.setting import Population, Rules, Weather

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

MUST = 1e6  # what energy that batteries took is held to be worth, so that it is always served [per MWh]


def most(
    people: Population,
    rules: Rules,
    weather: Weather,
    *,
    pv: Whole,
    available: Whole,
    charged: Whole,
    discharged: Whole,
) -> Array:
    """Largest worth of each step's energy to households less what it costs, (T,) [micro-units].

    Everybody is served from the cheapest source by true values and costs, without losses on the way; what
    nobody wants is not generated. Batteries move as they did.

    Parameters
    ----------
    pv : (T,)
        What all panels gave [Wh].
    available : (T, P)
        What producers could generate [Wh].
    charged, discharged : (T,)
        By all batteries [Wh].

    Examples
    --------
    One household of 100 Wh worth 400 a MWh, a station that can generate 60 Wh at 50, and an outside price of 95
    with a fee of 5: 100 Wh are worth 40,000 and cost 60 x 50 + 40 x 100.

    >>> from evenwatt.studies.market import sample
    >>> from dataclasses import replace
    >>> people = sample.population(consumers=1, prosumers=0, producers=1, utilities=1)
    >>> homes = replace(people.households, value_per_mwh=np.array([400.0]))
    >>> people = replace(people, households=homes,
    ...                  producers=replace(people.producers, cost_per_mwh=np.array([50.0])))
    >>> day = Weather(np.array([[100]]), np.array([[0]]), np.ones((1, 1)), np.array([95.0]))
    >>> none = np.zeros(1, dtype=np.int64)
    >>> most(people, sample.first_rules(), day, pv=none, available=np.array([[60]]), charged=none, discharged=none)
    array([33000.])
    """
    steps = len(weather)
    if not steps:
        return np.zeros(0)
    fee = rules.outside_fee_per_mwh
    ones = np.ones((steps, 1))
    outside = weather.outside_per_mwh[:, None]
    buys = [
        (ones * people.households.value_per_mwh, weather.load_wh),
        (ones * MUST, charged[:, None]),
        (outside - fee, (ones * rules.export_limit_wh).astype(np.int64)),
    ]
    sells = [
        (ones * people.producers.cost_per_mwh, available),
        (0 * ones, (pv + discharged)[:, None]),
        (outside + fee, (ones * rules.import_limit_wh).astype(np.int64)),
    ]
    price, quantity = (np.hstack([part[k] for part in (*buys, *sells)]) for k in (0, 1))
    bids = sum(part[0].shape[1] for part in buys)
    side = np.repeat([BUY, SELL], [bids, price.shape[1] - bids])
    answer = clear(Orders.dense(price, quantity, side))
    return np.asarray(answer.welfare - MUST * charged)
