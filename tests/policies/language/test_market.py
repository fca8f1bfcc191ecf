"""A whole market under a hostile server: every watt-hour and cent is there at the end, and the run repeats itself."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np

from evenwatt.policies.language import Asker, LanguagePolicy, Sampling, Scripted, drained
from evenwatt.policies.scripted import policy
from evenwatt.policies.seen import ROLES
from evenwatt.studies.market.sample import first_rules, population, weather
from evenwatt.studies.market.world import World

HOSTILE = (
    None, "429 with seconds", "503", "500", "401", "body not json", "truncated json", "prose around json",
    "wrong types", "out of range", "nan", "extra keys", "missing key", "duplicate key", "refusal", "empty choices",
    "null content", "tool calls", "unknown seller", "a list of two", "reset mid-body",
)  # fmt: skip
STEPS = 30  # of the first day


def _moody(number, body):
    """A fault that depends on the question alone."""
    return HOSTILE[int(sha256(json.dumps(body["messages"]).encode()).hexdigest(), 16) % len(HOSTILE)]


def _played(asker):
    people = population(consumers=12, prosumers=8, producers=4, utilities=2, seed=1)
    policies = {
        role: LanguagePolicy(role, asker, policy(role, "rule", 1), Sampling("fake")) for role in ROLES
    }
    world = World(people, first_rules(), policies, seed=1)
    day = weather(people, days=1, seed=1)
    columns = ("load_wh", "pv_wh", "availability", "outside_per_mwh")
    world.run(day.changed(**{name: getattr(day, name)[:STEPS] for name in columns}))
    return world.ledger.balance.copy(), drained(policies)


def test_a_hostile_server_breaks_no_market(fake, ask) -> None:
    found = []
    for concurrency in (1, 50):
        asker = Asker(ask(fake(_moody).url, timeout_s=20, retries=0), mode="record", concurrency=concurrency)
        asker.circuit.failures = 8
        found.append((*_played(asker), asker.cassette.exported()))
        asker.close()
    (one, log, tape), (other, *rest) = found
    assert np.array_equal(one, other)
    assert [log, tape] == rest
    assert one.sum() == 0
    assert {row["source"] for row in log} == {"live", "fallback"}


def test_a_market_replays_to_the_cent() -> None:
    live = Asker(Scripted(), mode="record", concurrency=1)
    first, log = _played(live)
    second, again = _played(Asker(mode="replay", cassette=live.cassette))
    assert np.array_equal(first, second)
    assert [{**row, "source": "replay"} for row in log] == again
