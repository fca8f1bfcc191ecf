"""A key stays in memory: it is struck out of every text before anybody sees it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from evenwatt.core.errors import DataError

STRUCK = "***"
SHORTEST = 8
# These write whole addresses at their lowest level.
_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry", "requests")


@dataclass(frozen=True)
class Secret:
    """A key and the query parameter that carries it; printing it shows neither."""

    parameter: str
    _key: str = field(repr=False)

    def query(self) -> dict[str, str]:
        """What is added to the query on its way out."""
        return {self.parameter: self._key}

    def strike(self, text: str) -> str:
        """A text without the key, in whichever way it may be written in an address."""
        for form in {self._key, quote(self._key, safe=""), quote(self._key), quote_plus(self._key)}:
            text = text.replace(form, STRUCK)
        return text

    def strike_bytes(self, content: bytes) -> bytes:
        """The same for an answer: a server may repeat what it was asked."""
        for form in {self._key, quote(self._key, safe=""), quote(self._key), quote_plus(self._key)}:
            content = content.replace(form.encode(), STRUCK.encode())
        return content


def from_environment(source: str, parameter: str, variable: str, environment: Mapping[str, str]) -> Secret:
    """Take a source's key from the environment, the only place it may be in.

    Raises
    ------
    DataError
        If the variable is not set, empty, or too short to be a key.
    """
    key = environment.get(variable, "").strip()
    if not key:
        raise DataError(
            f"{source}: needs a key, and the environment variable {variable} is not set; "
            f"get one from the source (see docs/reference/sources.md), then: export {variable}=..."
        )
    # A key of a few characters could not be told from the data when it is struck out of an answer.
    if len(key) < SHORTEST:
        raise DataError(f"{source}: {variable} holds {len(key)} characters, which is no key")
    return Secret(parameter, key)


def environment() -> Mapping[str, str]:
    """The environment of this process."""
    return os.environ


@contextmanager
def silent(secret: Secret | None) -> Iterator[None]:
    """While a request is under way, strike the key out of what libraries log."""
    if secret is None:
        yield
        return

    def struck(record: logging.LogRecord) -> bool:
        record.msg, record.args = secret.strike(record.getMessage()), ()
        return True

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addFilter(struck)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(struck)
