"""Claims rules against a copy of the claims: loops alone, public calls, and R's ClaimsProblems beside them.

Run ``python benchmarks/claims.py``; ``--quick`` uses small shapes to see that everything runs. One thread,
the least of nine runs, float64, claims gamma(1) * 10 + 0.1, endowments U(.02, .98) of the claims.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from evenwatt import claims
from evenwatt.claims import _centroid_kernels, _kernels, _sorted_kernels
from evenwatt.engine import _kernels as water

MONTH, MANY = (2_976, 1_000), (1_000_000, 10)
FULL_RUNS = 9

level = _kernels.level_awards
LOOPS: dict[str, Callable] = {
    "pro": _kernels.share_rows,
    "apro": _kernels.adjusted_rows,
    "cea": partial(level, form=_kernels.TAL, theta=1.0),
    "cel": partial(level, form=_kernels.TAL, theta=0.0),
    "av": partial(level, form=_kernels.AVERAGE, theta=1.0),
    "talmud": partial(level, form=_kernels.TAL, theta=0.5),
    "rtalmud": partial(level, form=_kernels.REVERSE_TALMUD, theta=0.5),
    "piniles": partial(level, form=_kernels.PINILES, theta=0.5),
    "ce": _kernels.egalitarian_rows,
    "mo": _sorted_kernels.overlap_rows,
    "dt": _sorted_kernels.recursive_rows,
}
# Copies of the claims a loop may take, at month x 1000 and at a million x 10.
TARGETS = {
    "pro": (2.0, 4.0),
    "apro": (3.0, 4.0),
    "cea": (3.5, 7.0),
    "cel": (3.5, 7.0),
    "av": (6.0, 12.0),
    "talmud": (3.5, 7.0),
    "rtalmud": (3.5, 7.0),
    "piniles": (3.5, 7.0),
    "ce": (15.0, None),
    "nash": (15.0, None),
    "mo": (100.0, None),
    "dt": (150.0, None),
}
PEER = {
    "pro": "PRO",
    "apro": "APRO",
    "cea": "CEA",
    "cel": "CEL",
    "av": "AV",
    "talmud": "Talmud",
    "rtalmud": "RTalmud",
    "piniles": "PIN",
    "ce": "CE",
    "mo": "MO",
    "dt": "DT",
}


def least(call: Callable[[], object], runs: int) -> float:
    """Seconds of the fastest of ``runs`` calls, after one that compiles and touches the memory."""
    call()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def problems(rows: int, members: int) -> tuple[np.ndarray, np.ndarray]:
    """Endowments (rows,) and claims (rows, members), from a fixed seed [Wh]."""
    rng = np.random.default_rng(2026)
    asked = rng.gamma(1.0, size=(rows, members)) * 10 + 0.1
    return rng.uniform(0.02, 0.98, rows) * asked.sum(axis=1), asked


def table(shape: tuple[int, int], column: int, runs: int, peers: dict[str, float]) -> float:
    """Print one shape's table; return the seconds of the eleven rules' public calls together."""
    endowment, asked = problems(*shape)
    awards = np.empty_like(asked)
    copy = least(partial(np.copyto, awards, asked), runs)
    print(f"\n### {shape[0]:,} problems x {shape[1]:,} members")
    print(f"copy {copy / asked.size * 1e9:.2f} ns per claim\n")
    print("| rule | loop ns/claim | loop copies | target | | public ns/claim | public copies | R ns/claim |")
    print("|---|---|---|---|---|---|---|---|")
    together = 0.0
    for name, loop in LOOPS.items():
        alone = least(partial(loop, endowment, asked, awards), runs)
        public = least(partial(claims.rule(name), endowment, asked), runs)
        together += public
        row(name, alone, public, copy, asked.size, TARGETS[name][column], peers.get(name))
    if column == 0:
        row("nash", least(nash_loop(endowment, asked, awards), runs), None, copy, asked.size, 15.0, None)
    return together


def nash_loop(endowment: np.ndarray, asked: np.ndarray, awards: np.ndarray) -> Callable[[], object]:
    """Weighted Nash bargaining between a disagreement point and the claims, by water-filling."""
    rng = np.random.default_rng(7)
    point = asked * 0.02 * rng.random(asked.shape)
    weights = rng.uniform(0.5, 2.0, asked.shape)
    level = np.empty(len(asked))
    return partial(water.fill_rows, endowment, point, weights, point, asked, awards, level)


def row(
    name: str,
    alone: float,
    public: float | None,
    copy: float,
    size: int,
    target: float | None,
    peer: float | None,
) -> None:
    """Print one line of the table."""
    ratio = alone / copy
    verdict = "" if target is None else "pass" if ratio <= target else "MISS"
    cells = [
        name,
        f"{alone / size * 1e9:.2f}",
        f"{ratio:.2f}",
        "-" if target is None else f"{target:g}",
        verdict,
        "-" if public is None else f"{public / size * 1e9:.2f}",
        "-" if public is None else f"{public / copy:.2f}",
        "-" if peer is None else f"{peer:,.0f}",
    ]
    print(f"| {' | '.join(cells)} |")


def costly(quick: bool) -> None:
    """Print the rules that average over orders or over all awards."""
    rng = np.random.default_rng(3)
    print("\n### Random arrival and average of awards\n")
    print("| problem | seconds |")
    print("|---|---|")
    rows = 200 if quick else 8_640
    whole = np.maximum(1, rng.gamma(1.0, 125.0, size=(rows, 40))).astype(np.int64).astype(float)
    held = np.floor(rng.uniform(0.02, 0.98, rows) * whole.sum(axis=1))
    seconds = least(partial(claims.random_arrival, held, whole), 1)
    print(f"| ra, {rows:,} x 40 whole claims, {whole.sum(axis=1).mean():,.0f} Wh a problem | {seconds:.2f} |")
    real = rng.gamma(1.0, size=(1, 20))
    print(
        f"| ra, 1 x 20 real claims | {least(partial(claims.random_arrival, real.sum(axis=1) / 2, real), 3):.4f} |"
    )
    for rows, members in ((200, 40), (1, 1_000)) if quick else ((3_000, 9), (3_000, 40), (1, 1_000)):
        endowment, asked = problems(rows, members)
        awards = np.empty_like(asked)
        seconds = least(partial(_centroid_kernels.average_rows, endowment, asked, awards), 1)
        print(f"| aa, {rows:,} x {members:,} | {seconds:.4f} |")


def peer_times(members: int, problems: int) -> dict[str, float]:
    """Nanoseconds per claim of R's ClaimsProblems; empty, with a line that says why, where it is absent."""
    if shutil.which("Rscript") is None:
        print("R ClaimsProblems: skipped, Rscript not found")
        return {}
    rules = ", ".join(f'{name}="{function}"' for name, function in PEER.items())
    script = (
        'if (!requireNamespace("ClaimsProblems", quietly=TRUE)) quit(status=3);'
        f"set.seed(1); n <- {members}; m <- {problems};"
        "d <- matrix(rgamma(n*m, 1)*10 + .1, m); E <- runif(m, .02, .98)*rowSums(d);"
        f"for (k in names(rules <- c({rules}))) {{"
        'f <- getExportedValue("ClaimsProblems", rules[[k]]);'
        "s <- system.time(for (i in 1:m) f(E[i], d[i,]))[[3]];"
        'cat(k, s/(n*m)*1e9, "\\n") }'
    )
    ran = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    if ran.returncode:
        print("R ClaimsProblems: skipped, package not installed")
        return {}
    lines = (line.split() for line in ran.stdout.splitlines())
    return {parts[0]: float(parts[1]) for parts in lines if len(parts) == 2}


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small shapes, to see that everything runs")
    quick = parser.parse_args().quick
    month, many, runs = ((50, 1_000), (2_000, 10), 2) if quick else (MONTH, MANY, FULL_RUNS)
    peers = peer_times(month[1], 1 if quick else 5)
    together = table(month, 0, runs, peers)
    print(f"\neleven rules over {month[0]:,} x {month[1]:,}: {together:.3f} s (target 0.5 s)")
    table(many, 1, runs, peer_times(many[1], 20 if quick else 500) if peers else {})
    costly(quick)


if __name__ == "__main__":
    main()
