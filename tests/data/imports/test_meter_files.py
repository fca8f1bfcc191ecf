"""Meter files of any known format become one tidy file, or nothing is written."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from evenwatt.core import DataError, Status
from evenwatt.data import community, imports, read
from evenwatt.data.tidy_file import write_tidy

WIDE = "interval_start,h1:consumption,h2:consumption\n" + "".join(
    f"2026-06-01T{h:02d}:00:00Z,{h}.25,{2 * h}.5\n" for h in range(24)
)


@pytest.fixture
def village():
    return community(households=3, plants=1).meters


def place(meters, register):
    return [one.id for one in meters.registers].index(register)


def test_a_tidy_file_reads_as_it_was_written(village, tmp_path):
    write_tidy(village, tmp_path / "v.csv")
    again = read(tmp_path / "v.csv", zone=village.zone)
    assert np.array_equal(again.start, village.start)
    for register in village.registers:
        mine, theirs = (place(m, register.id) for m in (village, again))
        assert np.array_equal(again.wh[:, theirs], village.wh[:, mine])
    assert "status" not in (tmp_path / "v.csv").read_text().splitlines()[0]


def test_what_was_estimated_stays_so_and_what_is_missing_has_no_row(village, tmp_path):
    status = village.status.copy()
    status[5, 0], status[9, 1] = Status.ESTIMATED, Status.MISSING
    write_tidy(replace(village, status=status), tmp_path / "v.csv")
    lines = (tmp_path / "v.csv").read_text().splitlines()
    assert len(lines) == 1 + status.size - 1
    again = read(tmp_path / "v.csv", zone=village.zone)
    places = [place(again, village.registers[k].id) for k in (0, 1)]
    assert again.status[5, places[0]] == Status.ESTIMATED
    assert again.status[9, places[1]] == Status.MISSING


def test_a_wide_file_becomes_tidy(tmp_path):
    (tmp_path / "wide.csv").write_text(WIDE)
    made = imports.import_meters(tmp_path / "wide.csv", tmp_path / "out")
    assert [path.name for path in made.paths] == ["meters.csv", "quality.json"]
    assert json.loads(made.paths[1].read_text())
    assert read(made.paths[0]).wh.sum() == made.meters.wh.sum() > 0


def test_faulty_readings_are_refused_and_nothing_is_written(village, tmp_path):
    status = village.status.copy()
    status[100:400, 2] = Status.MISSING
    write_tidy(replace(village, status=status), tmp_path / "v.csv")
    with pytest.raises(DataError, match="missing"):
        imports.import_meters(tmp_path / "v.csv", tmp_path / "out", zone=village.zone)
    assert not (tmp_path / "out").exists()
    mended = imports.import_meters(
        tmp_path / "v.csv", tmp_path / "out", zone=village.zone, repair={"missing": "zero"}
    )
    assert not (read(mended.paths[0], zone=village.zone).status == Status.MISSING).any()


def test_a_folder_that_holds_readings_is_left_alone(village, tmp_path):
    write_tidy(village, tmp_path / "v.csv")
    imports.import_meters(tmp_path / "v.csv", tmp_path / "out", zone=village.zone)
    with pytest.raises(DataError, match=r"holds meters\.csv, quality\.json already"):
        imports.import_meters(tmp_path / "v.csv", tmp_path / "out", zone=village.zone)
