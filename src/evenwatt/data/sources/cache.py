"""Answers kept as they came, each with a line that says where it is from; damage is found and said."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from evenwatt.data.exports import files

MANIFEST = "manifest.jsonl"


@dataclass(frozen=True)
class Answer:
    """What a source said once.

    Attributes
    ----------
    source : str
        Name of the source.
    request : str
        Digest of source and question; also the file's name.
    url : str
        What was asked, without the key.
    first, last : str
        The period asked for, UTC.
    status : int
        HTTP status; 404 may be a source's way to say that it has nothing.
    sha256, bytes : str, int
        Of the content.
    fetched_at : str
        UTC.
    licence, attribution : str
        As the source states them.
    """

    source: str
    request: str
    url: str
    first: str
    last: str
    status: int
    sha256: str
    bytes: int
    fetched_at: str
    licence: str
    attribution: str

    def to_dict(self) -> dict[str, Any]:
        """One line of the manifest."""
        return asdict(self)


class Cache:
    """A folder of answers and their manifest.

    Parameters
    ----------
    folder : Path
        Made when the first answer is kept.

    Attributes
    ----------
    notes : list of str
        Damage that was found.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes: list[str] = []
        self._held = self._read()

    def find(self, source: str, request: str) -> tuple[Answer, bytes] | None:
        """The newest whole answer to a request, or None; a damaged one is noted and not used."""
        answer = self._held.get(request)
        if answer is None:
            return None
        place = self._place(source, request)
        try:
            content = place.read_bytes()
        except OSError:
            self.notes.append(f"{place.name}: the cached answer for {answer.first} is gone")
            return None
        if sha256(content).hexdigest() != answer.sha256:
            self.notes.append(f"{place.name}: the cached answer for {answer.first} is damaged (checksum)")
            return None
        return answer, content

    def keep(self, answer: Answer, content: bytes) -> None:
        """Write an answer whole, then its line: a line never stands for a file that is not there."""
        files.written(self._place(answer.source, answer.request), lambda part: part.write_bytes(content))
        self._append(json.dumps(answer.to_dict(), ensure_ascii=False) + "\n")
        self._held[answer.request] = answer

    def _place(self, source: str, request: str) -> Path:
        return self.folder / source / request

    def _append(self, line: str) -> None:
        place = self.folder / MANIFEST
        # Two commands may share a cache: O_APPEND puts each line, written at once, behind the other.
        handle = os.open(place, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            size = os.fstat(handle).st_size
            unfinished = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            os.write(handle, (("\n" if unfinished else "") + line).encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def _read(self) -> dict[str, Answer]:
        place = self.folder / MANIFEST
        if not place.is_file():
            return {}
        held: dict[str, Answer] = {}
        for number, line in enumerate(place.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            answer = _told(line)
            if answer is not None:
                held[answer.request] = answer
            elif line.strip():
                self.notes.append(f"{place}: line {number} is damaged; what it stood for is fetched again")
        return held


def _told(line: str) -> Answer | None:
    try:
        said: Any = json.loads(line)
    except json.JSONDecodeError:
        return None
    names = {field.name for field in fields(Answer)}
    if not isinstance(said, Mapping) or set(said) != names:
        return None
    return Answer(**{name: said[name] for name in names})
