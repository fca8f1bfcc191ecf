"""The line to a source: one question out, one answer back, however often it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from evenwatt.core.errors import DataError
from evenwatt.data.sources.errors import SourceError, UnusableError
from evenwatt.data.sources.secret import Secret, silent
from evenwatt.data.sources.waiting import PASSING, Clock, Pace, Patience, retry_after

if TYPE_CHECKING:
    import requests


@dataclass(frozen=True)
class Reply:
    """What came back: status, headers that matter, and the whole content."""

    status: int
    content: bytes
    kind: str
    wish: float | None = None


class Line:
    """Asks a source politely.

    Parameters
    ----------
    source : str
        Its name, for messages.
    session : requests.Session, optional
        With its proxies and certificates; made when first needed.
    secret : Secret, optional
        The key that goes with every request and into no text.
    pace_s : float
        Least time between two requests [s].
    rng : numpy.random.Generator
        For the chance in the waits, so that many clients do not come back at once.
    """

    def __init__(
        self,
        source: str,
        *,
        session: requests.Session | None,
        secret: Secret | None,
        pace_s: float,
        patience: Patience,
        clock: Clock,
        rng: np.random.Generator,
    ) -> None:
        self.source = source
        self.secret = secret
        self.patience = patience
        self.clock = clock
        self.rng = rng
        self.asked = 0
        self._pace = Pace(pace_s, clock)
        self._session = session

    def ask(self, url: str, query: Mapping[str, str], check: Callable[[Reply], None]) -> Reply:
        """Ask until an answer passes ``check``.

        Parameters
        ----------
        url : str
            Address without query.
        query : mapping
            Without the key.
        check : callable
            Raises :class:`UnusableError` for an answer that is worth asking for again.

        Raises
        ------
        SourceError
            If every attempt failed, or the server asks to come back later than patience allows.
        """
        failures: list[str] = []
        while True:
            reply, fault = self._attempt(url, query, check)
            if reply is not None and not fault:
                return reply
            failures.append(fault)
            if len(failures) >= self.patience.attempts:
                raise SourceError(self._told(url, failures))
            self._wait(url, failures, reply)

    def _attempt(
        self, url: str, query: Mapping[str, str], check: Callable[[Reply], None]
    ) -> tuple[Reply | None, str]:
        """One request: an answer, and what is wrong with it."""
        self._pace.keep()
        self.asked += 1
        reply, fault = self._sent(url, query)
        if reply is None:
            return None, fault
        if reply.status in PASSING:
            return reply, f"HTTP {reply.status}"
        try:
            check(reply)
        except UnusableError as why:
            fault = str(why)
        return reply, fault

    def _sent(self, url: str, query: Mapping[str, str]) -> tuple[Reply | None, str]:
        # A library's own words may hold the address with the key, so its exceptions end here, and what is
        # raised later is raised outside of this block: nothing hangs on to them.
        requests = library()
        whole = {**query, **(self.secret.query() if self.secret else {})}
        try:
            with silent(self.secret):
                got = self._opened().get(
                    url, params=whole, timeout=self.patience.timeout_s, allow_redirects=False
                )
                content = got.content
        except requests.exceptions.Timeout:
            return None, f"no answer within {self.patience.timeout_s:g} s"
        except requests.exceptions.ChunkedEncodingError:
            return None, "the answer broke off"
        except requests.exceptions.ConnectionError:
            return None, "no connection, or it was reset"
        except requests.exceptions.RequestException as why:
            return None, f"the request failed ({type(why).__name__})"
        kind = got.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        wish = retry_after(got.headers.get("Retry-After"), self.clock.now())
        content = self.secret.strike_bytes(content) if self.secret else content
        return Reply(got.status_code, content, kind, wish), ""

    def _wait(self, url: str, failures: list[str], reply: Reply | None) -> None:
        own = self.patience.wait(len(failures), self.rng)
        wish = reply.wish if reply is not None else None
        if wish is not None and wish > self.patience.longest_s:
            raise SourceError(
                f"{self.source}: {url} answered {failures[-1]} and asks to come back in {wish:,.0f} s; "
                "the same command goes on from here then"
            )
        self.clock.sleep(own if wish is None else max(wish, own))

    def _told(self, url: str, failures: list[str]) -> str:
        kinds = ", ".join(dict.fromkeys(failures))
        return (
            f"{self.source}: {url} gave no usable answer in {len(failures)} attempts: {kinds}; "
            "what came before is kept, the same command goes on from here"
        )

    def _opened(self) -> requests.Session:
        if self._session is None:
            session: requests.Session = library().Session()
            session.headers["User-Agent"] = "evenwatt"
            self._session = session
        return self._session


def library() -> ModuleType:
    """The requests library, or the name of the extra that brings it."""
    try:
        import requests
    except ImportError:
        raise DataError('data fetch needs requests: pip install "evenwatt[sources]"') from None
    return requests


def opening(content: bytes, *, tags: bool = False) -> str:
    """The first words of an answer, for a message; with their tags if asked for."""
    text = content[:2000].decode("utf-8", errors="replace").removeprefix("\ufeff")
    return " ".join((text if tags else re.sub(r"<[^>]*>", " ", text)).split())[:120]
