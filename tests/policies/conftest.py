"""Observations for tests: every column of every role, drawn by agent number, so that their order changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from evenwatt.core.chance import Keyed
from evenwatt.policies.seen import SEEN, Observation

Column = npt.NDArray[Any]
Observe = Callable[..., Observation]
FLAGS = ("connected", "renewable", "review")
SHARES = (
    "margin", "hedge", "activity", "renewable_share", "quota", "covered_share", "hhi", "lerner", "rsi_least",
    "pivotal_share", "renewable_target", "unserved_share", "fine_rate",
)  # fmt: skip
UTILITIES, PRODUCERS = 3, 4


def _drawn(name: str, agents: Column, chance: Keyed) -> Column:
    u = chance.uniform(agents, name)
    if name in FLAGS:
        return u < 0.6
    if name in SHARES:
        return u
    if name.endswith("efficiency"):
        return 0.8 + 0.2 * u
    if name == "utility":
        return (u * UTILITIES).astype(np.int64)
    if name == "battery_wh":
        return np.where(u < 0.5, 0, 6000)
    if name == "stored_wh":
        return (u * 6000).astype(np.int64)
    if name.endswith("_per_mwh"):
        return np.round(400.0 * u - 50.0, 3)
    if name.endswith(("_wh", "_micro", "customers", "node")):
        return (1000 * u).astype(np.int64)
    return 10.0 * u


def observed(role: str, agents: npt.ArrayLike, step: int = 0, *, seed: int = 1) -> Observation:
    """What agents see at a step; what is in the battery never exceeds it."""
    numbers = np.asarray(agents, dtype=np.int64)
    chance = Keyed(seed, role, step)
    own = {fact.name: _drawn(fact.name, numbers, chance) for fact in SEEN[role]}
    steady = Keyed(seed, role, 0)
    own |= {
        name: _drawn(name, numbers, steady)
        for name in ("margin", "green", "hedge", "activity")
        if name in own
    }
    if "battery_wh" in own:
        own["battery_wh"] = _drawn("battery_wh", numbers, steady)
        own["stored_wh"] = np.minimum(own["stored_wh"], own["battery_wh"])
        own["trades_battery"] = steady.uniform(numbers, "trades") < 0.5
    day = Keyed(seed, "public", step)
    prices = {"retail_per_mwh": UTILITIES, "contract_per_mwh": PRODUCERS}
    public: dict[str, Any] = {name: 300 * day.uniform(np.arange(size), name) for name, size in prices.items()}
    public |= {
        "retail_green": day.uniform(np.arange(UTILITIES), "green"),
        "contract_green": np.arange(PRODUCERS) % 2 == 0,
        "step": np.array(step), "slot": np.array(step % 4), "steps_a_day": np.array(4),
        "wholesale_per_mwh": np.array(80.0), "outside_per_mwh": np.array(75.0), "low_per_mwh": np.array(100.0),
        "high_per_mwh": np.array(180.0), "evening_per_mwh": np.array(210.0), "feed_in_per_mwh": np.array(60.0),
        "fee_per_mwh_km": np.array(2.0), "loss_per_km": np.array(0.005),
        "cap_per_mwh": np.array(4000.0), "floor_per_mwh": np.array(-500.0), "carbon_per_t": np.array(20.0),
        "quota": np.array(0.3),
    }  # fmt: skip
    return Observation(role, step, numbers, own, public)


@pytest.fixture(scope="session")
def observe() -> Observe:
    """``observe(role, agents, step, seed=)``."""
    return observed
