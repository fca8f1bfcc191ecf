"""Asks any OpenAI-compatible server, with nothing but the standard library."""

from __future__ import annotations

import http.client
import json
import math
import os
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from evenwatt.core.errors import ProblemError, gather
from evenwatt.policies.language.connection import Connection
from evenwatt.policies.language.formats import REJECTS, Formats, body, reply
from evenwatt.policies.language.request import ModelError, Reply, Request
from evenwatt.policies.language.retry import FIRST_WAIT_S, RETRIED, wait_s

KEY_VARIABLE = "EVENWATT_LLM_KEY"
LONGEST_BODY = 2**21  # bytes; a decision has a few hundred
LONGEST_WAIT_S = 60.0  # a server that wants to be left alone for longer is left alone for good
REFUSED = frozenset({400, 401, 403})


@dataclass(frozen=True)
class Server:
    """Where a model is, and how long it is waited for.

    Parameters
    ----------
    base_url : str
        Such as ``https://api.openai.com/v1`` or ``http://127.0.0.1:8080/v1``.
    key_variable : str
        The environment variable that holds the key, if one is needed. The key itself is read when it is sent,
        and kept nowhere.
    timeout_s : float
        For one try, from the first byte sent to the last received [s].
    retries : int
        Further tries after a failure that may pass, 0 to 2.
    first_wait_s : float
        Before the first of them [s].

    Raises
    ------
    ProblemError
        Naming every setting that cannot be used.
    """

    base_url: str
    key_variable: str = KEY_VARIABLE
    timeout_s: float = 60.0
    retries: int = 2
    first_wait_s: float = FIRST_WAIT_S

    def __post_init__(self) -> None:
        with gather("language model server", ProblemError) as faults:
            parts = urlsplit(self.base_url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                faults.append("base_url is not of the form https://host/v1")
            if parts.username or parts.password or parts.query:
                faults.append("base_url holds more than an address; put the key into the environment")
            if not 0 < self.timeout_s < math.inf:
                faults.append(f"timeout_s is {self.timeout_s}; expected a number above 0")
            if self.retries not in (0, 1, 2):
                faults.append(f"retries is {self.retries}; expected 0, 1 or 2")


@dataclass(frozen=True)
class _Posted:
    """One answer of a server, before anybody has looked into it."""

    status: int
    content: bytes
    retry_after: str | None


class Client:
    """A :class:`Backend` over HTTP; may be used by many threads, and keeps their connections open.

    Parameters
    ----------
    server : Server
        Where the model is.
    clock, now : callable
        Seconds for durations, and seconds since 1970 for dates; time.monotonic and time.time in a real run.
    sleep : callable
        Waits for so many seconds.
    seconds_left : callable, optional
        Until the limit of time of the run; no try starts after it, none lasts beyond it.
    """

    def __init__(
        self,
        server: Server,
        *,
        clock: Callable[[], float],
        now: Callable[[], float],
        sleep: Callable[[float], None],
        seconds_left: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self.server = server
        self.formats = Formats()
        self._clock, self._now, self._sleep, self._left = clock, now, sleep, seconds_left
        parts = urlsplit(server.base_url)
        self._place = (parts.hostname or "", parts.port)
        self._path = parts.path.rstrip("/") + "/chat/completions"
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    @property
    def most_calls(self) -> int:
        """The most requests that are sent for one question."""
        return 1 + self.server.retries + self.formats.left

    @property
    def is_settled(self) -> bool:
        """Whether it is known which answer format the server takes."""
        return self.formats.is_proven

    def complete(self, request: Request) -> Reply:
        """The model's reply, after as many tries as are allowed.

        Raises
        ------
        ModelError
            With the reason, and what was spent; never with the key.
        """
        began, most = self._clock(), self.most_calls
        calls = failed = lost = 0
        while True:
            form = self.formats.current
            calls += 1
            try:
                found = self._replied(request, form)
                self.formats.prove(form)
                return replace(
                    found,
                    calls=calls,
                    lost_in=lost * request.most_tokens_in,
                    lost_out=lost * request.max_tokens,
                    seconds=self._clock() - began,
                )
            except _Failure as failure:
                # Who hangs up in the middle may have worked, and may charge for it.
                lost += failure.was_sent and failure.reason in ("timeout", "connection", "malformed")
                calls -= failure.reason == "budget"
                if failure.status in REJECTS and calls < most and self.formats.reject(form):
                    continue
                wait = self._wait_s(request, failed, failure)
                failed += 1
                if wait is None or failed > self.server.retries or calls >= most:
                    raise ModelError(
                        str(failure),
                        failure.reason,
                        calls=calls,
                        tokens_in=lost * request.most_tokens_in,
                        tokens_out=lost * request.max_tokens,
                    ) from None
                self._sleep(wait)

    def close(self) -> None:
        """Close the connections that nobody is using."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _wait_s(self, request: Request, failed: int, failure: _Failure) -> float | None:
        """How long to wait before trying again; None if that is of no use."""
        if not failure.may_pass:
            return None
        wait = wait_s(request.key, failed, failure.retry_after, self._now(), first_s=self.server.first_wait_s)
        return wait if wait <= min(LONGEST_WAIT_S, self._left()) else None

    def _replied(self, request: Request, form: str) -> Reply:
        """One try."""
        key = self._key()
        posted = self._posted(body(request, form), key)
        if posted.status != 200:
            raise _Failure.of_status(posted)
        try:
            # A server may repeat what it was sent; nothing of that may be kept.
            found = reply(json.loads(_without(key, posted.content.decode())))
        except (ValueError, RecursionError):
            found = None
        if found is None:
            raise _Failure("the body is not a reply in JSON", "malformed", may_pass=True)
        # Once more, as it may have been escaped.
        return replace(
            found,
            text=_without(key, found.text),
            finish=_without(key, found.finish),
            server_model=_without(key, found.server_model),
        )

    def _key(self) -> str:
        """The key as it is in the environment now; empty if there is none."""
        key = os.environ.get(self.server.key_variable, "").strip()
        # The errors of http.client would print it.
        if not (key.isascii() and key.isprintable()):
            raise ProblemError(
                f"environment variable {self.server.key_variable}: the key holds characters other than printable ASCII"
            )
        return key

    def _posted(self, content: bytes, key: str) -> _Posted:
        """Send, and take the whole answer in before the time is up."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        left = min(self.server.timeout_s, self._left())
        if left <= 0:
            raise _Failure("no time is left", "budget", may_pass=False)
        connection = self._connection()
        connection.until = self._clock() + left
        was_sent = False
        try:
            connection.timeout = left
            connection.request("POST", self._path, content, headers)
            was_sent = True
            answer = connection.getresponse()
            found = answer.read(LONGEST_BODY + 1)
            if len(found) > LONGEST_BODY:
                raise _Failure(f"the body is longer than {LONGEST_BODY} bytes", "malformed", may_pass=False)
            posted = _Posted(answer.status, found, answer.headers.get("Retry-After"))
        except TimeoutError:
            connection.close()
            told = f"no answer within {left:g} s"
            raise _Failure(told, "timeout", may_pass=True, was_sent=was_sent) from None
        except (OSError, http.client.HTTPException) as fault:
            connection.close()
            told = f"connection failed: {type(fault).__name__}"
            raise _Failure(told, "connection", may_pass=True, was_sent=was_sent) from None
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        return posted

    def _connection(self) -> Connection:
        """One that is open and unused, else a new one."""
        while True:
            with self._lock:
                if not self._idle:
                    return Connection(*self._place, tls=self._tls, clock=self._clock)
                connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.close()


def _without(key: str, text: str) -> str:
    """A text without the key; what is shorter than eight characters keeps no secret, and may stand in any text."""
    return text.replace(key, "[key]") if len(key) >= 8 else text


class _Failure(Exception):
    """One try that came to nothing."""

    def __init__(
        self,
        message: str,
        reason: str,
        *,
        may_pass: bool,
        was_sent: bool = True,
        status: int | None = None,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(message)
        self.reason, self.may_pass, self.was_sent = reason, may_pass, was_sent
        self.status, self.retry_after = status, retry_after

    @classmethod
    def of_status(cls, posted: _Posted) -> _Failure:
        """What an HTTP status other than 200 means; its body is not repeated, as it may quote what was sent."""
        status = posted.status
        return cls(
            f"the server answered with status {status}",
            "refused" if status in REFUSED else "status",
            may_pass=status in RETRIED,
            status=status,
            retry_after=posted.retry_after,
        )
