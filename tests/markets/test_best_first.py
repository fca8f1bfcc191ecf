"""Matching best first: the trap of the note, and the definition of the interval on books nobody chose."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.markets.best_first import Crossing, crossing, served
from evenwatt.markets.mechanism import Book, Terms, books, proportional
from evenwatt.markets.orders import Orders

rows = st.lists(
    st.tuples(st.sampled_from([1, -1]), st.integers(-5, 8), st.integers(1, 6)), min_size=1, max_size=10
)


def booked(orders: list[tuple[int, int, int]]) -> Book:
    side, price, quantity = (list(column) for column in zip(*orders, strict=True))
    return next(books(Orders(range(len(side)), side, price, quantity), Terms()))


def test_a_cut_order_sets_the_price() -> None:
    """The middle of the last pair, 35, would leave the second bid wanting more."""
    book = booked([(1, 60, 100), (1, 50, 100), (-1, 20, 150), (-1, 55, 100)])
    assert crossing(book.bids, book.asks) == Crossing(150, 1, 0, 50.0, 50.0)


def test_nothing_trades_between_a_low_bid_and_a_high_ask() -> None:
    book = booked([(1, 30, 100), (-1, 45, 100)])
    assert crossing(book.bids, book.asks) == Crossing(0, -1, -1, 30.0, 45.0)


def test_a_missing_side_has_no_price() -> None:
    book = booked([(1, 30, 100)])
    assert np.isnan(crossing(book.bids, book.asks).high)


@given(rows)
def test_volume_and_interval_are_those_of_the_definition(orders: list[tuple[int, int, int]]) -> None:
    book = booked(orders)
    met = crossing(book.bids, book.asks)
    (bid, asked), (wish, offer) = (
        (side.price for side in (book.bids, book.asks)),
        (side.quantity for side in (book.bids, book.asks)),
    )
    volume = max(min(wish[bid >= p].sum(), offer[asked <= p].sum()) for p in np.append(bid, asked))
    assert met.volume == volume
    bought, sold = served(book.bids, met.volume), served(book.asks, met.volume)
    assert bought.sum() == sold.sum() == volume
    if volume:
        low = np.concatenate([asked[sold > 0], bid[bought < wish]]).max()
        high = np.concatenate([bid[bought > 0], asked[sold < offer]]).min()
        assert (met.low, met.high) == (low, high)
        assert low <= high
        assert met.last_bid == np.flatnonzero(bought)[-1]
        assert met.last_ask == np.flatnonzero(sold)[-1]


@given(rows, st.integers(0, 40))
def test_a_tie_is_shared_and_the_rest_is_not_touched(orders: list[tuple[int, int, int]], cut: int) -> None:
    bids = booked(orders).bids
    volume = min(cut, int(bids.quantity.sum()))
    plain, shared = served(bids, volume), served(bids, volume, proportional)
    assert shared.sum() == plain.sum() == volume
    assert (shared <= bids.quantity).all()
    levels = np.unique(bids.price)
    for level in levels:
        assert shared[bids.price == level].sum() == plain[bids.price == level].sum()
