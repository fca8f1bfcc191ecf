"""The loop that finds where demand meets supply, market by market."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled
from evenwatt.markets.call._band_kernels import ASKS, BIDS, SPARE, band
from evenwatt.markets.call._merging_kernels import level, merge, sort_pairs

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Signs = npt.NDArray[np.int8]

OK, NO_CROSS, ONE_SIDED, EMPTY = 0, 1, 2, 3  # as in ``markets.clearing``
START = 1024  # orders the lists hold at first


@compiled(EXACT)
def sort_sides(prices: Array, amounts: Whole, bid_count: int, ask_count: int, outside: int) -> None:
    """Sort both lists, best first; where nothing can trade, the best order is enough."""
    for side in (BIDS, ASKS):
        count = bid_count if side == BIDS else ask_count
        if outside > 0 or (bid_count > 0 and ask_count > 0):
            sort_pairs(prices[side], amounts[side], count, prices[SPARE], amounts[SPARE])
        else:
            for i in range(1, count):
                prices[side, 0] = min(prices[side, 0], prices[side, i])


@compiled(EXACT)
def cross_rows(
    price: Array, quantity: Whole, side: Signs, shared: bool, edges: Whole, near: Array, split: float,
    volume: Whole, paid: Array, lows: Array, highs: Array, cuts: Array, left: Whole, tied: Whole, status: Signs,
    begin: int, finish: int,
) -> None:  # fmt: skip
    """Clear markets ``begin`` to ``finish``: volume, price and its interval, the last levels served, and the tie.

    ``cuts[t]`` are the prices of the last bid and the last ask served. ``left[t]`` Wh are for the ``abs(tied[t])``
    orders of the last level served of one side, bids where ``tied[t] > 0``, if that is not enough for all of them.
    """
    prices, amounts = np.empty((3, START)), np.empty((3, START), np.int64)
    guess, swing = np.nan, 0.0
    for t in range(begin, finish):
        first, last = edges[t], edges[t + 1]
        guess = guess if np.isnan(near[t]) else near[t]
        low, high, above, below, bid_count, ask_count, prices, amounts = band(
            price[first:last], quantity[first:last], side if shared else side[first:last], guess, swing,
            prices, amounts,
        )  # fmt: skip
        sort_sides(prices, amounts, bid_count, ask_count, above + below)
        bids, asks, wanted, offered = prices[BIDS], prices[ASKS], amounts[BIDS], amounts[ASKS]
        i, j, reached, given = merge(bids, wanted, bid_count, above, asks, offered, ask_count, below)
        traded = min(reached, given)
        volume[t], left[t], tied[t] = traded, 0, 0
        if traded == 0:
            # The best bid and the best ask are all there is to say.
            paid[t], cuts[t, 0], cuts[t, 1] = np.nan, np.inf, -np.inf
            lows[t] = -bids[0] if bid_count else np.nan
            highs[t] = asks[0] if ask_count else np.nan
            status[t] = (
                NO_CROSS if bid_count and ask_count else (ONE_SIDED if bid_count or ask_count else EMPTY)
            )
            continue
        # Nobody regrets a price from the last ask sold or the best bid unmet
        # to the last bid met or the best ask unsold.
        lower, upper, unmet, unsold = -np.inf, np.inf, 0, 0
        cuts[t, 0], cuts[t, 1] = np.nextafter(high, np.inf), np.nextafter(low, -np.inf)
        if i > 0:
            cuts[t, 0] = upper = -bids[i - 1]
            unmet, count, ration = level(bids, wanted, bid_count, i, traded - reached)
            if ration:
                left[t], tied[t] = ration, count
        if j > 0:
            cuts[t, 1] = lower = asks[j - 1]
            unsold, count, ration = level(asks, offered, ask_count, j, traded - given)
            if ration:
                left[t], tied[t] = ration, -count
        lower = max(lower, -bids[unmet]) if unmet < bid_count else lower
        upper = min(upper, asks[unsold]) if unsold < ask_count else upper
        # With the whole interval to one side the sum may round past its end.
        paid[t] = min(lower + split * (upper - lower), upper)
        lows[t], highs[t], status[t] = lower, upper, OK
        swing += 0.125 * (abs(paid[t] - guess) - swing) if np.isfinite(guess) else 0.0
        guess = paid[t]
