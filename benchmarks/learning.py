"""What learning brings: regret on worlds nobody tuned on, hidden weights found again, intervals that cover.

``python benchmarks/learning.py [regret] [real] [time] [weights] [coverage]``; all parts without an argument, coverage
on 40 worlds (``coverage=200`` for more). ``EVENWATT_DATA`` names the folder of real data for the part ``real``.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt import bargaining, learning

Array = npt.NDArray[np.float64]
WORLDS = range(1001, 1011)  # seeds of no test and of no tuning
TEST = 700  # last hours of a world of 3,000, to be judged on
NOISE = 0.15


def main() -> None:
    """Run the parts asked for."""
    parts: dict[str, Callable[[int], None]] = {
        "regret": _regret, "real": _real, "time": _time, "weights": _weights, "coverage": _coverage,
    }  # fmt: skip
    asked = dict(word.partition("=")[::2] for word in sys.argv[1:]) or dict.fromkeys(parts, "")
    for name, size in asked.items():
        parts[name](int(size or 0))


def _regret(_: int) -> None:
    """Ten generated worlds of 3 x 6, mechanisms as drawn, then each of the other mechanisms."""
    print("\n### Regret on generated worlds, 3 x 6, 3,000 hours, the last 700 judged\n")
    found = []
    for seed in WORLDS:
        found.append(_evaluated(learning.world(seed).history, first=3000 - TEST))
    _across("plain, ten worlds", found)
    for variant in ("slack", "uniform-price", "disagreement", "break", "reacting"):
        held = [
            _evaluated(learning.world(seed, variant=variant).history, first=3000 - TEST)
            for seed in (2001, 2002, 2003)
        ]
        _across(f"{variant}, three worlds", held)


def _evaluated(history: Any, *, first: int | None = None) -> Any:
    rules = (*learning.mandatory(), *learning.learned())
    return learning.evaluate(history, rules, first=first, blocks=1, manipulation=False)


def _across(title: str, found: list[Any]) -> None:
    print(
        f"\n{title}\n\n| rule | regret | 95 % interval | of PRO on claims | better than PRO by |\n|---|---|---|---|---|"
    )
    for row in learning.across_worlds(found):
        low, high = row["low"], row["high"]
        of = "-" if row["of_pro"] is None else f"{row['of_pro']:.0%}"
        print(
            f"| {row['title']} | {row['regret']:.2%} | {_span(low, high)} | {of} | "
            f"{row['better_than_pro']:.2%} ({_span(row['better_low'], row['better_high'])}) |"
        )


def _span(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.2%} to {high:.2%}"


def _real(_: int) -> None:
    """Real meters of a full year; what agents stated before the fact exists nowhere and is generated."""
    place = Path(os.environ.get("EVENWATT_DATA", ""))
    if not (place / "citylearn2022").is_dir():
        print("\nreal data: skipped, EVENWATT_DATA names no folder of it")
        return
    import polars as pl

    from evenwatt.data import readers

    prices = pl.read_csv(place / "wholesale" / "epf_DE_2012_2017_hourly.csv.gz", try_parse_dates=True)
    grid = prices.filter(pl.col("date").dt.year() == 2016)["price_eur_mwh"].to_numpy()
    homes = readers.read(place / "citylearn2022")
    network = readers.read(place / "simbench" / "rural1_s2_2016_15min_kw.csv.gz")
    print("\n### Regret on real meters, a year of hours, the last three tenths judged")
    worlds: dict[str, tuple[Any, dict[str, Any]]] = {
        "CityLearn": (homes, {}),
        "rural1 with the grid at wholesale prices": (network, {"grid": grid}),
    }
    for name, (meters, further) in worlds.items():
        found = [
            _evaluated(learning.measured_world(meters, seed, **further).history) for seed in (11, 12, 13)
        ]
        for one, seed in zip(found, (11, 12, 13), strict=True):
            pairs = [
                r
                for r in one.paired
                if r["against"] in ("pro", "demand-pro") and r["rule"] == "weights-discount"
            ]
            told = "; ".join(
                f"against {r['against']} {r['difference']:+.2%} ({_span(r['low'], r['high'])}) {r['verdict']}"
                for r in pairs
            )
            print(f"\n{name}, statements and grouping of seed {seed}: weights and discount {told}")
        _across(f"{name}, three draws of statements", found)


def _time(_: int) -> None:
    """Every model on 3,000 intervals of 3 x 6."""
    print("\n### Training, 3 x 6, 3,000 intervals\n\n| model | seconds | processor seconds |\n|---|---|---|")
    history = learning.world(3001).history
    models = {
        "demand": learning.DemandModel(),
        "learned weights": learning.WeightPolicy(discount=False),
        "learned weights and discount": learning.WeightPolicy(),
        "demand, then learned": learning.WeightPolicy(demand=learning.DemandModel()),
        "surrogate": learning.Surrogate(),
    }
    warm = learning.world(3002, intervals=400)
    bargaining.smoothed(warm.history.bargain())
    total, spent = 0.0, 0.0
    past = learning.with_outcomes(learning.world(3001)).history
    for name, model in models.items():
        held = past if name == "surrogate" else history
        start, used = perf_counter(), process_time()
        model.fit(held)
        seconds, processor = perf_counter() - start, process_time() - used
        total, spent = total + seconds, spent + processor
        print(f"| {name} | {seconds:.1f} | {processor:.1f} |")
    print(f"| all | {total:.1f} | {spent:.1f} |")


def _weights(_: int) -> None:
    """Hidden weights from 3,000 noisy outcomes: distance of the identified ones, equal weights beside."""
    print(f"\n### Hidden weights from 3,000 outcomes at {NOISE:.0%} noise\n")
    print("| size | world | identified | L1 of identified | L1 of equal weights | processor seconds |")
    print("|---|---|---|---|---|---|")
    missed = []
    for suppliers, agents in ((3, 6), (4, 8), (2, 5)):
        for seed in range(41, 46) if agents == 6 else (41, 42):
            problem, gains, truth = _struck(seed, 3000, suppliers, agents)
            used = process_time()
            found = learning.infer_weights(problem, gains)
            used = process_time() - used
            known = (found.verdict == "identified") & found.reference
            share = truth[known] / truth[known].sum()
            mine = found.weights[known] / found.weights[known].sum()
            missed.append(float(np.abs(mine - share).sum()))
            equal = float(np.abs(1 / known.sum() - share).sum())
            print(
                f"| {suppliers} x {agents} | {seed} | {int(known.sum())} of {suppliers + agents} | {missed[-1]:.4f} | "
                f"{equal:.3f} | {used:.0f} |"
            )
    print(f"\nmedian {np.median(missed):.4f}, mean {np.mean(missed):.4f}, worst {max(missed):.4f}")


def _struck(seed: int, intervals: int, suppliers: int, agents: int) -> tuple[Any, Array, Array]:
    """Bargains of a world, the gains of its agents with noise, and the weights behind them."""
    drawn = learning.world(seed, suppliers=suppliers, agents=agents, intervals=intervals)
    problem, truth = drawn.history.bargain(), drawn.truth.weights
    gains = bargaining.solve(problem.changed(weights=truth)).gains[:, suppliers:]
    rng = np.random.default_rng([seed, 7])
    return problem, gains * np.exp(NOISE * rng.standard_normal(gains.shape)), truth


def _coverage(worlds: int) -> None:
    """How often 95 % intervals hold the truth, over worlds of 300 intervals."""
    count = worlds or 40
    print(f"\n### Coverage of 95 % intervals, {count} worlds of 300 intervals, 3 x 6, {NOISE:.0%} noise\n")
    edges = (0.0, 0.02, 0.05, 0.1, 0.5)
    inside, errors, open_inside = [], [], []
    for seed in range(5000, 5000 + count):
        problem, gains, truth = _struck(seed, 300, 3, 6)
        found = learning.infer_weights(problem, gains)
        among = found.reference
        shares = np.array([truth[k] / truth[among | (np.arange(9) == k)].sum() for k in range(9)])
        held = (found.low <= shares) & (shares <= found.high)
        known = found.verdict != "not identified"
        inside += held[known].tolist()
        errors += found.log_se[known].tolist()
        # Where nobody's ratios are known there is no yardstick to give a weight by.
        open_inside += held[~known].tolist() if among.any() else []
    got, se = np.array(inside), np.array(errors)
    print("| standard error of the log weight | intervals | covered |\n|---|---|---|")
    for low, high in itertools.pairwise(edges):
        band = (se >= low) & (se < high)
        if band.any():
            print(f"| {low:g} to {high:g} | {int(band.sum())} | {got[band].mean():.1%} |")
    print(f"| all that are told | {len(got)} | {got.mean():.1%} |")
    print(f"| not identified, open | {len(open_inside)} | {np.mean(open_inside):.1%} |")


if __name__ == "__main__":
    main()
