"""The waterfall: no level below the next, every bar labelled, and labels that hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.core.errors import ProblemError
from evenwatt.data.group import group
from evenwatt.sharing.plan import Plan, equal_keys, proportional_keys
from evenwatt.sharing.rounds import allocate
from evenwatt.sharing.waterfall import waterfall

pytestmark = pytest.mark.filterwarnings("ignore::evenwatt.sharing.rounds.KeyWarning")

NAMES = ["ideal", "links", "keys", "rounds", "floor", "current"]


def proportional(supply, demand, rounds, quantum):
    return proportional_keys(demand, np.ones((supply.shape[1], demand.shape[1]), dtype=np.int64))


def test_levels_go_down_from_the_ideal_to_what_the_keys_of_today_share() -> None:
    held = group(1, 8, seed=5, days=7, coverage=0.5)
    today = equal_keys(np.ones((1, 8), dtype=np.int64))
    found = waterfall(held.supply, held.demand, proportional, current=today)
    assert [level.name for level in found.levels] == NAMES
    shared = [level.shared for level in found.levels]
    assert shared == sorted(shared, reverse=True)
    assert shared[0] == held.ideal
    assert shared[-1] == allocate(held.supply, held.demand, *today).shared.sum()
    assert shared[-1] < shared[-2]


def test_bars_sum_to_the_way_from_the_ideal_to_today() -> None:
    held = group(2, 6, seed=6, days=5, coverage=1.0)
    today = equal_keys(np.ones((2, 6), dtype=np.int64))
    found = waterfall(held.supply, held.demand, proportional, current=today, rounds=2)
    assert sum(bar.lost for bar in found.bars) == pytest.approx(
        found["ideal"].shared - found["current"].shared
    )
    for bar in found.bars:
        assert 0 <= bar.least <= bar.lost * (1 + 1e-9) + 1e-6
        assert bar.lost <= bar.most * (1 + 1e-9) + 1e-6


def test_todays_keys_count_at_every_level_even_when_the_search_finds_worse_ones() -> None:
    held = group(1, 5, seed=7, days=5, coverage=0.5)
    today = proportional_keys(held.demand, np.ones((1, 5), dtype=np.int64))

    def poor(supply, demand, rounds, quantum):
        return Plan(np.array([[10_000, 0, 0, 0, 0]]), np.ones((1, 5), dtype=np.int64))

    found = waterfall(held.supply, held.demand, poor, current=today)
    assert found["floor"].shared == found["current"].shared


def test_missing_links_cost_what_the_maximum_flow_says_and_that_is_certified() -> None:
    supply, demand = [[3, 2]], [[2, 2, 2]]
    links = np.array([[1, 1, 0], [0, 0, 1]])
    plan = Plan(np.array([[5000, 5000, 0], [0, 0, 10_000]]), links)
    found = waterfall(supply, np.array(demand) * 1, lambda *rule: plan, current=plan, quantum=1)
    first = found.bars[0]
    assert (first.name, first.lost, first.kind) == ("links", 0.0, "certified")
    fewer = Plan(plan.keys, np.array([[1, 1, 0], [0, 0, 0]]))
    without = waterfall(supply, demand, lambda *rule: fewer, current=fewer, quantum=1)
    assert (without.bars[0].lost, without.bars[0].kind) == (2.0, "certified")


def test_a_search_without_a_bound_is_called_heuristic() -> None:
    held = group(1, 8, seed=5, days=7, coverage=0.5)
    found = waterfall(held.supply, held.demand, proportional, rounds=1)
    assert [bar.name for bar in found.bars if bar.kind == "heuristic"] == ["rounds", "floor"]


def test_keys_that_reach_the_maximum_flow_certify_that_fixed_keys_cost_nothing() -> None:
    held = group(1, 8, seed=5, days=7, coverage=0.5)
    bar = waterfall(held.supply, held.demand, proportional).bars[1]
    assert (bar.name, bar.kind) == ("keys", "certified")
    assert bar.most <= 1e-6 * held.ideal


def test_a_bound_narrows_what_a_loss_can_be() -> None:
    held = group(1, 8, seed=5, days=7, coverage=0.5)
    loose = waterfall(held.supply, held.demand, proportional, rounds=1)
    tight = waterfall(
        held.supply, held.demand, proportional, rounds=1,
        bound=lambda supply, demand, rounds, quantum: 0.97 * held.ideal if rounds == 1 else float(held.ideal),
    )  # fmt: skip
    assert tight["rounds"].bound == pytest.approx(0.97 * held.ideal)
    lost = {bar.name: bar for bar in tight.bars}["floor"]
    assert lost.most < {bar.name: bar for bar in loose.bars}["floor"].most


def test_a_floor_that_helps_by_chance_does_not_turn_a_bar_upside_down() -> None:
    chance = np.random.default_rng(3)
    plan = Plan(np.array([[3333, 3333, 3334]]), np.ones((1, 3), dtype=np.int64))
    for _ in range(20):
        supply, demand = chance.integers(0, 60, (1, 1)), chance.integers(0, 60, (1, 3))
        found = waterfall(supply, demand, lambda *rule: plan, current=plan, rounds=3, quantum=7)
        assert all(bar.lost >= 0 for bar in found.bars)


@given(st.integers(0, 10_000))
@settings(max_examples=25)
def test_no_bar_is_negative_whatever_the_group(seed: int) -> None:
    chance = np.random.default_rng(seed)
    producers, consumers, steps = chance.integers(1, 4, 3)
    supply = chance.integers(0, 2_000, (steps, producers))
    demand = chance.integers(0, 2_000, (steps, consumers))
    ranks = chance.integers(0, 3, (producers, consumers))
    plan = equal_keys(ranks)
    found = waterfall(supply, demand, lambda *rule: plan, current=plan, rounds=int(chance.integers(1, 6)))
    assert all(bar.lost >= 0 for bar in found.bars)
    assert all(level.shared <= level.bound * (1 + 1e-9) + 1e-6 for level in found.levels)


@pytest.mark.parametrize(("steps", "supply_wh", "demand_wh"), [(3, 0, 50), (3, 50, 0), (0, 1, 1)])
def test_nothing_to_share_loses_nothing(steps: int, supply_wh: int, demand_wh: int) -> None:
    plan = Plan(np.array([[5000, 5000]]), np.array([[1, 1]]))
    supply, demand = np.full((steps, 1), supply_wh), np.full((steps, 2), demand_wh)
    found = waterfall(supply, demand, lambda *rule: plan, current=plan)
    assert [bar.lost for bar in found.bars] == [0.0] * 5
    assert {bar.kind for bar in found.bars} == {"certified"}


def test_without_keys_of_today_there_is_no_last_bar() -> None:
    found = waterfall([[100]], [[50, 50]], proportional)
    assert [level.name for level in found.levels] == NAMES[:-1]
    assert [row["loss"] for row in found.rows()] == NAMES[1:-1]


def test_a_plan_that_leaves_the_links_is_refused() -> None:
    plan = Plan(np.array([[5000, 5000]]), np.array([[1, 1]]))
    with pytest.raises(ProblemError, match="a key on a pair without link"):
        waterfall([[100]], [[50, 50]], lambda *rule: plan, links=[[True, False]])


def test_a_plan_of_another_shape_is_refused() -> None:
    plan = Plan(np.array([[5000]]), np.array([[1]]))
    with pytest.raises(ProblemError, match=r"plan 0: shape \(1, 1\), expected \(1, 2\)"):
        waterfall([[100]], [[50, 50]], proportional, links=[[True, True]], current=plan)
