"""Wide files name a register in each column's header."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from evenwatt.core import DataError, Meters
from evenwatt.data import read

File = Callable[..., Path]


def _frame(meters: Meters) -> pl.DataFrame:
    kwh = {r.id: meters.wh[:, k] / 1000 for k, r in enumerate(meters.registers)}
    return pl.DataFrame({"interval_start": meters.start.astype("datetime64[ms]"), **kwh}).with_columns(
        pl.col("interval_start").dt.replace_time_zone("UTC")
    )


def test_wide_csv_and_parquet_come_back(make: Callable[..., Meters], tmp_path: Path) -> None:
    meters = make()
    _frame(meters).write_csv(tmp_path / "wide.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
    _frame(meters).write_parquet(tmp_path / "wide.parquet")
    for name in ("wide.csv", "wide.parquet"):
        back = read(tmp_path / name, zone=meters.zone)
        assert (back.wh == meters.wh).all()
        assert back.registers == meters.registers


def test_prefixed_columns(file: File) -> None:
    meters = read(file("interval_start,load_7,pv_7\n2026-06-01 00:00,1,0\n2026-06-01 00:15,2,3\n"))
    assert [(r.meter, r.direction) for r in meters.registers] == [("7", "consumption"), ("7", "generation")]


def test_two_columns_of_one_register_are_named(file: File) -> None:
    text = "interval_start,load_1,1:consumption\n2026-06-01T00:00Z,1,1\n2026-06-01T00:15Z,1,1\n"
    with pytest.raises(DataError, match="two columns tell of register '1:consumption'"):
        read(file(text))


def test_column_without_a_role_is_named(file: File) -> None:
    text = (
        "interval_start,a:consumption,b:consumption,total\n2026-06-01 00:00,1,0,1\n2026-06-01 00:15,2,3,5\n"
    )
    with pytest.raises(DataError, match="column 'total' names no register"):
        read(file(text))


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_mean_power_is_energy_over_the_interval_the_file_has(minutes: int, tmp_path: Path) -> None:
    start = datetime(2016, 6, 1)
    rows = [f"{start + timedelta(minutes=minutes * k)},2.0,1.0" for k in range(24 * 60 // minutes)]
    path = tmp_path / "network.csv"
    path.write_text("\n".join(["time_local,load0_bus1,pv0_bus1", *rows]) + "\n")
    meters = read(path)
    assert meters.seconds == minutes * 60
    assert meters.wh.sum(axis=0).tolist() == [48_000, 24_000]  # a day of 2 kW and of 1 kW
