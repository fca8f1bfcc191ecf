"""The call auction at the sizes that matter, beside plain Python and, where it is installed, pymarket.

Run ``python benchmarks/auctions.py``; ``--quick`` uses small books to see that everything runs. The least of
several runs, compiled before; prices uniform on 0 to 100 per MWh in ticks of 0.001, quantities 1 to 1,999 Wh,
sides by coin. Every row includes fills and whole payments; peers are told by what they leave out.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from evenwatt.markets import Orders, clear
from evenwatt.markets.auctions.merit_order import MeritOrder
from evenwatt.markets.auctions.pay_as_bid import PayAsBid
from evenwatt.markets.auctions.uniform_price import UniformPrice
from evenwatt.markets.clearing import Clearing

YEAR = (35_040, 1_000)
ONE = UniformPrice()


def least(call: Callable[[], object], runs: int) -> float:
    """Seconds of the fastest of ``runs`` calls, after one that compiles and touches the memory."""
    call()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Prices [per MWh] and quantities [Wh]."""
    return rng.integers(0, 100_001, shape) / 1000.0, rng.integers(1, 2000, shape)


def year(shape: tuple[int, int], runs: int) -> None:
    """A year of quarter-hours in one call."""
    rng = np.random.default_rng(2026)
    price, quantity = drawn(rng, shape)
    side = rng.choice([1, -1], shape[1])
    orders = Orders.dense(price, quantity, side)
    print(f"\n### {shape[0]:,} auctions x {shape[1]:,} orders, {os.cpu_count()} cores\n")
    print("| task | s | ns an order |\n|---|---|---|")
    row(
        "checking the arrays (Orders.dense)", least(lambda: Orders.dense(price, quantity, side), runs), orders
    )
    row("prices, fills, payments", least(lambda: clear(orders, ONE), runs), orders)
    row("the same, pay as bid", least(lambda: clear(orders, PayAsBid()), runs), orders)
    coarse = Orders.dense(np.round(price), quantity, side)
    row("whole prices, ties divided", least(lambda: clear(coarse, ONE), runs), orders)
    equal = least(lambda: clear(coarse, ONE, ration=equal_awards), runs)
    row("the same by a rule passed in", equal, orders)


def equal_awards(endowment: np.ndarray, claims: np.ndarray) -> np.ndarray:
    """Equal awards, by the claims family."""
    from evenwatt.claims import constrained_equal_awards

    return constrained_equal_awards(endowment, claims)


def row(task: str, seconds: float, orders: Orders) -> None:
    """One line of the year's table."""
    print(f"| {task} | {seconds:.3f} | {seconds / max(len(orders), 1) * 1e9:.1f} |")


def sizes(runs: int, *, quick: bool) -> None:
    """One market, cold and with last step's price as a guess."""
    print("\n### One market [ms]\n")
    print("| orders | cold | guess near | guess wrong | plain Python, no payments |\n|---|---|---|---|---|")
    for n in (1_000, 10_000) if quick else (1_000, 10_000, 100_000, 1_000_000):
        rng = np.random.default_rng(n)
        price, quantity = drawn(rng, (n,))
        side = rng.choice([1, -1], n)
        before = clear(Orders(np.arange(n), side, price, quantity), ONE).price
        moved = Orders(np.arange(n), side, price + rng.normal(0, 0.05, n).round(3), quantity)
        cold, warm, wrong = (
            least(partial(clear, moved, ONE, near=near), runs) for near in (None, before, before + 30.0)
        )
        same(clear(moved, ONE), clear(moved, ONE, near=before))
        rows = list(zip(side.tolist(), moved.price.tolist(), quantity.tolist(), strict=True))
        plain = least(lambda rows=rows: merged(rows), 2)
        print(f"| {n:,} | {cold * 1e3:.3f} | {warm * 1e3:.3f} | {wrong * 1e3:.3f} | {plain * 1e3:.1f} |")


def same(one: Clearing, other: Clearing) -> None:
    """A guess may change the time and nothing else."""
    assert one.price == other.price
    assert (one.fills == other.fills).all()
    assert (one.payments == other.payments).all()


def merged(rows: list[tuple[int, float, int]]) -> tuple[int, list[int]]:
    """Volume and fills by sorting and merging, in plain Python; no tie is divided, nothing is paid."""
    bids = sorted((i for i, row in enumerate(rows) if row[0] > 0), key=lambda i: -rows[i][1])
    asks = sorted((i for i, row in enumerate(rows) if row[0] < 0), key=lambda i: rows[i][1])
    fills, volume, b, a = [0] * len(rows), 0, 0, 0
    while b < len(bids) and a < len(asks) and rows[bids[b]][1] >= rows[asks[a]][1]:
        bid, ask = bids[b], asks[a]
        traded = min(rows[bid][2] - fills[bid], rows[ask][2] - fills[ask])
        fills[bid] += traded
        fills[ask] += traded
        volume += traded
        b += fills[bid] == rows[bid][2]
        a += fills[ask] == rows[ask][2]
    return volume, fills


def double_loop(rows: list[tuple[int, float, int]]) -> int:
    """The volume by its definition: at every bid's and ask's price, demand and supply summed order by order."""
    best = 0
    for _, level, _ in rows:
        demand = supply = 0
        for side, price, quantity in rows:
            if side > 0 and price >= level:
                demand += quantity
            elif side < 0 and price <= level:
                supply += quantity
        best = max(best, min(demand, supply))
    return best


def against_peers(runs: int, *, quick: bool) -> None:
    """500 bids and 500 asks by everybody."""
    n = 60 if quick else 500
    rng = np.random.default_rng(3)
    price, quantity = drawn(rng, (2 * n,))
    side = np.repeat([1, -1], n)
    orders = Orders(np.arange(2 * n), side, price, quantity)
    rows = list(zip(side.tolist(), price.tolist(), quantity.tolist(), strict=True))
    assert clear(orders, ONE).volume[0] == double_loop(rows) == merged(rows)[0]
    many = Orders.dense(np.tile(price, (1000, 1)), np.tile(quantity, (1000, 1)), side)
    batched = least(lambda: clear(many, ONE), runs) / 1000
    ours = least(lambda: clear(orders, ONE), 20 * runs)
    print(
        f"\n### {n} bids x {n} asks\n\n| who | ms | times one call of ours | times ours in a batch of 1,000 |"
    )
    print("|---|---|---|---|")
    held = {
        "evenwatt, one call": ours,
        "evenwatt, in a batch": batched,
        "plain Python, sort and merge (no payments)": least(lambda: merged(rows), runs),
        "plain Python, double loop (volume only)": least(lambda: double_loop(rows), 1),
        **pymarket(rows),
    }
    for name, seconds in held.items():
        print(f"| {name} | {seconds * 1e3:.4f} | {seconds / ours:,.1f} | {seconds / batched:,.1f} |")


def pymarket(rows: list[tuple[int, float, int]]) -> dict[str, float]:
    """Seconds of pymarket's mechanisms on the same book; nothing, and a word, where it is not installed."""
    if importlib.util.find_spec("pymarket") is None:
        print(
            "\npymarket is not installed: left out (`pip install --target FOLDER pymarket`, PYTHONPATH=FOLDER)"
        )
        return {}
    import pymarket as peer  # type: ignore[import-not-found]

    found = {}
    for name in ("huang", "muda"):
        market = peer.Market()
        for user, (side, price, quantity) in enumerate(rows):
            market.accept_bid(quantity, price, user, side > 0, 0)
        try:
            start = time.perf_counter()
            market.run(name, r=np.random.RandomState(1)) if name == "muda" else market.run(name)
            found[f"pymarket {getattr(peer, '__version__', '')} {name} (another mechanism)"] = (
                time.perf_counter() - start
            )
        except Exception as fault:  # a peer's crash is a result of this table
            print(f"\npymarket {name}: {type(fault).__name__}: {fault}")
    return found


def dispatch(runs: int, *, quick: bool) -> None:
    """A year of hours of 201 units by merit order."""
    shape = (50, 201) if quick else (8_760, 201)
    rng = np.random.default_rng(5)
    price, quantity = drawn(rng, shape)
    units = Orders.dense(price, quantity, np.full(shape[1], -1))
    demand = (quantity.sum(axis=1) * rng.uniform(0.3, 1.1, shape[0])).astype(np.int64)
    seconds = least(lambda: clear(units, MeritOrder(), demand_wh=demand), runs)
    print(f"\n### Merit order, {shape[0]:,} hours x {shape[1]} units\n")
    print(f"{seconds:.3f} s, {seconds / units.price.size * 1e6:.3f} µs a unit and hour")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small books, to see that everything runs")
    parser.add_argument("--runs", type=int, default=5)
    chosen = parser.parse_args()
    year((200, 100) if chosen.quick else YEAR, chosen.runs)
    sizes(chosen.runs, quick=chosen.quick)
    against_peers(chosen.runs, quick=chosen.quick)
    dispatch(chosen.runs, quick=chosen.quick)


if __name__ == "__main__":
    main()
