"""The market as a story: played day by day, explained, verified, compared; a refusal writes nothing."""

from __future__ import annotations

import json

import polars as pl
import pytest

import evenwatt
from evenwatt.core.errors import CaseError, InputError
from evenwatt.studies import runs
from evenwatt.studies.verify import diff, verify


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def run(market_made):
    return runs.open_run(market_made)


def test_energy_and_money_are_conserved(run):
    m, tables = run.report.measures, run.report.tables
    used = m["load_wh"] - m["unserved_wh"] - m["forgone_wh"]
    bought = sum(row["bought_local_wh"] for row in tables["agents"])
    assert bought == sum(row["sold_local_wh"] for row in tables["agents"]) == m["local_wh"]
    assert used > 0
    moved = {}
    for row in tables["flows_money"]:
        for account, sign in ((row["debit"], -1), (row["credit"], 1)):
            moved[account] = moved.get(account, 0) + sign * row["micro"]
    assert sum(moved.values()) == 0
    homes = [row for row in tables["agents"] if row["role"] in ("consumer", "prosumer")]
    assert moved["consumers"] + moved["prosumers"] == sum(row["cash_end_micro"] for row in homes)


def test_the_kept_ledger_tells_every_posting(run):
    ledger = run.ledger
    sums = dict(ledger.group_by("reason").agg(pl.col("micro").sum()).iter_rows())
    told = {}
    for row in run.report.tables["flows_money"]:
        told[row["reason"]] = told.get(row["reason"], 0) + row["micro"]
    assert sums == told
    gas = ledger.filter(pl.col("payee") == "agent:gas")["micro"].sum()
    gas -= ledger.filter(pl.col("payer") == "agent:gas")["micro"].sum()
    row = next(row for row in run.report.tables["agents"] if row["id"] == "gas")
    assert gas == row["cash_end_micro"]


def test_intervals_sum_to_the_table_of_agents(run):
    sums = run.intervals.group_by("member").agg(
        pl.col("load_wh", "pv_wh", "retail_wh", "fed_wh", "unserved_wh").sum(),
        pl.col("traded_wh").filter(pl.col("traded_wh") > 0).sum().alias("bought"),
    )
    told = {row["id"]: row for row in run.report.tables["agents"]}
    for row in sums.iter_rows(named=True):
        agent = told[row["member"]]
        assert row["load_wh"] == agent["load_wh"]
        assert row["pv_wh"] == agent["pv_wh"]
        assert row["retail_wh"] == agent["bought_utility_wh"]
        assert row["fed_wh"] == agent["fed_in_wh"]
        assert row["unserved_wh"] == agent["unserved_wh"]
        assert row["bought"] == agent["bought_local_wh"]


def test_nobody_does_better_than_is_possible(run):
    m = run.report.measures
    assert m["welfare_micro"] <= m["welfare_most_micro"]
    assert 0.5 < m["welfare_share"] <= 1.0
    steps = pl.read_parquet(run.folder / "steps" / "*.parquet")
    assert (steps["welfare_micro"] <= steps["most_micro"] + 1.0).all()


def test_parties_share_what_was_gained(run):
    """Costs and the outside grid apart, all accounts are somebody's: together they gained the welfare."""
    together = sum(row["micro"] for row in run.report.tables["welfare"])
    assert together == run.report.measures["welfare_micro"]


def test_a_control_without_intervention_stands_beside(run):
    m = run.report.measures
    assert m["intervention"] is True
    assert m["control"]["intervention"] is False
    assert m["control"]["load_wh"] == m["load_wh"]
    assert {row["party"] for row in run.report.tables["welfare"]} >= {"consumers", "utilities", "fund"}
    assert all(row["control_micro"] is not None for row in run.report.tables["welfare"])


def test_a_regulator_that_does_nothing_has_no_control(market):
    case = evenwatt.load(market).with_settings({"policies": {"regulator": "nothing"}})
    assert case.run().report.measures["control"] is None


def test_the_curves_are_those_of_an_interval_with_trade(run):
    m, rows = run.report.measures, run.report.tables["curve"]
    local = [row for row in rows if row["market"] == "local"]
    bought = sum(row["filled_wh"] for row in local if row["side"] == "buy")
    assert bought == sum(row["filled_wh"] for row in local if row["side"] == "sell") > 0
    step = next(row for row in run.report.tables["steps"] if row["start"] == m["curve_start"])
    assert step["local_wh"] == bought
    assert m["curve_price_per_mwh"]["local"] == step["local_per_mwh"]
    assert step["local_wh"] == max(row["local_wh"] for row in run.report.tables["steps"])


def test_a_chosen_interval_is_drawn(market):
    case = evenwatt.load(market).with_settings({"curve": {"interval": "2026-06-01T10:07"}})
    assert case.run().report.measures["curve_start"] == "2026-06-01T10:00:00Z"
    late = evenwatt.load(market).with_settings({"curve": {"interval": "2026-06-09T10:07"}})
    with pytest.raises(CaseError, match=r"curve\.interval: '2026-06-09T10:07' is not within the readings"):
        late.run()


def test_mechanisms_are_told_side_by_side(run):
    rows = {row["mechanism"]: row for row in run.report.tables["mechanisms"]}
    assert rows["uniform-price"]["welfare_share"] == pytest.approx(1.0)
    assert rows["uniform-price"]["budget_micro"] == 0
    assert rows["vcg"]["budget_micro"] <= 0
    assert all(row["welfare_share"] is None or row["welfare_share"] <= 1 + 1e-9 for row in rows.values())
    assert all(row["note"] for row in rows.values() if row["welfare_share"] is None)
    truthful = [row for row in rows.values() if "truthful-price" in row["promises"] and row["note"] is None]
    assert truthful
    assert all(row["misreport_gain_per_mwh"] <= 0.1 for row in truthful)


def test_a_household_learns_why_it_paid(run):
    # An hour in which somebody bought locally.
    row = run.intervals.filter(pl.col("traded_wh") > 0).row(0, named=True)
    told = run.explain(row["member"], f"{row['interval_start'].isoformat()}Z")
    assert told.energy["traded_wh"] == row["traded_wh"]
    assert told.money["together"] == row["local_micro"] + row["fee_micro"] + row["retail_micro"] - round(
        60.0 * row["fed_wh"]
    )
    assert any("In the local auction (" in sentence for sentence in told.sentences)
    assert told.sentences[-1].endswith("EUR together.")
    json.dumps(told.to_dict())


def test_only_households_are_explained(run):
    with pytest.raises(CaseError, match="'gas' is a producer"):
        run.explain("gas", "2026-06-01T12:00")
    with pytest.raises(CaseError, match="the run covers"):
        run.explain("h1", "2026-06-21T12:00")
    with pytest.raises(CaseError, match="not one of the"):
        run.explain("h77", "2026-06-01T12:00")


def test_a_run_stands_when_it_is_played_again(market):
    assert verify(runs.open_run(market)).stands


def test_another_price_is_told_by_agent(market):
    before = runs.open_run(market)
    after = evenwatt.load(market).run("pay-as-bid")
    rows = diff(before, after)
    assert rows["id"].to_list() != []
    assert (rows["profit_delta_micro"] != 0).any()
    assert (rows["bought_local_wh"] != 0).any()


def test_the_same_question_is_answered_once(market):
    case, before = evenwatt.load(market), runs.open_run(market).folder
    assert case.run().folder == before
    assert case.with_settings({"seed": 9}).run().folder != before


class Interrupted(Exception):
    """What stops a run from outside."""


def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(three_days):
    case = evenwatt.load(three_days).with_settings(
        {"policies": {"consumer": "zip", "prosumer": "bandit", "producer": "q"}}
    )

    def stop(done, total, what):
        if what == "control: trading" and done == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        case.run(progress=stop)
    assert not (three_days / "runs").exists() or not list((three_days / "runs").iterdir())
    counted = []
    resumed = case.run(progress=lambda done, total, what: counted.append((what, done)))
    assert [step for step in counted if step[0] == "trading"] == []
    assert [step[1] for step in counted if step[0] == "control: trading"] == [3]
    kept = files(resumed.folder)
    place = resumed.folder.rename(three_days / "resumed")
    straight = files(case.run().folder)
    names = kept.keys() - {"run.json"}
    assert names == straight.keys() - {"run.json"}
    assert [name for name in names if kept[name] != straight[name]] == []
    assert place.is_dir()


@pytest.mark.slow
def test_an_interruption_between_days_of_the_own_world_costs_nothing(three_days):
    case = evenwatt.load(three_days)

    def stop(done, total, what):
        if what == "trading" and done == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        case.run(progress=stop)
    resumed = case.run()
    kept = files(resumed.folder)
    resumed.folder.rename(three_days / "resumed")
    straight = files(case.run().folder)
    assert [name for name in kept if name != "run.json" and kept[name] != straight[name]] == []


def test_a_schedule_sets_instruments_on_its_day(three_days):
    (three_days / "instruments.csv").write_text(
        "start,instrument,value\n2026-06-02T06:00:00Z,carbon_per_t,100\n2026-06-03T00:00:00Z,cap_per_mwh,250\n"
    )
    case = evenwatt.load(three_days).with_settings({"policies": {"regulator": "nothing"}})
    report = case.run().report
    carbon = {row["start"]: row["carbon_per_t"] for row in report.tables["steps"]}
    assert carbon["2026-06-02T05:45:00Z"] == 40.0
    assert carbon["2026-06-02T06:00:00Z"] == 100.0
    told = [row for row in report.tables["instruments"] if row["reason"] == "set by the schedule"]
    assert [(row["start"], row["instrument"], row["after"]) for row in told] == [
        ("2026-06-02T06:00:00Z", "carbon_per_t", 100.0),
        ("2026-06-03T00:00:00Z", "cap_per_mwh", 250.0),
    ]


def test_a_wrong_schedule_is_refused_cell_by_cell(market):
    (market / "instruments.csv").write_text(
        "start,instrument,value\n2026-06-01T06:00:00Z,carbon_per_ton,10\n2026-06-01T06:00:00Z,quota,1.5\n"
    )
    with pytest.raises(CaseError) as told:
        _ = evenwatt.load(market).community
    assert "line 2, column 'instrument': 'carbon_per_ton' is not one; did you mean 'carbon_per_t'?" in str(
        told.value
    )
    assert "line 3, column 'value': 1.5 for quota" in str(told.value)


def test_contracts_may_run_from_the_start(market):
    (market / "contracts.csv").write_text(
        "kind,seller,buyer,start,end,price_per_mwh,volume_kw,share\n"
        "forward,gas,works,2026-05-01T00:00Z,2026-06-01T12:00Z,80,2,\n"
        "ppa,wind,green,2026-06-01T06:00Z,2027-01-01T00:00Z,55,,0.5\n"
        "ppa,wind,green,2025-06-01T06:00Z,2026-01-01T00:00Z,55,,0.5\n"
    )
    rows = evenwatt.load(market).run().report.tables["contracts"]
    forward, ppa = rows[:2]
    assert (forward["kind"], forward["seller"], forward["buyer"], forward["status"]) == (
        "forward", "gas", "works", "fulfilled",
    )  # fmt: skip
    assert forward["contracted_wh"] == 48 * 500
    assert forward["paid_micro"] == 48 * 500 * 80
    assert (ppa["kind"], ppa["start"]) == ("ppa", "2026-06-01T06:00:00Z")
    assert ppa["paid_micro"] == pytest.approx(55 * ppa["delivered_wh"], abs=96)


def test_wrong_contracts_are_refused_cell_by_cell(market):
    (market / "contracts.csv").write_text(
        "kind,seller,buyer,start,end,price_per_mwh,volume_kw,share\n"
        "forwards,gas,works,2026-06-01T00:00Z,2026-06-01T12:00Z,80,2,\n"
        "forward,works,gas,2026-06-01T12:00Z,2026-06-01T00:00Z,80,,0.5\n"
    )
    with pytest.raises(CaseError) as told:
        _ = evenwatt.load(market).community
    for part in (
        "line 2, column 'kind': 'forwards' is not one; did you mean 'forward'?",
        "line 3, column 'seller': 'works' is not a producer; there are wind, gas",
        "line 3, column 'buyer': 'gas' is not a utility",
        "line 3, column 'end'",
        "line 3, column 'volume_kw': None; a forward needs a number above 0",
        "line 3, column 'share': 0.5, but a forward has none",
    ):
        assert part in str(told.value)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("home3", "home33", "meter 'home33' of the case has no readings"),
        ("h8,Home 8,prosumer", "h8,Home 8,consumer", "generates too; make it a prosumer"),
        ("h1,Home 1,consumer", "h1,Home 1,prosumer", "does not generate; make it a consumer"),
    ],
)
def test_a_refusal_writes_nothing(three_days, old, new, complaint):
    roles = three_days / "roles.csv"
    roles.write_text(roles.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=complaint):
        evenwatt.load(three_days).run()
    assert not (three_days / "runs").exists()
    assert not (three_days / ".work").exists()


def test_a_mechanism_that_cannot_take_the_orders_is_refused(three_days):
    with pytest.raises(CaseError, match=r"case\.toml: rule: .*merit-order: demand_wh is needed"):
        evenwatt.load(three_days).run("merit-order")
    assert not (three_days / "runs").exists()
    assert not (three_days / ".work").exists()


def test_a_replay_without_a_recording_is_refused(three_days):
    case = evenwatt.load(three_days).with_settings(
        {"policies": {"consumer": "language"}, "language": {"mode": "replay", "model": "small"}}
    )
    with pytest.raises(CaseError, match=r"there is no recording 'language\.sqlite' to replay"):
        case.run()
    assert not (three_days / "runs").exists()
    assert not (three_days / "language.sqlite").exists()


def test_a_silent_model_leaves_everything_to_the_rule(market):
    silent = evenwatt.load(market).with_settings(
        {"policies": {"consumer": "language", "utility": "language"}, "language": {"model": "small"}}
    )
    report = silent.run().report
    rows = report.tables["language"]
    assert {row["role"] for row in rows} == {"consumer", "utility"}
    assert all(row["fallbacks"] > 0 and row["calls"] == 0 for row in rows)
    ruled = evenwatt.load(market).run().report
    assert report.measures["welfare_micro"] == ruled.measures["welfare_micro"]


def test_a_recorded_model_is_replayed_to_the_same_end(market, monkeypatch):
    from evenwatt.policies.language import client
    from evenwatt.policies.language.scripted import Scripted

    monkeypatch.setattr(client, "Client", lambda server, **wiring: Scripted())
    asked = evenwatt.load(market).with_settings(
        {
            "policies": {"consumer": "language", "producer": [{"policy": "language", "share": 0.5}]},
            "language": {"model": "small", "mode": "record"},
        }
    )
    recorded = asked.run().report
    assert sum(row["calls"] for row in recorded.tables["language"]) > 0
    monkeypatch.setattr(client, "Client", None)
    replayed = asked.with_settings({"language": {"mode": "replay"}}).run()
    assert replayed.report.tables["agents"] == recorded.tables["agents"]
    assert sum(row["calls"] for row in replayed.report.tables["language"]) == 0
    assert sum(row["replayed"] for row in replayed.report.tables["language"]) > 0
    lines = (replayed.folder / "decisions" / "2026-06-01.jsonl").read_text().splitlines()
    decisions = [json.loads(line) for line in lines]
    assert {row["role"] for row in decisions} == {"consumer", "producer"}
    assert verify(replayed).stands


def test_more_demand_than_producers_is_an_ordinary_end(market):
    """A drawn producer that is full must not be drawn for ever."""
    roles = market / "roles.csv"
    roles.write_text(roles.read_text().replace("gas,8,", "gas,0.1,").replace("wind,6,", "wind,0.1,"))
    closed = evenwatt.load(market).with_settings({"market": {"import_limit_mw": 0.0, "export_limit_mw": 0.0}})
    m = closed.run().report.measures
    assert m["unserved_wh"] > 0.3 * m["load_wh"]
    assert m["import_wh"] == 0


@pytest.mark.parametrize("kept", ["consumer", "producer", "utility", "regulator"])
def test_a_market_of_one_role_ends(market, kept):
    lines = (market / "roles.csv").read_text().splitlines()
    some = [line for line in lines[1:] if f",{kept}," in line]
    (market / "roles.csv").write_text("\n".join([lines[0], *some]) + "\n")
    m = evenwatt.load(market).run().report.measures
    assert m["steps"] == 96
    assert m["local_wh"] == 0
    if kept == "consumer":
        # Nobody sells: all load is unserved or forgone.
        assert m["unserved_wh"] + m["forgone_wh"] == m["load_wh"] > 0


@pytest.mark.slow
def test_compare_plays_each_mechanism_in_a_world_of_its_own(market):
    report = runs.compare(evenwatt.load(market)).to_dict()
    rows = {row["mechanism"]: row for row in report["tables"]["mechanisms"]}
    assert report["measures"]["mechanisms_by"] == "worlds"
    played = [row for row in rows.values() if row["note"] is None]
    assert {"uniform-price", "pay-as-bid", "order-book"} <= {row["mechanism"] for row in played}
    assert all(row["welfare_share"] <= 1.0 for row in played)
    assert rows["uniform-price"]["volume_share"] == 1.0
    assert list((market / "runs").iterdir()) != []


def test_scenario_two_auctions_everything(market):
    m = evenwatt.load(market).with_settings({"market": {"scenario": 2}}).run().report.measures
    assert m["scenario"] == 2
    assert m["welfare_share"] > 0.5


def test_the_summary_is_written_for_people(run):
    text = " ".join(run.report.summary)
    assert text.startswith("9 households used")
    assert "of what was possible" in text
    assert "nan" not in text.lower()


@pytest.mark.slow
def test_days_of_other_lengths_are_played(march):
    """The last Sunday of March has 92 quarter-hours."""
    report = evenwatt.load(march).run().report
    assert report.measures["steps"] == 96 + 92 + 96
    assert report.measures["first"] == "2026-03-27T23:00:00Z"
    assert report.measures["welfare_share"] > 0.5
