"""Each day's surplus in three parts: shared, missed while somebody wanted it, and left for the grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.axes import Scale, energy_ticks, y_axis
from evenwatt.app.plots.calendar_maps import day_name
from evenwatt.app.plots.colours import BLUE, ORANGE, VERMILION
from evenwatt.app.plots.drawing import document, hover, line, rect, statement, text, text_width
from evenwatt.app.plots.heatmap import marks_of
from evenwatt.app.plots.quantities import energy, percent, unit_for

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 960.0, 58.0, 940.0, 66.0, 280.0

Row = Mapping[str, object]
PARTS = (
    ("shared", "Shared", BLUE, "0.9"),
    ("could", "Unused while wanted elsewhere", VERMILION, "0.7"),
    ("rest", "Unused, wanted by nobody", ORANGE, "0.4"),
)


def daily(rows: Sequence[Row]) -> str:
    """A bar a day, as tall as the day's surplus.

    Parameters
    ----------
    rows : rows of date, supply_wh, shared_wh, could_wh
        In the order of days.
    """
    title = "Surplus of each day"
    most = max((_wh(row, "supply_wh") for row in rows), default=0)
    if not most:
        return statement(title, "On no day had anybody a surplus.")
    unit, y = unit_for([most]), Scale(0, most * 1.04, BOTTOM, TOP)
    wide = (RIGHT - LEFT) / len(rows)
    parts = [
        *_legend(),
        y_axis(
            y,
            energy_ticks(most, unit, 4),
            left=LEFT,
            right=RIGHT,
            title=f"Surplus of the day [{unit.name}]",
            top=TOP,
        ),
    ]
    for k, row in enumerate(rows):
        parts += _bar(row, LEFT + k * wide, wide, y)
    parts.append(line(LEFT, BOTTOM, RIGHT, BOTTOM, kind="axis"))
    names = [day_name(str(row.get("date"))) for row in rows]
    for place, name in marks_of(names, RIGHT - LEFT, 58):
        parts.append(text(LEFT + place * wide, BOTTOM + 20, name, anchor="middle", kind="muted"))
    return document(title, daily_told(rows), WIDTH, BOTTOM + 34, parts)


def _wh(row: Row, key: str) -> int:
    return int(str(row.get(key) or 0))


def _bar(row: Row, x: float, wide: float, y: Scale) -> list[str]:
    shared, could = _wh(row, "shared_wh"), _wh(row, "could_wh")
    sizes = {"shared": shared, "could": could, "rest": _wh(row, "supply_wh") - shared - could}
    drawn, start = [], 0
    gap = 1.0 if wide > 5 else 0.0
    for key, name, colour, opacity in PARTS:
        size = max(sizes[key], 0)
        told = f"{day_name(str(row.get('date')), weekday=True)}, {name.lower()}: {energy(size)}"
        tall = y(start) - y(start + size)
        drawn.append(
            rect(
                x + gap,
                y(start + size),
                wide - 2 * gap,
                tall,
                inner=hover(told),
                fill=colour,
                fill_opacity=opacity,
            )
        )
        start += size
    return drawn


def _legend() -> list[str]:
    parts, x = [], 0.0
    for _, name, colour, opacity in PARTS:
        parts.append(rect(x, 4, 16, 11, fill=colour, fill_opacity=opacity))
        parts.append(text(x + 23, 13.5, name))
        x += text_width(name) + 52
    return parts


def daily_told(rows: Sequence[Row]) -> str:
    """What to see: the best and the worst day."""
    held = [row for row in rows if _wh(row, "supply_wh")]
    if not held:
        return "On no day had anybody a surplus."

    def part(row: Row) -> float:
        return _wh(row, "shared_wh") / _wh(row, "supply_wh")

    best, worst = max(held, key=part), min(held, key=part)
    if best is worst:
        return f"{percent(part(best))} of the surplus were shared."
    return (
        f"The largest part of a day's surplus was shared on {day_name(str(best['date']), weekday=True)},"
        f" {percent(part(best))}; the smallest on {day_name(str(worst['date']), weekday=True)}, {percent(part(worst))}."
    )
