"""Supply and demand of one interval as steps: where they cross, at which prices nobody regrets, who is cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from evenwatt.app.plots.axes import Scale, energy_ticks, x_axis
from evenwatt.app.plots.drawing import document, element, hover, line, number, polyline, rect, statement, text
from evenwatt.app.plots.legends import LINE, Sample, legend
from evenwatt.app.plots.market_inks import BUY, MARKETS, SELL
from evenwatt.app.plots.prices_per_mwh import price_scale, price_ticks, priced, unit_of
from evenwatt.app.plots.quantities import counted, energy, unit_for
from evenwatt.app.plots.values import Row, value

WIDTH, LEFT, GUTTER, TOP, TALL = 960.0, 54.0, 72.0, 98.0, 300.0
TITLE = "Supply and demand of one interval"
NOTHING = "No order of the chosen interval was kept."
ACCENT = "#b4450f"
ACROSS, STEP, MOST_PANELS = 2, 446.0, 6
FAR = 2.5  # limits further from zero than so many times the price are cut off


@dataclass(frozen=True)
class Order:
    """One order on its curve: from which energy on, how much [Wh], at which limit, and how much was filled."""

    agent: str
    price: float
    start: float
    quantity: float
    filled: float

    @property
    def is_cut(self) -> bool:
        """Whether it was filled in part only."""
        return 0 < self.filled < self.quantity


@dataclass(frozen=True)
class Crossing:
    """Both curves of a market, what was traded [Wh], and the prices between which nobody regrets."""

    bids: Sequence[Order]
    asks: Sequence[Order]
    volume: float
    low: float | None
    high: float | None

    @property
    def is_clear(self) -> bool:
        """Whether there are prices at which nobody regrets; other mechanisms than a single price have none."""
        return self.low is not None and self.high is not None and self.low <= self.high


def crossings(rows: Iterable[Row]) -> Mapping[str, Crossing]:
    """The curves of each market by its name, best orders first; local grids are markets of their own."""
    of: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in rows:
        if (value(row, "quantity_wh") or 0) > 0 and value(row, "price_per_mwh") is not None:
            node = "" if row.get("node") is None else str(row["node"])
            sides = of.setdefault((str(row.get("market")), node), {"buy": [], "sell": []})
            sides["buy" if row.get("side") == "buy" else "sell"].append(row)
    markets = [market for market, _ in of]
    return {
        _title(market, node if markets.count(market) > 1 else ""): _crossing(sides["buy"], sides["sell"])
        for (market, node), sides in of.items()
    }


def _title(market: str, node: str) -> str:
    """What a market is called; the number of its node where there are several."""
    name = MARKETS.get(market, (market,))[0]
    return f"{name}, node {node}" if node else name


def _crossing(buys: Sequence[Row], sells: Sequence[Row]) -> Crossing:
    bids, asks = _curve(buys, -1), _curve(sells, 1)
    volume = max(sum(order.filled for order in bids), sum(order.filled for order in asks))
    inside = [order.price for order in asks if order.filled] + [
        o.price for o in bids if o.filled < o.quantity
    ]
    outside = [order.price for order in bids if order.filled] + [
        o.price for o in asks if o.filled < o.quantity
    ]
    return Crossing(bids, asks, volume, max(inside, default=None), min(outside, default=None))


def _curve(rows: Sequence[Row], way: int) -> list[Order]:
    """Orders one after the other, the best first; of equals what was filled comes first."""
    ordered = sorted(
        rows, key=lambda row: (way * float(row["price_per_mwh"]), -_filled(row) / float(row["quantity_wh"]))
    )
    made, start = [], 0.0
    for row in ordered:
        quantity = float(row["quantity_wh"])
        made.append(Order(str(row.get("agent")), float(row["price_per_mwh"]), start, quantity, _filled(row)))
        start += quantity
    return made


def _filled(row: Row) -> float:
    return value(row, "filled_wh") or 0.0


def supply_demand(
    rows: Sequence[Row], *, prices: Mapping[str, float | None], currency: str, labels: Mapping[str, str]
) -> str:
    """A panel per market: demand falls, supply rises, and what was traded stands on a ground.

    Parameters
    ----------
    rows : rows of market, side, agent, price_per_mwh, quantity_wh, filled_wh
    prices : market -> the price of the interval, None where nothing was traded
    currency : str
    labels : agent -> name
    """
    held, by_name = shown(crossings(rows)), _by_name(prices)
    if not held:
        return statement(TITLE, NOTHING)
    across = min(len(held), ACROSS)
    wide = (WIDTH - 12 - LEFT - GUTTER * (across - 1)) / across
    parts = legend([
        Sample("Demand", BUY, LINE), Sample("Supply", SELL, LINE), Sample("traded", "#7d858e", opacity="0.2"),
        Sample("cut: filled in part", ACCENT, LINE),
        Sample("price, and prices nobody regrets", "#1d9a6c", opacity="0.4"),
    ])  # fmt: skip
    for k, (name, crossing) in enumerate(held.items()):
        left, top = LEFT + k % across * (wide + GUTTER), TOP + k // across * STEP
        parts += _panel(name, crossing, (left, left + wide, top), by_name.get(name), currency, labels)
    height = TOP + STEP * ((len(held) - 1) // across) + TALL + 52
    return document(TITLE, curves_told(rows, prices=prices, currency=currency), WIDTH, height, parts)


def _by_name(prices: Mapping[str, float | None]) -> Mapping[str, float | None]:
    """The price of each market by its name; that of several local grids is a mean, which no panel shows."""
    return {_title(market, ""): price for market, price in prices.items()}


def shown(held: Mapping[str, Crossing]) -> Mapping[str, Crossing]:
    """Of very many markets those that traded most."""
    most = sorted(held, key=lambda name: -held[name].volume)[:MOST_PANELS]
    return {name: crossing for name, crossing in held.items() if name in most}


def _panel(
    name: str, crossing: Crossing, frame: tuple[float, float, float], price: float | None, currency: str,
    labels: Mapping[str, str],
) -> Iterable[str]:  # fmt: skip
    """Axes, the ground of what was traded, the interval of prices, both curves, and the orders that were cut."""
    left, right, top = frame
    if price is None and crossing.volume and crossing.low == crossing.high:
        price = crossing.low  # the only one at which nobody regrets
    bottom, ends = top + TALL, _ends(crossing, price)
    most = max(sum(o.quantity for o in side) for side in (crossing.bids, crossing.asks))
    unit = unit_for([most])
    x, y = Scale(0, most * 1.02, left, right), price_scale(ends, bottom, top)
    levels = [order.price for order in (*crossing.bids, *crossing.asks)]
    is_cut_off = min(levels) < ends[0] or max(levels) > ends[1]
    yield text(left, top - 42, name, weight=600)
    yield rect(left, top, x(crossing.volume) - left, TALL, fill="#7d858e", fill_opacity="0.13")
    yield _own_y_axis(
        y, frame, f"Price [{unit_of(currency)}]" + ("; limits beyond are cut off" if is_cut_off else "")
    )
    yield x_axis(
        x, energy_ticks(most, unit, 5), top=bottom, bottom=bottom, title=f"Energy of the interval [{unit.name}]",
        middle=(left + right) / 2,
    )  # fmt: skip
    yield line(left, bottom, right, bottom, kind="axis")
    yield from _prices(crossing, price, x, y)
    for orders, colour in ((crossing.asks, SELL), (crossing.bids, BUY)):
        yield _steps(orders, colour, x, y, ends)
    for orders in (crossing.asks, crossing.bids):
        yield from (_cut(order, x, y, currency, labels) for order in orders if order.is_cut)


def _own_y_axis(y: Scale, frame: tuple[float, float, float], title: str) -> str:
    """The axis of one panel, its title over its own corner."""
    left, right, top = frame
    drawn = [line(left, y(v), right, y(v)) for v, _ in price_ticks(y)]
    drawn += [text(left - 8, y(v) + 4.5, words, anchor="end", kind="muted") for v, words in price_ticks(y)]
    return "".join(drawn) + text(left - LEFT, top - 16, title, kind="muted", size=12)


def _ends(crossing: Crossing, price: float | None) -> tuple[float, float]:
    """Where limits are cut off: demand at any price would press everything else to the ground."""
    asks = sorted(order.price for order in crossing.asks)
    levels = [*asks, *(order.price for order in crossing.bids), *([] if price is None else [price])]
    crossed = crossing.low if crossing.volume and crossing.is_clear else None
    usual = max(price or 0.0, crossed or 0.0, median(asks) if asks else median(levels), 1.0)
    near = [level for level in levels if -FAR * usual <= level <= FAR * usual] or [usual]
    low, high = min(0.0, *near), max(near)
    return low if low == min(levels) else low * 1.12, high if high == max(levels) else max(high, usual) * 1.12


def _steps(orders: Sequence[Order], colour: str, x: Scale, y: Scale, ends: tuple[float, float]) -> str:
    """A curve: level over each order, upright between two."""
    if not orders:
        return ""
    corners = [
        (x(at), y(min(max(order.price, ends[0]), ends[1])))
        for order in orders
        for at in (order.start, order.start + order.quantity)
    ]
    path = polyline(corners)
    return element("path", d=path, fill="none", stroke=colour, stroke_width=2.3, stroke_linejoin="round")


def _prices(crossing: Crossing, price: float | None, x: Scale, y: Scale) -> Iterable[str]:
    """The interval of prices at which nobody regrets, and the price itself across the panel."""
    if crossing.volume and crossing.is_clear:
        top, base = y(crossing.high or 0.0), y(crossing.low or 0.0)
        yield rect(
            x.start,
            min(top, base),
            x.stop - x.start,
            max(base - top, 1.5),
            fill="#1d9a6c",
            fill_opacity="0.3",
        )
    if price is not None:
        path = f"M{number(x.start)} {number(y(price))}H{number(x.stop)}"
        yield element("path", d=path, stroke="#1d9a6c", stroke_width=1.6, stroke_dasharray="7 4")
        yield element("circle", cx=x(crossing.volume), cy=y(price), r=5, fill="#1d9a6c")


def _cut(order: Order, x: Scale, y: Scale, currency: str, labels: Mapping[str, str]) -> str:
    """An order that was filled in part: thick as far as it was filled, thin and dotted beyond."""
    start, until, stop = (x(order.start + wh) for wh in (0.0, order.filled, order.quantity))
    level = number(y(order.price))
    name = labels.get(order.agent, order.agent)
    words = f"{name}: {energy(order.filled)} of {energy(order.quantity)} filled, limit {priced(order.price, currency)}"
    full = element(
        "path", d=f"M{number(start)} {level}H{number(until)}", stroke=ACCENT, class_="accent", stroke_width=5
    )
    rest = element(
        "path", d=f"M{number(until)} {level}H{number(stop)}", stroke=ACCENT, class_="accent", stroke_width=5,
        stroke_opacity="0.35",
    )  # fmt: skip
    edge = element(
        "path",
        d=f"M{number(until)} {number(y(order.price) - 9)}v18",
        stroke=ACCENT,
        class_="accent",
        stroke_width=2.6,
    )
    return element("g", hover(words) + full + rest + edge)


def curves_told(rows: Sequence[Row], *, prices: Mapping[str, float | None], currency: str) -> str:
    """What to see: how much was traded at which price, and whose order was cut."""
    told, by_name, every = [], _by_name(prices), crossings(rows)
    for name, crossing in shown(every).items():
        if not crossing.volume:
            told.append(f"{name}: nothing was traded, the curves do not meet.")
            continue
        words = f"{name}: {energy(crossing.volume)} traded"
        price = by_name.get(name)
        if price is None and crossing.low == crossing.high:
            price = crossing.low
        words += f" at {priced(price, currency)}" if price is not None else ""
        if crossing.is_clear and (crossing.high or 0.0) > (crossing.low or 0.0):
            words += f"; nobody would regret any price from {_plain(crossing.low)} to {_plain(crossing.high)}"
        cut = sum(order.is_cut for order in (*crossing.bids, *crossing.asks))
        words += f"; {counted(cut, 'order')} filled in part" if cut else "; no order was cut"
        told.append(f"{words}.")
    if len(every) > MOST_PANELS:
        told.append(f"The drawing shows {MOST_PANELS} of {len(every)} markets, those that traded most.")
    return " ".join(told) or NOTHING


def _plain(price: float | None) -> str:
    return priced(price, "").removesuffix("per MWh").rstrip()
