"""Rounding to the grid keeps sums and links, and loses next to nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.core.errors import ProblemError
from evenwatt.data.group import group
from evenwatt.sharing.grid import loss, rounded
from evenwatt.sharing.keys import certified


def random_weights(seed: int):
    rng = np.random.default_rng(seed)
    producers, consumers = rng.integers(1, 6), rng.integers(1, 9)
    return rng.dirichlet(np.full(consumers, 0.4), producers) * rng.choice([0.0, 0.3, 1.0], (producers, 1))


@given(seed=st.integers(0, 10**6), grid=st.sampled_from([1, 10, 100, 10_000]))
def test_sums_are_kept_and_no_key_moves_by_a_unit(seed, grid):
    weights = random_weights(seed)
    keys = rounded(weights, grid=grid)
    assert (keys.sum(axis=1) == np.floor(weights.sum(axis=1) * grid + 1e-6)).all()
    assert (np.abs(keys - weights * grid) < 1 + 1e-6).all()
    assert (keys[weights == 0] == 0).all()


@given(seed=st.integers(0, 10**6))
def test_keys_on_the_grid_stay(seed):
    keys = rounded(random_weights(seed))
    assert (rounded(keys / 10_000) == keys).all()


def test_a_pair_without_a_link_gets_no_key():
    keys = rounded([[0.5, 0.5]], links=[[True, False]])
    assert keys.tolist() == [[5000, 0]]


def test_ties_go_to_whoever_is_named_first():
    assert rounded([[0.25] * 4], grid=10).tolist() == [[3, 3, 2, 2]]


@pytest.mark.parametrize(
    ("grid", "least", "most"), [(100, 1e-4, 1e-2), (1000, 0, 1e-4), (10_000, -1e-6, 1e-6)]
)
def test_largest_remainders_lose_next_to_nothing(grid, least, most):
    """The finer the grid the less; whole percents already lose less than one in a hundred."""
    month = group(10, 50)
    weights = certified(month.supply, month.demand).weights
    assert least <= loss(month.supply, month.demand, weights, rounded(weights, grid=grid), grid=grid) <= most


def test_floors_alone_lose_a_hundred_times_more():
    month = group(10, 50)
    weights = certified(month.supply, month.demand).weights
    floors = np.floor(weights * 1000).astype(int)
    lost = [
        loss(month.supply, month.demand, weights, keys, grid=1000)
        for keys in (floors, rounded(weights, grid=1000))
    ]
    assert lost[0] > 100 * lost[1] > 0


def test_faults_are_named():
    with pytest.raises(ProblemError, match=r"(?s)\[0, 1\]: -0.1.*producer 1: weights sum to 1.2"):
        rounded([[0.5, -0.1], [0.6, 0.6]])
    with pytest.raises(ProblemError, match="grid: 0"):
        rounded([[0.5]], grid=0)


def test_nothing_loses_nothing():
    assert loss([[0]], [[3]], [[1.0]], [[10_000]]) == 0.0
