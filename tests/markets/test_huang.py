"""Huang's auction: the printed books, and the promise of quantities it does not make."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.core.errors import ProblemError
from evenwatt.markets.auctions.huang import less
from evenwatt.markets.clear import clear
from evenwatt.markets.orders import Orders

SIDE_D = ["buy"] * 4 + ["sell"] * 3
PRICE_D = [90.0, 80.0, 70.0, 60.0, 30.0, 35.0, 55.0]
QUANTITY_D = [300, 250, 40, 100, 200, 360, 400]


def test_book_d() -> None:
    answer = clear(Orders(range(7), SIDE_D, PRICE_D, QUANTITY_D), "huang")
    assert answer.fills.tolist() == [290, 240, 30, 0, 200, 360, 0]
    assert (answer.low[0], answer.high[0], answer.budget[0]) == (55.0, 60.0, 2_800)
    assert np.isnan(answer.price[0])


def test_book_c_keeps_equal_prices_apart() -> None:
    """Two bids at 60: the one that is cut is the last, the other stays out with it or trades, never both as one."""
    price, quantity = [70, 60, 60, 45, 20, 40, 80], [300, 200, 100, 400, 250, 200, 300]
    answer = clear(Orders(range(7), ["buy"] * 4 + ["sell"] * 3, price, quantity), "huang")
    assert answer.fills.tolist() == [250, 0, 0, 0, 250, 0, 0]
    assert (answer.high[0], answer.low[0], answer.budget[0]) == (60.0, 40.0, 5_000)


def test_more_can_be_had_by_asking_for_more() -> None:
    """The counterexample that keeps the promise off: 315 Wh asked for where 300 are wanted."""
    quantity = [315, *QUANTITY_D[1:]]
    answer = clear(Orders(range(7), SIDE_D, PRICE_D, quantity), "huang")
    assert (answer.fills[0], answer.high[0]) == (300, 60.0)


def test_the_first_of_its_list_cannot_stay_out_alone() -> None:
    answer = clear(Orders([1, 2, 3], ["buy", "buy", "sell"], [60.0, 50.0, 20.0], [10, 10, 15]), "huang")
    assert answer.volume[0] == 0


def test_money_below_zero_is_shared_whole() -> None:
    price, quantity = [-1.5, -2.5, -30.0, -9.5, -7.25, -3.5], [3, 2, 9, 4, 1, 9]
    answer = clear(Orders(range(6), ["buy"] * 3 + ["sell"] * 3, price, quantity), "huang")
    assert answer.volume[0] == 3
    assert (answer.payments[:3].sum(), answer.payments[3:].sum()) == (-8, 22)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=7), st.floats(0, 1), st.integers(0, 99))
def test_losses_are_equal_but_for_a_watt_hour(quantity: list[int], share: float, seed: int) -> None:
    held = np.array(quantity)
    volume = int(share * held.sum())
    lots = np.random.default_rng(seed).permutation(len(held)).astype(np.uint64)
    kept = less(held, volume, lots)
    lost = held - kept
    assert kept.sum() == volume
    assert (kept >= 0).all()
    assert (lost >= 0).all()
    assert lost.max() - lost[kept > 0].min(initial=lost.max()) <= 1


def test_a_second_order_is_refused() -> None:
    with pytest.raises(ProblemError, match=r"orders 0, 1: agent 7 has 2 orders in period 0 at node 0"):
        clear(Orders([7, 7, 8], ["buy", "buy", "sell"], [60.0, 50.0, 20.0], [10, 10, 15]), "huang")
