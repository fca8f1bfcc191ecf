"""Searches keep their promises: same seed, same end; limits to the move; they go on as if never stopped."""

import re

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.sharing import allocate, search

RNG = np.random.default_rng(3)
SUPPLY = RNG.integers(0, 900, (40, 4)) * 10
DEMAND = RNG.integers(0, 300, (40, 9)) * 10
START = search.proportional(SUPPLY, DEMAND, max_links=3)

methods = pytest.mark.parametrize("method", search.METHODS)


def run(method, **options):
    """One search of the group above."""
    given = {"rounds": 3, "quantum": 10, "max_links": 3, "max_evaluations": 1500, "rng": 5} | options
    supply, demand, start = (
        given.pop(k, v) for k, v in (("supply", SUPPLY), ("demand", DEMAND), ("start", START))
    )
    return search.run(method, supply, demand, start, **given)


@methods
def test_the_rule_shares_what_a_search_says(method) -> None:
    found = run(method)
    shared = allocate(SUPPLY, DEMAND, found.keys, found.priority, rounds=3, quantum=10, max_links=3).shared
    assert shared.sum() == found.shared == found.worth
    assert found.shared > found.steps[0].shared


@methods
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(method) -> None:
    one, two, other = run(method), run(method), run(method, rng=6)
    assert one.state.to_bytes() == two.state.to_bytes()
    assert one.keys.tobytes() == two.keys.tobytes()
    assert one.state.to_bytes() != other.state.to_bytes()


@methods
@pytest.mark.parametrize("count", [0, 1, 17, 1000])
def test_it_stops_at_the_last_move_allowed(method, count) -> None:
    found = run(method, max_evaluations=count)
    assert found.evaluations == found.state.tried == count


@methods
@pytest.mark.parametrize("pause", [1, 250, 1111])
def test_an_interrupted_search_ends_where_an_uninterrupted_one_does(method, pause, monkeypatch) -> None:
    whole = run(method, max_evaluations=4000)
    monkeypatch.setitem(search.run.__globals__, "batch", lambda ground, width: 97)
    asked = iter([False] * (pause // 97 + 1) + [True])
    part = run(method, max_evaluations=4000, stop=lambda: next(asked))
    assert 0 < part.evaluations < 4000
    saved = search.Saved.from_bytes(part.state.to_bytes())
    rest = run(method, max_evaluations=4000, resume=saved, start=([[0]], [[0]]))
    assert rest.evaluations == 4000
    assert rest.state.to_bytes() == whole.state.to_bytes()
    assert (rest.keys == whole.keys).all()
    assert (rest.priority == whole.priority).all()


@methods
def test_it_stops_as_soon_as_the_target_is_reached(method) -> None:
    first = run(method, max_evaluations=0).shared
    found = run(method, target=first + 1)
    assert found.shared > first
    assert found.evaluations < 1500
    assert run(method, target=first).evaluations == 0


@methods
def test_it_stops_at_the_time_limit_of_the_clock_it_is_given(method) -> None:
    ticks = iter(range(10_000))
    found = run(method, max_evaluations=None, time_limit=20.0, clock=lambda: float(next(ticks)))
    assert found.evaluations > 0
    assert found.steps[-1].seconds <= 25.0


@methods
def test_history_rises_and_never_passes_the_bound(method) -> None:
    steps = run(method, bound=1e9).steps
    assert [step.shared for step in steps] == sorted(step.shared for step in steps)
    assert [step.seconds for step in steps] == sorted(step.seconds for step in steps)
    assert {step.bound for step in steps} == {1e9}
    assert all(step.shared <= run(method, max_evaluations=0).steps[0].bound for step in steps)


def test_progress_is_told_from_nothing_to_all() -> None:
    told = []
    run("annealing", progress=lambda done, total, what: told.append((done, total, what)))
    assert told[0][:2] == (0, 1000)
    assert told[-1][:2] == (1000, 1000)
    assert re.fullmatch(
        r"annealing: 1,500 keys tried, shared [\d.,]+ of at most [\d.,]+ MWh, gap [\d.]+%", told[-1][2]
    )


@methods
def test_only_allowed_links_are_used(method) -> None:
    links = np.ones((4, 9), dtype=bool)
    links[0, :5] = links[3, 2] = False
    start = search.equal(SUPPLY, DEMAND, links=links, max_links=2)
    found = run(method, links=links, start=start, max_links=2)
    assert not found.keys[~links].any()
    assert ((found.priority > 0).sum(axis=0) <= 2).all()


@methods
def test_a_strong_pull_keeps_the_current_keys(method) -> None:
    current = START.keys(4)
    held = run(method, pull=100.0, current=current)
    free = run(method)
    assert (held.keys == current).all()
    assert np.abs(free.keys - current).sum() > 0
    between = run(method, pull=0.02, current=current)
    assert 0 < np.abs(between.keys - current).sum() < np.abs(free.keys - current).sum()


@methods
def test_values_of_pairs_are_what_is_sought_where_they_are_given(method) -> None:
    value = np.ones((4, 9))
    value[:, 0] = 50.0
    found = run(method, value=value)
    flows = allocate(SUPPLY, DEMAND, found.keys, found.priority, rounds=3, quantum=10, max_links=3).shared
    plain = allocate(
        SUPPLY, DEMAND, run(method).keys, run(method).priority, rounds=3, quantum=10, max_links=3
    )
    assert found.worth == pytest.approx(flows.sum() + 49.0 * flows[:, 0].sum(), rel=1e-9)
    assert found.shared == flows.sum()
    assert flows[:, 0].sum() > plain.shared[:, 0].sum()


def test_several_starts_are_all_considered() -> None:
    poor = (np.eye(4, 9, dtype=int), np.eye(4, 9, dtype=int))
    for method in search.METHODS:
        both = run(method, start=[poor, START], max_evaluations=0)
        assert both.shared == run(method, start=START, max_evaluations=0).shared
        assert both.shared > run(method, start=poor, max_evaluations=0).shared


DEGENERATE = {
    "no supply": (np.zeros((5, 2), int), np.ones((5, 3), int) * 100),
    "no demand": (np.ones((5, 2), int) * 100, np.zeros((5, 3), int)),
    "one producer": (np.full((5, 1), 300), np.full((5, 3), 90)),
    "one consumer": (np.full((5, 2), 300), np.full((5, 1), 90)),
    "one of each": (np.full((1, 1), 300), np.full((1, 1), 90)),
    "all saturated": (np.full((5, 2), 90_000), np.full((5, 3), 10)),
    "no intervals": (np.zeros((0, 2), int), np.zeros((0, 3), int)),
    "no producers": (np.zeros((5, 0), int), np.ones((5, 3), int)),
    "no consumers": (np.ones((5, 2), int), np.zeros((5, 0), int)),
    "demand below the floor": (np.full((5, 2), 300), np.full((5, 3), 9)),
}


@methods
@pytest.mark.parametrize("rounds", [1, 3])
@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_groups_are_searched_without_a_word(method, rounds, name) -> None:
    supply, demand = DEGENERATE[name]
    start = search.proportional(supply, demand)
    found = run(method, supply=supply, demand=demand, start=start, rounds=rounds, max_evaluations=300)
    assert found.evaluations == 300
    assert found.keys.shape == (supply.shape[1], demand.shape[1])
    assert found.shared <= np.minimum(supply.sum(axis=1), demand.sum(axis=1)).sum()


@methods
def test_without_links_nothing_is_shared(method) -> None:
    none = np.zeros((4, 9), dtype=bool)
    found = run(method, links=none, start=search.equal(SUPPLY, DEMAND, links=none))
    assert found.shared == 0
    assert not found.priority.any()


def test_a_start_without_any_link_grows_some() -> None:
    empty = (np.zeros((4, 9), dtype=int), np.zeros((4, 9), dtype=int))
    assert run("hill-climbing", start=empty).shared > 0


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(ProblemError, match="2 faults") as told:
        run("annealling", time_limit=-1.0)
    assert "did you mean 'annealing'" in str(told.value)
    with pytest.raises(ProblemError, match="3 faults"):
        run("annealing", rounds=0, quantum=0, pull=1.0)


def test_a_start_on_a_forbidden_link_is_named() -> None:
    links = np.ones((4, 9), dtype=bool)
    i, j = np.argwhere(START.keys(4) > 0)[0]
    links[i, j] = False
    with pytest.raises(ProblemError, match=f"producer {i}, consumer {j}: linked"):
        run("genetic", links=links)


def test_a_saved_search_is_refused_elsewhere() -> None:
    saved = run("annealing", max_evaluations=10).state
    with pytest.raises(ProblemError, match="other measurements"):
        run("annealing", resume=saved, rounds=4)
    with pytest.raises(ProblemError, match="'annealing', not 'genetic'"):
        run("genetic", resume=saved)
    with pytest.raises(ProblemError, match="not a block"):
        search.Saved.from_bytes(b"something else")


def test_measurements_are_left_as_they_were() -> None:
    supply, demand, order = SUPPLY.copy(), DEMAND.copy(), START.order.copy()
    run("genetic", max_evaluations=500)
    assert (supply == SUPPLY).all()
    assert (demand == DEMAND).all()
    assert (order == START.order).all()
