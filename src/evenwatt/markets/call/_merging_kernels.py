"""Sorting the few orders near a crossing, and walking along them to where bids no longer meet asks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import EXACT, compiled

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

FEW = 24  # up to here plain insertion is the fastest sort


@compiled(EXACT)
def sort_run(keys: Array, amounts: Whole, begin: int, end: int) -> None:
    """Put a few keys in ascending order, and the amounts with them, by insertion."""
    for i in range(begin + 1, end):
        key, amount = keys[i], amounts[i]
        j = i - 1
        while j >= begin and keys[j] > key:
            keys[j + 1], amounts[j + 1] = keys[j], amounts[j]
            j -= 1
        keys[j + 1], amounts[j + 1] = key, amount


@compiled(EXACT)
def sort_pairs(keys: Array, amounts: Whole, n: int, spare_keys: Array, spare: Whole) -> None:
    """Put the first ``n`` keys in ascending order, and the amounts with them, by merging runs."""
    for begin in range(0, n, FEW):
        sort_run(keys, amounts, begin, min(begin + FEW, n))
    width = FEW
    while width < n:
        for begin in range(0, n, 2 * width):
            middle, end = min(begin + width, n), min(begin + 2 * width, n)
            for i in range(begin, middle):
                spare_keys[i], spare[i] = keys[i], amounts[i]
            i, j, k = begin, middle, begin
            while i < middle and j < end:
                second = keys[j] < spare_keys[i]
                keys[k] = keys[j] if second else spare_keys[i]
                amounts[k] = amounts[j] if second else spare[i]
                i, j, k = i + (not second), j + second, k + 1
            while i < middle:
                keys[k], amounts[k] = spare_keys[i], spare[i]
                i, k = i + 1, k + 1
        width *= 2


@compiled(EXACT)
def merge(
    bids: Array, wanted: Whole, bid_count: int, above: int,
    asks: Array, offered: Whole, ask_count: int, below: int,
) -> tuple[int, int, int, int]:  # fmt: skip
    """Walk down sorted bids (negated) and up sorted asks while they cross.

    ``above`` Wh of better bids and ``below`` Wh of better asks come first. Gives how many bids and asks of
    the lists trade, and the quantities reached on either side.
    """
    i, j, demand, supply = 0, 0, above, below
    while True:
        if demand <= supply:
            # The next bid meets what is left of the last ask, or, where nothing is left, the next ask.
            if i == bid_count:
                break
            rest = demand < supply
            if (rest and j > 0 and -bids[i] < asks[j - 1]) or (
                not rest and (j == ask_count or -bids[i] < asks[j])
            ):
                break
            demand += wanted[i]
            i += 1
        else:
            if j == ask_count or (i > 0 and asks[j] > -bids[i - 1]):
                break
            supply += offered[j]
            j += 1
    return i, j, demand, supply


@compiled(EXACT)
def level(keys: Array, amounts: Whole, count: int, traded: int, over: int) -> tuple[int, int, int]:
    """The level of the last order that trades: its best order not fully served, its orders, and the Wh to ration.

    ``over`` is what trades less the Wh of the first ``traded`` orders, 0 or below; nothing is rationed where the
    whole level is served.
    """
    start, left = traded, over
    while start > 0 and keys[start - 1] == keys[traded - 1]:
        start -= 1
        left += amounts[start]
    end, total = start, 0
    while end < count and keys[end] == keys[start]:
        total += amounts[end]
        end += 1
    return (start, end - start, left) if left < total else (end, end - start, 0)
