"""Opens what a case says about its language model: a server or a recording, and the most that may be spent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evenwatt.policies.language.asking import Asker, Mode
from evenwatt.policies.language.budget import Budget, Limits
from evenwatt.policies.language.cassette import Cassette
from evenwatt.policies.language.circuit import Circuit
from evenwatt.policies.language.client import Client, Server


def opened(
    server: Server | None,
    *,
    mode: Mode,
    clock: Callable[[], float],
    now: Callable[[], float],
    sleep: Callable[[float], None],
    cassette: Path | str | None = None,
    limits: Limits | None = None,
    circuit: Circuit | None = None,
    concurrency: int = 8,
) -> Asker:
    """Something to ask; close it when done.

    Parameters
    ----------
    server : Server, optional
        Where the model is; not needed for a replay, and then never called.
    mode : str
        ``live``, ``record``, ``replay`` or ``replay-or-fallback``, see :class:`Asker`.
    clock, now, sleep : callable
        Seconds for durations, seconds since 1970, and a way to wait: time.monotonic, time.time and time.sleep.
    cassette : path, optional
        SQLite file of the recording; a ``.jsonl`` is taken into memory, for replays only. In memory if not given.
    limits : Limits, optional
        The most that may be spent.
    circuit : Circuit, optional
        When to leave a failing server alone.
    concurrency : int
        Most questions in flight.

    Raises
    ------
    ProblemError
        If the settings do not fit each other.
    DataError
        If the recording cannot be read.

    Examples
    --------
    >>> import time
    >>> asker = opened(None, mode="replay-or-fallback", clock=time.monotonic, now=time.time, sleep=time.sleep)
    >>> len(asker.cassette), asker.backend is None
    (0, True)
    """
    budget = Budget(limits or Limits(), clock)
    asks = mode in ("live", "record") and server is not None
    client = (
        Client(server, clock=clock, now=now, sleep=sleep, seconds_left=budget.seconds_left)
        if asks and server is not None
        else None
    )
    return Asker(client, mode, _cassette(cassette, mode), budget, circuit or Circuit(), concurrency)


def _cassette(place: Path | str | None, mode: Mode) -> Cassette:
    if place is None or Path(place).suffix != ".jsonl":
        return Cassette(place if place is None or mode != "live" else None)
    held = Cassette()
    held.take(Path(place).read_text(encoding="utf-8"), place=str(place))
    return held
