"""A folder of exports reads like one file; where two exports differ, somebody must decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenwatt.core import DataError
from evenwatt.data import read, read_and_check

HEADER = "interval_start,meter,role,kwh\n"


def _export(folder: Path, name: str, meter: str, hours: range, kwh: float = 1) -> None:
    rows = [f"2026-06-01T{h:02d}:{m:02d}Z,{meter},load,{kwh}" for h in hours for m in (0, 15, 30, 45)]
    (folder / name).write_text(HEADER + "\n".join(rows))


def test_exports_are_joined_in_time_and_by_meter(tmp_path: Path) -> None:
    _export(tmp_path, "a1.csv", "a", range(12))
    _export(tmp_path, "a2.csv", "a", range(12, 24), 2)
    _export(tmp_path, "b.csv", "b", range(24), 3)
    meters, quality = read_and_check(tmp_path)
    assert meters.wh.sum(axis=0).tolist() == [48_000 + 96_000, 288_000]
    assert not meters.missing.any()
    assert quality.exit_code == 0


def test_equal_overlap_is_mentioned_and_a_different_one_refused(tmp_path: Path) -> None:
    _export(tmp_path, "1.csv", "a", range(12))
    _export(tmp_path, "2.csv", "a", range(11, 24))
    _, quality = read_and_check(tmp_path)
    assert [(f.check, f.severity, f.count) for f in quality.findings if f.check == "overlap"] == [
        ("overlap", "info", 4)
    ]
    _export(tmp_path, "2.csv", "a", range(11, 24), 2)
    with pytest.raises(DataError, match=r"2026-06-01 11:00 to .*different readings in 1\.csv and 2\.csv"):
        read(tmp_path)


@pytest.mark.parametrize(("policy", "value"), [("first", 1000), ("last", 2000)])
def test_named_repair_decides(tmp_path: Path, policy: str, value: int) -> None:
    _export(tmp_path, "1.csv", "a", range(12))
    _export(tmp_path, "2.csv", "a", range(11, 24), 2)
    assert read(tmp_path, repair={"duplicates": policy}).wh[44, 0] == value


def test_months_apart_are_a_gap(tmp_path: Path) -> None:
    _export(tmp_path, "1.csv", "a", range(2))
    _export(tmp_path, "2.csv", "a", range(5, 6))
    _, quality = read_and_check(tmp_path)
    [gap] = [f for f in quality.findings if f.check == "gap"]
    assert (str(gap.first), gap.count, gap.severity) == ("2026-06-01T02:00:00", 12, "error")


def test_every_bad_file_of_a_folder_is_named(tmp_path: Path) -> None:
    _export(tmp_path, "1.csv", "a", range(2))
    (tmp_path / "2.csv").write_text("nothing,known\n1,2\n")
    (tmp_path / "3.csv").write_text("")
    with pytest.raises(DataError, match=r"2 faults(?s:.*)2\.csv(?s:.*)3\.csv"):
        read(tmp_path)
