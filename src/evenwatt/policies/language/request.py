"""What is asked of a language model, and what comes back: values that can be compared, kept and replayed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Protocol

from evenwatt.core.errors import EvenwattError

Message = tuple[str, str]  # who speaks ("system", "user", "assistant"), and what


class ModelError(EvenwattError):
    """A language model gave no reply.

    Attributes
    ----------
    reason : str
        One word of ``REASONS``.
    calls : int
        How many requests were sent for it.
    tokens_in, tokens_out : int
        What may have been billed for them.
    """

    def __init__(
        self, message: str, reason: str, *, calls: int = 1, tokens_in: int = 0, tokens_out: int = 0
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.calls = calls
        self.tokens_in = tokens_in
        self.tokens_out = tokens_out


# timeout, connection and status are the server's; malformed is a body that is no reply; refused is 400, 401, 403.
REASONS = ("timeout", "connection", "status", "malformed", "refused", "budget", "circuit", "miss")


@dataclass(frozen=True)
class Request:
    """One question to a model; equal requests have equal keys, and share one answer.

    No agent's number is in it, no clock and no secret: agents in the same situation share a request.

    Parameters
    ----------
    model : str
        Name of the model, as its server knows it.
    messages : tuple of (who, what)
        The conversation.
    schema : str
        JSON schema of the answer, as canonical JSON (see :func:`canonical`).
    temperature, top_p : float
        Of sampling; at temperature 0 the model's first choice is taken.
    max_tokens : int
        Longest answer.
    seed : int
        Asked of the server; not every server heeds it, so only a recording can be relied on.
    template : str
        Version of the prompt's wording.
    draw : int
        Number of the sample where several are wanted of one question.
    attempt : int
        0, or 1 where the first answer was not valid.

    Examples
    --------
    >>> question = Request("small", (("user", "buy?"),), "{}")
    >>> question.key == Request("small", (("user", "buy?"),), "{}").key
    True
    >>> question.key[:8], Request("small", (("user", "sell?"),), "{}").key[:8]
    ('ed1b545a', 'f4f82281')
    """

    model: str
    messages: tuple[Message, ...]
    schema: str
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 400
    seed: int = 0
    template: str = "1"
    draw: int = 0
    attempt: int = 0

    @cached_property
    def text(self) -> str:
        """Canonical JSON of the whole request: keys sorted, no spaces."""
        # Spliced, because the schema is long, constant, and already canonical.
        said = ",".join(
            f'{{"content":{json.dumps(what)},"role":{json.dumps(who)}}}' for who, what in self.messages
        )
        return (
            f'{{"attempt":{self.attempt},"draw":{self.draw},"max_tokens":{self.max_tokens},'
            f'"messages":[{said}],"model":{json.dumps(self.model)},"schema":{self.schema},"seed":{self.seed},'
            f'"temperature":{json.dumps(float(self.temperature))},"template":{json.dumps(self.template)},'
            f'"top_p":{json.dumps(float(self.top_p))}}}'
        )

    @cached_property
    def key(self) -> str:
        """SHA-256 of the canonical text, in hexadecimal."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def most_tokens_in(self) -> int:
        """An upper bound of the tokens sent: none is shorter than a byte, and templates add a few.

        The schema is counted twice, as a format may carry it in the prompt as well.
        """
        said = sum(len(what.encode()) for _, what in self.messages)
        return said + 2 * len(self.schema.encode()) + 16 * len(self.messages) + 256


@dataclass(frozen=True)
class Reply:
    """What a model answered.

    Attributes
    ----------
    text : str
        The answer; empty where the model said nothing.
    finish : str
        Why it ended: ``stop``, ``length``, ``refusal`` or what the server said.
    tokens_in, tokens_out : int
        As the server counted them.
    server_model : str
        The model as the server names it.
    calls : int
        How many requests were sent for it, failed ones included; not recorded.
    lost_in, lost_out : int
        Tokens that failed tries may have been billed; not recorded.
    seconds : float
        How long it took by the clock that was passed in; not recorded.
    """

    text: str
    finish: str = "stop"
    tokens_in: int = 0
    tokens_out: int = 0
    server_model: str = ""
    calls: int = 1
    lost_in: int = 0
    lost_out: int = 0
    seconds: float = 0.0


class Backend(Protocol):
    """Anything that answers requests; another client needs no more than this one function.

    It may be called by several threads at once. Two attributes are heeded where they exist: ``most_calls``, the
    most requests that it sends for one question (1 if absent), and ``is_settled``, whether it knows its server's
    answer format yet (the first question goes alone until then).
    """

    def complete(self, request: Request) -> Reply:
        """The answer, or a :class:`ModelError`."""
        ...


@dataclass(frozen=True)
class Answer:
    """What became of one request.

    Attributes
    ----------
    reply : Reply or None
        None where there is none.
    source : str
        ``live``, ``replay``, ``joined`` (another asked the same at the same time) or ``fallback``.
    reason : str
        Why there is no reply; one of ``REASONS``, else empty.
    calls, tokens_in, tokens_out : int
        Sent and billed for it.
    seconds : float
        By the clock passed in.
    """

    reply: Reply | None
    source: str
    reason: str = ""
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0


def canonical(value: Any) -> str:
    """JSON with sorted keys, without spaces, in ASCII; NaN and infinity are refused.

    Examples
    --------
    >>> canonical({"b": 1, "a": [True, None]})
    '{"a":[true,null],"b":1}'
    """
    return _CANONICAL.encode(value)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def row(request: Request) -> Mapping[str, Any]:
    """The request as it is written in recordings."""
    found: Mapping[str, Any] = json.loads(request.text)
    return found
