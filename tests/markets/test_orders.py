"""Orders keep what they are given, group it into markets, and name every fault at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.core.errors import ProblemError
from evenwatt.markets import Orders


def test_sides_are_words_outside_and_signs_inside():
    assert Orders([1, 2], ["buy", "sell"], [5.0, 6.0], [1, 2]).side.tolist() == [1, -1]
    assert Orders([1, 2], [1, -1], [5.0, 6.0], [1, 2]).side.tolist() == [1, -1]
    assert Orders([1, 2], "sell", [5.0, 6.0], [1, 2]).side.tolist() == [-1, -1]


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-2, 4)), min_size=1, max_size=30), st.booleans())
def test_markets_are_the_distinct_periods_and_nodes_in_order(rows, far):
    period, node = (np.array(column) * (10**6 if far else 1) for column in zip(*rows, strict=True))
    orders = Orders(range(len(rows)), "buy", [1.0] * len(rows), 1, period=period, node=node)
    expected = sorted({(int(p), int(n)) for p, n in zip(period, node, strict=True)})
    assert [tuple(row) for row in orders.markets.tolist()] == expected
    assert (orders.markets[orders.market] == np.stack([period, node], axis=-1)).all()


def test_time_stamps_in_nanoseconds_are_periods_too():
    stamp = 1_780_000_000_000_000_000 * np.array([0, 1, 1, 0])
    orders = Orders(range(4), "buy", [1.0] * 4, 1, period=stamp, node=[9, -9, 9, 9])
    assert orders.markets.tolist() == [[0, 9], [int(stamp[1]), -9], [int(stamp[1]), 9]]
    assert orders.market.tolist() == [0, 1, 2, 0]


def test_dense_rows_are_periods():
    orders = Orders.dense([[1.0, 2], [3, 4], [5, 6]], [[1, 2], [3, 4], [5, 6]], ["buy", "sell"])
    assert orders.is_dense
    assert orders.shape == (3, 2)
    assert orders.markets.tolist() == [[0, 0], [1, 0], [2, 0]]
    assert orders.market.tolist() == [[0, 0], [1, 1], [2, 2]]
    assert len(orders) == 6


def test_every_fault_is_named_at_once():
    with pytest.raises(ProblemError) as told:
        Orders([1, 2, 3, 4], "buy", [1.0, np.nan, np.inf, 2.0], [5, 5, 5, -3])
    for part in ("orders: 3 faults", "order 3: -3 Wh is below 0", "order 1: price nan", "order 2: price inf"):
        assert part in str(told.value)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ({"side": ["buy", "hold"]}, "side 'hold' is not one of buy, sell"),
        ({"side": [1, 0]}, "side: expected buy and sell"),
        ({"quantity": [1.5, 2]}, "order 0: quantity 1.5 is not a whole number"),
        ({"quantity": [1, np.nan]}, "order 1: quantity nan is not a whole number"),
        ({"quantity": [1, 2, 3]}, r"quantity has shape \(3,\); expected \(2,\)"),
        ({"agent": [0.5, 1]}, "agent 0.5 is not a whole number"),
        ({"node": [[1], [2]]}, r"node has shape \(2, 1\)"),
        ({"price": [[1.0], [2.0]]}, "expected one row an order"),
    ],
)
def test_bad_columns_are_named(column, said):
    given_columns = {"agent": [1, 2], "side": ["buy", "sell"], "price": [1.0, 2.0], "quantity": [1, 2]}
    with pytest.raises(ProblemError, match=said):
        Orders(**{**given_columns, **column})


@pytest.mark.parametrize(
    ("price", "quantity", "side", "said"),
    [
        ([1.0, 2.0], [1, 2], "buy", r"dense books are \(T, n\)"),
        ([[1.0, 2.0]], [[1, -2]], "buy", "order 0, 1: -2 Wh is below 0"),
        ([[1.0, np.nan]], [[1, 2]], "buy", "order 0, 1: price nan is not finite"),
        ([[1.0, 2.0]], [[1, 2.5]], "buy", "order 0, 1: quantity 2.5 is not a whole number"),
        ([[1.0, 2.0]], [[1, 2]], ["buy"], r"side has shape \(1,\); expected \(2,\)"),
    ],
)
def test_bad_dense_books_are_named(price, quantity, side, said):
    with pytest.raises(ProblemError, match=said):
        Orders.dense(price, quantity, side)


def test_the_price_of_an_order_of_nothing_may_be_anything():
    assert np.isnan(Orders([1], "buy", [np.nan], [0]).price[0])
    assert np.isnan(Orders.dense([[np.nan, 1.0]], [[0, 1]], "buy").price[0, 0])


def test_columns_of_the_right_kind_are_not_copied():
    price, quantity = np.ones((4, 3)), np.ones((4, 3), dtype=np.int64)
    orders = Orders.dense(price, quantity, "buy")
    assert np.shares_memory(orders.price, price)
    assert np.shares_memory(orders.quantity, quantity)


def test_nobody_orders_nothing():
    orders = Orders([], [], [], [])
    assert orders.markets.shape == (0, 2)
    assert orders.market.shape == (0,)
