"""A sweep plays the same cells whoever computes them, and goes on where it stopped."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

import evenwatt
from evenwatt.app.cli import app
from evenwatt.core.errors import CaseError
from evenwatt.studies.market.sweep import TABLES, sweep
from evenwatt.studies.market.swept import bootstrapped, verdict

WISHED = {"mechanisms": ["pay-as-bid"], "policies": ["zip"], "seeds": 2}


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def wished(folder, **changes):
    return evenwatt.load(folder).with_settings({"sweep": {**WISHED, **changes}})


@pytest.fixture(scope="module")
def swept(market_made, tmp_path_factory):
    """The hamlet's market to be swept in; what is swept stays."""
    return shutil.copytree(market_made, tmp_path_factory.mktemp("swept") / "hamlet")


@pytest.fixture(scope="module")
def made(swept):
    return sweep(wished(swept))


def rows(made, table, **wanted):
    return [
        row for row in made.report["tables"][table] if all(row[name] == held for name, held in wanted.items())
    ]


def test_every_cell_is_there_the_cases_own_first(made, market_made):
    cells = rows(made, "sweep")
    assert len(cells) == 2 * 2 * 2
    assert (cells[0]["mechanism"], cells[0]["policy"], cells[0]["seed"]) == ("uniform-price", "own", 0)
    run = evenwatt.load(market_made).run().report.measures
    assert cells[0]["welfare_share"] == pytest.approx(run["welfare_share"])
    assert cells[0]["local_mean_per_mwh"] == pytest.approx(run["local_mean_per_mwh"])


def test_all_mechanisms_and_policies_of_a_seed_share_it(made):
    seeds = {(row["mechanism"], row["policy"]): [] for row in rows(made, "sweep")}
    for row in rows(made, "sweep"):
        seeds[row["mechanism"], row["policy"]].append(row["seed"])
    assert len({tuple(held) for held in seeds.values()}) == 1
    assert len(set(next(iter(seeds.values())))) == 2


def test_differences_are_taken_seed_by_seed(made):
    own, other = (
        np.array(
            [row["welfare_share"] for row in rows(made, "sweep", mechanism="uniform-price", policy=policy)]
        )
        for policy in ("own", "zip")
    )
    told = rows(made, "paired", mechanism="uniform-price", policy="zip", measure="welfare_share")
    assert len(told) == 1
    assert told[0]["difference"] == pytest.approx((other - own).mean())
    assert told[0]["low"] <= told[0]["difference"] <= told[0]["high"]
    assert told[0]["against"] == "uniform-price / own"


def test_policies_are_told_by_role_against_the_own(made):
    told = rows(made, "policies", policy="zip")
    assert [row["role"] for row in told] == ["consumer", "prosumer", "producer"]
    assert all(row["against"] == "own" and row["verdict"] for row in told)
    assert all(row["difference"] is None for row in rows(made, "policies", policy="own"))


def test_every_table_has_its_columns_and_json_holds_it_all(made):
    for table, columns in TABLES.items():
        assert list(columns) == list(made.report["tables"][table][0])
        assert (made.folder / f"{table}.csv").is_file()
    assert made.report["measures"]["kind"] == "sweep"
    assert json.loads((made.folder / "report.json").read_text()) == made.report


def test_a_mechanism_that_cannot_take_the_orders_says_why(market):
    found = sweep(wished(market, mechanisms=["merit-order"], policies=[], seeds=1))
    row = rows(found, "sweep", mechanism="merit-order")[0]
    assert row["welfare_share"] is None
    assert row["skipped"]
    assert any(note.startswith("merit-order with own left out: ") for note in found.report["notes"])
    assert rows(found, "cells", mechanism="merit-order", measure="gini")[0]["seeds"] == 0


def test_a_persona_is_compared_with_the_case_on_the_same_seeds(market):
    found = sweep(wished(market, mechanisms=[], policies=["@greedy", "prosumer@depressed"], seeds=2))
    for policy in ("@greedy", "prosumer@depressed"):
        paired = rows(found, "paired", policy=policy, measure="local_mean_per_mwh")
        assert len(paired) == 1
        assert paired[0]["against"]
    own, greedy = (rows(found, "sweep", policy=policy)[0] for policy in ("own", "@greedy"))
    assert own["seed"] == greedy["seed"]
    assert own["local_mean_per_mwh"] != greedy["local_mean_per_mwh"]


def test_a_variant_of_personas_is_the_case_with_these_personas(market):
    found = sweep(wished(market, mechanisms=[], policies=["utility@greedy"], seeds=1))
    changed = evenwatt.load(market).with_settings({"policies": {"personas": {"utility": "greedy"}}})
    same = changed.run()
    row = rows(found, "sweep", policy="utility@greedy")[0]
    assert row["welfare_share"] == same.report.measures["welfare_share"]


@pytest.mark.parametrize("text", ["prosumer@gredy", "regulator@greedy", "homes@greedy"])
def test_a_persona_that_is_none_is_refused(market, text):
    with pytest.raises(CaseError, match=r"greedy|roles are"):
        sweep(wished(market, policies=[text]))


@pytest.mark.slow
def test_workers_do_not_change_a_byte(market, tmp_path, made):
    two = sweep(wished(market), out=tmp_path / "two", workers=2)
    assert files(two.folder) == files(made.folder)


def test_an_interrupted_sweep_goes_on_where_it_stopped(market, made):
    class Interrupted(Exception):
        pass

    def stop(done, total, what):
        if what == "sweeping" and done == 5:
            raise Interrupted

    with pytest.raises(Interrupted):
        sweep(wished(market), progress=stop)
    assert not (market / "swept").exists()
    counted = []
    resumed = sweep(wished(market), progress=lambda *step: counted.append(step))
    assert [step for step in counted if step[2] == "sweeping"] == [(k, 8, "sweeping") for k in (6, 7, 8)]
    assert files(resumed.folder) == files(made.folder)
    assert not (market / ".work").exists()


def test_the_same_question_is_answered_once(made, swept):
    counted = []
    again = sweep(wished(swept), progress=lambda *step: counted.append(step))
    assert again.folder == made.folder
    assert [step for step in counted if step[2] == "sweeping"] == []


def test_a_sweep_is_refused_before_anything_is_written(market, tmp_path, hamlet_csv):
    for changes in ({"mechanisms": ["uniform-prize"]}, {"policies": ["zap"]}):
        with pytest.raises(CaseError):
            wished(market, **changes)
    asks = wished(market, policies=["consumer=language"]).with_settings(
        {"language": {"mode": "live", "model": "m"}}
    )
    with pytest.raises(CaseError, match="a sweep asks nobody"):
        sweep(asks)
    (tmp_path / "there").mkdir()
    with pytest.raises(CaseError, match="exists already"):
        sweep(wished(market), out=tmp_path / "there")
    from evenwatt.studies.template import create

    with pytest.raises(CaseError, match="only a market"):
        sweep(create(tmp_path / "grid", hamlet_csv, study="microgrid"))
    assert not (market / "swept").exists()


def test_the_verb_tells_and_draws(market):
    arguments = ["sweep", str(market), "--mechanism", "pay-as-bid", "--policy", "own", "--seeds", "1"]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 0, told.output
    assert "Of 2 combinations of a mechanism and a policy" in told.output
    held = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    assert held["measures"]["seeds"] == 1


def test_mechanisms_are_listed():
    told = CliRunner().invoke(app, ["mechanisms", "--json"])
    names = [row["name"] for row in json.loads(told.output)]
    assert {"uniform-price", "vcg", "order-book"} <= set(names)
    assert "Vickrey" in CliRunner().invoke(app, ["mechanisms"]).output


def test_intervals_hold_the_mean_and_shrink_with_seeds():
    rng = np.random.default_rng(3)
    few, many = rng.normal(1.0, 1.0, 8), rng.normal(1.0, 1.0, 800)
    widths = []
    for values in (few, many):
        mean, low, high = bootstrapped(values, 0.95, 1)
        assert low < mean < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 4
    assert bootstrapped(np.zeros(0), 0.95, 1) == (None, None, None)


def test_verdicts_are_careful():
    assert verdict(np.zeros(8), 0.0, 0.0, 0.95) == "the same"
    assert verdict(np.array([0.3]), None, None, 0.95) == "too few seeds"
    assert verdict(np.zeros(0), None, None, 0.95) == "not comparable"
    lower = np.linspace(-0.3, -0.1, 8)
    assert verdict(lower, -0.3, -0.1, 0.95) == "lower"
    # Two of two on one side happen by chance every other time.
    assert verdict(lower[:2], -0.3, -0.1, 0.95) == "too few seeds"


def test_without_any_difference_few_verdicts_claim_one():
    """Of sweeps in which nothing differs, about one in twenty may say that something does, and not many more."""
    rng = np.random.default_rng(7)
    for seeds in (6, 8, 20):
        claims = 0
        for _ in range(2000):
            apart = rng.normal(0.0, 1.0, seeds)
            _, low, high = bootstrapped(apart, 0.95, 1)
            claims += verdict(apart, low, high, 0.95) in ("higher", "lower")
        assert 0.03 < claims / 2000 < 0.08
