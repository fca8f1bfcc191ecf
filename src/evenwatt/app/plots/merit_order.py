"""The merit order: power stations by their cost with carbon, as wide as what they could give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evenwatt.app.plots.axes import Scale, energy_ticks, x_axis, y_axis
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
from evenwatt.app.plots.legends import OUTLINE, Sample, legend
from evenwatt.app.plots.market_inks import source_colour
from evenwatt.app.plots.placing import spread
from evenwatt.app.plots.prices_per_mwh import price_scale, price_ticks, priced, unit_of
from evenwatt.app.plots.quantities import energy, grouped, percent, unit_for
from evenwatt.app.plots.values import Row, capital, value, values

WIDTH, LEFT, RIGHT, TALL = 960.0, 54.0, 944.0, 240.0
TITLE = "The merit order"
NOTHING = "There is no power station."
LANES = 3  # lines of names above the blocks
LEAST_HEIGHT = 3.0  # px of a station that costs nothing, so that it is seen


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Stations that have a cost and a capacity, cheapest first."""
    held = [
        row for row in rows if value(row, "cost_per_mwh") is not None and (value(row, "capacity_wh") or 0) > 0
    ]
    return sorted(held, key=lambda row: (float(row["cost_per_mwh"]), str(row.get("producer"))))


def merit_order(rows: Sequence[Row], *, currency: str) -> str:
    """A block per station: what it gave is full, what it could have given beyond that is pale.

    Parameters
    ----------
    rows : rows of producer, label, source, cost_per_mwh, capacity_wh, dispatched_wh, emission_t_per_mwh
    """
    held = ordered(rows)
    if not held:
        return statement(TITLE, NOTHING)
    sources = list(dict.fromkeys(str(row.get("source") or "other") for row in held))
    samples = [Sample(capital(source), source_colour(source)) for source in sources]
    samples.append(Sample("not called upon", "#7d858e", OUTLINE))
    total = sum(float(row["capacity_wh"]) for row in held)
    widths = [(RIGHT - LEFT) * float(row["capacity_wh"]) / total for row in held]
    top = 92.0 + 19 * min(LANES, len(_narrow(held, widths)))
    bottom, unit = top + TALL, unit_for([total])
    x, y = Scale(0, total, LEFT, RIGHT), price_scale(values(held, "cost_per_mwh"), bottom, top)
    title = f"Cost with carbon [{unit_of(currency)}]"
    what = f"Energy that could be given in the period [{unit.name}]"
    parts = [
        *legend(samples),
        y_axis(y, price_ticks(y), left=LEFT, right=RIGHT, title="", top=top),
        text(0, 46, title),
        x_axis(
            x, energy_ticks(total, unit, 6), top=bottom, bottom=bottom, title=what, middle=(LEFT + RIGHT) / 2
        ),
    ]
    start, places = 0.0, []
    for row in held:
        wide = float(row["capacity_wh"])
        parts += _block(row, x(start), x(start + wide), y, currency)
        places.append((x(start + wide / 2), y(max(float(row["cost_per_mwh"]), 0.0))))
        start += wide
    parts += [line(LEFT, y(0), RIGHT, y(0), kind="axis"), *_names(held, places, widths)]
    return document(TITLE, merit_told(rows, currency=currency), WIDTH, bottom + 52, parts)


def _block(row: Row, left: float, right: float, y: Scale, currency: str) -> Iterable[str]:
    """A station: its outline, and full as far as it was called upon."""
    cost, capacity = float(row["cost_per_mwh"]), float(row["capacity_wh"])
    share = min((value(row, "dispatched_wh") or 0.0) / capacity, 1.0)
    colour = source_colour(str(row.get("source") or "other"))
    top, base = sorted((y(cost), y(0)))
    top = min(top, base - LEAST_HEIGHT) if cost >= 0 else top
    told = f"{_name(row)}: {energy(share * capacity)} of {energy(capacity)} at {priced(cost, currency)}"
    emission = value(row, "emission_t_per_mwh")
    told += f", {grouped(emission, 2)} t per MWh" if emission else ""
    yield rect(left + 0.5, top, right - left - 1, base - top, inner=hover(told), fill=colour, fill_opacity="0.16",
               stroke=colour, stroke_width=1)  # fmt: skip
    yield rect(
        left + 0.5,
        top,
        (right - left - 1) * share,
        base - top,
        inner=hover(told),
        fill=colour,
        fill_opacity="0.9",
    )


def _name(row: Row) -> str:
    return str(row.get("label") or row.get("producer"))


def _short(row: Row) -> str:
    return shortened(_name(row), 170, 12)


def _narrow(rows: Sequence[Row], widths: Sequence[float]) -> list[int]:
    """The blocks that are narrower than their names."""
    return [k for k, row in enumerate(rows) if text_width(_short(row), 12) > widths[k] - 6]


def _names(
    rows: Sequence[Row], places: Sequence[tuple[float, float]], widths: Sequence[float]
) -> Iterable[str]:
    """A name over its block where the block is wide enough, else in a line above all with a tie to it."""
    words, narrow = [_short(row) for row in rows], _narrow(rows, widths)
    for k, (x, y) in enumerate(places):
        if k not in narrow:
            yield text(x, y - 8, words[k], anchor="middle", size=12, halo=True)
    for lane in range(min(LANES, len(narrow))):
        yield from _lane([(words[k], *places[k]) for k in narrow[lane::LANES]], 76.0 + 19 * lane)


def _lane(named: Sequence[tuple[str, float, float]], base: float) -> Iterable[str]:
    """Names side by side in one line, near their blocks and with a tie to them."""
    step = min(max(text_width(name, 12) for name, *_ in named) + 10, (WIDTH - 8) / len(named))
    middles = spread([x for _, x, _ in named], step, 4 + step / 2, WIDTH - 4 - step / 2)
    for (name, x, y), middle in zip(named, middles, strict=True):
        path = polyline([(middle, base + 5), (x, base + 16), (x, y - 3)])
        yield element("path", d=path, fill="none", class_="axis", stroke="#a3abb3")
        yield text(middle, base, shortened(name, step - 4, 12), anchor="middle", size=12, halo=True)


def merit_told(rows: Sequence[Row], *, currency: str) -> str:
    """What to see: which station was the dearest that was needed, and how much of the rest stood idle."""
    held = ordered(rows)
    if not held:
        return NOTHING
    total = sum(float(row["capacity_wh"]) for row in held)
    given = sum(value(row, "dispatched_wh") or 0.0 for row in held)
    called = [row for row in held if (value(row, "dispatched_wh") or 0) > 0]
    if not called:
        return f"No station was called upon; together they could have given {energy(total)}."
    last = called[-1]
    told = (
        f"The stations gave {energy(given)}, {percent(given / total)} of what they could; the dearest that was"
        f" called upon is {_name(last)} at {priced(float(last['cost_per_mwh']), currency)}."
    )
    renewable = sum(value(row, "dispatched_wh") or 0.0 for row in held if row.get("renewable"))
    return told + (f" {percent(renewable / given)} of it was renewable." if given else "")
