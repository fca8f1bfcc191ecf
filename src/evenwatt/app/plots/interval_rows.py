"""One row per thing with its value and interval along one axis: regrets, differences, weights, discounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evenwatt.app.plots.axes import Scale, Ticks, x_axis
from evenwatt.app.plots.drawing import (
    document,
    element,
    hover,
    line,
    number,
    rect,
    shortened,
    text,
    text_width,
)
from evenwatt.app.plots.hatching import hatched
from evenwatt.app.plots.quantities import percent
from evenwatt.app.plots.row_labels import row_label

WIDTH, LEFT, RIGHT, ROW = 960.0, 276.0, 832.0, 28.0
FIGURES = 120.0  # px for what is written on the right

# How a row looks: a bar from the base line, a filled dot, an open dot, or an interval without any middle.
BAR, DOT, OPEN, HATCHED = "bar", "dot", "open", "hatched"


@dataclass(frozen=True)
class Held:
    """A row: its name, value and interval, how it looks, and the figure on the right.

    Attributes
    ----------
    label : str
    middle, low, high : float, optional
        A hatched row needs no middle; without ends it covers the whole axis.
    colour, look : str
    figure : str
    is_marked : bool
        Whether the row is set off.
    group : str
        A heading above the first row of each group; empty for none.
    """

    label: str
    middle: float | None
    low: float | None
    high: float | None
    colour: str
    look: str = DOT
    figure: str = ""
    is_marked: bool = False
    group: str = ""


@dataclass(frozen=True)
class Axis:
    """The lower axis: its ends, marks, title, the base line, and whether figures are shares."""

    low: float
    high: float
    ticks: Ticks
    title: str
    base: float | None = 0.0


def interval_rows(
    rows: Sequence[Held],
    axis: Axis,
    *,
    title: str,
    description: str,
    legend: Sequence[tuple[str, str, str]] = (),
    heading: str = "",
    row: float = ROW,
) -> str:
    """Rows under each other, each with its interval.

    Parameters
    ----------
    rows : sequence of Held
        At least one, in the order in which they stand.
    axis : Axis
    legend : sequence of (look, colour, words)
        What looks and colours mean.
    heading : str
        What stands above the figures on the right.
    row : float
        Height of a row [px].
    """
    top = 62.0 if legend else 34.0
    x = Scale(axis.low, axis.high, LEFT, RIGHT)
    parts: list[str] = []
    y, group = top, ""
    for held in rows:
        if held.group and held.group != group:
            group = held.group
            parts.append(text(0, y + 21, shortened(group, LEFT + 300), weight=650))
            y += 32
        parts += _row(held, x, y + row / 2, row)
        y += row
    drawn = x_axis(x, axis.ticks, top=top, bottom=y, title=axis.title, middle=(LEFT + RIGHT) / 2)
    base = [] if axis.base is None else [line(x(axis.base), top, x(axis.base), y, kind="rule", width=1.4)]
    words = [text(WIDTH - 4, top - 10, heading, anchor="end", kind="muted")] if heading else []
    return document(
        title,
        description,
        WIDTH,
        y + 52,
        [drawn, *_shades(rows, top, row), *base, *_legend(legend), *words, *parts],
    )


def _shades(rows: Sequence[Held], top: float, row: float) -> Iterable[str]:
    """A ground under the marked rows."""
    y, group = top, ""
    for held in rows:
        if held.group and held.group != group:
            group, y = held.group, y + 32
        if held.is_marked:
            yield rect(0, y + 1, WIDTH, row - 2, fill="#f2f0e6", class_="marked", rx=4, fill_opacity="0.75")
        y += row


def _row(held: Held, x: Scale, y: float, row: float) -> Iterable[str]:
    """A row's name, its interval and value, and the figure."""
    bold = 700 if held.is_marked else None
    yield from row_label(LEFT - 12, y, held.label, LEFT - 16, tall=row, bold=held.is_marked)
    told = f"{held.label}: {held.figure}" if held.figure else held.label
    if held.look == HATCHED:
        low, high = (x.low if held.low is None else held.low), (x.high if held.high is None else held.high)
        yield hatched(*_box(x, low, high, y, row), held.colour, told)
    elif held.middle is not None:
        yield from _valued(held, x, y, row, told)
    if held.figure:
        yield text(WIDTH - 4, y + 4.5, shortened(held.figure, FIGURES), anchor="end", weight=bold)


def _box(x: Scale, low: float, high: float, y: float, row: float) -> tuple[float, float, float, float]:
    """An interval as the rectangle of its row, cut at the frame."""
    a, b = (min(max(x(end), x.start), x.stop) for end in (low, high))
    return a, y - row * 0.28, max(b - a, 2), row * 0.56


def _valued(held: Held, x: Scale, y: float, row: float, told: str) -> Iterable[str]:
    """A bar or a dot, and the whisker of its interval."""
    at = x(held.middle or 0.0)
    if held.look == BAR:
        zero = x(min(max(0.0, x.low), x.high))
        yield rect(
            min(zero, at), y - row * 0.3, max(abs(at - zero), 1), row * 0.6, inner=hover(told), fill=held.colour,
            fill_opacity="0.85", rx=1.5,
        )  # fmt: skip
    if held.low is not None and held.high is not None and held.high > held.low:
        yield _whisker(x(held.low), x(held.high), y, "rule" if held.look == BAR else "", held.colour)
    if held.look in (DOT, OPEN):
        is_open = held.look == OPEN
        yield element(
            "circle", hover(told), cx=at, cy=y, r=5.2, fill="#ffffff" if is_open else held.colour,
            class_="paper" if is_open else None, stroke=held.colour, stroke_width=2,
        )  # fmt: skip


def _whisker(low: float, high: float, y: float, kind: str, colour: str) -> str:
    """An interval as a line with ends."""
    left, right, top = number(low), number(high), number(y - 4.5)
    data = f"M{left} {number(y)}H{right}M{left} {top}v9M{right} {top}v9"
    stroke = "#1d2329" if kind else colour
    return element("path", d=data, stroke=stroke, class_=kind or None, stroke_width=1.5, fill="none")


def _legend(legend: Sequence[tuple[str, str, str]]) -> Iterable[str]:
    """What looks and colours mean, in one line."""
    x = 0.0
    for look, colour, words in legend:
        if look == HATCHED:
            yield hatched(x, 4, 20, 12, colour)
        elif look == BAR:
            yield rect(x, 4, 20, 12, fill=colour, fill_opacity="0.85", rx=1.5)
        else:
            yield _whisker(x, x + 20, 10, "", colour)
            is_open = look == OPEN
            yield element(
                "circle", cx=x + 10, cy=10, r=4.4, fill="#ffffff" if is_open else colour,
                class_="paper" if is_open else None, stroke=colour, stroke_width=2,
            )  # fmt: skip
        yield text(x + 27, 14.5, words)
        x += text_width(words) + 50


def within(low: float | None, high: float | None, decimals: int = 1) -> str:
    """An interval of shares in words; empty where there is none."""
    return "" if low is None or high is None else f"{percent(low, decimals)} to {percent(high, decimals)}"
