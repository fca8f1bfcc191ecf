"""The opt-in job with a real model: it proves plumbing, and claims nothing about behaviour.

``make local-model EVENWATT_LLM_URL=http://127.0.0.1:8000/v1``
"""

from __future__ import annotations

import os
import time

import pytest

from evenwatt.core.chance import Keyed
from evenwatt.policies.feasible import feasible
from evenwatt.policies.language import Asker, Cassette, LanguagePolicy, Limits, Sampling, Server, opened

URL = os.environ.get("EVENWATT_LLM_URL", "")
MODEL = os.environ.get("EVENWATT_LLM_MODEL", "local")
ROLES = ("consumer", "prosumer", "producer", "utility", "regulator")
# Twice what is usual: the smallest models know no token longer than a letter.
SAMPLING = Sampling(MODEL, max_tokens=800)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not URL, reason="EVENWATT_LLM_URL names no model server")]


def test_a_real_model_decides_and_its_recording_decides_the_same(see, decider, tmp_path) -> None:
    asker = opened(
        Server(URL, timeout_s=300), mode="record", clock=time.monotonic, now=time.time, sleep=time.sleep,
        limits=Limits(calls=120, wall_s=1200), concurrency=2, cassette=tmp_path / "real.sqlite",
    )  # fmt: skip
    rule = decider("consumer").rule
    seen = {role: see(role, 96, 3 if role != "regulator" else 1) for role in ROLES}
    live = {role: LanguagePolicy(role, asker, rule, SAMPLING) for role in ROLES}
    made = {role: _decided(live[role], seen[role]) for role in ROLES}
    asker.close()

    told = [row for role in ROLES for row in live[role].health.rows(role)]
    total = {name: sum(row[name] for row in told) for name in told[0] if name not in ("role", "persona")}
    print(
        f"\nformat {asker.backend.formats.current}, {total['seconds'] / total['calls']:.2f} s a call, {total}"
    )
    # An answer of no use is the model's matter; that every question is answered is ours.
    assert {reason for policy in live.values() for reason in policy.health.reasons} <= {"invalid"}
    assert total["valid"] > 0

    exported = Cassette(tmp_path / "real.sqlite").exported()
    held = Cassette()
    held.take(exported)
    assert held.exported() == exported
    replay = Asker(mode="replay", cassette=held)
    for role in ROLES:
        assert _decided(LanguagePolicy(role, replay, rule, SAMPLING), seen[role]) == made[role]


def _decided(deciding, seen) -> dict[str, bytes]:
    """What is done after every check, byte for byte."""
    made, _ = feasible(seen, deciding.decide(seen, Keyed(1, "test", 96)))
    return {name: values.tobytes() for name, values in made.items()}
