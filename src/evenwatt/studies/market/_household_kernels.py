"""Compiled loops over households: what each brings to its local grid, and what the rest of the step makes of it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Sides = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

UTILITY, LOCAL, EITHER = 1, 2, 3
# A product of floats this close to a whole number is that number, as in ``evenwatt.markets.storage``.
UP, DOWN = 1 + 2.0**-50, 1 - 2.0**-49


@compiled(EXACT)
def place(
    first: int,
    last: int,
    consumers: int,
    load: Whole,
    pv: Whole,
    wished: Whole,
    stored: Whole,
    capacity: Whole,
    most_charge: Whole,
    most_discharge: Whole,
    charge_efficiency: Array,
    discharge_efficiency: Array,
    source: Whole,
    bid: Array,
    ask: Array,
    share: Array,
    connected: Flags,
    loss: Array,
    fee: Array,
    cash: Whole,
    lowest: float,
    highest: float,
    charge: Whole,
    lost: Whole,
    short: Whole,
    side: Sides,
    price: Array,
    quantity: Whole,
    row: Whole,
    book_side: Sides,
    book_price: Array,
    book_quantity: Whole,
) -> None:
    """Move the battery, then order what is short or offer what is left; ``short`` is negative for a surplus.

    Orders are written twice: by household, and into the ``row`` of the book in which each node's stand together.
    Columns of prosumers (``pv``, ``wished``, ``ask``, ``share``, ``connected``) start after the consumers.
    """
    for i in range(first, last):
        k = i - consumers
        net = load[i]
        charge[i] = 0
        lost[i] = 0
        joined = True
        if k >= 0:
            net -= pv[k]
            joined = connected[k]
            if capacity[i] > 0:
                amount, after = _moved(
                    wished[k],
                    stored[i],
                    capacity[i],
                    most_charge[i],
                    most_discharge[i],
                    charge_efficiency[i],
                    discharge_efficiency[i],
                )
                lost[i] = stored[i] + amount - after
                charge[i] = amount
                stored[i] = after
                net += amount
        short[i] = net
        side[i] = 1
        price[i] = 0.0
        quantity[i] = 0
        if joined and net > 0 and source[i] >= LOCAL:
            limit = min(max(bid[i], lowest), highest)
            dear = limit + fee[i]
            # What arrives must not exceed what is short: the way to the buyer takes its share first.
            wanted = math.floor(net / (1.0 - loss[i]))
            if dear > 0.0:
                wanted = min(wanted, int(max(cash[i] - 2, 0) / dear))
            price[i] = limit
            quantity[i] = wanted
        elif joined and net < 0 and k >= 0:
            limit = min(max(ask[k], lowest), highest)
            offered = math.floor(-net * share[k])
            if limit < 0.0:
                offered = min(offered, int(max(cash[i] - 2, 0) / -limit))
            side[i] = -1
            price[i] = limit
            quantity[i] = offered
        at = row[i]
        book_side[at] = side[i]
        book_price[at] = price[i]
        book_quantity[at] = quantity[i]


@compiled(EXACT, inline=True)
def _moved(
    wished: int,
    stored: int,
    capacity: int,
    most_charge: int,
    most_discharge: int,
    gain: float,
    yielded: float,
) -> tuple[int, int]:
    """What the battery really takes (negative: gives), and what it then holds; whole Wh, losses rounded against it."""
    if wished > 0:
        amount = min(wished, most_charge)
        amount = min(amount, math.floor((capacity - stored) / gain) + 2)
        while amount > 0 and stored + math.floor(gain * amount * UP) > capacity:
            amount -= 1
        return amount, stored + math.floor(gain * amount * UP)
    amount = min(-wished, most_discharge)
    amount = min(amount, math.floor(stored * yielded) + 2)
    while amount > 0 and math.ceil(amount / yielded * DOWN) > stored:
        amount -= 1
    return -amount, stored - math.ceil(amount / yielded * DOWN)


@compiled(EXACT)
def rest(
    first: int,
    last: int,
    short: Whole,
    side: Sides,
    fills: Whole,
    loss: Array,
    fee: Array,
    cash: Whole,
    paid: Whole,
    source: Whole,
    tariff: Array,
    charge: Whole,
    wear: Array,
    feed_in: float,
    arrived_lost: Whole,
    fees: Whole,
    retail: Whole,
    retail_pay: Whole,
    fed: Whole,
    fed_pay: Whole,
    forgone: Whole,
    unpaid: Whole,
    wear_pay: Whole,
) -> None:
    """What is left after the local auction: bought of the utility, fed in, forgone by choice, or out of reach.

    ``paid`` is what the auction took from each; ``tariff`` is not a number where no utility serves.
    """
    for i in range(first, last):
        arrived_lost[i] = 0
        fees[i] = 0
        retail[i] = 0
        retail_pay[i] = 0
        fed[i] = 0
        fed_pay[i] = 0
        forgone[i] = 0
        unpaid[i] = 0
        wear_pay[i] = 0
        price = tariff[i]
        is_served = price == price
        money = cash[i] - paid[i]
        if short[i] > 0:
            bought = fills[i] if side[i] > 0 else 0
            # 0.29 of 100 is 28.999999999999996 in floats; and no more arrives than was short.
            vanished = max(math.floor(bought * loss[i] * UP), bought - short[i])
            arrived_lost[i] = vanished
            # Rounded down, so that limit and fee together never ask for more than there is.
            fees[i] = math.floor(fee[i] * bought)
            money -= fees[i]
            left = short[i] - (bought - vanished)
            if left > 0 and source[i] != UTILITY and source[i] != EITHER:
                forgone[i] = left
            elif left > 0:
                served = left if is_served else 0
                if served > 0 and price > 0.0 and price * left > max(money, 0):
                    served = math.floor(max(money, 0) / price)
                    while served > 0 and round(price * served) > money:
                        served -= 1
                retail[i] = served
                retail_pay[i] = round(price * served) if served > 0 else 0
                unpaid[i] = left - served
                money -= retail_pay[i]
        elif short[i] < 0:
            sold = fills[i] if side[i] < 0 else 0
            fed[i] = -short[i] - sold
            fed_pay[i] = round(feed_in * fed[i]) if is_served else 0
        if charge[i] < 0 and wear[i] > 0.0:
            wear_pay[i] = min(round(-wear[i] * charge[i]), max(money, 0))


@compiled(EXACT)
def booked(
    first: int,
    last: int,
    consumers: int,
    load: Whole,
    pv: Whole,
    value: Array,
    node: Whole,
    local: Array,
    feed_in: float,
    share: float,
    side: Sides,
    price: Array,
    quantity: Whole,
    fills: Whole,
    payments: Whole,
    tariff: Array,
    fees: Whole,
    retail: Whole,
    fed: Whole,
    forgone: Whole,
    unpaid: Whole,
    shed: Whole,
    before: Whole,
    after: Whole,
    last_bid: Array,
    last_wanted: Whole,
    last_bought: Whole,
    last_ask: Array,
    last_offered: Whole,
    last_sold: Whole,
    gain: Whole,
    local_gain: Array,
    pv_value: Array,
    sum_load: Whole,
    sum_pv: Whole,
    sum_bought: Whole,
    sum_sold: Whole,
    sum_retail: Whole,
    sum_fed: Whole,
    sum_unserved: Whole,
    sum_forgone: Whole,
    sum_surplus: Whole,
) -> None:
    """Write down what each household did and got in a step, and add it to its sums.

    ``share`` is the weight of a step in running means of a month; ``local`` the last price of each node.
    """
    for i in range(first, last):
        buys = side[i] > 0
        ordered = quantity[i] > 0
        missing = unpaid[i] + shed[i]
        last_bid[i] = price[i] if buys and ordered else math.nan
        last_wanted[i] = quantity[i] if buys else 0
        last_bought[i] = fills[i] if buys else 0
        gain[i] = round(value[i] * (load[i] - missing - forgone[i])) + after[i] - before[i]
        sum_load[i] += load[i]
        sum_bought[i] += fills[i] if buys else 0
        sum_sold[i] += 0 if buys else fills[i]
        sum_retail[i] += retail[i]
        sum_fed[i] += fed[i]
        sum_unserved[i] += missing
        sum_forgone[i] += forgone[i]
        sum_surplus[i] += gain[i]
        k = i - consumers
        if k < 0:
            continue
        last_ask[k] = price[i] if ordered and not buys else math.nan
        last_offered[k] = 0 if buys else quantity[i]
        last_sold[k] = 0 if buys else fills[i]
        sum_pv[i] += pv[k]
        # Against the utility: what was bought would have cost the tariff, what was sold would have earned the feed-in.
        alone = -feed_in
        if buys:
            alone = tariff[i] if tariff[i] == tariff[i] else 0.0
        local_gain[k] += share * (alone * fills[i] - payments[i] - fees[i] - local_gain[k])
        worth = local[node[i]]
        if worth != worth:
            worth = feed_in
        pv_value[k] += share * (worth * pv[k] - pv_value[k])


@compiled(EXACT)
def sum_by_group(groups: Whole, values: Whole, sums: Whole) -> None:
    """Add each value to the sum of its group; group -1 is nobody's."""
    for i in range(len(values)):
        if groups[i] >= 0:
            sums[groups[i]] += values[i]
