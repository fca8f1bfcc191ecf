"""How a search closed in: the best found, the bound that nothing can exceed, and the gap between, by seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from evenwatt.app.plots.axes import Scale, percent_ticks, round_ticks, y_axis
from evenwatt.app.plots.colours import BLUE, VERMILION
from evenwatt.app.plots.drawing import document, element, line, polyline, statement, text
from evenwatt.app.plots.quantities import grouped, percent

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 960.0, 66.0, 930.0, 50.0, 300.0

Row = Mapping[str, object]


def convergence(rows: Sequence[Row], *, ideal_wh: float) -> str:
    """Two staircases: the best keys found rise, the bound falls; between them lies what may be missing yet.

    Parameters
    ----------
    rows : rows of seconds, shared_wh, bound_wh
        In order of time; a bound that was not proved yet is None.
    ideal_wh : float
        What shares are of [Wh].
    """
    title = "Best keys found and proven bound"
    if not rows or ideal_wh <= 0:
        return statement(title, "Nothing was searched, as there is nothing to share.")
    found, proved = _points(rows, "shared_wh", ideal_wh), _points(rows, "bound_wh", ideal_wh)
    end = max([t for t, _ in (*found, *proved)] or [0.0]) or 1e-3
    x, y = Scale(0, end, LEFT, RIGHT), _shares([v for _, v in (*found, *proved)])
    ticks = percent_ticks(y.low, min(y.high, 1.0))
    parts = [y_axis(y, ticks, left=LEFT, right=RIGHT, title="Share of the ideal [%]", top=TOP)]
    if found and proved:
        parts.append(_between(found, proved, x, y, end))
    parts += _staircase(proved, "proven bound", VERMILION, -8, x, y)
    parts += _staircase(found, "best found", BLUE, 18, x, y)
    return document(title, convergence_told(rows), WIDTH, BOTTOM + 54, [*parts, *_seconds(x)])


def _shares(values: Sequence[float]) -> Scale:
    """A scale that shows both lines and some air around them."""
    room = max(max(values) - min(values), 0.004)
    return Scale(max(min(values) - 0.1 * room, 0.0), max(values) + 0.15 * room, BOTTOM, TOP)


def _staircase(
    points: Sequence[tuple[float, float]], name: str, colour: str, below: float, x: Scale, y: Scale
) -> list[str]:
    """A line of values that hold until the next, and its name with the last of them."""
    if not points:
        return []
    stairs = _stairs(points, x.high)
    last = stairs[-1][1]
    drawn = polyline([(x(t), y(v)) for t, v in stairs])
    words = f"{name}: {percent(last, 1)}"
    return [
        element("path", d=drawn, fill="none", stroke=colour, stroke_width=2.2),
        text(RIGHT, y(last) + below, words, anchor="end", weight=600, halo=True),
    ]


def _seconds(x: Scale) -> list[str]:
    """The lower axis."""
    decimals = 0 if x.high >= 6 else 2
    marks = [
        text(x(second), BOTTOM + 20, grouped(second, decimals), anchor="middle", kind="muted")
        for second in round_ticks(0, x.high, 6)
    ]
    title = text((LEFT + RIGHT) / 2, BOTTOM + 42, "Seconds", anchor="middle")
    return [*marks, line(LEFT, BOTTOM, RIGHT, BOTTOM, kind="axis"), title]


def _points(rows: Sequence[Row], key: str, ideal: float) -> list[tuple[float, float]]:
    held = [(float(str(row.get("seconds") or 0)), row.get(key)) for row in rows]
    return [(t, float(str(v)) / ideal) for t, v in held if v is not None and float(str(v)) < inf]


def _stairs(points: Sequence[tuple[float, float]], end: float) -> list[tuple[float, float]]:
    """A value holds until the next."""
    stairs = [points[0]]
    for t, v in points[1:]:
        stairs += [(t, stairs[-1][1]), (t, v)]
    return [*stairs, (end, stairs[-1][1])]


def _between(
    low: Sequence[tuple[float, float]], high: Sequence[tuple[float, float]], x: Scale, y: Scale, end: float
) -> str:
    """What is neither found nor excluded, from where both are known."""
    start = max(low[0][0], high[0][0])
    under, over = (
        [(max(t, start), v) for t, v in _stairs(side, end) if t >= start or side[0][0] <= start]
        for side in (low, high)
    )
    ring = [(x(t), y(v)) for t, v in (*over, *reversed(under))]
    return element("path", d=polyline(ring) + "z", fill=VERMILION, fill_opacity="0.1")


def convergence_told(rows: Sequence[Row]) -> str:
    """What to see: the gap at the end, and what it means."""
    last = rows[-1] if rows else {}
    bound, shared = last.get("bound_wh"), float(str(last.get("shared_wh") or 0))
    if bound is None or float(str(bound)) <= 0:
        return "No bound was proved: better keys may exist, and it is not known by how much."
    gap = max((float(str(bound)) - shared) / float(str(bound)), 0.0)
    return (
        f"The keys found share all but {percent(gap, 2)} of what is proved to be the most that any keys could share by"
        " this rule over these links: the true best lies in the shaded band."
    )
