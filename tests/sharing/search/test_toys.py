"""Against every choice there is: keys on a grid of tenths, all priorities."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from evenwatt.sharing import search

TENTHS = np.array([k for k in product(range(11), repeat=3) if sum(k) <= 10]) * 1000  # 286 rows of keys


def best_of_all(supply, demand, rounds, quantum):
    """The most that two producers share with three consumers, all keys in tenths and all priorities tried."""
    one = np.repeat(TENTHS, len(TENTHS), axis=0)
    two = np.tile(TENTHS, (len(TENTHS), 1))
    keys = np.stack([one, two])  # (2, 81796, 3)
    best = 0
    for first in product((0, 1), repeat=3):
        total = np.zeros(len(one), dtype=np.int64)
        for s, d in zip(supply, demand, strict=True):
            left = [np.full(len(one), v) for v in s]
            want = [np.full(len(one), v) for v in d]
            for _ in range(rounds):
                given = [0, 0]
                for j in range(3):
                    for i in (first[j], 1 - first[j]):
                        part = np.minimum(want[j], keys[i, :, j] * left[i] // 10_000) // quantum * quantum
                        want[j] = want[j] - part
                        given[i] = given[i] + part
                left = [have - gave for have, gave in zip(left, given, strict=True)]
            total += sum(s) - left[0] - left[1]
        best = max(best, int(total.max()))
    return best


@pytest.mark.parametrize("method", search.METHODS)
@pytest.mark.parametrize(("seed", "rounds"), [(1, 1), (2, 2), (3, 3), (4, 2), (5, 3)])
def test_each_search_is_at_least_as_good_as_every_choice_on_a_coarser_grid(method, seed, rounds) -> None:
    rng = np.random.default_rng(seed)
    supply = rng.integers(20, 400, (4, 2)) * 10
    demand = rng.integers(0, 250, (4, 3)) * 10
    best = best_of_all(supply, demand, rounds, 10)
    start = search.equal(supply, demand)
    found = search.run(method, supply, demand, start, rounds=rounds, quantum=10, max_evaluations=40_000)
    assert found.steps[0].shared < best, "the start must not be the answer already"
    assert found.shared >= best


def test_the_choice_of_all_is_what_the_hand_finds() -> None:
    # Two intervals of 400 Wh, two consumers that want 100 and 300 in turn: 600 Wh with keys fixed at halves.
    supply, demand = np.array([[400, 0], [400, 0]]), np.array([[100, 300, 0], [300, 100, 0]])
    assert best_of_all(supply, demand, 1, 10) == 600
    assert best_of_all(supply, demand, 2, 10) == 700
