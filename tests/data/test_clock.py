"""Wall-clock labels and instants agree in every zone, on every day."""

from __future__ import annotations

from datetime import date
from zoneinfo import available_timezones

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.core import DataError
from evenwatt.core.meters import instants, local_dates
from evenwatt.data.clock import local_labels, meanings, offset_seconds

ZONES = sorted(available_timezones() - {"localtime", "Factory"})


@given(zone=st.sampled_from(ZONES), day=st.dates(date(2007, 1, 2), date(2026, 12, 30)))
@settings(deadline=None)
def test_every_instant_is_a_meaning_of_its_label(zone: str, day: date) -> None:
    start = instants(day, zone, 900)
    first, last = meanings(local_labels(start, zone), zone)
    assert ((first == start) | (last == start)).all()


@given(zone=st.sampled_from(ZONES), day=st.dates(date(2007, 1, 2), date(2026, 12, 30)))
@settings(deadline=None)
def test_labels_of_a_day_carry_its_date(zone: str, day: date) -> None:
    start = instants(day, zone, 900)
    assert (local_labels(start, zone).astype("datetime64[D]") == local_dates(start, zone)).all()


@pytest.mark.parametrize(("day", "steps"), [("2026-03-29", 92), ("2026-10-25", 100), ("2026-06-01", 96)])
def test_prague_days_have_their_quarter_hours(day: str, steps: int) -> None:
    assert len(instants(date.fromisoformat(day), "Europe/Prague", 900)) == steps


def test_skipped_hour_means_nothing() -> None:
    label = np.array(["2026-03-29T02:30"], dtype="datetime64[s]")
    assert all(np.isnat(meaning).all() for meaning in meanings(label, "Europe/Prague"))


def test_repeated_hour_means_two_instants() -> None:
    label = np.array(["2026-10-25T02:30"], dtype="datetime64[s]")
    first, last = meanings(label, "Europe/Prague")
    assert (str(first[0]), str(last[0])) == ("2026-10-25T00:30:00", "2026-10-25T01:30:00")


def test_half_hour_change_of_lord_howe() -> None:
    spring = date(2026, 10, 4)
    assert len(instants(spring, "Australia/Lord_Howe", 900)) == 94


def test_bad_offset_is_named() -> None:
    with pytest.raises(DataError, match="'two hours'"):
        offset_seconds("two hours")
