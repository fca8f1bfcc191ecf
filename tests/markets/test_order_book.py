"""The continuous order book: the printed sequence, and a slow book that says the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.core.errors import RuleError
from evenwatt.markets.auctions.order_book import OrderBook
from evenwatt.markets.clear import clear
from evenwatt.markets.orders import Orders

SEQUENCE = Orders(
    range(5), ["sell", "sell", "buy", "sell", "buy"], [50.0, 48.0, 49.0, 45.0, 52.0], [100, 100, 150, 80, 60]
)
GIVEN = OrderBook(arrival="given")
Happened = list[tuple[int, int, int, float]]


def happened(orders: Orders) -> Happened:
    pairs = clear(orders, GIVEN).pairs
    assert pairs is not None
    columns = (pairs.bid, pairs.ask, pairs.quantity, pairs.price)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def slowly(orders: Orders) -> Happened:
    """The rule word by word: look through all that rests, each time."""
    left, done = orders.quantity.tolist(), []
    for new in range(len(orders)):
        side = int(orders.side[new])
        while left[new]:
            rests = [k for k in range(new) if left[k] and orders.side[k] == -side]
            rests = [k for k in rests if side * (orders.price[new] - orders.price[k]) >= 0]
            if not rests:
                break
            best = min(rests, key=lambda k: (side * orders.price[k], k))
            moved = min(left[new], left[best])
            done.append((*((new, best) if side == 1 else (best, new)), moved, float(orders.price[best])))
            left[new] -= moved
            left[best] -= moved
    return done


def test_printed_sequence() -> None:
    assert happened(SEQUENCE) == [(2, 1, 100, 48.0), (2, 3, 50, 49.0), (4, 3, 30, 45.0), (4, 0, 30, 50.0)]
    cleared = clear(SEQUENCE, GIVEN)
    assert (SEQUENCE.quantity - cleared.fills).tolist() == [70, 0, 0, 0, 0]
    assert (cleared.volume[0], cleared.welfare[0]) == (210, 570.0)


def test_the_call_auction_of_the_same_orders_is_worth_more() -> None:
    call = clear(SEQUENCE, "uniform-price")
    assert (call.volume[0], call.price[0], call.welfare[0]) == (180, 49.0, 600.0)


@given(st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(-4, 4), st.integers(0, 9)), max_size=25))
def test_heaps_do_what_looking_through_the_book_does(rows: list[tuple[int, int, int]]) -> None:
    side, price, quantity = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    orders = Orders(np.arange(len(rows)), side, price.astype(float), quantity)
    assert happened(orders) == slowly(orders) if len(rows) else True


def test_many_orders_do_what_looking_through_the_book_does() -> None:
    rng = np.random.default_rng(3)
    side = np.where(rng.random(400) < 0.5, 1, -1)
    orders = Orders(range(400), side, np.round(rng.normal(50, 10, 400), 0), rng.integers(1, 100, 400))
    assert len(happened(orders)) > 100
    assert happened(orders) == slowly(orders)


def test_the_book_is_never_left_crossed() -> None:
    rng = np.random.default_rng(6)
    for seed in range(50):
        side = np.where(rng.random(60) < 0.5, 1, -1)
        orders = Orders(range(60), side, rng.integers(-10, 30, 60).astype(float), rng.integers(1, 100, 60))
        cleared = clear(orders, "order-book", rng=seed)
        rests = cleared.fills < orders.quantity
        bid, ask = (orders.price[rests & (side == s)] for s in (1, -1))
        assert bid.max(initial=-np.inf) < ask.min(initial=np.inf)


def test_arrival_is_drawn_by_agent_and_seed() -> None:
    rng = np.random.default_rng(7)
    side = np.where(np.arange(40) % 2, 1, -1)
    orders = Orders(range(40), side, rng.integers(30, 70, 40).astype(float), rng.integers(1, 100, 40))
    once, twice = (clear(orders, "order-book", rng=seed).payments for seed in (1, 1))
    assert (once == twice).all()
    assert any((clear(orders, "order-book", rng=seed).payments != once).any() for seed in range(2, 6))


def test_an_unknown_arrival_is_refused() -> None:
    with pytest.raises(RuleError, match="arrival 'random' is not one of shuffled, given"):
        OrderBook(arrival="random")  # type: ignore[arg-type]
