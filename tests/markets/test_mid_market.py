"""The mid-market rate: the printed prices, and what becomes of limits."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.markets.auctions.mid_market import MidMarket, mid_market_prices
from evenwatt.markets.clear import clear
from evenwatt.markets.orders import Orders

TARIFFS = MidMarket(feed_in_per_mwh=80.0, retail_per_mwh=300.0)


@pytest.mark.parametrize(
    ("surplus", "deficit", "seller", "buyer"),
    [(600, 1000, 190, 234), (1000, 600, 146, 190), (500, 500, 190, 190), (0, 700, 80, 300), (700, 0, 80, 300),
     (0, 0, 80, 300)],
)  # fmt: skip
def test_printed_prices(surplus: int, deficit: int, seller: float, buyer: float) -> None:
    assert mid_market_prices(surplus, deficit, 80.0, 300.0) == (seller, buyer)


def test_prices_stay_within_the_tariffs_and_balance_with_the_grid() -> None:
    rng = np.random.default_rng(0)
    surplus, deficit = rng.integers(0, 5000, (2, 1000)).astype(float)
    seller, buyer = mid_market_prices(surplus, deficit, 80.0, 300.0)
    assert ((seller >= 80) & (buyer <= 300) & (seller <= buyer)).all()
    grid = 300.0 * np.maximum(deficit - surplus, 0) - 80.0 * np.maximum(surplus - deficit, 0)
    assert buyer * deficit == pytest.approx(seller * surplus + grid)


@pytest.mark.parametrize(("surplus", "deficit"), [(600, 1000), (1000, 600)])
def test_the_auction_and_the_grid_together_come_to_the_blended_prices(surplus: int, deficit: int) -> None:
    orders = Orders(
        [1, 2, 3],
        ["buy", "buy", "sell"],
        [300.0, 300.0, 80.0],
        [deficit // 4, deficit - deficit // 4, surplus],
    )
    cleared = clear(orders, TARIFFS)
    left = orders.quantity - cleared.fills
    all_in = cleared.payments + np.where(orders.side == 1, 300 * left, -80 * left)
    seller, buyer = mid_market_prices(surplus, deficit, 80.0, 300.0)
    assert all_in == pytest.approx(np.where(orders.side == 1, buyer, -seller) * orders.quantity)
    assert (cleared.price[0], cleared.low[0], cleared.high[0]) == (190.0, 80.0, 300.0)


def test_tariffs_are_read_from_the_book_where_all_name_them() -> None:
    orders = Orders([1, 2, 3], ["buy", "buy", "sell"], [300.0, 300.0, 80.0], [250, 750, 600])
    assert (clear(orders, "mid-market").payments == clear(orders, TARIFFS).payments).all()


def test_without_a_longer_side_it_is_the_call_auction() -> None:
    orders = Orders(
        [1, 2, 3, 4], ["buy", "buy", "sell", "sell"], [300.0, 300.0, 80.0, 80.0], [101, 50, 49, 102]
    )
    mid, call = clear(orders, "mid-market"), clear(orders, "uniform-price", split=0.5)
    assert mid.price == call.price
    assert (mid.fills == call.fills).all()
    assert (mid.payments == call.payments).all()


def test_who_would_lose_takes_no_part() -> None:
    orders = Orders(
        [1, 2, 3, 4], ["buy", "buy", "sell", "sell"], [300.0, 150.0, 80.0, 250.0], [100, 100, 150, 100]
    )
    assert clear(orders, TARIFFS).fills.tolist() == [100, 0, 100, 0]


def test_the_longer_side_is_shared_by_the_rule_passed_in() -> None:
    orders = Orders([1, 2, 3], ["buy", "buy", "sell"], [300.0, 300.0, 80.0], [100, 300, 200])
    equal = lambda endowment, claims: np.minimum(claims, endowment / 2)  # noqa: E731
    assert clear(orders, TARIFFS).fills.tolist() == [50, 150, 200]
    assert clear(orders, TARIFFS, ration=equal).fills.tolist() == [100, 100, 200]


def test_tariffs_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ProblemError, match=r"feed-in 300.0, retail 80.0"):
        MidMarket(feed_in_per_mwh=300.0, retail_per_mwh=80.0)
