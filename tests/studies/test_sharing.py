"""The hamlet as a sharing group: shared by the rule, told in every table, explained, compared, verified."""

from __future__ import annotations

import shutil
from contextlib import nullcontext

import numpy as np
import polars as pl
import pytest

import evenwatt
from evenwatt import sharing
from evenwatt.core.errors import CaseError
from evenwatt.studies import runs
from evenwatt.studies.sharing.keys import KeyRow
from evenwatt.studies.sharing.template import dealt
from evenwatt.studies.sharing.trace import trace
from evenwatt.studies.template import create
from evenwatt.studies.verify import diff, verify

KEYS = """consumer,producer,key,priority,valid_from,valid_to
home1,mill,0.3,2,,
home2,mill,0.3,2,,
home3,mill,0.4,2,,
home1,home5,0.5,1,,
home4,home5,0.5,1,,
"""


@pytest.fixture(scope="module")
def shared_made(hamlet_csv, tmp_path_factory):
    """The hamlet as a sharing group with five links, run once; not to be changed."""
    case = create(tmp_path_factory.mktemp("sharing") / "hamlet", hamlet_csv, study="sharing")
    (case.folder / "keys.csv").write_text(KEYS, encoding="utf-8")
    evenwatt.load(case.folder).run()
    return case.folder


@pytest.fixture
def hamlet(shared_made, tmp_path):
    """A copy of it to do with as a test pleases."""
    return shutil.copytree(shared_made, tmp_path / "hamlet")


@pytest.fixture(scope="module")
def run(shared_made):
    return runs.open_run(shared_made)


def rows(report, table, key):
    return {row[key]: row for row in report.tables[table]}


def test_a_day_is_what_the_engine_makes_of_its_surplus_and_deficit(run):
    """The study adds nothing to the rule: the same readings through the public function give the same flows."""
    intervals = run.intervals.sort("interval_start", "member")
    members = ["home1", "home2", "home3", "home4", "home5", "mill"]
    shape = (-1, len(members))
    supply = intervals["surplus_wh"].to_numpy().reshape(shape)[:, [4, 5]]
    demand = intervals["deficit_wh"].to_numpy().reshape(shape)
    keys = np.array([[5000, 0, 0, 5000, 0, 0], [3000, 3000, 4000, 0, 0, 0]])
    priority = np.array([[1, 0, 0, 1, 0, 0], [2, 2, 2, 0, 0, 0]])
    given = sharing.allocate(supply, demand, keys, priority)
    assert given.shared.sum() > 0
    assert (intervals["received_wh"].to_numpy().reshape(shape) == given.shared).all()
    table = {(row["producer"], row["consumer"]): row["wh"] for row in run.report.tables["flows"]}
    told = given.flows.pairs()
    for i, producer in enumerate(("home5", "mill")):
        for j, consumer in enumerate(members):
            assert table.get((producer, consumer), 0) == told[i, j]


def test_every_watt_hour_is_accounted_for(run):
    m = run.report.measures
    assert m["shared_wh"] == run.flows["wh"].sum()
    assert m["supply_wh"] == m["shared_wh"] + m["unused_wh"]
    assert m["demand_wh"] == m["shared_wh"] + m["unmet_wh"]
    assert m["load_wh"] == m["own_use_wh"] + m["demand_wh"]
    assert m["generated_wh"] == m["own_use_wh"] + m["supply_wh"]
    assert m["unallocated_wh"] == m["unused_wh"] + m["unmet_wh"]
    assert 0 < m["shared_wh"] <= m["linked_wh"] <= m["ideal_wh"]
    intervals = run.intervals
    for name in ("received", "given", "unmet", "unused"):
        key = {"received": "shared", "given": "shared"}.get(name, name)
        assert intervals[f"{name}_wh"].sum() == m[f"{key}_wh"]
    days = run.report.tables["days"]
    assert sum(row["shared_wh"] for row in days) == m["shared_wh"]
    assert sum(row["shared_wh"] for row in run.report.tables["map"]) == m["shared_wh"]


def test_the_ledger_pays_what_the_bills_say(run):
    ledger = run.ledger
    for row in run.report.tables["members"]:
        who = f"member:{row['id']}"
        paid = ledger.filter(pl.col("payer") == who)["micro"].sum()
        taken = ledger.filter(pl.col("payee") == who)["micro"].sum()
        assert paid - taken == row["after_micro"]
        assert row["saved_micro"] == row["before_micro"] - row["after_micro"]
    m = run.report.measures
    # Each shared Wh costs the local price in place of the grid's, and earns it in place of what the grid pays.
    assert m["saved_micro"] == m["shared_wh"] * (250 - 60)


def test_each_bar_of_the_waterfall_is_what_the_one_before_lost(run):
    bars = run.report.tables["waterfall"]
    assert [row["stage"] for row in bars] == ["ideal", "links", "keys", "rounds", "floor", "current"]
    assert bars[0]["wh"] == run.report.measures["ideal_wh"]
    assert bars[-1]["wh"] == run.report.measures["shared_wh"]
    assert bars[0]["wh"] - sum(row["loss_wh"] for row in bars) == bars[-1]["wh"]
    assert all(row["loss_wh"] >= 0 for row in bars)
    assert sum(row["loss_wh"] > 0 for row in bars) >= 3


def test_more_rounds_share_more(run):
    sweep = [row for row in run.report.tables["variants"] if row["kind"] == "rounds"]
    shared = [row["shared_wh"] for row in sweep]
    assert shared == sorted(shared)
    assert shared[0] < shared[-1]
    assert [row["name"] for row in sweep if row["chosen"]] == ["5"]
    chosen = next(row for row in sweep if row["chosen"])
    assert chosen["shared_wh"] == run.report.measures["shared_wh"]


def test_a_run_stands_when_recomputed_and_falls_when_its_keys_change(hamlet):
    run = runs.open_run(hamlet)
    assert verify(run).stands
    text = (hamlet / "keys.csv").read_text()
    (hamlet / "keys.csv").write_text(text.replace("0.4,2", "0.3,2"))
    verdict = verify(run)
    assert not verdict.stands
    assert verdict.faults == ("input keys.csv: changed since the run",)


def test_other_keys_are_another_run_and_their_difference_is_told(hamlet):
    before = runs.open_run(hamlet)
    (hamlet / "keys.csv").write_text(KEYS.replace("home4,home5,0.5", "home4,home5,0.1"))
    after = evenwatt.load(hamlet).run()
    assert after.folder != before.folder
    changed = {row["id"]: row["received_delta_wh"] for row in diff(before, after).to_dicts()}
    assert changed["home4"] < 0
    assert changed["home2"] == 0


def test_an_interrupted_run_goes_on_after_its_last_day(hamlet, monkeypatch):
    shutil.rmtree(hamlet / "runs")
    case = evenwatt.load(hamlet)

    def stop(done, total, what):
        if what == "sharing" and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        case.run(progress=stop)
    seen = []
    run = case.run(progress=lambda done, total, what: seen.append((what, done)))
    assert ("sharing", 1) not in seen
    assert ("sharing", 2) in seen
    assert verify(run).stands


def test_explaining_replays_the_interval_round_by_round(run):
    told = run.explain("home1", "2026-06-01T12:00Z")
    got = sum(step["wh"] for step in told.steps)
    assert got == told.energy["received_wh"] > 0
    assert sum(told.partners.values()) == got
    assert {step["producer"] for step in told.steps} <= {"mill", "home5"}
    assert any("priority 2" in sentence for sentence in told.sentences)
    assert told.to_dict()["steps"][0]["key"] in (0.3, 0.5)


def test_explaining_a_producer_says_where_its_surplus_went(run):
    told = run.explain("mill", "2026-06-01T12:00Z")
    assert told.energy["surplus_wh"] == told.energy["given_wh"] + told.energy["unused_wh"]
    assert any("went to the grid" in sentence for sentence in told.sentences)


def test_the_trace_is_the_rule():
    """What explain tells step by step adds up to what the engine shares, whatever the numbers."""
    rng = np.random.default_rng(3)
    consumers, producers = ["a", "b", "c", "d"], ["p", "q"]
    for _ in range(40):
        supply, demand = rng.integers(0, 900, 2), rng.integers(0, 500, 4)
        keys = rng.integers(0, 2500, (2, 4))
        priority = np.array([rng.permutation(2) + 1 for _ in consumers]).T
        rounds, quantum = int(rng.integers(1, 5)), int(rng.choice([1, 10, 25]))
        held = [
            KeyRow(c, p, int(keys[i, j]), int(priority[i, j]))
            for j, c in enumerate(consumers)
            for i, p in enumerate(producers)
        ]
        steps = trace(
            dict(zip(producers, supply.tolist(), strict=True)),
            dict(zip(consumers, demand.tolist(), strict=True)),
            held,
            rounds=rounds,
            quantum=quantum,
        )
        with pytest.warns(sharing.KeyWarning) if rounds > 1 else nullcontext():
            given = sharing.allocate(
                supply[None], demand[None], keys, priority, rounds=rounds, quantum=quantum
            ).flows.pairs()
        for i, p in enumerate(producers):
            for j, c in enumerate(consumers):
                told = sum(s.wh for s in steps if (s.producer, s.consumer) == (p, c))
                assert told == given[i, j]


def test_comparing_puts_countries_and_formulas_side_by_side(hamlet):
    report = runs.compare(evenwatt.load(hamlet))
    held = report.tables["variants"]
    countries = {row["name"]: row for row in held if row["kind"] == "country"}
    assert {"cz", "at-static", "at-dynamic", "es-fixed", "it"} <= countries.keys()
    ideal = report.measures["ideal_wh"]
    assert countries["at-dynamic"]["shared_wh"] == ideal
    assert countries["cz"]["chosen"]
    assert countries["cz"]["shared_wh"] == report.measures["shared_wh"] < ideal
    assert countries["pt-hierarchical"]["skipped"]
    formulas = {row["name"]: row for row in held if row["kind"] == "formula"}
    assert {row["shared_wh"] for row in formulas.values() if not row["skipped"]} == {ideal}
    assert formulas["cea"]["worst_coverage"] != formulas["cel"]["worst_coverage"]
    assert formulas["cd"]["skipped"] == "'cd' divides among 2 members, not 5"


def test_a_new_group_has_keys_for_everybody_that_can_take(hamlet_csv, tmp_path):
    case = create(tmp_path / "new", hamlet_csv, study="sharing")
    table = pl.read_csv(case.folder / "keys.csv")
    by_producer = dict(table.group_by("producer").agg(pl.col("key").sum()).iter_rows())
    assert by_producer == pytest.approx({"mill": 1.0, "home5": 1.0})
    assert set(table["consumer"]) == {"home1", "home2", "home3", "home4", "home5"}
    assert not ((table["consumer"] == "home5") & (table["producer"] == "home5")).any()
    assert case.run().report.measures["shared_wh"] > 0


def test_small_producers_find_takers_too():
    supply = np.array([100.0] * 8)
    linked = dealt(supply, np.full(12, 60.0), np.zeros((8, 12), dtype=bool))
    assert (linked.sum(axis=0) == 5).all()
    assert (linked.sum(axis=1) >= 6).all()


def test_a_sharing_group_has_no_agents(hamlet_csv, tmp_path):
    with pytest.raises(CaseError, match="a sharing group has none"):
        create(tmp_path / "new", hamlet_csv, study="sharing", agents=2)
