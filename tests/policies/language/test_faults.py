"""Whatever a server does, the market gets decisions that can be carried out."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core.chance import Keyed
from evenwatt.policies.actions import ACTIONS
from evenwatt.policies.feasible import feasible
from evenwatt.policies.language.asking import Asker
from evenwatt.policies.language.circuit import Circuit

_SPEC = importlib.util.spec_from_file_location("fake", Path(__file__).with_name("fake_server.py"))
_FAKE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_FAKE)
FAULTS = [fault for fault in _FAKE.FAULTS if fault is not None]

# How each fault ends: by the model at once, by the model with values changed, or by the rule, and for which reason.
BY_MODEL = {
    "latency", "closes after each answer", "prose around json", "fences around json", "extra keys", "tool calls",
    "a list of one", "format refused", "only json_object", "only tools", "only text", "repeats the key",
    "one answer too few",
}  # fmt: skip
CLIPPED = {"out of range", "below range", "unknown seller"}
BY_RULE = {
    "hang": "timeout", "slow drip": "timeout", "reset mid-body": "connection", "429 with seconds": "status",
    "429 with a date": "status", "429 for an hour": "status", "500": "status", "503": "status", "401": "refused",
    "403": "refused", "400": "refused", "redirect": "status", "body not json": "malformed",
    "body not utf-8": "malformed", "body a list": "malformed", "body nested too deep": "malformed",
    "empty body": "malformed", "oversized reply": "malformed",
}  # fmt: skip
AFTER_SECOND = {
    "oversized text", "truncated json", "wrong types", "nan", "infinity", "number too large", "digits without end",
    "missing key", "duplicate key", "refusal", "refusal in words", "empty choices", "null content", "null message",
    "a list of two", "a number", "unknown choice",
}  # fmt: skip


def _step(fake, see, ask, decider, fault, role="prosumer"):
    server = fake(fault)
    # Long enough for a slow machine wherever the server means to answer at all.
    timeout_s = 0.1 if fault in ("hang", "slow drip") else 20
    asker = Asker(ask(server.url, timeout_s=timeout_s), concurrency=6, circuit=Circuit(failures=100))
    deciding, seen = decider(role, asker, most_groups=8), see(role, agents=6)
    actions, _ = feasible(seen, deciding.decide(seen, Keyed(1, "test")))
    asker.close()
    return server, deciding, actions


def test_every_fault_has_an_expected_end() -> None:
    assert set(FAULTS) == BY_MODEL | CLIPPED | set(BY_RULE) | AFTER_SECOND
    assert len(FAULTS) >= 22


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_ends_in_a_valid_step(fault, fake, see, ask, decider) -> None:
    _, _, actions = _step(fake, see, ask, decider, fault)
    for action in ACTIONS["prosumer"]:
        values = actions[action.name]
        assert len(values) == 6
        assert np.isfinite(values.astype(float)).all()
        assert (values >= action.low).all()
        assert (values <= action.high).all()


@pytest.mark.parametrize("fault", sorted(BY_MODEL))
def test_harmless_faults_leave_the_decision_to_the_model(fault, fake, see, ask, decider) -> None:
    _, deciding, actions = _step(fake, see, ask, decider, fault)
    assert {row["source"] for row in deciding.drain()} == {"live"}
    assert not (actions["ask_per_mwh"] == 77).any()


@pytest.mark.parametrize("fault", sorted(CLIPPED))
def test_impossible_values_are_clipped_and_counted(fault, fake, see, ask, decider) -> None:
    _, deciding, _ = _step(fake, see, ask, decider, fault)
    rows = deciding.drain()
    assert {row["source"] for row in rows} == {"live"}
    assert all(row["clips"] for row in rows)
    assert deciding.health.clip_rows("prosumer")


@pytest.mark.parametrize("fault", sorted(BY_RULE))
def test_a_server_that_fails_leaves_the_decision_to_the_rule(fault, fake, see, ask, decider) -> None:
    _, deciding, actions = _step(fake, see, ask, decider, fault)
    rows = deciding.drain()
    assert {row["why"] for row in rows} == {BY_RULE[fault]}
    assert (actions["ask_per_mwh"] == 77).all()


@pytest.mark.parametrize("fault", sorted(AFTER_SECOND))
def test_an_answer_of_no_use_is_asked_for_once_more(fault, fake, see, ask, decider) -> None:
    server, deciding, actions = _step(fake, see, ask, decider, fault)
    assert {row["why"] for row in deciding.drain()} == {"invalid"}
    assert (actions["ask_per_mwh"] == 77).all()
    twice = [body for body in server.bodies if len(body["messages"]) == 4]
    assert len(twice) * 2 == len(server.bodies)
    assert all("cannot be used" in body["messages"][3]["content"] for body in twice)


def test_a_model_is_told_that_its_answer_was_cut_off(fake, see, ask, decider) -> None:
    server, _, _ = _step(fake, see, ask, decider, "truncated json")
    told = [body["messages"][3]["content"] for body in server.bodies if len(body["messages"]) == 4]
    assert told
    assert all("cut off after 400 tokens" in one for one in told)


@pytest.mark.parametrize("role", ["consumer", "producer", "utility", "regulator"])
@pytest.mark.parametrize("fault", ["nan", "missing key", "out of range", "unknown seller", "null content"])
def test_every_role_survives(role, fault, fake, see, ask, decider) -> None:
    _, _, actions = _step(fake, see, ask, decider, fault, role)
    assert all(np.isfinite(values.astype(float)).all() for values in actions.values())


def test_nobody_listening_leaves_the_decision_to_the_rule(see, ask, decider) -> None:
    deciding, seen = decider("consumer", Asker(ask("http://127.0.0.1:9/v1"))), see("consumer")
    assert (deciding.decide(seen, Keyed(1, "test"))["bid_per_mwh"] == 77).all()
    assert set(deciding.health.reasons) == {"connection"}


def test_the_second_answer_may_be_right(fake, see, ask, decider) -> None:
    server = fake(lambda number, body: "nan" if len(body["messages"]) == 2 else None)
    deciding = decider("producer", Asker(ask(server.url), concurrency=1))
    deciding.decide(see("producer"), Keyed(1, "test"))
    told = deciding.health.rows("producer")
    assert sum(row["reasked"] for row in told) == sum(row["valid"] for row in told) > 0
    assert sum(row["fallbacks"] for row in told) == 0


def test_a_wrong_number_of_answers_is_refused(fake, see, ask, decider) -> None:
    server = fake("one answer too few")
    deciding = decider("producer", Asker(ask(server.url), concurrency=1), together=2)
    deciding.decide(see("producer", agents=4), Keyed(1, "test"))
    assert [row["why"] for row in deciding.drain()] == ["invalid"] * 4
    assert "'answers' holds 1 answers; expected exactly 2" in server.bodies[-1]["messages"][3]["content"]


def test_several_situations_share_a_question(fake, see, ask, decider) -> None:
    server = fake()
    deciding = decider("producer", Asker(ask(server.url), concurrency=1), together=3)
    deciding.decide(see("producer", agents=6), Keyed(1, "test"))
    assert [row["source"] for row in deciding.drain()] == ["live"] * 6
    assert len(server.bodies) == 2


def test_a_rejected_format_is_remembered(fake, see, ask, decider) -> None:
    server, _, _ = _step(fake, see, ask, decider, "format refused")
    refused = [body for body in server.bodies if body["response_format"]["type"] == "json_schema"]
    assert len(refused) == 1
    assert len(server.bodies) > 2
