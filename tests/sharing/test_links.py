"""Keys with few links are the best of all supports, and their bound is above every one."""

from __future__ import annotations

from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.core.errors import ProblemError
from evenwatt.data.group import group
from evenwatt.sharing.certificate.key_prices import Market
from evenwatt.sharing.keys import certified
from evenwatt.sharing.links import limited


def random_group(seed: int, producers: int = 3, consumers: int = 4):
    rng = np.random.default_rng(seed)
    steps = rng.integers(2, 8)
    supply = 10 * rng.integers(0, 20, (steps, producers)) * (rng.random((steps, producers)) < 0.7)
    demand = 10 * rng.integers(0, 12, (steps, consumers)) * (rng.random((steps, consumers)) < 0.9)
    return supply, demand


def best_of_all(supply, demand, most: int) -> float:
    """Every choice of producers for every consumer, each solved."""
    producers, consumers = supply.shape[1], demand.shape[1]
    supports = list(combinations(range(producers), most))
    best = 0.0
    for choice in product(supports, repeat=consumers):
        links = np.zeros((producers, consumers), dtype=bool)
        for consumer, own in enumerate(choice):
            links[list(own), consumer] = True
        best = max(best, certified(supply, demand, links=links, tolerance=1e-6).shared)
    return best


@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), most=st.sampled_from([1, 2]))
def test_the_best_of_all_supports_is_found(seed, most):
    supply, demand = random_group(seed)
    found = limited(supply, demand, most, tolerance=1e-5)
    best = best_of_all(supply, demand, most)
    assert found.gap <= 1e-5
    assert found.shared == pytest.approx(best, rel=1.2e-5)
    assert found.bound >= best * (1 - 1e-7)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), most=st.integers(1, 3))
def test_links_and_keys_are_what_is_said(seed, most):
    supply, demand = random_group(seed)
    found = limited(supply, demand, most, tolerance=1e-2)
    assert (found.links.sum(axis=0) <= most).all()
    assert (found.weights[~found.links] == 0).all()
    assert (found.weights.sum(axis=1) <= 1 + 1e-12).all()
    assert found.shared == pytest.approx(np.minimum(demand, supply @ found.weights).sum(), rel=1e-12)
    assert found.shared <= found.bound


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), most=st.integers(1, 4))
def test_any_prices_bound_any_keys(seed, most):
    """Prices nobody chose: no keys with so few links share more than they say."""
    chance = np.random.default_rng(seed)
    supply, demand = random_group(seed, producers=4, consumers=3)
    market = Market(supply.T / 100.0, demand.T / 100.0, np.ones((3, 4), dtype=bool), most)
    price = chance.random(4) * chance.choice([0.0, 0.1, 1.0, 5.0], 4)
    offers = market.offers(price, 1e-6, lambda: False)
    assert offers is not None
    assert ((offers.weights > 0).sum(axis=1) <= most).all()
    given_up = market.shared(offers.weights) - offers.weights @ price
    assert offers.gain == pytest.approx(given_up, abs=1e-9)
    for _ in range(30):
        weights = chance.dirichlet(np.full(3, 0.5), 4).T
        weights[np.argsort(np.argsort(-weights, axis=1), axis=1) >= most] = 0.0
        assert market.shared(weights).sum() <= offers.total + 1e-9
        assert (market.shared(weights) - weights @ price <= offers.bound + 1e-9).all()


def test_more_links_never_share_less():
    month = group(5, 12, days=4, mixed=2)
    found = [limited(month.supply, month.demand, most, tolerance=2e-3) for most in (1, 2, 3, 5)]
    for fewer, more in pairwise(found):
        assert fewer.shared <= more.bound


def test_as_many_links_as_producers_are_no_limit():
    month = group(4, 10, days=3)
    free = certified(month.supply, month.demand, tolerance=1e-4)
    found = limited(month.supply, month.demand, 4, tolerance=1e-3)
    assert found.gap <= 1e-3
    assert found.shared <= free.bound
    assert found.bound >= free.shared


def test_given_links_are_kept():
    supply, demand = random_group(7, producers=4, consumers=5)
    links = np.random.default_rng(1).random((4, 5)) < 0.6
    found = limited(supply, demand, 2, links=links)
    assert found.shared > 0
    assert not (found.links & ~links).any()


@pytest.mark.slow
def test_three_of_ten_mixed_producers_are_certified_to_a_hundredth():
    month = group(10, 50, mixed=4)
    found = limited(month.supply, month.demand, 3, tolerance=1e-2)
    assert found.gap <= 1e-2
    assert (found.links.sum(axis=0) <= 3).all()


def test_interrupted_it_is_still_a_certificate():
    month = group(6, 15, days=3, mixed=3)
    seconds = iter(np.arange(0, 10, 1e-3).tolist())
    cut = limited(month.supply, month.demand, 1, tolerance=1e-6, time_limit=0.0, clock=lambda: next(seconds))
    longer = limited(month.supply, month.demand, 1, tolerance=5e-3)
    assert 0 < cut.shared <= longer.bound
    assert cut.bound >= longer.shared


def test_the_same_question_gets_the_same_bytes():
    month = group(5, 12, days=3, mixed=2)
    one, two = (limited(month.supply, month.demand, 2) for _ in range(2))
    assert one.weights.tobytes() == two.weights.tobytes()
    assert one.bound == two.bound


@pytest.mark.parametrize(
    ("supply", "demand", "best"),
    [
        (np.zeros((3, 2)), np.ones((3, 2)), 0),
        (np.ones((3, 2)), np.zeros((3, 2)), 0),
        ([[5, 7]], [[3, 4]], 7),
        ([[5, 7]], [[30, 40]], 12),
        ([[5]], [[3, 4]], 5),
        ([[5, 5]], [[8]], 5),
    ],
)
def test_degenerate_groups(supply, demand, best):
    found = limited(supply, demand, 1, tolerance=1e-6)
    assert found.shared == pytest.approx(best, rel=2e-6)
    assert found.bound == pytest.approx(best, rel=2e-6)


def test_a_limit_of_none_is_refused():
    with pytest.raises(ProblemError, match="most: 0; expected at least 1"):
        limited([[1]], [[1]], 0)
