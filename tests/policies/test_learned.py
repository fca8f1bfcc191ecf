"""Learners find what pays where it can be found out, and tell situations apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evenwatt.core.chance import Keyed
from evenwatt.policies.learned.bandit import Bandit
from evenwatt.policies.learned.choices import best, tried
from evenwatt.policies.learned.features import (
    LEVELS,
    fill,
    part_of_day,
    price_level,
    situation_count,
    situations,
)
from evenwatt.policies.learned.q_learning import QLearning
from evenwatt.policies.policy import Policy
from evenwatt.policies.seen import Observation


def asks(policy: Policy, seen: Observation, steps: int, *, pays: Any, agents: int = 40) -> np.ndarray:
    """Markups that producers of a cost of 100 chose, if a markup brings what ``pays(markup, step)`` says."""
    made, gain = np.zeros((steps, agents)), np.zeros(agents)
    for step in range(steps):
        own = {**seen.own, "gain_micro": np.rint(gain * 1e6).astype(np.int64)}
        public = {**seen.public, "slot": np.array(step % 4)}
        now = replace(seen, step=step, own=own, public=public)
        ask = policy.decide(now, Keyed(3, "test", step))["ask_per_mwh"]
        made[step] = np.round(ask / 100.0 - 1.0, 9)
        gain = np.array([pays(markup, step) for markup in made[step]])
    return made


@pytest.fixture
def plants(observe: Any) -> Observation:
    seen = observe("producer", range(40))
    own = {"cost_per_mwh": np.full(40, 100.0), "activity": np.ones(40)}
    return replace(seen, own={**seen.own, **own})


@pytest.mark.parametrize(("learner", "steps"), [(Bandit, 600), (QLearning, 2500)])
def test_the_markup_that_pays_is_found_by_nearly_everybody(
    plants: Observation, learner: Any, steps: int
) -> None:
    made = asks(learner("producer"), plants, steps, pays=lambda markup, _: 1.0 - 20.0 * (markup - 0.2) ** 2)
    last = made[-100:]
    usual = [Counter(column.tolist()).most_common(1)[0][0] for column in last.T]
    assert np.mean(np.array(usual) == 0.2) > 0.9
    assert (last == 0.2).mean() > 0.7


def test_a_bandit_learns_each_part_of_the_day_apart(plants: Observation) -> None:
    # High markups pay in the first and last quarter of the day, low ones in between.
    made = asks(
        Bandit("producer"), plants, 1200, pays=lambda markup, step: (1 if step % 4 in (0, 3) else -1) * markup
    )
    last = made[-200:].reshape(-1, 4, 40).mean(axis=(0, 2))
    assert min(last[0], last[3]) > 0.5 > 0.15 > max(last[1], last[2])


def test_every_margin_is_tried_before_any_is_preferred(plants: Observation) -> None:
    learner = Bandit("producer", tries=0.0, parts=1)
    made = asks(learner, plants, len(learner.margins), pays=lambda markup, _: 1.0)
    assert all(sorted(column) == sorted(learner.margins) for column in made.T.tolist())


def test_a_utility_keeps_its_margin_for_a_day(observe: Any) -> None:
    learner, agents = Bandit("utility"), np.array([2])
    margins = []
    for step in range(24):
        learner.decide(observe("utility", agents, step), Keyed(3, "test", step))
        margins.append(int(learner.remember()["choice"][0]))
    changes = [step for step in range(1, 24) if margins[step] != margins[step - 1]]
    assert changes
    assert all((step + 2) % 4 == 0 for step in changes)


def test_prosumers_learn_when_to_trade_the_battery(observe: Any) -> None:
    learner = QLearning("prosumer")
    chosen = set()
    for step in range(30):
        learner.decide(observe("prosumer", range(20), step), Keyed(3, "test", step))
        chosen |= set(learner.remember()["choice"].tolist())
    assert chosen == set(range(2 * len(learner.margins)))


def test_ties_are_broken_by_chance_and_evenly(observe: Any) -> None:
    seen = observe("consumer", range(4000))
    counts = np.bincount(best(np.zeros((4000, 4)), seen, Keyed(3, "test", 0)), minlength=4)
    # Five standard deviations of a binomial of 4000 and a quarter.
    assert abs(counts - 1000).max() < 5 * np.sqrt(4000 * 0.25 * 0.75)


def test_now_and_then_anything_is_tried(observe: Any) -> None:
    seen = observe("consumer", range(4000))
    greedy = np.zeros(4000, dtype=np.int64)
    share = (tried(greedy, 0.2, 5, seen, Keyed(3, "test", 0)) != 0).mean()
    assert abs(share - 0.2 * 0.8) < 5 * np.sqrt(0.16 * 0.84 / 4000)
    assert not tried(greedy, 0.0, 5, seen, Keyed(3, "test", 0)).any()


def test_situations_are_all_different_and_in_range(observe: Any) -> None:
    seen = observe("prosumer", range(500))
    found = situations(seen, 4)
    assert (found >= 0).all()
    assert (found < situation_count(4)).all()
    parts, levels, fills = part_of_day(seen, 4), price_level(seen), fill(seen)
    assert len({*zip(parts, levels, fills, strict=True)}) == len(np.unique(found))
    assert set(levels) == set(range(LEVELS))


def test_a_price_nobody_knows_is_usual(observe: Any) -> None:
    seen = observe("prosumer", range(3))
    own = {**seen.own, "local_per_mwh": np.array([np.nan, 50.0, 300.0])}
    assert price_level(replace(seen, own=own)).tolist() == [1, 0, 2]
