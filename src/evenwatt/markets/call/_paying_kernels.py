"""The loop that rounds money so that what buyers pay and what sellers get have the sums they should."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled
from evenwatt.markets.call._choosing_kernels import choose, drawn

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Signs = npt.NDArray[np.int8]
Codes = npt.NDArray[np.uint16]

BUCKETS = 256  # of remainders: only those of the bucket where raising ends are compared with each other
BIDS = BUCKETS  # codes of orders: the bucket, of bids from here on
IDLE = 2 * BUCKETS  # the code of an order that trades nothing
NONE = 2 * IDLE  # the code of no order
UNIT = 2.0**32  # remainders are summed as whole parts of this: the same in any order
BLOCK = 4096  # orders at a time, so that what is computed of them stays close by


@compiled(EXACT)
def worths(price: Array, rate: float, own: bool, fills: Whole, amounts: Array) -> None:
    """What every order trades for, before rounding."""
    if not own:
        for k in range(len(fills)):
            amounts[k] = rate * fills[k]
        return
    for k in range(len(fills)):
        # The price of an order that trades nothing may be anything.
        amounts[k] = price[k] * fills[k] if fills[k] > 0 else 0.0


@compiled(EXACT)
def floors(amounts: Array, side: Signs, fills: Whole, payments: Whole) -> tuple[int, int, int, int]:
    """Round every payment down; the sums of both sides, and how many trade, bids first."""
    paid = earned = bids = asks = 0
    for k in range(len(fills)):
        floor = int(np.floor(amounts[k]))
        payments[k] = floor
        paid += floor if side[k] > 0 else 0
        earned += floor if side[k] < 0 else 0
        bids += 1 if (fills[k] > 0) & (side[k] > 0) else 0
        asks += 1 if (fills[k] > 0) & (side[k] < 0) else 0
    return paid, earned, bids, asks


@compiled(EXACT)
def rests(amounts: Array, side: Signs, fills: Whole) -> tuple[int, int]:
    """What the floors leave, of bids and of asks."""
    bids = asks = 0
    for k in range(len(fills)):
        rest = int((amounts[k] - np.floor(amounts[k])) * UNIT)
        bids += rest if side[k] > 0 else 0
        asks += rest if side[k] < 0 else 0
    return bids, asks


@compiled(EXACT)
def code(amounts: Array, side: Signs, fills: Whole, codes: Codes) -> None:
    """The side and the bucket of every remainder."""
    for k in range(len(fills)):
        bucket = min(int((amounts[k] - np.floor(amounts[k])) * BUCKETS), BUCKETS - 1)
        codes[k] = bucket + (BIDS if side[k] > 0 else 0) if fills[k] > 0 else IDLE


@compiled(EXACT)
def count_codes(codes: Codes, counts: Whole) -> None:
    """Add how many orders have each code."""
    for k in range(len(codes)):
        counts[codes[k]] += 1


@compiled(EXACT)
def last_raised(counts: Whole, begin: int, short: int) -> tuple[int, int]:
    """The code in which raising ends, of the side whose codes begin there, and how many of its orders are raised."""
    if short <= 0:
        return NONE, 0
    bucket = begin + BUCKETS - 1
    while bucket > begin and counts[bucket] < short:
        short -= counts[bucket]
        bucket -= 1
    return bucket, short


@compiled(EXACT)
def raise_above(
    codes: Codes, side: Signs, bid_lift: int, bid_edge: int, ask_lift: int, ask_edge: int, payments: Whole
) -> None:
    """Raise the payments whose remainders lie above the bucket where raising ends, and sign all."""
    for k in range(len(codes)):
        lift = ask_lift + (1 if codes[k] > ask_edge else 0)
        lift = lift if codes[k] < BIDS else bid_lift + (1 if codes[k] > bid_edge else 0)
        payments[k] = (payments[k] + (lift if codes[k] < IDLE else 0)) * side[k]


@compiled(EXACT)
def list_edges(codes: Codes, bid_edge: int, ask_edge: int, count: int) -> Whole:
    """Which ``count`` orders lie in the buckets where raising ends."""
    who = np.empty(count + 1, np.int64)
    listed = 0
    for k in range(len(codes)):
        # Written always, kept or not: a branch would be guessed wrong too often.
        who[listed] = k
        listed += (codes[k] == bid_edge) | (codes[k] == ask_edge)
    return who[:count]


@compiled(EXACT)
def raise_first(
    price: Array, rate: float, own: bool, side: Signs, fills: Whole, sign: int, wanted: int,
    agent: Whole, salt: np.uint64, who: Whole, payments: Whole,
) -> None:  # fmt: skip
    """Raise the ``wanted`` first of one side's listed orders by a micro-unit."""
    if wanted == 0:
        return
    listed = len(who)
    part, remainder, tie = np.empty(listed), np.empty(listed), np.empty(listed, np.uint64)
    order, some = np.empty(listed, np.int64), np.empty(listed, np.int64)
    count = 0
    for place in range(listed):
        k = who[place]
        if side[k] == sign:
            some[count] = k
            part[count] = (price[k] if own else rate) * fills[k]
            remainder[count] = part[count] - np.floor(part[count])
            tie[count] = drawn(agent[k], salt)
            count += 1
    choose(order, count, wanted, remainder, part, tie)
    for place in range(min(wanted, count)):
        payments[some[order[place]]] += sign


@compiled(EXACT)
def pay_row(
    price: Array, rate: float, own: bool, side: Signs, fills: Whole, due: int, agent: Whole, salt: np.uint64,
    counts: Whole, amounts: Array, codes: Codes, payments: Whole,
) -> int:  # fmt: skip
    """Whole payments of one market that sum to ``due`` on both sides, or to what each side's own prices come to."""
    n = len(fills)
    paid = earned = bids = asks = bid_rest = ask_rest = 0
    counts[:] = 0
    for k in range(0, n, BLOCK):
        end = min(k + BLOCK, n)
        some, sides, filled = amounts[: end - k], side[k:end], fills[k:end]
        worths(price[k:end], rate, own, filled, some)
        more = floors(some, sides, filled, payments[k:end])
        paid, earned, bids, asks = paid + more[0], earned + more[1], bids + more[2], asks + more[3]
        code(some, sides, filled, codes[k:end])
        count_codes(codes[k:end], counts)
        if own:
            rest = rests(some, sides, filled)
            bid_rest, ask_rest = bid_rest + rest[0], ask_rest + rest[1]
    gain = due
    if own:
        due = paid + int(np.rint(bid_rest / UNIT))
        # Sellers get no more than buyers pay, whatever the last places of floats say.
        gain = min(earned + int(np.rint(ask_rest / UNIT)), due)
    bid_lift, ask_lift = (due - paid) // bids, (gain - earned) // asks
    bid_edge, more_bids = last_raised(counts, BIDS, due - paid - bid_lift * bids)
    ask_edge, more_asks = last_raised(counts, 0, gain - earned - ask_lift * asks)
    raise_above(codes[:n], side, bid_lift, bid_edge, ask_lift, ask_edge, payments)
    if more_bids + more_asks > 0:
        who = list_edges(
            codes[:n],
            bid_edge,
            ask_edge,
            (counts[bid_edge] if more_bids else 0) + (counts[ask_edge] if more_asks else 0),
        )
        raise_first(price, rate, own, side, fills, 1, more_bids, agent, salt, who, payments)
        raise_first(price, rate, own, side, fills, -1, more_asks, agent, salt, who, payments)
    return due - gain


@compiled(EXACT)
def pay_whole(rate: int, side: Signs, fills: Whole, payments: Whole) -> None:
    """Payments at a whole price."""
    for k in range(len(fills)):
        payments[k] = rate * fills[k] * side[k]


@compiled(EXACT)
def pay_rows(
    price: Array, side: Signs, shared: bool, agent: Whole, one_agent: bool, edges: Whole, salts: Bits, volume: Whole,
    rates: Array, own: bool, fills: Whole, payments: Whole, budget: Whole, begin: int, finish: int,
) -> None:  # fmt: skip
    """Whole payments at ``rates[t]``, or everybody at their ``own`` price.

    Each side's sum is rounded once, and the units that its floors leave go to the largest remainders.
    """
    longest = 0
    for t in range(begin, finish):
        longest = max(longest, edges[t + 1] - edges[t])
    counts, codes = np.empty(IDLE + 1, np.int64), np.empty(longest, np.uint16)
    amounts = np.empty(min(longest, BLOCK))
    for t in range(begin, finish):
        first, last, rate = edges[t], edges[t + 1], rates[t]
        filled, sides, money = fills[first:last], side if shared else side[first:last], payments[first:last]
        budget[t] = 0
        if volume[t] == 0 or (not own and rate == np.floor(rate)):
            # Whole prices of whole Wh need no rounding.
            pay_whole(int(rate) if volume[t] else 0, sides, filled, money)
            continue
        due = 0 if own else int(np.rint(rate * volume[t]))
        budget[t] = pay_row(
            price[first:last], rate, own, sides, filled, due, agent if one_agent else agent[first:last], salts[t],
            counts, amounts, codes, money,
        )  # fmt: skip
