"""Runs are whole or absent, resumable, recomputable, comparable."""

from __future__ import annotations

import json

import pytest

import evenwatt
from evenwatt.app import pages
from evenwatt.core.errors import CaseError, DataError
from evenwatt.studies import runs
from evenwatt.studies.verify import diff, verify


def test_the_same_question_lands_on_the_same_run(hamlet):
    case = evenwatt.load(hamlet)
    assert case.run().folder == evenwatt.load(hamlet).run().folder
    assert case.run(rule="cea").folder != case.run().folder


def test_an_interrupted_run_leaves_no_half_run_and_goes_on(hamlet):
    calls = []

    def interrupt(done, total, what):
        calls.append((done, what))
        if what == "dividing":
            raise KeyboardInterrupt

    case = evenwatt.load(hamlet)
    with pytest.raises(KeyboardInterrupt):
        case.run(rule="cea", progress=interrupt)
    assert [p.name for p in (hamlet / "runs").iterdir()] == [runs.open_run(hamlet).folder.name]
    finished = []
    run = case.run(rule="cea", progress=lambda done, total, what: finished.append((what, done)))
    assert [done for what, done in finished if what == "dividing"] == [2]  # the first day was kept
    straight = evenwatt.load(hamlet)
    names = {p.relative_to(run.folder).as_posix() for p in run.folder.rglob("*")}
    assert verify(run).stands
    assert not (hamlet / ".work").exists()
    assert "report.json" in names
    assert straight.run(rule="cea").folder == run.folder


def test_a_run_stands_when_recomputed_and_falls_when_touched(hamlet):
    run = evenwatt.load(hamlet).run()
    verdict = verify(run, page=pages.cascade)
    assert verdict.stands
    assert verdict.bytewise
    members = run.folder / "members.csv"
    members.write_text(members.read_text().replace("home1", "home9", 1))
    assert verify(run, page=pages.cascade).faults == ("members.csv: differs from what its inputs give",)


def test_a_run_of_another_version_is_compared_by_content(hamlet):
    run = evenwatt.load(hamlet).run()
    place = run.folder / "run.json"
    record = json.loads(place.read_text())
    record["versions"]["code"], record["run_id"] = "an older one", "2026-06-01-older"
    place.write_text(json.dumps(record))
    verdict = verify(runs.Run(run.folder))
    assert (verdict.stands, verdict.bytewise) == (True, False)


def test_a_changed_input_is_named(hamlet):
    run = evenwatt.load(hamlet).run()
    prices = hamlet / "prices.csv"
    prices.write_text(prices.read_text().replace("250.0", "251.0"))
    assert verify(run).faults == ("input prices.csv: changed since the run",)


def test_two_runs_differ_by_what_moved(hamlet):
    case = evenwatt.load(hamlet)
    one, two = case.run(rule="cea"), case.run(rule="cel")
    rows = diff(one, two)
    assert rows["awarded_delta_wh"].sum() == 0
    assert rows["awarded_delta_wh"].abs().max() > 0
    assert diff(one, one)["awarded_delta_wh"].abs().max() == 0


def test_run_json_says_how_the_run_was_made(hamlet):
    record = json.loads((evenwatt.load(hamlet).run().folder / "run.json").read_text())
    assert set(record) >= {"versions", "inputs", "seed", "config", "timings", "run_id"}
    assert set(record["inputs"]) == {
        "members.csv",
        "agents.csv",
        "suppliers.csv",
        "prices.csv",
        "meters/hamlet.csv",
    }


def test_explaining_agrees_with_what_was_awarded(hamlet):
    run = evenwatt.load(hamlet).run()
    row = run.intervals.filter(
        (run.intervals["award_wh"] > 0) & (run.intervals["award_wh"] < run.intervals["claim_wh"])
    )
    first = row.row(0, named=True)
    answer = run.explain(first["member"], first["interval_start"].isoformat() + "Z")
    assert answer.award_wh == first["award_wh"]
    assert answer.others["talmud"] == pytest.approx(first["award_wh"], abs=1)
    assert {"ra", "aa", "cea", "nash-equal"} <= set(answer.others)
    assert str(first["claim_wh"]) in " ".join(answer.sentences).replace(",", "")
    json.dumps(answer.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("member", "time", "complaint"),
    [
        ("nobody", "2026-06-01T12:00Z", "not one of the 5 members"),
        ("home1", "2026-07-01T12:00Z", "the run covers 2026-06-01 to 2026-06-02"),
        ("home1", "noon", "not ISO 8601"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(hamlet, member, time, complaint):
    with pytest.raises(CaseError, match=complaint):
        evenwatt.load(hamlet).run().explain(member, time)


def test_unmended_readings_refuse_to_run_and_write_nothing(hamlet):
    meters = next((hamlet / "meters").iterdir())
    meters.write_text(meters.read_text().replace("home1,consumption,0.", "home1,consumption,-0."))
    before = sorted(p.name for p in (hamlet / "runs").iterdir())
    with pytest.raises(DataError, match=r"hamlet\.csv"):
        evenwatt.load(hamlet).run()
    assert sorted(p.name for p in (hamlet / "runs").iterdir()) == before


def test_verifying_reads_the_exports_anew_and_changes_nothing(hamlet):
    run = evenwatt.load(hamlet).run()
    part = next((hamlet / "store").rglob("part.parquet"))
    part.write_bytes(b"spoilt")
    before = {p.as_posix(): p.read_bytes() for p in hamlet.rglob("*") if p.is_file()}
    assert verify(run).stands
    assert {p.as_posix(): p.read_bytes() for p in hamlet.rglob("*") if p.is_file()} == before
