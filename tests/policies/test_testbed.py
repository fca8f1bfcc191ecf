"""A repeated auction with a known outcome: price 46, five trades, a welfare of 100; what policies make of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from evenwatt.core.chance import Keyed
from evenwatt.markets.clear import clear
from evenwatt.markets.orders import Orders
from evenwatt.policies.feasible import feasible
from evenwatt.policies.policy import Policy
from evenwatt.policies.scripted import policy
from evenwatt.policies.scripted.zip import Zip
from evenwatt.policies.seen import SEEN, Observation

COSTS = np.array([30.0, 34.0, 38.0, 42.0, 46.0, 50.0])
VALUES = np.array([70.0, 64.0, 58.0, 52.0, 46.0, 40.0])
LOT_WH = 1000
MOST = float(np.maximum(np.sort(VALUES)[::-1] - np.sort(COSTS), 0).sum())
BUYERS, SELLERS = np.arange(6), np.arange(6, 12)
DAY = 24
PUBLIC = {
    "steps_a_day": np.array(DAY), "outside_per_mwh": np.array(50.0), "feed_in_per_mwh": np.array(0.0),
    "cap_per_mwh": np.array(100.0), "floor_per_mwh": np.array(0.0), "low_per_mwh": np.array(40.0),
    "high_per_mwh": np.array(52.0), "evening_per_mwh": np.array(52.0),
}  # fmt: skip


@dataclass(frozen=True)
class Played:
    """Welfare [per MWh and lot] and price of every round."""

    welfare: np.ndarray
    price: np.ndarray

    def efficiency(self, last: int) -> float:
        return float(self.welfare[-last:].mean() / MOST)


def blank(role: str, agents: np.ndarray) -> dict[str, np.ndarray]:
    own = {fact.name: np.zeros(len(agents)) for fact in SEEN[role]}
    return own | {"activity": np.ones(6), "connected": np.ones(6, dtype=bool), "utility": np.full(6, -1)}


def play(buying: str | Policy, selling: str | Policy, rounds: int, seed: int) -> Played:
    """Six buyers and six sellers of a lot each, round after round of the uniform-price auction."""
    buyer = policy("consumer", buying, seed) if isinstance(buying, str) else buying
    seller = policy("producer", selling, seed) if isinstance(selling, str) else selling
    home = blank("consumer", BUYERS) | {"value_per_mwh": VALUES, "tariff_per_mwh": np.full(6, np.nan)}
    plant = blank("producer", SELLERS) | {"cost_per_mwh": COSTS, "expected_per_mwh": np.full(6, np.nan)}
    plant |= {"capacity_wh": np.full(6, LOT_WH)}
    home["margin"] = plant["margin"] = np.full(6, 0.1)
    welfare, prices, price = np.zeros(rounds), np.full(rounds, np.nan), np.nan
    for step in range(rounds):
        public = {**PUBLIC, "slot": np.array(step % DAY), "wholesale_per_mwh": np.array(price)}
        home["local_per_mwh"] = np.full(6, price)
        limits = []
        for one, role, own, agents, column in (
            (buyer, "consumer", home, BUYERS, "bid_per_mwh"), (seller, "producer", plant, SELLERS, "ask_per_mwh"),
        ):  # fmt: skip
            seen = Observation(role, step, agents, dict(own), public)
            limits.append(feasible(seen, one.decide(seen, Keyed(seed, role, step)))[0][column])
        sides = ["buy"] * 6 + ["sell"] * 6
        agents = np.concatenate([BUYERS, SELLERS])
        book = Orders(agents, sides, np.concatenate(limits), np.full(12, LOT_WH), period=np.full(12, step))
        cleared = clear(book, rng=seed)
        bought, sold = cleared.fills[:6], cleared.fills[6:]
        welfare[step] = (bought @ VALUES - sold @ COSTS) / LOT_WH
        price = prices[step] = float(cleared.price[0])
        home |= {
            "last_bought_wh": bought, "last_wanted_wh": np.full(6, LOT_WH),
            "gain_micro": np.rint(bought * VALUES).astype(np.int64) - cleared.payments[:6],
        }  # fmt: skip
        plant |= {
            "last_sold_wh": sold, "last_offered_wh": np.full(6, LOT_WH),
            "gain_micro": -np.rint(sold * COSTS).astype(np.int64) - cleared.payments[6:],
        }  # fmt: skip
    return Played(welfare, prices)


def many(buying: str, selling: str, rounds: int, seeds: int, last: int) -> np.ndarray:
    return np.array([play(buying, selling, rounds, seed).efficiency(last) for seed in range(seeds)])


def test_honest_traders_reach_the_competitive_outcome() -> None:
    assert MOST == 100.0
    both = np.concatenate([VALUES, COSTS])
    book = Orders(np.arange(12), ["buy"] * 6 + ["sell"] * 6, both, np.full(12, LOT_WH))
    cleared = clear(book)
    assert (cleared.price[0], int(cleared.volume[0])) == (46.0, 5 * LOT_WH)


@pytest.fixture(scope="module")
def zero() -> np.ndarray:
    return many("zero-intelligence", "zero-intelligence", 150, 8, 100)


def test_zero_intelligence_reaches_some_of_the_welfare(zero: np.ndarray) -> None:
    # One draw a round: two prices that would meet on average often miss each other.
    assert 0.1 < zero.min() <= zero.max() < 0.5


def test_zip_traders_find_the_competitive_outcome_in_every_seed(zero: np.ndarray) -> None:
    learned = many("zip", "zip", 150, 8, 100)
    assert learned.min() > 0.95 > zero.max()


def test_zip_prices_come_near_the_competitive_one() -> None:
    prices = np.array([np.nanmean(play("zip", "zip", 150, seed).price[-100:]) for seed in range(6)])
    assert abs(prices.mean() - 46.0) < 1.0


def test_aiming_beyond_the_price_loses_trades_where_a_quote_stands_for_an_auction(zero: np.ndarray) -> None:
    source = [
        play(Zip("consumer", seed=seed, overshoot=1.0), Zip("producer", seed=seed, overshoot=1.0), 150, seed)
        for seed in range(4)
    ]
    found = np.array([game.efficiency(100) for game in source])
    assert zero.max() < found.min() <= found.max() < 0.7


@pytest.mark.parametrize("name", ["bandit", "q"])
def test_learners_do_far_better_than_chance(name: str, zero: np.ndarray) -> None:
    learned = many(name, name, 400, 4, 200)
    assert learned.min() > 0.75 > zero.max()


def test_whoever_learns_moves_the_price_its_own_way() -> None:
    sellers = np.array([np.nanmean(play("nothing", "bandit", 400, seed).price[-200:]) for seed in range(4)])
    buyers = np.array([np.nanmean(play("bandit", "nothing", 400, seed).price[-200:]) for seed in range(4)])
    assert buyers.max() < 46.0 < sellers.min()


def test_the_same_seed_is_the_same_game() -> None:
    one, other = play("zip", "bandit", 60, 3), play("zip", "bandit", 60, 3)
    assert one.price.tobytes() == other.price.tobytes()
    assert play("zip", "bandit", 60, 4).price.tobytes() != one.price.tobytes()
