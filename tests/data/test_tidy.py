"""Tidy files come in as they are, in every dress that spreadsheets give them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evenwatt.core import Status
from evenwatt.data import community, read, write

File = Callable[..., Path]
HEADER = "interval_start,meter,role,kwh\n"
ROWS = "2026-06-01T00:00Z,a,consumption,0.020\n2026-06-01T00:15Z,a,consumption,1.5\n"


def test_sample_survives_csv(tmp_path: Path) -> None:
    sample = community(households=6, plants=3)
    write(sample, tmp_path / "meters.csv")
    back = read(tmp_path / "meters.csv", zone="Europe/Prague")
    assert (back.wh == sample.meters.wh).all()
    assert (back.start == sample.meters.start).all()
    assert [r.id for r in back.registers] == [r.id for r in sample.meters.registers]
    assert back.notes == ()


@pytest.mark.parametrize(
    "dress",
    [
        lambda t: t.encode(),
        lambda t: b"\xef\xbb\xbf" + t.encode(),
        lambda t: t.replace("\n", "\r\n").encode(),
        lambda t: gzip.compress(t.encode()),
        lambda t: t.replace(",", ";").replace(".", ",").encode(),
        lambda t: t.replace(",", ";").replace(".", ",").replace(";a;", ';"a";').encode("utf-16"),
        lambda t: t.replace("\n", ",\n").encode(),
        lambda t: t.replace("\n", "\n\n").encode(),
        lambda t: t.replace("0.020", '"0,020"').encode(),
    ],
    ids=[
        "plain",
        "bom",
        "crlf",
        "gzip",
        "decimal comma",
        "utf-16",
        "trailing",
        "blank lines",
        "quoted comma",
    ],
)
def test_dress_does_not_matter(file: File, dress: Callable[[str], bytes]) -> None:
    assert read(file(dress(HEADER + ROWS))).wh[:, 0].tolist() == [20, 1500]


def test_cp1250_is_read_and_stated(file: File) -> None:
    meters = read(file((HEADER + ROWS.replace(",a,", ",Dům č. 5,")).encode("cp1250")))
    assert meters.meters == ("Dům č. 5",)
    assert any("cp1250" in note for note in meters.notes)


def test_wh_column_aliases_and_thousands(file: File) -> None:
    meters = read(
        file("interval_start;meter;role;wh\n2026-06-01T00:00Z;a;pv;1 200\n2026-06-01T00:15Z;a;pv;3\n")
    )
    assert meters.wh[:, 0].tolist() == [1200, 3]
    assert meters.registers[0].direction == "generation"
    assert any("'pv' is read as 'generation'" in note for note in meters.notes)


def test_empty_cell_is_missing_and_not_zero(file: File) -> None:
    meters = read(file(HEADER + ROWS + "2026-06-01T00:30Z,a,consumption,\n"))
    assert meters.status[:, 0].tolist() == [Status.MEASURED, Status.MEASURED, Status.MISSING]


def test_absent_row_is_missing(file: File) -> None:
    rows = ROWS + "2026-06-01T00:45Z,a,consumption,1\n2026-06-01T00:30Z,b,consumption,2\n"
    meters = read(file(HEADER + rows))
    assert meters.missing.tolist() == [[False, True], [False, True], [True, False], [False, True]]


def test_status_column_is_carried(file: File) -> None:
    rows = "2026-06-01T00:00Z,a,consumption,1,estimated\n2026-06-01T00:15Z,a,consumption,2,\n"
    meters = read(file("interval_start,meter,role,kwh,status\n" + rows))
    assert meters.status[:, 0].tolist() == [Status.ESTIMATED, Status.MEASURED]


def test_finer_than_a_wh_keeps_the_day(file: File) -> None:
    rows = "".join(f"2026-06-01T0{k // 4}:{15 * (k % 4):02d}Z,a,consumption,0.0003333\n" for k in range(30))
    meters = read(file(HEADER + rows))
    assert meters.wh.sum() == 10
    assert any("largest change 0.6667" in note for note in meters.notes)


def test_stated_offset_is_used(file: File) -> None:
    naive = (HEADER + ROWS).replace("Z", "")
    meters = read(file(naive), zone="Europe/Prague", offset="+01:00")
    assert meters.start[0] == np.datetime64("2026-05-31T23:00:00")
    assert any("UTC+01:00 (stated by the case)" in note for note in meters.notes)


def test_naive_is_local(file: File) -> None:
    meters = read(file((HEADER + ROWS).replace("Z", "")), zone="Europe/Prague")
    assert meters.start[0] == np.datetime64("2026-05-31T22:00:00")


def test_offsets_in_the_file_are_used(file: File) -> None:
    meters = read(file((HEADER + ROWS).replace("Z", ":00+02:00")), zone="UTC")
    assert meters.start[0] == np.datetime64("2026-05-31T22:00:00")


def test_czech_dates(file: File) -> None:
    text = "interval_start;meter;role;kwh\n1.6.2026 0:00;a;load;0,5\n1.6.2026 0:15;a;load;0,25\n"
    meters = read(file(text), zone="Europe/Prague")
    assert meters.wh[:, 0].tolist() == [500, 250]
    assert any("day.month.year" in note for note in meters.notes)


def test_newest_first_is_turned_round(file: File) -> None:
    first, second = ROWS.splitlines()
    assert read(file(f"{HEADER}{second}\n{first}\n")).wh[:, 0].tolist() == [20, 1500]


def test_parquet_is_the_same(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "interval_start": pl.Series(["2026-06-01T00:00", "2026-06-01T00:15"]).str.to_datetime(
                time_zone="UTC"
            ),
            "meter": ["a", "a"],
            "role": ["load", "load"],
            "kwh": [0.02, 1.5],
        }
    )
    frame.write_parquet(tmp_path / "meters.parquet")
    assert read(tmp_path / "meters.parquet").wh[:, 0].tolist() == [20, 1500]
