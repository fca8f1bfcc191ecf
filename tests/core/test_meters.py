"""Days are local and counted from midnight to midnight; missing is not zero."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import available_timezones

import numpy as np
import pytest

from evenwatt.core import DataError, Meters, Register, Status
from evenwatt.core.meters import instants, local_dates


def make(start, wh, registers=("a:consumption",), zone="UTC", status=None) -> Meters:
    wh = np.asarray(wh, dtype=np.int64)
    held = np.zeros(wh.shape, dtype=np.uint8) if status is None else np.asarray(status, dtype=np.uint8)
    columns = tuple(Register(f"{r}#{k}", *r.split(":")) for k, r in enumerate(registers))
    return Meters(np.asarray(start, dtype="datetime64[s]"), wh, held, columns, 900, zone)


@pytest.mark.parametrize(
    ("zone", "day", "quarters"),
    [
        ("Europe/Prague", date(2026, 3, 29), 92),
        ("Europe/Prague", date(2026, 10, 25), 100),
        ("Europe/Prague", date(2026, 6, 1), 96),
        ("Australia/Lord_Howe", date(2026, 10, 4), 94),
        ("Australia/Lord_Howe", date(2026, 4, 5), 98),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_days_have_the_quarters_the_clock_gives_them(zone, day, quarters):
    assert len(instants(day, zone, 900)) == quarters


def _breaks(zone: str, first: date, days: int) -> list[str]:
    found, last = [], None
    for k in range(days):
        day = first + timedelta(days=k)
        held = instants(day, zone, 900)
        if len(held) == 0:
            continue
        if last is not None and held[0] != last + np.timedelta64(900, "s"):
            found.append(f"{zone} {day}: starts {held[0]}, the day before ended {last}")
        if not (local_dates(held, zone) == np.datetime64(day)).all():
            found.append(f"{zone} {day}: instants fall on other local dates")
        last = held[-1]
    return found


def test_days_meet_without_gap_around_clock_changes():
    zones = ["Europe/Prague", "America/St_Johns", "Africa/Cairo", "Pacific/Apia", "Asia/Kathmandu"]
    assert [b for zone in zones for b in _breaks(zone, date(2011, 12, 20), 400)] == []


@pytest.mark.slow
def test_days_meet_without_gap_in_every_zone():
    assert [b for zone in sorted(available_timezones()) for b in _breaks(zone, date(2024, 1, 1), 732)] == []


def test_intervals_are_cut_at_local_midnight():
    start = np.arange("2026-06-01T21:00", "2026-06-01T23:00", np.timedelta64(900, "s"), dtype="datetime64[s]")
    meters = make(start, np.ones((8, 1)), zone="Europe/Prague")
    assert [(d.date.isoformat(), d.rows) for d in meters.days] == [
        ("2026-06-01", slice(0, 4)),
        ("2026-06-02", slice(4, 8)),
    ]


def test_registers_of_one_meter_add_up_per_direction():
    meters = make(["2026-06-01"], [[1, 2, 4]], ("x:consumption", "x:consumption", "x:generation"))
    assert meters.energy(["x"], "consumption").tolist() == [[3]]
    assert meters.energy(["x"], "generation").tolist() == [[4]]


def test_a_missing_reading_makes_its_interval_incomplete():
    meters = make(["2026-06-01T00:00", "2026-06-01T00:15"], [[1], [0]], status=[[0], [Status.MISSING]])
    assert meters.complete.tolist() == [True, False]
    assert meters.to_polars()["wh"].to_list() == [1, None]


def test_every_fault_of_the_readings_is_named():
    with pytest.raises(DataError, match=r"is below 0[\s\S]*strictly increase"):
        make(["2026-06-01", "2026-06-01"], [[1], [-4]])


def test_an_unknown_metering_point_is_named():
    with pytest.raises(DataError, match="no metering point 'y'"):
        make(["2026-06-01"], [[1]], ("x:consumption",)).energy(["y"], "consumption")
