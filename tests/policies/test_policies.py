"""What every policy promises, whoever it decides for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evenwatt.core.chance import Keyed
from evenwatt.core.errors import ProblemError
from evenwatt.policies.actions import ACTIONS, TYPES
from evenwatt.policies.feasible import feasible
from evenwatt.policies.policy import Policy
from evenwatt.policies.scripted import KNOWN, NAMES, SCRIPTED, policy
from evenwatt.policies.seen import ROLES, Observation

EVERY = [(role, name) for name, roles in KNOWN.items() for role in roles]
every_policy = pytest.mark.parametrize(("role", "name"), EVERY, ids=[f"{r}-{n}" for r, n in EVERY])
AGENTS = np.array([4, 9, 17, 23, 31, 40, 41, 58])
STEPS = 14


def played(policy: Policy, observe: Any, role: str, agents: Any, steps: range) -> list[dict[str, np.ndarray]]:
    return [dict(policy.decide(observe(role, agents, step), Keyed(5, "test", step))) for step in steps]


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.keys() == other.keys() and all(
        np.asarray(one[k]).tobytes() == np.asarray(other[k]).tobytes() for k in one
    )


@every_policy
def test_permuting_agents_permutes_actions_and_nothing_else(role: str, name: str, observe: Any) -> None:
    order = np.array([3, 0, 7, 5, 1, 6, 2, 4])
    one, other = policy(role, name, 3), policy(role, name, 3)
    first = played(one, observe, role, AGENTS, range(STEPS))
    second = played(other, observe, role, AGENTS[order], range(STEPS))
    for straight, shuffled in zip(first, second, strict=True):
        assert same({k: held[order] for k, held in straight.items()}, shuffled)
    assert same(one.remember(), other.remember())


@every_policy
def test_an_agent_decides_the_same_whoever_else_is_there(role: str, name: str, observe: Any) -> None:
    few = played(policy(role, name, 3), observe, role, AGENTS[2:5], range(STEPS))
    all_of_them = played(policy(role, name, 3), observe, role, AGENTS, range(STEPS))
    for part, whole in zip(few, all_of_them, strict=True):
        assert same(part, {k: held[2:5] for k, held in whole.items()})


@every_policy
def test_a_resumed_run_is_the_uninterrupted_one_to_the_byte(role: str, name: str, observe: Any) -> None:
    through, before, after = policy(role, name, 3), policy(role, name, 3), policy(role, name, 3)
    whole = played(through, observe, role, AGENTS, range(STEPS))
    played(before, observe, role, AGENTS, range(6))
    after.recall({key: held.copy() for key, held in before.remember().items()})
    rest = played(after, observe, role, AGENTS, range(6, STEPS))
    assert all(same(one, other) for one, other in zip(whole[6:], rest, strict=True))
    assert same(through.remember(), after.remember())


@every_policy
def test_what_is_remembered_is_a_copy(role: str, name: str, observe: Any) -> None:
    made = policy(role, name, 3)
    played(made, observe, role, AGENTS, range(5))
    kept = {key: held.copy() for key, held in made.remember().items()}
    given = made.remember()
    played(made, observe, role, AGENTS, range(5, STEPS))
    assert same(given, kept)


@every_policy
def test_nobody_decides_nothing(role: str, name: str, observe: Any) -> None:
    made = policy(role, name, 3).decide(observe(role, []), Keyed(5, "test", 0))
    assert all(len(held) == 0 for held in made.values())
    actions, clips = feasible(observe(role, []), made)
    assert set(actions) == {action.name for action in ACTIONS[role]}
    assert clips.total == 0


@every_policy
def test_the_observation_is_not_written_to(role: str, name: str, observe: Any) -> None:
    made = policy(role, name, 3)
    for step in range(STEPS):
        seen = observe(role, AGENTS, step)
        for held in seen.own.values():
            held.flags.writeable = False
        made.decide(seen, Keyed(5, "test", step))


@every_policy
def test_a_policy_of_ours_is_never_clipped(role: str, name: str, observe: Any) -> None:
    made = policy(role, name, 3)
    for step in range(STEPS):
        seen = observe(role, AGENTS, step)
        _, clips = feasible(seen, made.decide(seen, Keyed(5, "test", step)))
        assert clips.counts == {}
        assert set(clips.odd.values()) <= {"left out"}


def absurd(seen: Observation, value: float) -> Observation:
    """Every number of a fraction, price or sum of money replaced; whole columns stay whole."""
    own = {
        name: np.full(len(seen), value) if held.dtype == np.float64 else np.zeros_like(held)
        for name, held in seen.own.items()
    }
    public: dict[str, Any] = {
        name: np.full(np.shape(held), value)
        for name, held in seen.public.items()
        if name.endswith("_per_mwh")
    }
    return replace(seen, own=own, public={**seen.public, **public})


@every_policy
@pytest.mark.parametrize("value", [np.nan, 0.0, -1e9, np.inf])
def test_absurd_observations_end_in_finite_actions(role: str, name: str, value: float, observe: Any) -> None:
    made = policy(role, name, 3)
    # Infinity less infinity warns, and may; nothing else does.
    with np.errstate(invalid="ignore" if np.isinf(value) else "warn"):
        for step in range(STEPS):
            seen = absurd(observe(role, AGENTS, step), value)
            actions, _ = feasible(seen, made.decide(seen, Keyed(5, "test", step)))
            assert all(np.isfinite(held).all() for held in actions.values())


@every_policy
def test_markets_without_utilities_or_producers_are_ordinary(role: str, name: str, observe: Any) -> None:
    made = policy(role, name, 3)
    for step in range(STEPS):
        seen = observe(role, AGENTS, step)
        nobody = {
            key: np.zeros(0)
            for key in ("retail_per_mwh", "retail_green", "contract_per_mwh", "contract_green")
        }
        own = {
            **seen.own,
            "utility": np.full(len(AGENTS), -1),
            "tariff_per_mwh": np.full(len(AGENTS), np.nan),
        }
        seen = replace(seen, own=own, public={**seen.public, **nobody})
        actions, _ = feasible(seen, made.decide(seen, Keyed(5, "test", step)))
        assert all(np.isfinite(held).all() for held in actions.values())
        if "utility" in actions:
            assert (actions["utility"] == -1).all()


def test_every_role_has_a_rule_and_may_do_nothing() -> None:
    assert set(SCRIPTED) == set(ROLES) == set(KNOWN["rule"]) == set(KNOWN["nothing"])
    assert set(NAMES) == {"rule", "zero-intelligence", "zip", "bandit", "q", "nothing"}
    assert all(
        isinstance(policy(role, name), Policy) and policy(role, name).name == name for role, name in EVERY
    )


@pytest.mark.parametrize(
    ("role", "name", "told"),
    [
        ("consumers", "rule", "did you mean 'consumer'"),
        ("consumer", "bandits", "did you mean 'bandit'"),
        ("regulator", "q", "expected one of rule, nothing"),
    ],
)
def test_an_unknown_policy_is_named(role: str, name: str, told: str) -> None:
    with pytest.raises(ProblemError, match=told):
        policy(role, name)


@every_policy
def test_actions_are_known_and_of_their_types(role: str, name: str, observe: Any) -> None:
    made = policy(role, name, 3).decide(observe(role, AGENTS), Keyed(5, "test", 0))
    kinds = {action.name: TYPES[action.kind] for action in ACTIONS[role]}
    assert {key: held.dtype for key, held in made.items()} == {key: np.dtype(kinds[key]) for key in made}
