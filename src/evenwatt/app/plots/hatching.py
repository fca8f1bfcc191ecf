"""Hatched areas, which say "somewhere in here" where a line would claim to know."""

from __future__ import annotations

from math import ceil

from evenwatt.app.plots.drawing import element, hover, number

STEP = 7.0  # px between strokes


def strokes(x: float, y: float, width: float, height: float) -> str:
    """Path data of the diagonals inside a rectangle; those of neighbours run on in each other.

    Examples
    --------
    >>> strokes(0, 0, 7, 7)
    'M0 7L7 0'
    """
    # Each stroke is a piece of a line x + y = c with c a multiple of the step, cut at the sides. A clip path
    # would need an id, which the other drawings of a page could not share.
    data, right, bottom = "", x + width, y + height
    for k in range(ceil((x + y) / STEP), int((right + bottom) / STEP) + 1):
        c = k * STEP
        start, stop = max(x, c - bottom), min(right, c - y)
        if stop - start > 0.05:
            data += f"M{number(start)} {number(c - start)}L{number(stop)} {number(c - stop)}"
    return data


def hatched(x: float, y: float, width: float, height: float, colour: str, told: str = "") -> str:
    """A hatched rectangle with a faint ground, and what a pointer resting on it reads."""
    ground = element(
        "rect", hover(told) if told else "", x=x, y=y, width=max(width, 0), height=max(height, 0), fill=colour,
        fill_opacity="0.08", stroke=colour, stroke_opacity="0.55", stroke_width=1, class_="hatched",
    )  # fmt: skip
    return ground + element("path", d=strokes(x, y, width, height), stroke=colour, stroke_width=1.1, fill="none",
                            stroke_opacity="0.75")  # fmt: skip
