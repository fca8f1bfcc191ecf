"""A community with batteries: seconds per coalition, warm-started and rebuilt, on the same coalitions.

``python benchmarks/battery_game.py``; imports excluded.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import linprog

from evenwatt.coalitions import masks
from evenwatt.coalitions.batteries.battery import Battery, sorted_by_make
from evenwatt.coalitions.batteries.battery_game import BatteryGame, battery_game
from evenwatt.coalitions.batteries.programme import Programme

Array = npt.NDArray[np.float64]
MEMBERS, STEPS, SAMPLE = 10, 96, 40


def main() -> None:
    """Print the table: a day of quarter-hours, every coalition of ten homes with a battery each."""
    rng = np.random.default_rng(1)
    net, buy, sell = _street(rng)
    same = [Battery(k, capacity=10.0, power=1.25) for k in range(MEMBERS)]
    different = [
        Battery(k, rng.uniform(5, 12), rng.uniform(0.5, 2), rng.uniform(0.9, 1), rng.uniform(0.9, 1))
        for k in range(MEMBERS)
    ]
    print(f"{MEMBERS} homes, {STEPS} quarter-hours, a battery each; {2**MEMBERS - 1:,} coalitions\n")
    print("| batteries | how | ms per coalition | times kept | largest difference |\n|---|---|---|---|---|")
    for name, batteries in (("one make", same), ("ten makes", different)):
        _compare(name, battery_game(net, batteries, buy, sell))


def _street(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Net positions [kWh per quarter-hour] and prices [EUR/kWh]."""
    hour = np.arange(STEPS) / 4
    sun = np.maximum(0.0, np.sin((hour - 6) / 12 * np.pi))[:, None] * rng.uniform(0, 1.2, MEMBERS)
    buy = 0.25 + 0.1 * np.sin(hour / 6 * np.pi) + rng.normal(0, 0.01, STEPS)
    return sun - rng.gamma(2.0, 0.1, (STEPS, MEMBERS)), buy, np.minimum(buy, 0.08)


def _compare(name: str, game: BatteryGame) -> None:
    game.worth(np.eye(MEMBERS, dtype=np.bool_))  # loads the solver
    start = perf_counter()
    table = game.table()
    kept = (perf_counter() - start) / (len(table) - 1)
    print(f"| {name} | kept, warm-started | {1e3 * kept:.2f} | 1 | |")
    chosen = np.random.default_rng(2).choice(np.arange(1, len(table)), SAMPLE, replace=False)
    ways: dict[str, Callable[[npt.NDArray[np.bool_]], float]] = {
        "rebuilt for each": lambda present: _rebuilt(game, present),
        "scipy.linprog": lambda present: _by_scipy(game, present),
    }
    for way, worth in ways.items():
        start = perf_counter()
        found = [worth(row) for row in masks.rows(chosen, MEMBERS)]
        seconds = (perf_counter() - start) / SAMPLE
        gap = np.abs(np.array(found) - table[chosen]).max()
        print(f"| {name} | {way} | {1e3 * seconds:.2f} | {seconds / kept:.1f} | {gap:.0e} |")


def _rebuilt(game: BatteryGame, present: npt.NDArray[np.bool_]) -> float:
    """Our own programme, with the coalition's batteries alone, made anew and solved from nothing."""
    own = sorted_by_make([b for b in game.batteries if present[b.member]])
    grid = game.grid
    return -Programme(grid.buy, grid.sell, own, 1.0, 1.0).cost(grid.net @ present, own.full)


def _by_scipy(game: BatteryGame, present: npt.NDArray[np.bool_]) -> float:
    """The same programme as a user of scipy would write it, each battery by itself, sparse."""
    own = [b for b in game.batteries if present[b.member]]
    now, count = sparse.identity(STEPS), len(own)
    across = sparse.kron(np.ones((1, count)), now)
    balance = sparse.hstack([now, -now, -across, across, sparse.csr_matrix((STEPS, count * STEPS))])
    store = sparse.hstack(
        [
            sparse.csr_matrix((count * STEPS, 2 * STEPS)),
            sparse.kron(sparse.diags([-b.efficiency_in for b in own]), now),
            sparse.kron(sparse.diags([1 / b.efficiency_out for b in own]), now),
            sparse.kron(sparse.identity(count), now - sparse.eye(STEPS, k=-1)),
        ]
    )
    begin = np.array([b.start * b.capacity for b in own])
    stored = np.zeros((count, STEPS))
    stored[:, 0] = begin
    power = np.repeat([b.power for b in own], STEPS)
    low = np.concatenate([np.zeros(2 * STEPS * (1 + count)), np.zeros(count * STEPS)])
    high = np.concatenate(
        [np.full(2 * STEPS, np.inf), power, power, np.repeat([b.capacity for b in own], STEPS)]
    )
    last = 2 * STEPS * (1 + count) + STEPS * np.arange(1, count + 1) - 1
    low[last] = high[last] = begin
    found = linprog(
        np.concatenate([game.grid.buy, -game.grid.sell, np.zeros(3 * count * STEPS)]),
        A_eq=sparse.vstack([balance, store]),
        b_eq=np.concatenate([-game.grid.net @ present, stored.ravel()]),
        bounds=np.column_stack([low, high]),
        method="highs",
    )
    return -float(found.fun)


if __name__ == "__main__":
    main()
