"""Legends: samples of lines, areas, outlines and dots with their names, in rows as wide as the drawing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evenwatt.app.plots.drawing import element, line, number, polyline, rect, text, text_width
from evenwatt.app.plots.hatching import hatched

LINE, AREA, OUTLINE, DOT, HATCH, STROKE = "line", "area", "outline", "dot", "hatch", "stroke"
WIDE, ROW = 22.0, 21.0


@dataclass(frozen=True)
class Sample:
    """What a mark looks like and what it means."""

    words: str
    colour: str
    look: str = AREA
    dash: str = ""
    opacity: str = "0.85"


def sample(held: Sample, x: float, y: float) -> str:
    """The mark alone, its middle at height ``y``."""
    if held.look == LINE:
        path = polyline([(x, y), (x + WIDE, y)])
        return element(
            "path", d=path, stroke=held.colour, stroke_width=2.4, stroke_dasharray=held.dash or None
        )
    if held.look == DOT:
        return element("circle", cx=x + WIDE / 2, cy=y, r=5, fill=held.colour)
    if held.look == HATCH:
        return hatched(x, y - 6, WIDE, 12, held.colour)
    if held.look == STROKE:
        return element(
            "path", d=f"M{number(x + WIDE / 2)} {number(y - 9)}v18", stroke=held.colour, stroke_width=2.4
        )
    if held.look == OUTLINE:
        return rect(x, y - 6, WIDE, 12, fill="none", stroke=held.colour, stroke_width=1.6, rx=1.5)
    return rect(x, y - 6, WIDE, 12, fill=held.colour, fill_opacity=held.opacity, rx=1.5)


def legend(samples: Iterable[Sample], *, x: float = 0.0, y: float = 10.0, right: float = 960.0) -> list[str]:
    """Samples with their names, in as many rows as they need between ``x`` and ``right``."""
    parts, at = [], x
    for held in samples:
        wide = WIDE + 7 + text_width(held.words) + 22
        if at > x and at + wide - 22 > right:
            at, y = x, y + ROW
        parts += [sample(held, at, y), text(at + WIDE + 7, y + 4.5, held.words)]
        at += wide
    return parts


def height(samples: Iterable[Sample], *, x: float = 0.0, right: float = 960.0) -> float:
    """How high :func:`legend` is [px].

    Examples
    --------
    >>> height([Sample("Local", "#000000")]), height([Sample("A long name of a mark", "#000000")] * 9)
    (21.0, 63.0)
    """
    rows, at = 1, x
    for held in samples:
        wide = WIDE + 7 + text_width(held.words) + 22
        if at > x and at + wide - 22 > right:
            at, rows = x, rows + 1
        at += wide
    return rows * ROW


def zero_line(left: float, right: float, y: float) -> str:
    """The line at zero, where what is drawn goes to both sides of it."""
    return line(left, y, right, y, kind="rule", width=1.2)
