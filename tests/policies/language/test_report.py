"""What is told of language models: one row a role and persona, wherever in a mixture they decide."""

from __future__ import annotations

import json

import numpy as np

from evenwatt.core.chance import Keyed
from evenwatt.policies.language import Asker, Limits, Scripted, Server, drained, opened, tables
from evenwatt.policies.language.scripted import drawn
from evenwatt.policies.policy import Mixed

CLOCK = {"clock": lambda: 0.0, "now": lambda: 0.0, "sleep": lambda seconds: None}
LANGUAGE = {"role", "persona", "calls", "replayed", "joined", "valid", "reasked", "fallbacks", "clips", "tokens_in",
            "tokens_out", "cost_micro", "seconds"}  # fmt: skip


def _greedy(request):
    return json.dumps({**json.loads(drawn(request)), "max_price": 5000, "mood": "bad"})


def test_every_call_clip_and_token_is_counted(see, decider) -> None:
    asker = Asker(Scripted(_greedy), concurrency=1)
    asker.budget.limits = Limits(in_per_million=1.0, out_per_million=4.0)
    deciding = decider("consumer", asker)
    deciding.decide(see("consumer", agents=30), Keyed(1, "test"))
    found = tables({"consumer": deciding, "producer": decider("producer").rule})
    assert {*found["language"][0]} == LANGUAGE
    assert sum(row["calls"] for row in found["language"]) == asker.budget.spent.calls > 1
    assert sum(row["tokens_in"] + row["tokens_out"] for row in found["language"]) == asker.budget.spent.tokens
    assert sum(row["cost_micro"] for row in found["language"]) == asker.budget.spent.cost_micro > 0
    clips = {row["field"]: row for row in found["language_clips"]}
    assert set(clips) == {"max_price", "(unknown keys)"}
    assert clips["max_price"]["clips"] == sum(row["valid"] for row in found["language"])
    assert (clips["max_price"]["example_asked"], clips["max_price"]["example_used"]) == ("5000", "400.0")


def test_parts_of_a_mixture_are_counted_together(see, decider) -> None:
    parts = [(np.arange(0, 3), decider("consumer")), (np.arange(3, 5), decider("consumer"))]
    mixed = Mixed("mixed", parts)
    mixed.decide(see("consumer"), Keyed(1, "test"))
    found = tables({"consumer": mixed})["language"]
    assert len({row["persona"] for row in found}) == len(found)
    rows = drained({"consumer": mixed})
    assert sorted(agent for row in rows for agent in row["agents"]) == [0, 1, 2, 3, 4]
    assert {*rows[0]} >= {"step", "role", "agents", "key", "source", "asked", "used", "clips"}
    assert json.loads(json.dumps(rows)) == json.loads(json.dumps(rows, allow_nan=False))


def test_who_asks_nobody_reports_nothing(decider) -> None:
    assert tables({"consumer": decider("consumer").rule}) == {"language": [], "language_clips": []}


def test_a_run_is_opened_recorded_and_replayed_from_exported_lines(fake, see, decider, tmp_path) -> None:
    live = opened(Server(fake().url), mode="record", cassette=tmp_path / "run.sqlite", **CLOCK)
    first = decider("producer", live)
    made = first.decide(see("producer"), Keyed(1, "test"))
    (tmp_path / "run.jsonl").write_text(live.cassette.exported())
    live.close()
    live.cassette.close()
    for name in ("run.sqlite", "run.jsonl"):
        replay = opened(None, mode="replay", cassette=tmp_path / name, **CLOCK)
        again = decider("producer", replay).decide(see("producer"), Keyed(1, "test"))
        assert all(np.array_equal(made[action], again[action]) for action in made)
        replay.cassette.close()


def test_a_replay_calls_no_server(fake, see, decider) -> None:
    server = fake()
    asker = opened(Server(server.url), mode="replay-or-fallback", **CLOCK)
    decider("producer", asker).decide(see("producer"), Keyed(1, "test"))
    assert server.bodies == []
