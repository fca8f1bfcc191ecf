"""The heatmap: a small picture of cells, with axes and legend drawn around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evenwatt.app.plots.colours import Ramp, hexadecimal
from evenwatt.app.plots.drawing import document, element, line, rect, shortened, statement, text
from evenwatt.app.plots.raster import data_uri, png

LEVELS = 64
WIDTH, RIGHT, TOP, BOTTOM = 960.0, 22.0, 62.0, 48.0
Values = Sequence[Sequence[float | None]]


@dataclass(frozen=True)
class Side:
    """One side of the map: a title and marks, each at a cell's edge or middle (a half)."""

    title: str
    marks: Sequence[tuple[float, str]]


@dataclass(frozen=True)
class Legend:
    """What the colours mean: a title with its unit, the value at each end, how a value is written."""

    title: str
    low: float
    high: float
    written: Callable[[float], str]
    absent: str


def heatmap(
    values: Values,
    *,
    title: str,
    description: str,
    across: Side,
    down: Side,
    ramp: Ramp,
    legend: Legend,
    height: float,
    left: float = 150.0,
    bands: Sequence[tuple[int, int, str]] = (),
) -> str:
    """A map of ``values`` (rows of columns, None where there is nothing to show).

    Parameters
    ----------
    across, down : Side
        The horizontal and the vertical side.
    height : float
        Of the picture [px].
    left : float
        Room for the labels of the rows [px].
    bands : sequence of (first row, one past the last row, colour)
        Coloured strips beside the rows, such as the agent of each member.
    """
    if not values or not values[0]:
        return statement(title, "There is nothing to show.")
    wide = WIDTH - left - RIGHT
    picture = element(
        "image",
        x=left,
        y=TOP,
        width=wide,
        height=height,
        href=data_uri(png(_indices(values, legend), [*ramp.palette(LEVELS), ramp.absent])),
        preserveAspectRatio="none",
        style="image-rendering:pixelated",
    )
    row, column = height / len(values), wide / len(values[0])
    parts = [picture, *_legend(ramp, legend, values, left)]
    parts += [rect(left - 7, TOP + a * row, 4, (b - a) * row - 1, fill=colour) for a, b, colour in bands]
    for place, words in across.marks:
        parts.append(
            line(left + place * column, TOP + height, left + place * column, TOP + height + 4, kind="axis")
        )
        parts.append(text(left + place * column, TOP + height + 19, words, anchor="middle", kind="muted"))
    parts += [
        text(left - 12, TOP + place * row + 4.5, shortened(words, left - 14), anchor="end", kind="muted")
        for place, words in down.marks
    ]
    parts.append(text(left + wide / 2, TOP + height + 41, across.title, anchor="middle"))
    parts.append(text(0, TOP - 12, down.title))
    return document(title, description, WIDTH, TOP + height + BOTTOM, parts)


def _indices(values: Values, legend: Legend) -> list[bytes]:
    """The palette index of each cell; the last is for what has no value."""
    extent = (legend.high - legend.low) or 1.0
    return [
        bytes(LEVELS if v is None else _level((v - legend.low) / extent) for v in row)  # one byte a cell
        for row in values
    ]


def _level(share: float) -> int:
    """The nearest of the levels."""
    return round(min(max(share, 0.0), 1.0) * (LEVELS - 1))


def _legend(ramp: Ramp, legend: Legend, values: Values, left: float) -> list[str]:
    """A bar of the ramp, its ends and title, and a swatch for cells without a value if there are any."""
    wide, x, y = 180.0, WIDTH - RIGHT - 180.0, 10.0
    step = wide / 30
    cells = [rect(x + k * step, y, step + 0.5, 10, fill=hexadecimal(ramp.at(k / 29))) for k in range(30)]
    words = [
        text(x - 10, y + 9.5, legend.title, anchor="end"),
        text(x, y + 25, legend.written(legend.low), kind="muted"),
        text(x + wide, y + 25, legend.written(legend.high), anchor="end", kind="muted"),
    ]
    if not any(v is None for row in values for v in row):
        return cells + words
    swatch = rect(left, y, 14, 10, fill=hexadecimal(ramp.absent))
    return [*cells, *words, swatch, text(left + 20, y + 9.5, legend.absent, kind="muted")]


def marks_of(
    labels: Sequence[str], room: float, least: float, offset: float = 0.5
) -> list[tuple[float, str]]:
    """Labels evenly thinned so that neighbours are at least ``least`` [px] apart in ``room`` [px]."""
    if not labels:
        return []
    every = max(-(-int(least * len(labels)) // max(int(room), 1)), 1)
    return [(k + offset, labels[k]) for k in range(0, len(labels), every)]
