"""Certified keys, few links, bounds of several rounds, inferred keys: gaps, seconds and a general solver beside.

``python benchmarks/sharing_keys.py``; a month of quarter-hours of generated groups, two cores at most, compile time
excluded. `--long` adds what takes minutes.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import block_array, coo_array, eye_array

from evenwatt import sharing
from evenwatt.data.group import Group, group

T = TypeVar("T")


def main() -> None:
    """Print the tables."""
    warnings.simplefilter("ignore")
    print("Fixed keys, one round, no floor: certified to a thousandth\n")
    print(
        "| producers x consumers | sources | shared / ideal | gap | steps | seconds | grid of 1/10,000 loses |"
    )
    print("|---|---|---|---|---|---|---|")
    for size in ((10, 50), (20, 200), (50, 1_000)):
        for mixed in (0, 4):
            _static(*size, mixed * size[0] // 10)
    _general()
    print("\nAt most K producers a consumer\n")
    print(
        "| producers x consumers | sources | K | shared / ideal | gap | seconds |\n|---|---|---|---|---|---|"
    )
    for producers, consumers, mixed, most, limit in (
        (10, 50, 0, 5, 30), (10, 50, 4, 5, 30), (10, 50, 4, 3, 120), (20, 200, 0, 5, 60), (20, 200, 8, 5, 60),
    ):  # fmt: skip
        _limited(producers, consumers, mixed, most, limit)
    if "--long" in sys.argv:
        _limited(50, 1_000, 0, 5, 120)
        _limited(50, 1_000, 20, 5, 120)
    print("\nSeveral rounds: annealing for so many seconds beside the bound; floors of 1 and 10 Wh\n")
    print(
        "| group | rounds | bound / ideal | seconds | floor | shared / ideal | gap | exact-rule bound, gap |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for producers, consumers, coverage, mixed, seconds in (
        (1, 30, 0.3, 0, 5), (1, 20, 0.5, 0, 5), (10, 50, 1.0, 0, 20), (10, 50, 1.0, 4, 20),
    ):  # fmt: skip
        _rounds(group(producers, consumers, seed=11, coverage=coverage, mixed=mixed), mixed, seconds)
    print("\nKeys inferred from a month's readings before and after sharing, rounds not told\n")
    print(
        "| producers x members | true rounds | found | cells explained | keys within the interval | seconds |"
    )
    print("|---|---|---|---|---|---|")
    for producers, members in ((1, 10), (1, 20), (1, 30), (3, 12)):
        for rounds in (1, 3, 5):
            _inferred(producers, members, rounds)


def _static(producers: int, consumers: int, mixed: int) -> None:
    held = group(producers, consumers, seed=1, mixed=mixed)
    found, seconds = _timed(lambda: sharing.certified(held.supply, held.demand))
    keys = sharing.on_grid(found.weights)
    lost = 1 - _one_round(held, keys / 10_000) / found.shared
    print(
        f"| {producers} x {consumers} | {_sources(mixed)} | {found.shared / held.ideal:.4f} | {found.gap:.3%} | "
        f"{len(found.steps)} | {seconds:.2f} | {lost:.1e} |",
        flush=True,
    )


def _general() -> None:
    """The same optimum by a general solver on the whole linear programme, where it is small enough."""
    held = group(5, 20, seed=1, days=7)
    found, seconds = _timed(lambda: sharing.certified(held.supply, held.demand))
    value, general = _timed(lambda: _linprog(held), runs=1)
    assert found.shared <= value * (1 + 1e-7)
    assert found.bound >= value * (1 - 1e-7)
    print(
        f"\n5 x 20, a week: {seconds * 1e3:.0f} ms against {general:.1f} s of a general solver on the whole programme "
        f"({general / seconds:,.0f}x); its optimum lies between ours and our bound.\n"
    )


def _linprog(held: Group) -> float:
    """Maximise sum r_jt, r_jt <= d_jt, r_jt <= sum_i w_ij s_it, sum_j w_ij <= 1."""
    rows = held.supply.sum(axis=1) > 0
    supply, demand = held.supply[rows] / 1e3, held.demand[rows] / 1e3
    (steps, producers), consumers = supply.shape, demand.shape[1]
    draw = block_array(
        [[coo_array(-supply) if a == b else None for a in range(consumers)] for b in range(consumers)]
    )
    keys = coo_array(np.tile(np.eye(producers), consumers))
    matrix = block_array([[draw, eye_array(consumers * steps)], [keys, None]])
    cost = np.concatenate([np.zeros(producers * consumers), -np.ones(consumers * steps)])
    bounds = [(0, 1)] * (producers * consumers) + [(0, d) for d in demand.T.ravel()]
    upper = np.concatenate([np.zeros(consumers * steps), np.ones(producers)])
    return -1e3 * linprog(cost, A_ub=matrix, b_ub=upper, bounds=bounds, method="highs").fun


def _limited(producers: int, consumers: int, mixed: int, most: int, limit: float) -> None:
    held = group(producers, consumers, seed=1, mixed=mixed)
    sharing.limited(held.supply[:96], held.demand[:96], most, time_limit=1)
    found, seconds = _timed(
        lambda: sharing.limited(held.supply, held.demand, most, tolerance=2e-3, time_limit=limit), runs=1
    )
    print(
        f"| {producers} x {consumers} | {_sources(mixed)} | {most} | {found.shared / held.ideal:.4f} | "
        f"{found.gap:.2%} | {seconds:.1f} |",
        flush=True,
    )


def _rounds(held: Group, mixed: int, seconds: float) -> None:
    supply, demand = held.supply, held.demand
    producers, consumers = supply.shape[1], demand.shape[1]
    for rounds in (1, 5) if producers == 1 else (5,):
        over, spent = _timed(lambda rounds=rounds: sharing.rounds_bound(supply, demand, rounds), runs=1)
        sharp = sharing.exact_bound(supply, demand, rounds).bound
        for quantum in (1, 10):
            best = sharing.optimise(
                supply,
                demand,
                rounds=rounds,
                quantum=quantum,
                max_links=None,
                method="annealing",
                time_limit=seconds,
            )
            told = f"{(sharp - best.shared) / sharp:.2%}" if quantum == 1 else "-"
            print(
                f"| {producers} x {consumers} {_sources(mixed)} | {rounds} | {over.bound / held.ideal:.4f} | "
                f"{spent:.1f} | {quantum} | {best.shared / held.ideal:.4f} | {best.gap:.2%} | {told} |",
                flush=True,
            )


def _inferred(producers: int, members: int, rounds: int) -> None:
    held = group(producers, members, seed=10 + members, coverage=0.3)
    rng = np.random.default_rng(members)
    size = rng.dirichlet(held.demand.sum(axis=0) / held.demand.sum() * members, producers)
    keys = np.floor(size * 10_000).astype(np.int64)
    priority = np.argsort(rng.random((producers, members)), axis=0) + 1
    truth = sharing.allocate(held.supply, held.demand, keys, priority, rounds=rounds)
    pairs = truth.flows if producers > 1 else None
    found, seconds = _timed(lambda: sharing.infer_keys(held.supply, held.demand, truth.shared, pairs=pairs))
    used = truth.flows.pairs() > 0
    inside = (found.interval[..., 0] <= keys) & (keys <= found.interval[..., 1])
    print(
        f"| {producers} x {members} | {rounds} | {found.rounds} | {found.matched:.2%} | {inside[used].mean():.0%} | "
        f"{seconds:.2f} |",
        flush=True,
    )


def _one_round(held: Group, weights: np.ndarray) -> float:
    return float(np.minimum(held.demand, held.supply @ weights).sum())


def _sources(mixed: int) -> str:
    return "mixed" if mixed else "PV"


def _timed(run: Callable[[], T], runs: int = 3) -> tuple[T, float]:
    """What it gives, and the least seconds of several runs after one to compile."""
    if runs > 1:
        run()
    best = np.inf
    for _ in range(runs):
        begun = perf_counter()
        found = run()
        best = min(best, perf_counter() - begun)
    return found, best


if __name__ == "__main__":
    main()
