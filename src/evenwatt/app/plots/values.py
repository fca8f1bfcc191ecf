"""Figures of a report's rows, any of which may be absent, and shares that are written with their sign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from evenwatt.app.plots.quantities import percent

Row = Mapping[str, Any]


def value(row: Row, key: str) -> float | None:
    """The figure under ``key``; None where there is none, or none that can be drawn.

    Examples
    --------
    >>> value({"regret": 0.05}, "regret"), value({"regret": float("nan")}, "regret"), value({}, "regret")
    (0.05, None, None)
    """
    held = row.get(key)
    if held is None or isinstance(held, str | bool):
        return None
    figure = float(held)
    return figure if isfinite(figure) else None


def values(rows: Iterable[Row], *keys: str) -> list[float]:
    """Every figure there is under these keys."""
    return [v for row in rows for key in keys if (v := value(row, key)) is not None]


def signed(share: float, decimals: int = 1) -> str:
    r"""A fraction as a percentage with its sign.

    Examples
    --------
    >>> signed(0.123).replace("\u202f", " "), signed(-0.05).replace("\u202f", " ")
    ('+12.3 %', '−5.0 %')
    """
    return f"{'+' if share > 0 else ''}{percent(share, decimals)}"


def listed(names: Iterable[str], shown: int = 3) -> str:
    """Names in a row, of many only the first.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"]), listed("abcdef", 2)
    ('a', 'a, b and c', 'a, b and 4 more')
    """
    held = list(names)
    if len(held) > shown + 1:
        held = [*held[:shown], f"{len(held) - shown} more"]
    return " and ".join([", ".join(held[:-1]), held[-1]] if len(held) > 1 else held)


def capital(words: str) -> str:
    """The words with a large first letter; an id such as ``a1`` stays as it is.

    Examples
    --------
    >>> capital("learned demand"), capital("a1 claims too much")
    ('Learned demand', 'a1 claims too much')
    """
    return words[:1].upper() + words[1:] if words.split(" ")[0].strip(",.:;").isalpha() else words
