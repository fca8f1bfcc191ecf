"""When to ask again, and how long to wait before: back-off with chance in it, and what the server wishes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import numpy as np

# Asking again may help: too early, too many, or the server's own trouble (529 is PVGIS when overloaded).
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True)
class Clock:
    """The time of day [s since 1970] and how to let it pass; tests bring their own."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Patience:
    """How often and how long.

    Attributes
    ----------
    attempts : int
        Requests at most for one answer.
    first_s, most_s : float
        The first wait, which doubles each time, and the longest of one's own [s].
    longest_s : float
        The longest wait that a server may ask for [s]; beyond it the fetch ends, and says so.
    timeout_s : float
        For the connection, and between two parts of an answer [s].
    """

    attempts: int = 5
    first_s: float = 1.0
    most_s: float = 60.0
    longest_s: float = 900.0
    timeout_s: float = 60.0

    def wait(self, failures: int, rng: np.random.Generator) -> float:
        """Seconds to wait after so many failures: doubled each time, half to all of it by chance.

        Examples
        --------
        >>> 2.0 <= Patience().wait(3, np.random.default_rng(0)) <= 4.0
        True
        """
        full = min(self.first_s * 2.0 ** (failures - 1), self.most_s)
        return float(full * rng.uniform(0.5, 1.0))


class Pace:
    """At least so many seconds between the beginnings of two requests."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self.seconds = seconds
        self.clock = clock
        self._last: float | None = None

    def keep(self) -> None:
        """Wait until the next request may begin."""
        if self._last is not None:
            left = self._last + self.seconds - self.clock.now()
            # A clock that was set back must not stop the fetch.
            if 0 < left <= self.seconds:
                self.clock.sleep(left)
        self._last = self.clock.now()


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds that a server asks to wait, from ``Retry-After``; None where it says nothing readable.

    Examples
    --------
    >>> retry_after("7", now=0.0), retry_after("Thu, 01 Jan 1970 00:01:00 GMT", now=20.0), retry_after("soon", 0.0)
    (7.0, 40.0, None)
    """
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        return max(parsedate_to_datetime(header).timestamp() - now, 0.0)
    except (TypeError, ValueError):
        return None
