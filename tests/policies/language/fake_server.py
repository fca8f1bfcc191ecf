"""A language model server on 127.0.0.1 that can fail in every way that real ones do."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from evenwatt.policies.language.request import Request, canonical
from evenwatt.policies.language.scripted import drawn


class FakeServer:
    """Answers like ``/v1/chat/completions``.

    ``fault`` is the name of a fault for every request, or a function of (number of the request, its body) to a name;
    None answers as it should. ``bodies`` and ``keys`` are what came in.
    """

    def __init__(self, fault: str | Callable[[int, dict[str, Any]], str | None] | None = None) -> None:
        self.fault = fault
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.connections = 0
        self.released = threading.Event()
        self._lock = threading.Lock()
        server = self

        class Handler(_Handler):
            owner = server

        self._http = _Listening(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.005,), daemon=True)

    def __enter__(self) -> FakeServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def take(self, body: dict[str, Any], key: str | None) -> str | None:
        """Note a request, and say which fault it meets."""
        with self._lock:
            number = len(self.bodies)
            self.bodies.append(body)
            self.keys.append(key)
        return self.fault(number, body) if callable(self.fault) else self.fault


class _Listening(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A client that hung up is no error of a test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: FakeServer

    def setup(self) -> None:
        super().setup()
        self.owner.connections += 1

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fault = self.owner.take(body, self.headers.get("Authorization"))
        FAULTS[fault](self, body)

    def send(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def say(self, text: str | None, finish: str = "stop", **message: Any) -> None:
        self.send(200, replied(text, finish, **message))


def replied(text: str | None, finish: str = "stop", **message: Any) -> bytes:
    """A body as such servers send it."""
    choice = {
        "index": 0,
        "finish_reason": finish,
        "message": {"role": "assistant", "content": text, **message},
    }
    usage = {"prompt_tokens": 100, "completion_tokens": 50}
    return json.dumps({"model": "fake-1", "choices": [choice], "usage": usage}).encode()


def wanted(body: dict[str, Any]) -> dict[str, Any]:
    """The schema that was sent, in whichever format."""
    form = body.get("response_format", {})
    if form.get("type") == "json_schema":
        return form["json_schema"]["schema"]
    if form.get("type") == "json_object":
        return form["schema"]
    if "tools" in body:
        return body["tools"][0]["function"]["parameters"]
    return json.loads(body["messages"][0]["content"].rpartition("Schema of the JSON object: ")[2])


def good(body: dict[str, Any]) -> dict[str, Any]:
    """A valid decision for what was asked."""
    said = tuple((one["role"], one["content"]) for one in body["messages"])
    return json.loads(drawn(Request(body["model"], said, canonical(wanted(body)))))


def _changed(body: dict[str, Any], **fields: Any) -> str:
    return json.dumps({**good(body), **fields})


def _number(body: dict[str, Any]) -> str:
    """Name of a numeric field of the schema."""
    return next(name for name, told in wanted(body)["properties"].items() if told["type"] == "number")


def _right(handler: _Handler, body: dict[str, Any]) -> None:
    handler.say(json.dumps(good(body)))


def _hang(handler: _Handler, body: dict[str, Any]) -> None:
    handler.owner.released.wait(5)
    handler.close_connection = True


def _latency(handler: _Handler, body: dict[str, Any]) -> None:
    time.sleep(0.05)
    _right(handler, body)


def _drip(handler: _Handler, body: dict[str, Any]) -> None:
    """A byte now and then: each arrives in time, all together never."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(100):
        if handler.owner.released.wait(0.02):
            break
        handler.wfile.write(b" ")
    handler.close_connection = True


def _reset(handler: _Handler, body: dict[str, Any]) -> None:
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"choices": [')
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def _closes(handler: _Handler, body: dict[str, Any]) -> None:
    """A right answer from a server that keeps no connection open."""
    handler.send(200, replied(json.dumps(good(body))), Connection="close")
    handler.close_connection = True


def _status(status: int, **headers: str) -> Callable[[_Handler, dict[str, Any]], None]:
    return lambda handler, body: handler.send(status, b'{"error": "no"}', **headers)


def _format_refused(handler: _Handler, body: dict[str, Any]) -> None:
    """As llama-cpp-python's server does with json_schema: status 500."""
    if body.get("response_format", {}).get("type") == "json_schema":
        handler.send(500, b'{"error": {"message": "Input should be \'text\' or \'json_object\'"}}')
    else:
        _right(handler, body)


def _only(form: str) -> Callable[[_Handler, dict[str, Any]], None]:
    def answer(handler: _Handler, body: dict[str, Any]) -> None:
        used = body.get("response_format", {}).get("type") or ("tools" if "tools" in body else "text")
        if used != form:
            handler.send(400, b'{"error": "unknown parameter"}')
        elif form == "tools":
            _tool_calls(handler, body)
        else:
            _right(handler, body)

    return answer


def _tool_calls(handler: _Handler, body: dict[str, Any]) -> None:
    call = {
        "id": "1",
        "type": "function",
        "function": {"name": "decision", "arguments": json.dumps(good(body))},
    }
    handler.say(None, "tool_calls", tool_calls=[call])


def _duplicate(handler: _Handler, body: dict[str, Any]) -> None:
    handler.say(json.dumps(good(body))[:-1] + f', "{_number(body)}": 1}}')


def _missing(handler: _Handler, body: dict[str, Any]) -> None:
    made = good(body)
    del made[_number(body)]
    handler.say(json.dumps(made))


def _echo(handler: _Handler, body: dict[str, Any]) -> None:
    """A server that repeats the key wherever it can."""
    key = handler.headers.get("Authorization", "")
    handler.say(_changed(body, reason=key, **{key: 1}), key)


def _too_few(handler: _Handler, body: dict[str, Any]) -> None:
    """One answer less than was asked for, where several were."""
    made = good(body)
    handler.say(json.dumps({"answers": made["answers"][1:]} if "answers" in made else made))


def _text(text: Callable[[dict[str, Any]], str | None], finish: str = "stop", **message: Any) -> Any:
    return lambda handler, body: handler.say(text(body), finish, **message)


# What is wrong with each, and how a right market still gets its decision: see test_faults.py.
FAULTS: dict[str | None, Callable[[_Handler, dict[str, Any]], None]] = {
    None: _right,
    "latency": _latency,
    "hang": _hang,
    "slow drip": _drip,
    "reset mid-body": _reset,
    "closes after each answer": _closes,
    "429 with seconds": _status(429, Retry_After="0"),
    "429 with a date": _status(429, Retry_After=formatdate(0, usegmt=True)),
    "429 for an hour": _status(429, Retry_After="3600"),
    "500": _status(500),
    "503": _status(503),
    "401": _status(401),
    "403": _status(403),
    "400": _status(400),
    "redirect": _status(302, Location="http://127.0.0.1:9/"),
    "body not json": lambda handler, body: handler.send(200, b"<html>gateway</html>"),
    "body not utf-8": lambda handler, body: handler.send(200, b"\xff\xfe{}"),
    "body a list": lambda handler, body: handler.send(200, b"[1, 2]"),
    "body nested too deep": lambda handler, body: handler.send(200, b"[" * 200_000),
    "empty body": lambda handler, body: handler.send(200, b""),
    "oversized reply": lambda handler, body: handler.send(200, b" " * (2**21 + 10)),
    "oversized text": _text(lambda body: "x" * 100_000),
    "truncated json": _text(lambda body: json.dumps(good(body))[:-30], "length"),
    "prose around json": _text(lambda body: f"Well {{let me see}}:\n{json.dumps(good(body))}\nGood luck!"),
    "fences around json": _text(lambda body: f"```json\n{json.dumps(good(body), indent=1)}\n```"),
    "wrong types": _text(lambda body: _changed(body, **{_number(body): "12.5"})),
    "out of range": _text(lambda body: _changed(body, **{_number(body): 1e12})),
    "below range": _text(lambda body: _changed(body, **{_number(body): -1e12})),
    "nan": _text(lambda body: _changed(body, **{_number(body): float("nan")})),
    "infinity": _text(lambda body: _changed(body, **{_number(body): float("inf")})),
    "number too large": _text(lambda body: _changed(body, **{_number(body): 10**400})),
    "digits without end": _text(lambda body: json.dumps(good(body))[:-1] + ', "more": ' + "9" * 6000 + "}"),
    "missing key": _missing,
    "extra keys": _text(lambda body: _changed(body, pay=9999, __class__="x")),
    "duplicate key": _duplicate,
    "refusal": _text(lambda body: None, refusal="I cannot help with that."),
    "refusal in words": _text(lambda body: "I'm sorry, I can't help with trading energy."),
    "empty choices": lambda handler, body: handler.send(200, b'{"choices": [], "usage": null}'),
    "null content": _text(lambda body: None),
    "null message": lambda handler, body: handler.send(200, b'{"choices": [{"message": null}]}'),
    "tool calls": _tool_calls,
    "unknown seller": _text(lambda body: _changed(body, sellers=["u99", "nobody", "u0", "u0"], suppliers=["p99"])),
    "a list of two": _text(lambda body: json.dumps([good(body), good(body)])),
    "a list of one": _text(lambda body: json.dumps([good(body)])),
    "one answer too few": _too_few,
    "a number": _text(lambda body: "42"),
    "unknown choice": _text(lambda body: _changed(body, source="the moon", battery="sell all", storage="burn")),
    "format refused": _format_refused,
    "only json_object": _only("json_object"),
    "only tools": _only("tools"),
    "only text": _only("text"),
    "repeats the key": _echo,
}  # fmt: skip
