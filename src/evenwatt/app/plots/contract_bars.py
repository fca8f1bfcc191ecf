"""Contracts through time: who sold to whom, dearer or cheaper than the market, and which were broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from evenwatt.app.plots.axes import Scale
from evenwatt.app.plots.colours import BLUE, ORANGE
from evenwatt.app.plots.drawing import (
    document,
    element,
    hover,
    line,
    number,
    rect,
    shortened,
    statement,
    text,
    text_width,
)
from evenwatt.app.plots.legends import Sample, legend
from evenwatt.app.plots.prices_per_mwh import priced, unit_of
from evenwatt.app.plots.quantities import counted, energy, grouped, percent
from evenwatt.app.plots.time_axis import day_marks, extent, moment, seconds, time_axis
from evenwatt.app.plots.values import Row, value

WIDTH, LEFT, RIGHT, TOP, ROW = 960.0, 292.0, 824.0, 66.0, 30.0
TITLE = "Contracts through time"
NOTHING = "No contract was signed."
BROKEN = ("defaulted", "terminated")
ACCENT = "#b4450f"
MOST_ROWS = 30
KINDS = {
    "ppa": "PPA",
    "cfd": "CfD",
    "cfd_one_sided": "CfD, one-sided",
    "forward": "forward",
    "future": "future",
}


@dataclass(frozen=True)
class Held:
    """A contract on the axis of time [s], and the mean price of the market while it ran; None where unknown."""

    row: Row
    start: float
    stop: float
    spot: float | None

    @property
    def price(self) -> float | None:
        """What a unit costs by the contract."""
        return value(self.row, "price_per_mwh")

    @property
    def is_broken(self) -> bool:
        """Whether it ended before its time."""
        return str(self.row.get("status")) in BROKEN


def spot_means(steps: Sequence[tuple[float, Row]]) -> list[tuple[float, float]]:
    """Moment [s] and wholesale price of each step that has one, the outside price where nothing was traded."""
    made = []
    for at, row in steps:
        price = value(row, "wholesale_per_mwh")
        price = value(row, "outside_per_mwh") if price is None else price
        if price is not None:
            made.append((at, price))
    return made


def contracts_of(rows: Iterable[Row], spot: Sequence[tuple[float, float]], zone: tzinfo | None) -> list[Held]:
    """Contracts with their place in time; those of unknown dates, or after the run, are left to the table."""
    made = []
    for row in rows:
        start, stop = (moment(row.get(key), zone) for key in ("start", "end"))
        if isinstance(start, datetime) and (not spot or seconds(start) <= spot[-1][0]):
            first, last = seconds(start), seconds(stop or start)
            prices = [price for at, price in spot if first <= at < max(last, first + 1)]
            made.append(Held(row, first, last, sum(prices) / len(prices) if prices else None))
    return made


def kind_name(kind: object) -> str:
    """What a kind of contract is called."""
    return KINDS.get(str(kind), str(kind))


def _pair(held: Held) -> tuple[str, str, str]:
    return str(held.row.get("seller")), str(held.row.get("buyer")), kind_name(held.row.get("kind"))


def contract_bars(contracts: Sequence[Held], *, labels: Mapping[str, str], currency: str) -> str:
    """A row per seller, buyer and kind; each contract a bar, as full as what was delivered of it.

    Parameters
    ----------
    contracts : sequence of Held
    labels : agent -> name
    currency : str
    """
    if not contracts:
        return statement(TITLE, NOTHING)
    of: dict[tuple[str, str, str], list[Held]] = {}
    for one in contracts:
        of.setdefault(_pair(one), []).append(one)
    shown = sorted(of.items(), key=lambda item: (item[0][1], -_agreed(item[1]), item[0]))[:MOST_ROWS]
    bottom = TOP + ROW * len(shown)
    low, high = extent(at for one in contracts for at in (one.start, one.stop))
    x = Scale(low, high, LEFT, RIGHT)
    parts = [
        *legend([
            Sample("cheaper than the market was", BLUE, opacity="0.75"), Sample("dearer", ORANGE, opacity="0.75"),
            Sample("agreed, not delivered", "#7d858e", opacity="0.2"),
        ]),
        *_broken_sign(contracts),
        time_axis(x, day_marks(low, high, RIGHT - LEFT), left=LEFT, right=RIGHT, top=TOP, bottom=bottom),
        text(WIDTH - 4, TOP - 27, f"Price [{unit_of(currency)}]", anchor="end", kind="muted", size=12),
        text(WIDTH - 64, TOP - 10, "contract", anchor="end", weight=600),
        text(WIDTH - 4, TOP - 10, "market", anchor="end", kind="muted"),
    ]  # fmt: skip
    for k, (pair, held) in enumerate(shown):
        parts += _row(pair, held, x, TOP + ROW * k, labels, currency)
    return document(TITLE, contracts_told(contracts, currency=currency), WIDTH, bottom + 34, parts)


def _broken_sign(contracts: Sequence[Held]) -> Iterable[str]:
    if any(held.is_broken for held in contracts):
        yield _cross(572, 10)
        yield text(586, 14.5, "broken: default or termination")


def _cross(x: float, y: float) -> str:
    a, b = number(x - 5), number(y - 5)
    return element("path", d=f"M{a} {b}l10 10m0 -10l-10 10", stroke=ACCENT, class_="accent", stroke_width=2.6)


def _agreed(contracts: Iterable[Held]) -> float:
    return sum(value(held.row, "contracted_wh") or 0.0 for held in contracts)


def _row(
    pair: tuple[str, str, str],
    contracts: Sequence[Held],
    x: Scale,
    top: float,
    labels: Mapping[str, str],
    currency: str,
) -> Iterable[str]:
    """Names, the bars, and the mean prices on the right."""
    seller, buyer, kind = (labels.get(name, name) for name in pair)
    words = shortened(f"{seller} → {buyer}", LEFT - 22 - text_width(kind))
    yield text(0, top + ROW / 2 + 4.5, words, then=kind)
    yield line(LEFT, top + ROW, RIGHT, top + ROW)
    for held in contracts:
        yield from _bar(held, x, top, currency)
    price, spot = (_mean(contracts, of) for of in ("price", "spot"))
    yield text(
        WIDTH - 64, top + ROW / 2 + 4.5, "–" if price is None else grouped(price, 1), anchor="end", weight=600
    )
    yield text(
        WIDTH - 4, top + ROW / 2 + 4.5, "–" if spot is None else grouped(spot, 1), anchor="end", kind="muted"
    )


def _mean(contracts: Sequence[Held], of: str) -> float | None:
    """The mean price, by the energy agreed upon."""
    held = [(getattr(c, of), max(value(c.row, "contracted_wh") or 0.0, 1.0)) for c in contracts]
    known = [(price, wh) for price, wh in held if price is not None]
    return sum(price * wh for price, wh in known) / sum(wh for _, wh in known) if known else None


def _bar(held: Held, x: Scale, top: float, currency: str) -> Iterable[str]:
    """A contract: pale as far as it was agreed, full as far as it was delivered."""
    agreed, given = (value(held.row, key) or 0.0 for key in ("contracted_wh", "delivered_wh"))
    share = min(given / agreed, 1.0) if agreed > 0 else 0.0
    left, right = x(held.start), max(x(held.stop), x(held.start) + 2)
    price, spot = held.price, held.spot
    colour = "#7d858e" if price is None or spot is None else BLUE if price <= spot else ORANGE
    told = f"{held.row.get('id')}: {priced(price, currency)}"
    told += f" (market {priced(spot, currency)})" if spot is not None else ""
    told += f"; {energy(given)} of {energy(agreed)} delivered; {held.row.get('status')}"
    tall = ROW - 10
    yield rect(
        left + 1,
        top + 5,
        right - left - 2,
        tall,
        inner=hover(told),
        fill="#7d858e",
        fill_opacity="0.18",
        rx=1.5,
    )
    yield rect(left + 1, top + 5 + tall * (1 - share), right - left - 2, tall * share, inner=hover(told), fill=colour,
               fill_opacity="0.72", rx=1.5)  # fmt: skip
    if held.is_broken:
        yield _cross((left + right) / 2, top + ROW / 2)


def contracts_told(contracts: Sequence[Held], *, currency: str) -> str:
    """What to see: fixed prices against the market's, and what was broken."""
    if not contracts:
        return NOTHING
    agreed, given = _agreed(contracts), sum(value(c.row, "delivered_wh") or 0.0 for c in contracts)
    told = f"{counted(len(contracts), 'contract')} over {energy(agreed)}"
    told += f", {percent(given / agreed)} of it delivered" if agreed else ""
    price, spot = _mean(contracts, "price"), _mean(contracts, "spot")
    if price is not None and spot is not None:
        told += f"; on average {priced(price, currency)} by contract against {priced(spot, currency)} at the market"
    broken = sum(held.is_broken for held in contracts)
    told += f". {counted(broken, 'contract')} broken" if broken else ". None was broken"
    pairs = len({_pair(held) for held in contracts})
    more = f" The drawing shows {MOST_ROWS} of {pairs} pairs." if pairs > MOST_ROWS else ""
    return f"{told}.{more}"
