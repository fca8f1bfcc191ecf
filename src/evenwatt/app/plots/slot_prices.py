"""The price at each time of day: half of all days lie in the dark band, nine of ten in the light one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evenwatt.app.plots.axes import Scale, y_axis
from evenwatt.app.plots.drawing import document, element, hover, line, polyline, statement, text
from evenwatt.app.plots.legends import LINE, Sample, legend, zero_line
from evenwatt.app.plots.local_day import clock
from evenwatt.app.plots.market_inks import MARKETS
from evenwatt.app.plots.prices_per_mwh import price_scale, price_ticks, priced, unit_of
from evenwatt.app.plots.values import Row, value, values

WIDTH, LEFT, GUTTER, TOP, TALL, DAY = 960.0, 54.0, 64.0, 92.0, 220.0, 1440.0
TITLE = "The price at each time of day"
NOTHING = "At no time of day was a price kept."
INK = "#7d858e"


def slot_prices(rows: Sequence[Row], *, minutes: float, currency: str) -> str:
    """A panel per market under one scale.

    Parameters
    ----------
    rows : rows of slot, market, low, quarter, median, three_quarters, high
        Quantiles over the days, 5, 25, 50, 75 and 95 % [per MWh].
    minutes : float
        Length of a slot.
    """
    markets = markets_of(rows)
    if not markets:
        return statement(TITLE, NOTHING)
    bottom, across = TOP + TALL, len(markets)
    y = price_scale(values(rows, "low", "high", "median"), bottom, TOP)
    wide = (WIDTH - 24 - LEFT - GUTTER * (across - 1)) / across
    parts = [
        *legend([
            Sample("median day", INK, LINE), Sample("half of the days", INK, opacity="0.42"),
            Sample("nine of ten days", INK, opacity="0.18"),
        ]),
        y_axis(y, price_ticks(y), left=LEFT, right=WIDTH - 24, title=f"Price [{unit_of(currency)}]", top=TOP - 22),
    ]  # fmt: skip
    for k, (market, held) in enumerate(markets.items()):
        left = LEFT + k * (wide + GUTTER)
        parts += _panel(market, held, Scale(0, DAY, left, left + wide), y, minutes)
    return document(TITLE, slots_told(rows, minutes=minutes, currency=currency), WIDTH, bottom + 32, parts)


def markets_of(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    """Rows with a price of each market, by time of day; a slot beyond a day of 24 hours has no place."""
    of: dict[str, list[Row]] = {}
    for row in rows:
        if value(row, "median") is not None and value(row, "slot") is not None:
            of.setdefault(str(row.get("market")), []).append(row)
    return {market: sorted(held, key=lambda row: float(row["slot"])) for market, held in of.items()}


def _panel(market: str, rows: Sequence[Row], x: Scale, y: Scale, minutes: float) -> Iterable[str]:
    """Both bands, the median, and the hours beneath."""
    name, ink = MARKETS.get(market, (market, MARKETS["local"][1]))
    yield text(x.start, TOP - 12, name, weight=600)
    for piece in _pieces(rows):
        for low, high, opacity in (("low", "high", "0.16"), ("quarter", "three_quarters", "0.34")):
            upper, lower = (_corners(piece, key, x, y, minutes) for key in (high, low))
            ring = polyline([*upper, *reversed(lower)]) + "z"
            yield element("path", d=ring, fill=ink.colour, fill_opacity=opacity, class_="band")
        path = polyline(_corners(piece, "median", x, y, minutes))
        yield element(
            "path", hover(f"{name}, median"), d=path, fill="none", stroke=ink.colour, stroke_width=2.2
        )
    if y.low < 0:
        yield zero_line(x.start, x.stop, y(0))
    yield line(x.start, y.start, x.stop, y.start, kind="axis")
    for hour in range(0, 25, 6):
        yield line(x(hour * 60), y.start, x(hour * 60), y.start + 4, kind="axis")
        yield text(x(hour * 60), y.start + 19, f"{hour}:00", anchor="middle", kind="muted")


def _pieces(rows: Sequence[Row]) -> list[list[Row]]:
    """Neighbouring slots together: a time of day at which nothing is traded is a gap."""
    pieces: list[list[Row]] = []
    for row in rows:
        if pieces and float(row["slot"]) == float(pieces[-1][-1]["slot"]) + 1:
            pieces[-1].append(row)
        else:
            pieces.append([row])
    return pieces


def _corners(rows: Sequence[Row], key: str, x: Scale, y: Scale, minutes: float) -> list[tuple[float, float]]:
    """The steps of one quantile; one that is not told is the median."""
    made = []
    for row in rows:
        held = value(row, key)
        level = y(float(row["median"]) if held is None else held)
        start = float(row["slot"]) * minutes
        made += [(x(min(at, DAY)), level) for at in (start, start + minutes)]
    return made


def slots_told(rows: Sequence[Row], *, minutes: float, currency: str) -> str:
    """What to see: when each market is dearest and when it is surest."""
    told = []
    for market, held in markets_of(rows).items():
        name = MARKETS.get(market, (market,))[0]
        dear = max(held, key=lambda row: float(row["median"]))
        cheap = min(held, key=lambda row: float(row["median"]))
        words = f"{name}: dearest at {_at(dear, minutes)}, {priced(float(dear['median']), currency)}"
        words += f"; cheapest at {_at(cheap, minutes)}, {priced(float(cheap['median']), currency)}"
        spans = [row for row in held if value(row, "low") is not None and value(row, "high") is not None]
        if spans:
            widest = max(spans, key=lambda row: float(row["high"]) - float(row["low"]))
            words += f"; days differ most at {_at(widest, minutes)}"
        told.append(f"{words}.")
    return " ".join(told) or NOTHING


def _at(row: Row, minutes: float) -> str:
    return clock(float(row["slot"]) * minutes)
