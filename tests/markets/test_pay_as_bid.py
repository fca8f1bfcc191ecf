"""Pay as bid trades what the call auction trades, and everybody pays the own price, to the micro-unit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.core.errors import ProblemError
from evenwatt.markets import Orders, clear
from evenwatt.markets.auctions.pay_as_bid import PayAsBid
from evenwatt.markets.auctions.uniform_price import UniformPrice

BUY, SELL = 1, -1
SIDE = np.array([BUY] * 4 + [SELL] * 3)
BOOK_C = Orders(range(7), SIDE, [70.0, 60, 60, 45, 20, 40, 80], [300, 200, 100, 400, 250, 200, 300])
PAIRED = PayAsBid(paired=True)


@st.composite
def years(draw):
    """A few markets of one size with ties, fractions, negative prices and empty sides."""
    rng = np.random.default_rng(draw(st.integers(0, 10**9)))
    markets, n = draw(st.integers(1, 6)), draw(st.integers(1, 14))
    step = draw(st.sampled_from([1.0, 0.1, 0.37]))
    price = rng.integers(-9, 10, (markets, n)) * step
    return price, rng.integers(0, 12, (markets, n)), rng.choice([BUY, SELL], n)


def test_book_c_leaves_the_gap_with_the_operator():
    cleared = clear(BOOK_C, PayAsBid())
    assert cleared.payments[SIDE == BUY].sum() == 30_000
    assert cleared.payments[SIDE == SELL].sum() == -13_000
    assert cleared.budget.tolist() == [17_000]
    assert np.isnan(cleared.price[0])


@settings(max_examples=200)
@given(years())
def test_the_trades_are_those_of_one_price(year):
    orders = Orders.dense(*year)
    ours, theirs = clear(orders, PayAsBid()), clear(orders, UniformPrice())
    for name in ("fills", "volume", "status", "low", "high", "welfare"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


@settings(max_examples=300)
@given(years())
def test_each_side_pays_what_it_named_rounded_once(year):
    price, _, side = year
    cleared = clear(Orders.dense(*year), PayAsBid())
    exact = price * cleared.fills * side
    assert (np.abs(cleared.payments - exact) < 1.0 + 1e-9).all()
    for s in (BUY, SELL):
        off = cleared.payments[:, side == s].sum(axis=1) - exact[:, side == s].sum(axis=1)
        assert (np.abs(off) <= 0.5 + 1e-6).all()
    assert (cleared.budget == cleared.payments.sum(axis=1)).all()
    assert (cleared.budget >= 0).all()


def test_equal_fractions_of_many_leave_no_deficit():
    # Both sides name the same price, whose parts sum differently in floats.
    price = np.full((1, 300), 0.1)
    quantity = np.concatenate([np.full(200, 3), np.full(100, 6)])[None]
    cleared = clear(Orders.dense(price, quantity, [BUY] * 200 + [SELL] * 100), PayAsBid())
    assert cleared.volume[0] == 600
    assert cleared.budget[0] == 0


@settings(max_examples=300)
@given(years(), st.sampled_from([0.0, 0.5, 0.8, 1.0]))
def test_pairs_leave_nothing_and_keep_everybody_within_their_word(year, split):
    price, _, side = year
    orders = Orders.dense(*year)
    cleared, pairs = clear(orders, PAIRED, split=split), clear(orders, PAIRED, split=split).pairs
    assert (cleared.payments.sum(axis=1) == 0).all()
    assert (cleared.budget == 0).all()
    assert (cleared.payments <= price * cleared.fills * side + 1.0 + 1e-6).all()
    for places, s in ((pairs.bid, BUY), (pairs.ask, SELL)):
        traded = np.zeros_like(cleared.fills)
        np.add.at(traded, (pairs.market, places), pairs.quantity)
        assert (traded == np.where(side == s, cleared.fills, 0)).all()
    assert (pairs.quantity > 0).all()
    assert (price[pairs.market, pairs.bid] >= pairs.price).all()
    assert (price[pairs.market, pairs.ask] <= pairs.price).all()


def test_the_best_bid_meets_the_best_ask():
    cleared = clear(BOOK_C, PAIRED)
    rows = list(zip(cleared.pairs.bid.tolist(), cleared.pairs.ask.tolist(), strict=True))
    assert rows[0] == (0, 4)
    assert (0, 5) in rows
    assert (cleared.pairs.price[0], cleared.pairs.quantity[0]) == (45.0, 250)
    assert cleared.payments[0] == 45 * 250 + 55 * 50


def test_pairs_of_one_market_do_not_depend_on_the_others():
    rng = np.random.default_rng(2)
    price, quantity, side = (
        rng.uniform(0, 9, (30, 12)),
        rng.integers(0, 50, (30, 12)),
        rng.choice([BUY, SELL], 12),
    )
    together = clear(Orders.dense(price, quantity, side), PAIRED)
    agent, period = np.tile(np.arange(12), 30), np.repeat(np.arange(30), 12)
    ragged = clear(Orders(agent, np.tile(side, 30), price.ravel(), quantity.ravel(), period=period), PAIRED)
    assert (ragged.payments.reshape(30, 12) == together.payments).all()
    for t in range(30):
        alone = clear(Orders(range(12), side, price[t], quantity[t], period=t), PAIRED)
        assert alone.payments.tolist() == together.payments[t].tolist()
        assert alone.pairs.bid.tolist() == together.pairs.bid[together.pairs.market == t].tolist()


def test_moving_agents_moves_their_payments():
    rng = np.random.default_rng(3)
    n = 60
    columns = [
        rng.permutation(n),
        rng.choice([BUY, SELL], n),
        rng.integers(0, 9, n) * 0.7,
        rng.integers(0, 9, n),
    ]
    mixed = rng.permutation(n)
    for chosen in (PayAsBid(), PAIRED):
        cleared, moved = clear(Orders(*columns), chosen), clear(Orders(*(c[mixed] for c in columns)), chosen)
        assert cleared.volume[0] > 0
        assert moved.payments.tolist() == cleared.payments[mixed].tolist()


def test_shading_a_bid_gains():
    # Why honesty is not promised: the best buyer would rather have said 41.
    honest, shaded = (
        clear(Orders(range(2), [BUY, SELL], [bid, 40.0], [10, 10]), PayAsBid()) for bid in (70.0, 41.0)
    )
    assert honest.fills[0] == shaded.fills[0] == 10
    assert shaded.payments[0] < honest.payments[0]


@pytest.mark.parametrize("chosen", [PayAsBid(), PAIRED])
def test_books_without_trades_are_ordinary(chosen):
    cleared = clear(
        Orders.dense([[1.0, 5.0], [5.0, 1.0], [9.0, 9.0]], [[1, 1], [0, 1], [0, 0]], [BUY, SELL]), chosen
    )
    assert cleared.status.tolist() == [1, 2, 3]
    assert not cleared.payments.any()
    assert clear(Orders([], [], [], []), chosen).payments.shape == (0,)


def test_demand_that_takes_any_price_is_refused():
    with pytest.raises(
        ProblemError, match="mechanism 'pay-as-bid': it serves no demand that takes any price"
    ):
        clear(BOOK_C, PayAsBid(), demand_wh=1)
