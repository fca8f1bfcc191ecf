"""How a server is asked for JSON: the strictest way it accepts, found once by trying, and remembered."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from evenwatt.policies.language.request import Reply, Request

FORMATS = ("json_schema", "json_object", "tools", "text")
# What servers answer to a format that they do not know; llama-cpp-python's does so with 500.
REJECTS = frozenset({400, 422, 500})
NAME = "decision"


class Formats:
    """Which format a server takes; safe to use from several threads.

    Examples
    --------
    >>> formats = Formats()
    >>> formats.reject("json_schema")
    True
    >>> formats.current
    'json_object'
    """

    def __init__(self) -> None:
        self._place = 0
        self.is_proven = False
        self._lock = threading.Lock()

    @property
    def current(self) -> str:
        """The format to ask in."""
        return FORMATS[self._place]

    @property
    def left(self) -> int:
        """How many more might have to be tried."""
        return 0 if self.is_proven else len(FORMATS) - 1 - self._place

    def prove(self, used: str) -> None:
        """The server answered in this format: keep to it."""
        with self._lock:
            self._place, self.is_proven = FORMATS.index(used), True

    def reject(self, used: str) -> bool:
        """Go on to the next format; False if this was proven, or the last: then the fault lies elsewhere."""
        with self._lock:
            if self.is_proven:
                return False
            if used == FORMATS[-1]:
                self._place = 0  # a server that takes nothing is down, and has said nothing about formats
                return False
            self._place = max(self._place, FORMATS.index(used) + 1)
            return True


def body(request: Request, form: str) -> bytes:
    """What is posted to ``/chat/completions``."""
    schema = _as_required(json.loads(request.schema))
    said = [{"role": who, "content": what} for who, what in request.messages]
    asked: dict[str, Any] = {
        "model": request.model,
        "messages": said,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_tokens": request.max_tokens,
        "seed": request.seed,
    }
    if form == "json_schema":
        asked["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": NAME, "schema": schema, "strict": True},
        }
    elif form == "tools":
        asked["tools"] = [{"type": "function", "function": {"name": NAME, "parameters": schema}}]
        asked["tool_choice"] = {"type": "function", "function": {"name": NAME}}
    else:
        said[0] = {**said[0], "content": f"{said[0]['content']}\nSchema of the JSON object: {request.schema}"}
        if form == "json_object":
            asked["response_format"] = {"type": "json_object", "schema": schema}
    return json.dumps(asked).encode()


def _as_required(schema: Any) -> Any:
    """A schema whose fields stand in the order of ``required``, where canonical JSON has sorted them.

    A server that holds a model to a schema has it write the fields as they stand. The reason, which is long and may be
    cut off, then comes after what has been decided.
    """
    if isinstance(schema, list):
        return [_as_required(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _as_required(value) for name, value in schema.items()}
    known = made.get("properties")
    if isinstance(known, dict):
        first = [name for name in made.get("required", ()) if name in known]
        made["properties"] = {name: known[name] for name in (*first, *known)}
    return made


def reply(payload: Any) -> Reply | None:
    """What a server's answer says, wherever it says it; None if it is no answer at all.

    Examples
    --------
    >>> reply({"choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}]}).text
    '{}'
    >>> reply({"choices": []}).finish
    'no choices'
    >>> reply([1, 2]) is None
    True
    """
    if not isinstance(payload, Mapping) or not isinstance(payload.get("choices"), list):
        return None
    raw = payload.get("usage")
    usage: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    choices = payload["choices"]
    choice = choices[0] if choices and isinstance(choices[0], Mapping) else None
    text, finish = ("", "no choices") if choice is None else _said(choice)
    return Reply(
        text=text,
        finish=finish,
        tokens_in=_count(usage.get("prompt_tokens")),
        tokens_out=_count(usage.get("completion_tokens")),
        server_model=str(payload.get("model") or "")[:200],
    )


def _said(choice: Mapping[str, Any]) -> tuple[str, str]:
    """Text and reason to end of one choice."""
    raw = choice.get("message")
    message: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    finish = str(choice.get("finish_reason") or "stop")[:40]
    called = _called(message.get("tool_calls"))
    if called:
        return called, finish
    content = message.get("content")
    if isinstance(content, list):  # some servers answer in parts
        content = "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    if isinstance(content, str) and content:
        return content, finish
    return "", "refusal" if message.get("refusal") else finish


def _called(calls: Any) -> str:
    """Arguments of the first function called; empty if there is none."""
    if not isinstance(calls, list) or not calls or not isinstance(calls[0], Mapping):
        return ""
    function = calls[0].get("function")
    arguments = function.get("arguments") if isinstance(function, Mapping) else None
    if isinstance(arguments, Mapping):
        return json.dumps(arguments)
    return arguments if isinstance(arguments, str) else ""


def _count(found: Any) -> int:
    """A count of tokens; a server that gives none, or nonsense, counts as none here."""
    is_count = isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**9
    return int(found) if is_count else 0
