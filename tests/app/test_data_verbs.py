"""`data sample` and `data import`: the generator's knobs, and files of any kind told apart."""

from __future__ import annotations

import polars as pl
import pytest
from typer.testing import CliRunner

from evenwatt.app.cli import app
from evenwatt.data import read


def call(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_sample_s_knobs_do_what_they_say(tmp_path):
    out, tables = tmp_path / "village.csv", tmp_path / "tables"
    answer = call(
        "data", "sample", out, "--households", 4, "--plants", 2, "--agents", 2, "--timezone", "Africa/Lusaka",
        "--month", "2026-12", "--months", 2, "--latitude", -15.4, "--longitude", 28.3, "--coverage", 0.4,
        "--tables", tables,
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    assert "7 registers, 5,952 quarter-hours" in answer.output
    meters = read(out, zone="Africa/Lusaka")
    load, made = (meters.energy(meters.meters, way).sum() for way in ("consumption", "generation"))
    assert made / load == pytest.approx(0.4, abs=1e-4)
    assert len(pl.read_csv(tables / "agents.csv")) == 2
    assert set(pl.read_csv(tables / "suppliers.csv")["meter"]) <= set(meters.meters)
    assert len(pl.read_csv(tables / "prices.csv")) == 62 * 24
    assert call("data", "sample", out, "--tables", tables).exit_code == 2


def test_the_sample_names_every_wish_that_cannot_be(tmp_path):
    answer = call(
        "data", "sample", tmp_path / "x.csv", "--households", 0, "--timezone", "Moon", "--latitude", 99,
        "--coverage", -1, "--month", "June", "--months", 99,
    )  # fmt: skip
    assert answer.exit_code == 2
    for word in ("0 households", "'Moon'", "latitude 99", "coverage -1", "month 'June'", "99 months"):
        assert word in answer.output
    assert not (tmp_path / "x.csv").exists()


def test_the_sample_is_the_same_as_ever_without_knobs(tmp_path):
    call("data", "sample", tmp_path / "a.csv", "--households", 3, "--seed", 5)
    call("data", "sample", tmp_path / "b.csv", "--households", 3, "--seed", 5, "--months", 1)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_a_file_that_is_nothing_known_is_told_all_that_is(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("name,age\nx,1\n")
    answer = call("data", "import", path)
    assert answer.exit_code == 2
    for word in ("known layouts", "opsd", "national formats", "edc-all"):
        assert word in answer.output
    assert call("data", "import", path, "--kind", "guess").exit_code == 2
    assert "there is no such file" in call("data", "import", tmp_path / "none.csv").output


def test_a_period_of_a_series_is_imported(real_data, tmp_path):
    path = real_data / "wholesale" / "epf_DE_2012_2017_hourly.csv.gz"
    words = (
        "--from",
        "2016-06-01",
        "--to",
        "2016-06-30",
        "--timezone",
        "Europe/Berlin",
        "--local-split",
        0.3,
    )
    answer = call("data", "import", path, *words, "--out", tmp_path / "june")
    assert answer.exit_code == 0, answer.output
    assert "720 intervals" in answer.output
    assert len(pl.read_csv(tmp_path / "june" / "prices.csv")) == 720


def test_import_tells_meters_from_series(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from evenwatt.app.cli import app

    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    assert runner.invoke(app, ["data", "sample", "v.csv", "--households", "3"]).exit_code == 0
    done = runner.invoke(app, ["data", "import", "v.csv", "--out", "in", "--timezone", "Europe/Prague"])
    assert done.exit_code == 0, done.output
    assert "evenwatt init CASE --meters in/meters.csv" in done.output
    assert (tmp_path / "in" / "meters.csv").read_bytes() == (tmp_path / "v.csv").read_bytes()
    hours = [f"2026-06-01T{h:02d}:00:00Z,{50 + h}" for h in range(24)]
    (tmp_path / "p.csv").write_text("interval_start,price_eur_mwh\n" + "\n".join(hours) + "\n")
    done = runner.invoke(app, ["data", "import", "p.csv", "--out", "prices"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "prices" / "prices.csv").is_file()
