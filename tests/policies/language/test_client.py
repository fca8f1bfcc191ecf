"""The client: it keeps connections and secrets, waits as told, and never asks again where that cannot help."""

from __future__ import annotations

import json
import logging
import math

import pytest

from evenwatt.core.chance import Keyed
from evenwatt.core.errors import ProblemError
from evenwatt.policies.language.asking import Asker
from evenwatt.policies.language.cassette import Cassette
from evenwatt.policies.language.client import Server
from evenwatt.policies.language.request import ModelError, Request, canonical
from evenwatt.policies.language.retry import wait_s
from evenwatt.policies.language.schema import fields, schema

SECRET = "sk-very-secret-0123456789abcdef"


def _question(text="{}"):
    return Request("small", (("system", "rules"), ("user", text)), schema("producer"))


def _sent(server):
    """The schema of the last request."""
    body = server.bodies[-1]
    if "tools" in body:
        return body["tools"][0]["function"]["parameters"]
    form = body["response_format"]
    return form["schema"] if form["type"] == "json_object" else form["json_schema"]["schema"]


def test_connections_are_kept_open(fake, ask) -> None:
    server = fake()
    client = ask(server.url, timeout_s=20)
    for number in range(10):
        client.complete(_question(f'{{"number": {number}}}'))
    assert server.connections == 1


def test_a_connection_closed_by_the_server_is_replaced_unnoticed(fake, ask) -> None:
    server = fake("closes after each answer")
    client = ask(server.url, timeout_s=20, retries=0)
    assert [client.complete(_question()).calls for _ in range(3)] == [1, 1, 1]
    assert server.connections == 3


@pytest.mark.parametrize(("status", "sent"), [("400", 4), ("401", 1), ("403", 1), ("503", 3)])
def test_only_what_may_pass_is_tried_again(status, sent, fake, ask) -> None:
    """A 400 may be about the answer's format: each of the four is tried once, and none of them twice."""
    server = fake(status)
    with pytest.raises(ModelError, match=f"status {status}"):
        ask(server.url, timeout_s=20, retries=2).complete(_question())
    assert len(server.bodies) == sent


@pytest.mark.parametrize(("header", "waited"), [("429 with seconds", 0.0), ("429 with a date", 0.0)])
def test_the_server_says_how_long_to_wait(header, waited, fake, ask) -> None:
    slept = []
    with pytest.raises(ModelError):
        ask(fake(header).url, timeout_s=20, retries=2, sleep=slept.append).complete(_question())
    assert slept == [waited, waited]


def test_a_server_that_wants_an_hour_is_not_waited_for(fake, ask) -> None:
    slept = []
    server = fake("429 for an hour")
    with pytest.raises(ModelError, match="429"):
        ask(server.url, timeout_s=20, retries=2, sleep=slept.append).complete(_question())
    assert slept == []
    assert len(server.bodies) == 1


def test_waits_grow_differ_between_questions_and_repeat() -> None:
    waits = [wait_s("a", attempt, None, 0.0) for attempt in range(3)]
    assert all(0.25 * 2**k <= wait <= 0.75 * 2**k for k, wait in enumerate(waits))
    assert len({wait_s(str(key), 0, None, 0.0) for key in range(100)}) == 100
    assert waits == [wait_s("a", attempt, "nonsense", 0.0) for attempt in range(3)]


def test_no_try_starts_when_time_is_up(fake, ask) -> None:
    server = fake()
    with pytest.raises(ModelError, match="no time is left") as caught:
        ask(server.url, seconds_left=lambda: 0.0).complete(_question())
    assert server.bodies == []
    assert (caught.value.reason, caught.value.calls) == ("budget", 0)


def test_what_never_left_is_not_billed_and_what_may_have_been_worked_on_is(fake, ask) -> None:
    with pytest.raises(ModelError) as caught:
        ask("http://127.0.0.1:9/v1", retries=2).complete(_question())
    assert (caught.value.calls, caught.value.tokens_in, caught.value.tokens_out) == (3, 0, 0)
    with pytest.raises(ModelError) as caught:
        ask(fake("reset mid-body").url, timeout_s=20, retries=2).complete(_question())
    question = _question()
    assert caught.value.tokens_in == 3 * question.most_tokens_in
    assert caught.value.tokens_out == 3 * question.max_tokens


@pytest.mark.parametrize("form", ["only json_object", "only tools", "only text"])
def test_the_format_is_found_once(form, fake, ask) -> None:
    server = fake(form)
    client = ask(server.url, timeout_s=20)
    first, then = client.complete(_question()), client.complete(_question())
    assert json.loads(first.text) == json.loads(then.text)
    assert then.calls == 1 < first.calls
    assert client.is_settled


@pytest.mark.parametrize("form", ["json_schema", "json_object", "tools"])
def test_the_reason_comes_after_what_was_decided(form, fake, ask) -> None:
    """Servers that hold a model to a schema have it write the fields in the order in which they are sent."""
    server = fake(None if form == "json_schema" else f"only {form}")
    ask(server.url, timeout_s=20).complete(_question())
    sent = _sent(server)
    assert list(sent["properties"]) == [*(field.name for field in fields("producer")), "reason"]
    assert canonical(sent) == schema("producer")


def test_every_one_of_several_reasons_comes_last(fake, ask) -> None:
    server = fake()
    ask(server.url, timeout_s=20).complete(
        Request("small", (("system", ""), ("user", "{}")), schema("producer", 2))
    )
    sent = _sent(server)["properties"]["answers"]["items"]
    assert list(sent["properties"])[-1] == "reason"


def test_a_server_error_after_success_says_nothing_about_the_format(fake, ask) -> None:
    server = fake(lambda number, body: "500" if number == 1 else None)
    client = ask(server.url, timeout_s=20)
    client.complete(_question())
    assert client.complete(_question()).calls == 2
    assert {body["response_format"]["type"] for body in server.bodies} == {"json_schema"}


@pytest.mark.parametrize(
    "fault", [None, "repeats the key", "401", "500", "reset mid-body", "body not json", "nan"]
)
def test_the_key_is_sent_and_never_kept(
    fault, fake, ask, see, decider, monkeypatch, tmp_path, caplog
) -> None:
    monkeypatch.setenv("EVENWATT_LLM_KEY", SECRET)
    caplog.set_level(logging.DEBUG)
    server = fake(fault)
    place = tmp_path / "run.sqlite"
    client = ask(server.url, timeout_s=20)
    asker = Asker(client, mode="record", cassette=Cassette(place), concurrency=2)
    deciding = decider("producer", asker)
    deciding.decide(see("producer"), Keyed(1, "test"))
    assert set(server.keys) == {f"Bearer {SECRET}"}
    try:
        error = repr(client.complete(_question()))
    except ModelError as fault:
        error = f"{fault!r}{fault.__dict__}{fault.__context__}"
    written = [
        error, repr(client), repr(client.server), repr(vars(client)), repr(asker), repr(deciding), caplog.text,
        json.dumps(deciding.drain()), json.dumps(deciding.health.written()), asker.cassette.exported(),
        bytes(deciding.remember()["told"]).decode(),
    ]  # fmt: skip
    asker.close()
    asker.cassette.close()
    files = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert files
    assert not any(SECRET in text for text in written)
    assert not any(SECRET.encode() in content for content in files)


@pytest.mark.parametrize("key", ["sk-a\nb: c", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_not_printed(key, fake, ask, monkeypatch) -> None:
    monkeypatch.setenv("EVENWATT_LLM_KEY", key)
    with pytest.raises(ProblemError, match="EVENWATT_LLM_KEY") as caught:
        ask(fake().url).complete(_question())
    assert key not in str(caught.value)


def test_no_key_is_no_header(fake, ask) -> None:
    server = fake()
    ask(server.url, timeout_s=20).complete(_question())
    assert server.keys == [None]


def test_bad_addresses_are_named_together() -> None:
    with pytest.raises(ProblemError, match=r"base_url is not[\s\S]*timeout_s is inf[\s\S]*retries is 9"):
        Server("ftp://x", timeout_s=math.inf, retries=9)
    with pytest.raises(ProblemError, match="put the key into the environment") as caught:
        Server(f"https://user:{SECRET}@example.org/v1")
    assert SECRET not in str(caught.value)


def test_seconds_are_told_by_the_clock_that_was_given(fake, ask) -> None:
    ticks = iter(range(100))
    client = ask(fake().url, timeout_s=20, clock=lambda: float(next(ticks)))
    assert client.complete(_question()).seconds > 0


def test_a_key_that_is_no_secret_spoils_no_answer(fake, ask, monkeypatch) -> None:
    monkeypatch.setenv("EVENWATT_LLM_KEY", "e")
    assert json.loads(ask(fake().url, timeout_s=20).complete(_question()).text)["reason"] == "drawn by lot"
