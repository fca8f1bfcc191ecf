"""Files in and out: readers, quality checks and repairs, the day store, a sample community."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evenwatt.data.finding import Finding
    from evenwatt.data.mending import repair
    from evenwatt.data.quality import Quality, check, read_and_check
    from evenwatt.data.readers import read
    from evenwatt.data.sample import Sample, community, write
    from evenwatt.data.schema import read_table
    from evenwatt.data.store import Store, digest

_HOME = {
    "Finding": "finding",
    "Quality": "quality",
    "Sample": "sample",
    "Store": "store",
    "check": "quality",
    "community": "sample",
    "digest": "store",
    "read": "readers",
    "read_and_check": "quality",
    "read_table": "schema",
    "repair": "mending",
    "write": "sample",
}

__all__ = [
    "Finding",
    "Quality",
    "Sample",
    "Store",
    "check",
    "community",
    "digest",
    "read",
    "read_and_check",
    "read_table",
    "repair",
    "write",
]


def __getattr__(name: str) -> Any:
    # Loaded when first named, so that importing the package costs nothing.
    if name in _HOME:
        return getattr(import_module(f"evenwatt.data.{_HOME[name]}"), name)
    raise AttributeError(f"module 'evenwatt.data' has no attribute {name!r}")
