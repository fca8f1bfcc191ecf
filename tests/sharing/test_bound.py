"""The bound is never below anything the rule can do, and says so whatever stops it."""

from __future__ import annotations

import importlib.util
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core.chance import stream
from evenwatt.core.errors import ProblemError
from evenwatt.sharing.bound import cover, cover_exact, exact_bound, rounds_bound

_spec = importlib.util.spec_from_file_location("reference", Path(__file__).with_name("reference.py"))
_reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_reference)
GRID, replay = _reference.GRID, _reference.replay

A_SUPPLY, A_DEMAND, A_KEYS = [[12_000]], [[4_000, 5_000, 6_000]], [[0.5, 0.3, 0.2]]
B_SUPPLY, B_DEMAND = [[1_000, 1_500]], [[500, 1_400, 900]]
B_KEYS = [[0.6, 0.4, 0.0], [0.25, 0.25, 0.5]]


def random_interval(rng, producers, consumers):
    """One interval of whole 10 Wh, keys on the grid and priorities; some pairs without a key."""
    supply = 10 * rng.integers(0, 500, (1, producers))
    demand = 10 * rng.integers(0, 1000 * producers // consumers + 2, (1, consumers))
    raw = rng.exponential(1, (producers, consumers)) * (rng.random((producers, consumers)) < 0.7)
    part = raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-9) * rng.choice([1.0, 1.0, 0.7])
    keys = np.floor(part * GRID).astype(np.int64)
    return (
        supply,
        demand,
        keys,
        rng.permuted(np.tile(np.arange(1, producers + 1)[:, None], consumers), axis=0),
    )


def least_over_all_sets(supply, demand, weights, rounds):
    """The bound of one interval by trying every set of consumers."""
    sets = np.array(list(product([False, True], repeat=demand.size)))
    drawn = 1 - (1 - sets @ weights.T) ** rounds
    return float(((~sets) @ demand + drawn @ supply).min())


@pytest.mark.parametrize(("rounds", "expected"), [(1, 10_000), (5, 12_000)])
def test_one_producer_as_printed(rounds, expected):
    """Example A of the note: with one round the bound is what is shared, the last two consumers being unmet."""
    assert cover(A_SUPPLY, A_DEMAND, A_KEYS, rounds) == pytest.approx([expected])


@pytest.mark.parametrize(
    ("rounds", "expected"), [(1, 2_025), (2, 2_500), (3, 2_500), (5, 2_500), (None, 2_500)]
)
def test_two_producers_as_printed(rounds, expected):
    assert cover(B_SUPPLY, B_DEMAND, B_KEYS, rounds) == pytest.approx([expected])


@pytest.mark.parametrize("quantum", [1, 10])
@pytest.mark.parametrize("rounds", [1, 2, 3, 5, 6])
def test_the_bound_is_never_below_a_replay(rounds, quantum):
    rng = stream(rounds, f"bound against replay, {quantum}")
    shared = 0
    for _ in range(250):
        supply, demand, keys, priority = random_interval(
            rng, int(rng.integers(1, 6)), int(rng.integers(1, 8))
        )
        flows = replay(supply, demand, keys, priority, rounds, quantum)[0]
        bound = cover(supply, demand, keys / GRID, rounds)[0]
        assert bound >= flows.sum() - 1e-9 * (1 + supply.sum() + demand.sum())
        shared += flows.sum()
    assert shared > 0


def test_endless_rounds_are_below_the_flow_on_links_with_a_key():
    rng = stream(0, "endless rounds")
    for _ in range(100):
        supply, demand, keys, priority = random_interval(rng, 3, 5)
        flows = replay(supply, demand, keys, priority, None, 1)[0]
        assert cover(supply, demand, keys / GRID, None)[0] >= flows.sum()


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_with_one_producer_no_set_gives_less(rounds):
    rng = stream(rounds, "one producer, all sets")
    for _ in range(200):
        supply, demand, keys, _ = random_interval(rng, 1, int(rng.integers(1, 9)))
        least = least_over_all_sets(supply[0], demand[0], keys / GRID, rounds)
        assert cover(supply, demand, keys / GRID, rounds)[0] == pytest.approx(least, abs=1e-6)


@pytest.mark.parametrize("rounds", [2, 5])
def test_with_several_producers_hardly_a_set_gives_less(rounds):
    """The search over sets may miss the least, though seldom: else the bound would be needlessly weak."""
    rng = stream(rounds, "several producers, all sets")
    missed = 0
    for _ in range(300):
        supply, demand, keys, _ = random_interval(rng, 3, 7)
        least = least_over_all_sets(supply[0], demand[0], keys / GRID, rounds)
        found = cover(supply, demand, keys / GRID, rounds)[0]
        assert found >= least - 1e-6
        missed += found > least + 1e-6
    assert missed <= 6


def test_one_round_is_bounded_by_what_it_shares():
    """With one round and no rounding the bound is the share itself, for any number of producers."""
    rng = stream(1, "one round")
    for _ in range(100):
        supply, demand, keys, _ = random_interval(rng, 3, 6)
        shared = np.minimum(demand[0], supply[0] @ (keys / GRID)).sum()
        assert cover(supply, demand, keys / GRID, 1)[0] == pytest.approx(shared, abs=1e-6)


@pytest.mark.parametrize("rounds", [1, 2, 3, 5, 7])
def test_without_rounding_the_exact_cover_is_never_below_a_replay(rounds):
    """Energies in millionths of a Wh, so that rounding down to one of them is next to no rounding."""
    rng, fine = stream(rounds, "exact cover against replay"), 10**6
    tighter = 0
    for _ in range(250):
        supply, demand, keys, priority = random_interval(
            rng, int(rng.integers(1, 6)), int(rng.integers(1, 8))
        )
        shared = replay(supply * fine, demand * fine, keys, priority, rounds, 1)[0].sum() / fine
        exact, any_rounding = (
            found(supply, demand, keys / GRID, rounds)[0] for found in (cover_exact, cover)
        )
        assert shared - 1e-3 <= exact <= any_rounding + 1e-6
        tighter += exact < any_rounding - 1
    assert rounds == 1 or tighter > 10


def small_group(seed, producers=2, consumers=5, steps=24):
    """A day of hours: suns of different noons, loads of different mornings and evenings."""
    rng = stream(seed, "small group")
    hour = np.arange(steps)[:, None] % 24
    supply = (
        3000 * np.exp(-(((hour - rng.uniform(8, 17, producers)) / 3) ** 2)) * rng.uniform(0.3, 1.5, producers)
    )
    demand = 2500 * np.exp(-(((hour - rng.uniform(5, 21, consumers)) / 4) ** 2)) + rng.uniform(
        0, 200, consumers
    )
    return (10 * np.round(supply / 10)).astype(int), (10 * np.round(demand / 10)).astype(int)


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_no_keys_tried_pass_the_bound_over_all_keys(rounds):
    supply, demand = small_group(rounds)
    found = rounds_bound(supply, demand, rounds)
    rng = stream(rounds, "keys tried")
    best = 0
    for _ in range(60):
        keys = np.floor(rng.dirichlet(rng.uniform(0.1, 3, 5), 2) * GRID).astype(np.int64)
        best = max(best, int(replay(supply, demand, keys, rng.integers(1, 3, (2, 5)), rounds, 1)[0].sum()))
    assert 0 < best <= found.bound


@pytest.mark.parametrize(("bounded", "covered"), [(rounds_bound, cover), (exact_bound, cover_exact)])
@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_the_bound_is_the_highest_point_of_the_cover(bounded, covered, rounds):
    supply, demand = small_group(7, producers=3)
    found = bounded(supply, demand, rounds, tolerance=1e-4)
    highest = covered(supply, demand, found.weights, rounds).sum()
    assert highest <= found.bound * (1 + 1e-12)
    assert found.bound <= highest * (1 + 2e-4)


@pytest.mark.parametrize("rounds", [2, 3])
def test_without_rounding_the_bound_is_lower(rounds):
    supply, demand = small_group(2)
    exact, any_rounding = (bounded(supply, demand, rounds).bound for bounded in (exact_bound, rounds_bound))
    assert exact < any_rounding * 0.999


def test_with_one_round_rounding_makes_no_difference_to_the_bound():
    supply, demand = small_group(5)
    assert exact_bound(supply, demand, 1).bound == rounds_bound(supply, demand, 1).bound


def test_with_one_round_the_bound_is_the_optimum_of_the_linear_programme():
    from scipy.optimize import linprog

    supply, demand = small_group(3, producers=2, consumers=4)
    (steps, producers), consumers = supply.shape, demand.shape[1]
    keys = producers * consumers
    columns = keys + steps * consumers
    rows, right = [], []
    for i in range(producers):
        row = np.zeros(columns)
        row[i * consumers : (i + 1) * consumers] = 1
        rows.append(row)
        right.append(1)
    for t, j in product(range(steps), range(consumers)):
        row = np.zeros(columns)
        row[keys + t * consumers + j] = 1
        row[j:keys:consumers] = -supply[t]
        rows.append(row)
        right.append(0)
    upper = np.concatenate([np.ones(keys), demand.ravel()])
    cost = np.concatenate([np.zeros(keys), -np.ones(steps * consumers)])
    optimum = -linprog(cost, A_ub=np.array(rows), b_ub=right, bounds=np.stack([0 * upper, upper], 1)).fun
    found = rounds_bound(supply, demand, 1, tolerance=1e-5)
    assert optimum - 1e-6 <= found.bound <= optimum * (1 + 2e-5)


def test_more_rounds_never_lower_the_bound():
    supply, demand = small_group(5)
    bounds = [rounds_bound(supply, demand, rounds, tolerance=1e-4).bound for rounds in (1, 2, 4, 8, None)]
    for fewer, more in pairwise(bounds):
        assert more >= fewer * (1 - 1e-4)
    assert bounds[-1] > bounds[0]


def test_links_left_out_lower_the_bound_to_the_flow_on_the_rest():
    supply, demand = [[30, 30]], [[20, 40]]
    links = np.array([[True, False], [True, False]])
    assert rounds_bound(supply, demand, 5).bound == 60
    assert rounds_bound(supply, demand, 5, links=links).bound == 20


def test_keys_found_respect_links_and_budgets():
    supply, demand = small_group(2, producers=3)
    links = stream(2, "links").random((3, 5)) < 0.5
    weights = rounds_bound(supply, demand, 2, links=links).weights
    assert weights.max() > 0
    assert not weights[~links].any()
    assert (weights.sum(axis=1) <= 1 + 1e-12).all()


def test_steps_close_in_and_replays_stay_below():
    supply, demand = small_group(4)
    found = rounds_bound(supply, demand, 2)
    bounds, shared = [step.bound for step in found.steps], [step.shared for step in found.steps]
    assert bounds == sorted(bounds, reverse=True)
    assert shared == sorted(shared)
    assert 0 < shared[-1] <= found.bound


def test_a_limit_on_seconds_stops_it_with_a_valid_bound():
    supply, demand = small_group(4)
    ticks = iter(range(1000))
    early = rounds_bound(supply, demand, 2, tolerance=1e-6, time_limit=3, clock=lambda: float(next(ticks)))
    late = rounds_bound(supply, demand, 2, tolerance=1e-4)
    assert len(early.steps) < len(late.steps)
    assert early.bound >= late.bound * (1 - 1e-4)


def test_the_same_call_gives_the_same_bytes():
    supply, demand = small_group(6)
    first, second = (rounds_bound(supply, demand, 3) for _ in range(2))
    assert first.bound == second.bound
    assert first.weights.tobytes() == second.weights.tobytes()


def test_progress_is_told():
    told = []
    supply, demand = small_group(6)
    found = rounds_bound(supply, demand, 3, progress=lambda *seen: told.append(seen))
    assert [done for done, _, _ in told] == list(range(1, len(found.steps) + 1))


@pytest.mark.parametrize(
    ("supply", "demand"),
    [
        ([[0]], [[5]]),
        ([[5]], [[0]]),
        (np.zeros((0, 2), int), np.zeros((0, 3), int)),
        (np.zeros((4, 0), int), np.ones((4, 3), int)),
        (np.ones((4, 2), int), np.zeros((4, 0), int)),
    ],
)
def test_where_nothing_can_be_shared_the_bound_is_zero(supply, demand):
    assert rounds_bound(supply, demand, 5).bound == 0
    weights = np.zeros((np.shape(supply)[1], np.shape(demand)[1]))
    assert not cover(supply, demand, weights, 5).any()


def test_one_pair_shares_the_smaller_number():
    assert rounds_bound([[30], [10]], [[20], [20]], 1).bound == pytest.approx(30)


def test_faults_are_named_together():
    with pytest.raises(ProblemError, match=r"producer 0: keys sum to 1\.2.*\n.*producer 1: keys sum to 1\.5"):
        cover([[1, 1]], [[1, 1]], [[0.6, 0.6], [1.0, 0.5]], 1)


@pytest.mark.parametrize("rounds", [0, -1, 1.5, True])
def test_rounds_that_are_none_are_refused(rounds):
    with pytest.raises(ProblemError, match="expected a whole number from 1"):
        cover([[1]], [[1]], [[1.0]], rounds)


def test_a_negative_key_and_a_wrong_shape_are_named():
    with pytest.raises(ProblemError, match=r"\[0, 1\]: -0\.1"):
        cover([[1]], [[1, 1]], [[0.5, -0.1]], 1)
    with pytest.raises(ProblemError, match=r"expected \(1, 2\)"):
        cover([[1]], [[1, 1]], [[0.5]], 1)
