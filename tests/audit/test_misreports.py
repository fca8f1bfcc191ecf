"""What a lie brings, on books whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.audit.auctions import GRID, largest_gain, largest_quantity_gain
from evenwatt.core.errors import ProblemError
from evenwatt.markets.clear import found
from evenwatt.markets.mechanism import Terms
from evenwatt.markets.orders import Orders

BIDS, ASKS = [74.0, 66.0, 58.0, 49.0, 41.0], [33.0, 40.0, 52.0, 57.0, 63.0]
BOOK_A = Orders(range(10), ["buy"] * 5 + ["sell"] * 5, BIDS + ASKS, [1000] * 10)
BOOK_D = Orders(
    range(7),
    ["buy"] * 4 + ["sell"] * 3,
    [90.0, 80.0, 70.0, 60.0, 30.0, 35.0, 55.0],
    [300, 250, 40, 100, 200, 360, 400],
)


@pytest.mark.parametrize(
    ("agent", "told"), [(0, 52.0), (1, 52.0), (2, 52.0), (5, 56.999), (6, 56.999), (7, 56.999)]
)
def test_each_trader_of_book_a_gains_two_and_a_half(agent: int, told: float) -> None:
    """A seller that asks the 57 of the next one shares with it, so it asks a hair less."""
    truth = (BIDS + ASKS)[agent]
    best = largest_gain(found("uniform-price"), BOOK_A, grid=[told / truth], who=[agent])
    assert best is not None
    assert best.gain_per_mwh == pytest.approx(2.5, abs=0.002)
    assert best.gain_share == pytest.approx(2.5 / abs(truth - 54.5), abs=0.001)


def test_nobody_gains_in_mcafee_of_book_a() -> None:
    best = largest_gain(found("mcafee"), BOOK_A)
    assert best is not None
    assert (best.gain_micro, best.factor, best.reports) == (0.0, 1.0, 10 * len(GRID))


def test_overstating_pays_in_huang_of_book_d() -> None:
    """The first buyer gets 300 Wh at 60 instead of 290: 10 Wh worth 90."""
    best = largest_quantity_gain(found("huang"), BOOK_D, grid=[1.05], who=[0])
    assert best is not None
    assert best.gain_micro == 10 * (90 - 60)


def test_pay_as_bid_rewards_shading() -> None:
    best = largest_gain(
        found("pay-as-bid"), Orders([1, 2], ["buy", "sell"], [60.0, 30.0], [100, 100]), who=[1]
    )
    assert best is not None
    assert (best.factor, best.gain_micro) == (0.5, 3000.0)


def test_true_values_may_differ_from_the_reports() -> None:
    """A buyer that bids half of its value already does best: the truth would cost it."""
    orders = Orders([1, 2], ["buy", "sell"], [30.0, 30.0], [100, 100])
    best = largest_gain(found("pay-as-bid"), orders, values=[60.0, 30.0], who=[1])
    assert best is not None
    assert (best.factor, best.gain_micro, best.surplus_micro) == (0.5, 3000.0, 0.0)
    assert best.gain_share == np.inf


def test_values_of_another_shape_are_refused() -> None:
    with pytest.raises(ProblemError, match="values: shape"):
        largest_gain(found("pay-as-bid"), BOOK_A, values=[1.0])


def test_nobody_to_ask() -> None:
    assert largest_gain(found("uniform-price"), Orders([], [], [], [])) is None


def test_coins_are_the_same_in_every_trial() -> None:
    """With other coins some trial would find a better half, and look like a gain."""
    rng = np.random.default_rng(2)
    side = np.where(np.arange(40) % 2, 1, -1)
    orders = Orders(range(40), side, 50.0 + 10.0 * side + rng.integers(-20, 21, 40), rng.integers(1, 300, 40))
    best = largest_gain(found("muda"), orders, terms=Terms(seed=3))
    assert best is not None
    assert best.gain_micro == 0.0


def test_dense_books_are_asked_market_by_market() -> None:
    dense = Orders.dense([BIDS + ASKS, BIDS + ASKS], np.full((2, 10), 1000), ["buy"] * 5 + ["sell"] * 5)
    best = largest_gain(found("uniform-price"), dense, grid=[52.0 / 58.0])
    assert best is not None
    assert (best.agent, best.market, best.reports) == (2, 0, 20)


def test_demand_that_takes_any_price_is_kept() -> None:
    """Two plants serve 85 Wh of 70: the dearer one sets the price, and asks just below the next."""
    units = Orders([1, 2, 3], ["sell"] * 3, [12.0, 64.0, 110.0], [70, 50, 50])
    best = largest_gain(found("merit-order"), units, terms=Terms(demand=np.array([85])), grid=[1.7])
    assert best is not None
    assert (best.agent, best.gain_micro) == (2, pytest.approx(15 * 0.7 * 64, abs=1))
