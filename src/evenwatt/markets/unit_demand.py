"""Books of equal lots: how many trades are efficient, and what a sale of some of them comes to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.markets.mechanism import Book, Side, Trade, no_trade

Whole = npt.NDArray[np.int64]


def efficient_trades(book: Book) -> int:
    """The largest k whose k-th best bid is at least its k-th best ask."""
    k = min(len(book.bids), len(book.asks))
    # Bids fall and asks rise, so those that cross come first.
    return int(np.count_nonzero(book.bids.price[:k] >= book.asks.price[:k]))


def sale(book: Book, buyers: Whole, sellers: Whole, *, pay: float, get: float) -> Trade:
    """One lot from each of the sellers to as many buyers, at one price to each side.

    Parameters
    ----------
    book : Book
        Of equal lots.
    buyers, sellers : whole
        Places in the book's sides, equally many.
    pay, get : float
        What each buyer pays and each seller gets [currency per MWh].

    Returns
    -------
    Trade
        ``price`` is that of both sides, or not a number where they differ; ``low`` and ``high`` are what
        sellers get and buyers pay.
    """
    if not len(buyers):
        return no_trade(book)
    (bought, paid), (sold, earned) = _lots(book.bids, buyers, pay), _lots(book.asks, sellers, get)
    return Trade(bought, sold, paid, earned, price=pay if pay == get else np.nan, low=get, high=pay)


def reduced(book: Book, trades: int) -> Trade:
    """All but the last of the efficient trades, at the prices of the last."""
    if trades < 1:
        return no_trade(book)
    kept, last = np.arange(trades - 1), trades - 1
    return sale(book, kept, kept, pay=float(book.bids.price[last]), get=float(book.asks.price[last]))


def _lots(side: Side, places: Whole, price: float) -> tuple[Whole, Whole]:
    """What each order trades [Wh], and its worth: every lot the same, so that both sides round alike."""
    fills, money = np.zeros(len(side), dtype=np.int64), np.zeros(len(side), dtype=np.int64)
    fills[places] = side.quantity[places]
    money[places] = round(price * int(side.quantity[0]))
    return fills, money
