"""Bilateral trades: the printed book, its end, and its speed-free promises."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.markets.auctions.bilateral import Bilateral, Preferences, paired
from evenwatt.markets.clear import clear
from evenwatt.markets.mechanism import proportional
from evenwatt.markets.orders import BUY, SELL, Orders

BOOK = Orders(
    [1, 2, 3, 11, 12], ["buy"] * 3 + ["sell"] * 2, [200.0, 180.0, 95.0, 90.0, 100.0], [400, 400, 200, 500, 300]
)  # fmt: skip
LIKED = Preferences([1, 2, 3], [11, 12], [[5, 2], [5, 0], [1, 4]])


def trades(pairs: object) -> list[tuple[int, int, int, float]]:
    assert pairs is not None
    return list(
        zip(*(getattr(pairs, name).tolist() for name in ("bid", "ask", "quantity", "price")), strict=True)
    )


def test_printed_book() -> None:
    cleared = clear(BOOK, Bilateral(preference=LIKED))
    assert sorted(trades(cleared.pairs)) == [(0, 3, 250, 145.0), (0, 4, 150, 150.0), (1, 3, 250, 135.0)]
    assert (BOOK.quantity - cleared.fills).tolist() == [0, 150, 200, 0, 150]
    assert cleared.payments.tolist() == [250 * 145 + 150 * 150, 250 * 135, 0, -250 * 280, -150 * 150]
    assert np.isnan(cleared.price[0])
    assert (cleared.low[0], cleared.high[0]) == (135.0, 150.0)


def test_a_mapping_says_the_same() -> None:
    pairs = {(1, 11): 5, (2, 11): 5, (1, 12): 2, (3, 11): 1, (3, 12): 4}
    assert trades(clear(BOOK, Bilateral(preference=pairs)).pairs) == trades(
        clear(BOOK, Bilateral(preference=LIKED)).pairs
    )


def test_who_is_not_named_is_never_traded_with() -> None:
    cleared = clear(BOOK, Bilateral(preference={(2, 12): 3}))
    assert trades(cleared.pairs) == [(1, 4, 300, 140.0)]
    assert cleared.price[0] == 140.0


def test_preferred_partners_come_before_better_prices() -> None:
    orders = Orders([1, 2, 3], ["buy", "buy", "sell"], [100.0, 50.0, 40.0], [100, 100, 100])
    cleared = clear(orders, Bilateral(preference={(1, 3): 4, (2, 3): 5}))
    assert cleared.fills.tolist() == [0, 100, 100]


def test_nobody_trades_with_itself() -> None:
    orders = Orders([1, 1], ["buy", "sell"], [100.0, 50.0], [100, 100])
    assert clear(orders, "bilateral").volume[0] == 0


def test_scarce_energy_is_shared_by_the_rule_passed_in() -> None:
    orders = Orders([1, 2, 3], ["buy", "buy", "sell"], [60.0, 60.0, 40.0], [100, 300, 200])
    equal = lambda endowment, claims: np.minimum(claims, endowment / 2)  # noqa: E731
    assert clear(orders, "bilateral").fills.tolist() == [50, 150, 200]
    assert clear(orders, "bilateral", ration=equal).fills.tolist() == [100, 100, 200]


def test_it_ends_with_no_pair_left_that_would_trade() -> None:
    rng = np.random.default_rng(4)
    for _ in range(200):
        buyers, sellers = rng.integers(1, 8, 2)
        levels = rng.integers(0, 6, (buyers, sellers))
        wanted, offered = rng.integers(1, 50, buyers), rng.integers(1, 50, sellers)
        rounds = paired(levels, wanted, offered, proportional)
        want, have = wanted.copy(), offered.copy()
        for bid, ask, quantity in rounds:
            assert (quantity >= 1).all()
            np.subtract.at(want, bid, quantity)
            np.subtract.at(have, ask, quantity)
        assert (want >= 0).all()
        assert (have >= 0).all()
        assert not ((levels > 0) & (want[:, None] > 0) & (have > 0)).any()


def test_pairs_add_up_to_fills_and_money() -> None:
    rng = np.random.default_rng(5)
    side = np.where(rng.random(60) < 0.5, 1, -1)
    orders = Orders(range(60), side, np.round(rng.uniform(0, 100, 60), 2), rng.integers(0, 500, 60))
    cleared = clear(orders, "bilateral", split=0.3)
    assert cleared.pairs is not None
    assert cleared.volume[0] > 0
    for rows in (cleared.pairs.bid, cleared.pairs.ask):
        worth = cleared.pairs.quantity * cleared.pairs.price
        fills = np.bincount(rows, weights=cleared.pairs.quantity, minlength=60)
        money = np.bincount(rows, weights=worth, minlength=60)
        own = fills > 0
        assert (cleared.fills[own] == fills[own]).all()
        assert (np.abs(np.abs(cleared.payments[own]) - money[own]) < 1).all()


def test_bad_preferences_are_named_together() -> None:
    with pytest.raises(
        ProblemError, match=r"2 faults\n.*buyers: an agent is named twice\n.*from 0 .never. to 5"
    ):
        Preferences([1, 1], [2], [[6], [0]])


def test_a_market_too_large_to_compare_everybody_with_everybody_is_refused():
    """60,000 buyers and 40,000 sellers would need more memory than a machine has."""
    side = np.repeat([BUY, SELL], [60_000, 40_000])
    orders = Orders(np.arange(100_000), side, np.where(side > 0, 90.0, 30.0), np.full(100_000, 10))
    with pytest.raises(ProblemError, match="60,000 buyers and 40,000 sellers of one market"):
        clear(orders, Bilateral())
