"""What is written: a plain table that reads back, and where every number is from."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np
import polars as pl
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.data.series import Track, laid, lengths
from evenwatt.data.sources import EnergyCharts, OpenMeteo, Patience, collect, write

DAY, NEXT = np.datetime64("2026-01-01", "s"), np.datetime64("2026-01-02", "s")


def track(name: str, start: str, step: int, *values: float) -> Track:
    times = np.datetime64(start, "s") + np.arange(len(values)) * np.timedelta64(step, "s")
    return Track(name, "MW", times, np.full(len(values), step), np.array(values, dtype=float))


def test_a_written_table_reads_back_exactly(stand, formats, time, tmp_path):
    def answer(path, query):
        said = json.loads(formats.charts(query))
        said["price"][7:9] = [0.1, None]
        return json.dumps(said).encode()

    stand.answer = answer
    source, patience = EnergyCharts(stand.url), Patience(timeout_s=20)
    made = collect(source, DAY, NEXT, cache=tmp_path / "c", clock=time.clock, patience=patience)
    path, beside = write(made, tmp_path / "out" / "prices.csv")
    table = pl.read_csv(path)
    assert table.columns == ["interval_start", "seconds", "price_per_mwh"]
    assert table["interval_start"][0] == "2026-01-01T00:00:00Z"
    assert table["price_per_mwh"][7] == 0.1
    assert np.flatnonzero(table["price_per_mwh"].is_null().to_numpy()).tolist() == [8]
    told = json.loads(beside.read_text())
    assert told["file"]["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert told["columns"] == [{"name": "price_per_mwh", "unit": "EUR/MWh", "missing_seconds": 3600}]
    assert told["licence"] == "CC BY 4.0 from SMARD"
    assert (told["from"], told["to"], told["currency"]) == (
        "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "EUR",
    )  # fmt: skip
    assert [a["sha256"] for a in told["answers"]] == [a.sha256 for a in made.answers]


def test_known_times_are_written_where_there_are_any(stand, formats, time, tmp_path):
    stand.answer = lambda path, query: formats.weather(query)
    source = OpenMeteo(stand.url, latitude=50.0, longitude=14.0, what="forecast")
    made = collect(source, DAY, NEXT, cache=tmp_path, clock=time.clock, patience=Patience(timeout_s=20))
    table = pl.read_csv(write(made, tmp_path / "w.csv")[0])
    assert set(table["known_at"]) == {"2026-06-01T12:00:00Z"}
    assert json.loads((tmp_path / "w.csv.manifest.json").read_text())["asked"]["what"] == "forecast"


def test_a_switch_from_hours_to_quarters_leaves_no_gap():
    before, after = track("p", "2026-01-01T00", 3600, 1.0, 2.0), track("p", "2026-01-01T02", 900, 3, 4, 5, 6)
    made = laid([before, after])
    assert made.seconds.tolist() == [3600, 3600, 900, 900, 900, 900]
    assert made.gaps() == []


def test_the_later_of_two_different_values_stands_and_is_counted():
    made = laid([track("p", "2026-01-01", 3600, 1.0, 2.0), track("p", "2026-01-01T01", 3600, 9.0)])
    assert made.columns["p"].tolist() == [1.0, 9.0]
    assert made.notes == ("p: 1 intervals were told twice with different values; the later stands",)
    same = laid([track("p", "2026-01-01", 3600, 1.0, np.nan)] * 2)
    assert same.notes == ()


def test_columns_that_end_at_different_times_stay_beside_each_other():
    made = laid([track("a", "2026-01-01", 3600, 1.0, 2.0, 3.0), track("b", "2026-01-01T01", 3600, 5.0)])
    assert np.nan_to_num(made.columns["b"], nan=-1).tolist() == [-1, 5, -1]
    assert made.missing_seconds(made.start[0], made.end[-1]) == {"a": 0, "b": 7200}


def test_no_tracks_are_an_empty_series():
    made = laid([], DAY, NEXT)
    assert len(made.start) == 0
    assert made.gaps(DAY, NEXT) == [(DAY, NEXT)]


def test_lengths_and_values_must_fit():
    with pytest.raises(ProblemError, match="do not fit"):
        Track("p", "MW", np.array([DAY]), np.array([3600]), np.array([1.0, 2.0]))


@pytest.mark.parametrize("step", [900, 1800, 3600])
def test_a_gap_does_not_lengthen_an_interval(step):
    start = DAY + np.delete(np.arange(40), [7, 8, 21]) * np.timedelta64(step, "s")
    assert set(lengths(start).tolist()) == {step}
    assert lengths(start[:1]).tolist() == [3600]
    assert lengths(start[:0]).tolist() == []
