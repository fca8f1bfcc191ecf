"""The microgrid on real meters: run against its target, part by part.

``EVENWATT_DATA=... python benchmarks/microgrid.py`` uses CityLearn's 17 homes (a year of hours) and SimBench's
rural3 (118 members with 153 loads, 27 of them with PV, June 2016); a data set that is not there is skipped by
name. Compile time is excluded by a first, uncounted run on two days of the embedded sample.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from time import perf_counter

from evenwatt.data import sample
from evenwatt.studies import template
from evenwatt.studies.case import Case, silent
from evenwatt.studies.microgrid import loop, settlement
from evenwatt.studies.microgrid.period import Period
from evenwatt.studies.runs import open_store, plan_of
from evenwatt.studies.story import Work

TARGET = 60  # seconds for a month of 118 members, everything included
SETS = {
    "CityLearn, 17 homes, a year of hours": ("citylearn2022", {"year": 2021}),
    "SimBench rural3, 118 members, June 2016": ("simbench/rural3_s2_2016_jun_15min_kw.csv.gz", {}),
}


def main() -> None:
    """Print the table."""
    data = os.environ.get("EVENWATT_DATA")
    with tempfile.TemporaryDirectory() as place:
        _warm_up(Path(place))
        print("| data | what | seconds | result |\n|---|---|---|---|")
        for k, (name, (path, options)) in enumerate(SETS.items()):
            if not data or not (Path(data) / path).exists():
                print(f"{name}: skipped, EVENWATT_DATA names no folder that holds {path}")
                continue
            case = template.create(Path(place) / f"case{k}", Path(data) / path, study="microgrid", **options)
            _rows(name, case)


def _warm_up(place: Path) -> None:
    drawn = sample.community(seed=1, households=6, plants=3)
    sample.write(drawn, place / "village.csv")
    template.create(place / "village", place / "village.csv", study="microgrid").run()


def _rows(name: str, case: Case) -> None:
    start = perf_counter()
    run = case.run()
    total = perf_counter() - start
    m = run.report.measures
    print(f"| {name} | run, all money rules, files written | {total:.1f} (target {TARGET}) | "
          f"{m['gain_micro'] / 1e6:,.2f} {m['currency']} saved |")  # fmt: skip
    period = _period(case)
    held = settlement.books(period)
    for row in run.report.tables["money"]:
        start = perf_counter()
        answer = settlement.shares(period, held, row["rule"])
        middle = perf_counter()
        if isinstance(answer, str):
            print(f"| {name} | {row['rule']} | - | skipped: {answer} |")
            continue
        found = settlement.objection(period, held, answer)
        end = perf_counter()
        bound = found["core_bound_micro"]
        proved = "" if found["core_exact"] else f", at most {(bound or 0) / 1e6:,.2f}"
        print(f"| {name} | {row['rule']}; who would leave | {middle - start:.2f}; {end - middle:.2f} | "
              f"{answer.split.method}, exact {answer.split.exact}; objection "
              f"{found['core_excess_micro'] / 1e6:,.2f} {m['currency']}{proved} |")  # fmt: skip


def _period(case: Case) -> Period:
    """The days again, settled in memory."""
    plan = plan_of(case)
    store = open_store(case, plan)
    seconds = store.day(store.days[0]).seconds
    return loop.traded(Work(case, store, plan, None, silent), plan, seconds)


if __name__ == "__main__":
    main()
