"""What can go wrong between here and a source."""

from __future__ import annotations

from evenwatt.core.errors import DataError, EvenwattError


class SourceError(EvenwattError):
    """A source cannot be reached, or refuses; the message says what was asked and what came back."""


class UnusableError(SourceError):
    """An answer came, but it is truncated, empty or of another kind; asking again may help."""


class OfflineError(DataError):
    """Nothing may be fetched, and the cache does not hold what was asked for."""
