"""Microgrids with nothing to trade, members who come and go, and cases that contradict themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

import evenwatt
from evenwatt.core.errors import CaseError, EvenwattError
from evenwatt.studies import demo, runs
from evenwatt.studies.template import create
from evenwatt.studies.verify import verify


def gains(run, rule):
    return {row["member"]: row["gain_micro"] for row in run.report.tables["gains"] if row["rule"] == rule}


def rows_of(report, table, key):
    return {row[key]: row for row in report.tables[table]}


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def zero(grid, role):
    """Nobody has anything in one direction."""
    meters = next((grid / "meters").iterdir())
    lines = meters.read_text().splitlines()
    lines = [line.rpartition(",")[0] + ",0" if f",{role}," in line else line for line in lines]
    meters.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("role", "why"), [("generation", "nobody was ever long"), ("consumption", "nobody was ever short")]
)
def test_nothing_to_trade_is_an_ordinary_period(grid, role, why):
    zero(grid, role)
    run = evenwatt.load(grid).run()
    m = run.report.measures
    assert (m["traded_wh"], m["gain_micro"], m["alone_micro"]) == (0, 0, m["pooled_micro"])
    assert why in run.report.summary[0]
    assert run.flows.columns == ["seller", "buyer", "wh"]
    assert set(gains(run, "shapley").values()) == {0}
    assert run.report.tables["explained"] == []
    assert all(row["marginal_per_mwh"] is None for row in run.report.tables["prices"])
    assert verify(run).stands


def test_one_member_has_nobody_to_share_with(make, some):
    load, made = some(1, 1)
    run = make(load, made + 1.0).run()
    m = run.report.measures
    assert (m["members"], m["gain_micro"]) == (1, 0)
    assert "one member has no neighbours" in run.report.summary[0]
    assert set(gains(run, "shapley").values()) == set(gains(run, "tau").values()) == {0}


def test_equal_members_gain_equally(make):
    load = np.full((24, 4), 0.5)
    made = np.tile([1.5, 1.5, 0.0, 0.0], (24, 1))
    run = make(load, made).run()
    for rule in ("shapley", "nucleolus", "tau", "mid-market", "proportional"):
        held = list(gains(run, rule).values())
        assert abs(held[0] - held[1]) <= 1, rule
        assert abs(held[2] - held[3]) <= 1, rule


def test_zero_prices_leave_nothing_to_divide(grid):
    edit(grid / "prices.csv", "250.0,60.0", "0,0")
    run = evenwatt.load(grid).run()
    m = run.report.measures
    assert (m["gain_micro"], m["alone_micro"]) == (0, 0)
    assert m["traded_wh"] > 0
    rows = rows_of(run.report, "money", "rule")
    assert all(row["leaving"] == [] for row in rows.values())


def test_where_selling_pays_more_than_buying_the_report_says_what_is_lost(grid):
    edit(grid / "prices.csv", "250.0,60.0", "100.0,130.0")
    report = evenwatt.load(grid).run().report
    m = report.measures
    assert m["gain_micro"] == -30 * m["traded_wh"]
    assert m["pooling_loss_micro"] == 30 * m["traded_wh"]
    assert m["pooling_loss_intervals"] == m["traded_intervals"]
    assert any("netting inside loses" in note for note in report.notes)
    assert "imputation" in rows_of(report, "money", "rule")["nucleolus"]["skipped"]
    assert any("money rule nucleolus left out" in note for note in report.notes)


def test_a_chosen_rule_that_cannot_divide_is_refused_with_file_and_key(grid):
    edit(grid / "prices.csv", "250.0,60.0", "100.0,130.0")
    with pytest.raises(CaseError, match=r"case\.toml: rule\.money: 'nucleolus' cannot divide here"):
        evenwatt.load(grid).run(rule="nucleolus")
    assert not (grid / ".work").exists()
    assert len(list((grid / "runs").iterdir())) == 1


def test_members_join_and_leave_in_the_middle(grid):
    table = grid / "members.csv"
    rows = pl.read_csv(table, infer_schema=False).fill_null("")
    rows[4, "valid_from"] = "2026-06-02"
    rows.write_csv(table)
    run = evenwatt.load(grid).run()
    mine = run.intervals.filter(pl.col("member") == "home5")
    assert mine["interval_start"].dt.date().unique().to_list() == [date(2026, 6, 2)]
    member = rows_of(run.report, "members", "id")["home5"]
    assert member["load_wh"] == mine["load_wh"].sum()
    assert sum(gains(run, "shapley").values()) == run.report.measures["gain_micro"]
    assert verify(run).stands
    with pytest.raises(CaseError, match="does not take part on 2026-06-01"):
        run.explain("home5", "2026-06-01T12:00Z")


def test_intervals_without_a_reading_are_left_out_and_counted(grid):
    meters = next((grid / "meters").iterdir())
    gap = "2026-06-02T10:15:00Z,home2,consumption,"
    lines = [line for line in meters.read_text().splitlines() if not line.startswith(gap)]
    meters.write_text("\n".join(lines) + "\n")
    report = evenwatt.load(grid).run().report
    assert (report.measures["intervals"], report.measures["incomplete"]) == (191, 1)
    assert "intervals that lack a reading and were not divided: 1" in report.notes


def test_weights_come_from_a_column_of_the_members(grid):
    table = grid / "members.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0] + ",need", lines[1] + ",5", *(f"{line},1" for line in lines[2:])]))
    case = evenwatt.load(grid)
    plain, weighted = (
        case.with_settings({"rule": {"energy": rule}}).run().members for rule in ("cea", "cea:weights=need")
    )
    assert weighted["bought_inside_wh"][0] > plain["bought_inside_wh"][0]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('energy = "pro"', 'energy = "prro"', r"rule\.energy: unknown rule 'prro'"),
        ('money = "shapley"', 'money = "sharpley"', r"rule\.money: unknown money rule 'sharpley'; there are"),
        ('energy = "pro"', 'members = "pro"', r"rule\.members: unknown key"),
        ("std_err = 0.005", "std_err = 0", r"money\.std_err: .*greater than 0"),
        ('energy = "pro"', 'energy = "cd"', r"rule\.energy: 'cd' divides among 2 members, not 6"),
        ('energy = "pro"', 'energy = "cea:weights=age"', "no numeric column 'age'"),
    ],
)
def test_a_fault_in_case_toml_names_its_key(grid, old, new, complaint):
    edit(grid / "case.toml", old, new)
    with pytest.raises(CaseError, match=complaint):
        evenwatt.load(grid).run()


@pytest.mark.parametrize(
    ("table", "old", "new", "complaint"),
    [
        ("members.csv", "home2,home2", "home1,home2", "id 'home1' appears twice on the same days"),
        ("members.csv", "consumer,home1", "consumer,house1", "meter 'house1' has no readings"),
        ("prices.csv", "2026-06-01", "2026-06-02", "the readings begin"),
        ("prices.csv", "grid_sell_per_mwh", "grid_sale", "grid_sell_per_mwh"),
    ],
)
def test_a_fault_in_a_table_names_file_and_row(grid, table, old, new, complaint):
    edit(grid / table, old, new)
    with pytest.raises(EvenwattError, match=complaint):
        evenwatt.load(grid).run()


def test_tau_is_refused_for_many_members_before_anything_is_written(make, some):
    case = make(*some(2, 61))
    before = sorted(p.as_posix() for p in case.folder.rglob("*"))
    with pytest.raises(CaseError, match=r"rule\.money: 'tau' divides among 1 to 60 members, not 61"):
        case.run(rule="tau")
    assert sorted(p.as_posix() for p in case.folder.rglob("*")) == before
    rows = rows_of(case.run().report, "money", "rule")
    assert rows["tau"]["skipped"] == "'tau' divides among 1 to 60 members, not 61"
    assert rows["shapley"]["exact"]


def test_a_microgrid_has_no_agents(hamlet_csv, tmp_path):
    with pytest.raises(CaseError, match="a microgrid has none"):
        create(tmp_path / "grid", hamlet_csv, study="microgrid", agents=2)


def test_without_any_whole_interval_nothing_is_traded(make, some):
    from evenwatt.studies.microgrid import findings, settlement
    from evenwatt.studies.microgrid.day import Residues, settle
    from evenwatt.studies.microgrid.period import Period

    case = make(*some(3, 3))
    store = case.store()
    meters = store.day(store.days[0])
    meters.status[:, 0] = 2  # missing
    plan = replace(runs.plan_of(case), money=("shapley", "equal", "seed001"))
    owed = Residues(np.zeros((1, 3)), np.zeros((1, 3)))
    tally, tables, _ = settle(meters, meters.days[0], case.community, plan, owed)
    assert (tally.incomplete, len(tables["intervals"])) == (24, 0)
    period = Period(case.community, [tally], plan, 3600)
    held = settlement.books(period)
    answers = {name: settlement.shares(period, held, name) for name in plan.money}
    told = findings.report(period, held, answers, case.config, case="x", meters=meters, skipped={}, notes=[])
    assert told.summary == ["No interval has all its readings, so nothing was traded."]
    json.dumps(told.to_dict(), allow_nan=False)


def test_the_mean_day_follows_the_clock_on_the_wall(tmp_path):
    """An hour of 25 has no place of its own: the two hours of the autumn night that bear one name are one."""
    lines = ["interval_start,meter,role,kwh"]
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in Prague, 25 hours before the next
    for t in range(49):
        stamp = (start + timedelta(hours=t)).strftime("%Y-%m-%dT%H:%M:%SZ")
        noon = (start + timedelta(hours=t)).astimezone(ZoneInfo("Europe/Prague")).hour == 12
        lines += [f"{stamp},a,consumption,1.0", f"{stamp},a,generation,0", f"{stamp},b,consumption,0.5"]
        lines += [f"{stamp},b,generation,{2.0 if noon else 0.0}"]
    export = tmp_path / "autumn.csv"
    export.write_text("\n".join(lines) + "\n", encoding="utf-8")
    case = create(tmp_path / "case", export, study="microgrid", timezone="Europe/Prague")
    hours = case.run().report.tables["hours"]
    assert [row["slot"] for row in hours] == list(range(24))
    assert [row["slot"] for row in hours if row["traded_wh"]] == [12]
    assert next(row["traded_wh"] for row in hours if row["slot"] == 12) == 1000


@pytest.mark.slow
def test_the_sample_village_is_a_microgrid_too(tmp_path):
    case = demo.open_or_make(tmp_path / "village", study="microgrid")
    report = case.run().report
    assert report.measures["members"] == 46
    assert report.measures["game_exact"]
    assert report.measures["gain_micro"] > 0
    with pytest.raises(CaseError, match="is a microgrid, not a cascade"):
        demo.open_or_make(tmp_path / "village")


def test_too_many_pairs_are_told_by_day(monkeypatch, grid):
    """The same energy moves; only who sold to whom is rounded once a day, and explain goes by proportion."""
    before = evenwatt.load(grid).run()
    told = before.explain("home5", "2026-06-01T12:00Z")
    monkeypatch.setattr("evenwatt.studies.microgrid.energy.MOST_PAIRS", 10)
    monkeypatch.setattr(runs, "code_hash", lambda: "another program")
    after = evenwatt.load(grid).run()
    assert after.folder != before.folder
    days = pl.read_parquet(after.folder / "flows" / "*.parquet")
    assert days["interval_start"].null_count() == len(days) > 0
    sold = before.flows.group_by("seller").agg(pl.col("wh").sum()).sort("seller")
    assert after.flows.group_by("seller").agg(pl.col("wh").sum()).sort("seller").equals(sold)
    again = after.explain("home5", "2026-06-01T12:00Z")
    assert sum(again.partners.values()) == sum(told.partners.values())
    assert all(abs(again.partners.get(k, 0) - wh) <= 1 for k, wh in told.partners.items())
    assert any("written down once a day" in note for note in after.report.notes)


def test_explaining_speaks_of_neighbours_by_name(grid):
    edit(grid / "members.csv", "home4,home4", "home4,Anna")
    told = evenwatt.load(grid).run().explain("home5", "2026-06-01T12:00Z")
    assert told.partners["home4"] > 0
    assert any("Anna" in sentence for sentence in told.sentences)
    assert not any("home4" in sentence for sentence in told.sentences)
