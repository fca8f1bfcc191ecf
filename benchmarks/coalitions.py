"""Shapley values of surplus/deficit games: seconds and errors, beside shapiq where it is installed.

``python benchmarks/coalitions.py``; compile time excluded, one problem of each size, every error against the
exact law of sums, which is itself checked against enumeration at 20 members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt import coalitions
from evenwatt.coalitions import shapley
from evenwatt.coalitions.sums.quadrature import arrival_times

Array = npt.NDArray[np.float64]
BUDGET = 200_000  # evaluations of the worth


def main() -> None:
    """Print the tables."""
    rng = np.random.default_rng(1)
    peer = _peer()
    games = {
        n: coalitions.surplus_deficit_game(rng.integers(-span, span + 1, n))
        for n, span in ((20, 50), (100, 40), (1000, 20))
    }
    print("| members | method | seconds | largest error, of the largest value |\n|---|---|---|---|")
    for n, game in games.items():
        exact = shapley(game).values
        for method, options in _methods(n):
            seconds, held = _least(lambda g=game, m=method, o=options: shapley(_anew(g), m, **o))
            _row(n, f"{method} {_told(options)}".strip(), seconds, held.values, exact)
    print(
        f"\nSum of values less v(N), n = 1,000: {shapley(games[1000]).values.sum() - games[1000].total:.1e}"
    )
    cells = int(np.abs(games[1000].net).sum())
    print(f"Cells of the law at n = 1,000: {cells:,}")
    _quadrature(rng)
    _month(rng)
    if peer is None:
        print("\nskipped: shapiq is not installed, so the columns of the peer are missing")
        return
    _against(peer, games)


def _anew(game: Any) -> Any:
    """The same game without anything it remembers."""
    return coalitions.TwoPriceGame(game.net, game.buy, game.sell, base=game.base)


def _methods(n: int) -> list[tuple[Any, dict[str, Any]]]:
    listed: list[tuple[Any, dict[str, Any]]] = [("enumeration", {})] if n <= 20 else []
    sampled = [("sampling", {"orders": BUDGET // n // 2 * 2, "rng": 3})]
    return [("law-of-sums", {}), *listed, ("normal", {}), *sampled]


def _told(options: dict[str, Any]) -> str:
    return f"({options['orders']:,} orders)" if "orders" in options else ""


def _quadrature(rng: np.random.Generator) -> None:
    """The few times of arrival against all n/2, which are exact, for kinks from one end to the other."""
    from evenwatt.coalitions.sums._kernels import hinge_rows

    none = np.zeros(1, dtype=np.int64)
    for n in (150, 400, 1000, 2000):
        roots, weights = np.polynomial.legendre.leggauss(-(-n // 2))
        left = roots <= 1e-12
        half = weights[left] * np.where(np.abs(roots[left]) < 1e-12, 0.5, 1.0)
        worst = 0.0
        for z in (rng.integers(1, 10, n), rng.integers(-9, 10, n) + 2, np.ones(n, dtype=np.int64)):
            for part in (0.02, 0.3, 0.6, 0.9):
                kink, every, few = np.array([float(int(part * z.sum()))]), np.zeros((1, n)), np.zeros((1, n))
                times = np.minimum((roots[left] + 1) / 2, 0.5)
                hinge_rows(z[None], kink, none, times, half, every, np.zeros((1, n)))
                hinge_rows(z[None], kink, none, *arrival_times(n), few, np.zeros((1, n)))
                worst = max(worst, float(np.abs(few - every).max() / np.abs(every).max()))
        print(f"Largest error of fewer times than n/2, n = {n:,}, twelve games: {worst:.0e}")


def _month(rng: np.random.Generator) -> None:
    """A June of quarter-hours: night without sun, noon with too much."""
    steps, n = 2880, 153
    day = np.maximum(0.0, np.sin((np.arange(steps) % 96 - 22) / 52 * np.pi))
    roofs = np.where(np.arange(n) % 4 == 0, rng.gamma(4.0, 300.0, n), 0.0)
    net = np.rint(day[:, None] * roofs - rng.gamma(1.5, 70.0, (steps, n)))
    game = coalitions.savings_game(net, 250.0, 60.0)
    seconds, held = _least(lambda: shapley(_anew(game)), runs=2)
    drawn, sample = _least(lambda: shapley(game, "sampling", orders=2048), runs=1)
    print(
        f"\nA month: {steps:,} intervals x {n} members, at most {int(np.abs(net).sum(axis=1).max()):,} cells"
    )
    print(
        f"exact, {held.method}: {seconds:.2f} s; sum less v(N): {held.values.sum() / game.total - 1:.1e} of it"
    )
    width = (np.ptp(sample.interval, axis=1) / 2 / np.abs(held.values)).max()
    inside = ((sample.interval[:, 0] <= held.values) & (held.values <= sample.interval[:, 1])).mean()
    print(
        f"2,048 sampled orders: {drawn:.2f} s; intervals up to +-{width:.1%} of a value, {inside:.0%} of them hold it"
    )


def _peer() -> Any:
    try:
        import shapiq
    except ImportError:
        return None
    return shapiq


def _against(peer: Any, games: dict[int, Any]) -> None:
    print(
        f"\n| members | shapiq {version('shapiq')} | seconds | largest error | over ours |\n|---|---|---|---|---|"
    )
    ours = {n: _least(lambda g=g: shapley(_anew(g)))[0] for n, g in games.items()}
    start = perf_counter()
    computed = peer.ExactComputer(games[20].worth, n_players=20)("SV")
    seconds = perf_counter() - start
    exact = shapley(games[20]).values
    _row(20, "exact computer", seconds, _first_order(computed, 20), exact, f"{seconds / ours[20]:,.0f}x |")
    exact = shapley(games[100]).values
    for name, estimate in _estimators(peer, games[100]):
        start = perf_counter()
        found = _first_order(estimate(), 100)
        seconds = perf_counter() - start
        _row(100, f"{name}, {BUDGET:,} calls", seconds, found, exact, f"{seconds / ours[100]:,.0f}x |")


def _estimators(peer: Any, game: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    # SVARM is left out: at this budget it had not ended after five minutes.
    for name in ("PermutationSamplingSV", "KernelSHAP", "StratifiedSamplingSV", "OwenSamplingSV"):
        kind = getattr(peer.approximator, name)
        yield name, lambda kind=kind: kind(n=game.n, random_state=1).approximate(BUDGET, game.worth)


def _first_order(found: Any, n: int) -> Array:
    return np.array([found[(i,)] for i in range(n)])


def _row(n: int, what: str, seconds: float, found: Array, exact: Array, rest: str = "") -> None:
    error = np.abs(found - exact).max() / np.abs(exact).max()
    print(f"| {n:,} | {what} | {seconds:.4g} | {error:.1e} | {rest}", flush=True)


def _least(work: Callable[[], Any], runs: int = 5) -> tuple[float, Any]:
    held = work()
    best = np.inf
    for _ in range(runs):
        start = perf_counter()
        held = work()
        best = min(best, perf_counter() - start)
    return best, held


if __name__ == "__main__":
    main()
