"""The published files: totals, counts, and no finding beyond those everybody knows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evenwatt.data import Store, read, read_and_check
from evenwatt.data.readers import citylearn

RURAL1 = "simbench/rural1_s2_2016_15min_kw.csv.gz"
RURAL3 = "simbench/rural3_s2_2016_jun_15min_kw.csv.gz"


@pytest.mark.parametrize(
    ("name", "steps", "load", "pv", "buses", "prosumers"),
    [(RURAL1, 35136, 233.9, 302.3, 13, 8), (RURAL3, 2880, 23.3, 16.9, 118, 27)],
)
def test_simbench_totals(
    real_data: Path, name: str, steps: int, load: float, pv: float, buses: int, prosumers: int
) -> None:
    meters, quality = read_and_check(real_data / name)
    assert len(meters.start) == steps
    assert len(meters.meters) == buses
    totals = [meters.energy(meters.meters, way).sum(axis=0) for way in ("consumption", "generation")]
    assert [round(float(total.sum()) / 1e6, 1) for total in totals] == [load, pv]
    assert int((totals[1] > 0).sum()) == prosumers
    assert quality.exit_code == 0
    assert any("UTC+00:00 (assumed)" in note for note in meters.notes)
    assert any("largest change" in note for note in meters.notes)


def test_simbench_copies_are_told_in_two_lines(real_data: Path) -> None:
    _, quality = read_and_check(real_data / RURAL3)
    assert [f.count for f in quality.findings if f.check == "copies"] == [148, 27]


def test_citylearn_totals(real_data: Path) -> None:
    meters, quality = read_and_check(real_data / "citylearn2022")
    yearly = meters.energy(meters.meters, "consumption").sum(axis=0) / 1000
    assert meters.meters == tuple(f"Building_{k}" for k in range(1, 18))
    assert (round(yearly.min()), round(yearly.max())) == (6462, 14711)
    assert (str(meters.start[0]), len(meters.start)) == ("2021-07-31T23:00:00", 8760)
    assert quality.exit_code == 0
    assert [f.meter for f in quality.findings if f.check == "yield"] == ["Building_14", "Building_15"]


def test_citylearn_yields(real_data: Path) -> None:
    meters, kw = read(real_data / "citylearn2022"), citylearn.capacity(real_data / "citylearn2022")
    made = meters.energy(meters.meters, "generation").sum(axis=0) / 1000
    yields = sorted(round(float(kwh) / kw[meter]) for kwh, meter in zip(made, meters.meters, strict=True))
    assert (yields[0], yields[1], yields[2], yields[-1]) == (29, 493, 1222, 1803)


def test_citylearn_year_and_offset_are_stated(real_data: Path) -> None:
    meters = read(real_data / "citylearn2022", year=2022, offset="-08:00")
    assert str(meters.start[0]) == "2022-08-01T07:00:00"
    assert not any("UTC" in note and "assumed" in note for note in meters.notes)


def test_published_month_goes_through_the_store(real_data: Path, tmp_path: Path) -> None:
    meters = read(real_data / RURAL3, zone="Europe/Prague")
    store = Store(tmp_path)
    store.write(meters, "rural3")
    back = store.meters()
    assert (back.wh == meters.wh).all()
    assert back.registers == meters.registers


def test_import_of_the_package_is_light() -> None:
    told = "import sys, evenwatt.data; print(*sorted({'polars', 'scipy', 'sqlite3'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
