"""Batteries over the mean day: how full they are, and when they charge and discharge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evenwatt.app.plots.axes import Scale, energy_ticks, percent_ticks, y_axis
from evenwatt.app.plots.colours import BLUE, ORANGE, PURPLE
from evenwatt.app.plots.drawing import document, element, hover, line, polyline, rect, statement, text
from evenwatt.app.plots.legends import LINE, Sample, legend
from evenwatt.app.plots.local_day import clock
from evenwatt.app.plots.quantities import MINUS, energy, percent, unit_for
from evenwatt.app.plots.values import Row, value, values

WIDTH, LEFT, RIGHT, DAY = 960.0, 58.0, 940.0, 1440.0
FULL_TOP, FULL_BOTTOM, TOP, BOTTOM = 66.0, 196.0, 252.0, 412.0
TITLE = "Batteries over the mean day"
NOTHING = "No battery was charged or discharged."


def storage_day(rows: Sequence[Row], *, minutes: float) -> str:
    """Two panels over the hours: how full the batteries are, and what goes in (up) and out (down).

    Parameters
    ----------
    rows : rows of slot, stored_share, charged_wh, discharged_wh
        Means over the days.
    minutes : float
        Length of a slot.
    """
    held = [row for row in rows if value(row, "slot") is not None]
    most = max(values(held, "charged_wh", "discharged_wh"), default=0.0)
    if not most:
        return statement(TITLE, NOTHING)
    unit, x = unit_for([most]), Scale(0, DAY, LEFT, RIGHT)
    full, y = Scale(0, 1, FULL_BOTTOM, FULL_TOP), Scale(-most * 1.05, most * 1.05, BOTTOM, TOP)
    ticks = energy_ticks(most, unit, 2)
    both = [*((-v, f"{MINUS}{words}") for v, words in reversed(ticks) if v), *ticks]
    what = f"Energy per {minutes:g} minutes [{unit.name}]: charged upwards, discharged downwards"
    parts = [
        *legend([Sample("how full", PURPLE, LINE), Sample("charged", BLUE), Sample("discharged", ORANGE)]),
        y_axis(
            full,
            percent_ticks(0, 1, 4),
            left=LEFT,
            right=RIGHT,
            title="Mean energy stored, of all capacity [%]",
            top=FULL_TOP,
        ),
        *_level(held, x, full, minutes),
        y_axis(y, both, left=LEFT, right=RIGHT, title=what, top=TOP),
        *_bars(held, x, y, minutes),
        line(LEFT, y(0), RIGHT, y(0), kind="rule", width=1.2),
    ]
    for hour in range(0, 25, 3):
        parts.append(text(x(hour * 60), BOTTOM + 20, f"{hour}:00", anchor="middle", kind="muted"))
    return document(TITLE, storage_told(rows, minutes=minutes), WIDTH, BOTTOM + 34, parts)


def _level(rows: Sequence[Row], x: Scale, y: Scale, minutes: float) -> Iterable[str]:
    """How full, as a line on its area."""
    points = [
        (x(_middle(row, minutes)), y(min(v, 1.0)))
        for row in rows
        if (v := value(row, "stored_share")) is not None
    ]
    if len(points) > 1:
        ground = polyline([(points[0][0], y(0)), *points, (points[-1][0], y(0))]) + "z"
        yield element("path", d=ground, fill=PURPLE, fill_opacity="0.14")
        yield element(
            "path", hover("how full"), d=polyline(points), fill="none", stroke=PURPLE, stroke_width=2.2
        )
    yield line(LEFT, y(0), RIGHT, y(0), kind="axis")


def _middle(row: Row, minutes: float) -> float:
    return min((float(row["slot"]) + 0.5) * minutes, DAY)


def _bars(rows: Sequence[Row], x: Scale, y: Scale, minutes: float) -> Iterable[str]:
    """What went in above the line, what came out below it."""
    for row in rows:
        start = float(row["slot"]) * minutes
        left, wide = x(min(start, DAY)), x(min(start + minutes, DAY)) - x(min(start, DAY))
        charged, given = (value(row, key) or 0.0 for key in ("charged_wh", "discharged_wh"))
        at = clock(start)
        if charged:
            told = hover(f"{at}: {energy(charged)} charged")
            yield rect(left, y(charged), wide, y(0) - y(charged), inner=told, fill=BLUE, fill_opacity="0.85")
        if given:
            told = hover(f"{at}: {energy(given)} discharged")
            yield rect(left, y(0), wide, y(-given) - y(0), inner=told, fill=ORANGE, fill_opacity="0.9")


def storage_told(rows: Sequence[Row], *, minutes: float) -> str:
    """What to see: when batteries are fullest and when they charge and discharge most."""
    held = [row for row in rows if value(row, "slot") is not None]
    if not any(values(held, "charged_wh", "discharged_wh")):
        return NOTHING
    told = []
    for key, words in (("charged_wh", "Most is charged at"), ("discharged_wh", "most is discharged at")):
        best = max(held, key=lambda row: value(row, key) or 0.0)
        if value(best, key):
            told.append(f"{words} {clock(float(best['slot']) * minutes)}")
    levels = [row for row in held if value(row, "stored_share") is not None]
    if levels:
        full = max(levels, key=lambda row: float(row["stored_share"]))
        told.append(
            f"batteries are fullest at {clock(float(full['slot']) * minutes)}, {percent(float(full['stored_share']))}"
        )
    words = "; ".join(told)
    return f"{words[0].upper()}{words[1:]}."
