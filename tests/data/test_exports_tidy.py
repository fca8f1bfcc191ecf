"""Tidy files of a community: one meter, interval and role a row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evenwatt.core import DataError
from evenwatt.data import exports

File = Callable[..., Path]

HEAD = "interval_start_utc,meter_id,role,measured_wh,after_wh"
ROWS = (
    "2025-02-01T00:15:00Z,sun,producer,500,0",
    "2025-02-01T00:00:00Z,sun,producer,1000,400",
    "2025-02-01T00:00:00Z,home,consumer,700,100",
    "2025-02-01T00:15:00Z,home,consumer,600,100",
)


def plain(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows, ""])


def test_rows_may_stand_in_any_order(file: File) -> None:
    said = exports.read(file(plain(*ROWS)))
    assert said.format == "tidy"
    assert said.supply.tolist() == [[1000], [500]]
    assert said.shared.tolist() == [[600], [500]]
    assert said.seconds == 900
    assert exports.read(file(plain(*reversed(ROWS)), "other.csv")) == said


def test_what_is_left_need_not_be_known(file: File) -> None:
    rows = [row.rsplit(",", 1)[0] for row in ROWS]
    said = exports.read(file(plain(*rows, head=HEAD.rsplit(",", 1)[0])))
    assert said.unused is None
    assert said.shared is None


def test_absent_cells_are_missing_and_counted(file: File) -> None:
    said = exports.read(file(plain(ROWS[0], ROWS[1], "2025-02-01T00:00:00Z,home,consumer,700,")))
    assert said.demand.tolist() == [[700], [exports.MISSING]]
    assert said.unmet.tolist() == [[exports.MISSING]] * 2
    assert any("unmet: 2 values are missing" in note for note in said.notes)


def test_a_contradiction_is_listed(file: File) -> None:
    said = exports.read(file(plain(*ROWS[:3], ROWS[3].replace(",100", ",80"))))
    assert said.unbalanced == (1,)
    assert "consumers got 520 Wh, producers gave 500 Wh" in said.doubts[0]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_what_is_written_comes_back(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(3)
    start = np.datetime64("2025-10-25T22:00:00", "s") + np.arange(100) * np.timedelta64(900, "s")
    demand, supply = rng.integers(0, 900, (100, 3)), rng.integers(0, 900, (100, 2))
    unmet, unused = demand // 2, supply.copy()
    unmet[4, 1] = exports.MISSING
    unbalanced = tuple(k for k in range(100) if k != 4 and (demand - unmet)[k].sum() > 10)
    said = exports.Export(
        "x",
        "tidy",
        start,
        900,
        "Europe/Prague",
        ("p", "q"),
        ("a", "b", "p"),
        supply=supply,
        unused=unused,
        demand=demand,
        unmet=unmet,
        unbalanced=unbalanced,
    )
    made = exports.write(said, tmp_path / name)
    assert exports.read(made.paths[0], zone="Europe/Prague") == said


def test_a_parquet_of_whole_numbers_is_read(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "interval_start_utc": ["2025-02-01T00:00:00Z"],
            "meter_id": ["a"],
            "role": ["consumer"],
            "measured_wh": [5],
        }
    )
    frame.write_parquet(tmp_path / "a.parquet")
    assert exports.read(tmp_path / "a.parquet").demand.tolist() == [[5]]


BAD = {
    "a fraction": (ROWS[0].replace("500", "500.5"), "line 2, column 'measured_wh': 500.5 is no whole number"),
    "below zero": (ROWS[0].replace("500", "-5"), "-5 is no whole number of Wh"),
    "letters": (ROWS[0].replace("500", "many"), "'many' is not a number"),
    "a role of its own": (ROWS[0].replace("producer", "owner"), "line 2, column 'role': 'owner'"),
    "no meter": (ROWS[0].replace("sun", ""), "line 2, column 'meter_id': is empty"),
    "no time": (ROWS[0].replace("2025-02-01T00:15:00Z", "noon"), "'noon' is not a time stamp"),
    "more after than before": (ROWS[0].replace(",500,0", ",500,501"), "501 Wh after sharing, above 500"),
    "after only": (ROWS[0].replace(",500,0", ",,0"), "0 Wh after sharing, but none measured"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_row_is_named_and_shown(file: File, name: str) -> None:
    row, expected = BAD[name]
    with pytest.raises(DataError, match=expected) as refused:
        exports.read(file(plain(row, *ROWS[1:])))
    assert f"first wrong row, line 2: {row}" in str(refused.value)


def test_a_reading_told_twice_is_named(file: File) -> None:
    with pytest.raises(DataError, match="line 6: meter 'sun' tells 2025-02-01T00:15:00 a second time"):
        exports.read(file(plain(*ROWS, ROWS[0])))


def test_a_header_alone_is_refused(file: File) -> None:
    with pytest.raises(DataError, match="no rows"):
        exports.read(file(HEAD + "\n"))
