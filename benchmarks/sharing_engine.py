"""The rounds rule: months evaluated a second, one consumer changed, a plain row loop beside it, memory of a year.

``python benchmarks/sharing_engine.py``; one thread, compile time excluded. The peer is the rule as one would
write it with pandas, a row at a time (``iterrows``, ``.at``); it is timed on a few rows with sun and scaled to
the month, and its rows must come out the same to the watt-hour.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from time import perf_counter

import numpy as np
import numpy.typing as npt

from evenwatt import sharing
from evenwatt.data.group import group

Whole = npt.NDArray[np.int64]
SIZES = ((10, 50), (20, 200), (50, 1_000))
LINKS = 5


def main() -> None:
    """Print the tables."""
    print("A month of quarter-hours, five producers a consumer: evaluations a second\n")
    print(
        "| producers x consumers | rounds | floor [Wh] | a second | share of ideal | pandas row loop | ratio |"
    )
    print("|---|---|---|---|---|---|---|")
    for producers, consumers in SIZES:
        _evaluations(producers, consumers)
    print("\nOne consumer's keys changed, one round, floor 10 Wh\n")
    print(
        "| producers x consumers | one call each, a second | a hundred candidates a call, a second |\n|---|---|---|"
    )
    for producers, consumers in SIZES:
        _changes(producers, consumers)
    print("\nEvery flow written down (allocate), floor 10 Wh, 5 rounds\n")
    print(
        "| producers x consumers | intervals | seconds | memory of the whole process at its peak |\n|---|---|---|---|"
    )
    for producers, consumers, days in ((10, 50, 31), (50, 1_000, 31), (50, 1_000, 365)):
        print(subprocess.run(
            [sys.executable, __file__, str(producers), str(consumers), str(days)],
            check=True, capture_output=True, text=True,
        ).stdout.strip())  # fmt: skip


def links(supply: Whole, demand: Whole) -> tuple[Whole, Whole]:
    """Keys by demand among each producer's consumers; every consumer five producers, dealt round."""
    producers, consumers = supply.shape[1], demand.shape[1]
    priority = np.zeros((producers, consumers), dtype=np.int64)
    rng = np.random.default_rng(1)
    for j in range(consumers):
        priority[rng.permutation(producers)[:LINKS], j] = np.arange(min(LINKS, producers), 0, -1)
    weight = np.where(priority > 0, demand.sum(axis=0), 0)
    keys = np.floor(10_000 * weight / np.maximum(weight.sum(axis=1, keepdims=True), 1)).astype(np.int64)
    return keys, priority


def _evaluations(producers: int, consumers: int) -> None:
    held = group(producers, consumers, seed=1)
    keys, priority = links(held.supply, held.demand)
    agreed = sharing.agreement(keys, priority)
    for rounds, quantum in ((1, 10), (5, 1), (5, 10)):
        month = sharing.Replay(held.supply, held.demand, rounds=rounds, quantum=quantum)
        seconds = _least(lambda month=month: month.total_of(agreed.order, agreed.share))
        total = month.total(keys, priority)
        peer = _pandas(held.supply, held.demand, keys, priority, rounds, quantum) if consumers == 50 else None
        print(
            f"| {producers} x {consumers} | {rounds} | {quantum} | {1 / seconds:,.0f} | "
            f"{total / month.ideal:.4f} | "
            + (f"{peer:,.0f} s | {peer / seconds:,.0f}x |" if peer is not None else "- | - |")
        )


def _changes(producers: int, consumers: int) -> None:
    held = group(producers, consumers, seed=1)
    agreed = sharing.agreement(*links(held.supply, held.demand))
    month = sharing.Replay(held.supply, held.demand, rounds=1)
    rng = np.random.default_rng(0)
    order = [np.ascontiguousarray(row) for row in agreed.order]
    shares = [np.minimum(rng.integers(0, 2 * row.max() + 2, (100, LINKS)), 10_000) for row in agreed.share]
    one = [np.ascontiguousarray(rows[0]) for rows in shares]

    def singly() -> None:
        for j in range(consumers):
            month.consumer(j, order[j], one[j])

    def together() -> None:
        for j in range(0, consumers, max(1, consumers // 50)):
            month.candidates(j, order[j], shares[j])

    each = consumers / _least(singly)
    many = 100 * len(range(0, consumers, max(1, consumers // 50))) / _least(together)
    print(f"| {producers} x {consumers} | {each:,.0f} | {many:,.0f} |")


def _pandas(supply: Whole, demand: Whole, keys: Whole, priority: Whole, rounds: int, quantum: int) -> float:
    """Seconds for the month, from a few rows; the rows are checked."""
    import pandas as pd

    sunny = np.flatnonzero((supply.sum(axis=1) > 0) & (demand.sum(axis=1) > 0))
    rows = sunny[:: max(len(sunny) // 12, 1)]
    producers, consumers = supply.shape[1], demand.shape[1]
    made = [f"P{i}" for i in range(producers)]
    used = [f"C{j}" for j in range(consumers)]
    frame = pd.DataFrame(np.hstack([supply, demand])[rows], columns=made + used)
    key = pd.DataFrame(keys, index=made, columns=used)
    rank = pd.DataFrame(priority, index=made, columns=used)
    given = pd.DataFrame(0, index=frame.index, columns=used)
    begun = perf_counter()
    for t, row in frame.iterrows():
        left, want = row[made].copy(), row[used].copy()
        for _ in range(rounds):
            gone = pd.Series(0, index=made)
            for name in used:
                for maker in rank[rank[name] > 0][name].sort_values(ascending=False, kind="stable").index:
                    share = min(want.at[name], key.at[maker, name] * left.at[maker] // 10_000)
                    share = share // quantum * quantum
                    want.at[name] -= share
                    gone.at[maker] += share
                    given.at[t, name] += share
            left -= gone
            if gone.sum() == 0:
                break
    seconds = (perf_counter() - begun) / len(rows) * len(sunny)
    ours = sharing.allocate(supply[rows], demand[rows], keys, priority, rounds=rounds, quantum=quantum)
    assert (given.to_numpy() == ours.shared).all()
    return seconds


def _year(producers: int, consumers: int, days: int) -> None:
    """One row of the last table, in a process of its own so that its peak of memory is its own."""
    import resource

    held = group(producers, consumers, seed=1, days=days)
    keys, priority = links(held.supply, held.demand)
    sharing.allocate(held.supply[:96], held.demand[:96], keys, priority)
    begun = perf_counter()
    found = sharing.allocate(held.supply, held.demand, keys, priority)
    seconds = perf_counter() - begun
    assert found.shared.sum() + found.unused.sum() == held.supply.sum()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"| {producers} x {consumers} | {len(held.supply):,} | {seconds:.2f} | {peak:.1f} GiB |")


def _least(run: Callable[[], object], runs: int = 5) -> float:
    run()
    best = np.inf
    for _ in range(runs):
        begun = perf_counter()
        run()
        best = min(best, perf_counter() - begun)
    return best


if __name__ == "__main__":
    if len(sys.argv) == 4:
        _year(*map(int, sys.argv[1:]))
    else:
        main()
