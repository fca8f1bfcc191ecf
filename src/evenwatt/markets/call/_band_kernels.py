"""The loops that narrow a market to a band of prices that is sure to hold its crossing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled
from evenwatt.markets.call._merging_kernels import merge, sort_pairs

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Signs = npt.NDArray[np.int8]

SMALL, LARGE = 64, 512  # a market of so few orders is sorted at once; one of so few is not sampled
SAMPLED, TRIES = 2, 8  # bands before a sample is taken, and before everything is sorted
SAMPLE = 128  # orders drawn for a first guess, and the root of the market more
NARROW = 0.02  # half-width of the band about a guess, as a share of the price, of up to
MANY = 4096.0  # orders; narrower by the root where there are more
TICK = 1e-3  # and at least [currency per MWh]

# Rows of the lists kept between markets: prices and Wh of bids (negated) and asks in a band, and room to sort.
BIDS, ASKS, SPARE = 0, 1, 2


@compiled(EXACT)
def sample(price: Array, quantity: Whole, side: Signs, prices: Array, amounts: Whole) -> tuple[int, int, int]:
    """List a few orders of the market: how many bids and asks, and of how many drawn."""
    n = len(price)
    draws = SAMPLE + int(np.sqrt(float(n)))
    bid_count = ask_count = 0
    for draw in range(draws):
        # Steps of the golden section: spread over the market, and in step with no pattern of it.
        i = int((draw * 0.6180339887498949) % 1.0 * n)
        if quantity[i] > 0:
            if side[i] > 0:
                prices[BIDS, bid_count], amounts[BIDS, bid_count] = -price[i], quantity[i]
                bid_count += 1
            else:
                prices[ASKS, ask_count], amounts[ASKS, ask_count] = price[i], quantity[i]
                ask_count += 1
    return bid_count, ask_count, draws


@compiled(EXACT)
def guessed(price: Array, quantity: Whole, side: Signs, prices: Array, amounts: Whole) -> tuple[float, float]:
    """A guess of the price and of how far it may be off, from a sample; NaN if that does not tell."""
    bid_count, ask_count, draws = sample(price, quantity, side, prices, amounts)
    if bid_count == 0 or ask_count == 0:
        return np.nan, np.nan
    bids, asks, wanted, offered = prices[BIDS], prices[ASKS], amounts[BIDS], amounts[ASKS]
    for kind in (BIDS, ASKS):
        count = bid_count if kind == BIDS else ask_count
        sort_pairs(prices[kind], amounts[kind], count, prices[SPARE], amounts[SPARE])
    i, j, _, _ = merge(bids, wanted, bid_count, 0, asks, offered, ask_count, 0)
    near = 0.5 * (asks[max(j - 1, 0)] - bids[max(i - 1, 0)])
    # Ranks in the sample are off by about the root of its size.
    off = int(1.5 * np.sqrt(float(draws))) + 1
    width = max(
        near + bids[min(i + off, bid_count - 1)], -bids[max(i - off, 0)] - near,
        near - asks[max(j - off, 0)], asks[min(j + off, ask_count - 1)] - near,
    )  # fmt: skip
    return near, max(width, NARROW * 0.1 * abs(near), TICK)


@compiled(EXACT)
def weighed(price: Array, quantity: Whole, side: Signs, low: float, high: float) -> tuple[int, int, int]:
    """Wh of bids above and of asks below a band, and how many orders are in it."""
    above = below = found = 0
    for i in range(len(price)):
        # Sums over all, with nothing to guess.
        above += quantity[i] if (side[i] > 0) & (price[i] > high) else 0
        below += quantity[i] if (side[i] < 0) & (price[i] < low) else 0
        found += 1 if (price[i] >= low) & (price[i] <= high) else 0
    return above, below, found


@compiled(EXACT)
def gathered(
    price: Array, quantity: Whole, side: Signs, low: float, high: float, prices: Array, amounts: Whole
) -> tuple[int, int, int, int]:
    """List the orders of a band; how many bids and asks there are, and their Wh."""
    inside = amounts[SPARE]
    found = 0
    for i in range(len(price)):
        # Written always, kept or not: a branch would be guessed wrong at every order of the band.
        inside[found] = i
        found += (price[i] >= low) & (price[i] <= high)
    bid_count = ask_count = demand = supply = 0
    for k in range(found):
        i = inside[k]
        buys, sells = (quantity[i] > 0) & (side[i] > 0), (quantity[i] > 0) & (side[i] < 0)
        prices[BIDS, bid_count], amounts[BIDS, bid_count] = -price[i], quantity[i]
        prices[ASKS, ask_count], amounts[ASKS, ask_count] = price[i], quantity[i]
        bid_count += buys
        ask_count += sells
        demand += quantity[i] if buys else 0
        supply += quantity[i] if sells else 0
    return bid_count, ask_count, demand, supply


@compiled(EXACT)
def band(
    price: Array, quantity: Whole, side: Signs, guess: float, swing: float, prices: Array, amounts: Whole
) -> tuple[float, float, int, int, int, int, Array, Whole]:
    """List the orders of a band that holds the crossing: its ends, Wh certain above and below, orders in the lists.

    First about the guess, wider where guesses have been off; then about a sample; in the end everything. The lists
    are made longer where they have to be.
    """
    n = len(price)
    tries = TRIES if n <= SMALL else (0 if np.isfinite(guess) else SAMPLED)
    # Of many orders few are enough: a miss costs one more pass, a wide band a longer sort.
    width = max(NARROW * abs(guess) * min(1.0, np.sqrt(MANY / max(n, 1))), TICK, 2.0 * swing)
    low, high = guess - width, guess + width
    while True:
        if tries == SAMPLED and n > LARGE:
            prices, amounts = room(SAMPLE + int(np.sqrt(float(n))), prices, amounts)
            guess, width = guessed(price, quantity, side, prices, amounts)
            low, high = guess - width, guess + width
        if tries >= TRIES or np.isnan(guess) or (tries == SAMPLED and n <= LARGE):
            tries, low, high = TRIES, -np.inf, np.inf
        above, below, found = weighed(price, quantity, side, low, high)
        prices, amounts = room(found, prices, amounts)
        bid_count, ask_count, demand, supply = gathered(price, quantity, side, low, high, prices, amounts)
        # Strict: then the crossing is inside, and no order outside has a say in the price.
        higher, lower = above >= below + supply, below >= above + demand
        if tries == TRIES or not (higher or lower):
            return low, high, above, below, bid_count, ask_count, prices, amounts
        width *= 4.0
        high += width if higher else 0.0
        low -= width if lower else 0.0
        tries += 1


@compiled(EXACT)
def room(count: int, prices: Array, amounts: Whole) -> tuple[Array, Whole]:
    """Lists that hold ``count`` orders and the place after."""
    if count < prices.shape[1]:
        return prices, amounts
    return np.empty((3, 2 * count + 1)), np.empty((3, 2 * count + 1), np.int64)
