"""A model without a model: answers every request by a function, for tests, rehearsals and counting calls beforehand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from evenwatt.policies.language.request import Reply, Request


def drawn(request: Request) -> str:
    """A valid answer drawn from the request itself: the same for the same question, and no opinion about it.

    Examples
    --------
    >>> from evenwatt.policies.language.schema import schema
    >>> print(drawn(Request("none", (("user", "{}"),), schema("consumer")))[:45])
    {"max_price": 34.58, "reason": "drawn by lot"
    """
    wanted = json.loads(request.schema)
    try:
        said = json.loads(request.messages[1][1])
    except (ValueError, IndexError):
        said = {}
    offered = [one["id"] for one in said.get("offers", ())]
    many = wanted["properties"].get("answers")
    if many is None:
        return json.dumps(_object(wanted, request.key, offered))
    answers = [_object(many["items"], f"{request.key}/{place}", offered) for place in range(many["minItems"])]
    return json.dumps({"answers": answers})


@dataclass(frozen=True)
class Scripted:
    """A backend that answers by a function.

    Parameters
    ----------
    answer : callable
        From a request to the text of its answer.
    name : str
        What the server's model is called in recordings, so that nobody takes them for a model's.

    Examples
    --------
    >>> Scripted(lambda request: "{}").complete(Request("none", (("user", "buy?"),), "{}")).text
    '{}'
    """

    answer: Callable[[Request], str] = drawn
    name: str = "scripted"

    def complete(self, request: Request) -> Reply:
        """The function's answer; tokens are counted as four bytes each."""
        text = self.answer(request)
        sent = sum(len(what.encode()) for _, what in request.messages)
        return Reply(text, "stop", -(-sent // 4), -(-len(text.encode()) // 4), self.name)


def _object(wanted: Mapping[str, Any], salt: str, offered: list[str]) -> dict[str, Any]:
    """A value for every property."""
    return {name: _value(told, f"{salt}/{name}", offered) for name, told in wanted["properties"].items()}


def _value(told: Mapping[str, Any], salt: str, offered: list[str]) -> Any:
    chance = int.from_bytes(sha256(salt.encode()).digest()[:6], "big") / 2**48
    if "enum" in told:
        return told["enum"][int(chance * len(told["enum"]))]
    if told["type"] == "boolean":
        return chance < 0.5
    if told["type"] == "array":
        first = int(chance * len(offered)) if offered else 0
        return [*offered[first:], *offered[:first]][:2]
    if told["type"] == "string":
        return "drawn by lot"
    low, high = max(told["minimum"], 0), min(told["maximum"], 200)
    if told["type"] == "integer":
        return int(low + chance * (high - low))
    return round(low + chance * (high - low), 2)
