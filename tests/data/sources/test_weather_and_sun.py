"""Open-Meteo and PVGIS: when a value holds, when it was known, and what an odd minute means."""

from __future__ import annotations

import json

import numpy as np
import pytest

from evenwatt.core.errors import DataError
from evenwatt.data.sources import OpenMeteo, Patience, Pvgis, SourceError, UnusableError, collect
from evenwatt.data.sources.chunk import asked

FIRST, LAST = np.datetime64("2026-01-01", "s"), np.datetime64("2026-01-03", "s")
CHUNK = asked("", {}, FIRST, LAST)
HOUR = np.timedelta64(3600, "s")
PLACE = {"latitude": 50.1, "longitude": 14.4}


@pytest.fixture
def weather(stand, formats):
    """Open-Meteo on the stand."""
    stand.answer = lambda path, query: formats.weather(query)
    return stand


@pytest.fixture
def sun(stand, formats):
    """PVGIS on the stand."""
    stand.answer = lambda path, query: formats.solar(query)
    return stand


def fetch(source, time, cache, first=FIRST, last=LAST, **options):
    patience = Patience(timeout_s=20)
    return collect(source, first, last, cache=cache, clock=time.clock, patience=patience, **options)


def test_temperature_stands_at_its_stamp_and_radiation_in_the_hour_before(weather, time, tmp_path):
    made = fetch(OpenMeteo(weather.url, **PLACE), time, tmp_path).series
    assert made.start.tolist() == [(FIRST + k * HOUR).tolist() for k in range(48)]
    assert made.columns["temperature_c"][:3].tolist() == [0.0, 1.0, 2.0]
    # The hour from 0 to 1 is told at 1 o'clock, and the last hour of the period on the next day.
    assert made.columns["shortwave_radiation_w_per_m2"][:3].tolist() == [2.0, 4.0, 6.0]
    assert made.columns["shortwave_radiation_w_per_m2"][[23, 47]].tolist() == [0.0, 0.0]
    assert made.columns["cloud_cover_share"][1] == pytest.approx(0.02)
    assert weather.asked[0][1]["end_date"] == "2026-01-03"
    assert weather.asked[0][1]["timezone"] == "UTC"


def test_months_overlap_without_doubling(weather, time, tmp_path):
    last = np.datetime64("2026-03-01", "s")
    made = fetch(OpenMeteo(weather.url, **PLACE), time, tmp_path, last=last)
    assert len(weather.asked) == 2
    assert len(made.series.start) == 59 * 24
    assert not any(np.isnan(v).any() for v in made.series.columns.values())
    assert not any("different values" in note for note in made.notes)


def test_archive_and_forecast_are_known_at_different_times(weather, time, tmp_path):
    archive = fetch(OpenMeteo(weather.url, **PLACE), time, tmp_path).series
    assert (archive.known - archive.start >= np.timedelta64(5, "D")).all()
    forecast = fetch(OpenMeteo(weather.url, what="forecast", **PLACE), time, tmp_path).series
    assert set(forecast.known.tolist()) == {np.datetime64("2026-06-01T12:00:00", "s").tolist()}
    assert [path for path, _ in weather.asked] == ["/v1/archive", "/v1/forecast"]


def test_a_forecast_is_never_taken_from_the_cache_but_offline(weather, time, tmp_path):
    source = OpenMeteo(weather.url, what="forecast", **PLACE)
    fetch(source, time, tmp_path)
    time.seconds += 30 * 86_400
    fetch(source, time, tmp_path)
    assert len(weather.asked) == 2
    known = fetch(source, time, tmp_path, offline=True).series.known
    assert known[0] == np.datetime64("2026-07-01T12:00:00", "s")


def test_a_young_archive_is_asked_for_again(weather, time, tmp_path):
    first = np.datetime64("2026-05-30", "s")
    source = OpenMeteo(weather.url, **PLACE)
    for _ in range(2):
        fetch(source, time, tmp_path, first, first + 24 * HOUR)
    assert len(weather.asked) == 2


def test_other_units_and_other_zones_are_refused(formats):
    query = {"start_date": "2026-01-01", "end_date": "2026-01-02", "hourly": "temperature_2m"}
    source = OpenMeteo("", variables=("temperature_2m",), **PLACE)
    said = json.loads(formats.weather(query))
    said["hourly_units"]["temperature_2m"] = "°F"
    with pytest.raises(UnusableError, match="temperature_2m in '°F'"):
        source.parse(json.dumps(said).encode(), CHUNK, LAST)
    said = json.loads(formats.weather(query)) | {"utc_offset_seconds": 3600}
    with pytest.raises(UnusableError, match="another zone"):
        source.parse(json.dumps(said).encode(), CHUNK, LAST)
    said = json.loads(formats.weather(query))
    said["hourly"]["temperature_2m"].pop()
    with pytest.raises(UnusableError, match="48 hours but 47 values"):
        source.parse(json.dumps(said).encode(), CHUNK, LAST)


def test_a_null_is_missing(formats):
    query = {"start_date": "2026-01-01", "end_date": "2026-01-01", "hourly": "temperature_2m"}
    said = json.loads(formats.weather(query))
    said["hourly"]["temperature_2m"][4] = None
    track = (
        OpenMeteo("", variables=("temperature_2m",), **PLACE)
        .parse(json.dumps(said).encode(), CHUNK, LAST)
        .tracks[0]
    )
    assert np.flatnonzero(np.isnan(track.value)).tolist() == [4]


def test_open_meteo_refuses_in_its_own_words(weather, time, tmp_path):
    weather.status = 400
    weather.answer = lambda path, query: b'{"error": true, "reason": "start_date is out of allowed range"}'
    with pytest.raises(SourceError, match="out of allowed range"):
        fetch(OpenMeteo(weather.url, **PLACE), time, tmp_path)


def test_every_impossible_place_and_wish_is_named_at_once():
    with pytest.raises(DataError) as raised:
        OpenMeteo("", latitude=91.0, longitude=float("nan"), what="oracle", variables=("mood",))
    for word in ("latitude 91", "longitude nan", "'oracle'", "mood"):
        assert word in str(raised.value)
    with pytest.raises(DataError, match="latitude"):
        OpenMeteo("")
    with pytest.raises(DataError) as raised:
        Pvgis("", latitude=50.0, longitude=181.0, tilt=120.0, facing=-1.0, loss=14.0)
    for word in ("longitude 181", "tilt 120", "facing -1", "loss 14"):
        assert word in str(raised.value)


@pytest.mark.parametrize("minute", [0, 10, 30, 48])
def test_odd_minutes_are_put_in_their_hour_and_said(sun, formats, time, tmp_path, minute):
    sun.answer = lambda path, query: formats.solar(query, minute=minute)
    made = fetch(Pvgis(sun.url, **PLACE), time, tmp_path)
    assert len(made.series.start) == 48
    assert made.series.start[0] == FIRST
    assert made.series.columns["pv_w_per_kw"][:3].tolist() == [0.0, 1.0, 2.0]
    assert any(f"minute {minute};" in note for note in made.notes) == (minute != 0)
    assert any("PVGIS-SARAH3" in note for note in made.notes)


def test_pvgis_is_asked_year_by_year_with_its_own_angles(sun, time, tmp_path):
    made = fetch(
        Pvgis(sun.url, facing=90.0, **PLACE),
        time,
        tmp_path,
        np.datetime64("2019-12-31", "s"),
        np.datetime64("2021-01-02", "s"),
    )
    assert [query["startyear"] for _, query in sun.asked] == ["2019", "2020", "2021"]
    assert sun.asked[0][1]["aspect"] == "-90"
    assert sun.asked[0][1]["loss"] == "14"
    assert len(made.series.start) == (1 + 366 + 1) * 24


def test_missing_hours_of_the_sun_are_found(formats):
    said = json.loads(formats.solar({"startyear": "2026", "endyear": "2026"}))
    del said["outputs"]["hourly"][100]
    with pytest.raises(UnusableError, match="not one an hour"):
        Pvgis("", **PLACE).parse(json.dumps(said).encode(), CHUNK, LAST)
    said["outputs"]["hourly"][0]["P"] = "x"
    said["outputs"]["hourly"] = said["outputs"]["hourly"][:5]
    with pytest.raises(UnusableError, match="a number for P"):
        Pvgis("", **PLACE).parse(json.dumps(said).encode(), CHUNK, LAST)


def test_pvgis_refuses_in_its_own_words(sun, time, tmp_path):
    sun.status = 400
    sun.answer = lambda path, query: b'{"message": "Location over the sea. Please, select another location"}'
    with pytest.raises(SourceError, match="Location over the sea"):
        fetch(Pvgis(sun.url, **PLACE), time, tmp_path)
