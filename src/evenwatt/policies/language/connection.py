"""A connection to a server that may be slow, silent, or gone."""

from __future__ import annotations

import http.client
import io
import math
import selectors
import socket
import ssl
from collections.abc import Callable
from typing import Any


class Connection(http.client.HTTPConnection):
    """A connection whose answer must be there in whole by a moment, however slowly it drips."""

    def __init__(
        self, host: str, port: int | None, *, tls: ssl.SSLContext | None, clock: Callable[[], float]
    ) -> None:
        super().__init__(host, port or (443 if tls else 80))
        self.tls, self.clock, self.until = tls, clock, math.inf
        self.response_class = self._timed  # type: ignore[assignment]

    def connect(self) -> None:
        """Connect, encrypted where asked for."""
        super().connect()
        if self.tls is not None:
            self.sock = self.tls.wrap_socket(self.sock, server_hostname=self.host)

    @property
    def is_usable(self) -> bool:
        """Whether the other end is still there: an idle connection that can be read from was closed."""
        if self.sock is None:
            return False
        try:
            with selectors.DefaultSelector() as waiting:
                waiting.register(self.sock, selectors.EVENT_READ)
                return not waiting.select(0)
        except (OSError, ValueError):
            return False

    def _timed(
        self, sock: socket.socket, *, debuglevel: int = 0, method: str | None = None
    ) -> http.client.HTTPResponse:
        return http.client.HTTPResponse(_Deadlined(sock, self), debuglevel=debuglevel, method=method)  # type: ignore[arg-type]


class _Deadlined:
    """What http.client needs of a socket to read an answer from."""

    def __init__(self, sock: socket.socket, connection: Connection) -> None:
        self._sock, self._connection = sock, connection

    def makefile(self, mode: str) -> io.BufferedReader:
        """Bytes to read from."""
        return io.BufferedReader(_Reader(self._sock, self._connection))


class _Reader(io.RawIOBase):
    """Bytes of a socket as long as there is time."""

    def __init__(self, sock: socket.socket, connection: Connection) -> None:
        self._sock, self._connection = sock, connection
        # Holds the socket open until the last byte is read, even where the server closes after each answer.
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, into: Any) -> int | None:
        """The next bytes, if they come in time."""
        left = self._connection.until - self._connection.clock()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(into)

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()
