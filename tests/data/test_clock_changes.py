"""Both clock changes, told from local labels: 92 and 100 quarter-hours, nothing shifted, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core import DataError, Status
from evenwatt.data import read, read_and_check

SPRING, AUTUMN, PRAGUE = date(2026, 3, 29), date(2026, 10, 25), "Europe/Prague"
HEADER = "interval_start,meter,role,kwh\n"
File, Rows = Callable[..., Path], Callable[..., list[str]]


@pytest.mark.parametrize(("day", "steps"), [(SPRING, 92), (AUTUMN, 100)])
def test_local_day_comes_in_whole(file: File, local_rows: Rows, day: date, steps: int) -> None:
    meters, quality = read_and_check(file(HEADER + "\n".join(local_rows(day))), zone=PRAGUE)
    assert meters.wh[:, 0].tolist() == list(range(steps))
    assert (np.diff(meters.start) == np.timedelta64(900, "s")).all()
    assert quality.exit_code == 0


def test_repeated_labels_are_stated_as_assumed(file: File, local_rows: Rows) -> None:
    meters = read(file(HEADER + "\n".join(local_rows(AUTUMN))), zone=PRAGUE)
    assert any("assumed from file order" in note for note in meters.notes)


def test_repeated_labels_backwards(file: File, local_rows: Rows) -> None:
    meters = read(file(HEADER + "\n".join(reversed(local_rows(AUTUMN)))), zone=PRAGUE)
    assert meters.wh[:, 0].tolist() == list(range(100))


def test_meters_one_after_another_and_interleaved(file: File, local_rows: Rows) -> None:
    one, two = local_rows(AUTUMN, "a"), local_rows(AUTUMN, "b")
    mixed = [row for pair in zip(one, two, strict=True) for row in pair]
    for rows in (one + two, mixed):
        assert read(file(HEADER + "\n".join(rows)), zone=PRAGUE).wh[:, 1].tolist() == list(range(100))


def _merged(rows: list[str]) -> list[str]:
    return rows[:8] + rows[12:]  # 02:00 .. 02:45 once only


def test_autumn_day_of_96_rows_is_refused(file: File, local_rows: Rows) -> None:
    path = file(HEADER + "\n".join(_merged(local_rows(AUTUMN))))
    with pytest.raises(DataError, match=r"2026-10-25: 4 labels .* once.*autumn-day = first"):
        read(path, zone=PRAGUE)
    _, quality = read_and_check(path, zone=PRAGUE)
    found = next(f for f in quality.findings if f.check == "autumn-day")
    assert (found.severity, str(found.first), str(found.last)) == (
        "error",
        "2026-10-25T00:00:00",
        "2026-10-25T01:45:00",
    )
    assert quality.exit_code == 1


@pytest.mark.parametrize(
    ("policy", "first", "second"),
    [
        ("first", [12, 13, 14, 15], None),
        ("second", None, [12, 13, 14, 15]),
        ("halves", [6, 6, 7, 8], [6, 6, 7, 8]),
    ],
)
def test_named_repair_of_the_autumn_day(
    file: File, local_rows: Rows, policy: str, first: list[int] | None, second: list[int] | None
) -> None:
    path = file(HEADER + "\n".join(_merged(local_rows(AUTUMN))))
    meters = read(path, zone=PRAGUE, repair={"autumn-day": policy})
    for rows, values in ((slice(8, 12), first), (slice(12, 16), second)):
        if values is None:
            assert meters.missing[rows].all()
        else:
            assert meters.wh[rows, 0].tolist() == values
    assert (meters.status[8:16] == Status.CORRECTED).all() == (policy == "halves")
    assert meters.wh.sum() == sum(range(100)) - sum(range(8, 12))


def test_empty_hour_that_never_was_is_dropped(file: File, local_rows: Rows) -> None:
    rows = local_rows(SPRING)
    ghost = [f"2026-03-29T02:{m:02d}:00,h1,consumption,0" for m in (0, 15, 30, 45)]
    meters, quality = read_and_check(file(HEADER + "\n".join(rows[:8] + ghost + rows[8:])), zone=PRAGUE)
    assert meters.wh[:, 0].tolist() == list(range(92))
    assert [(f.severity, f.count) for f in quality.findings if f.check == "spring-day"] == [("info", 4)]


def test_energy_in_an_hour_that_never_was_is_refused(file: File, local_rows: Rows) -> None:
    rows = [*local_rows(SPRING), "2026-03-29T02:30:00,h1,consumption,0.5"]
    with pytest.raises(DataError, match=r"2026-03-29 02:30 to 02:30 does not exist in Europe/Prague.*offset"):
        read(file(HEADER + "\n".join(rows)), zone=PRAGUE)


def test_fixed_offset_needs_no_repair(file: File, local_rows: Rows) -> None:
    rows = local_rows(AUTUMN, zone="UTC")
    assert len(read(file(HEADER + "\n".join(rows)), zone=PRAGUE, offset="+01:00").start) == 96


def test_wide_files_follow_the_same_clock(file: File, local_rows: Rows) -> None:
    lines = [f"{row.split(',')[0]},{k},{2 * k}" for k, row in enumerate(local_rows(AUTUMN))]
    text = "interval_start,a:consumption,b:generation\n" + "\n".join(lines)
    meters = read(file(text), zone=PRAGUE)
    assert (meters.wh[:, 1] == 2000 * np.arange(100)).all()
