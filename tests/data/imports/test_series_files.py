"""Series from files: the clock is certain or the file is refused, and every fault is in one message."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evenwatt.core.errors import DataError
from evenwatt.data import read
from evenwatt.data.imports import Markup, read_series, write_meter, write_prices
from evenwatt.studies.prices import read_prices

NAMES = ("grid_buy_per_mwh", "grid_sell_per_mwh", "local_per_mwh")


@pytest.fixture
def file(tmp_path):
    """Write lines to a file: file(lines, name)."""

    def written(*lines: str, name: str = "series.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return written


def hours(first: str, last: str) -> list[str]:
    return [
        str(h).replace("T", " ") + ":00:00"
        for h in np.arange(np.datetime64(first, "h"), np.datetime64(last, "h"))
    ]


def epf(file, first: str, last: str) -> Path:
    """A file in which every day has 24 hours; the value is the row's number."""
    return file("date,price_eur_mwh", *(f"{h},{k}" for k, h in enumerate(hours(first, last))))


def test_a_year_of_24_hour_days_covers_the_year_without_a_gap(file):
    said = read_series(epf(file, "2016-01-01", "2017-01-01"))
    assert said.layout == "epf"
    assert said.series.gaps() == []
    assert len(said.value) == 8784
    assert said.series.start[0] == np.datetime64("2015-12-31T23:00", "s")
    assert any("1 rows of spring hours" in n and "1 rows of autumn hours" in n for n in said.notes)


def test_the_autumn_hour_stands_for_both_and_the_spring_hour_is_dropped(file):
    autumn = read_series(epf(file, "2016-10-30", "2016-10-31"))
    assert autumn.value.tolist() == [0, 1, 2, 2, *range(3, 24)]
    spring = read_series(epf(file, "2016-03-27", "2016-03-28"))
    assert spring.value.tolist() == [0, 1, *range(3, 24)]
    assert all(b - a == np.timedelta64(3600, "s") for a, b in pairwise(spring.series.start))


def test_bare_stamps_need_a_clock_and_a_certain_one(file):
    plain = file("time,price", *(f"{h},1" for h in hours("2016-10-30", "2016-10-31")))
    with pytest.raises(DataError, match=r"say --timezone .* or --offset"):
        read_series(plain)
    with pytest.raises(
        DataError, match="2016-10-30T02:00 may mean two instants in Europe/Berlin and appear once"
    ):
        read_series(plain, zone="Europe/Berlin")
    assert len(read_series(plain, offset="+01:00").value) == 24
    assert len(read_series(plain, zone="Europe/Berlin", repair={"clock-changes": "normalised"}).value) == 25
    spring = file("time,price", *(f"{h},1" for h in hours("2016-03-27", "2016-03-28")))
    with pytest.raises(DataError, match="2016-03-27T02:00 do not exist in Europe/Berlin"):
        read_series(spring, zone="Europe/Berlin")


def test_labels_that_appear_twice_are_read_in_file_order(file):
    labels = ["2016-10-30 01:00", "2016-10-30 02:00", "2016-10-30 02:00", "2016-10-30 03:00"]
    said = read_series(file("time,price", *(f"{h},{k}" for k, h in enumerate(labels))), zone="Europe/Berlin")
    assert said.value.tolist() == [0, 1, 2, 3]
    assert said.series.gaps() == []


def test_the_transparency_platform_s_table_is_read_with_both_hours_of_autumn(file):
    rows = [
        ("30/10/2016 01:00:00 - 30/10/2016 02:00:00 (CEST)", 1),
        ("30/10/2016 02:00:00 - 30/10/2016 03:00:00 (CEST)", 2),
        ("30/10/2016 02:00:00 - 30/10/2016 03:00:00 (CET)", 3),
        ("30/10/2016 03:00:00 - 30/10/2016 04:00:00 (CET)", 4),
    ]
    head = '"MTU (CET/CEST)","Area","Day-ahead Price (EUR/MWh)"'
    said = read_series(file(head, *(f'"{t}","BZN|CZ","{v}"' for t, v in rows)))
    assert (said.layout, said.kind, said.value.tolist()) == ("mtu", "prices", [1, 2, 3, 4])
    assert said.series.start[0] == np.datetime64("2016-10-29T23:00", "s")
    old = (
        '"MTU (CET/CEST)","Day-ahead Price [EUR/MWh]","Currency"',
        '"01.06.2016 00:00 - 01.06.2016 01:00","25.5","EUR"',
    )
    assert read_series(file(*old)).series.start[0] == np.datetime64("2016-05-31T22:00", "s")


def test_open_power_system_data_is_read_by_column(file):
    head = (
        "utc_timestamp,cet_cest_timestamp,AT_price_day_ahead,DE_LU_price_day_ahead,AT_solar_generation_actual"
    )
    rows = [f"2019-01-01T{h:02d}:00:00Z,2019-01-01T{h + 1:02d}:00:00+0100,,{h},{h * 10}" for h in range(20)]
    path = file(head, *rows)
    with pytest.raises(DataError, match=r"several columns may be prices.*AT_price_day_ahead, DE_LU"):
        read_series(path)
    assert read_series(path, column="DE_LU_price_day_ahead").value.tolist() == list(range(20))
    assert read_series(path, kind="generation").column == "AT_solar_generation_actual"
    with pytest.raises(DataError, match="holds no value"):
        read_series(path, column="AT_price_day_ahead")
    with pytest.raises(DataError, match="column 'FR' is not there"):
        read_series(path, column="FR")


def test_what_was_fetched_is_imported_with_its_lengths(file):
    path = file(
        "interval_start,seconds,price_per_mwh", "2026-01-01T00:00:00Z,3600,40",
        "2026-01-01T01:00:00Z,900,41", "2026-01-01T01:15:00Z,900,42",
    )  # fmt: skip
    said = read_series(path)
    assert said.layout == "fetched"
    assert said.series.seconds.tolist() == [3600, 900, 900]


def test_downloaded_answers_are_read_too(tmp_path):
    unix = [1767222000 + 3600 * k for k in range(3)]
    path = tmp_path / "price.json"
    path.write_text(json.dumps({"unix_seconds": unix, "price": [1.0, 2.0, 3.0], "unit": "EUR / MWh"}))
    assert read_series(path).value.tolist() == [1.0, 2.0, 3.0]
    path.write_text('{"unix_seconds": [1')
    with pytest.raises(DataError, match="truncated JSON"):
        read_series(path)


def test_a_gap_is_refused_with_its_place_until_a_repair_is_named(file):
    rows = [f"2026-01-01T{h:02d}:00Z,{h}" for h in range(24) if h not in (5, 6)]
    rows[10] = rows[10].split(",")[0] + ","
    path = file("time,price", *rows)
    with pytest.raises(DataError, match=r"3 hours in 2 gaps .*2026-01-01T05:00Z to 2026-01-01T07:00Z"):
        read_series(path)
    held = read_series(path, repair={"missing": "hold"})
    assert len(held.value) == 21
    assert any("mended: hold" in note for note in held.notes)
    with pytest.raises(DataError, match="missing=guess is not known for series"):
        read_series(path, repair={"missing": "guess"})


def test_every_fault_is_in_one_message(file):
    path = file(
        "time,price", "2026-01-01T00:00Z,1", "2026-01-01T00:00Z,2", "yesterday,3", "2026-01-01T03:00Z,cheap",
        "2026-01-01T04:00Z,5,6",
    )  # fmt: skip
    with pytest.raises(DataError) as raised:
        read_series(path)
    for word in ("told twice", "'yesterday'", "'cheap' is not a number", "line 6: 3 cells"):
        assert word in str(raised.value)


def test_files_of_another_kind_show_what_they_hold(file):
    with pytest.raises(DataError, match=r"known layouts(.|\n)*opsd"):
        read_series(file("name,age", "x,1"))
    with pytest.raises(DataError, match="no column looks like generation"):
        read_series(file("time,mood", "2026-01-01T00:00Z,1"))
    with pytest.raises(DataError, match="expected a quarter, half or whole hour"):
        read_series(file("time,price", *(f"2026-01-{d:02d}T00:00Z,1" for d in range(1, 9))))
    with pytest.raises(DataError):
        read_series(file("", name="empty.csv"))


@pytest.mark.parametrize("cell", ['"', '"1', '1"', '"1"2', '""1"'])
def test_a_quote_left_open_is_told(file, cell):
    path = file("time,price", "2026-01-01T00:00Z,1", f"2026-01-01T01:00Z,{cell}", "2026-01-01T02:00Z,1")
    with pytest.raises(DataError):
        read_series(path)


def test_the_period_is_chosen_before_anything_is_judged(file):
    rows = [f"2026-01-01T{h:02d}:00Z,{'' if h < 5 or h == 20 else h}" for h in range(24)]
    path = file("time,price", *rows)
    with pytest.raises(DataError, match="1 hours in 1 gaps"):
        read_series(path)
    ends = np.datetime64("2026-01-01T10", "s")
    assert read_series(path, last=ends).value.tolist() == [5, 6, 7, 8, 9]
    with pytest.raises(
        DataError, match="holds no value in the period asked for; the file tells 2026-01-01T00:00Z"
    ):
        read_series(path, first=np.datetime64("2027-01-01", "s"))


def test_prices_of_a_case_read_back_and_hold_for_their_quarters(file, tmp_path):
    said = read_series(epf(file, "2016-06-01", "2016-06-03"))
    path, notes = write_prices(said, tmp_path / "case", Markup(100.0, -5.0, 0.25))
    prices = read_prices(path, NAMES, "UTC")
    quarters = np.datetime64("2016-06-01T00:00", "s") + np.arange(4) * np.timedelta64(900, "s")
    assert prices.at(quarters, "grid_buy_per_mwh").tolist() == [102.0] * 4
    assert prices.at(quarters, "grid_sell_per_mwh").tolist() == [-3.0] * 4
    assert prices.at(quarters, "local_per_mwh").tolist() == [-3 + 0.25 * 105] * 4
    assert any("grid_sell = wholesale -5" in note for note in notes)
    with pytest.raises(DataError, match=r"holds prices\.csv already"):
        write_prices(said, tmp_path / "case", Markup())


def test_a_markup_that_earns_by_going_in_circles_is_refused():
    with pytest.raises(DataError) as raised:
        Markup(buy_add=1.0, sell_add=2.0, local_split=1.5)
    assert "would earn money" in str(raised.value)
    assert "--local-split 1.5" in str(raised.value)


def test_generation_becomes_a_meter_with_the_right_energy(file, tmp_path):
    rows = [f"2026-06-01T{h:02d}:00Z,{max(0, 6 - abs(h - 12))}" for h in range(24)]
    said = read_series(file("time,solar_mw", *rows), kind="generation")
    path, notes = write_meter(said, tmp_path / "pv", meter="pv-1", peak_kw=12.0, minutes=15)
    meters = read(path, zone="UTC")
    made = meters.energy(["pv-1"], "generation")[:, 0]
    assert len(made) == 96
    assert made.max() * 4 == 12_000
    assert made.sum() == 36 * 2000
    assert made.reshape(-1, 4).sum(axis=1).tolist() == [2000 * max(0, 6 - abs(h - 12)) for h in range(24)]
    assert any("nobody measured those" in note for note in notes)


def test_watts_per_kilowatt_are_multiplied_not_scaled(file, tmp_path):
    path = file(
        "interval_start,seconds,pv_w_per_kw", "2026-06-01T10:00:00Z,3600,500.5", "2026-06-01T11:00:00Z,3600,0"
    )
    made, _ = write_meter(read_series(path), tmp_path / "pv", meter="pv", peak_kw=3.0)
    assert pl.read_csv(made)["wh"].to_list() == [1502, 0]


def test_impossible_generation_is_named_at_once(file, tmp_path):
    said = read_series(
        file("time,solar_mw", "2026-06-01T00:00Z,-1", "2026-06-01T01:00Z,2"), kind="generation"
    )
    with pytest.raises(DataError) as raised:
        write_meter(said, tmp_path, meter="pv", peak_kw=0.0, minutes=7)
    for word in ("1 values of generation lie below 0", "--peak-kw 0", "readings of 7 minutes"):
        assert word in str(raised.value)


def test_the_published_prices_cover_their_six_years_without_a_gap(real_data):
    path = real_data / "wholesale" / "epf_DE_2012_2017_hourly.csv.gz"
    said = read_series(path)
    hours = (said.series.end[-1] - said.series.start[0]) / np.timedelta64(3600, "s")
    assert said.series.gaps() == []
    assert len(said.value) == hours == 2184 * 24
    assert (said.value < 0).any()
