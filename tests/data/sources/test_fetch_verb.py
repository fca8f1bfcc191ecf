"""`data fetch` as a person types it: what it prints, writes and refuses, and that offline means offline."""

from __future__ import annotations

import json
import subprocess
import sys

import polars as pl
import pytest
from typer.testing import CliRunner

from evenwatt.app.cli import app

JANUARY = ("--from", "2026-01-05", "--to", "2026-01-06")


def call(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def charts(stand, formats, tmp_path):
    """The words of a fetch from energy-charts on the stand."""
    stand.answer = lambda path, query: formats.charts(query)
    out, cache = tmp_path / "prices.csv", tmp_path / "cache"
    return ("data", "fetch", "energy-charts", "--zone", "DE-LU", *JANUARY, "--base-url", stand.url,
            "--out", out, "--cache", cache)  # fmt: skip


def test_a_fetch_tells_what_it_wrote_and_what_comes_next(charts, stand, tmp_path):
    answer = call(*charts)
    assert answer.exit_code == 0, answer.output
    for word in (
        "48 rows",
        "price_per_mwh",
        "1 requests sent",
        "CC BY 4.0 from SMARD",
        "evenwatt data import",
    ):
        assert word in answer.output
    table = pl.read_csv(tmp_path / "prices.csv")
    # Days of Berlin, both included.
    assert table["interval_start"][0] == "2026-01-04T23:00:00Z"
    assert len(table) == 48
    assert (tmp_path / "prices.csv.manifest.json").is_file()


def test_offline_after_online_sends_nothing(charts, stand):
    missing = call(*charts, "--offline")
    assert missing.exit_code == 2
    assert "2026-01-04T23:00Z to 2026-01-06T23:00Z" in missing.output
    assert stand.asked == []
    assert call(*charts).exit_code == 0
    told = json.loads(call(*charts, "--offline", "--json").stdout)
    assert (told["requests"], told["rows"], told["source"]) == (0, 48, "energy-charts")
    assert len(stand.asked) == 1


def test_fetched_prices_become_the_prices_of_a_case(charts, tmp_path):
    call(*charts)
    made = call("data", "import", tmp_path / "prices.csv", "--out", tmp_path / "case", "--buy-add", 120)
    assert made.exit_code == 0, made.output
    assert "fetched, prices in column 'price_per_mwh', 48 intervals" in made.output
    assert "grid_buy = wholesale + 120" in made.output
    table = pl.read_csv(tmp_path / "case" / "prices.csv")
    assert table.columns == ["interval_start", "grid_buy_per_mwh", "grid_sell_per_mwh", "local_per_mwh"]
    assert (table["grid_buy_per_mwh"] - table["grid_sell_per_mwh"]).to_list() == [120.0] * 48


def test_fetched_sun_becomes_a_meter(stand, formats, tmp_path):
    stand.answer = lambda path, query: formats.solar(query)
    out = tmp_path / "sun.csv"
    place = ("--latitude", 50, "--longitude", 14.4, "--from", "2020-06-01", "--to", "2020-06-02")
    answer = call(
        "data", "fetch", "pvgis", *place, "--base-url", stand.url, "--out", out, "--cache", tmp_path / "c"
    )
    assert answer.exit_code == 0, answer.output
    assert "minute 10" in answer.output
    made = call("data", "import", out, "--kind", "generation", "--meter", "roof", "--peak-kw", 5, "--minutes", 15,
                "--out", tmp_path / "roof", "--json")  # fmt: skip
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["column"] == "pv_w_per_kw"
    wh = pl.read_csv(tmp_path / "roof" / "meters.csv")["wh"]
    assert len(wh) == 192
    assert wh.sum() == 5 * 2 * sum(range(24))


def test_nothing_for_the_period_writes_nothing(charts, stand, tmp_path):
    stand.status, stand.answer = 404, lambda path, query: b'{"detail": "no content available"}'
    answer = call(*charts)
    assert answer.exit_code == 1
    assert "no content available" in answer.output
    assert not (tmp_path / "prices.csv").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("entso", *JANUARY), "did you mean entsoe"),
        (("energy-charts", "--zone", "AT"), "needs --from and --to"),
        (("energy-charts", "--latitude", 5, *JANUARY), "takes no --latitude"),
        (("pvgis", "--zone", "AT", *JANUARY), "needs --longitude"),
        (("open-meteo", "--latitude", 95, "--longitude", 0, *JANUARY), "latitude 95"),
        (("entsoe", "--zone", "XX", *JANUARY), "no area known here"),
        (("entsoe", "--zone", "CZ", "--from", "2026-01-05", "--to", "2026-01-04"), "does not lie before"),
    ],
)
def test_what_cannot_be_fetched_is_refused_before_anything_is_sent(words, told, tmp_path):
    answer = call("data", "fetch", *words, "--cache", tmp_path / "c")
    assert answer.exit_code == 2, answer.output
    assert told in answer.output
    assert not (tmp_path / "c").exists()


def test_a_missing_key_is_asked_for(stand, tmp_path, monkeypatch):
    monkeypatch.delenv("ENTSOE_API_KEY", raising=False)
    answer = call(
        "data", "fetch", "entsoe", "--zone", "CZ", *JANUARY, "--base-url", stand.url, "--cache", tmp_path
    )
    assert answer.exit_code == 2
    assert "export ENTSOE_API_KEY" in answer.output
    assert stand.asked == []


@pytest.mark.parametrize("verb", ["fetch", "import", "sample", "export"])
def test_help_of_the_data_verbs_imports_nothing_heavy(verb):
    program = (
        "import sys\nfrom evenwatt.app.cli import app\n"
        f"try:\n    app(['data', {verb!r}, '--help'])\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "heavy = {'numba', 'polars', 'scipy', 'plotly', 'requests', 'xml.etree'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_only_sending_imports_the_library_for_it():
    program = (
        "import sys\nfrom evenwatt.data import sources\nsources.Entsoe('', zone='CZ')\n"
        "assert not {'requests', 'polars', 'scipy'} & set(sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
