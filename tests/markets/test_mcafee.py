"""McAfee's auction: the printed books, and what happens at their edges."""

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.markets.clear import clear
from evenwatt.markets.clearing import STATUS, Clearing
from evenwatt.markets.orders import Orders


def cleared(bids: list[float], asks: list[float], lot: int = 1) -> Clearing:
    side = ["buy"] * len(bids) + ["sell"] * len(asks)
    return clear(Orders(range(len(side)), side, [*bids, *asks], [lot] * len(side)), "mcafee")


def test_first_pair_too_dear_sets_the_price() -> None:
    """Book A: the middle of 49 and 57."""
    answer = cleared([74, 66, 58, 49, 41], [33, 40, 52, 57, 63])
    assert (answer.price[0], answer.low[0], answer.high[0]) == (53.0, 53.0, 53.0)
    assert answer.fills.tolist() == [1, 1, 1, 0, 0, 1, 1, 1, 0, 0]
    assert (answer.budget[0], answer.welfare[0]) == (0, 73.0)


def test_a_middle_that_does_not_suit_costs_a_trade() -> None:
    """Book B: 62.5 is more than the third buyer bids."""
    answer = cleared([74, 66, 58, 30], [33, 40, 52, 95])
    assert np.isnan(answer.price[0])
    assert (answer.low[0], answer.high[0]) == (52.0, 58.0)
    assert answer.payments.tolist() == [58, 58, 0, 0, -52, -52, 0, 0]
    assert (answer.budget[0], answer.welfare[0]) == (12, 67.0)


def test_without_a_next_pair_a_trade_is_given_up() -> None:
    answer = cleared([74, 66, 58], [33, 40, 52, 57])
    assert (answer.volume[0], answer.budget[0]) == (2, 12)


def test_half_a_price_rounds_alike_on_both_sides() -> None:
    answer = cleared([74, 66, 58, 49], [33, 40, 52, 56], lot=7)
    assert answer.price[0] == 52.5
    assert sorted(set(np.abs(answer.payments).tolist())) == [0, 368]
    assert answer.budget[0] == 0


@pytest.mark.parametrize(
    ("bids", "asks", "status"),
    [([], [], "empty"), ([5], [], "one-sided"), ([], [5], "one-sided"), ([4], [5], "no-cross")],
)
def test_books_without_trade_are_ordinary(bids: list[float], asks: list[float], status: str) -> None:
    side = ["buy"] * len(bids) + ["sell"] * len(asks)
    quantity = [1] * len(side) or [0]
    orders = Orders(range(len(quantity)), side or ["buy"], [*bids, *asks] or [np.nan], quantity)
    answer = clear(orders, "mcafee")
    assert STATUS[answer.status[0]] == status
    assert answer.volume[0] == answer.budget[0] == 0
    assert np.isnan(answer.price[0])


def test_no_markets_is_an_answer_too() -> None:
    answer = clear(Orders([], [], [], []), "mcafee")
    assert answer.price.shape == (0,)


def test_a_single_pair_is_given_up() -> None:
    answer = cleared([9], [3])
    assert answer.volume[0] == 0
    assert (answer.low[0], answer.high[0]) == (9.0, 3.0)


def test_prices_below_zero_trade_as_others_do() -> None:
    answer = cleared([-10, -20, -40], [-90, -60, -30])
    assert (answer.price[0], answer.volume[0], answer.budget[0]) == (-35.0, 2, 0)


def test_dense_books_and_rows_agree() -> None:
    price = [[74.0, 66, 58, 33, 40, 52], [60.0, 50, 40, 10, 20, 70]]
    side = ["buy"] * 3 + ["sell"] * 3
    dense = clear(Orders.dense(price, np.full((2, 6), 10), side), "mcafee")
    rows = Orders([*range(6)] * 2, side * 2, np.ravel(price), [10] * 12, period=[0] * 6 + [1] * 6)
    assert dense.fills.ravel().tolist() == clear(rows, "mcafee").fills.tolist()
    assert dense.payments.any()


def test_lots_of_different_size_are_refused() -> None:
    with pytest.raises(ProblemError, match=r"order 1: 2 Wh in period 0 at node 0; expected one lot"):
        clear(Orders([1, 2, 3], ["buy", "sell", "sell"], [9.0, 5.0, 6.0], [1, 2, 1]), "mcafee")
