"""SBBA: one price, nothing left over, and a lot that nobody's report can move."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.markets.clear import clear
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.orders import Orders

prices = st.lists(st.integers(-5, 15), min_size=1, max_size=6)


def cleared(bids: list[float], asks: list[float], *, seed: int = 0) -> Clearing:
    side = ["buy"] * len(bids) + ["sell"] * len(asks)
    return clear(Orders(range(len(side)), side, [*bids, *asks], [1] * len(side)), "sbba", rng=seed)


def test_an_ask_that_is_too_dear_sets_the_price_for_all() -> None:
    """Book A: the fourth ask, 57, is below the third bid."""
    answer = cleared([74, 66, 58, 49, 41], [33, 40, 52, 57, 63])
    assert (answer.price[0], answer.volume[0], answer.budget[0]) == (57.0, 3, 0)


def test_the_last_bid_sets_the_price_and_one_seller_is_left_out() -> None:
    """Book B, whatever the lot."""
    for seed in range(10):
        answer = cleared([74, 66, 58, 30], [33, 40, 52, 95], seed=seed)
        assert (answer.price[0], answer.volume[0], answer.budget[0]) == (58.0, 2, 0)
        assert answer.fills[:4].tolist() == [1, 1, 0, 0]


def test_each_seller_is_left_out_as_often() -> None:
    """Book B: three outcomes of worth 140 less two of 33, 40 and 52; on average 140 - 2/3 * 125."""
    sold = np.array([cleared([74, 66, 58, 30], [33, 40, 52, 95], seed=s).fills[4:] for s in range(900)])
    assert np.unique(sold, axis=0).tolist() == [[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 0]]
    # Three standard deviations of a share of 900 draws.
    assert np.abs(sold[:, :3].mean(axis=0) - 2 / 3).max() < 3 * np.sqrt(2 / 9 / 900)
    mean = 140 - (2 / 3) * 125
    assert mean == pytest.approx(56.67, abs=0.01)
    assert mean >= (1 - 1 / 3) * 73


@given(prices, prices)
def test_at_most_a_kth_of_the_worth_is_lost_on_average(bids: list[int], asks: list[int]) -> None:
    """Exactly, over which of the k sellers is left out."""
    falling, rising = sorted(bids, reverse=True), sorted(asks)
    k = sum(bid >= ask for bid, ask in zip(falling, rising, strict=False))
    most = sum(falling[:k]) - sum(rising[:k])
    answer = cleared(bids, asks, seed=3)
    expected = answer.welfare[0]
    if answer.volume[0] < k:
        expected = sum(falling[: k - 1]) - sum(rising[:k]) * (k - 1) / k
    assert answer.volume[0] >= k - 1
    assert expected >= (1 - 1 / max(k, 1)) * most - 1e-9


def test_the_lot_does_not_look_at_prices() -> None:
    """Whoever is left out stays left out whatever it asks, as long as it is among the k."""
    answer = cleared([74, 66, 58, 30], [33, 40, 52, 95])
    out = int(np.flatnonzero(answer.fills[4:7] == 0)[0])
    for ask in (-100, 0, 57.5):
        asks = [33.0, 40.0, 52.0, 95.0]
        asks[out] = ask
        assert cleared([74, 66, 58, 30], asks).fills[4 + out] == 0


def test_one_pair_without_a_next_ask_does_not_trade() -> None:
    assert cleared([9], [3]).volume[0] == 0


def test_one_pair_trades_at_the_next_ask() -> None:
    answer = cleared([9], [3, 5])
    assert (answer.price[0], answer.payments.tolist()) == (5.0, [5, -5, 0])
