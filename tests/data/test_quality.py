"""Every planted fault is found, with its exact instant; clean data stays unblamed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core import Meters, Register, Status
from evenwatt.data import Finding, Quality, check, community, read_and_check

Make, File = Callable[..., Meters], Callable[..., Path]
HEADER = "interval_start,meter,role,kwh\n"
PRAGUE = "Europe/Prague"


def _planted(
    meters: Meters, rows: slice, column: int, wh: int | None, status: Status = Status.MEASURED
) -> Meters:
    values, marks = meters.wh.copy(), meters.status.copy()
    if wh is not None:
        values[rows, column] = wh
    marks[rows, column] = status
    return replace(meters, wh=values, status=marks)


def _only(quality: Quality, name: str) -> Finding:
    [found] = [f for f in quality.findings if f.check == name]
    return found


def _rows(*cells: tuple[str, str]) -> str:
    return HEADER + "".join(f"2026-06-01T{clock}Z,a,consumption,{kwh}\n" for clock, kwh in cells)


def test_clean_meters_have_no_findings(make: Make) -> None:
    quality = check(make())
    assert (quality.findings, quality.worst, quality.exit_code) == ((), None, 0)


@pytest.mark.parametrize("month", ["2026-03", "2026-06", "2026-10"])
def test_sample_is_clean(month: str) -> None:
    quality = check(community(month=month).meters)
    assert {f.check for f in quality.findings} <= {"night", "stuck", "unit"}
    assert quality.worst in {None, "info"}


def test_long_gap_is_an_error(make: Make) -> None:
    meters = _planted(make(), slice(10, 30), 1, 0, Status.MISSING)
    found = _only(check(meters), "missing")
    assert (found.severity, found.register, found.count) == ("error", "h1:consumption", 20)
    assert (found.first, found.last) == (meters.start[10], meters.start[29])
    assert check(meters).exit_code == 1


def test_short_gap_is_a_warning(make: Make) -> None:
    meters = _planted(make(days=30), slice(100, 104), 0, 0, Status.MISSING)
    assert _only(check(meters), "missing").severity == "warning"
    assert check(meters).exit_code == 0


def test_gap_of_all_registers_is_one_finding(make: Make) -> None:
    meters = make(days=4)
    wh, status = meters.wh.copy(), meters.status.copy()
    wh[96:192], status[96:192] = 0, Status.MISSING
    found = _only(check(replace(meters, wh=wh, status=status)), "missing")
    assert (found.count, found.register) == (96 * 3, "")
    assert "in 3 registers" in found.message


def test_day_without_rows_is_a_gap(make: Make) -> None:
    meters = make(days=4)
    keep = np.r_[0:96, 192:384]
    holed = replace(meters, start=meters.start[keep], wh=meters.wh[keep], status=meters.status[keep])
    found = _only(check(holed), "gap")
    assert (found.first, found.last, found.count) == (meters.start[96], meters.start[191], 96)


@pytest.mark.parametrize(("day", "lost"), [(date(2026, 3, 29), 5), (date(2026, 10, 25), 50)])
def test_short_day_inside_is_an_error(make: Make, day: date, lost: int) -> None:
    meters = make(day.replace(day=day.day - 1), days=3)
    rows = 96 + lost
    keep = np.delete(np.arange(len(meters.start)), rows)
    short = replace(meters, start=meters.start[keep], wh=meters.wh[keep], status=meters.status[keep])
    assert (
        f"local day {day} has {'91 of 92' if day.month == 3 else '99 of 100'}"
        in _only(check(short), "day-length").message
    )
    assert _only(check(short), "gap").first == meters.start[rows]


def test_half_a_last_day_is_a_warning(make: Make) -> None:
    assert _only(check(make().rows(slice(0, 250))), "day-length").severity == "warning"


def test_interval_ends_are_suspected(make: Make) -> None:
    meters = make()
    late = replace(meters, start=meters.start + np.timedelta64(900, "s"))
    assert _only(check(late), "interval-end").severity == "warning"


def test_hours_of_whole_utc_days_are_not_suspected_an_hour_east_of_it(make: Make) -> None:
    hours = make(date(2026, 1, 1), zone="UTC", seconds=3600)
    assert not [f for f in check(replace(hours, zone=PRAGUE)).findings if f.check == "interval-end"]
    late = replace(hours, start=hours.start + np.timedelta64(3600, "s"))
    assert _only(check(late), "interval-end").severity == "warning"


def test_spike(make: Make) -> None:
    meters = _planted(make(), slice(77, 78), 2, 50_000)
    found = _only(check(meters), "spike")
    assert (found.register, found.first, found.count) == ("h2:consumption", meters.start[77], 1)


def test_stuck_and_dead(make: Make) -> None:
    meters = _planted(_planted(make(days=30), slice(50, 150), 0, 333), slice(400, 1800), 1, 0)
    stuck, dead = sorted((f for f in check(meters).findings if f.check == "stuck"), key=lambda f: f.register)
    assert (stuck.first, stuck.last, stuck.count) == (meters.start[50], meters.start[149], 100)
    assert (dead.first, dead.last, dead.count) == (meters.start[400], meters.start[1799], 1400)


def test_unit_mistake(make: Make) -> None:
    meters = make(registers=5)
    wh = meters.wh.copy()
    wh[:, 3] *= 1000
    found = _only(check(replace(meters, wh=wh)), "unit")
    assert (found.severity, found.register) == ("warning", "h3:consumption")
    assert "Wh taken for kWh" in found.message


def test_scaled_copies_are_one_finding(make: Make) -> None:
    meters = make(registers=60)
    wh = meters.wh.copy()
    wh[:, 10:40] = wh[:, :1] * np.arange(2, 32)
    found = _only(check(replace(meters, wh=wh)), "copies")
    assert (found.severity, found.count) == ("info", 31)
    assert "copies of 1 profiles" in found.message


def _with_plant(meters: Meters, wh: np.ndarray) -> Meters:
    registers = (*meters.registers, Register("roof", "h0", "generation"))
    grown = np.column_stack([meters.wh, wh])
    return replace(meters, wh=grown, status=np.zeros(grown.shape, np.uint8), registers=registers)


def test_sun_at_night(make: Make) -> None:
    meters = make()
    noon = np.where(np.arange(288) % 96 // 4 == 12, 1000, 0)
    noon[4] = 700
    found = _only(check(_with_plant(meters, noon)), "night")
    assert (found.severity, found.register, found.first) == ("warning", "roof", meters.start[4])
    located = check(_with_plant(meters, noon), coordinates=(50.0, 15.0))
    assert _only(located, "night").first == meters.start[4]


def test_yield_and_capacity(make: Make) -> None:
    meters = make(days=365)
    roof = _with_plant(meters, np.where(np.arange(len(meters.start)) % 96 // 4 == 12, 250, 0))
    assert "365 kWh" in _only(check(roof, capacity={"roof": 1.0}), "yield").message
    assert _only(check(roof, capacity={"roof": 0.1}), "capacity").count == 4 * 365 - 0


def test_estimates_weigh_by_energy(make: Make) -> None:
    few = _planted(make(), slice(3, 5), 0, None, Status.ESTIMATED)
    many = _planted(make(), slice(3, 60), 0, None, Status.ESTIMATED)
    assert _only(check(few), "estimated").severity == "info"
    found = _only(check(many), "estimated")
    assert (found.severity, found.first, found.count) == ("error", many.start[3], 57)


def test_members_and_meters(make: Make) -> None:
    quality = check(make(), members=["h0", "h1", "h9"])
    assert (_only(quality, "unknown-meter").meter, _only(quality, "unused-meter").meter) == ("h9", "h2")


def test_ean_check_digit(make: Make) -> None:
    meters = make(registers=2)
    names = ("859182400100000004", "859182400100000001")
    registers = tuple(Register(n, n, "consumption") for n in names)
    assert _only(check(replace(meters, registers=registers)), "ean").meter == names[1]


def test_faults_of_a_file_become_findings(file: File) -> None:
    text = _rows(
        ("00:00", "1"),
        ("00:15", "2"),
        ("00:15", "3"),
        ("00:30", "-1"),
        ("00:31", "1"),
        ("00:45", "1"),
        ("01:15", "1"),
    )
    meters, quality = read_and_check(file(text))
    found = {
        f.check: str(f.first)[11:16]
        for f in quality.findings
        if f.severity == "error" and f.check != "missing"
    }
    assert found == {"duplicate": "00:15", "negative": "00:30", "off-grid": "00:31"}
    assert {str(f.first)[11:16] for f in quality.findings if f.check == "missing"} == {"00:15", "01:00"}
    assert meters.missing[:, 0].tolist() == [False, True, True, False, True, False]


def test_equal_duplicate_is_only_mentioned(file: File) -> None:
    meters, quality = read_and_check(file(_rows(("00:00", "1"), ("00:15", "2"), ("00:15", "2"))))
    assert _only(quality, "duplicate").severity == "info"
    assert meters.wh[:, 0].tolist() == [1000, 2000]


def test_duplicate_in_one_column_of_a_wide_file(file: File) -> None:
    text = "interval_start,a:pv,b:pv\n2026-06-01T00:00Z,1,1\n2026-06-01T00:15Z,1,2\n2026-06-01T00:15Z,1,3\n"
    meters, quality = read_and_check(file(text))
    assert _only(quality, "duplicate").register == "b:generation"
    assert meters.missing.tolist() == [[False, False], [False, True]]


def test_flipped_sign(file: File) -> None:
    text = _rows(*((f"0{k // 4}:{15 * (k % 4):02d}", f"-{k + 1}") for k in range(12)))
    _, quality = read_and_check(file(text))
    found = _only(quality, "sign")
    assert (found.severity, found.count) == ("error", 12)
    assert "flip" in found.fix


def test_answer_reads_well_and_goes_to_json(make: Make) -> None:
    quality = check(_planted(make(), slice(10, 30), 1, 0, Status.MISSING))
    text = quality.table()
    assert "1 error" in text.splitlines()[0]
    assert "h1:consumption" in text
    told = quality.to_dict()
    assert (told["worst"], told["missing"]) == ("error", 20)
    assert told["findings"][0]["first"] == "2026-06-01T00:30:00Z"
