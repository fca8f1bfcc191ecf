"""The opt-in job with a real model: it proves plumbing, and claims nothing about behaviour.

``EVENWATT_LLM_URL=http://127.0.0.1:8000/v1 pytest -m slow tests/policies/language/test_local_model.py``
"""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from evenwatt.core.chance import Keyed
from evenwatt.policies.feasible import feasible
from evenwatt.policies.language import Asker, LanguagePolicy, Limits, Sampling, Server, opened

URL = os.environ.get("EVENWATT_LLM_URL", "")
MODEL = os.environ.get("EVENWATT_LLM_MODEL", "local")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not URL, reason="EVENWATT_LLM_URL names no model server")]


def test_a_real_model_decides_and_its_recording_decides_the_same(see, decider) -> None:
    asker = opened(
        Server(URL, timeout_s=300), mode="record", clock=time.monotonic, now=time.time, sleep=time.sleep,
        limits=Limits(calls=40, wall_s=1200), concurrency=2,
    )  # fmt: skip
    rule = decider("consumer").rule
    for role in ("consumer", "prosumer", "producer", "utility", "regulator"):
        seen = see(role, 96, 1)
        deciding = LanguagePolicy(role, asker, rule, Sampling(MODEL))
        made, _ = feasible(seen, deciding.decide(seen, Keyed(1, "test", 96)))
        replay = LanguagePolicy(role, Asker(mode="replay", cassette=asker.cassette), rule, Sampling(MODEL))
        again, _ = feasible(seen, replay.decide(seen, Keyed(1, "test", 96)))
        assert all(np.array_equal(made[name], again[name]) for name in made)
        print(role, deciding.health.rows(role), deciding.drain()[0]["used"])
    asker.close()
