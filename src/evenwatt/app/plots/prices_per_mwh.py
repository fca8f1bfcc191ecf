"""Prices per MWh: an axis from zero unless prices go below it, and figures with their unit."""

from __future__ import annotations

from collections.abc import Iterable

from evenwatt.app.plots.axes import Scale, Ticks, decimals_of, round_ticks
from evenwatt.app.plots.quantities import THIN, decimals_for, grouped

LEAST = 1.0  # an axis is never shorter [per MWh]


def price_scale(prices: Iterable[float], bottom: float, top: float, *, air: float = 0.06) -> Scale:
    """A scale over zero and all prices with a little air."""
    held = [0.0, *prices]
    low, high = min(held), max(held)
    room = max(high - low, LEAST)
    return Scale(low - air * room if low < 0 else 0.0, low + room * (1 + air), bottom, top)


def price_ticks(scale: Scale, count: int = 5) -> Ticks:
    """Round prices within the scale."""
    values = round_ticks(scale.low, scale.high, count)
    decimals = decimals_of(values)
    return [(value, grouped(value, decimals)) for value in values]


def unit_of(currency: str) -> str:
    """The unit in words.

    Examples
    --------
    >>> unit_of("EUR"), unit_of("")
    ('EUR per MWh', 'per MWh')
    """
    return f"{currency} per MWh".strip()


def priced(price: float | None, currency: str) -> str:
    """A price with its unit, or that there is none.

    Examples
    --------
    >>> priced(54.5, "EUR").replace(THIN, " "), priced(None, "EUR")
    ('54.5 EUR per MWh', 'no price')
    """
    if price is None:
        return "no price"
    return f"{grouped(price, min(decimals_for(price), 2))}{THIN}{unit_of(currency)}"
