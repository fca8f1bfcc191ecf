"""From words to decisions: what is taken, what is brought within bounds, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.policies.language.ladder import Feasible, Invalid, decisions, parsed
from evenwatt.policies.language.schema import STRATEGIES, fields, schema

PRODUCER = {"output_share": 1.0, "markup": 0.2, "accept_contracts": True, "min_contract_steps": 4, "upgrade": False,
            "valid_steps": 8, "reason": "sun"}  # fmt: skip
CONSUMER = {"source": "local", "max_price": 120.0, "sellers": ["u1"], "valid_steps": 8, "reason": "cheap"}
OFFERS = {"u0": 0, "u1": 1}


def _one(role, answer, **feasible):
    return decisions(role, answer if isinstance(answer, str) else json.dumps(answer), [Feasible(**feasible)])[
        0
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}', {"a": 1}),
        ('  \n{"a": {"b": "}"}} and more {', {"a": {"b": "}"}}),
        ('Sure:\n```json\n{"a": 1}\n```', {"a": 1}),
        ('For example ```{"a": 0}``` but mine is {"a": 1}', {"a": 1}),
        ('{not json} {"a": 1}', {"a": 1}),
        ('```\n{"a": 1}', {"a": 1}),
        ('[{"a": 1}]', {"a": 1}),
    ],
)
def test_an_object_is_found_in_words(text, found) -> None:
    assert parsed(text) == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("no", "no complete JSON object"),
        ('{"a": 1', "no complete JSON object"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": -Infinity}', "-Infinity is not a number"),
        ('{"a": 1, "a": 2}', "'a' is there more than once"),
        ('[{"a": 1}, {"a": 2}]', "a list of 2"),
        ("{" * 100_000, "characters"),
        ('{"a":' * 9_000, "no complete JSON object"),
    ],
)
def test_what_cannot_be_read_is_told(text, told) -> None:
    with pytest.raises(Invalid, match=told):
        parsed(text)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"markup": "0.2"}, "'markup' is \"0.2\"; expected a number"),
        ({"markup": True}, "'markup' is true; expected a number"),
        ({"markup": None}, "'markup' is null; expected a number"),
        ({"upgrade": 1}, "'upgrade' is 1; expected true or false"),
        ({"valid_steps": 2.5}, "'valid_steps' is 2.5; expected a whole number"),
        ({"markup": 1e999}, "Infinity|not a finite"),
    ],
)
def test_wrong_types_are_refused(change, told) -> None:
    with pytest.raises(Invalid, match=told):
        _one("producer", {**PRODUCER, **change})


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(Invalid, match=r"'source' is .moon.; expected one of none.*'max_price' is missing"):
        _one("consumer", {"source": "moon", "sellers": [], "valid_steps": 1})


def test_whole_numbers_may_be_written_as_floats() -> None:
    assert _one("producer", {**PRODUCER, "valid_steps": 8.0}).used["valid_steps"] == 8


def test_numbers_out_of_range_are_clipped_and_told() -> None:
    found = _one("producer", {**PRODUCER, "markup": 7, "valid_steps": 10**30})
    assert {clip.field: (clip.asked, clip.used) for clip in found.clips} == {
        "markup": (7, 1.0), "valid_steps": (10**30, 96),
    }  # fmt: skip


def test_prices_keep_within_cap_and_floor() -> None:
    assert (
        _one("consumer", {**CONSUMER, "max_price": 9999}, cap=400.0, offers=OFFERS).used["max_price"] == 400.0
    )
    assert (
        _one("consumer", {**CONSUMER, "max_price": -80}, floor=-50.0, offers=OFFERS).used["max_price"]
        == -50.0
    )


def test_only_those_who_offered_can_be_chosen() -> None:
    found = _one("consumer", {**CONSUMER, "sellers": ["u7", "u1", "u1", "u0"]}, offers=OFFERS)
    assert found.used["sellers"] == (1, 0)
    assert [(clip.asked, clip.used) for clip in found.clips] == [(["u7", "u1", "u1", "u0"], ["u1", "u0"])]


def test_unknown_keys_are_ignored_and_counted() -> None:
    found = _one("producer", {**PRODUCER, "price": 9999, "quantity": 10**9})
    assert found.ignored == ("price", "quantity")
    assert found.clips == ()
    assert set(found.used) == {field.name for field in fields("producer")}


def test_a_reason_is_kept_short_and_may_be_missing() -> None:
    assert len(_one("producer", {**PRODUCER, "reason": "x" * 999}).reason) == 200
    assert _one("producer", {**PRODUCER, "reason": 5}).reason == ""


def test_a_regulator_that_does_nothing_need_not_say_how_much() -> None:
    assert _one("regulator", {"no_action": True}).used == {"no_action": True}
    with pytest.raises(Invalid, match="'fine_rate' is missing"):
        _one("regulator", {"no_action": False})


@pytest.mark.parametrize("role", STRATEGIES)
def test_schemas_are_strict(role) -> None:
    told = json.loads(schema(role))
    assert set(told["required"]) == set(told["properties"]) == {*(f.name for f in fields(role)), "reason"}
    assert told["additionalProperties"] is False
    assert json.loads(schema(role, 3))["properties"]["answers"]["minItems"] == 3


@pytest.mark.parametrize(
    ("role", "name"), [("consumer", "sellers"), ("prosumer", "sellers"), ("utility", "suppliers")]
)
def test_one_id_cannot_fill_an_answer(role, name) -> None:
    """A small model held to a schema without this limit writes one id until it is cut off."""
    told = json.loads(schema(role))["properties"][name]
    assert told["maxItems"] * told["items"]["maxLength"] < 100


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize("role", STRATEGIES)
@settings(max_examples=40)
@given(data=st.data())
def test_any_json_is_a_decision_within_bounds_or_refused(role, data) -> None:
    answer = data.draw(st.fixed_dictionaries({field.name: _sound(field) | _JSON for field in fields(role)}))
    try:
        found = _one(role, json.dumps(answer), cap=400.0, floor=-50.0, offers=OFFERS)
    except Invalid:
        return
    for field in fields(role):
        if field.kind in ("number", "whole") and field.name in found.used:
            assert field.low <= found.used[field.name] <= field.high
            assert not field.is_price or -50 <= found.used[field.name] <= 400


def _sound(field):
    if field.kind == "flag":
        return st.booleans()
    if field.kind == "choice":
        return st.sampled_from(field.choices)
    if field.kind == "list":
        return st.lists(st.sampled_from(["u0", "u1", "u2"]), max_size=7)
    return st.integers(-1000, 1000) if field.kind == "whole" else st.floats(-1e6, 1e6)


@given(text=st.text(max_size=300))
def test_any_text_is_read_or_refused(text) -> None:
    try:
        found = parsed(text)
    except Invalid:
        found = {}
    assert isinstance(found, dict)
