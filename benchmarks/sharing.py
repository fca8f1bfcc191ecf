"""The published tables of 14 producers and 14 consumers, made again on generated groups, with bounds and seconds.

``python benchmarks/sharing.py``; ``--quick`` takes the first sizes only. One thread, compile time excluded.
Each of 14 buildings has panels and a load; what it cannot use at once it may give, what it lacks it may take,
never from itself. From August, rows with both supply and demand from the 30th on, as in the tables; energies are
multiples of 10 Wh; at most five producers a consumer. Unallocated is unused supply plus unmet demand [kWh]:
"ideal" is the least that any rule leaves, "worst" what is left where nothing is shared, "bound" the least that
any keys, priorities and floor could leave under that rule, as far as proved. Published beside it: minutes, and
shared over ideal, of the same columns (their readings are not public, so energies are not comparable).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import numpy.typing as npt

from evenwatt import sharing
from evenwatt.data.group import group

Whole = npt.NDArray[np.int64]
SIZES = (5, 25, 50, 100, 250, 500, 1_000, 2_976)
BUILDINGS, FIRST = 14, 30
SECONDS = 10.0
# Unallocated of the published table: ideal, worst, static MILP, GA in rounds, minutes of that GA.
PUBLISHED = {
    5: (1.013, 1.622, None, 1.013, 0.28),
    25: (3.484, 6.200, 3.919, 3.572, 1.25),
    50: (4.677, 8.462, 5.553, 5.129, 4.58),
    100: (8.037, 13.802, 10.502, 8.142, 6.23),
    250: (19.636, 34.022, 25.463, 20.234, 16.28),
    500: (46.288, 79.442, 54.199, 48.483, 40.71),
    1_000: (86.430, 155.791, 103.629, 90.372, 171.68),
}


@dataclass(frozen=True)
class Buildings:
    """The rows of one size."""

    supply: Whole
    demand: Whole

    @property
    def links(self) -> npt.NDArray[np.bool_]:
        """Everybody but oneself."""
        return ~np.eye(BUILDINGS, dtype=np.bool_)

    @property
    def ideal(self) -> int:
        """What could be shared by any rule on the links [Wh]."""
        return int(sharing.best_flows(self.supply, self.demand, links=self.links).sum())

    def unallocated(self, shared: float) -> float:
        """Unused plus unmet [kWh]."""
        return (self.supply.sum() + self.demand.sum() - 2 * shared) / 1_000


def main() -> None:
    """Print the tables."""
    sizes = SIZES[:4] if "--quick" in sys.argv else SIZES
    _warm()
    for floor in (1, 10):
        print(f"\nUnallocated [kWh] with at most five producers a consumer, shares floored to {floor} Wh\n")
        print(
            "| T | ideal | worst | method | rounds | unallocated | bound | gap | shared / ideal | seconds |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|")
        for size in sizes:
            _size(size, floor)
    print("\nPublished, on other readings\n")
    print("| T | static MILP, shared / ideal | GA in rounds, shared / ideal | minutes |\n|---|---|---|---|")
    for size, (ideal, worst, static, genetic, minutes) in PUBLISHED.items():
        told = [f"{(worst - left) / (worst - ideal):.3f}" if left else "-" for left in (static, genetic)]
        print(f"| {size} | {told[0]} | {told[1]} | {minutes} |")


def buildings(size: int) -> Buildings:
    """The first rows with supply and demand, from the 30th on."""
    held = group(BUILDINGS, BUILDINGS, seed=14, days=62)
    own = np.minimum(held.supply, held.demand)
    supply, demand = held.supply - own, held.demand - own
    rows = np.flatnonzero((supply.sum(axis=1) > 0) & (demand.sum(axis=1) > 0))[FIRST : FIRST + size]
    return Buildings(supply[rows], demand[rows])


def _size(size: int, floor: int) -> None:
    held = buildings(size)
    one_round = _row(held, size, floor, "exact", 1)
    begun = perf_counter()
    bound = sharing.rounds_bound(held.supply, held.demand, 5, links=held.links).bound
    month = sharing.Replay(held.supply, held.demand, rounds=5, quantum=floor)
    again = month.total(one_round.keys, one_round.priority)
    _print(held, size, "the keys of one round", 5, again, bound, one_round.seconds + perf_counter() - begun)
    for method in ("hill-climbing", "annealing", "genetic"):
        _row(held, size, floor, method, 5)


def _row(held: Buildings, size: int, floor: int, method: str, rounds: int) -> sharing.Optimum:
    begun = perf_counter()
    best = sharing.optimise(
        held.supply,
        held.demand,
        rounds=rounds,
        quantum=floor,
        links=held.links,
        method=method,
        time_limit=SECONDS,
    )
    seconds = perf_counter() - begun
    again = sharing.allocate(held.supply, held.demand, best.keys, best.priority, rounds=rounds, quantum=floor)
    assert again.shared.sum() == best.shared
    _print(held, size, method, rounds, best.shared, best.bound, seconds)
    return best


def _print(
    held: Buildings, size: int, method: str, rounds: int, shared: int, bound: float, seconds: float
) -> None:
    print(
        f"| {size} | {held.unallocated(held.ideal):.3f} | {held.unallocated(0):.3f} | {method} | {rounds} | "
        f"{held.unallocated(shared):.3f} | {held.unallocated(bound):.3f} | {(bound - shared) / bound:.2%} | "
        f"{shared / max(held.ideal, 1):.4f} | {seconds:.1f} |",
        flush=True,
    )


def _warm() -> None:
    """Compile everything on a few rows."""
    held = buildings(5)
    for method, rounds in (("exact", 1), ("hill-climbing", 5), ("annealing", 5), ("genetic", 5)):
        sharing.optimise(
            held.supply, held.demand, rounds=rounds, links=held.links, method=method, max_evaluations=50
        )


if __name__ == "__main__":
    main()
