"""Whether to try again, and how long to wait: never twice the same moment for all, never what cannot help."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256

# Of RFC 9110: a time-out, a conflict of time, too many requests, and the server's own troubles; 529 is "overloaded".
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
FIRST_WAIT_S = 0.5


def wait_s(key: str, attempt: int, header: str | None, now: float, *, first_s: float = FIRST_WAIT_S) -> float:
    """How long to wait before the next try [s].

    A server's ``Retry-After`` is kept to; otherwise the wait doubles each time, times 0.5 to 1.5 drawn from the
    request's key, so that many requests do not come back at once, and yet the same each time.

    Parameters
    ----------
    key : str
        Of the request.
    attempt : int
        How many tries failed before this one, from 0.
    header : str, optional
        ``Retry-After``: seconds or a date (RFC 9110, section 10.2.3).
    now : float
        Seconds since 1970, which dates are compared with.
    first_s : float
        The first wait [s].

    Examples
    --------
    >>> wait_s("a", 0, "7", 0.0)
    7.0
    >>> wait_s("a", 0, "Thu, 01 Jan 1970 00:01:00 GMT", 45.0)
    15.0
    >>> round(wait_s("a", 1, None, 0.0), 3)
    0.966
    """
    told = None if header is None else _told_s(header, now)
    if told is not None:
        return told
    drawn = int.from_bytes(sha256(f"{key}/{attempt}".encode()).digest()[:8], "big") / 2**64
    return float(first_s * 2**attempt * (0.5 + drawn))


def _told_s(header: str, now: float) -> float | None:
    """Seconds of a Retry-After header; None if it says nothing that can be read."""
    found = header.strip()
    if found.isascii() and found.isdigit():
        return float(found[:9])
    try:
        date = parsedate_to_datetime(found)
    except (TypeError, ValueError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.fromtimestamp(now, UTC)).total_seconds())
