"""Optimised keys: legal, replayed, bounded, and no worse than what anybody would try by hand."""

import itertools

import numpy as np
import pytest

from evenwatt import sharing
from evenwatt.core.errors import ProblemError
from evenwatt.data.group import group

SMALL = group(4, 9, seed=3, days=4)


def legal(best, links, most):
    assert (best.keys.sum(axis=1) <= 10_000).all()
    assert ((best.priority > 0).sum(axis=0) <= most).all()
    assert (best.keys[~links] == 0).all()
    assert ((best.keys > 0) <= (best.priority > 0)).all()


@pytest.mark.parametrize(
    ("method", "rounds", "quantum", "most"),
    [
        ("exact", 1, 1, None),
        ("exact", 1, 10, 5),
        ("exact", 1, 10, 2),
        ("hill-climbing", 1, 10, 2),
        ("hill-climbing", 5, 10, 3),
        ("annealing", 3, 10, 5),
        ("genetic", 5, 1, 2),
        ("annealing", None, 10, 2),
    ],
)
def test_what_is_found_is_legal_replayed_and_bounded(method, rounds, quantum, most):
    links = np.random.default_rng(0).random((4, 9)) < 0.8
    best = sharing.optimise(
        SMALL.supply, SMALL.demand, rounds=rounds, quantum=quantum, links=links, max_links=most, method=method,
        max_evaluations=300,
    )  # fmt: skip
    legal(best, links, most or 4)
    again = sharing.allocate(
        SMALL.supply, SMALL.demand, best.keys, best.priority, rounds=rounds, quantum=quantum, max_links=most
    )
    assert best.shared == again.shared.sum() > 0
    assert best.bound >= best.shared
    assert best.gap == pytest.approx((best.bound - best.shared) / best.bound)
    assert best.bound <= sharing.best_flows(SMALL.supply, SMALL.demand, links=links).sum() + 1e-6


def test_unpacks_as_its_six_answers():
    keys, priority, shared, bound, gap, history = sharing.optimise(
        SMALL.supply, SMALL.demand, rounds=1, max_evaluations=0
    )
    assert keys.shape == priority.shape == (4, 9)
    assert gap == (bound - shared) / bound
    assert [step.seconds for step in history] == sorted(step.seconds for step in history)
    assert history[-1].shared == shared


def test_what_is_left_stands_beside_the_least_that_can_be_left():
    best = sharing.optimise(SMALL.supply, SMALL.demand, rounds=1, max_evaluations=0)
    left = sharing.allocate(SMALL.supply, SMALL.demand, best.keys, best.priority, rounds=1)
    assert best.unallocated == left.unused.sum() + left.unmet.sum()
    assert best.unallocated >= best.least_unallocated > 0
    assert all(word in str(best) for word in ("shared", "bound", "gap", " s,"))


def test_one_round_is_proved_to_a_thousandth_before_the_floor():
    held = group(5, 20, seed=2, days=10)
    best = sharing.optimise(held.supply, held.demand, rounds=1, quantum=1, max_links=None)
    assert 0 <= best.bound - best.unrounded <= 1e-3 * best.bound
    assert abs(best.rounding_loss) <= 1e-4


def test_a_thousandfold_finer_meter_leaves_nothing_to_the_floor():
    held = group(3, 8, seed=5, days=5)
    best = sharing.optimise(held.supply * 1_000, held.demand * 1_000, rounds=1, quantum=1, max_links=None)
    assert best.gap <= 1e-3


@pytest.mark.parametrize("method", ["hill-climbing", "annealing", "genetic"])
@pytest.mark.parametrize("rounds", [1, 2])
def test_a_search_reaches_what_every_key_on_a_coarse_grid_reaches(method, rounds):
    rng = np.random.default_rng(7)
    supply, demand = rng.integers(0, 300, (6, 2)) * 10, rng.integers(0, 200, (6, 3)) * 10
    month = sharing.Replay(supply, demand, rounds=rounds)
    rows = [row for row in itertools.product(range(0, 10_001, 2_000), repeat=3) if sum(row) == 10_000]
    orders = list(itertools.product([(2, 1), (1, 2)], repeat=3))
    everything = (
        month.total([one, two], np.array(order).T) for one in rows for two in rows for order in orders
    )
    best = sharing.optimise(supply, demand, rounds=rounds, method=method, max_evaluations=20_000)
    assert best.shared >= max(everything)


def test_the_optimum_is_no_worse_than_demand_or_today():
    current = sharing.on_grid(np.full((4, 9), 1 / 9))
    best = sharing.optimise(
        SMALL.supply,
        SMALL.demand,
        rounds=5,
        max_links=None,
        method="hill-climbing",
        current=current,
        max_evaluations=200,
    )
    month = sharing.Replay(SMALL.supply, SMALL.demand, rounds=5)
    today = month.total(current, np.ones((4, 9), dtype=int))
    assert best.shared >= today


def test_a_strong_pull_keeps_todays_keys():
    current = sharing.on_grid(np.full((4, 9), 1 / 9))
    options = {
        "rounds": 5,
        "max_links": None,
        "current": current,
        "max_evaluations": 2_000,
        "method": "hill-climbing",
    }
    kept = sharing.optimise(SMALL.supply, SMALL.demand, pull=100.0, **options)
    free = sharing.optimise(SMALL.supply, SMALL.demand, **options)
    assert (kept.keys == current).all()
    assert np.abs(free.keys - current).sum() > 0
    assert free.shared >= kept.shared


def test_the_same_seed_finds_the_same_keys():
    runs = [
        sharing.optimise(SMALL.supply, SMALL.demand, rounds=5, method="annealing", rng=4, max_evaluations=500)
        for _ in range(2)
    ]
    assert (runs[0].keys == runs[1].keys).all()
    assert (runs[0].priority == runs[1].priority).all()


def test_money_is_chosen_for_where_prices_differ():
    gains = np.array([[100.0] * 9, [10.0] * 9, [10.0] * 9, [10.0] * 9])
    best = sharing.optimise(
        SMALL.supply, SMALL.demand, rounds=1, quantum=1, max_links=None, objective=sharing.Money(gains)
    )
    flows = sharing.allocate(
        SMALL.supply, SMALL.demand, best.keys, best.priority, rounds=1, quantum=1, max_links=None
    ).flows.pairs()
    assert best.value == pytest.approx((flows * gains).sum() / 1e6)
    assert best.value <= best.value_bound * (1 + 1e-9)
    assert best.value >= 0.98 * best.value_bound


def test_coverage_lifts_the_worst_off():
    options = {"rounds": 1, "quantum": 1, "max_links": None}

    def least(best):
        found = sharing.allocate(SMALL.supply, SMALL.demand, best.keys, best.priority, **options)
        return (found.shared.sum(axis=0) / SMALL.demand.sum(axis=0)).min()

    efficient = sharing.optimise(SMALL.supply, SMALL.demand, **options)
    fair = sharing.optimise(SMALL.supply, SMALL.demand, objective=sharing.Coverage(np.inf), **options)
    assert least(fair) > least(efficient)
    assert fair.shared <= efficient.bound


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"method": "exact", "rounds": 5},
            "'exact' proves one round only; with 5 rounds use hill-climbing, annealing",
        ),
        ({"method": "exact", "rounds": None}, "with rounds=None use"),
        ({"method": "luck"}, "there are exact, hill-climbing"),
        ({"rounds": 0}, "rounds: 0"),
        ({"quantum": 0}, "quantum: 0"),
        ({"max_links": 0}, "max_links: 0"),
        ({"pull": 1.0}, "`current`"),
        ({"links": np.ones((2, 2), dtype=bool)}, "links: expected booleans"),
        ({"objective": "beauty"}, "expected 'shared', Money"),
        (
            {"objective": sharing.Coverage(1.0), "method": "annealing"},
            "coverage is chosen for by method='exact'",
        ),
    ],
)
def test_what_cannot_be_asked_is_named(change, words):
    with pytest.raises(ProblemError, match=words):
        sharing.optimise(SMALL.supply, SMALL.demand, **{"rounds": 1, **change})


@pytest.mark.parametrize("shape", [(5, 2, 3), (5, 1, 1), (1, 3, 2)])
@pytest.mark.parametrize(("method", "rounds"), [("exact", 1), ("annealing", 5)])
def test_nothing_to_share_is_an_ordinary_answer(shape, method, rounds):
    steps, producers, consumers = shape
    best = sharing.optimise(
        np.zeros((steps, producers), dtype=int), np.ones((steps, consumers), dtype=int), rounds=rounds, method=method,
        max_evaluations=10,
    )  # fmt: skip
    assert best.shared == 0
    assert best.gap == 0


@pytest.mark.parametrize("shape", [(5, 0, 3), (5, 2, 0), (0, 2, 3), (0, 0, 0)])
@pytest.mark.parametrize(("method", "rounds"), [("exact", 1), ("genetic", 5), ("hill-climbing", None)])
def test_nobody_and_no_intervals_are_ordinary(shape, method, rounds):
    steps, producers, consumers = shape
    best = sharing.optimise(
        np.zeros((steps, producers), dtype=int), np.zeros((steps, consumers), dtype=int), rounds=rounds, method=method,
        max_evaluations=5,
    )  # fmt: skip
    assert best.keys.shape == (producers, consumers)
    assert best.shared == best.gap == 0


def test_nobody_may_share_with_anybody():
    best = sharing.optimise(SMALL.supply, SMALL.demand, rounds=1, links=np.zeros((4, 9), dtype=bool))
    assert best.shared == best.bound == 0


def test_a_time_limit_ends_with_a_valid_answer():
    held = group(6, 30, seed=1, days=31)
    seconds = iter(np.arange(0.0, 1e6, 0.25))
    best = sharing.optimise(
        held.supply,
        held.demand,
        rounds=5,
        method="annealing",
        time_limit=2.0,
        clock=lambda: float(next(seconds)),
    )
    assert 0 < best.shared <= best.bound
