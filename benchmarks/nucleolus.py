"""Nucleolus and least core: seconds, proof, and what listing every coalition costs a general solver.

``python benchmarks/nucleolus.py``; compile time excluded.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from evenwatt import claims
from evenwatt.coalitions import masks
from evenwatt.coalitions.classic import pessimistic_claims_game
from evenwatt.coalitions.core_set import core_excess
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.least_core import least_core, variance_least_core
from evenwatt.coalitions.microgrid import microgrid_game, surplus_deficit_game
from evenwatt.coalitions.nucleolus import nucleolus, nucleolus_outcome

Array = npt.NDArray[np.float64]


def main() -> None:
    """Print the tables."""
    print("Every coalition listed; random worths that grow with size\n")
    print("| members | nucleolus [s] | levels | least core [s] | linprog, all rows [s] | ratio |")
    print("|---|---|---|---|---|---|")
    for n in (8, 12, 14, 17):
        _listed(n)
    print("\nSurplus meets deficit in one interval, whole numbers from -z to z that sum to `balance`\n")
    print("| members | z | balance | epsilon | proved bound - epsilon | questions | least core [s] |")
    print("|---|---|---|---|---|---|---|")
    for n, most in ((50, 300), (100, 300), (100, 1000)):
        for balance in (0.0, 1.0, None):
            _on_a_grid(n, most, balance)
    _talmud(60)
    print("\nA month of quarter-hours before a grid with two prices (0.30, 0.08 per kWh)\n")
    print("| members | intervals | what | excess | bound | questions | seconds |")
    print("|---|---|---|---|---|---|---|")
    _month(27, 2_880)
    _month(153, 2_976)


def _listed(n: int) -> None:
    game = _growing(n)
    outcome = nucleolus_outcome(game)
    seconds = _least(lambda: nucleolus(game))
    core = _least(lambda: least_core(game))
    general = _least(lambda: _linprog(game), runs=1) if n <= 14 else np.nan
    print(
        f"| {n} | {seconds:.4f} | {outcome.rounds} | {core:.4f} | "
        + (f"{general:.3f} | {general / core:.0f}x |" if n <= 14 else "- | - |")
    )
    if n <= 14:
        assert abs(least_core(game).epsilon - _linprog(game)) < 1e-6
    assert np.isfinite(variance_least_core(game)).all()


def _growing(n: int) -> Game:
    rng = np.random.default_rng(n)
    sizes = masks.sizes(n)[masks.by_size(n)]
    worths = rng.random(2**n - 1) * 10 + sizes**1.5
    worths[:n], worths[-1] = 0.0, worths.max() * 1.2
    return Game.from_table(n, worths)


def _linprog(game: Game) -> float:
    """The least core by one programme of all rows."""
    n = game.n
    rows = masks.rows(np.arange(1, 2**n - 1), n).astype(float)
    found = linprog(
        np.append(np.zeros(n), 1.0),
        A_ub=-np.column_stack([rows, np.ones(len(rows))]),
        b_ub=-game.table()[1:-1],
        A_eq=[[*np.ones(n), 0.0]],
        b_eq=[game.total],
        bounds=[(None, None)] * (n + 1),
    )
    return float(found.fun)


def _on_a_grid(n: int, most: int, balance: float | None) -> None:
    z = np.random.default_rng(n + most).integers(-most, most + 1, n).astype(float)
    if balance is not None:
        z[0] += balance - z.sum()
    game = surplus_deficit_game(z)
    found = least_core(game)
    seconds = _least(lambda: least_core(game), runs=1)
    print(
        f"| {n} | {most} | {z.sum():.0f} | {found.epsilon:.4g} | {found.bound - found.epsilon:.1e} | "
        f"{found.questions} | {seconds:.2f} |"
    )


def _talmud(n: int) -> None:
    asked = np.random.default_rng(3).integers(1, 40, n).astype(float)
    held = np.floor(0.3 * asked.sum())
    game = pessimistic_claims_game(held, asked)
    start = perf_counter()
    found = nucleolus_outcome(game)
    seconds = perf_counter() - start
    off = np.abs(found.values - claims.talmud(held, asked)).max()
    print(
        f"\nNucleolus of a claims game, {n} members, by its grid: {seconds:.2f} s, {found.rounds} levels, "
        f"{found.questions} questions, exact {found.exact}; off the Talmud rule by {off:.1e}"
    )


def _month(n: int, steps: int) -> None:
    game = microgrid_game(_community(n, steps), 0.30, 0.08)
    start = perf_counter()
    core = least_core(game)
    _row(n, steps, "least core", core.epsilon, core.bound, core.questions, start)
    start = perf_counter()
    found = nucleolus_outcome(game)
    _row(n, steps, "nucleolus", found.epsilon, found.bound, found.questions, start)
    start = perf_counter()
    excess = core_excess(game, found.values)
    _row(n, steps, "core excess of it", excess.excess, excess.bound, 1, start)


def _row(n: int, steps: int, what: str, excess: float, bound: float, questions: int, start: float) -> None:
    seconds = perf_counter() - start
    print(
        f"| {n} | {steps} | {what} | {excess:.4f} | {bound:.4f} | {questions} | {seconds:.1f} |", flush=True
    )


def _community(n: int, steps: int) -> Array:
    """Net positions of homes, half of them with roofs [kWh]."""
    rng = np.random.default_rng(0)
    day = np.maximum(0, np.sin((np.arange(steps) % 96 - 24) / 48 * np.pi))[:, None]
    roofs = rng.uniform(0, 4, n) * (rng.random(n) < 0.5)
    return np.asarray(day * roofs * rng.uniform(0.3, 1, (steps, 1)) - rng.gamma(1.5, 0.4, (steps, n)))


def _least(work: Callable[[], object], runs: int = 3) -> float:
    work()
    best = np.inf
    for _ in range(runs):
        start = perf_counter()
        work()
        best = min(best, perf_counter() - start)
    return best


if __name__ == "__main__":
    main()
