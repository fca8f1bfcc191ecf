"""The call auction is its definition, order by order, whatever the shape, the guess or the threads."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt import claims
from evenwatt.core.chance import Keyed
from evenwatt.core.errors import ProblemError
from evenwatt.markets import Orders, clear
from evenwatt.markets.auctions.uniform_price import UniformPrice
from evenwatt.markets.mechanism import proportional

BUY, SELL = 1, -1
BOOK_A = ([74.0, 66, 58, 49, 41], [33.0, 40, 52, 57, 63])
BOOK_B = ([74.0, 66, 58, 30], [33.0, 40, 52, 95])
BOOK_C = ([(70.0, 300), (60, 200), (60, 100), (45, 400)], [(20.0, 250), (40, 200), (80, 300)])


def book(bids, asks, **columns):
    """Orders of ``(price, quantity)``; one Wh where only a price is given."""
    rows = [row if isinstance(row, tuple) else (row, 1) for row in [*bids, *asks]]
    prices, quantities = [row[0] for row in rows], [row[1] for row in rows]
    return Orders(range(len(rows)), [BUY] * len(bids) + [SELL] * len(asks), prices, quantities, **columns)


def crossing(bids, asks):
    """Volume, low and high of bids and asks ``[(price, quantity)]`` with whole quantities above 0."""
    levels = {price for price, _ in bids + asks}
    wanted = {p: sum(q for b, q in bids if b >= p) for p in levels}
    offered = {p: sum(q for a, q in asks if a <= p) for p in levels}
    volume = max((min(wanted[p], offered[p]) for p in levels), default=0)
    bought, sold = served([(-b, q) for b, q in bids], volume), served(asks, volume)
    if volume == 0:
        return 0, max((b for b, _ in bids), default=np.nan), min((a for a, _ in asks), default=np.nan)
    low = max([a for a, _ in asks if sold[a] > 0] + [b for b, _ in bids if bought[-b] < total(bids, b)])
    high = min([b for b, _ in bids if bought[-b] > 0] + [a for a, _ in asks if sold[a] < total(asks, a)])
    return volume, low, high


def total(orders, price):
    """Wh of a level."""
    return sum(q for p, q in orders if p == price)


def served(orders, volume):
    """What each level gets, the least price first."""
    given = {}
    for price in sorted({p for p, _ in orders}):
        given[price] = min(total(orders, price), volume - sum(given.values()))
    return given


def largest_remainder(parts, due, ties):
    """Whole parts summing to ``due``: the larger remainder first, then the larger part, then the lot."""
    whole = [int(np.floor(part)) for part in parts]
    order = sorted(range(len(parts)), key=lambda i: (-(parts[i] - np.floor(parts[i])), -parts[i], ties[i]))
    short = due - sum(whole)
    assert 0 <= short <= len(parts)
    for i in order[:short]:
        whole[i] += 1
    return whole


def by_definition(agent, side, price, quantity, *, split=0.5, ration=None, seed=0, period=0):
    """Fills, payments, price, low, high, volume of one market."""
    agent, side, price, quantity = (np.asarray(a) for a in (agent, side, price, quantity))
    ties = Keyed(seed, "ties", period).bits(agent)
    sides = {
        s: [(float(p), int(q)) for p, q, x in zip(price, quantity, side, strict=True) if q > 0 and x == s]
        for s in (1, -1)
    }
    volume, low, high = crossing(sides[1], sides[-1])
    fills, payments = np.zeros(len(price), dtype=int), np.zeros(len(price), dtype=int)
    if volume == 0:
        return fills, payments, np.nan, low, high, 0
    paid = min(low + split * (high - low), high)
    due = int(np.rint(paid * volume))
    for s in (1, -1):
        given = served([(-s * p, q) for p, q in sides[s]], volume)
        for merit, left in given.items():
            tied = np.flatnonzero((side == s) & (quantity > 0) & (price == -s * merit))
            claims = quantity[tied].astype(float)
            if left == claims.sum() or left == 0:
                fills[tied] = quantity[tied] * (left > 0)
            elif len(tied) == 1:
                fills[tied] = left
            else:
                # The share of every claim, as float rules give it.
                awards = (
                    claims * min(left / claims.sum(), 1.0)
                    if ration is None
                    else ration(np.array(float(left)), claims)
                )
                fills[tied] = largest_remainder(awards, left, ties[tied])
        some = np.flatnonzero((side == s) & (fills > 0))
        payments[some] = s * np.array(largest_remainder(paid * fills[some], due, ties[some]), dtype=int)
    return fills, payments, paid, low, high, volume


def welfare(side, price, fills):
    """Value to buyers less cost to sellers, exactly [micro-units]."""
    return float(
        sum(Fraction(float(p)) * int(f) * int(s) for p, f, s in zip(price, fills, side, strict=True) if f)
    )


@st.composite
def books(draw):
    """One market of up to sixteen orders on a coarse grid: ties, zeros, negative prices, empty sides."""
    n = draw(st.integers(1, 16))
    step = draw(st.sampled_from([1.0, 0.5, 0.1, 0.001]))
    shift = draw(st.sampled_from([0.0, 50.0, -7.3]))
    price = np.array(draw(st.lists(st.integers(-6, 6), min_size=n, max_size=n))) * step + shift
    quantity = np.array(draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)))
    side = np.array(draw(st.lists(st.sampled_from([BUY, SELL]), min_size=n, max_size=n)))
    agent = np.array(draw(st.permutations(range(n)))) * 7
    return agent, side, price, quantity


def same(cleared, fills, payments, price, low, high, volume, row=0):
    assert cleared.fills.tolist() == fills.tolist()
    assert cleared.payments.tolist() == payments.tolist()
    found = [cleared.price[row], cleared.low[row], cleared.high[row], cleared.volume[row]]
    np.testing.assert_array_equal(found, [price, low, high, volume])


def alike(one, other):
    for name in ("price", "low", "high", "fills", "payments", "budget", "status", "volume"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_allclose(one.welfare, other.welfare, rtol=1e-12)


@settings(max_examples=600)
@given(books(), st.sampled_from([0.0, 0.3, 0.5, 1.0]), st.sampled_from([np.nan, 0.0, -3.0, 50.0, 1e12]))
def test_the_auction_is_its_definition(given_book, split, near):
    agent, side, price, quantity = given_book
    cleared = clear(Orders(agent, side, price, quantity, period=5), split=split, near=near, rng=3)
    expected = by_definition(agent, side, price, quantity, split=split, seed=3, period=5)
    same(cleared, *expected)
    assert cleared.welfare[0] == pytest.approx(
        welfare(side, price, expected[0]), abs=1e-9 * (1 + expected[-1])
    )
    assert cleared.budget[0] == 0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("near", [np.nan, 41.0, 50.0, -1e9, 1e300])
def test_large_books_are_the_definition_whatever_the_guess(seed, near):
    rng = np.random.default_rng(seed)
    n = [70, 300, 600, 900, 1500, 2500][seed]
    price = np.round(rng.normal(50, [1, 20, 5, 0.01, 300, 20][seed], n), 2)
    agent, side, quantity = rng.permutation(n), rng.choice([BUY, SELL], n), rng.integers(0, 2000, n)
    expected = by_definition(agent, side, price, quantity, seed=1)
    assert expected[-1] > 0
    same(clear(Orders(agent, side, price, quantity), near=near, rng=1), *expected)


def test_a_price_far_from_all_others_is_found():
    rng = np.random.default_rng(4)
    price = np.concatenate([rng.uniform(0, 1, 3000), rng.uniform(1e6, 2e6, 1000)])
    side = np.concatenate([np.full(3000, SELL), np.full(1000, BUY)])
    quantity = np.concatenate([np.full(3000, 1), np.full(1000, 9)])
    expected = by_definition(np.arange(4000), side, price, quantity)
    assert expected[3] > 1e6
    for near in (np.nan, 0.5, 1.5e6):
        same(clear(Orders(np.arange(4000), side, price, quantity), near=near), *expected)


def drawn_year(rng, markets, n):
    price = rng.integers(-20, 120, (markets, n)) * rng.choice([1.0, 0.1], (markets, 1))
    return price, rng.integers(0, 30, (markets, n)), rng.choice([BUY, SELL], n)


@pytest.mark.parametrize("n", [1, 2, 7, 40, 700])
def test_dense_ragged_and_one_by_one_agree(n):
    price, quantity, side = drawn_year(np.random.default_rng(n), 40, n)
    dense = clear(Orders.dense(price, quantity, side), rng=2)
    agent, period = np.tile(np.arange(n), 40), np.repeat(np.arange(40), n)
    ragged = clear(Orders(agent, np.tile(side, 40), price.ravel(), quantity.ravel(), period=period), rng=2)
    both_sides = clear(Orders.dense(price, quantity, np.tile(side, (40, 1))), rng=2)
    assert dense.fills.shape == (40, n)
    for t in range(40):
        alone = clear(Orders(np.arange(n), side, price[t], quantity[t], period=t), rng=2)
        assert dense.fills[t].tolist() == alone.fills.tolist()
        assert dense.payments[t].tolist() == alone.payments.tolist()
    assert (ragged.fills.reshape(40, n) == dense.fills).all()
    assert (ragged.payments.reshape(40, n) == dense.payments).all()
    np.testing.assert_array_equal(ragged.price, dense.price)
    alike(both_sides, dense)


def test_markets_in_any_order_of_rows_are_the_same_markets():
    rng = np.random.default_rng(8)
    n = 900
    node, period = rng.integers(0, 5, n), rng.integers(0, 7, n)
    agent, side = rng.permutation(n), rng.choice([BUY, SELL], n)
    price, quantity = rng.integers(0, 12, n) * 0.7, rng.integers(0, 9, n)
    cleared = clear(Orders(agent, side, price, quantity, node=node, period=period))
    mixed = rng.permutation(n)
    again = clear(
        Orders(
            agent[mixed], side[mixed], price[mixed], quantity[mixed], node=node[mixed], period=period[mixed]
        )
    )
    assert cleared.volume.min() > 0
    assert (again.fills == cleared.fills[mixed]).all()
    assert (again.payments == cleared.payments[mixed]).all()
    np.testing.assert_array_equal(again.price, cleared.price)


def test_threads_change_nothing(monkeypatch):
    price, quantity, side = drawn_year(np.random.default_rng(3), 400, 120)
    orders = Orders.dense(price, quantity, side)
    answers = []
    for threads in "12":
        monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
        answers.append(clear(orders))
    alike(*answers)


@settings(max_examples=200)
@given(books(), st.randoms(use_true_random=False))
def test_moving_agents_moves_their_trades_and_nothing_else(given_book, random):
    mixed = list(range(len(given_book[0])))
    random.shuffle(mixed)
    cleared = clear(Orders(*given_book))
    moved = clear(Orders(*(column[mixed] for column in given_book)))
    assert moved.fills.tolist() == cleared.fills[mixed].tolist()
    assert moved.payments.tolist() == cleared.payments[mixed].tolist()
    np.testing.assert_array_equal(moved.price, cleared.price)


@pytest.mark.parametrize("rule", sorted(claims.rules()))
def test_every_claims_rule_divides_the_tie(rule):
    rng = np.random.default_rng(5)
    if rule == "cd":
        # Contest of two: exactly two orders tie.
        price, side = np.array([60.0, 60, 50, 70]), np.array([BUY, BUY, SELL, BUY])
        quantities = rng.integers(1, 90, (60, 4))
        quantities[:, 2] = quantities[:, 3] + (quantities[:, :2].sum(axis=1) * rng.uniform(0, 1, 60)).astype(
            int
        )
        prices = np.tile(price, (60, 1))
    else:
        n = 11
        prices, quantities, side = (
            rng.integers(0, 4, (60, n)) * 1.3,
            rng.integers(0, 40, (60, n)),
            rng.choice([BUY, SELL], n),
        )
    share = claims.rule(rule)
    cleared = clear(Orders.dense(prices, quantities, side), ration=share)
    rationed = 0
    for t in range(60):
        agents = np.arange(len(side))
        fills, *_ = by_definition(agents, side, prices[t], quantities[t], ration=share, period=t)
        assert cleared.fills[t].tolist() == fills.tolist()
        rationed += ((fills > 0) & (fills < quantities[t])).sum() > 1
    assert rationed > 5


def test_the_common_rule_is_no_other_when_passed_as_a_stranger():
    price, quantity, side = drawn_year(np.random.default_rng(6), 300, 90)
    orders = Orders.dense(np.round(price, -1), quantity, side)
    alike(clear(orders), clear(orders, ration=lambda endowment, asked: proportional(endowment, asked)))


@pytest.mark.parametrize(("rule", "expected"), [("pro", [100, 50]), ("cea", [75, 75]), ("cel", [125, 25])])
def test_book_c_shares_the_level_of_sixty(rule, expected):
    cleared = clear(book(*BOOK_C), ration=claims.rule(rule))
    assert cleared.fills.tolist() == [300, *expected, 0, 250, 200, 0]
    assert (cleared.price[0], cleared.volume[0], cleared.welfare[0]) == (60.0, 450, 17_000.0)
    assert cleared.payments[:4].sum() == 27_000 == -cleared.payments[4:].sum()


@pytest.mark.parametrize(
    ("given_book", "low", "high", "price"), [(BOOK_A, 52, 57, 54.5), (BOOK_B, 52, 58, 55)]
)
def test_printed_unit_books(given_book, low, high, price):
    cleared = clear(book(*given_book))
    assert (cleared.low[0], cleared.high[0], cleared.price[0]) == (low, high, price)
    assert (cleared.volume[0], cleared.welfare[0]) == (3, 73)


def test_an_order_partly_filled_sets_the_price_not_the_middle_of_the_last_pair():
    cleared = clear(book([(60.0, 100), (50.0, 100)], [(20.0, 150), (55.0, 100)]))
    assert cleared.fills.tolist() == [100, 50, 150, 0]
    assert cleared.low[0] == cleared.high[0] == cleared.price[0] == 50.0


def test_payments_are_rounded_once_and_sum_on_both_sides():
    cleared = clear(book([(60.0, 101), (60.0, 50), (60.0, 49)], [(49.0, 200)]))
    assert cleared.price[0] == 54.5
    assert cleared.payments.tolist() == [5505, 2725, 2670, -10_900]


def test_no_cross_tells_the_spread():
    cleared = clear(book([(30.0, 100), (20.0, 1)], [(45.0, 100), (50.0, 1)]))
    assert np.isnan(cleared.price[0])
    assert (cleared.low[0], cleared.high[0], cleared.volume[0], cleared.status[0]) == (30, 45, 0, 1)
    assert not cleared.fills.any()
    assert not cleared.payments.any()


def test_one_side_and_nobody_are_ordinary():
    price = np.array([[30.0, 20.0, np.nan], [45.0, 50.0, np.inf], [1.0, 1.0, 1.0]])
    quantity = np.array([[5, 5, 0], [5, 5, 0], [0, 0, 0]])
    side = np.array([[BUY, BUY, SELL], [SELL, SELL, BUY], [BUY, SELL, BUY]])
    cleared = clear(Orders.dense(price, quantity, side))
    np.testing.assert_array_equal(cleared.low, [30, np.nan, np.nan])
    np.testing.assert_array_equal(cleared.high, [np.nan, 45, np.nan])
    assert cleared.status.tolist() == [2, 2, 3]
    assert np.isnan(cleared.price).all()


def test_no_orders_and_no_markets_clear_to_nothing():
    for orders in (Orders([], [], [], []), Orders.dense(np.zeros((0, 4)), np.zeros((0, 4)), [BUY] * 4)):
        cleared = clear(orders)
        assert cleared.fills.shape == orders.shape
        assert len(cleared.price) == 0
    assert clear(Orders.dense(np.zeros((3, 0)), np.zeros((3, 0)), [])).status.tolist() == [3, 3, 3]


def test_large_one_sided_markets_tell_their_best_order():
    price = np.random.default_rng(2).uniform(10, 90, 5000)
    cleared = clear(Orders(np.arange(5000), SELL, price, 7))
    assert cleared.high[0] == price.min()
    assert np.isnan(cleared.low[0])


def test_orders_of_nothing_are_never_looked_at():
    side, price, quantity = [BUY, SELL, BUY, SELL], [60.0, 20.0, np.inf, np.nan], [10, 10, 0, 0]
    cleared = clear(Orders(range(4), side, price, quantity))
    assert cleared.fills.tolist() == [10, 10, 0, 0]
    assert cleared.price[0] == 40.0


def test_all_alike_are_served_by_lot_not_by_place():
    orders = Orders.dense([[50.0] * 5 + [50.0]] * 40, [[1] * 5 + [3]] * 40, [BUY] * 5 + [SELL])
    fills = clear(orders).fills
    assert (fills[:, :5].sum(axis=1) == 3).all()
    assert (fills[:, :5].sum(axis=0) > 10).all()
    assert (clear(orders, rng=1).fills != fills).any()


def test_negative_prices_are_paid():
    cleared = clear(book([(-5.0, 10)], [(-20.0, 10)]))
    assert cleared.price[0] == -12.5
    assert cleared.payments.tolist() == [-125, 125]


@settings(max_examples=300)
@given(books())
def test_nobody_pays_more_than_bid_or_gets_less_than_asked(given_book):
    _, side, price, quantity = given_book
    cleared = clear(Orders(*given_book))
    assert (cleared.payments <= side * price * cleared.fills + 1.0).all()
    assert (cleared.fills <= quantity).all()
    assert cleared.fills[side == BUY].sum() == cleared.fills[side == SELL].sum()
    assert cleared.payments.sum() == 0


@settings(max_examples=300)
@given(books())
def test_nobody_regrets(given_book):
    _, side, price, quantity = given_book
    cleared = clear(Orders(*given_book), split=0.25)
    if cleared.volume[0]:
        gain = side * (price - cleared.price[0])
        assert (cleared.fills[gain > 0] == quantity[gain > 0]).all()
        assert (cleared.fills[gain < 0] == 0).all()


@pytest.mark.parametrize(
    ("awards", "said"),
    [
        (
            lambda e, c: c * 0.0,
            r"period 3, node 1\): the rule divides 150 Wh among claims \[200, 100\] into \[0, 0\]",
        ),
        (lambda e, c: c * np.nan, "expected awards from 0 to the claims"),
        (lambda e, c: np.stack([e - 250, e * 0 + 250], axis=-1), "expected awards from 0 to the claims"),
        (lambda e, c: e, "awards of shape"),
    ],
)
def test_a_rule_that_is_none_is_named_with_its_market(awards, said):
    with pytest.raises(ProblemError, match=said):
        clear(book(*BOOK_C, period=[3] * 7, node=[1] * 7), ration=awards)


def test_noise_of_a_rule_moves_nothing():
    noisy = clear(book(*BOOK_C), ration=lambda e, c: proportional(e, c) * (1 + 1e-12))
    assert noisy.fills.tolist() == [300, 100, 50, 0, 250, 200, 0]


def test_demand_that_takes_any_price_is_refused():
    with pytest.raises(
        ProblemError, match="mechanism 'uniform-price': it serves no demand that takes any price"
    ):
        clear(book(*BOOK_A), UniformPrice(), demand_wh=3)


def test_large_quantities_balance_to_the_unit():
    rng = np.random.default_rng(9)
    price, quantity = rng.uniform(-300, 3000, 200), rng.integers(1, 10**11, 200)
    cleared = clear(Orders(np.arange(200), rng.choice([BUY, SELL], 200), price, quantity))
    assert cleared.volume[0] > 0
    assert cleared.payments.sum() == 0
