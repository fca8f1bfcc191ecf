"""Merit order: the cheapest offers serve demand, and it is the call auction with one bid at the value of lost load."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.claims import constrained_equal_awards
from evenwatt.core.errors import ProblemError
from evenwatt.markets import Orders, clear
from evenwatt.markets.auctions.merit_order import MeritOrder
from evenwatt.markets.auctions.uniform_price import UniformPrice

BUY, SELL = 1, -1
COST, CAPACITY = [0.0, 12, 64, 110], [30, 40, 50, 20]  # wind, hydro, gas, oil
UNITS = Orders(range(4), "sell", COST, CAPACITY)
MERIT = MeritOrder()


def test_printed_dispatch_price_and_rents():
    cleared = clear(UNITS, MERIT, demand_wh=85)
    assert cleared.fills.tolist() == [30, 40, 15, 0]
    assert (cleared.price[0], cleared.demand_payment[0], cleared.welfare[0]) == (64.0, 5440, -1440.0)
    assert (-cleared.payments - np.array(COST) * cleared.fills).tolist() == [1920, 2080, 0, 0]
    assert cleared.budget[0] == 0


def test_demand_that_meets_a_step_pays_the_last_offer_that_runs():
    cleared = clear(UNITS, MERIT, demand_wh=70, split=1.0)
    assert (cleared.low[0], cleared.high[0], cleared.price[0]) == (12, 64, 12)


def test_offers_that_are_not_enough_leave_demand_unserved_at_the_value_of_lost_load():
    cleared = clear(UNITS, MeritOrder(lost_load_per_mwh=9000.0), demand_wh=150)
    assert (cleared.unserved[0], cleared.volume[0], cleared.price[0]) == (10, 140, 9000.0)
    assert cleared.demand_payment[0] == 140 * 9000 == -cleared.payments.sum()


def test_just_enough_is_not_scarce():
    cleared = clear(UNITS, MERIT, demand_wh=140)
    assert (cleared.unserved[0], cleared.price[0], cleared.high[0]) == (0, 110.0, 3000.0)


def test_an_offer_beyond_the_value_of_lost_load_does_not_run():
    cleared = clear(UNITS, MeritOrder(lost_load_per_mwh=100.0), demand_wh=130)
    assert cleared.fills.tolist() == [30, 40, 50, 0]
    assert (cleared.unserved[0], cleared.price[0]) == (10, 100.0)


def test_no_demand_has_no_price():
    cleared = clear(UNITS, MERIT, demand_wh=0)
    assert np.isnan(cleared.price[0])
    assert not cleared.fills.any()
    assert cleared.unserved[0] == 0


def test_no_offers_leave_all_unserved():
    cleared = clear(Orders.dense([[5.0]], [[0]], ["sell"]), MERIT, demand_wh=40)
    assert (cleared.unserved[0], cleared.demand_payment[0], cleared.status[0]) == (40, 0, 2)
    assert np.isnan(cleared.price[0])


def test_offers_below_zero_are_paid_for_running():
    cleared = clear(Orders(range(2), "sell", [-30.0, 20.0], [50, 50]), MERIT, demand_wh=20)
    assert cleared.price[0] == -30.0
    assert (cleared.payments.tolist(), cleared.demand_payment[0]) == ([600, 0], -600)


def test_a_carbon_price_is_part_of_the_offer():
    fuel, efficiency, carbon, emission, other = 20.0, 0.5, 80.0, 0.2, 3.0
    gas = fuel / efficiency + carbon * emission / efficiency + other
    cleared = clear(Orders(range(2), "sell", [gas, 60.0], [10, 10]), MERIT, demand_wh=15)
    assert cleared.price[0] == 75.0
    assert cleared.fills.tolist() == [5, 10]


@settings(max_examples=300)
@given(st.integers(0, 10**9), st.integers(1, 5), st.integers(0, 12))
def test_it_is_the_call_auction_with_one_bid_at_the_cap(seed, markets, n):
    rng = np.random.default_rng(seed)
    price, quantity = rng.integers(-5, 9, (markets, n)) * 0.7, rng.integers(0, 9, (markets, n))
    demand = rng.integers(0, 40, markets)
    merit = clear(
        Orders.dense(price, quantity, [SELL] * n), MeritOrder(lost_load_per_mwh=5.0), demand_wh=demand
    )
    together = Orders.dense(
        np.column_stack([price, np.full(markets, 5.0)]),
        np.column_stack([quantity, demand]),
        [SELL] * n + [BUY],
    )
    call = clear(together, UniformPrice(), split=0.0)
    np.testing.assert_array_equal(merit.price, call.price)
    np.testing.assert_array_equal(merit.low, call.low)
    np.testing.assert_array_equal(merit.high, call.high)
    assert (merit.fills == call.fills[:, :-1]).all()
    assert (merit.payments == call.payments[:, :-1]).all()
    assert (merit.demand_payment == call.payments[:, -1]).all()
    assert (merit.unserved == demand - call.fills[:, -1]).all()
    assert (merit.status == call.status).all()
    np.testing.assert_allclose(merit.welfare, -(price * merit.fills).sum(axis=1), atol=1e-9)


def test_dense_and_ragged_agree():
    rng = np.random.default_rng(1)
    price, quantity, demand = (
        rng.integers(0, 9, (50, 8)) * 1.1,
        rng.integers(0, 9, (50, 8)),
        rng.integers(0, 60, 50),
    )
    dense = clear(Orders.dense(price, quantity, [SELL] * 8), MERIT, demand_wh=demand)
    mixed = rng.permutation(400)
    agent, period = np.tile(np.arange(8), 50), np.repeat(np.arange(50), 8)
    columns = (agent[mixed], SELL, price.ravel()[mixed], quantity.ravel()[mixed])
    ragged = clear(Orders(*columns, period=period[mixed]), MERIT, demand_wh=demand)
    np.testing.assert_array_equal(ragged.price, dense.price)
    assert (ragged.fills == dense.fills.ravel()[mixed]).all()
    assert (ragged.payments == dense.payments.ravel()[mixed]).all()
    np.testing.assert_allclose(ragged.welfare, dense.welfare)


def test_ties_are_divided_by_the_rule():
    units = Orders(range(3), "sell", [10.0, 10.0, 5.0], [100, 20, 10])
    assert clear(units, MERIT, demand_wh=70).fills.tolist() == [50, 10, 10]
    assert clear(units, MERIT, demand_wh=70, ration=constrained_equal_awards).fills.tolist() == [40, 20, 10]


def test_bids_are_refused_and_named():
    with pytest.raises(ProblemError, match=r"merit-order: 2 bids \(order 0; 2\)"):
        clear(Orders(range(3), [BUY, SELL, BUY], 5.0 * np.ones(3), 1), MERIT, demand_wh=5)
    with pytest.raises(ProblemError, match=r"1 bids \(order 1, 0\)"):
        clear(Orders.dense(np.ones((2, 2)), [[0, 1], [1, 1]], [BUY, SELL]), MERIT, demand_wh=5)


def test_an_unknown_demand_is_asked_for():
    with pytest.raises(ProblemError, match="demand_wh is needed"):
        clear(UNITS, MERIT)
    with pytest.raises(ProblemError, match="lost_load_per_mwh nan is not finite"):
        clear(UNITS, MeritOrder(lost_load_per_mwh=float("nan")), demand_wh=1)


def test_no_markets_have_no_demand():
    cleared = clear(Orders([], [], [], []), MERIT, demand_wh=np.zeros(0))
    assert cleared.price.shape == cleared.welfare.shape == (0,)
