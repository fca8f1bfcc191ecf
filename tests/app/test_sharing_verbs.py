"""The verbs of sharing groups: what they print, write and refuse."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from evenwatt import sharing
from evenwatt.app.cli import app
from evenwatt.data import exports
from evenwatt.studies.template import create


def call(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def group(hamlet_csv, tmp_path_factory):
    """The hamlet as a sharing group."""
    return create(tmp_path_factory.mktemp("verbs") / "group", hamlet_csv, study="sharing").folder


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """A small national file with values before and after sharing."""
    rng = np.random.default_rng(4)
    supply = (rng.integers(0, 90, (192, 1)) * 10).astype(np.int64)
    demand = (rng.integers(0, 60, (192, 2)) * 10).astype(np.int64)
    given = sharing.allocate(supply, demand, [[7000, 3000]], [[1, 1]], rounds=2)
    held = exports.Export(
        source="made", format="edc-all", seconds=900, zone="Europe/Prague",
        start=np.datetime64("2025-02-28T23:00:00", "s") + np.arange(192) * np.timedelta64(900, "s"),
        producers=("859182400000000000",), consumers=("859182400000000001", "859182400000000002"),
        supply=supply, unused=given.unused, demand=demand, unmet=given.unmet,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("export") / "month.csv"
    exports.write(held, path)
    return path


def test_init_run_compare_and_explain_tell_of_sharing(hamlet_csv, tmp_path):
    case = tmp_path / "group"
    made = call("init", case, "--meters", hamlet_csv, "--template", "sharing")
    assert made.exit_code == 0, made.output
    ran = call("run", case)
    assert ran.exit_code == 0, ran.output
    assert "kWh were shared" in ran.output
    assert "what each part of the rule leaves" in ran.output
    compared = call("compare", case, "--out", tmp_path / "page.html")
    assert compared.exit_code == 0, compared.output
    assert "at-dynamic" in compared.output
    assert "left out: country pt-hierarchical" in compared.output
    assert "The rules of other countries" in (tmp_path / "page.html").read_text()
    told = call("explain", case, "--member", "home1", "--time", "2026-06-01T12:00")
    assert told.exit_code == 0, told.output
    assert "round by round" in told.output
    other = call("run", case, "--rule", "at-dynamic")
    assert other.exit_code == 0, other.output
    one, two = sorted((case / "runs").iterdir())
    assert "members differ" in call("diff", one, two).output


def test_optimise_tells_shared_bound_and_gap_and_applies_only_when_told(group, tmp_path):
    before = (group / "keys.csv").read_text()
    words = (
        "optimise",
        group,
        "--max-evaluations",
        60,
        "--method",
        "hill-climbing",
        "--out",
        tmp_path / "found",
    )
    answer = call(*words)
    assert answer.exit_code == 0, answer.output
    assert "no keys by this rule can share more than" in answer.output
    assert (group / "keys.csv").read_text() == before
    assert (tmp_path / "found" / "report.html").read_text().startswith("<!doctype html>")
    assert call(*words).exit_code == 2  # the folder is there
    applied = json.loads(call("optimise", group, "--max-evaluations", 60, "--apply", "--json").stdout)
    assert applied["applied"]
    assert applied["measures"]["shared_wh"] <= applied["measures"]["bound_wh"]
    assert len(list(group.glob("keys-before-*.csv"))) == 1
    (group / "keys.csv").write_text(before)


def test_optimise_refuses_what_has_no_keys(hamlet, group):
    answer = call("optimise", hamlet)
    assert answer.exit_code == 2
    assert "is a cascade; only a sharing group has keys to choose" in answer.output
    assert call("optimise", group, "--method", "guessing").exit_code == 2
    assert call("optimise", group, "--rounds", "many").exit_code == 2


def test_infer_keys_prints_keys_and_their_range(export, tmp_path):
    answer = call("infer-keys", export, "--country", "cz", "--out", tmp_path / "keys.csv")
    assert answer.exit_code == 0, answer.output
    assert "keys found with 2 rounds" in answer.output
    assert "70.00%" in answer.output or "69.9" in answer.output
    assert "100.00% of all cells" in answer.output
    assert (tmp_path / "keys.csv").is_file()
    held = json.loads(call("infer-keys", export, "--json").stdout)
    assert held["matched"] == 1.0
    assert call("infer-keys", export, "--rounds", 1).exit_code == 1
    assert call("infer-keys", tmp_path / "none.csv").exit_code == 2


def test_data_import_says_what_to_do_next(export, tmp_path):
    answer = call("data", "import", export, "--country", "cz", "--out", tmp_path / "cz")
    assert answer.exit_code == 0, answer.output
    assert "edc-all, 1 producers, 2 consumers, 192 intervals" in answer.output
    assert "evenwatt init CASE --template sharing" in answer.output
    assert call("data", "import", export, "--country", "at", "--out", tmp_path / "at").exit_code == 2


def test_the_rules_of_countries_stand_among_the_rules():
    listed = json.loads(call("rules", "--json").stdout)
    assert {r["name"] for r in listed if r["kind"] == "sharing"} == set(sharing.regulations())
    told = call("rules", "cz").output
    assert "annex 25" in told
    assert "uncertain:" in told
    assert [r["minutes"] for r in json.loads(call("rules", "es-fixed", "--json").stdout)] == [60]
    assert "did you mean" in call("rules", "talmut").output
