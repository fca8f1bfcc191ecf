"""Repairs are asked for by name, marked on every reading and counted in a note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core import DataError, Meters, Status
from evenwatt.data import mending, read
from evenwatt.data.clock import local_labels

Make, File = Callable[..., Meters], Callable[..., Path]


def _without(meters: Meters, rows: slice, column: int = 0) -> Meters:
    wh, status = meters.wh.copy(), meters.status.copy()
    wh[rows, column], status[rows, column] = 0, Status.MISSING
    return replace(meters, wh=wh, status=status)


def test_zero_is_marked_and_noted(make: Make) -> None:
    mended = mending.repair(_without(make(), slice(5, 9)), {"missing": "zero"})
    assert mended.status[5:9, 0].tolist() == [Status.CORRECTED] * 4
    assert not mended.missing.any()
    assert mended.notes[-1] == "repair missing = zero: 4 readings filled"


def test_line_over_an_hour_and_no_further(make: Make) -> None:
    holed = _without(_without(make(), slice(5, 9)), slice(20, 25))
    mended = mending.repair(holed, {"missing": "linear"})
    assert mended.missing[:, 0].sum() == 5
    between = sorted([int(mended.wh[4, 0]), int(mended.wh[9, 0])])
    assert (np.clip(mended.wh[5:9, 0], *between) == mended.wh[5:9, 0]).all()
    assert "5 stay missing" in mended.notes[-1]


@pytest.mark.parametrize("first", [date(2026, 3, 20), date(2026, 10, 16), date(2026, 6, 1)])
def test_previous_week_is_the_same_local_time(make: Make, first: date) -> None:
    meters = make(first, days=16)
    day = meters.days[11].rows
    mended = mending.repair(_without(meters, day), {"missing": "previous-week"})
    label = local_labels(meters.start, meters.zone)
    for row in range(day.start, day.stop):
        source = np.flatnonzero(label == label[row] - np.timedelta64(7, "D"))
        assert mended.wh[row, 0] == meters.wh[source[0], 0]


def test_first_week_has_no_week_before(make: Make) -> None:
    mended = mending.repair(_without(make(), slice(5, 9)), {"missing": "previous-week"})
    assert mended.missing[5:9, 0].all()


def test_refusal_names_the_first_gap(make: Make) -> None:
    with pytest.raises(
        DataError, match="4 readings are missing, first h0:consumption, 2026-05-31T23:15:00 UTC"
    ):
        mending.repair(_without(make(), slice(5, 9)), {"missing": "refuse"})


def test_reading_repairs_belong_to_reading(make: Make) -> None:
    with pytest.raises(DataError, match="acts while a file is read"):
        mending.repair(make(), {"negative": "zero"})


HEADER = "interval_start,meter,role,kwh\n"
ROWS = "2026-06-01T00:00Z,a,pv,1\n2026-06-01T00:15Z,a,pv,{}\n2026-06-01T00:30Z,a,pv,3\n"


@pytest.mark.parametrize(
    ("policy", "value", "status"),
    [("zero", 0, Status.CORRECTED), ("missing", 0, Status.MISSING), ("flip", 2000, Status.CORRECTED)],
)
def test_negative_by_name(file: File, policy: str, value: int, status: Status) -> None:
    meters = read(file(HEADER + ROWS.format(-2)), repair={"negative": policy})
    assert (meters.wh[1, 0], meters.status[1, 0]) == (value, status)


@pytest.mark.parametrize(("policy", "value"), [("first", 2000), ("last", 9000)])
def test_duplicates_by_name(file: File, policy: str, value: int) -> None:
    text = HEADER + ROWS.format(2) + "2026-06-01T00:15Z,a,pv,9\n"
    assert read(file(text), repair={"duplicates": policy}).wh[1, 0] == value


def test_interval_ends_are_shifted(file: File) -> None:
    meters = read(file(HEADER + ROWS.format(2)), repair={"interval-end": "shift"})
    assert meters.start[0] == np.datetime64("2026-05-31T23:45:00")


def test_several_repairs_at_once(file: File) -> None:
    text = HEADER + ROWS.format(-2)
    meters = read(file(text), repair={"negative": "missing", "missing": "linear"})
    assert meters.wh[:, 0].tolist() == [1000, 2000, 3000]
