"""The price inside the microgrid through time, between what the grid asks and what it pays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evenwatt.app.plots.axes import Scale, decimals_of, energy_ticks, round_ticks, y_axis
from evenwatt.app.plots.calendar_maps import day_name
from evenwatt.app.plots.colours import BLUE, VERMILION
from evenwatt.app.plots.drawing import (
    document,
    element,
    hover,
    line,
    polyline,
    rect,
    shortened,
    statement,
    text,
    text_width,
)
from evenwatt.app.plots.heatmap import marks_of
from evenwatt.app.plots.quantities import energy, grouped, per_kwh, unit_for

WIDTH, LEFT, RIGHT = 960.0, 58.0, 860.0
TOP, BOTTOM = 66.0, 300.0
BARS_TOP, BARS_BOTTOM = 350.0, 420.0
MOST_DOTS = 45
MOST_THICK = 120  # days beyond which thick lines run into each other

Row = Mapping[str, object]
Points = list[tuple[float, float] | None]


@dataclass(frozen=True)
class Line:
    """A price that is drawn: its column, its name and its look."""

    key: str
    name: str
    colour: str
    dash: str | None = None
    width: float = 2.2


LINES = (
    Line("marginal_per_mwh", "Price of one more kWh inside", VERMILION),
    Line("shapley_per_mwh", "Price that the Shapley value implies", BLUE),
    Line("mid_per_mwh", "Mid-market rate", "#7d858e", "6 4", 1.6),
)


def price(row: Row, key: str) -> float | None:
    """A price of a row, per kWh."""
    value = row.get(key)
    return None if value is None else per_kwh(float(str(value)))


def day_of(row: Row) -> str:
    """The day of a row."""
    return str(row.get("date") or row.get("day") or "")


def internal_price(rows: Sequence[Row], *, currency: str) -> str:
    """Prices of each day as lines in the band between grid prices, and the energy traded beneath.

    Parameters
    ----------
    rows : rows of date, buy_per_mwh, sell_per_mwh, marginal_per_mwh, shapley_per_mwh, mid_per_mwh, traded_wh
        One a day; None where nothing was traded.
    """
    title = "Internal price of each day"
    held = [v for row in rows for line_ in (*LINES, *EDGES) if (v := price(row, line_.key)) is not None]
    if not held:
        return statement(title, "No day has a price.")
    y = price_scale(held, TOP, BOTTOM)
    x = Scale(0, len(rows), LEFT, RIGHT)
    unit = unit_for([float(str(row.get("traded_wh") or 0)) for row in rows])
    what = f"Price [{currency} per kWh], mean of a day weighted by traded energy"
    parts = [
        y_axis(y, price_ticks(y), left=LEFT, right=RIGHT, title=what, top=TOP),
        _band(rows, x, y),
        *_edges(rows, y),
        *legend([line_ for line_ in LINES if any(row.get(line_.key) is not None for row in rows)]),
    ]
    for drawn in reversed(LINES):
        parts += _line(drawn, rows, x, y, currency)
    parts += _traded(rows, x, unit.name, energy_ticks(_most(rows), unit, 2))
    for place, words in marks_of([day_name(day_of(row)) for row in rows], RIGHT - LEFT, 56):
        parts.append(text(x(place), BARS_BOTTOM + 18, words, anchor="middle", kind="muted"))
    return document(title, price_told(rows, currency), WIDTH, BARS_BOTTOM + 28, parts)


EDGES = (
    Line("buy_per_mwh", "the grid asks", "#a3abb3"),
    Line("sell_per_mwh", "the grid pays", "#a3abb3"),
)


def price_scale(values: Sequence[float], top: float, bottom: float) -> Scale:
    """The axis of prices, with zero and some air."""
    low, high = min(0.0, *values), max(0.0, *values)
    return Scale(low, high + 0.06 * (high - low or 1.0), bottom, top)


def price_ticks(y: Scale) -> list[tuple[float, str]]:
    """Round prices and how they are written."""
    values = round_ticks(y.low, y.high, 5)
    return [(v, grouped(v, decimals_of(values))) for v in values]


def _band(rows: Sequence[Row], x: Scale, y: Scale) -> str:
    """The room between the grid's two prices, a step a day."""
    above, below = _steps(rows, "buy_per_mwh", x, y), _steps(rows, "sell_per_mwh", x, y)
    if not above or len(above) != len(below):
        return ""
    return element("path", d=polyline([*above, *reversed(below)]) + "z", fill="#7d858e", fill_opacity="0.13")


def _steps(rows: Sequence[Row], key: str, x: Scale, y: Scale) -> list[tuple[float, float]]:
    """Corners of the steps of a price; days without it are left out."""
    prices = [(k, p) for k, row in enumerate(rows) if (p := price(row, key)) is not None]
    return [point for k, p in prices for point in ((x(k), y(p)), (x(k + 1), y(p)))]


def _edges(rows: Sequence[Row], y: Scale) -> list[str]:
    """The names of the band's edges at its right end, kept apart."""
    ends = [(p, edge.name) for edge in EDGES if rows and (p := price(rows[-1], edge.key)) is not None]
    places = [y(p) + 4.5 for p, _ in ends]
    if len(places) == 2 and abs(places[0] - places[1]) < 17:
        places = [places[0] - 9, places[0] + 9]
    return [
        text(RIGHT + 8, place, shortened(name, WIDTH - RIGHT - 8, 12), kind="muted", size=12)
        for place, (_, name) in zip(places, ends, strict=True)
    ]


def legend(lines: Sequence[Line]) -> Iterable[str]:
    """A sample of each line and its name, in a row."""
    x = 0.0
    for shown in lines:
        sample = f"M{x:.1f} 12h30"
        yield element(
            "path", d=sample, stroke=shown.colour, stroke_width=shown.width, stroke_dasharray=shown.dash
        )
        yield text(x + 38, 16.5, shown.name)
        x += text_width(shown.name) + 66


def runs_of(points: Points) -> list[list[tuple[float, float]]]:
    """Points in unbroken runs: where there is no price there is no line."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def _line(shown: Line, rows: Sequence[Row], x: Scale, y: Scale, currency: str) -> Iterable[str]:
    """One price: a line, broken where nothing was traded, and dots that tell their figure."""
    prices = [price(row, shown.key) for row in rows]
    points: Points = [None if p is None else (x(k + 0.5), y(p)) for k, p in enumerate(prices)]
    data = "".join(polyline(run) for run in runs_of(points) if len(run) > 1)
    width = shown.width if len(rows) <= MOST_THICK else 1.2
    if data:
        yield element(
            "path", d=data, fill="none", stroke=shown.colour, stroke_width=width,
            stroke_dasharray=shown.dash, stroke_linejoin="round",
        )  # fmt: skip
    if shown.dash and data:
        return
    for row, p, point in zip(rows, prices, points, strict=True):
        if p is not None and point is not None and len(rows) <= MOST_DOTS:
            told = f"{day_name(day_of(row), weekday=True)}: {grouped(p, 4)} {currency} per kWh"
            yield element("circle", hover(told), cx=point[0], cy=point[1], r=3, fill=shown.colour)


def _most(rows: Sequence[Row]) -> float:
    """The largest energy of a day [Wh]."""
    return max((float(str(row.get("traded_wh") or 0)) for row in rows), default=0.0)


def _traded(rows: Sequence[Row], x: Scale, unit: str, ticks: Sequence[tuple[float, str]]) -> Iterable[str]:
    """Bars of the energy traded each day."""
    y = Scale(0, _most(rows) or 1.0, BARS_BOTTOM, BARS_TOP)
    yield y_axis(y, ticks, left=LEFT, right=RIGHT, title=f"Traded inside [{unit}]", top=BARS_TOP)
    wide = x(1) - x(0)
    for k, row in enumerate(rows):
        wh = float(str(row.get("traded_wh") or 0))
        told = hover(f"{day_name(day_of(row), weekday=True)}: {energy(wh)}")
        yield rect(
            x(k) + wide * 0.12,
            y(wh),
            wide * 0.76,
            BARS_BOTTOM - y(wh),
            inner=told,
            fill="#7d858e",
            class_="bare",
        )
    yield line(LEFT, BARS_BOTTOM, RIGHT, BARS_BOTTOM, kind="axis")


def price_told(rows: Sequence[Row], currency: str) -> str:
    """What to see: the span of the internal price, and how many days had none."""
    shown = next((ln for ln in LINES[:2] if any(price(r, ln.key) is not None for r in rows)), None)
    if shown is None:
        return "No day has an internal price, as nothing was traded."
    held = [(p, day_of(row)) for row in rows if (p := price(row, shown.key)) is not None]
    low, high = min(held), max(held)
    if len(held) == 1:
        return f"{shown.name}: {grouped(low[0], 3)} {currency} on the one day with trade."
    silent = sum(not row.get("traded_wh") for row in rows)
    told = (
        f"{shown.name}: between {grouped(low[0], 3)} ({day_name(low[1])}) and {grouped(high[0], 3)} {currency}"
        f" ({day_name(high[1])})."
    )
    if all((price(row, "sell_per_mwh") or 0) <= (price(row, "buy_per_mwh") or 0) for row in rows):
        told += " Near the lower edge there was more than was needed inside, near the upper edge less."
    return told + (f" Nothing was traded on {silent} of {len(rows)} days." if silent else "")
