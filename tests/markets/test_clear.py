"""One call clears every auction by name or by a mechanism with options; what cannot be is said."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core.errors import ConservationError, ProblemError, RuleError
from evenwatt.markets import Orders, clear, found, mechanisms
from evenwatt.markets.auctions.pay_as_bid import PayAsBid
from evenwatt.markets.clearing import settled
from evenwatt.markets.mechanism import PROPERTIES, Terms, Trade, books, each_book, no_trade

BUY, SELL = 1, -1
BOOK = Orders([1, 2, 3], [BUY, SELL, SELL], [60.0, 20.0, 50.0], [100, 80, 50])


def test_a_name_is_a_mechanism_with_its_own_options():
    by_name, by_hand = clear(BOOK, "pay-as-bid"), clear(BOOK, PayAsBid())
    assert by_name.payments.tolist() == by_hand.payments.tolist()
    assert found("pay-as-bid", {"paired": True}) == PayAsBid(paired=True)


def test_every_mechanism_tells_what_it_promises():
    held = mechanisms()
    assert {"uniform-price", "pay-as-bid", "merit-order"} <= set(held)
    for name, mechanism in held.items():
        assert mechanism.name == name
        assert mechanism.satisfies <= set(PROPERTIES)
        assert mechanism.source
        assert mechanism.title


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(RuleError, match="did you mean 'uniform-price'"):
        clear(BOOK, "uniform-prise")


@pytest.mark.parametrize("split", [-0.1, 1.1, np.nan])
def test_a_split_is_a_share(split):
    with pytest.raises(ProblemError, match="is not a share"):
        clear(BOOK, split=split)


@pytest.mark.parametrize("demand", [-1, 1.5, np.nan])
def test_demand_is_whole(demand):
    with pytest.raises(ProblemError, match="demand_wh"):
        clear(Orders([1], "sell", [1.0], [1]), "merit-order", demand_wh=demand)


def test_the_seed_may_be_a_generator():
    orders = Orders.dense([[50.0] * 6] * 9, [[1] * 5 + [2]] * 9, [BUY] * 5 + [SELL])
    one, again = (clear(orders, rng=np.random.default_rng(4)) for _ in range(2))
    assert (one.fills == again.fills).all()


def test_books_come_best_first():
    orders = Orders(range(6), [BUY, BUY, SELL, BUY, SELL, SELL], [5.0, 9, 3, 7, 1, 2], [1, 1, 1, 0, 1, 1])
    (book,) = books(orders, Terms())
    assert book.bids.price.tolist() == [9, 5]
    assert book.asks.price.tolist() == [1, 2, 3]
    assert book.asks.until.tolist() == [1, 2, 3]


def test_a_mechanism_that_creates_energy_is_stopped():
    def give(book):
        bids, asks = book.bids.quantity, book.asks.quantity
        return Trade(bids, asks * 0, bids * 0, asks * 0)

    with pytest.raises(ConservationError, match="market 0: buys 100 Wh, sells 0 Wh"):
        each_book(BOOK, Terms(), give)


def test_an_order_that_trades_more_than_it_holds_is_stopped():
    with pytest.raises(ConservationError, match="order 0: trades 130 of 100 Wh"):
        settled(
            BOOK, np.array([130, 80, 50]), np.zeros(3, dtype=np.int64),
            price=np.array([50.0]), low=np.array([50.0]), high=np.array([50.0]),
        )  # fmt: skip


def test_no_trade_is_an_answer():
    answer = each_book(BOOK, Terms(), no_trade)
    assert (answer.low[0], answer.high[0], answer.volume[0], answer.status[0]) == (60, 20, 0, 1)
    assert not answer.traded.any()
