"""The cascade on a real month: run and compare against their targets, and one rule against a plain loop.

``EVENWATT_DATA=... python benchmarks/cascade.py`` uses SimBench's rural3 (153 loads on 118 members, 27 with PV,
June 2016); without the data set, the embedded sample. Compile time is excluded by a first, uncounted run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from evenwatt.studies import cascade, demo, runs, template
from evenwatt.studies.case import Case
from evenwatt.studies.division import division

SIMBENCH = "simbench/rural3_s2_2016_jun_15min_kw.csv.gz"


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as place:
        case, name = _case(Path(place) / "june")
        case.run(rule="pro")  # compiles
        print(f"Case: {name}\n")
        print("| what | seconds | target |\n|---|---|---|")
        print(f"| run: the case's rule and every polynomial one, files written | {_run(case):.2f} | 20 |")
        print(f"| compare: every rule, the two costly ones too | {_timed(runs.compare, case):.2f} | 120 |")
        m = runs.compare(case).measures
        ours, loop = _talmud(case)
        print(f"| Talmud awards of the month, batched | {ours:.4f} | |")
        print(f"| the same by a plain Python loop over intervals | {loop:.2f} | |")
        print(f"\nBatched over plain loop: {loop / ours:.0f}x")
        print(
            f"Rounding, worst member under any rule: {m['rounding_wh']:.2f} Wh at the period's end, "
            f"{m['rounding_peak_wh']:.2f} Wh at the end of a day"
        )


def _case(folder: Path) -> tuple[Case, str]:
    data = os.environ.get("EVENWATT_DATA")
    if data and (Path(data) / SIMBENCH).is_file():
        return template.create(folder, Path(data) / SIMBENCH), "SimBench rural3, June 2016"
    print("SimBench: skipped, EVENWATT_DATA names no folder that holds it")
    return demo.make(folder), "embedded sample"


def _run(case: Case) -> float:
    best = np.inf
    for _ in range(3):
        shutil.rmtree(case.folder / "runs")
        shutil.rmtree(case.folder / "store")
        best = min(best, _timed(Case(case.folder, case.config).run, "talmud"))
    return best


def _timed(work: object, *arguments: object) -> float:
    start = perf_counter()
    work(*arguments)  # type: ignore[operator]
    return perf_counter() - start


def _talmud(case: Case) -> tuple[float, float]:
    """One agent's month by the batched rule, and by a loop as one would write it first; both must agree."""
    store = case.store()
    days = [store.day(day) for day in store.days]
    problems = [cascade.day_problem(meters, meters.days[0], case.community) for meters in days]
    group = problems[0].groups[0]
    claims = np.concatenate([p.claims[:, group] for p in problems]).astype(float)
    asked = np.concatenate([p.claims.sum(axis=1) for p in problems])
    pool = np.concatenate([p.supply.sum(axis=1) for p in problems])
    endowment = np.minimum(claims.sum(axis=1) * pool / np.maximum(asked, 1), claims.sum(axis=1))
    rule = division("talmud").function
    rule(endowment, claims)  # compiles for this shape
    start = perf_counter()
    batched = rule(endowment, claims)
    middle = perf_counter()
    looped = [_plain_talmud(e, d) for e, d in zip(endowment.tolist(), claims.tolist(), strict=True)]
    end = perf_counter()
    assert np.allclose(batched, looped, atol=1e-6 * claims.sum(axis=1).max())
    return middle - start, end - middle


def _plain_talmud(endowment: float, claims: list[float]) -> list[float]:
    halves = [d / 2 for d in claims]
    if endowment <= sum(halves):
        return _plain_awards(endowment, halves)
    return [d - x for d, x in zip(claims, _plain_awards(sum(claims) - endowment, halves), strict=True)]


def _plain_awards(endowment: float, caps: list[float]) -> list[float]:
    """Equal awards by filling the smallest claims first."""
    left, awards = endowment, [0.0] * len(caps)
    for rank, i in enumerate(sorted(range(len(caps)), key=caps.__getitem__)):
        awards[i] = min(caps[i], left / (len(caps) - rank))
        left -= awards[i]
    return awards


if __name__ == "__main__":
    main()
