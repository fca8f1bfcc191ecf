"""Compiled loops of the rules that households decide by: what a battery can do, what energy is worth."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@compiled(EXACT)
def battery_limits(
    first: int,
    last: int,
    stored: Whole,
    capacity: Whole,
    most_in: Whole,
    most_out: Whole,
    gain: Array,
    arrives: Array,
    largest: float,
    least: float,
    charge: Whole,
    discharge: Whole,
) -> None:
    """The most to charge and to discharge; a battery that makes no sense can do nothing."""
    for i in range(first, last):
        held, size, taken, given = stored[i], capacity[i], most_in[i], most_out[i]
        sound = 0 <= held <= size < largest and 0 <= taken < largest and 0 <= given < largest
        if not (sound and least <= gain[i] <= 1.0 and least <= arrives[i] <= 1.0):
            charge[i] = 0
            discharge[i] = 0
            continue
        charge[i] = min(math.floor((size - held) / gain[i]), taken)
        amount = min(math.floor(held * arrives[i]), given)
        # The product may be rounded up to a whole number that the quotient does not give back.
        if math.ceil(amount / arrives[i]) > held:
            amount -= 1
        discharge[i] = amount


@compiled(EXACT)
def buying(
    first: int,
    last: int,
    value: Array,
    tariff: Array,
    green: Array,
    margin: Array,
    distance: Array,
    connected: Flags,
    feed_in: float,
    fee: float,
    loss: float,
    local: int,
    utility: int,
    bid: Array,
    source: Whole,
) -> None:
    """What to bid, and where to buy: locally where the bid may find a seller, of the utility where that pays."""
    for i in range(first, last):
        # What is not a number is no limit, as with ``fmin``.
        most = tariff[i] + green[i]
        if most != most or value[i] < most:
            most = value[i]
        most = most * (1.0 - loss * distance[i]) - fee * distance[i]
        shade = max(most - feed_in, 0.0) if most == most else most
        most -= shade * margin[i]
        bid[i] = most
        where = local if connected[i] and most >= feed_in else 0
        if tariff[i] <= value[i]:
            where += utility
        source[i] = where
