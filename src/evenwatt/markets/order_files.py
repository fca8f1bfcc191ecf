"""Orders as people keep them: a row an order, with names; and what an auction made of them, written back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError, gather
from evenwatt.markets.clearing import STATUS, Clearing
from evenwatt.markets.orders import BUY, SELL, Orders

if TYPE_CHECKING:
    import polars as pl

Whole = npt.NDArray[np.int64]

# Columns by the names they may have.
NAMES = {
    "agent": ("agent",),
    "side": ("side",),
    "price": ("price_per_mwh", "price_eur_per_mwh"),
    "quantity": ("quantity_wh", "qty_wh"),
    "period": ("period",),
    "node": ("node",),
    "kind": ("kind", "product"),
}
NEEDED = ("agent", "side", "price", "quantity")
NUMBERS = {name for column in ("price", "quantity") for name in NAMES[column]}
SIDES = {"buy": BUY, "bid": BUY, "sell": SELL, "ask": SELL}


@dataclass(frozen=True)
class NamedOrders:
    """Orders with the names that the file has for their numbers.

    Attributes
    ----------
    orders : Orders
        In the order of the rows.
    agents, periods, nodes, kinds : tuple of str
        Name of each number.
    notes : tuple of str
        What was assumed in reading.
    """

    orders: Orders
    agents: tuple[str, ...]
    periods: tuple[str, ...]
    nodes: tuple[str, ...]
    kinds: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read_orders(path: str | Path) -> NamedOrders:
    """Read orders from a CSV or parquet file.

    Columns: ``agent``, ``side`` (buy or sell), ``price_per_mwh`` [currency per MWh], ``quantity_wh`` [Wh, whole],
    and, if there are several markets, ``period`` and ``node``; ``kind`` is handed on. Periods and nodes are
    markets in the order of their names; names that are all whole numbers are ordered as numbers.

    Raises
    ------
    DataError
        Naming every row and column at fault, what was found and what was expected.
    """
    from evenwatt.data import table

    file = Path(path)
    if not file.is_file():
        raise DataError(f"{file}: there is no such file; expected a CSV or parquet file of orders")
    found = table.load(file, lambda name: name.strip().lower() in NUMBERS)
    with gather(str(file), DataError) as faults:
        columns = _columns(found.frame, faults)
        places = [f"{found.place} {place}" for place in found.places.tolist()]
        read = _read(columns, places, faults) if not faults else {}
        # A cell that is no number is told once, by what stands in it.
        told = [fault.rpartition(":")[0] for fault in found.faults]
        faults[:] = [
            *found.faults,
            *(fault for fault in faults if not any(fault.startswith(t) for t in told if t)),
        ]
    orders = Orders(
        read["agent"][0], read["side"], read["price"], read["quantity"],
        period=read["period"][0], node=read["node"][0], kind=read["kind"][0],
    )  # fmt: skip
    return NamedOrders(
        orders, read["agent"][1], read["period"][1], read["node"][1], read["kind"][1], found.notes
    )


def _columns(frame: pl.DataFrame, faults: list[str]) -> dict[str, list[Any]]:
    """The file's columns by what they are; missing and unknown ones are faults."""
    there = {name.strip().lower(): name for name in frame.columns}
    known = {name: column for column, names in NAMES.items() for name in names}
    unknown = [name for name in there if name not in known]
    names = ", ".join(spelled[0] for spelled in NAMES.values())
    faults += [f"column '{name}' is unknown; there are {names}" for name in unknown]
    held = {known[name]: frame[there[name]].to_list() for name in there if name in known}
    missing = [NAMES[column][0] for column in NEEDED if column not in held]
    faults += [f"column '{name}' is missing; found {', '.join(frame.columns)}" for name in missing]
    return held


def _read(columns: dict[str, list[Any]], places: Sequence[str], faults: list[str]) -> dict[str, Any]:
    """Columns of numbers, and the names behind them."""
    rows = len(places)
    sides = [SIDES.get(str(side).strip().lower(), 0) for side in columns["side"]]
    faults += [
        f"{places[k]}, column 'side': {columns['side'][k]!r}, expected buy or sell"
        for k in range(rows)
        if not sides[k]
    ]
    faults += [
        f"{places[k]}, column 'agent': is empty" for k in range(rows) if not _name(columns["agent"][k])
    ]
    quantity = np.array([np.nan if q is None else q for q in columns["quantity"]], dtype=np.float64)
    price = np.array([np.nan if p is None else p for p in columns["price"]], dtype=np.float64)
    odd = ~(np.isfinite(quantity) & (quantity >= 0) & (quantity == np.floor(quantity)) & (quantity < 2**53))
    faults += [
        f"{places[k]}, column 'quantity_wh': {_told(columns['quantity'][k])}, expected whole Wh of at least 0"
        for k in np.flatnonzero(odd).tolist()
    ]
    faults += [
        f"{places[k]}, column 'price_per_mwh': {_told(columns['price'][k])}, expected a number [currency per MWh]"
        for k in np.flatnonzero(~np.isfinite(price) & ~(quantity == 0)).tolist()
    ]
    labelled = {
        name: _numbered(columns.get(name, ["0"] * rows)) for name in ("agent", "period", "node", "kind")
    }
    whole = np.where(odd, 0, quantity).astype(np.int64)
    return {**labelled, "side": np.array(sides, dtype=np.int64), "price": price, "quantity": whole}


def _told(cell: Any) -> str:
    return "is empty" if cell is None else str(cell)


def _name(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _numbered(cells: Sequence[Any]) -> tuple[Whole, tuple[str, ...]]:
    """A number for each name: their rank, as numbers where all are whole, else as text."""
    names = [_name(cell) for cell in cells]
    distinct = set(names)
    try:
        ordered = sorted(distinct, key=lambda name: (int(name), name))
    except ValueError:
        ordered = sorted(distinct)
    rank = {name: place for place, name in enumerate(ordered)}
    return np.array([rank[name] for name in names], dtype=np.int64), tuple(ordered)


def order_rows(named: NamedOrders, answer: Clearing) -> pl.DataFrame:
    """A row an order: what it asked for, what it trades [Wh] and pays, negative where it is paid [micro-units]."""
    import polars as pl

    held = named.orders
    return pl.DataFrame(
        {
            "period": [named.periods[k] for k in held.period.tolist()],
            "node": [named.nodes[k] for k in held.node.tolist()],
            "agent": [named.agents[k] for k in held.agent.tolist()],
            "side": np.where(held.side > 0, "buy", "sell").tolist(),
            "price_per_mwh": held.price,
            "quantity_wh": held.quantity,
            "filled_wh": answer.fills,
            "pays_micro": answer.payments,
        }
    )


def market_rows(named: NamedOrders, answer: Clearing) -> pl.DataFrame:
    """A row a market: price and its interval, volume, welfare, what is left with the operator, and how it ended."""
    import polars as pl

    markets = named.orders.markets
    return pl.DataFrame(
        {
            "period": [named.periods[k] for k in markets[:, 0].tolist()],
            "node": [named.nodes[k] for k in markets[:, 1].tolist()],
            "status": [STATUS[code] for code in answer.status.tolist()],
            "price_per_mwh": answer.price,
            "low_per_mwh": answer.low,
            "high_per_mwh": answer.high,
            "volume_wh": answer.volume,
            "unserved_wh": answer.unserved,
            "welfare_micro": np.rint(answer.welfare).astype(np.int64),
            "budget_micro": answer.budget,
        }
    ).fill_nan(None)


def trade_rows(named: NamedOrders, answer: Clearing) -> pl.DataFrame | None:
    """A row a trade, of mechanisms that say who traded with whom; None of the others."""
    import polars as pl

    if answer.pairs is None:
        return None
    held, pairs = named.orders, answer.pairs
    markets = held.markets[pairs.market]
    return pl.DataFrame(
        {
            "period": [named.periods[k] for k in markets[:, 0].tolist()],
            "node": [named.nodes[k] for k in markets[:, 1].tolist()],
            "buyer": [named.agents[k] for k in held.agent[pairs.bid].tolist()],
            "seller": [named.agents[k] for k in held.agent[pairs.ask].tolist()],
            "quantity_wh": pairs.quantity,
            "price_per_mwh": pairs.price,
        }
    )
