"""Fetch a period from a source: what the cache holds is not asked for again, what is interrupted goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

from evenwatt.core.chance import generator
from evenwatt.core.errors import DataError, gather
from evenwatt.data.series import Series, Track, laid, spans
from evenwatt.data.sources.cache import Answer, Cache
from evenwatt.data.sources.chunk import Chunk
from evenwatt.data.sources.errors import OfflineError, SourceError
from evenwatt.data.sources.line import Line, Reply
from evenwatt.data.sources.secret import Secret, environment, from_environment
from evenwatt.data.sources.source import Parsed, Source, Told
from evenwatt.data.sources.waiting import Clock, Patience

if TYPE_CHECKING:
    import requests

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Collected:
    """What a fetch brought.

    Attributes
    ----------
    source : Source
        Who said it.
    first, last : datetime64[s]
        The period asked for, UTC; ``last`` is not part of it.
    series : Series
        The values, in order.
    answers : tuple of Answer
        One for each request: where it came from, and its checksum.
    requests : int
        How many requests were sent; none where the cache held everything.
    licence, attribution, currency : str
        As the answers state them, else as the source does.
    notes : tuple of str
        What was assumed, missing or fetched again.
    """

    source: Source
    first: np.datetime64
    last: np.datetime64
    series: Series
    answers: tuple[Answer, ...]
    requests: int
    licence: str
    attribution: str
    currency: str
    notes: tuple[str, ...] = field(default=())


def collect(
    source: Source,
    first: np.datetime64,
    last: np.datetime64,
    *,
    cache: Path | str,
    offline: bool = False,
    key_variable: str | None = None,
    environ: Mapping[str, str] | None = None,
    session: requests.Session | None = None,
    patience: Patience | None = None,
    clock: Clock | None = None,
    rng: np.random.Generator | int = 0,
    progress: Progress | None = None,
) -> Collected:
    """Fetch a period, one request for each part of it, and lay the answers beside each other.

    An answer that the cache holds whole, and that can no longer change, is not asked for again; so a
    fetch that was interrupted goes on at the first part that is missing.

    Parameters
    ----------
    source : Source
        Whom to ask, and for what.
    first, last : datetime64
        The period, UTC; ``last`` is not part of it.
    cache : path
        Folder of the answers; made if need be.
    offline : bool
        Send nothing; serve the cache, or say what is missing.
    key_variable : str, optional
        Environment variable that holds the key, in place of the source's own.
    environ, session, patience, clock, rng
        Where the key is looked up; the HTTP session; how often and how long to wait; the time; chance.
    progress : callable, optional
        Told (done, total, what).

    Raises
    ------
    DataError
        If the period is empty, the key is not in the environment, or (offline) the cache lacks a part.
    SourceError
        If the source cannot be reached or refuses; what came before is kept.
    """
    _checked(source, first, last)
    held = Cache(Path(cache))
    time = clock or Clock()
    chunks = source.chunks(first, last)
    found = {
        k: whole
        for k, chunk in enumerate(chunks)
        if (whole := _held(held, source, chunk, offline)) is not None
    }
    missing = [chunk for k, chunk in enumerate(chunks) if k not in found]
    if offline and missing:
        raise OfflineError(_lacking(source, missing, held))
    line = Line(
        source.name,
        session=session,
        secret=_secret(source, key_variable, environ) if missing else None,
        pace_s=source.pace_s,
        patience=patience or Patience(),
        clock=time,
        rng=generator(rng),
    )
    told = Told()
    tracks: list[Track] = []
    answers: list[Answer] = []
    for k, chunk in enumerate(chunks):
        answer, said = found[k] if k in found else _fetched(source, chunk, line, held, time)
        told.add(said, chunk)
        tracks += said.tracks
        answers.append(answer)
        if progress is not None:
            progress(k + 1, len(chunks), f"fetching from {source.name}")
    return _together(source, first, last, tracks, answers, told, line.asked, held.notes)


def _checked(source: Source, first: np.datetime64, last: np.datetime64) -> None:
    with gather(source.name, DataError) as faults:
        if not first < last:
            faults.append(f"the period from {first} to {last} is empty")
        parts = urlsplit(source.address)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            faults.append("the base URL does not begin with http:// or https:// and a host")
        if "@" in parts.netloc or parts.query:
            # Addresses are written down; what opens a door must not be part of one.
            faults.append("the base URL carries a name, a password or a query; leave them out")


def _held(cache: Cache, source: Source, chunk: Chunk, offline: bool) -> tuple[Answer, Parsed] | None:
    """An answer of the cache that can be used: whole, readable, and (online) no longer changing."""
    found = cache.find(source.name, chunk.digest(source.name))
    if found is None:
        return None
    answer, content = found
    fetched = _instant(answer.fetched_at)
    if not offline and not source.is_settled(chunk, fetched):
        return None
    try:
        return answer, source.parse(content, chunk, fetched, answer.status)
    except SourceError:
        cache.notes.append(f"{source.name}: the cached answer for {chunk} cannot be read")
        return None


def _fetched(source: Source, chunk: Chunk, line: Line, cache: Cache, clock: Clock) -> tuple[Answer, Parsed]:
    """One answer from the source, kept before it is used."""
    said, at = Parsed(), _now(clock)

    def check(reply: Reply) -> None:
        nonlocal said, at
        at = _now(clock)
        said = source.check(reply, chunk, at)

    url = f"{source.address.rstrip('/')}{chunk.path}"
    reply = line.ask(url, dict(chunk.query), check)
    answer = Answer(
        source=source.name,
        request=chunk.digest(source.name),
        url=chunk.url(source.address),
        first=f"{chunk.first}Z",
        last=f"{chunk.last}Z",
        status=reply.status,
        sha256=sha256(reply.content).hexdigest(),
        bytes=len(reply.content),
        fetched_at=f"{at}Z",
        licence=said.licence or source.licence,
        attribution=said.attribution or source.attribution,
    )
    cache.keep(answer, reply.content)
    return answer, said


def _together(
    source: Source,
    first: np.datetime64,
    last: np.datetime64,
    tracks: list[Track],
    answers: list[Answer],
    told: Told,
    requests: int,
    damage: list[str],
) -> Collected:
    if len(told.currencies) > 1:
        raise DataError(
            f"{source.name}: prices come in {', '.join(told.currencies)}; fetch one period of each"
        )
    series = laid(tracks, first, last)
    notes = [*damage, *(f"no data for {reason}" for reason in told.reasons)]
    notes += [note if count == 1 else f"{note} (in {count} answers)" for note, count in told.notes.items()]
    notes += series.notes
    if gaps := series.gaps(first, last):
        notes.append(f"nothing is told for {spans(gaps)}")
    return Collected(
        source, first, last, series, tuple(answers), requests,
        "; ".join(told.licences) or source.licence,
        "; ".join(told.attributions) or source.attribution,
        next(iter(told.currencies), ""),
        tuple(notes),
    )  # fmt: skip


def _lacking(source: Source, missing: list[Chunk], cache: Cache) -> str:
    parts = [f"  {chunk}" for chunk in missing[:10]]
    more = [f"  ... and {len(missing) - 10} more"] if len(missing) > 10 else []
    damage = [f"  {note}" for note in cache.notes]
    return "\n".join(
        [
            f"{source.name}: {len(missing)} parts are not in the cache {cache.folder}; fetch them without --offline",
            *parts,
            *more,
            *damage,
        ]
    )


def _secret(source: Source, variable: str | None, environ: Mapping[str, str] | None) -> Secret | None:
    if not source.key_parameter:
        return None
    return from_environment(
        source.name,
        source.key_parameter,
        variable or source.key_variable,
        environment() if environ is None else environ,
    )


def _now(clock: Clock) -> np.datetime64:
    return np.datetime64(int(clock.now()), "s")


def _instant(stamp: str) -> np.datetime64:
    return np.datetime64(stamp.removesuffix("Z"), "s")
