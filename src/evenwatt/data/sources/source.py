"""What every source says of itself; a class beside its parser says the rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

import numpy as np

from evenwatt.data.series import Track
from evenwatt.data.sources.chunk import Chunk
from evenwatt.data.sources.errors import SourceError, UnusableError
from evenwatt.data.sources.line import Reply, opening

WEB_PAGE = ("<!doctype html", "<html")


@dataclass(frozen=True)
class Parsed:
    """What one answer says.

    Attributes
    ----------
    tracks : tuple of Track
        Empty where the source has nothing for the period.
    reason : str
        The source's own words where it has nothing.
    notes : tuple of str
        What was assumed, shifted or left out.
    licence, attribution : str
        Where the answer states its own.
    currency : str
        Of prices, where the answer states it.
    """

    tracks: tuple[Track, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    licence: str = ""
    attribution: str = ""
    currency: str = ""


@dataclass(frozen=True)
class Source(ABC):
    """A place on the web that tells series.

    Attributes
    ----------
    base_url : str
        Where it stands; the public address if empty.
    name, title : str
        As a command and as a sentence name it.
    licence, attribution : str
        As far as known; an answer that states its own is believed.
    key_parameter, key_variable : str
        How a key is sent, and which environment variable holds it; empty where none is needed.
    pace_s : float
        Least time between two requests [s].
    settles : timedelta
        How long after its end a period may still change; what is not settled is asked for again.
    no_data : frozenset of int
        HTTP statuses by which the source says that it has nothing.
    """

    base_url: str = ""

    name: ClassVar[str]
    title: ClassVar[str]
    licence: ClassVar[str]
    attribution: ClassVar[str]
    key_parameter: ClassVar[str] = ""
    key_variable: ClassVar[str] = ""
    pace_s: ClassVar[float] = 1.0
    settles: ClassVar[timedelta] = timedelta(0)
    no_data: ClassVar[frozenset[int]] = frozenset()

    @property
    @abstractmethod
    def address(self) -> str:
        """Base URL in use."""

    @property
    @abstractmethod
    def clock_zone(self) -> str:
        """IANA zone whose days ``--from`` and ``--to`` name."""

    @abstractmethod
    def chunks(self, first: np.datetime64, last: np.datetime64) -> Sequence[Chunk]:
        """The requests for a period, in order."""

    @abstractmethod
    def parse(self, content: bytes, chunk: Chunk, fetched: np.datetime64, status: int = 200) -> Parsed:
        """Read one answer; pure.

        Raises
        ------
        UnusableError
            If it is truncated, empty or of another kind.
        SourceError
            If it is a refusal in the source's own words.
        """

    def is_settled(self, chunk: Chunk, fetched: np.datetime64) -> bool:
        """Whether an answer fetched then will not change any more."""
        return bool(chunk.last + np.timedelta64(self.settles) <= fetched)

    def check(self, reply: Reply, chunk: Chunk, fetched: np.datetime64) -> Parsed:
        """Read a reply, or say what is wrong with it."""
        if reply.status != 200 and reply.status not in self.no_data:
            raise SourceError(self._refusal(reply, chunk))
        if not reply.content.strip():
            raise UnusableError("an empty answer")
        if opening(reply.content, tags=True).lower().startswith(WEB_PAGE):
            raise UnusableError(f"a web page in place of data ('{opening(reply.content)}')")
        return self.parse(reply.content, chunk, fetched, reply.status)

    def _refusal(self, reply: Reply, chunk: Chunk) -> str:
        said = self.reason(reply.content) or opening(reply.content)
        hint = ""
        if reply.status in (401, 403) and self.key_variable:
            hint = f"; is the key in {self.key_variable} right?"
        elif 300 <= reply.status < 400:
            hint = "; the address has moved, name the new one with --base-url"
        words = f": {said}" if said else ""
        return f"{self.name}: {chunk.url(self.address)} was refused (HTTP {reply.status}){words}{hint}"

    def reason(self, content: bytes) -> str:
        """The source's own words in a refusal, where it has a format for them."""
        return ""


@dataclass(frozen=True)
class Place:
    """A point on earth.

    Attributes
    ----------
    latitude, longitude : float
        Degrees north and east.
    """

    latitude: float
    longitude: float

    def faults(self) -> list[str]:
        """What is wrong with it."""
        found = []
        if not -90 <= self.latitude <= 90:
            found.append(f"latitude {self.latitude:g} is not between -90 and 90 degrees north")
        if not -180 <= self.longitude <= 180:
            found.append(f"longitude {self.longitude:g} is not between -180 and 180 degrees east")
        return found


@dataclass
class Told:
    """What the answers of one fetch state about themselves, gathered."""

    notes: dict[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    licences: dict[str, None] = field(default_factory=dict)
    attributions: dict[str, None] = field(default_factory=dict)
    currencies: dict[str, None] = field(default_factory=dict)

    def add(self, said: Parsed, chunk: Chunk) -> None:
        """Take in what one answer states."""
        for note in said.notes:
            self.notes[note] = self.notes.get(note, 0) + 1
        if said.reason:
            self.reasons.append(f"{chunk}: {said.reason}")
        for held, word in (
            (self.licences, said.licence),
            (self.attributions, said.attribution),
            (self.currencies, said.currency),
        ):
            if word:
                held[word] = None
