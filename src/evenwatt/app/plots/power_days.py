"""Market power day by day: concentration, margins over cost, and whether anybody could not be done without."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evenwatt.app.plots.axes import Scale, Ticks, decimals_of, percent_ticks, round_ticks
from evenwatt.app.plots.calendar_maps import day_name
from evenwatt.app.plots.colours import BLUE, GREEN, PURPLE, VERMILION
from evenwatt.app.plots.drawing import document, element, hover, line, polyline, rect, statement, text
from evenwatt.app.plots.heatmap import marks_of
from evenwatt.app.plots.quantities import grouped, percent
from evenwatt.app.plots.values import Row, value, values

WIDTH, LEFT, RIGHT, TALL, STEP = 960.0, 54.0, 840.0, 84.0, 138.0
TITLE = "Market power day by day"
NOTHING = "Market power was measured on no day."
ACCENT = "#b4450f"


@dataclass(frozen=True)
class Index:
    """A measure of market power: where it alarms, on which side, and how it is written."""

    key: str
    title: str
    threshold: float
    alarms_above: bool
    colour: str
    is_share: bool = False
    is_bar: bool = False

    def alarms(self, held: float) -> bool:
        """Whether a value is beyond the threshold."""
        return held > self.threshold if self.alarms_above else held < self.threshold

    def written(self, held: float) -> str:
        """A value in words."""
        return percent(held, 1) if self.is_share else grouped(held, 2)


# Thresholds: HHI 0.25, US merger guidelines 2010 (2,500 points); RSI 1.1, Sheffrin 2002; Lerner 0.3 as screened.
INDICES = (
    Index("hhi", "Concentration of sales (HHI): 1 is a single seller", 0.25, True, BLUE),
    Index("lerner", "Lerner index: part of the price above marginal cost", 0.3, True, PURPLE),
    Index("rsi_least", "Least residual supply (RSI): below 1 somebody is indispensable", 1.1, False, GREEN),
    Index(
        "pivotal_share", "Steps in which somebody was indispensable", 0.05, True, VERMILION, is_share=True, is_bar=True
    ),
)  # fmt: skip


def power_days(rows: Sequence[Row]) -> str:
    """A panel per index over the days, with the line beyond which it alarms.

    Parameters
    ----------
    rows : rows of day, hhi, lerner, rsi_least, pivotal_share
    """
    shown = [index for index in INDICES if values(rows, index.key)]
    if not shown:
        return statement(TITLE, NOTHING)
    x = Scale(0, len(rows), LEFT, RIGHT)
    parts: list[str] = []
    for k, index in enumerate(shown):
        parts += _panel(index, rows, x, 40 + STEP * k)
    bottom = 40 + STEP * (len(shown) - 1) + TALL
    days = [day_name(str(row.get("day")), weekday=True) for row in rows]
    parts += [
        text(x(at), bottom + 20, name, anchor="middle", kind="muted")
        for at, name in marks_of(days, RIGHT - LEFT, 84)
    ]
    return document(TITLE, power_told(rows), WIDTH, bottom + 34, parts)


def _panel(index: Index, rows: Sequence[Row], x: Scale, top: float) -> Iterable[str]:
    """Title, grid, threshold and the values; days beyond the threshold are marked."""
    held = values(rows, index.key)
    y = Scale(min(0.0, *held), max(index.threshold * 1.25, *held) * 1.05, top + TALL, top)
    yield text(0, top - 14, index.title, weight=600)
    for at, words in _ticks(index, y):
        yield line(LEFT, y(at), RIGHT, y(at))
        yield text(LEFT - 8, y(at) + 4.5, words, anchor="end", kind="muted", size=12)
    base = y(index.threshold)
    yield line(LEFT, base, RIGHT, base, kind="accent", width=1.4)
    side = "alarm above" if index.alarms_above else "alarm below"
    yield text(RIGHT + 8, base + 4.5, f"{side} {index.written(index.threshold)}", kind="accent", size=12)
    places = [(x(k + 0.5), value(row, index.key)) for k, row in enumerate(rows)]
    wide = (x(1) - x(0)) * 0.64
    for (at, v), row in zip(places, rows, strict=True):
        if v is not None and index.is_bar:
            yield rect(
                at - wide / 2,
                y(v),
                wide,
                y(0) - y(v),
                inner=hover(_told(index, row)),
                fill=index.colour,
                fill_opacity="0.8",
            )
    if not index.is_bar:
        for piece in _pieces(places):
            yield element(
                "path",
                d=polyline((at, y(v)) for at, v in piece),
                fill="none",
                stroke=index.colour,
                stroke_width=2.2,
            )
        for (at, v), row in zip(places, rows, strict=True):
            if v is not None and (len(rows) <= 45 or index.alarms(v)):
                yield _dot(index, row, at, y(v), v)
    yield line(LEFT, y(y.low), RIGHT, y(y.low), kind="axis")


def _dot(index: Index, row: Row, at: float, level: float, v: float) -> str:
    """A day; filled where the index alarms."""
    alarms = index.alarms(v)
    return element(
        "circle", hover(_told(index, row)), cx=at, cy=level, r=4.6, fill=ACCENT if alarms else "#ffffff",
        class_=None if alarms else "paper", stroke=ACCENT if alarms else index.colour, stroke_width=2,
    )  # fmt: skip


def _told(index: Index, row: Row) -> str:
    return f"{day_name(str(row.get('day')), weekday=True)}: {index.written(value(row, index.key) or 0.0)}"


def _pieces(places: Iterable[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    pieces: list[list[tuple[float, float]]] = [[]]
    for at, v in places:
        if v is not None:
            pieces[-1].append((at, v))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if len(piece) > 1]


def _ticks(index: Index, y: Scale) -> Ticks:
    if index.is_share:
        return percent_ticks(y.low, y.high, 3)
    marks = round_ticks(y.low, y.high, 3)
    decimals = decimals_of(marks)
    return [(at, grouped(at, decimals)) for at in marks]


def power_told(rows: Sequence[Row]) -> str:
    """What to see: on how many days each index alarms."""
    told = []
    names = {"hhi": "concentration", "lerner": "the margin over cost", "rsi_least": "residual supply",
             "pivotal_share": "the share of steps with an indispensable seller"}  # fmt: skip
    for index in INDICES:
        held = [(str(row.get("day")), v) for row in rows if (v := value(row, index.key)) is not None]
        beyond = [day for day, v in held if index.alarms(v)]
        if held:
            days = f"on {len(beyond)} of {len(held)} days" if beyond else "on no day"
            told.append(f"{names[index.key]} alarms {days}")
    if not told:
        return NOTHING
    words = "; ".join(told)
    return f"{words[0].upper()}{words[1:]}."
