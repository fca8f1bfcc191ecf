"""The verb that holds an auction: a file of orders in; prices, fills and payments out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evenwatt.app.terminal import emit, guarded, say, table

if TYPE_CHECKING:
    import polars as pl

Tables = dict[str, "pl.DataFrame"]
MOST_SHOWN = 30


def enrol(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("clear")(clear)


@guarded
def clear(
    orders: Annotated[
        Path,
        typer.Argument(
            metavar="ORDERS",
            help="CSV or parquet: agent, side, price_per_mwh, quantity_wh; period and node for several markets.",
        ),
    ],
    mechanism: Annotated[
        str, typer.Option("--mechanism", help="`evenwatt mechanisms` lists them.")
    ] = "uniform-price",
    split: Annotated[
        float, typer.Option("--split", help="Sellers' share of the price interval.", min=0, max=1)
    ] = 0.5,
    ration: Annotated[
        str, typer.Option("--ration", help="Claims rule for ties at the margin, e.g. cea.")
    ] = "pro",
    demand_wh: Annotated[
        int | None,
        typer.Option("--demand-wh", help="Demand of each market that takes any price (merit-order).", min=0),
    ] = None,
    lot_wh: Annotated[
        int | None,
        typer.Option("--lot-wh", help="Let everybody trade one lot of this size (mcafee, sbba ...).", min=1),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of coins, arrivals and ties.", min=0)] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write markets.csv, orders.csv and, of pairs, trades.csv."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the tables as JSON instead of text.")] = False,
) -> None:
    """Hold one auction for each period and node of a file of orders."""
    from evenwatt.core.errors import CaseError
    from evenwatt.markets import clear as hold
    from evenwatt.markets.order_files import market_rows, order_rows, read_orders, trade_rows
    from evenwatt.studies.market.arrangement import ration as claims_rule
    from evenwatt.studies.market.named import mechanism as named

    if out is not None and out.exists():
        raise CaseError(f"{out}: exists already; choose another name or remove it")
    read = read_orders(orders)
    chosen = named(mechanism, lot_wh=lot_wh)
    answer = hold(read.orders, chosen, split=split, ration=claims_rule(ration), demand_wh=demand_wh, rng=seed)
    tables: Tables = {"markets": market_rows(read, answer), "orders": order_rows(read, answer)}
    if (trades := trade_rows(read, answer)) is not None:
        tables["trades"] = trades
    if out is not None:
        _write(tables, out)
    if json:
        emit(
            {name: frame.to_dicts() for name, frame in tables.items()}
            | {"notes": [*read.notes, *answer.notes]}
        )
        return
    _tell(tables["markets"], [*read.notes, *answer.notes])
    if out is not None:
        say("", f"tables: {out}")


def _write(tables: Tables, folder: Path) -> None:
    """Write a folder beside its final name, then rename it: it is whole or absent."""
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        for name, frame in tables.items():
            frame.write_csv(part / f"{name}.csv")
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _tell(markets: pl.DataFrame, notes: list[str]) -> None:
    rows: list[dict[str, Any]] = markets.head(MOST_SHOWN).to_dicts()
    names = (
        "period",
        "node",
        "status",
        "price_per_mwh",
        "low_per_mwh",
        "high_per_mwh",
        "volume_wh",
        "budget_micro",
    )
    table(
        "",
        tuple(name.replace("_", " ") for name in names),
        [tuple(row[name] for name in names) for row in rows],
    )
    more = len(markets) - len(rows)
    say(*([f"and {more} more markets; --out writes all"] if more > 0 else []), *notes)
