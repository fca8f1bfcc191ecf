"""Recorded replies: what makes a run with a language model repeatable."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from evenwatt.core.errors import DataError, gather
from evenwatt.policies.language.difference import first_difference
from evenwatt.policies.language.request import REASONS, Reply, Request, canonical

_TOGETHER = 500  # keys of one look-up; SQLite takes 999 at least
UNANSWERED = "unanswered"  # as the finish of a recorded failure; its reply is the reason
_FIELDS = {"key": str, "request": dict, "reply": str, "finish": str, "usage": dict, "server_model": str}


class Cassette:
    """Replies by the key of their request, in one SQLite file; may be used by many threads.

    Questions that got no reply are kept too, with the reason: a replay then falls back where the run did. A run
    that records asks them again.

    Parameters
    ----------
    path : path, optional
        Of the SQLite file, made where there is none; in memory without one.

    Raises
    ------
    DataError
        If the file is no cassette.

    Examples
    --------
    >>> cassette = Cassette()
    >>> question = Request("small", (("user", "buy?"),), "{}")
    >>> cassette.put([(question, Reply("yes"))])
    >>> cassette.find([question.key])[question.key].text, len(cassette)
    ('yes', 1)
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self._lock = threading.Lock()
        self._heard: set[str] = set()
        self._place = "a cassette in memory" if path is None else str(path)
        try:
            self._data = sqlite3.connect(":memory:" if path is None else path, check_same_thread=False)
            self._data.execute("PRAGMA journal_mode=WAL")
            self._data.execute("PRAGMA synchronous=NORMAL")
            self._data.execute(
                "CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, request TEXT NOT NULL, reply TEXT NOT "
                "NULL, finish TEXT NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, "
                "server_model TEXT NOT NULL) WITHOUT ROWID"
            )
        except sqlite3.Error as fault:
            raise DataError(f"{self._place}: not a cassette of recorded replies ({fault})") from None

    def __len__(self) -> int:
        with self._lock:
            return int(self._data.execute("SELECT count(*) FROM replies").fetchone()[0])

    def find(self, keys: Sequence[str]) -> dict[str, Reply]:
        """Recorded replies by key, of as many as there are; a recorded failure has the finish ``unanswered``."""
        made: dict[str, Reply] = {}
        for at in range(0, len(keys), _TOGETHER):
            some = keys[at : at + _TOGETHER]
            with self._lock:
                rows = self._data.execute(
                    "SELECT key, reply, finish, tokens_in, tokens_out, server_model FROM replies "
                    f"WHERE key IN ({','.join('?' * len(some))})",
                    some,
                ).fetchall()
            for key, text, finish, tokens_in, tokens_out, model in rows:
                made[key] = Reply(text, finish, tokens_in, tokens_out, model, calls=0)
        self._heard |= made.keys()
        return made

    def put(self, answered: Iterable[tuple[Request, Reply]]) -> None:
        """Keep replies; one that is there already is replaced."""
        rows = [
            (
                asked.key,
                asked.text,
                said.text,
                said.finish,
                said.tokens_in,
                said.tokens_out,
                said.server_model,
            )
            for asked, said in answered
        ]
        with self._lock, self._data:
            self._data.executemany("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            self._heard |= {row[0] for row in rows}

    def rows(self) -> Iterator[dict[str, Any]]:
        """Everything recorded, in the order of keys, as it is exported."""
        with self._lock:
            found = self._data.execute(
                "SELECT key, request, reply, finish, tokens_in, tokens_out, server_model FROM replies ORDER BY key"
            ).fetchall()
        for key, request, reply, finish, tokens_in, tokens_out, server_model in found:
            yield {
                "key": key,
                "request": json.loads(request),
                "reply": reply,
                "finish": finish,
                "usage": {"prompt_tokens": tokens_in, "completion_tokens": tokens_out},
                "server_model": server_model,
            }

    def exported(self) -> str:
        """All recordings as JSON lines: equal recordings give equal bytes."""
        return "".join(canonical(one) + "\n" for one in self.rows())

    @property
    def digest(self) -> str:
        """SHA-256 of what is exported, in hexadecimal: the name of these recordings in reports."""
        return sha256(self.exported().encode()).hexdigest()

    @property
    def heard(self) -> str:
        """SHA-256 of those that were put or found here: the same for a run that records and one that replays it."""
        used = (canonical(one) for one in self.rows() if one["key"] in self._heard)
        return sha256("\n".join(used).encode()).hexdigest()

    def take(self, lines: str, *, place: str = "recordings") -> int:
        """Take recordings in that were exported.

        Returns
        -------
        int
            How many.

        Raises
        ------
        DataError
            Naming each line that is not a recording, or whose key is not that of its request.
        """
        made = []
        with gather(place) as faults:
            for number, line in enumerate(lines.splitlines(), 1):
                if line.strip():
                    try:
                        made.append(_recording(line))
                    except (ValueError, RecursionError) as fault:
                        faults.append(f"line {number}: {fault}")
        with self._lock, self._data:
            self._data.executemany("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?)", made)
        return len(made)

    def missing(self, request: Request) -> str:
        """Why a request is not recorded: where it first differs from the recorded one that is nearest to it."""
        asked = json.loads(request.text)
        found = [first_difference(one["request"], asked) for one in self.rows()]
        if not found:
            return f"{self._place} holds no recordings"
        nearest = max(found, key=lambda difference: difference.agreed)
        return f"{self._place} has no reply to request {request.key[:12]}: {nearest}"

    def close(self) -> None:
        """Close the file."""
        self._data.close()


def failure(reason: str) -> Reply:
    """How a question that got no reply is recorded."""
    return Reply(reason, UNANSWERED, calls=0)


def _recording(line: str) -> tuple[Any, ...]:
    """One exported line as a row of the table."""
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    for name, kind in _FIELDS.items():
        if not isinstance(found.get(name), kind):
            raise ValueError(f"'{name}' is {found.get(name)!r:.40}; expected {kind.__name__}")
    text = canonical(found["request"])
    if sha256(text.encode()).hexdigest() != found["key"]:
        raise ValueError(
            f"key {found['key'][:12]} is not that of the request; it was changed after recording"
        )
    if found["finish"] == UNANSWERED and found["reply"] not in REASONS:
        raise ValueError(
            f"unanswered for the reason {found['reply']!r:.40}; expected one of {', '.join(REASONS)}"
        )
    used = [found["usage"].get(name, 0) for name in ("prompt_tokens", "completion_tokens")]
    if not all(isinstance(count, int) for count in used):
        raise ValueError(f"usage {used} is not in whole tokens")
    return (found["key"], text, found["reply"], found["finish"], *used, found["server_model"])
