"""The loops that fill the orders a crossing serves, and divide the one level that cannot be served whole."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled
from evenwatt.markets.call._choosing_kernels import choose, drawn

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Signs = npt.NDArray[np.int8]

BLOCK = 4096  # orders at a time, so that what was read of them stays close by
ANY_ORDER = frozenset({"reassoc", "nsz"})  # sums in any order; infinity and NaN keep their meaning


@compiled(EXACT)
def at_price(price: Array, cut: float, found: Whole) -> int:
    """Which orders name one price; how many."""
    count = 0
    for i in range(len(price)):
        # Written always, kept or not: nothing to guess.
        found[count] = i
        count += price[i] == cut
    return count


@compiled(EXACT)
def list_ties(
    price: Array, quantity: Whole, side: Signs, shared: bool, edges: Whole, cuts: Array, tied: Whole, starts: Whole,
    places: Whole, claims: Array, begin: int, finish: int,
) -> None:  # fmt: skip
    """Where the orders of the divided levels are, and what they claim; market t's from ``starts[t]`` on."""
    found = np.empty(BLOCK + 1, np.int64)
    for t in range(begin, finish):
        base = edges[t] if shared else 0
        sign, cut = (1, cuts[t, 0]) if tied[t] > 0 else (-1, cuts[t, 1])
        first, k = edges[t], starts[t]
        while k < starts[t + 1]:
            last = min(first + BLOCK, edges[t + 1])
            for c in range(at_price(price[first:last], cut, found)):
                i = first + found[c]
                if quantity[i] > 0 and side[i - base] == sign:
                    places[k], claims[k] = i, quantity[i]
                    k += 1
            first = last


@compiled(EXACT)
def share_ties(starts: Whole, left: Whole, claims: Array, awards: Array, begin: int, finish: int) -> None:
    """The same share of every claim, as ``mechanism.proportional`` has it."""
    for t in range(begin, finish):
        total = 0.0
        for k in range(starts[t], starts[t + 1]):
            total += claims[k]
        share = min(left[t] / total, 1.0) if total > 0 else 0.0
        for k in range(starts[t], starts[t + 1]):
            awards[k] = claims[k] * share


@compiled(EXACT)
def round_ties(
    starts: Whole, left: Whole, claims: Array, awards: Array, places: Whole, edges: Whole, agent: Whole,
    one_agent: bool, salts: Bits, whole: Whole, begin: int, finish: int,
) -> None:  # fmt: skip
    """Awards as whole Wh that sum to what there is and pass no claim: by largest remainder."""
    longest = 0
    for t in range(begin, finish):
        longest = max(longest, starts[t + 1] - starts[t])
    remainder, part = np.empty(longest), np.empty(longest)
    tie, order, who = np.empty(longest, np.uint64), np.empty(longest, np.int64), np.empty(longest, np.int64)
    for t in range(begin, finish):
        base = edges[t] if one_agent else 0
        short = left[t]
        for k in range(starts[t], starts[t + 1]):
            whole[k] = int(np.floor(min(max(awards[k], 0.0), claims[k])))
            short -= whole[k]
        while short != 0:
            # Once; noise in a rule's awards may ask for another round, or for one downwards.
            step = 1 if short > 0 else -1
            count = 0
            for k in range(starts[t], starts[t + 1]):
                if 0 <= whole[k] + step <= claims[k]:
                    part[count] = step * awards[k]
                    remainder[count] = step * (awards[k] - whole[k])
                    tie[count] = drawn(agent[places[k] - base], salts[t])
                    who[count] = k
                    count += 1
            moved = min(count, abs(short))
            choose(order, count, moved, remainder, part, tie)
            for place in range(moved):
                whole[who[order[place]]] += step
            short -= step * moved


@compiled(EXACT)
def serve(price: Array, quantity: Whole, side: Signs, bid: float, ask: float, fills: Whole) -> None:
    """Fill every order at least as good as the last served of its side."""
    for i in range(len(price)):
        served = ((side[i] > 0) & (price[i] >= bid)) | ((side[i] < 0) & (price[i] <= ask))
        fills[i] = quantity[i] if served else 0


@compiled(ANY_ORDER)
def sums(price: Array, side: Signs, fills: Whole) -> tuple[int, int, float]:
    """What is bought and sold, and its worth by the reports."""
    bought = sold = 0
    worth = 0.0
    for i in range(len(price)):
        bought += fills[i] if side[i] > 0 else 0
        sold += fills[i] if side[i] < 0 else 0
        worth += (price[i] if fills[i] > 0 else 0.0) * (fills[i] * side[i])
    return bought, sold, worth


@compiled(EXACT)
def fill_rows(
    price: Array, quantity: Whole, side: Signs, shared: bool, edges: Whole, cuts: Array, starts: Whole, places: Whole,
    awards: Whole, fills: Whole, bought: Whole, sold: Whole, welfare: Array, begin: int, finish: int,
) -> None:  # fmt: skip
    """Serve the orders of markets ``begin`` to ``finish``, ties by ``awards``; and sum up."""
    for t in range(begin, finish):
        base = edges[t] if shared else 0
        demand = supply = 0
        worth = 0.0
        for first in range(edges[t], edges[t + 1], BLOCK):
            last = min(first + BLOCK, edges[t + 1])
            limits, sides, filled = price[first:last], side[first - base : last - base], fills[first:last]
            serve(limits, quantity[first:last], sides, cuts[t, 0], cuts[t, 1], filled)
            more = sums(limits, sides, filled)
            demand, supply, worth = demand + more[0], supply + more[1], worth + more[2]
        for k in range(starts[t], starts[t + 1]):
            # Served whole above; a tie gets less.
            i = places[k]
            short = awards[k] - fills[i]
            fills[i] = awards[k]
            demand += short if side[i - base] > 0 else 0
            supply += short if side[i - base] < 0 else 0
            worth += price[i] * short * side[i - base]
        bought[t], sold[t], welfare[t] = demand, supply, worth
