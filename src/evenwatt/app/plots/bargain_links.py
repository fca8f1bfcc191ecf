"""Who sells to whom and at what price: a shaded cell for each supplier and agent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.quantities import Unit, counted, energy, grouped, per_kwh, percent, unit_for, written
from evenwatt.app.plots.shaded_grid import Cell, Shades, Side, shaded_grid
from evenwatt.app.plots.trades import OTHER, Exchange, exchange
from evenwatt.app.plots.values import Row, value

SHOWN = 30
REACHED = 0.05  # share of the time from which on a link's limit is marked
NOTHING = "No supplier sold anything to any agent."
TITLE = "Energy and price of each supplier and agent"

Pairs = Mapping[tuple[str, str], Row]
Labels = Mapping[str, str]


def bargain_links(rows: Sequence[Row], *, suppliers: Labels, agents: Labels, currency: str) -> str:
    """Suppliers down, agents across: energy (the darker the more) and what the agent pays for a kWh.

    Parameters
    ----------
    rows : rows of supplier, agent, wh, price_per_mwh, charge_per_mwh, limit_reached_share
        The price is weighted by energy; a link whose limit is reached in at least a twentieth of the time is
        framed.
    suppliers, agents : id -> name
    currency : str
    """
    pairs = {(str(row["supplier"]), str(row["agent"])): row for row in rows if (value(row, "wh") or 0) > 0}
    if not pairs:
        return statement(TITLE, NOTHING)
    met = exchange({pair: int(row["wh"]) for pair, row in pairs.items()}, (SHOWN, SHOWN))
    unit = unit_for([met.largest])
    names = [{key: met.name(key, side, labels) for key in shown}
             for side, (shown, labels) in enumerate(((met.sellers, suppliers), (met.buyers, agents)))]  # fmt: skip
    cells = {pair: _cell(pair, met, pairs, names, unit, currency) for pair in met.pairs}
    sold: dict[str, int] = defaultdict(int)
    for (supplier, _), wh in met.pairs.items():
        sold[supplier] += wh
    is_framed = any(cell.is_framed for cell in cells.values())
    return shaded_grid(
        Side("Supplier", names[0]),
        Side("Agent", names[1]),
        cells,
        Shades(
            f"Energy [{unit.name}]; beneath it the price [{currency} per kWh]", "0", unit.of(met.largest),
            f"limit reached {percent(REACHED)} of the time or more" if is_framed else "",
        ),
        title=TITLE,
        description=links_told(rows, suppliers=suppliers, agents=agents, currency=currency),
        ends={supplier: unit.of(wh) for supplier, wh in sold.items()},
        ending="sold",
    )  # fmt: skip


def _cell(
    pair: tuple[str, str], met: Exchange, pairs: Pairs, names: Sequence[Labels], unit: Unit, currency: str
) -> Cell:
    """A link's cell; sums of many small links have no price."""
    wh, is_sum = met.pairs[pair], OTHER in pair
    row = None if is_sum else pairs[pair]
    price = None if row is None else value(row, "price_per_mwh")
    reached = (value(row, "limit_reached_share") or 0.0) if row is not None else 0.0
    told = f"{names[0][pair[0]]} → {names[1][pair[1]]}: {written(wh, unit)}"
    if price is not None:
        told += f" at {price_words(price)} {currency} per kWh"
    if row is not None and value(row, "charge_per_mwh"):
        told += f", and {price_words(float(row['charge_per_mwh']))} for the network"
    if reached:
        told += f"; the link is full {percent(reached)} of the time"
    under = "" if price is None else price_words(price)
    decimals = 0 if unit.wh == 1 or met.largest >= 100 * unit.wh else 1 if met.largest >= 10 * unit.wh else 2
    least = 10**-decimals
    figure = unit.of(wh, decimals) if wh >= least * unit.wh / 2 else f"< {grouped(least, decimals)}"
    shade = min(wh / met.largest, 1.0)
    return Cell(shade, figure, under, told, reached >= REACHED, is_sum)


def price_words(per_mwh: float) -> str:
    """A price per MWh as that of one kWh, with four digits behind the point."""
    return grouped(per_kwh(per_mwh), 4)


def links_told(rows: Sequence[Row], *, suppliers: Labels, agents: Labels, currency: str) -> str:
    """What to see: the largest link, the dearest and the cheapest, and how many links are full."""
    held = [row for row in rows if (value(row, "wh") or 0) > 0]
    if not held:
        return NOTHING

    def pair(row: Row) -> str:
        supplier, agent = str(row["supplier"]), str(row["agent"])
        return f"{suppliers.get(supplier) or supplier} to {agents.get(agent) or agent}"

    total = sum(float(row["wh"]) for row in held)
    most = max(held, key=lambda row: (float(row["wh"]), pair(row)))
    told = (
        f"{counted(len(held), 'link')} carried {energy(total)}; {pair(most)} carried most,"
        f" {energy(float(most['wh']))} or {percent(float(most['wh']) / total)}."
    )
    priced = [row for row in held if value(row, "price_per_mwh") is not None]
    if priced:
        cheap, dear = (
            choose(priced, key=lambda row: (float(row["price_per_mwh"]), pair(row))) for choose in (min, max)
        )
        low, high = price_words(float(cheap["price_per_mwh"])), price_words(float(dear["price_per_mwh"]))
        told += (
            f" A kWh cost {low} {currency} on every link."
            if low == high
            else f" A kWh cost {low} {currency} at least ({pair(cheap)}) and {high} at most ({pair(dear)})."
        )
    full = sum((value(row, "limit_reached_share") or 0) >= REACHED for row in held)
    if full:
        verb = "link has" if full == 1 else "links have"
        told += f" {grouped(full)} {verb} reached the limit {percent(REACHED)} of the time or more."
    return told
