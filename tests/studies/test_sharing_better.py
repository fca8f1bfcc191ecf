"""Better keys for a small group: found, proved, judged on other days, written beside the case; and keys found again."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

import evenwatt
from evenwatt import sharing
from evenwatt.app import pages
from evenwatt.core.errors import CaseError, DataError
from evenwatt.data import exports
from evenwatt.studies.sharing import importing, inference, optimised, settled_export
from evenwatt.studies.sharing.better import whole_keys
from evenwatt.studies.sharing.regime import known, of
from evenwatt.studies.template import create


def ean(number):
    """A Czech metering point with its check digit (GS1, weights 3 and 1)."""
    body = f"8591824{number:010d}"
    return body + str(-sum(int(d) * (3 if k % 2 == 0 else 1) for k, d in enumerate(body)) % 10)


@pytest.fixture(scope="session")
def weeks_made(tmp_path_factory):
    """Four days of hours: two plants, four homes with habits of their own, judged two days at a time."""
    rng = np.random.default_rng(5)
    lines = ["interval_start,meter,role,kwh"]
    start = datetime(2026, 6, 1, tzinfo=UTC)
    for t in range(96):
        stamp = (start + timedelta(hours=t)).strftime("%Y-%m-%dT%H:%M:%SZ")
        sun = max(0.0, np.sin((t % 24 - 5) / 14 * np.pi))
        for plant, size in (("east", 1.2), ("west", 0.8)):
            lines.append(f"{stamp},{plant},generation,{round(size * sun * rng.uniform(0.6, 1), 2)}")
        for home in range(4):
            use = 0.2 + 0.6 * (t % 4 == home) + rng.uniform(0, 0.2)
            lines.append(f"{stamp},home{home},consumption,{use:.2f}")
    folder = tmp_path_factory.mktemp("weeks")
    (folder / "hours.csv").write_text("\n".join(lines) + "\n")
    case = create(folder / "case", folder / "hours.csv", study="sharing")
    toml = case.folder / "case.toml"
    text = toml.read_text().replace("max_evaluations = 10000", "max_evaluations = 400")
    toml.write_text(text + "\n[forward]\nwindow_days = 2\n")
    optimised.optimise(evenwatt.load(case.folder))
    return case.folder


@pytest.fixture
def weeks(weeks_made, tmp_path):
    """A copy of it to do with as a test pleases."""
    return shutil.copytree(weeks_made, tmp_path / "case")


@pytest.fixture(scope="session")
def found(weeks_made):
    return optimised.optimise(evenwatt.load(weeks_made))


def test_the_keys_found_share_more_and_never_more_than_the_bound(found):
    m = found.report["measures"]
    assert m["before_wh"] < m["shared_wh"] <= m["bound_wh"] <= m["ideal_wh"] + 1e-6
    assert m["gap"] == pytest.approx((m["bound_wh"] - m["found_wh"]) / m["bound_wh"])
    assert m["found_wh"] == m["shared_wh"]


def test_a_run_by_the_keys_found_shares_what_was_promised(weeks, found):
    shutil.copyfile(found.folder / "keys.csv", weeks / "keys.csv")
    assert evenwatt.load(weeks).run().report.measures["shared_wh"] == found.report["measures"]["found_wh"]


def test_the_search_leaves_the_keys_of_the_case_alone(weeks):
    before = (weeks / "keys.csv").read_text()
    case = evenwatt.load(weeks)
    found = optimised.optimise(case)
    assert (weeks / "keys.csv").read_text() == before
    kept = optimised.apply(case, found)
    assert kept.read_text() == before
    assert (weeks / "keys.csv").read_text() == (found.folder / "keys.csv").read_text() != before


def test_the_same_question_lands_on_the_same_folder(weeks):
    first = optimised.optimise(evenwatt.load(weeks))
    stamp = (first.folder / "report.json").stat().st_mtime_ns
    assert optimised.optimise(evenwatt.load(weeks)).folder == first.folder
    assert (first.folder / "report.json").stat().st_mtime_ns == stamp
    other = optimised.optimise(evenwatt.load(weeks).with_settings({"seed": 3}))
    assert other.folder != first.folder


def test_the_bars_fall_from_the_ideal_to_the_own_keys(found):
    bars = found.report["tables"]["waterfall"]
    assert [row["stage"] for row in bars] == ["ideal", "links", "keys", "rounds", "floor", "current"]
    assert all(row["loss_wh"] >= 0 for row in bars)
    assert bars[-1]["wh"] == found.report["measures"]["before_wh"]
    assert bars[-2]["wh"] >= found.report["measures"]["shared_wh"]
    assert {row["proof"] for row in bars} == {"certified", "heuristic"}


def test_keys_are_judged_on_days_they_were_not_chosen_on(found):
    rows = found.report["tables"]["forward"]
    assert {row["window"] for row in rows} == {"2026-06-03 to 2026-06-04"}
    by = {row["keys"]: row["share"] for row in rows}
    assert by.keys() == {"current", "equal", "demand", "optimised", "hindsight"}
    assert by["hindsight"] == max(by.values())
    assert all(0 < share <= 1 for share in by.values())


def test_history_rises_and_its_bound_falls(found):
    history = found.report["tables"]["history"]
    shared = [row["shared_wh"] for row in history]
    assert shared == sorted(shared)
    bounds = [row["bound_wh"] for row in history if row["bound_wh"] is not None]
    assert bounds == sorted(bounds, reverse=True)
    assert (found.folder / "history.csv").read_text().startswith("seconds,shared_wh,bound_wh,gap")


def test_keys_are_filed_as_the_country_words_them(found):
    lines = (found.folder / "filing" / "keys-for-edc.csv").read_text().splitlines()
    assert lines[0] == "EAN odberu;EAN vyroby;alokacni klic [%];priorita"
    ranks = [line.split(";")[3] for line in lines[1:]]
    assert set(ranks) <= {"1", "2"}
    percents = {}
    for line in lines[1:]:
        _, producer, key, _ = line.split(";")
        percents[producer] = percents.get(producer, 0) + float(key.replace(",", "."))
    assert all(total <= 100.001 for total in percents.values())


def test_a_rule_of_one_round_is_proved(weeks):
    case = evenwatt.load(weeks).with_settings(
        {"rule": {"rounds": 1, "quantum_wh": 1}, "optimise": {"method": "exact"}}
    )
    m = optimised.optimise(case).report["measures"]
    assert m["gap"] < 0.005


def test_keys_for_the_worst_served_serve_them_better(weeks):
    case = evenwatt.load(weeks)
    found = {}
    for objective in ("shared", "coverage:alpha=inf"):
        changes = {"rule": {"rounds": 1}, "optimise": {"method": "exact", "objective": objective}}
        found[objective] = optimised.optimise(case.with_settings(changes)).report
    worst = {
        objective: next(r for r in report["tables"]["variants"] if r["name"] == "current")["worst_coverage"]
        for objective, report in found.items()
    }
    assert worst["coverage:alpha=inf"] > worst["shared"]
    even = found["coverage:alpha=inf"]
    assert "the worst served has" in even["summary"][0]
    assert even["tables"]["forward"] == []
    assert any("keys for coverage" in note for note in even["notes"])


def test_keys_of_all_producers_together_are_chosen_too(weeks):
    (weeks / "keys.csv").write_text(
        "consumer,producer,key,priority\n" + "".join(f"home{k},*,0.25,1\n" for k in range(4))
    )
    found = optimised.optimise(evenwatt.load(weeks).with_rule("es-fixed"))
    table = pl.read_csv(found.folder / "keys.csv")
    assert table["key"].sum() == pytest.approx(1.0)
    assert set(table["producer"]) == {"*"}
    m = found.report["measures"]
    assert m["shared_wh"] >= m["before_wh"]
    assert len(list((found.folder / "filing").iterdir())) == 2
    for file in (found.folder / "filing").iterdir():
        parts = [float(line.split(";")[1].replace(",", ".")) for line in file.read_text().splitlines()]
        assert sum(parts) == pytest.approx(1.0, abs=1e-9)


def test_keys_are_filed_in_france_for_every_step(weeks):
    (weeks / "keys.csv").write_text("consumer,producer,key,priority\nhome0,*,0.5,1\nhome1,*,0.5,1\n")
    found = optimised.optimise(evenwatt.load(weeks).with_rule("fr-static"))
    files = sorted((found.folder / "filing").iterdir())
    assert [file.name for file in files] == ["east.csv", "west.csv"]
    assert len(files[0].read_text().splitlines()) == 97


@pytest.mark.parametrize("role", ["generation", "consumption"])
def test_where_nothing_can_be_shared_no_keys_are_found(weeks, role):
    meters = next((weeks / "meters").iterdir())
    lines = meters.read_text().splitlines()
    lines = [line.rpartition(",")[0] + ",0" if f",{role}," in line else line for line in lines]
    meters.write_text("\n".join(lines) + "\n")
    found = optimised.optimise(evenwatt.load(weeks), page=pages.sharing)
    m = found.report["measures"]
    assert (m["shared_wh"], m["gap"], m["ideal_wh"]) == (0, 0, 0)
    assert (found.folder / "keys.csv").read_text().startswith("consumer,producer,key,priority")
    assert (found.folder / "report.html").is_file()


def test_keys_that_must_sum_to_one_do():
    regime = of(known()["es-fixed"])
    keys = whole_keys(np.array([[3000, 3000, 1000], [0, 0, 0]]), regime)
    assert keys.sum(axis=1).tolist() == [10_000, 0]


def test_a_formula_has_no_keys_to_choose(weeks):
    case = evenwatt.load(weeks).with_rule("at-dynamic")
    with pytest.raises(CaseError, match="has no fixed keys to choose"):
        optimised.optimise(case)


def test_exact_names_the_methods_that_work_for_several_rounds(weeks):
    case = evenwatt.load(weeks).with_settings({"optimise": {"method": "exact"}})
    with pytest.raises(evenwatt.core.errors.InputError, match="annealing"):
        optimised.optimise(case)


def test_too_few_days_are_said_to_be_too_few(weeks):
    case = evenwatt.load(weeks).with_settings({"forward": {"window_days": 30}})
    report = optimised.optimise(case).report
    assert report["tables"]["forward"] == []
    assert any("nothing is known of how the keys do" in note for note in report["notes"])


@pytest.mark.parametrize("objective", ["money", "coverage", "coverage:alpha=x", "shared:alpha=1"])
def test_an_unknown_objective_is_refused(weeks, objective):
    with pytest.raises(CaseError, match=r"optimise\.objective: expected 'shared' or 'coverage:alpha=1'"):
        evenwatt.load(weeks).with_settings({"optimise": {"objective": objective}})


@pytest.fixture(scope="session")
def national(tmp_path_factory):
    """A month's file of the Czech data centre: one producer, three consumers, five rounds."""
    rng = np.random.default_rng(8)
    steps = 96 * 10
    sun = np.maximum(0, np.sin((np.arange(steps) % 96 - 24) / 50 * np.pi))
    supply = (np.rint(sun * rng.uniform(0.5, 1, steps) * 150) * 10).astype(np.int64)[:, None]
    demand = (np.rint(rng.gamma(2, 8, (steps, 3))) * 10).astype(np.int64)
    given = sharing.allocate(supply, demand, [[5000, 3000, 2000]], [[1, 1, 1]], rounds=5)
    start = np.datetime64("2025-01-31T23:00:00", "s") + np.arange(steps) * np.timedelta64(900, "s")
    held = exports.Export(
        source="made", format="edc-all", start=start, seconds=900, zone="Europe/Prague",
        producers=(ean(1),), consumers=tuple(ean(k) for k in (2, 3, 4)),
        supply=supply, unused=given.unused, demand=demand, unmet=given.unmet,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("national") / "month.csv"
    exports.write(held, path)
    return path, held


def test_keys_are_found_again_in_a_national_file(national, tmp_path):
    path, _ = national
    found = inference.infer(path, country="cz")
    assert (found.rounds, found.matched, found.cells) == (5, 1.0, 0)
    held = {row["consumer"]: row for row in found.rows}
    for k, key in ((2, 0.5), (3, 0.3), (4, 0.2)):
        assert held[ean(k)]["least"] <= key <= held[ean(k)]["most"]
    out = tmp_path / "keys.csv"
    inference.write_keys(found, out)
    assert out.read_text().startswith("consumer,producer,key,priority,valid_from,valid_to\n")
    with pytest.raises(CaseError, match="exists already"):
        inference.write_keys(found, out)


def test_a_national_file_becomes_a_case_that_shares_the_same(national, tmp_path):
    """Import, make a case, put the keys found into it: the run gives every watt-hour that the file tells."""
    path, held = national
    made = importing.import_export(path, tmp_path / "cz", country="cz")
    assert [file.name for file in made.paths] == ["meters.csv", "shares.csv"]
    case = create(
        tmp_path / "case", tmp_path / "cz" / "meters.csv", study="sharing", timezone="Europe/Prague"
    )
    (case.folder / "keys.csv").unlink()
    inference.write_keys(inference.infer(path), case.folder / "keys.csv")
    run = evenwatt.load(case.folder).run()
    assert run.report.measures["shared_wh"] == held.shared.sum() > 0
    shares = pl.read_csv(tmp_path / "cz" / "shares.csv", schema_overrides={"consumer": pl.String})
    told = dict(shares.group_by("consumer").agg(pl.col("wh").sum()).iter_rows())
    got = {row["id"]: row["received_wh"] for row in run.report.tables["members"] if row["deficit_wh"]}
    assert got == told


def test_keys_are_found_in_a_case_beside_its_shares(national, tmp_path):
    path, _ = national
    importing.import_export(path, tmp_path / "cz", country="cz")
    case = create(
        tmp_path / "case", tmp_path / "cz" / "meters.csv", study="sharing", timezone="Europe/Prague"
    )
    with pytest.raises(CaseError, match=r"shares\.csv: missing; .* `evenwatt data import` writes it"):
        inference.infer(case.folder)
    shutil.copyfile(tmp_path / "cz" / "shares.csv", case.folder / "shares.csv")
    found = inference.infer(case.folder)
    assert (found.rounds, found.matched) == (5, 1.0)
    assert found.rows == inference.infer(path).rows


def test_shares_of_strangers_and_of_more_than_was_wanted_are_refused(national, tmp_path):
    path, held = national
    importing.import_export(path, tmp_path / "cz", country="cz")
    case = create(
        tmp_path / "case", tmp_path / "cz" / "meters.csv", study="sharing", timezone="Europe/Prague"
    )
    head, shares = "interval_start,producer,consumer,wh\n", case.folder / "shares.csv"
    shares.write_text(f"{head}{held.start[0]}Z,,nobody,10\n")
    with pytest.raises(DataError, match="row 1: 'nobody' is no member"):
        inference.infer(case.folder)
    shares.write_text(f"{head}{held.start[0]}Z,,{held.consumers[0]},9999999\n")
    with pytest.raises(DataError, match="9999999 Wh shared, but it wanted"):
        inference.infer(case.folder)
    shares.write_text(f"{head}1999-01-01T00:00:00Z,,{held.consumers[0]},10\n")
    with pytest.raises(DataError, match="no row lies in an interval of the readings"):
        inference.infer(case.folder)


def test_a_run_is_written_as_the_data_centre_would(national, tmp_path):
    """From the national file to a case, a run, and back: the same file."""
    path, held = national
    importing.import_export(path, tmp_path / "cz", country="cz")
    case = create(
        tmp_path / "case", tmp_path / "cz" / "meters.csv", study="sharing", timezone="Europe/Prague"
    )
    (case.folder / "keys.csv").unlink()
    inference.write_keys(inference.infer(path), case.folder / "keys.csv")
    run = evenwatt.load(case.folder).run()
    settled_export.write_run(run, tmp_path / "again.csv")
    again = exports.read(tmp_path / "again.csv")
    assert again.format == "edc-all"
    assert (again.shared == held.shared).all()
    assert (again.supply == held.supply).all()
    with pytest.raises(CaseError, match="exists already"):
        settled_export.write_run(run, tmp_path / "again.csv")


def test_coefficients_filed_after_the_fact_never_give_more_than_is_wanted(weeks, tmp_path):
    run = evenwatt.load(weeks).run(rule="fr-default")
    settled_export.write_run(run, tmp_path / "filed")
    filed = exports.read(tmp_path / "filed")
    told = settled_export.told(run)
    places = [filed.producers.index(name) for name in told.producers]
    shares = filed.keys[:, places] * told.supply[:, :, None] / filed.key_units
    assert 0 < shares.sum() <= told.shared.sum()
    assert (shares.sum(axis=1) <= told.demand + 1e-6).all()


def test_a_file_of_another_country_is_refused(national, tmp_path):
    path, _ = national
    with pytest.raises(DataError, match="is a file of edc-all; files of 'at' are eda"):
        importing.import_export(path, tmp_path / "at", country="at")
    with pytest.raises(CaseError, match="--country 'xx': there are cz"):
        importing.import_export(path, tmp_path / "xx", country="xx")
    with pytest.raises(DataError, match="no such file"):
        importing.import_export(tmp_path / "none.csv", tmp_path / "none")


def test_importing_never_overwrites(national, tmp_path):
    path, _ = national
    importing.import_export(path, tmp_path / "cz")
    with pytest.raises(DataError, match=r"holds meters\.csv, shares\.csv already"):
        importing.import_export(path, tmp_path / "cz")


def test_keys_that_explain_too_little_are_no_good(national, tmp_path):
    path, _ = national
    found = inference.infer(path, rounds=1)
    assert not found.is_good
    assert len(found.mismatches) == 20 < found.cells
    assert any("explain" in note for note in found.notes)
