"""Small panels of lines under one pair of scales, so that many things compare at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evenwatt.app.plots.axes import Scale, Ticks
from evenwatt.app.plots.banded import Line, Point, drawn
from evenwatt.app.plots.drawing import document, line, shortened, text, text_width
from evenwatt.app.plots.hatching import hatched
from evenwatt.app.plots.row_labels import BOLDER

WIDTH, LEFT, GUTTER = 960.0, 44.0, 26.0


@dataclass(frozen=True)
class Panel:
    """One panel: its name, a remark on its right, its lines, and intervals that are hatched.

    Attributes
    ----------
    name, remark : str
    lines : sequence of Line
    unknown : sequence of (start, stop, low, high, colour)
        Along the lower axis; None for an end that is not known either.
    """

    name: str
    remark: str
    lines: Sequence[Line]
    unknown: Sequence[tuple[float, float, float | None, float | None, str]] = ()


@dataclass(frozen=True)
class Frame:
    """What all panels share: both scales' ends, marks of the left axis, and the two ends of the lower one."""

    start: float
    stop: float
    low: float
    high: float
    ticks: Ticks
    first: str
    last: str


def panels(
    shown: Sequence[Panel],
    frame: Frame,
    *,
    title: str,
    description: str,
    axis: str,
    across: int = 3,
    tall: float = 92.0,
    legend: Sequence[str] = (),
    legend_height: float = 0.0,
) -> str:
    """Panels in rows, the left axis of each row written once.

    Parameters
    ----------
    shown : sequence of Panel
        At least one.
    frame : Frame
    axis : str
        What the left axis shows.
    across : int
        How many panels stand side by side.
    tall : float
        Height of a panel [px].
    legend : sequence of str
        Drawn parts above the panels, ``legend_height`` high.
    """
    across = min(across, len(shown))
    wide = (WIDTH - LEFT - GUTTER * (across - 1)) / across
    parts = [*legend, text(0, legend_height + 14, axis, kind="muted")]
    step = tall + 68
    for k, panel in enumerate(shown):
        left = LEFT + (k % across) * (wide + GUTTER)
        top = legend_height + 52 + (k // across) * step
        parts += _panel(panel, frame, left, top, wide, tall, is_first=k % across == 0)
    height = legend_height + 52 + step * -(-len(shown) // across) - 26
    return document(title, description, WIDTH, height, parts)


def _panel(
    panel: Panel, frame: Frame, left: float, top: float, wide: float, tall: float, *, is_first: bool
) -> Iterable[str]:
    """Name and remark, grid, hatched intervals, lines."""
    x, y = Scale(frame.start, frame.stop, left, left + wide), Scale(frame.low, frame.high, top + tall, top)
    remark = shortened(panel.remark, wide / 2)
    taken = text_width(remark) + 12 if remark else 0
    yield text(left, top - 9, shortened(panel.name, (wide - taken) / BOLDER), weight=600)
    if remark:
        yield text(left + wide, top - 9, remark, anchor="end", kind="muted")
    for value, words in frame.ticks:
        yield line(left, y(value), left + wide, y(value))
        if is_first:
            yield text(left - 7, y(value) + 4.5, words, anchor="end", kind="muted", size=12)
    for start, stop, low, high, colour in panel.unknown:
        yield _unknown(x(start), x(stop), low, high, colour, y)
    for shown in panel.lines:
        yield from drawn(shown, x, y)
    yield line(left, top + tall, left + wide, top + tall, kind="axis")
    first, last = (shortened(words, wide / 2 - 4, 12) for words in (frame.first, frame.last))
    yield text(left, top + tall + 17, first, kind="muted", size=12)
    if frame.last != frame.first:
        yield text(left + wide, top + tall + 17, last, anchor="end", kind="muted", size=12)


def _unknown(a: float, b: float, low: float | None, high: float | None, colour: str, y: Scale) -> str:
    """What is not known, hatched over all it may be."""
    below = y(y.low if low is None else max(low, y.low))
    above = y(y.high if high is None else min(high, y.high))
    return hatched(a, above, b - a, max(below - above, 2), colour)


def bounds(lines: Iterable[Line]) -> list[float]:
    """Every value that lines and their bands reach."""
    held: list[Point] = [p for shown in lines for p in shown.points if p is not None]
    return [v for p in held for v in (p.y, p.low, p.high) if v is not None]
