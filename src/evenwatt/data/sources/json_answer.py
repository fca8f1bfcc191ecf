"""JSON from outside: an object with lists of numbers, or a reason why it is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Times
from evenwatt.data.sources.errors import UnusableError

Array = npt.NDArray[np.float64]

LARGEST = 1e12  # beyond it no price, power or second since 1970 is one


def document(content: bytes) -> Mapping[str, Any]:
    """The object that an answer holds.

    Raises
    ------
    UnusableError
        If it is truncated or no JSON object.
    """
    try:
        said = json.loads(content)
    except ValueError:
        said = None
        fault = "truncated JSON" if content.lstrip()[:1] in (b"{", b"[") else "no JSON"
    else:
        fault = "JSON without an object"
    if not isinstance(said, dict):
        raise UnusableError(fault)
    return said


def inside(said: Mapping[str, Any], *names: str) -> Any:
    """What stands under some names within each other.

    Raises
    ------
    UnusableError
        If a name is missing.
    """
    for k, name in enumerate(names):
        if not isinstance(said, Mapping) or name not in said:
            raise UnusableError(f"JSON without {'.'.join(names[: k + 1])}")
        said = said[name]
    return said


def numbers(said: Mapping[str, Any], name: str) -> Array:
    """A list of numbers, NaN for null.

    Raises
    ------
    UnusableError
        If it is missing, or holds something else.

    Examples
    --------
    >>> numbers({"price": [1, None]}, "price")
    array([ 1., nan])
    """
    held = inside(said, name)
    told = held if isinstance(held, list) else [held, ""]
    # JSON as Python reads it knows NaN and Infinity, and whole numbers beyond all floats.
    if any(v is not None and (type(v) not in (int, float) or not -LARGEST < v < LARGEST) for v in told):
        raise UnusableError(f"JSON whose {name} is no list of numbers")
    return np.array([np.nan if v is None else float(v) for v in told], dtype=np.float64)


def instants(told: Any) -> Times:
    """A list of UTC time stamps without offset, such as ``2026-01-01T00:00``.

    Raises
    ------
    UnusableError
        If it holds something else, or years in which nobody measured.
    """
    try:
        stamps = [datetime.fromisoformat(word) for word in told]
    except (TypeError, ValueError):
        raise UnusableError("times that are no time stamps") from None
    if any(stamp.tzinfo is not None or not 1900 <= stamp.year < 2200 for stamp in stamps):
        raise UnusableError("times that are no time stamps of UTC")
    return np.array(stamps, dtype="datetime64[s]")
