"""The mean local day: surplus, deficit and what met inside, and the price at each time of day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.axes import Scale, energy_ticks, y_axis
from evenwatt.app.plots.colours import BLUE, ORANGE
from evenwatt.app.plots.drawing import document, element, line, polyline, statement, text
from evenwatt.app.plots.internal_price import LINES, Line, legend, price, price_scale, price_ticks, runs_of
from evenwatt.app.plots.quantities import energy, unit_for

WIDTH, LEFT, RIGHT = 960.0, 58.0, 940.0
TOP, BOTTOM = 66.0, 270.0
PRICE_TOP, PRICE_BOTTOM = 356.0, 480.0
DAY_MINUTES = 1440

ENERGIES = (
    Line("surplus_wh", "Surplus", ORANGE),
    Line("deficit_wh", "Deficit", "#7d858e"),
    Line("traded_wh", "Traded inside", BLUE),
)
Row = Mapping[str, object]
Corners = list[tuple[float, float]]


def local_day(rows: Sequence[Row], *, minutes: float, currency: str) -> str:
    """Two panels over the hours of a mean local day: energies as areas, prices as lines.

    Parameters
    ----------
    rows : rows of minute, surplus_wh, deficit_wh, traded_wh, marginal_per_mwh, shapley_per_mwh
        One per interval of the day, means over the days [Wh per interval].
    minutes : float
        Length of an interval.
    """
    title = "The mean local day"
    # The hour that is doubled in autumn has no place of its own on a mean day.
    rows = sorted(
        (row for row in rows if minute_of(row, minutes) < DAY_MINUTES),
        key=lambda row: minute_of(row, minutes),
    )
    most = max((_wh(row, shown.key) for row in rows for shown in ENERGIES), default=0.0)
    if not most:
        return statement(title, "At no time of day had anybody a surplus or a deficit.")
    unit = unit_for([most])
    x = Scale(0, DAY_MINUTES, LEFT, RIGHT)
    y = Scale(0, most * 1.05, BOTTOM, TOP)
    what = f"Mean energy per {minutes:g} minutes [{unit.name}]"
    parts = [
        *legend(ENERGIES),
        y_axis(y, energy_ticks(most, unit, 4), left=LEFT, right=RIGHT, title=what, top=TOP),
    ]
    for shown in ENERGIES:
        parts += _area(shown, rows, x, y, minutes)
    parts += _clock(x, BOTTOM)
    held = [p for row in rows for shown in LINES[:2] if (p := price(row, shown.key)) is not None]
    bottom = BOTTOM
    if held:
        parts += _prices(rows, held, x, minutes, currency)
        bottom = PRICE_BOTTOM
    return document(title, day_told(rows, minutes), WIDTH, bottom + 46, parts)


def _wh(row: Row, key: str) -> float:
    """An energy of a row, 0 where there is none."""
    return float(str(row.get(key) or 0))


def minute_of(row: Row, minutes: float) -> float:
    """When an interval starts [minutes after midnight]."""
    return (
        float(str(row["minute"]))
        if row.get("minute") is not None
        else float(str(row.get("slot") or 0)) * minutes
    )


def _area(shown: Line, rows: Sequence[Row], x: Scale, y: Scale, minutes: float) -> list[str]:
    """A stepped area; what was traded is full, as it is part of both others."""
    corners: Corners = []
    for row in rows:
        start, level = minute_of(row, minutes), y(_wh(row, shown.key))
        corners += [(x(start), level), (x(start + minutes), level)]
    closed = [(corners[0][0], y(0)), *corners, (corners[-1][0], y(0))]
    opacity = "0.75" if shown.key == "traded_wh" else "0.2"
    return [
        element("path", d=polyline(closed) + "z", fill=shown.colour, fill_opacity=opacity),
        element("path", d=polyline(corners), fill="none", stroke=shown.colour, stroke_width=1.8),
    ]


def _prices(rows: Sequence[Row], held: Sequence[float], x: Scale, minutes: float, currency: str) -> list[str]:
    """The lower panel: prices where something was traded."""
    y = price_scale(held, PRICE_TOP, PRICE_BOTTOM)
    what = f"Price [{currency} per kWh]"
    shown_lines = [ln for ln in LINES[:2] if any(row.get(ln.key) is not None for row in rows)]
    parts = [y_axis(y, price_ticks(y), left=LEFT, right=RIGHT, title=what, top=PRICE_TOP)]
    parts.append(element("g", "".join(legend(shown_lines)), transform=f"translate(250 {PRICE_TOP - 30:.0f})"))
    for shown in reversed(shown_lines):
        data = ""
        for run in runs_of(
            [
                (minute_of(row, minutes), p) if (p := price(row, shown.key)) is not None else None
                for row in rows
            ]
        ):
            data += polyline([corner for at, p in run for corner in ((x(at), y(p)), (x(at + minutes), y(p)))])
        parts.append(element("path", d=data, fill="none", stroke=shown.colour, stroke_width=2.2))
    return parts + _clock(x, PRICE_BOTTOM)


def _clock(x: Scale, bottom: float) -> list[str]:
    """The hours beneath a panel."""
    parts = [line(x.start, bottom, x.stop, bottom, kind="axis")]
    for hour in range(0, 25, 3):
        at = x(hour * 60)
        parts.append(line(at, bottom, at, bottom + 4, kind="axis"))
        parts.append(text(at, bottom + 19, f"{hour}:00", anchor="middle", kind="muted"))
    return parts


def clock(minute: float) -> str:
    """``14:15``.

    Examples
    --------
    >>> clock(855)
    '14:15'
    """
    return f"{int(minute) // 60}:{int(minute) % 60:02d}"


def day_told(rows: Sequence[Row], minutes: float) -> str:
    """What to see: when most was traded."""
    if not any(_wh(row, "traded_wh") for row in rows):
        return "On the mean day surplus and deficit never met, so nothing was traded."
    best = max(rows, key=lambda row: _wh(row, "traded_wh"))
    at = clock(minute_of(best, minutes))
    return (
        f"Most was traded at {at}: {energy(_wh(best, 'traded_wh'))} of a surplus of {energy(_wh(best, 'surplus_wh'))}"
        f" and a deficit of {energy(_wh(best, 'deficit_wh'))} in the mean interval."
        " Surplus above what was traded went to the grid, deficit above it came from there."
    )
