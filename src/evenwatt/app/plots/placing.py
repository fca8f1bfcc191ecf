"""Labels beside what they name, pushed apart so that none covers another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, pi, sin

from evenwatt.app.plots.drawing import SIZE, text_width

ASCENT, DESCENT = 11.0, 4.0  # px of a line of words above and below its baseline
DISTANCES = (12.0, 20.0, 30.0, 44.0, 62.0, 84.0)
DIRECTIONS = (
    0,
    8,
    4,
    12,
    2,
    14,
    6,
    10,
    1,
    15,
    7,
    9,
    3,
    13,
    5,
    11,
)  # sixteenths of a turn, the level ones first

Box = tuple[float, float, float, float]  # left, top, right, bottom


def spread(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Places at least ``least`` apart within ``low..high``, in the order of and near those wanted.

    Examples
    --------
    >>> spread([10, 12, 50], 16, 0, 100)
    [10, 26, 50]
    >>> spread([95, 96], 16, 0, 100)
    [84, 100]
    """
    order = sorted(range(len(wanted)), key=lambda k: wanted[k])
    placed = list(wanted)
    edge = low
    for k in order:
        placed[k] = max(wanted[k], edge)
        edge = placed[k] + least
    edge = high
    for k in reversed(order):
        placed[k] = min(placed[k], edge)
        edge = placed[k] - least
    return placed


@dataclass(frozen=True)
class Label:
    """Where words stand: baseline point, side to which they run, and whether they need a line to their point."""

    x: float
    y: float
    anchor: str
    is_far: bool


def placed(
    points: Sequence[tuple[float, float]], words: Sequence[str], frame: Box, *, radius: float = 8.0
) -> list[Label | None]:
    """A place for each point's words that meets no other words, no point and not the frame.

    Parameters
    ----------
    points : sequence of (x, y)
    words : sequence of str
        One for each point.
    frame : (left, top, right, bottom)
        What the words must stay inside.
    radius : float
        Of the points, which words do not cover [px].

    Returns
    -------
    list of Label or None
        None where there is no room left for the words.
    """
    taken: list[Box] = [(x - radius, y - radius, x + radius, y + radius) for x, y in points]
    found: list[Label | None] = []
    for (x, y), said in zip(points, words, strict=True):
        label, box = _free(x, y, text_width(said, SIZE), frame, taken)
        found.append(label)
        if box:
            taken.append(box)
    return found


def _free(
    x: float, y: float, wide: float, frame: Box, taken: Sequence[Box]
) -> tuple[Label | None, Box | None]:
    """The nearest free place around a point, or else in a column beside it."""
    for at, base, anchor, is_far in _candidates(x, y):
        left = at - (0.0 if anchor == "start" else wide if anchor == "end" else wide / 2)
        box = (left, base - ASCENT, left + wide, base + DESCENT)
        inside = frame[0] <= box[0] and frame[1] <= box[1] and box[2] <= frame[2] and box[3] <= frame[3]
        if inside and not any(_meet(box, other) for other in taken):
            return Label(at, base, anchor, is_far), box
    return None, None


def _candidates(x: float, y: float) -> Iterator[tuple[float, float, str, bool]]:
    """Places to try, the nearest first: baseline point, side, and whether that is far from the point."""
    middle = y + (ASCENT - DESCENT) / 2
    for far in DISTANCES:
        for sixteenth in DIRECTIONS:
            across, down = cos(sixteenth * pi / 8), -sin(sixteenth * pi / 8)
            anchor = "start" if across > 0.35 else "end" if across < -0.35 else "middle"
            yield x + far * across, middle + far * down, anchor, far > 20
    for aside, anchor in ((34.0, "start"), (-34.0, "end"), (120.0, "start"), (-120.0, "end")):
        for step in range(1, 16):
            for way in (1, -1):
                yield x + aside, middle + way * step * (ASCENT + DESCENT + 2), anchor, True


def _meet(a: Box, b: Box) -> bool:
    """Whether two boxes share anything."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
