"""The mean local day of a sharing group: surplus, demand, what was shared, and what could have been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.axes import Scale, energy_ticks, y_axis
from evenwatt.app.plots.colours import BLUE, ORANGE, VERMILION
from evenwatt.app.plots.drawing import document, element, line, polyline, rect, statement, text, text_width
from evenwatt.app.plots.local_day import clock, minute_of
from evenwatt.app.plots.quantities import energy, unit_for

WIDTH, LEFT, RIGHT, TOP, BOTTOM, DAY = 960.0, 58.0, 940.0, 66.0, 320.0, 1440
DEMAND = "#7d858e"

Row = Mapping[str, object]
# Key, name, colour and how full its area is; drawn in this order.
LINES = (
    ("supply_wh", "Surplus", ORANGE, "0.18"),
    ("demand_wh", "Demand after own use", DEMAND, "0.16"),
    ("reach_wh", "Could have been shared too", VERMILION, "0.55"),
    ("shared_wh", "Shared", BLUE, "0.85"),
)


def mean_day(rows: Sequence[Row], *, minutes: float) -> str:
    """Areas over the hours of the mean local day.

    Parameters
    ----------
    rows : rows of minute, supply_wh, demand_wh, shared_wh, could_wh
        One per interval of the day, means over the days [Wh per interval].
    minutes : float
        Length of an interval.
    """
    title = "The mean local day"
    # The hour that is doubled in autumn has no place of its own on a mean day.
    held = sorted(
        (
            {**row, "reach_wh": _wh(row, "shared_wh") + _wh(row, "could_wh")}
            for row in rows
            if minute_of(row, minutes) < DAY
        ),
        key=lambda row: minute_of(row, minutes),
    )
    most = max((_wh(row, key) for row in held for key, *_ in LINES), default=0.0)
    if not most:
        return statement(title, "At no time of day had anybody a surplus or a demand.")
    unit = unit_for([most])
    x, y = Scale(0, DAY, LEFT, RIGHT), Scale(0, most * 1.05, BOTTOM, TOP)
    what = f"Mean energy per {minutes:g} minutes [{unit.name}]"
    parts = [*_legend(), y_axis(y, energy_ticks(most, unit, 4), left=LEFT, right=RIGHT, title=what, top=TOP)]
    for key, _, colour, opacity in LINES:
        parts += _area(held, key, colour, opacity, x, y, minutes)
    return document(title, mean_day_told(rows, minutes), WIDTH, BOTTOM + 34, [*parts, *_clock(x)])


def _wh(row: Row, key: str) -> float:
    return float(str(row.get(key) or 0))


def _area(
    rows: Sequence[Row], key: str, colour: str, opacity: str, x: Scale, y: Scale, minutes: float
) -> list[str]:
    corners: list[tuple[float, float]] = []
    for row in rows:
        start, level = minute_of(row, minutes), y(_wh(row, key))
        corners += [(x(start), level), (x(start + minutes), level)]
    closed = [(corners[0][0], y(0)), *corners, (corners[-1][0], y(0))]
    outline = element("path", d=polyline(corners), fill="none", stroke=colour, stroke_width=1.8)
    # What could have been shared stands on what was: its own outline would repeat the others'.
    return [
        element("path", d=polyline(closed) + "z", fill=colour, fill_opacity=opacity),
        "" if key == "reach_wh" else outline,
    ]


def _legend() -> list[str]:
    parts, x = [], 0.0
    for _, name, colour, opacity in LINES:
        parts.append(rect(x, 4, 16, 11, fill=colour, fill_opacity=opacity, stroke=colour))
        parts.append(text(x + 23, 13.5, name))
        x += text_width(name) + 52
    return parts


def _clock(x: Scale) -> list[str]:
    parts = [line(x.start, BOTTOM, x.stop, BOTTOM, kind="axis")]
    for hour in range(0, 25, 3):
        at = x(hour * 60)
        parts.append(line(at, BOTTOM, at, BOTTOM + 4, kind="axis"))
        parts.append(text(at, BOTTOM + 20, f"{hour}:00", anchor="middle", kind="muted"))
    return parts


def mean_day_told(rows: Sequence[Row], minutes: float) -> str:
    """What to see: when most is shared and when most is missed."""
    if not any(_wh(row, "supply_wh") for row in rows):
        return "Nobody had a surplus at any time of day."
    best = max(rows, key=lambda row: _wh(row, "shared_wh"))
    missed = max(rows, key=lambda row: _wh(row, "could_wh"))
    told = (
        f"Most is shared at {clock(minute_of(best, minutes))}: {energy(_wh(best, 'shared_wh'))} in the mean interval"
        f" of a surplus of {energy(_wh(best, 'supply_wh'))}."
    )
    if _wh(missed, "could_wh"):
        told += (
            f" Most is missed at {clock(minute_of(missed, minutes))}: {energy(_wh(missed, 'could_wh'))} are unused by"
            " one member while another draws from the grid."
        )
    return told
