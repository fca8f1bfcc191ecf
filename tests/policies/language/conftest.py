"""What the tests of language-model policies share: a server that fails, observations that drift, a rule."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from evenwatt.policies.actions import defaults
from evenwatt.policies.language.asking import Asker
from evenwatt.policies.language.client import Client, Server
from evenwatt.policies.language.policy import LanguagePolicy, Sampling
from evenwatt.policies.language.scripted import Scripted
from evenwatt.policies.persona import PERSONAS, columns
from evenwatt.policies.policy import Forgetful
from evenwatt.policies.seen import Observation

OPENED: list[Client] = []
NUMBERS = {"consumer": 0, "prosumer": 700, "producer": 970, "utility": 990, "regulator": 999}


def _loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"language_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


FAKE = _loaded("fake_server")


class Rule(Forgetful):
    """Does one thing that can be recognised: every price is 77."""

    name = "rule"

    def decide(self, seen: Observation, rng: Any) -> dict[str, Any]:
        made = defaults(seen.role, len(seen))
        return {
            name: np.full_like(values, 77) if "per_mwh" in name else values for name, values in made.items()
        }


def observation(role: str, step: int = 0, agents: int = 5, *, seed: int = 0, **own: Any) -> Observation:
    """What agents of a role see: prices and loads that follow the day, and drift."""
    rng = np.random.default_rng([seed, NUMBERS[role]])
    hour = step / 4 % 24
    sun = max(0.0, np.sin((hour - 6) / 12 * np.pi))
    wholesale = 60 + 25 * np.sin((hour - 13) / 24 * 4 * np.pi) - 20 * sun + 0.15 * step
    local = 130 - 60 * sun + 6 * np.sin(step * 0.9) if 5 <= hour <= 20 else np.nan
    load = np.rint(rng.lognormal(4.5, 0.7, agents) * (1 + 0.5 * np.sin((hour - 12) / 12 * np.pi) ** 2))
    persona = columns(list(rng.choice(list(PERSONAS), agents)))
    size = np.rint(rng.uniform(500, 2500, agents))
    seen: dict[str, Any] = {
        **{name: persona[name] for name in ("margin", "green", "hedge", "activity")},
        "cash_micro": (rng.uniform(50, 5000, agents) * 1e6 - step * 1e4).astype(np.int64),
        "gain_micro": np.zeros(agents, np.int64),
        "node": rng.integers(0, 3, agents), "value_per_mwh": rng.uniform(200, 600, agents),
        "load_wh": load.astype(np.int64), "connected": np.ones(agents, bool),
        "utility": rng.integers(0, 3, agents), "local_per_mwh": np.full(agents, local),
        "pv_wh": np.rint(size * sun * (0.8 + 0.2 * np.sin(step))).astype(np.int64),
        "battery_wh": np.where(rng.random(agents) < 0.5, 8000, 0),
        "most_charge_wh": np.full(agents, 900), "most_discharge_wh": np.full(agents, 900),
        "charge_efficiency": np.full(agents, 0.95), "discharge_efficiency": np.full(agents, 0.95),
        "wear_per_mwh": np.full(agents, 20.0), "upgrade_cost_micro": np.full(agents, 800_000_000),
        "upgrade_gain_micro": np.full(agents, 90_000_000), "local_gain_micro": np.full(agents, 2_000_000),
        "fee_micro": np.full(agents, 1_500_000), "capacity_wh": rng.integers(5_000, 90_000, agents),
        "cost_per_mwh": rng.uniform(0, 90, agents), "renewable": rng.random(agents) < 0.5,
        "contracted_wh": rng.integers(0, 5_000, agents), "expected_per_mwh": np.full(agents, wholesale),
        "last_offered_wh": np.full(agents, 4_000), "last_sold_wh": rng.integers(0, 4_000, agents),
        "customers": rng.integers(10, 300, agents), "forecast_wh": load.astype(np.int64) * 100,
        "covered_share": rng.random(agents), "retail_per_mwh": rng.uniform(150, 300, agents),
        "renewable_share": rng.random(agents), "quota": np.full(agents, 0.3),
        "review": np.array([step % 96 == 0] * agents),
    }  # fmt: skip
    seen["tariff_per_mwh"] = np.array([250.0, 240.0, 265.0])[seen["utility"]]
    seen["stored_wh"] = np.minimum(seen["battery_wh"], 3000)
    seen |= own
    public = {
        "step": step, "slot": step % 96, "steps_a_day": 96, "wholesale_per_mwh": wholesale,
        "outside_per_mwh": wholesale + 5, "low_per_mwh": 90.0, "high_per_mwh": 140.0, "evening_per_mwh": 180.0,
        "feed_in_per_mwh": 60.0, "cap_per_mwh": 400.0, "floor_per_mwh": -50.0, "carbon_per_t": 30.0, "quota": 0.3,
        "retail_per_mwh": [250.0, 240.0, 265.0], "retail_green": [0.2, 0.5, 0.9],
        "contract_per_mwh": [55.0, np.nan, 70.0, 62.0], "contract_green": [0.0, 1.0, 1.0, 0.0],
    }  # fmt: skip
    names = {"utilities": ("North", "South", "Green"), "producers": ("Coal & Co", "Off", "Wind", "Gas")}
    agents_numbers = NUMBERS[role] + np.arange(agents)
    return Observation(role, step, agents_numbers, seen, {k: np.array(v) for k, v in public.items()}, names)


def client(url: str, *, timeout_s: float = 0.15, retries: int = 1, **settings: Any) -> Client:
    """A client that waits for nothing."""
    server = Server(url, timeout_s=timeout_s, retries=retries, first_wait_s=0.001)
    given = {"clock": time.monotonic, "now": time.time, "sleep": lambda seconds: None, **settings}
    OPENED.append(Client(server, **given))
    return OPENED[-1]


def policy(role: str, asker: Asker | None = None, **settings: Any) -> LanguagePolicy:
    """A policy over the rule above."""
    return LanguagePolicy(
        role, asker or Asker(Scripted(), concurrency=1), Rule(), Sampling("fake"), **settings
    )


@pytest.fixture
def fake() -> Iterator[Callable[..., Any]]:
    """Starts a fake server, and stops it after the test."""
    started = []

    def start(fault: Any = None) -> Any:
        started.append(FAKE.FakeServer(fault).__enter__())
        return started[-1]

    yield start
    for server in started:
        server.__exit__()


@pytest.fixture
def see() -> Callable[..., Observation]:
    """What agents see."""
    return observation


@pytest.fixture
def ask() -> Callable[..., Client]:
    """A client that waits for nothing."""
    return client


@pytest.fixture
def decider() -> Callable[..., LanguagePolicy]:
    """A policy over a rule that can be recognised."""
    return policy


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No key in the environment, no connection left open."""
    monkeypatch.delenv("EVENWATT_LLM_KEY", raising=False)
    yield
    while OPENED:
        OPENED.pop().close()
