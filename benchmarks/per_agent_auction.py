# ruff: noqa: D103
"""One auction for lists of orders ``(price, quantity, agent)``, bids with their price negated, in plain Python."""

from __future__ import annotations

import math

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def call_auction(bids, asks, split, lots):
    """One price for all: a merge of sorted lists, ties at the margin in proportion, payments by largest remainder."""
    bids.sort(key=first)
    asks.sort(key=first)
    i = j = demand = supply = 0
    while True:
        if demand <= supply:
            if i == len(bids):
                break
            if demand < supply:
                if j > 0 and -bids[i][0] < asks[j - 1][0]:
                    break
            elif j == len(asks) or -bids[i][0] < asks[j][0]:
                break
            demand += bids[i][1]
            i += 1
        else:
            if j == len(asks) or (i > 0 and asks[j][0] > -bids[i - 1][0]):
                break
            supply += asks[j][1]
            j += 1
    volume = min(demand, supply)
    if volume == 0:
        return math.nan, 0
    unmet = fill(bids, i, volume - demand, lots)
    unsold = fill(asks, j, volume - supply, lots)
    low, high = asks[j - 1][0], -bids[i - 1][0]
    low = max(low, -bids[unmet][0]) if unmet < len(bids) else low
    high = min(high, asks[unsold][0]) if unsold < len(asks) else high
    price = min(low + split * (high - low), high)
    pay(bids[:i] if unmet >= i else [o for o in bids if o[2].filled], price, volume, 1, lots)
    pay(asks[:j] if unsold >= j else [o for o in asks if o[2].filled], price, volume, -1, lots)
    return price, volume


def first(order):
    return order[0]


def fill(orders, traded, over, lots):
    """Serve the first ``traded`` orders, the last level as far as it goes; gives the best order not fully served."""
    start, left, level = traded, over, orders[traded - 1][0]
    while start > 0 and orders[start - 1][0] == level:
        start -= 1
        left += orders[start][1]
    end, total = start, 0
    while end < len(orders) and orders[end][0] == level:
        total += orders[end][1]
        end += 1
    for _, quantity, agent in orders[:start]:
        agent.filled = quantity
    tied = orders[start:end]
    if left == total:
        for _, quantity, agent in tied:
            agent.filled = quantity
        return end
    if len(tied) == 1:
        tied[0][2].filled = left
        return start
    share = min(left / total, 1.0)
    parts = [quantity * share for _, quantity, _ in tied]
    for part, (_, quantity, agent) in zip(parts, tied, strict=True):
        agent.filled = math.floor(min(part, quantity))
    short = left - sum(order[2].filled for order in tied)
    room = [(part, order[2]) for part, order in zip(parts, tied, strict=True) if order[2].filled < order[1]]
    for _, agent in largest(room, [part - agent.filled for part, agent in room], short, lots):
        agent.filled += 1
    return start


def pay(orders, price, volume, sign, lots):
    """What each trades for, in whole micro-units that sum to the rounded whole."""
    parts = [(price * order[2].filled, order[2]) for order in orders]
    floors = [math.floor(part) for part, _ in parts]
    lift, short = divmod(round(price * volume) - sum(floors), len(parts))
    for floor, (_, agent) in zip(floors, parts, strict=True):
        agent.paid = sign * (floor + lift)
    rests = [part - floor for floor, (part, _) in zip(floors, parts, strict=True)]
    for _, agent in largest(parts, rests, short, lots):
        agent.paid += sign


def largest(parts, rests, count, lots):
    """The ``count`` with the largest remainders, then the larger parts, then by lot."""
    if count <= 0:
        return []
    order = sorted(range(len(parts)), key=lambda k: (rests[k], parts[k][0]), reverse=True)
    if count < len(order):
        edge = (rests[order[count - 1]], parts[order[count - 1]][0])
        below = order[count]
        if edge == (rests[below], parts[below][0]):
            tied = [k for k in order if (rests[k], parts[k][0]) == edge]
            sure = [k for k in order[:count] if (rests[k], parts[k][0]) != edge]
            tied.sort(key=lambda k: mixed((parts[k][1].number * GOLDEN + lots) & MASK))
            order = sure + tied
    return [parts[k] for k in order[:count]]


def mixed(bits: int) -> int:
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
    return bits ^ (bits >> 31)
