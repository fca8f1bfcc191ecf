"""Who gets which energy, who pays what, and proof of how fair and how efficient that is."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_FAMILIES = (
    "audit",
    "bargaining",
    "claims",
    "coalitions",
    "core",
    "data",
    "engine",
    "learning",
    "markets",
    "policies",
    "sharing",
    "studies",
)

__all__ = [
    "__version__",
    "audit",
    "bargaining",
    "claims",
    "coalitions",
    "core",
    "data",
    "engine",
    "learning",
    "load",
    "markets",
    "policies",
    "sharing",
    "studies",
]


def __getattr__(name: str) -> Any:
    # Families load when they are first named, so that `evenwatt --help` stays instant.
    if name in _FAMILIES:
        return import_module(f"evenwatt.{name}")
    if name == "load":
        return import_module("evenwatt.studies.case").load
    raise AttributeError(f"module 'evenwatt' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
