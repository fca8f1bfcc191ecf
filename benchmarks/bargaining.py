"""Bargaining over one resource, in batch: seconds, certificate, and a general solver on the same problems.

``python benchmarks/bargaining.py``; compile time excluded.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from evenwatt import bargaining, claims

Array = npt.NDArray[np.float64]
PROBLEMS, MEMBERS, SAMPLE = 2_880, 40, 20
RULES = "pro apro cea cel av talmud rtalmud piniles ce mo dt".split()


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(1)
    asked = rng.gamma(1.0, 10.0, (PROBLEMS, MEMBERS)) + 0.1
    held = rng.uniform(0.02, 0.98, PROBLEMS) * asked.sum(axis=1)
    rights = np.maximum(0.0, held[:, None] - (asked.sum(axis=1)[:, None] - asked))
    awards = np.stack([claims.rule(name)(held, asked) for name in RULES])
    print(f"{PROBLEMS:,} problems, {MEMBERS} members; mixture of {len(RULES)} rules from minimal rights\n")
    print("| what | seconds |\n|---|---|")
    print(f"| nash, upper bounds | {_least(lambda: bargaining.nash(held, rights, upper=asked)):.3f} |")
    print(f"| bankruptcy_nash | {_least(lambda: bargaining.bankruptcy_nash(held, asked)):.3f} |")
    mixed = bargaining.nash_mixture(held, asked, awards, disagreement="minimal-rights")
    seconds = _least(
        lambda: bargaining.nash_mixture(held, asked, awards, disagreement="minimal-rights"), runs=3
    )
    print(f"| nash_mixture | {seconds:.3f} |")
    slsqp, worse = _general(awards[:, :SAMPLE], rights[:SAMPLE], mixed.awards[:SAMPLE])
    print(f"| the same by SLSQP, from {SAMPLE} of them | {slsqp / SAMPLE * PROBLEMS:.1f} |")
    print(f"\nMixture over SLSQP: {slsqp / SAMPLE * PROBLEMS / seconds:.0f}x")
    print(f"Worst excess over the optimality condition: {_excess(awards, rights, mixed.awards):.1e}")
    print(f"Objective of SLSQP above ours, at most: {worse:.1e}")


def _least(work: Callable[[], object], runs: int = 5) -> float:
    work()
    best = np.inf
    for _ in range(runs):
        start = perf_counter()
        work()
        best = min(best, perf_counter() - start)
    return best


def _excess(awards: Array, point: Array, blend: Array) -> float:
    """By how much some rule would still raise the sum of logs: max_r mean_j (gain_rj / gain_j) - 1."""
    gains, reached = awards - point, blend - point
    heard = (np.abs(gains) > 1e-12 * awards.max()).any(axis=0)
    ratio = np.divide(gains, reached, out=np.zeros_like(gains), where=heard & (reached > 0))
    return float((ratio.sum(axis=-1) / heard.sum(axis=-1)).max() - 1)


def _general(awards: Array, point: Array, blend: Array) -> tuple[float, float]:
    """Seconds of a general solver, and by how much its objective beats ours (mean log gain)."""
    seconds, above = 0.0, -np.inf
    for k in range(awards.shape[1]):
        gains = awards[:, k] - point[k]

        def loss(share: Array, gains: Array = gains) -> float:
            return -float(np.log(np.maximum(share @ gains, 1e-300)).mean())

        start = perf_counter()
        found = minimize(
            loss,
            np.full(len(RULES), 1 / len(RULES)),
            bounds=[(0, 1)] * len(RULES),
            constraints={"type": "eq", "fun": lambda share: share.sum() - 1},
            method="SLSQP",
            options={"ftol": 1e-12, "maxiter": 500},
        )
        seconds += perf_counter() - start
        above = max(above, -found.fun - float(np.log(blend[k] - point[k]).mean()))
    return seconds, above


if __name__ == "__main__":
    main()
