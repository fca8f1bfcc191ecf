"""Readings per second: meter files in, the store out and in, beside a bare polars read of the same file.

Run: ``python benchmarks/data.py [--meters 1000] [--days 92]``; published files are read where
EVENWATT_DATA names their folder.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from evenwatt.core.meters import Meters, Register, instants
from evenwatt.data import Store, check, community, read

RUNS = 3


def best(work: Callable[[], Any]) -> float:
    """Shortest of a few runs [s]."""
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def village(meters: int, days: int) -> Meters:
    """Random whole Wh of many meters."""
    start = np.concatenate(
        [instants(date(2026, 1, 1) + timedelta(days=k), "Europe/Prague", 900) for k in range(days)]
    )
    wh = np.random.default_rng(1).gamma(1.5, 80.0, (len(start), meters)).astype(np.int64)
    registers = tuple(Register(f"m{k}:consumption", f"m{k}", "consumption") for k in range(meters))
    return Meters(start, wh, np.zeros(wh.shape, np.uint8), registers, 900, "Europe/Prague")


def write_wide(meters: Meters, folder: Path) -> tuple[Path, Path]:
    """The same readings as wide CSV and wide Parquet [kWh]."""
    columns = {r.id: meters.wh[:, k] / 1000 for k, r in enumerate(meters.registers)}
    frame = pl.DataFrame({"interval_start": np.datetime_as_string(meters.start, timezone="UTC"), **columns})
    frame.write_csv(folder / "wide.csv")
    frame.write_parquet(folder / "wide.parquet")
    return folder / "wide.csv", folder / "wide.parquet"


def write_long(meters: Meters, path: Path) -> None:
    """The same readings as tidy CSV."""
    steps = len(meters.start)
    pl.DataFrame(
        {
            "interval_start": np.tile(
                np.datetime_as_string(meters.start, timezone="UTC"), len(meters.registers)
            ),
            "meter": np.repeat([r.meter for r in meters.registers], steps),
            "role": "consumption",
            "kwh": meters.wh.T.ravel() / 1000,
        }
    ).write_csv(path)


def row(name: str, readings: int, seconds: float, bare: float | None) -> None:
    """Print one line of the table."""
    ratio = f"{seconds / bare:6.1f}" if bare else "     -"
    print(f"{name:34} {readings / 1e6:8.2f} {seconds:8.3f} {readings / seconds / 1e6:10.1f} {ratio}")


def measure_files(meters: Meters, folder: Path) -> None:
    """Wide and tidy files, each beside polars alone."""
    csv, parquet = write_wide(meters, folder)
    write_long(meters, folder / "tidy.csv")
    for path, plain in (
        (csv, pl.read_csv),
        (parquet, pl.read_parquet),
        (folder / "tidy.csv", pl.read_csv),
    ):
        seconds = best(lambda path=path: read(path, zone="Europe/Prague"))
        row(f"read {path.name}", meters.wh.size, seconds, best(lambda path=path, plain=plain: plain(path)))


def measure_store(meters: Meters, folder: Path) -> None:
    """Write every day, read every day, read one day; the peer reads the partitions and nothing else."""
    store, begun = Store(folder / "store"), time.perf_counter()
    store.write(meters, "benchmark")
    row("store write", meters.wh.size, time.perf_counter() - begun, None)
    parts = str(folder / "store" / "day=*" / "part.parquet")
    row("store read", meters.wh.size, best(store.meters), best(lambda: pl.read_parquet(parts)))
    day = store.days[len(store.days) // 2]
    one = folder / "store" / f"day={day}" / "part.parquet"
    size = 96 * len(meters.registers)
    row("store read one day", size, best(lambda: store.day(day)), best(lambda: pl.read_parquet(one)))
    total = sum(p.stat().st_size for p in (folder / "store").rglob("*.parquet"))
    print(f"{'store bytes per reading':34} {total / meters.wh.size:8.2f}")


def measure_published(folder: Path) -> None:
    """The published files."""
    for name in ("rural1_s2_2016_15min_kw.csv.gz", "rural3_s2_2016_jun_15min_kw.csv.gz"):
        path = folder / "simbench" / name
        size = read(path).wh.size
        row(
            f"read {name[:24]}",
            size,
            best(lambda path=path: read(path)),
            best(lambda path=path: pl.read_csv(path)),
        )
    home = folder / "citylearn2022"
    files = sorted(home.glob("Building_*.csv"))
    bare = best(lambda: [pl.read_csv(file) for file in files])
    row("read citylearn2022", read(home).wh.size, best(lambda: read(home)), bare)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--meters", type=int, default=200)
    options.add_argument("--days", type=int, default=92)
    chosen = options.parse_args()
    meters = village(chosen.meters, chosen.days)
    print(f"{'':34} {'million':>8} {'s':>8} {'million/s':>10} {'x polars':>6}")
    with tempfile.TemporaryDirectory() as folder:
        measure_files(meters, Path(folder))
        measure_store(meters, Path(folder))
    row("check", meters.wh.size, best(lambda: check(meters)), None)
    row("sample community, one month", 49 * 2880, best(community), None)
    data = os.environ.get("EVENWATT_DATA", "")
    if data and Path(data).is_dir():
        measure_published(Path(data))
    else:
        print("published files: skipped, EVENWATT_DATA names no folder")


if __name__ == "__main__":
    main()
