"""Scales, round tick marks and the axes drawn from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from evenwatt.app.plots.drawing import line, text
from evenwatt.app.plots.quantities import THIN, Unit, grouped
from evenwatt.core.units import MICRO_PER_UNIT


@dataclass(frozen=True)
class Scale:
    """A straight map from values ``low..high`` to pixels ``start..stop``."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        """The pixel of a value; a scale without extent puts everything at its start."""
        extent = self.high - self.low
        return self.start + (value - self.low) / extent * (self.stop - self.start) if extent else self.start


def round_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About ``count`` round values within ``low..high``.

    Examples
    --------
    >>> round_ticks(0, 23, 5)
    [0.0, 5.0, 10.0, 15.0, 20.0]
    """
    if high <= low:
        return [low]
    rough = (high - low) / max(count, 1)
    decade = 10.0 ** floor(log10(rough))
    step = next(decade * m for m in (1, 2, 2.5, 5, 10) if decade * m >= rough * (1 - 1e-9))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def energy_ticks(high_wh: float, unit: Unit, count: int = 5) -> list[tuple[float, str]]:
    """Round energies from 0 to ``high_wh`` [Wh] and how they are written in ``unit``."""
    values = round_ticks(0, high_wh / unit.wh, count)
    decimals = decimals_of(values)
    return [(value * unit.wh, grouped(value, decimals)) for value in values]


def money_ticks(low: float, high: float, count: int = 5) -> list[tuple[float, str]]:
    """Round amounts within ``low..high`` [micro-units] and how they are written in the currency."""
    values = round_ticks(low / MICRO_PER_UNIT, high / MICRO_PER_UNIT, count)
    decimals = next((d for d in range(6) if all(abs(v - round(v, d)) < 1e-9 for v in values)), 6)
    return [(value * MICRO_PER_UNIT, grouped(value, decimals)) for value in values]


def percent_ticks(low: float = 0.0, high: float = 1.0, count: int = 5) -> list[tuple[float, str]]:
    """Round shares and how they are written."""
    values = round_ticks(low * 100, high * 100, count)
    decimals = decimals_of(values)
    return [(value / 100, f"{grouped(value, decimals)}{THIN}%") for value in values]


def decimals_of(values: Sequence[float]) -> int:
    """Fewest decimals (up to three) that write every value exactly."""
    return next((d for d in range(3) if all(abs(v - round(v, d)) < 1e-9 for v in values)), 3)


Ticks = Sequence[tuple[float, str]]
Place = Callable[[float], float]


def x_axis(place: Place, ticks: Ticks, *, top: float, bottom: float, title: str, middle: float) -> str:
    """Grid lines from ``top`` to ``bottom``, labels and a title beneath."""
    drawn = [line(place(value), top, place(value), bottom) for value, _ in ticks]
    drawn += [text(place(v), bottom + 18, words, anchor="middle", kind="muted") for v, words in ticks]
    drawn.append(line(place(ticks[0][0]), bottom, place(ticks[-1][0]), bottom, kind="axis") if ticks else "")
    return "".join(drawn) + text(middle, bottom + 40, title, anchor="middle")


def y_axis(place: Place, ticks: Ticks, *, left: float, right: float, title: str, top: float) -> str:
    """Grid lines from ``left`` to ``right``, labels on the left and the title above them, level."""
    drawn = [line(left, place(value), right, place(value)) for value, _ in ticks]
    drawn += [text(left - 8, place(v) + 4.5, words, anchor="end", kind="muted") for v, words in ticks]
    return "".join(drawn) + text(0, top - 14, title)
