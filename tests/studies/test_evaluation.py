"""Whether learning helped is judged on days nobody has seen, beside the rules that it must beat."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest

import evenwatt
from evenwatt.core.errors import CaseError, ProblemError
from evenwatt.learning.baselines import FORESIGHT, MANDATORY
from evenwatt.studies.cascade import evaluation
from evenwatt.studies.cascade.evaluation import TABLES, evaluate
from evenwatt.studies.cascade.lessons import lessons
from evenwatt.studies.case import silent

LEARNED = {"weights", "weights-discount", "demand-learned"}


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def judged(folder, **wished):
    return evaluate(evenwatt.load(folder), **{"blocks": 1, **wished})


def timeless(report):
    """The report without what the clock told."""
    told = json.loads(json.dumps(report))
    for row in told["tables"]["regret"]:
        del row["seconds"]
    return told


@pytest.fixture(scope="module")
def seen(village_made, tmp_path_factory):
    """The village, judged in two blocks; not to be changed."""
    folder = shutil.copytree(village_made, tmp_path_factory.mktemp("judged") / "village")
    return folder, judged(folder, blocks=2)


@pytest.fixture(scope="module")
def tables(seen):
    return seen[1].report["tables"]


# the tables


def test_every_baseline_and_every_learned_rule_is_in_the_table(tables):
    rules = {row["rule"]: row["is_baseline"] for row in tables["regret"]}
    assert rules == dict.fromkeys([*MANDATORY, FORESIGHT], True) | dict.fromkeys(LEARNED, False)


def test_perfect_foresight_regrets_nothing_and_wastes_nothing(tables):
    (row,) = (row for row in tables["regret"] if row["rule"] == FORESIGHT)
    assert (row["regret"], row["regret_low"], row["regret_high"]) == (0, 0, 0)
    assert row["wasted_wh"] == pytest.approx(0, abs=1)


def test_regret_is_what_the_objectives_say(tables):
    worth = {row["rule"]: row["objective"] for row in tables["regret"]}
    for row in tables["regret"]:
        assert row["regret"] == pytest.approx(1 - row["objective"] / worth[FORESIGHT])
        assert row["regret_low"] <= row["regret"] <= row["regret_high"]


def test_worth_is_in_money_of_the_case(seen):
    """At most what all need is worth: a slip of a million between units would show."""
    folder, made = seen
    history = lessons(evenwatt.load(folder), silent).history
    asked = (history.target("metered") * history["willingness"]).sum() / 1e6
    for row in made.report["tables"]["regret"]:
        assert 0.05 * asked < row["objective"] < 0.5 * asked


def test_the_best_rule_is_one_that_somebody_can_run(seen, tables):
    best = min((row for row in tables["regret"] if row["rule"] != FORESIGHT), key=lambda row: row["regret"])
    assert seen[1].report["measures"]["rule"] == best["rule"]
    assert best["title"] in seen[1].report["summary"][0]


def test_the_summary_says_better_only_of_what_the_pairs_call_better(seen, tables):
    titles = {row["rule"]: row["title"] for row in tables["regret"]}
    told = " ".join(seen[1].report["summary"])
    for simple in ("demand-pro", "pro"):
        better = {
            row["rule"]
            for row in tables["paired"]
            if row["against"] == simple and row["verdict"] == "better" and row["rule"] in LEARNED
        }
        said = f"Better than '{titles[simple]}'"
        assert (said in told) == bool(better)
        if not better:
            assert f"The simple baseline wins: no learned rule is better than '{titles[simple]}'" in told


def test_verdicts_follow_their_intervals(tables):
    for row in tables["paired"]:
        expected = "better" if row["low"] > 0 else "worse" if row["high"] < 0 else "undecided"
        assert row["verdict"] == expected


def test_blocks_follow_one_another_and_come_last(seen, tables):
    spans = sorted({(row["first"], row["last"]) for row in tables["blocks"]})
    assert len(spans) == 2
    assert spans[0][1] < spans[1][0]
    history = lessons(evenwatt.load(seen[0]), silent).history
    assert spans[1][1] == str(history.start[-1])
    assert seen[1].report["measures"]["test_intervals"] == pytest.approx(0.3 * len(history), abs=1)


def test_weights_are_told_of_settlement_days_that_were_judged(tables):
    days = [row["day"] for row in tables["bargain_weights"]]
    assert min(days) >= max(row["first"] for row in tables["blocks"])[:10]
    assert max(days) == "2026-04-06"


def test_every_agent_is_tempted_under_every_rule(tables):
    pairs = {(row["rule"], row["agent"]) for row in tables["manipulation"]}
    assert pairs == {(rule, agent) for rule in (*MANDATORY, *LEARNED) for agent in ("a1", "a2")}


def test_rules_that_learn_have_a_curve(tables):
    assert {row["rule"] for row in tables["learning_curve"]} == {"demand-pro", "demand-nash", *LEARNED}
    assert len({row["rows"] for row in tables["learning_curve"]}) == 4


# whole, once, the same


def test_the_folder_is_whole(seen):
    _, made = seen
    held = {path.name for path in made.folder.iterdir()}
    assert held == {"report.json", *(f"{n}.{e}" for n in TABLES for e in ("parquet", "csv"))}
    assert json.loads((made.folder / "report.json").read_text()) == json.loads(json.dumps(made.report))
    for name in TABLES:
        assert len(pl.read_parquet(made.folder / f"{name}.parquet")) == len(made.report["tables"][name])


def test_the_same_question_is_computed_once(seen, monkeypatch):
    folder, made = seen
    monkeypatch.setattr(evaluation, "_judged", lambda *_: pytest.fail("computed again"))
    before = files(folder)
    assert judged(folder, blocks=2).folder == made.folder
    assert files(folder) == before
    with pytest.raises(BaseException, match="computed again"):
        judged(folder, blocks=3)


def test_the_same_seed_judges_the_same(seen, village):
    assert timeless(judged(village, blocks=2).report) == timeless(seen[1].report)


def test_an_interruption_leaves_nothing_half_done(village):
    lessons(evenwatt.load(village), silent)
    before = files(village)

    def interrupt(done, total, what):
        if done > 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judged(village, progress=interrupt)
    assert files(village) == before


# refusals


def test_what_is_there_is_never_written_over(village):
    (village / "taken").mkdir()
    before = files(village)
    with pytest.raises(CaseError, match="taken: exists already"):
        judged(village, out=village / "taken")
    assert files(village) == before


def test_another_study_is_refused(grid):
    with pytest.raises(CaseError, match="is a microgrid; only a cascade"):
        judged(grid)


def test_a_case_in_which_nothing_could_be_won_is_refused_without_a_trace(village):
    shutil.rmtree(village / "store")
    links = [f"{supplier},{agent},0,0" for supplier in ("roof", "wheel") for agent in ("a1", "a2")]
    (village / "links.csv").write_text("\n".join(["supplier,agent,limit,fee", *links]) + "\n")
    before = files(village)
    with pytest.raises(ProblemError, match="perfect foresight is worth"):
        judged(village)
    assert files(village) == before


def test_more_blocks_than_days_are_refused_without_a_trace(village):
    before = files(village)
    with pytest.raises(ProblemError, match="1000 blocks"):
        judged(village, blocks=1000)
    assert files(village) == before


# the sceptic


@pytest.fixture(scope="module")
def blind(cases, tmp_path_factory):
    """A village whose agents state what they would state at some other hour, judged."""
    return judged(
        cases.overstating(tmp_path_factory.mktemp("blind") / "village", shuffled=True).folder, blocks=2
    )


@pytest.mark.slow
def test_weights_by_claims_of_other_hours_are_worth_nothing_beyond_predicted_needs(blind):
    for row in blind.report["tables"]["paired"]:
        if row["rule"] in {"weights", "demand-learned"} and row["against"].startswith("demand"):
            assert row["verdict"] != "better", row


@pytest.mark.slow
def test_rules_learn_that_claims_of_other_hours_say_nothing_so_false_ones_gain_less(blind, tables):
    def most(rows):
        return max(row["gain_share"] for row in rows if row["rule"] in LEARNED)

    assert most(blind.report["tables"]["manipulation"]) < 0.5 * most(tables["manipulation"])


@pytest.mark.slow
def test_where_claims_hide_nothing_no_learned_rule_is_better_than_proportion(village):
    honest = evenwatt.load(village).with_settings({"bargain": {"statements": "metered"}})
    told = evaluate(honest, blocks=2).report
    rows = [
        row
        for row in told["tables"]["paired"]
        if row["rule"] in LEARNED and row["against"] in {"pro", "demand-pro"}
    ]
    assert {row["verdict"] for row in rows} == {"undecided"}  # nor worse: solvers' dust is no difference
    assert sum("The simple baseline wins" in sentence for sentence in told["summary"]) == 2
    assert "-0.00 %" not in " ".join(told["summary"])
