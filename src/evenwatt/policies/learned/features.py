"""What learners tell situations apart by: few, coarse, and known to every role."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.policies.reading import Column, figure, own
from evenwatt.policies.scripted.trader import market_price
from evenwatt.policies.scripted.turns import steps_a_day
from evenwatt.policies.seen import Observation

Whole = npt.NDArray[np.int64]

LEVELS = 3  # of the price: low, usual, high
FILLS = 3  # of the battery: nearly empty, in between, nearly full


def part_of_day(seen: Observation, parts: int) -> Whole:
    """(n,) which equal part of the day it is, from 0.

    Examples
    --------
    >>> public = {"slot": np.array(50), "steps_a_day": np.array(96)}
    >>> part_of_day(Observation("consumer", 50, np.arange(2), {}, public), 4)
    array([2, 2])
    """
    slot = int(figure(seen, "slot", seen.step)) % steps_a_day(seen)
    return np.full(len(seen), slot * parts // steps_a_day(seen), dtype=np.int64)


def price_level(seen: Observation) -> Whole:
    """(n,) 0, 1 or 2: whether the last price was low, usual or high; usual where there was none.

    Households compare with the quartiles of the local prices of a day, companies with a tenth around the running
    mean of the wholesale price.
    """
    if seen.role in ("producer", "utility"):
        mean = own(seen, "expected_per_mwh")
        price: Column = np.full(len(seen), figure(seen, "wholesale_per_mwh", np.nan))
        width = 0.1 * np.abs(mean)
        return _level(price, mean - width, mean + width)
    low, high = figure(seen, "low_per_mwh", -np.inf), figure(seen, "high_per_mwh", np.inf)
    return _level(market_price(seen), np.full(len(seen), low), np.full(len(seen), high))


def _level(price: Column, low: Column, high: Column) -> Whole:
    return 1 - (price < low).astype(np.int64) + (price > high)


def fill(seen: Observation) -> Whole:
    """(n,) 0, 1 or 2: how full the battery is, in thirds; 0 where there is none."""
    capacity = own(seen, "battery_wh", 0.0)
    third = FILLS * own(seen, "stored_wh", 0.0) / np.maximum(capacity, 1)
    return np.clip(np.nan_to_num(third), 0, FILLS - 1).astype(np.int64)


def situations(seen: Observation, parts: int) -> Whole:
    """(n,) the part of the day, the price level and the battery's fill in one number."""
    return (part_of_day(seen, parts) * LEVELS + price_level(seen)) * FILLS + fill(seen)


def situation_count(parts: int) -> int:
    """How many situations there are."""
    return parts * LEVELS * FILLS
