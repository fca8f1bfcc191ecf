"""What is learned from a case is whole or absent, the same every time, and no more than the data say."""

from __future__ import annotations

import json
import shutil
from itertools import count

import numpy as np
import polars as pl
import pytest

import evenwatt
from evenwatt.core.errors import CaseError, DataError, InputError
from evenwatt.learning import History, keeping
from evenwatt.studies.cascade import training
from evenwatt.studies.cascade.lessons import lessons, remember
from evenwatt.studies.cascade.training import TABLES, train
from evenwatt.studies.case import silent
from evenwatt.studies.template import create
from evenwatt.studies.verify import verify


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def ticking():
    """A clock that moves on by one second whenever somebody looks."""
    return count().__next__


def taught(folder, **wished):
    return train(evenwatt.load(folder), **{"refits": 2, "clock": ticking(), **wished})


@pytest.fixture(scope="module")
def trained(village_made, tmp_path_factory):
    """The village, learned from once; not to be changed."""
    folder = shutil.copytree(village_made, tmp_path_factory.mktemp("trained") / "village")
    return folder, taught(folder)


@pytest.fixture
def learned(trained, tmp_path):
    """A copy of the village with what was learned from it, and the name of that folder."""
    folder, made = trained
    return shutil.copytree(folder, tmp_path / "learned"), made.folder.relative_to(folder).as_posix()


# the folder


def test_the_folder_holds_report_tables_and_models(trained):
    _, made = trained
    held = {path.name for path in made.folder.iterdir()}
    assert held == {
        "report.json", "policy.model", "demand.model", *(f"{n}.{e}" for n in TABLES for e in ("parquet", "csv")),
    }  # fmt: skip
    assert json.loads((made.folder / "report.json").read_text()) == json.loads(json.dumps(made.report))
    for name in TABLES:
        assert len(pl.read_parquet(made.folder / f"{name}.parquet")) == len(made.report["tables"][name])
    assert keeping.load(made.folder / "policy.model").training.rows == made.report["measures"]["intervals"]


def test_the_same_question_is_computed_once(trained, monkeypatch):
    folder, made = trained
    monkeypatch.setattr(training, "_policy", lambda *_: pytest.fail("computed again"))
    before = files(folder)
    again = taught(folder)
    assert again.folder == made.folder
    assert again.report == json.loads(json.dumps(made.report))
    assert files(folder) == before


def test_the_same_seed_learns_the_same_to_the_byte(trained, village):
    _, made = trained
    again = taught(village)
    assert files(again.folder) == files(made.folder)


def test_a_clock_changes_nothing_but_seconds(trained, village):
    _, made = trained
    again = taught(village, clock=lambda: 0.0)
    assert again.report["measures"].pop("seconds") == 0
    assert made.report["measures"]["seconds"] > 0
    assert {row["seconds"] for row in again.report["tables"]["models"]} == {0.0}
    assert again.report["tables"]["bargain_weights"] == made.report["tables"]["bargain_weights"]


def test_another_seed_statement_or_outcome_is_another_question(village, cases):
    case = evenwatt.load(village)

    def name(opened):
        return lessons(opened, silent).id("train", 2)

    plain = name(case)
    assert name(evenwatt.load(village)) == plain
    assert name(case.with_settings({"seed": 1})) != plain
    cases.agree(case, [1, 1, 2, 1])
    told = name(evenwatt.load(village))
    assert told != plain
    cases.agree(case, [1, 1, 1, 2])
    assert name(evenwatt.load(village)) != told


def test_the_weights_of_today_do_not_change_what_is_learned(village):
    case = evenwatt.load(village)
    weighed = case.with_settings({"rule": {"agents": "bargain"}, "bargain": {"weights": "equal"}})
    assert lessons(case, silent).id() == lessons(weighed, silent).id()


def test_an_interruption_leaves_nothing_half_done(village):
    lessons(evenwatt.load(village), silent)
    before = files(village)

    def interrupt(done, total, what):
        if "discount" in what and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        taught(village, progress=interrupt)
    assert files(village) == before


def test_what_is_there_is_never_written_over(village):
    taken = village / "taken"
    taken.mkdir()
    before = files(village)
    with pytest.raises(CaseError, match="taken: exists already"):
        taught(village, out=taken)
    assert files(village) == before


# refusals


def test_too_few_days_are_refused_and_leave_no_trace(cases, tmp_path):
    case = cases.village(tmp_path / "short", days=13)
    before = files(case.folder)
    with pytest.raises(CaseError, match="13 days of readings; learning needs at least 14"):
        train(case)
    assert files(case.folder) == before


def test_another_study_is_refused(grid):
    before = files(grid)
    with pytest.raises(CaseError, match="is a microgrid; only a cascade"):
        train(evenwatt.load(grid))
    assert files(grid) == before


def test_faults_of_outcomes_are_named_together_and_leave_no_trace(village):
    shutil.rmtree(village / "store")
    (village / "outcomes.csv").write_text(
        "interval_start,supplier,agent,wh\n"
        "2026-03-20T10:00:00Z,roof,a1,5\n"
        "2026-03-20T10:00:00Z,roof,a1,5\n"
        "2026-03-20T10:00:00Z,moon,a1,5\n"
        "2026-03-20T10:00:00Z,roof,a9,5\n"
        "2027-03-20T10:00:00Z,roof,a1,5\n"
        "2026-03-20T11:00:00Z,wheel,a1,-5\n"
        "2026-03-20T12:00:00Z,wheel,a1,500000\n"
    )
    before = files(village)
    with pytest.raises(DataError) as refused:
        taught(village)
    for words in ("stands twice", "not in suppliers.csv", "not in agents.csv", "no such interval", "below 0",
                  "it had"):  # fmt: skip
        assert words in str(refused.value)
    assert files(village) == before


def test_a_case_in_which_nobody_states_every_hour_is_refused_without_a_trace(village):
    shutil.rmtree(village / "store")
    told = village / "statements.csv"
    told.write_text("\n".join(told.read_text().splitlines()[:-2]) + "\n")
    before = files(village)
    with pytest.raises(CaseError, match="agent 'a2' states nothing for"):
        taught(village)
    assert files(village) == before


# what the report says


def test_statements_as_metered_are_said_to_hide_nothing(village):
    metered = evenwatt.load(village).with_settings({"bargain": {"statements": "metered"}})
    assert any("no error for a model to correct" in note for note in lessons(metered, silent).notes)
    assert not any("no error" in note for note in lessons(evenwatt.load(village), silent).notes)


def test_a_week_before_that_is_not_there_is_said(village):
    late = evenwatt.load(village).with_settings({"bargain": {"statements": "last-week"}})
    assert any("169 intervals" in note for note in lessons(late, silent).notes)


def test_a_weight_without_a_number_is_not_identified_and_the_others_have_an_interval(trained):
    rows = trained[1].report["tables"]["identifiability"]
    assert {row["party"] for row in rows} == {"supplier:roof", "supplier:wheel", "agent:a1", "agent:a2"}
    for row in rows:
        if row["verdict"] == "not identified":
            assert (row["weight"], row["low"], row["high"]) == (None, None, None)
        else:
            assert row["low"] < row["weight"] < row["high"]
    assert any(row["verdict"] != "not identified" for row in rows)


def test_intervals_are_never_of_no_width(trained):
    for row in trained[1].report["tables"]["bargain_weights"]:
        assert row["low"] < row["high"], row


def test_one_candidate_is_chosen_and_it_is_the_best(trained):
    told = trained[1].report
    rows = told["tables"]["candidates"]
    (chosen,) = (row for row in rows if row["chosen"])
    assert chosen["worth"] == max(row["worth"] for row in rows)
    assert told["measures"]["rule"] == chosen["rule"]
    assert told["summary"][0].startswith(chosen["title"])


@pytest.fixture(scope="module")
def agreed(cases, tmp_path_factory):
    """The village of which is known what parties of weights 1, 1, 3, 1 agreed on, learned from."""
    case = cases.overstating(tmp_path_factory.mktemp("agreed") / "village")
    cases.agree(case, [1, 1, 3, 1], noise=0.02)
    return taught(case.folder, refits=0)


def test_hidden_weights_are_found_in_what_was_agreed(agreed):
    rows = {row["party"]: row for row in agreed.report["tables"]["identifiability"]}
    one, other = rows["agent:a1"], rows["agent:a2"]
    assert {one["verdict"], other["verdict"]} == {"identified"}
    assert one["weight"] / other["weight"] == pytest.approx(3, rel=0.02)
    assert one["low"] < one["weight"] < one["high"]
    assert {path.name for path in agreed.folder.glob("*.model")} == {
        "policy.model", "demand.model", "surrogate.model", "hidden-weights.model",
    }  # fmt: skip


def test_hidden_weights_are_told_in_words_too(agreed):
    assert any(note.startswith("agent:a1: weight 0.7") for note in agreed.report["notes"])


def test_outcomes_of_some_hours_are_enough(cases, village):
    case = evenwatt.load(village)
    cases.agree(case, [1, 1, 3, 1])
    place = village / "outcomes.csv"
    head, *lines = place.read_text().splitlines()
    place.write_text("\n".join([head, *lines[: len(lines) // 3]]) + "\n")
    flow = lessons(evenwatt.load(village), silent).history.target("flow")
    known = np.isfinite(flow).all(axis=(1, 2))
    assert known.sum() == pytest.approx(len(flow) / 3, abs=1)
    rows = {row["party"]: row for row in taught(village, refits=0).report["tables"]["identifiability"]}
    assert rows["agent:a1"]["weight"] / rows["agent:a2"]["weight"] == pytest.approx(3, rel=0.01)


# the history


def test_the_history_grows_only_by_what_is_new(cases, tmp_path):
    case = cases.village(tmp_path / "growing", days=15)
    place = case.folder / case.config.data.meters
    head, *lines = place.read_text().splitlines()
    place.write_text("\n".join([head, *lines[: 14 * 24 * 7]]) + "\n")
    assert remember(lessons(evenwatt.load(case.folder), silent)) == 14 * 24
    assert remember(lessons(evenwatt.load(case.folder), silent)) == 0
    place.write_text("\n".join([head, *lines]) + "\n")
    assert remember(lessons(evenwatt.load(case.folder), silent)) == 24
    assert len(History.from_parquet(case.folder / "history")) == 15 * 24
    assert not list(case.folder.glob("history-before-*"))


def test_a_history_told_otherwise_is_put_aside(village):
    held = lessons(evenwatt.load(village), silent)
    remember(held)
    was = files(village / "history")
    offers = village / "suppliers.csv"
    offers.write_text(offers.read_text().replace("140.0", "150.0"))
    changed = lessons(evenwatt.load(village), silent)
    assert remember(changed) == len(changed.history)
    assert files(village / "history-before-1") == was
    assert (History.from_parquet(village / "history")["offer"] == changed.history["offer"]).all()


def test_training_remembers_the_case(trained):
    folder, made = trained
    kept = History.from_parquet(folder / "history")
    assert len(kept) == made.report["measures"]["intervals"]
    assert np.nansum(kept.target("metered")) > 0


# bargaining by what was learned


def by(folder, model):
    return evenwatt.load(folder).with_settings(
        {"rule": {"agents": "bargain"}, "bargain": {"weights": "learned", "model": model}}
    )


def test_a_case_bargains_by_what_it_learned_and_the_run_stands(learned):
    folder, model = learned
    run = by(folder, model).run()
    rows = run.report.tables["bargain_weights"]
    assert {row["verdict"] for row in rows} == {"learned"}
    assert any("which this period shares: how it does here is no proof" in note for note in run.report.notes)
    assert verify(run).stands


def test_a_model_that_was_altered_is_refused(learned):
    folder, model = learned
    place = folder / model / "policy.model"
    held = bytearray(place.read_bytes())
    held[len(held) // 2] ^= 0xFF
    place.write_bytes(bytes(held))
    with pytest.raises(DataError, match=r"policy\.model"):
        by(folder, model).run()
    assert not (folder / "runs").exists()


def test_a_model_of_another_kind_is_refused(learned):
    folder, model = learned
    with pytest.raises(InputError, match="demand"):
        by(folder, f"{model}/demand.model").run()


def test_a_model_of_other_parties_is_refused(learned, hamlet_csv, tmp_path):
    folder, model = learned
    other = create(tmp_path / "other", hamlet_csv, agents=2).folder
    shutil.copytree(folder / model, other / "models" / "theirs")
    with pytest.raises(InputError, match=r"roof.*mill|mill.*roof"):
        by(other, "models/theirs").run()
