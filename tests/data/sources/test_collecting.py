"""Fetching, whatever the network does: each fault is survived or told, nothing is asked for twice."""

from __future__ import annotations

import json
from email.utils import formatdate

import numpy as np
import pytest

from evenwatt.core.errors import DataError
from evenwatt.data.sources import (
    EnergyCharts,
    OfflineError,
    Patience,
    SourceError,
    collect,
    period,
)
from evenwatt.data.sources.waiting import Pace

FIRST, LAST = np.datetime64("2026-01-01", "s"), np.datetime64("2026-05-01", "s")
DAY = np.datetime64("2026-01-02", "s")


@pytest.fixture
def charts(stand, formats):
    """Energy-charts on the stand."""
    stand.answer = lambda path, query: formats.charts(query)
    return EnergyCharts(stand.url)


def fetch(source, cache, time, quick, first=FIRST, last=DAY, **options):
    return collect(source, first, last, cache=cache, clock=time.clock, patience=quick, **options)


def test_a_clean_fetch_brings_every_hour_once(charts, stand, tmp_path, time, quick):
    made = fetch(charts, tmp_path, time, quick)
    assert len(stand.asked) == 1
    assert made.series.start[0] == FIRST
    assert len(made.series.start) == 24
    assert made.series.columns["price_per_mwh"].tolist() == [h + 0.5 for h in range(24)]
    assert (made.licence, made.currency) == ("CC BY 4.0 from SMARD", "EUR")
    assert made.notes == ()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
def test_passing_trouble_is_waited_out(charts, stand, fault, tmp_path, time, quick, status):
    stand.faults += [fault(status=status), fault(status=status)]
    made = fetch(charts, tmp_path, time, quick)
    assert len(made.series.start) == 24
    assert len(stand.asked) == made.requests == 3
    waits = [s for s in time.slept if s != 1.0]  # 1.0 is the pace between requests
    assert 0.5 <= waits[0] <= 1.0
    assert 1.0 <= waits[-1] <= 2.0


def test_a_server_that_does_not_answer_is_asked_again(charts, stand, fault, tmp_path, time):
    stand.faults += [fault("hang")]
    made = fetch(charts, tmp_path, time, Patience(timeout_s=0.4))
    assert len(made.series.start) == 24
    assert len(stand.asked) >= 2


def test_a_server_that_never_answers_is_told(charts, stand, fault, tmp_path, time):
    stand.faults += [fault("hang")] * 2
    with pytest.raises(SourceError, match=r"in 2 attempts: no answer within 0\.1 s"):
        fetch(charts, tmp_path, time, Patience(attempts=2, timeout_s=0.1))


@pytest.mark.parametrize("kind", ["cut", "half", "reset"])
def test_a_broken_answer_is_asked_for_again(charts, stand, fault, tmp_path, time, quick, kind):
    stand.faults += [fault(kind)]
    made = fetch(charts, tmp_path, time, quick)
    assert len(made.series.start) == 24
    assert len(stand.asked) == 2


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "an empty answer"),
        (b"  \n", "an empty answer"),
        (b"<!doctype html><html><body>down for maintenance</body></html>", "down for maintenance"),
        (b"[1, 2]", "JSON without an object"),
        (b"service notice", "no JSON"),
        (b'{"unix_seconds": [1, 2], "price": [3]}', "2 times but 1 prices"),
        (b'{"unix_seconds": [0], "price": ["x"]}', "no list of numbers"),
        (b'{"unix_seconds": [0]}', "JSON without price"),
        (b'{"unix_seconds": [0, 3600], "price": [1, 2], "unit": "EUR / kWh"}', "expected a currency per MWh"),
        (b'{"unix_seconds": [3600, 0], "price": [1, 2], "unit": "EUR / MWh"}', "do not go forward"),
    ],
)
def test_an_answer_that_stays_unusable_is_told_with_its_fault(
    charts, stand, tmp_path, time, quick, body, told
):
    stand.answer = lambda path, query: body
    with pytest.raises(SourceError, match=told) as raised:
        fetch(charts, tmp_path, time, quick)
    assert "in 5 attempts" in str(raised.value)
    assert len(stand.asked) == 5
    assert not (tmp_path / "manifest.jsonl").exists()


def test_every_attempt_without_connection_is_told(tmp_path, time, quick):
    with pytest.raises(SourceError, match="no connection"):
        fetch(EnergyCharts("http://127.0.0.1:9"), tmp_path, time, quick)


def test_retry_after_is_waited_in_seconds_and_as_a_date(charts, stand, fault, tmp_path, time, quick):
    date = formatdate(time.seconds + 137, usegmt=True)
    stand.faults += [
        fault(status=429, headers={"Retry-After": "41"}),
        fault(status=503, headers={"Retry-After": date}),
    ]
    fetch(charts, tmp_path, time, quick)
    assert time.slept[0] == 41.0
    assert time.slept[1] == pytest.approx(137 - 41, abs=1.0)


def test_a_server_that_wants_hours_ends_the_fetch(charts, stand, fault, tmp_path, time, quick):
    stand.faults += [fault(status=429, headers={"Retry-After": "7200"})]
    with pytest.raises(SourceError, match="asks to come back in 7,200 s"):
        fetch(charts, tmp_path, time, quick)
    assert time.slept == []


def test_a_refusal_is_told_in_the_source_s_words_and_not_repeated(charts, stand, tmp_path, time, quick):
    stand.status = 422
    stand.answer = lambda path, query: b'{"detail": "bzn is unknown"}'
    with pytest.raises(SourceError, match=r"refused \(HTTP 422\): bzn is unknown"):
        fetch(charts, tmp_path, time, quick)
    assert len(stand.asked) == 1


def test_a_moved_address_is_not_followed(charts, stand, fault, tmp_path, time, quick):
    stand.faults += [fault(status=301, headers={"Location": "http://127.0.0.1:9/elsewhere"})]
    with pytest.raises(SourceError, match="--base-url"):
        fetch(charts, tmp_path, time, quick)


def test_nothing_for_the_period_is_an_answer(charts, stand, tmp_path, time, quick):
    stand.status = 404
    stand.answer = lambda path, query: b'{"detail": "no content available"}'
    made = fetch(charts, tmp_path, time, quick)
    assert len(made.series.start) == 0
    assert any("no content available" in note for note in made.notes)
    assert fetch(charts, tmp_path, time, quick, offline=True).requests == 0


def test_months_are_asked_one_by_one_and_only_once(charts, stand, tmp_path, time, quick):
    steps = []
    made = fetch(
        charts,
        tmp_path,
        time,
        quick,
        last=LAST,
        progress=lambda done, total, what: steps.append((done, total)),
    )
    # Local midnights of Berlin: the first chunk begins on 1 January UTC, the last hour is a local 1 May.
    assert len(stand.asked) == 5
    assert steps == [(k, 5) for k in range(1, 6)]
    assert len(made.series.start) == int((LAST - FIRST) / np.timedelta64(3600, "s"))
    again = fetch(charts, tmp_path, time, quick, last=LAST)
    assert len(stand.asked) == 5
    assert again.requests == 0
    np.testing.assert_array_equal(again.series.columns["price_per_mwh"], made.series.columns["price_per_mwh"])


def test_an_interrupted_fetch_goes_on_where_it_stopped(charts, stand, fault, tmp_path, time, quick):
    stand.faults += [None, None, *[fault(status=500)] * 5]
    with pytest.raises(SourceError, match="goes on from here"):
        fetch(charts, tmp_path, time, quick, last=LAST)
    before = [query["start"] for _, query in stand.asked]
    assert len(set(before)) == 3
    made = fetch(charts, tmp_path, time, quick, last=LAST)
    after = [query["start"] for _, query in stand.asked[len(before) :]]
    assert after[0] == before[-1]
    assert len(after) == 3
    assert len(made.answers) == 5


def test_an_interruption_by_hand_keeps_what_came(charts, stand, tmp_path, time, quick):
    def stop(done, total, what):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(charts, tmp_path, time, quick, last=LAST, progress=stop)
    fetch(charts, tmp_path, time, quick, last=LAST)
    assert len(stand.asked) == 5


def test_what_may_still_change_is_asked_for_again(charts, stand, tmp_path, time, quick):
    today = np.datetime64("2026-06-01", "s")
    fetch(charts, tmp_path, time, quick, first=today, last=today + np.timedelta64(1, "D"))
    fetch(charts, tmp_path, time, quick, first=today, last=today + np.timedelta64(1, "D"))
    assert len(stand.asked) == 2
    time.seconds += 3 * 86400
    fetch(charts, tmp_path, time, quick, first=today, last=today + np.timedelta64(1, "D"))
    fetch(charts, tmp_path, time, quick, first=today, last=today + np.timedelta64(1, "D"))
    assert len(stand.asked) == 3


def test_offline_serves_the_cache_and_names_what_is_missing(charts, stand, tmp_path, time, quick):
    with pytest.raises(OfflineError, match="2026-01-01T00:00Z to 2026-01-02T00:00Z"):
        fetch(charts, tmp_path, time, quick, offline=True)
    fetch(charts, tmp_path, time, quick)
    made = fetch(charts, tmp_path, time, quick, offline=True)
    assert len(made.series.start) == 24
    assert len(stand.asked) == 1


def test_a_damaged_answer_is_fetched_again_and_said(charts, stand, tmp_path, time, quick):
    made = fetch(charts, tmp_path, time, quick)
    place = tmp_path / "energy-charts" / made.answers[0].request
    place.write_bytes(place.read_bytes()[:-7])
    with pytest.raises(OfflineError, match="checksum"):
        fetch(charts, tmp_path, time, quick, offline=True)
    again = fetch(charts, tmp_path, time, quick)
    assert len(stand.asked) == 2
    assert any("damaged (checksum)" in note for note in again.notes)
    assert not any("damaged" in note for note in fetch(charts, tmp_path, time, quick).notes)


def test_a_lost_answer_is_fetched_again(charts, stand, tmp_path, time, quick):
    made = fetch(charts, tmp_path, time, quick)
    (tmp_path / "energy-charts" / made.answers[0].request).unlink()
    again = fetch(charts, tmp_path, time, quick)
    assert len(stand.asked) == 2
    assert any("is gone" in note for note in again.notes)


def test_a_manifest_cut_in_the_middle_of_a_line_is_mended(charts, stand, tmp_path, time, quick):
    fetch(charts, tmp_path, time, quick, last=LAST)
    place = tmp_path / "manifest.jsonl"
    place.write_bytes(place.read_bytes()[:-30])
    again = fetch(charts, tmp_path, time, quick, last=LAST)
    assert len(stand.asked) == 6
    assert any("line 5 is damaged" in note for note in again.notes)
    lines = place.read_text().splitlines()
    assert sum(line.startswith("{") and line.endswith("}") for line in lines) == 5
    fetch(charts, tmp_path, time, quick, last=LAST)
    assert len(stand.asked) == 6


def test_the_manifest_says_where_each_answer_is_from(charts, tmp_path, time, quick):
    from hashlib import sha256

    made = fetch(charts, tmp_path, time, quick)
    (line,) = (tmp_path / "manifest.jsonl").read_text().splitlines()
    told = json.loads(line)
    content = (tmp_path / "energy-charts" / told["request"]).read_bytes()
    assert told["sha256"] == sha256(content).hexdigest() == made.answers[0].sha256
    assert told["bytes"] == len(content)
    assert told["url"].startswith(f"{charts.base_url}/price?bzn=DE-LU")
    assert told["licence"] == "CC BY 4.0 from SMARD"
    assert told["fetched_at"] == "2026-06-01T12:00:00Z"
    assert not list(tmp_path.glob("**/*.part"))


def test_requests_keep_their_pace(charts, time, stand, tmp_path, quick):
    fetch(charts, tmp_path, time, quick, last=LAST)
    assert time.slept == [1.0] * 4


def test_a_clock_set_back_does_not_stop_the_pace(time):
    pace = Pace(2.0, time.clock)
    pace.keep()
    time.seconds -= 86_400
    pace.keep()
    assert sum(time.slept) <= 2.0


def test_waits_depend_on_the_seed_alone(charts, stand, fault, tmp_path, time, quick):
    waits = []
    for k, seed in enumerate((3, 3, 4)):
        stand.faults += [fault(status=500)] * 3
        time.slept.clear()
        fetch(charts, tmp_path / str(k), time, quick, rng=seed)
        waits.append(list(time.slept))
    assert waits[0] == waits[1] != waits[2]


def test_waits_grow_and_stop_growing():
    patience = Patience()
    rng = np.random.default_rng(1)
    waits = [patience.wait(k, rng) for k in range(1, 12)]
    assert all(0.5 * min(2.0 ** (k - 1), 60) <= w <= min(2.0 ** (k - 1), 60) for k, w in enumerate(waits, 1))


def test_an_empty_period_is_named(charts, tmp_path, time, quick):
    with pytest.raises(DataError, match="is empty"):
        fetch(charts, tmp_path, time, quick, last=FIRST)


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("soon", "2026-01-01", "--from 'soon'"),
        ("2026-01-02", "2026-01-01", "does not lie before"),
        ("2026-01-01T00:00", "2026-01-02", "without an offset"),
        ("0026-01-01", "2026-01-02", "--from '0026-01-01'"),
    ],
)
def test_periods_that_are_none_are_named(first, last, told):
    with pytest.raises(DataError, match=told):
        period(first, last, "UTC")


def test_a_missing_library_names_its_extra(charts, tmp_path, time, quick, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "requests", None)
    with pytest.raises(DataError, match=r"evenwatt\[sources\]"):
        fetch(charts, tmp_path, time, quick)
