"""The published models: what they promise, what the rule makes of it, and where they were wrong."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core.chance import stream
from evenwatt.core.errors import ProblemError
from evenwatt.sharing.bound import cover, exact_bound, rounds_bound
from evenwatt.sharing.compat import seed002_replay
from evenwatt.sharing.exhaustive import exhaustive, rows_of_keys
from evenwatt.sharing.relaxed import linear_flow, nonlinear_flow, static_weights

_spec = importlib.util.spec_from_file_location("reference", Path(__file__).with_name("reference.py"))
_reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_reference)
GRID, replay = _reference.GRID, _reference.replay

OPPOSITE = ([[4], [4]], [[1, 3], [3, 1]])  # two consumers with opposite days, the note's hand test
EXAMPLE_A = ([[12_000]], [[4_000, 5_000, 6_000]], [[5000, 3000, 2000]], [[1, 1, 1]])


def toy(seed, producers=2, consumers=3, steps=3):
    """Whole 10 Wh, supply near demand."""
    rng = stream(seed, "toy")
    return 10 * rng.integers(10, 200, (steps, producers)), 10 * rng.integers(5, 130, (steps, consumers))


def naive_best(supply, demand, rounds, quantum, steps):
    """One producer: every key by the slow replay."""
    rows = rows_of_keys(demand.shape[1], steps)
    ones = np.ones((1, demand.shape[1]), dtype=int)
    return max(int(replay(supply, demand, row[None, :], ones, rounds, quantum)[0].sum()) for row in rows)


def test_there_are_286_keys_of_a_tenth_for_three_consumers():
    rows = rows_of_keys(3, 10)
    assert len(rows) == len(np.unique(rows, axis=0)) == 286
    assert rows.sum(axis=1).max() == GRID


@pytest.mark.parametrize("rounds", [1, 3])
def test_exhaustive_is_the_best_of_slow_replays(rounds):
    supply, demand = toy(rounds, producers=1)
    found = exhaustive(supply, demand, rounds=rounds, steps=5)
    assert found.shared == naive_best(supply, demand, rounds, 10, 5)


def test_exhaustive_keys_share_what_it_says():
    supply, demand = toy(5)
    found = exhaustive(supply, demand, rounds=3, steps=4)
    assert found.shared == replay(supply, demand, found.keys, found.priority, 3, 10)[0].sum()
    assert found.tried == 35**2 * 2**3


def test_priorities_matter_to_exhaustive():
    """From two producers to one consumer: whom it draws from first decides what is left for the other."""
    supply, demand = toy(9, consumers=2)
    found = exhaustive(supply, demand, rounds=2, steps=5)
    other = found.priority[::-1]
    assert replay(supply, demand, found.keys, other, 2, 10)[0].sum() <= found.shared


def test_too_much_for_exhaustive_is_refused():
    with pytest.raises(ProblemError, match="take fewer steps"):
        exhaustive(np.ones((1, 4), int), np.ones((1, 6), int))


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_rule_below_model_below_bound(rounds):
    """Keys of the grid under the rule, the model that may hold back, and the bound over all keys."""
    supply, demand = toy(20 + rounds)
    rule = exhaustive(supply, demand, rounds=rounds, quantum=1, steps=4).shared
    model = nonlinear_flow(supply, demand, rounds, steps=4)
    bound = rounds_bound(supply, demand, rounds).bound
    assert 0 < rule <= model.value * (1 + 1e-9)
    assert model.value <= bound * (1 + 1e-9)


def test_for_every_key_the_cover_is_above_the_model():
    supply, demand = toy(3)
    found = nonlinear_flow(supply, demand, 3, steps=4)
    assert found.value <= cover(supply, demand, found.weights, 3).sum() * (1 + 1e-9)


def test_the_models_promise_what_the_rule_cannot_keep():
    """Held back to the second round, the smaller demand is served too: 8; the rule shares 7 with these keys."""
    supply, demand = OPPOSITE
    assert nonlinear_flow(supply, demand, 2).value == pytest.approx(8)
    assert linear_flow(supply, demand, 2).value == pytest.approx(8)
    kilo = 1000 * np.array(supply), 1000 * np.array(demand)
    assert replay(*kilo, np.array([[5000, 5000]]), np.ones((1, 2)), 2, 1)[0].sum() == 7000


def test_what_the_models_promise_can_pass_what_the_rule_can_do():
    """The bound of the rule without rounding counts that it holds nothing back; the models' value lies above it."""
    supply, demand = OPPOSITE
    best = (
        exhaustive(*(1000 * np.array(part) for part in OPPOSITE), rounds=2, quantum=1, steps=50).shared / 1000
    )
    assert best <= exact_bound(supply, demand, 2).bound < linear_flow(supply, demand, 2).value


@pytest.mark.parametrize("rounds", [2, 3])
def test_linear_flow_lies_between_the_grid_and_its_bound(rounds):
    supply, demand = toy(30 + rounds, steps=2)
    found = linear_flow(supply, demand, rounds)
    assert nonlinear_flow(supply, demand, rounds, steps=4).value <= found.bound * (1 + 1e-9)
    assert found.value <= found.bound
    assert found.value >= linear_flow(supply, demand, 1).value * (1 - 1e-9)


def test_linear_flow_of_one_round_is_exact():
    supply, demand = toy(4, producers=3, consumers=4, steps=8)
    found = linear_flow(supply, demand, 1)
    assert found.gap == 0
    assert np.minimum(demand, supply @ found.weights).sum() == pytest.approx(found.value)
    assert found.value <= rounds_bound(supply, demand, 1).bound <= found.value * 1.002


def test_static_weights_are_whole_percent_on_few_links():
    supply, demand = toy(6, producers=4, consumers=3, steps=6)
    found = static_weights(supply, demand, max_links=2, gap=1e-4)
    assert (found.weights * 100 == np.round(found.weights * 100)).all()
    assert ((found.weights > 0).sum(axis=0) <= 2).all()
    assert (found.weights.sum(axis=1) <= 1 + 1e-12).all()
    assert np.minimum(demand, supply @ found.weights).sum() == pytest.approx(found.value)
    assert 0 < found.value <= found.bound
    assert found.gap <= 1.1e-4


def test_static_weights_lose_little_to_the_linear_programme():
    supply, demand = toy(7, producers=2, consumers=3, steps=6)
    free = linear_flow(supply, demand, 1).value
    whole = static_weights(supply, demand, gap=1e-6)
    assert free * 0.99 <= whole.value <= free * (1 + 1e-9)


@pytest.mark.parametrize("rounds", [1, 2, 5, 50])
def test_the_old_simulator_stops_after_one_round(rounds):
    """4.0/3.6/2.4 kWh at any number of rounds; the rule comes to 4.00/4.72/3.15 with five."""
    assert seed002_replay(*EXAMPLE_A, rounds=rounds).tolist() == [[4000, 3600, 2400]]


def test_the_rule_goes_on_where_the_old_simulator_stops():
    arrays = [np.array(part) for part in EXAMPLE_A]
    assert replay(*arrays, 5, 10)[0].sum(axis=1).tolist() == [[4000, 4720, 3150]]


def test_the_old_simulator_is_the_rule_of_one_round_but_for_its_floor():
    rng = stream(8, "old simulator")
    supply, demand = toy(8, producers=3, consumers=4, steps=10)
    keys = np.floor(rng.dirichlet(np.ones(4), 3) * GRID).astype(np.int64)
    priority = rng.integers(0, 4, (3, 4))
    scaled = replay(supply * 100, demand * 100, keys, priority, 1, 1)[0].sum(axis=1) / 100
    found = seed002_replay(supply, demand, keys, priority, rounds=1)
    assert found.sum() > 0
    assert found == pytest.approx(scaled, abs=1e-6)


@pytest.mark.parametrize(("supply", "demand"), [([[0]], [[5]]), ([[5]], [[0]]), (np.zeros((0, 1), int),) * 2])
def test_nothing_to_share_is_worth_nothing(supply, demand):
    assert static_weights(supply, demand).value == 0
    assert linear_flow(supply, demand, 3).bound == 0
    assert nonlinear_flow(supply, demand, 3).value == 0
    assert exhaustive(supply, demand, steps=2).shared == 0


def test_sizes_beyond_the_models_are_refused():
    with pytest.raises(ProblemError, match=r"sharing\.optimise takes them"):
        linear_flow(np.ones((500, 5), int), np.ones((500, 20), int), 1)
    with pytest.raises(ProblemError, match="keys; expected at most"):
        nonlinear_flow(np.ones((1, 4), int), np.ones((1, 5), int), 2)
