"""Prices through time: local, wholesale, outside and retail as steps, with the band of the local interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise

from evenwatt.app.plots.axes import Scale, y_axis
from evenwatt.app.plots.colours import Ink
from evenwatt.app.plots.drawing import document, element, hover, polyline, statement
from evenwatt.app.plots.legends import LINE, Sample, height, legend, zero_line
from evenwatt.app.plots.market_inks import PRICES
from evenwatt.app.plots.prices_per_mwh import price_scale, price_ticks, priced, unit_of
from evenwatt.app.plots.quantities import percent
from evenwatt.app.plots.time_axis import day_marks, extent, moment, seconds, time_axis
from evenwatt.app.plots.values import Row, value

WIDTH, LEFT, RIGHT, TALL = 960.0, 54.0, 944.0, 300.0
TITLE = "Prices through time"
NOTHING = "No price was kept of any step."
MOST_POINTS = 720  # a line of more is gathered into stretches, drawn as mean within lowest and highest
BANDS = {"local_per_mwh": ("local_low_per_mwh", "local_high_per_mwh")}


@dataclass(frozen=True)
class Stretch:
    """A step, or several: from when [s], and its mean, lowest and highest value; None where nothing was priced."""

    start: float
    middle: float | None
    low: float | None
    high: float | None


def stretches(rows: Sequence[tuple[float, Row]], key: str, most: int = MOST_POINTS) -> list[Stretch]:
    """The values under ``key``, several steps at a time where there are too many for a line."""
    every = max(-(-len(rows) // most), 1)
    made = []
    for first in range(0, len(rows), every):
        part = rows[first : first + every]
        held = [v for _, row in part if (v := value(row, key)) is not None]
        low, high = _ends(part, key, held) if held else (None, None)
        made.append(Stretch(part[0][0], sum(held) / len(held) if held else None, low, high))
    return made


def _ends(part: Sequence[tuple[float, Row]], key: str, held: Sequence[float]) -> tuple[float, float]:
    """The interval of a step where it is told, else the extremes of its stretch."""
    names = BANDS.get(key)
    reached = [v for _, row in part for name in names or () if (v := value(row, name)) is not None]
    return min([*held, *reached]), max([*held, *reached])


def timed(rows: Iterable[Row], zone: tzinfo | None) -> list[tuple[float, Row]]:
    """Rows with the moment of their start [s], in order; a row without one is left out."""
    held = [(moment(row.get("start"), zone), row) for row in rows]
    return sorted(
        ((seconds(at), row) for at, row in held if isinstance(at, datetime)), key=lambda pair: pair[0]
    )


def step_prices(rows: Sequence[Row], *, zone: tzinfo | None, currency: str) -> str:
    """A stepped line for each price; where nothing was traded a line breaks.

    Parameters
    ----------
    rows : rows of start and prices per MWh
        ``local_low_per_mwh`` and ``local_high_per_mwh`` are the band behind the local price.
    zone : tzinfo or None
        Whose midnights are marked.
    currency : str
    """
    held = timed(rows, zone)
    lines = {
        key: stretches(held, key) for key in PRICES if any(value(row, key) is not None for _, row in held)
    }
    reached = [s.middle for line in lines.values() for s in line if s.middle is not None]
    if not reached:
        return statement(TITLE, NOTHING)
    samples = [Sample(PRICES[key][0], PRICES[key][1].colour, LINE, PRICES[key][1].dash) for key in lines]
    if any(
        s.high is not None and s.low is not None and s.high > s.low for s in lines.get("local_per_mwh", ())
    ):
        samples.insert(
            1, Sample("interval nobody regrets", PRICES["local_per_mwh"][1].colour, opacity="0.22")
        )
    top = height(samples) + 44
    bottom = top + TALL
    step = _step(held)
    low, high = extent(at for at, _ in held)
    x, y = Scale(low, high + step, LEFT, RIGHT), price_scale(reached, bottom, top, air=0.15)
    parts = [
        *legend(samples),
        y_axis(y, price_ticks(y, 6), left=LEFT, right=RIGHT, title=f"Price [{unit_of(currency)}]", top=top),
        time_axis(
            x, day_marks(low, high + step, RIGHT - LEFT), left=LEFT, right=RIGHT, top=top, bottom=bottom
        ),
        zero_line(LEFT, RIGHT, y(0)) if y.low < 0 else "",
    ]
    for key in reversed(lines):
        name, ink = PRICES[key]
        parts += _drawn(lines[key], name, ink, x, y, step * max(-(-len(held) // MOST_POINTS), 1))
    return document(TITLE, prices_told(rows, currency), WIDTH, bottom + 30, parts)


def _step(held: Sequence[tuple[float, Row]]) -> float:
    """Length of a step [s]: the shortest there is."""
    return min((b - a for (a, _), (b, _) in pairwise(held) if b > a), default=900.0)


def _drawn(line: Sequence[Stretch], name: str, ink: Ink, x: Scale, y: Scale, step: float) -> Iterable[str]:
    """The band and the line of each unbroken piece."""
    for piece in _pieces(line):
        ends = [(s, min(s.start + step, x.high)) for s in piece]
        # The band of an interval with few orders may be very wide: it is cut at the frame, which prices set.
        upper = [(x(at), y(min(s.high or 0.0, y.high))) for s, stop in ends for at in (s.start, stop)]
        lower = [(x(at), y(max(s.low or 0.0, y.low))) for s, stop in ends for at in (s.start, stop)]
        if upper != lower:
            ring = polyline([*upper, *reversed(lower)]) + "z"
            yield element("path", d=ring, fill=ink.colour, fill_opacity="0.2", class_="band")
        corners = [(x(at), y(s.middle or 0.0)) for s, stop in ends for at in (s.start, stop)]
        yield element(
            "path", hover(name), d=polyline(corners), fill="none", stroke=ink.colour, stroke_width=1.7,
            stroke_dasharray=ink.dash or None, stroke_linejoin="round",
        )  # fmt: skip


def _pieces(line: Sequence[Stretch]) -> list[list[Stretch]]:
    """The unbroken pieces of a line."""
    pieces: list[list[Stretch]] = [[]]
    for held in line:
        if held.middle is not None:
            pieces[-1].append(held)
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def prices_told(rows: Sequence[Row], currency: str) -> str:
    """What to see: how far prices reached, and how often the local one lay between feed-in and retail."""
    means: Mapping[str, list[float]] = {
        key: [v for row in rows if (v := value(row, key)) is not None] for key in PRICES
    }
    local, wholesale = means["local_per_mwh"], means["wholesale_per_mwh"]
    told = []
    for name, held in (("local", local), ("wholesale", wholesale)):
        if held:
            told.append(
                f"The {name} price went from {priced(min(held), currency)} to {priced(max(held), currency)}."
            )
    below = [row for row in rows if _is_below(row)]
    priced_rows = [row for row in rows if value(row, "local_per_mwh") is not None]
    if priced_rows and any(value(row, "retail_per_mwh") is not None for row in rows):
        share = len(below) / len(priced_rows)
        told.append(
            f"Local energy was cheaper than the retail tariff in {percent(share)} of the steps in which it traded."
        )
    return " ".join(told) or NOTHING


def _is_below(row: Row) -> bool:
    local, retail = value(row, "local_per_mwh"), value(row, "retail_per_mwh")
    return local is not None and retail is not None and local < retail
