"""The cascade conserves every watt-hour and every micro-unit, and says where the rule mattered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import evenwatt
from evenwatt.app import pages
from evenwatt.core.errors import CaseError
from evenwatt.core.meters import Status
from evenwatt.studies import cascade, runs
from evenwatt.studies.cascade import day, findings
from evenwatt.studies.cascade.day import Residues
from evenwatt.studies.division import division, polynomial


def test_own_generation_serves_its_own_member_first(hamlet):
    rows = evenwatt.load(hamlet).run().intervals.filter(pl.col("member") == "home5")
    assert (rows["own_use_wh"] <= rows["load_wh"]).all()
    assert (rows["claim_wh"] == rows["load_wh"] - rows["own_use_wh"]).all()
    assert rows["own_use_wh"].sum() > 0


def test_every_interval_hands_out_exactly_the_stock_or_the_claims(hamlet):
    rows = evenwatt.load(hamlet).run().intervals
    by = rows.group_by("interval_start", "agent").agg(
        pl.col("claim_wh").sum(), pl.col("award_wh").sum(), pl.col("stock_wh").first()
    )
    assert (by["award_wh"] == pl.select(pl.min_horizontal(by["claim_wh"], by["stock_wh"])).to_series()).all()
    assert ((rows["award_wh"] >= 0) & (rows["award_wh"] <= rows["claim_wh"])).all()


def test_flows_keep_both_margins(hamlet):
    run = evenwatt.load(hamlet).run()
    flows = pl.read_parquet(run.folder / "flows" / "*.parquet")
    into = flows.group_by("interval_start", "agent").agg(pl.col("wh").sum())
    stock = run.intervals.group_by("interval_start", "agent").agg(pl.col("stock_wh").first())
    both = stock.join(into, on=["interval_start", "agent"], how="left").fill_null(0)
    assert (both["wh"] == both["stock_wh"]).all()


def test_money_is_conserved_payment_by_payment(hamlet):
    run = evenwatt.load(hamlet).run()
    ledger = run.ledger
    for agent in ("agent:a1", "agent:a2"):
        took = ledger.filter(pl.col("payee") == agent)["micro"].sum()
        gave = ledger.filter(pl.col("payer") == agent)["micro"].sum()
        assert took == gave > 0
    paid = ledger.filter(pl.col("payer").str.starts_with("member:"))["micro"].sum()
    assert paid == run.members["cost_micro"].sum()


def test_an_agent_keeps_its_margin_to_the_micro_unit(hamlet):
    case = evenwatt.load(hamlet).with_settings({"money": {"agent_margin_per_mwh": 7.5}})
    ledger = case.run().ledger
    took = ledger.filter(pl.col("payee") == "agent:a1")["micro"].sum()
    gave = ledger.filter(pl.col("payer") == "agent:a1")
    wh = gave["wh"].sum()
    assert took - gave["micro"].sum() == pytest.approx(7.5 * wh, abs=192)


@pytest.mark.parametrize("rule", [d.spelling for d in polynomial() if d.refusal(3) is None])
def test_every_rule_serves_the_same_total(hamlet, rule):
    measures = {row["rule"]: row for row in evenwatt.load(hamlet).run().report.tables["rules"]}
    if rule not in measures or measures[rule]["skipped"]:
        pytest.fail(f"{rule} is missing from the report")
    assert measures[rule]["served_wh"] == measures["talmud"]["served_wh"]


def test_a_rule_that_cannot_run_is_listed_with_its_reason(hamlet):
    rows = {row["rule"]: row for row in evenwatt.load(hamlet).run().report.tables["rules"]}
    assert rows["cd"]["skipped"] == "'cd' divides among 2 members, not 3"


def test_rules_are_asked_only_where_they_matter():
    asked = []

    def spy(endowment, claims):
        asked.append(endowment.tolist())
        return claims * (endowment / claims.sum(axis=-1))[:, None]

    claims = np.array([[3, 5], [3, 5], [3, 5], [0, 5]])
    awards = cascade.divide(
        np.array([0, 4, 9, 2]), claims, replace(division("pro"), function=spy, parameters={})
    )
    assert asked == [[4.0]]
    assert awards.tolist() == [[0, 0], [1.5, 2.5], [3, 5], [0, 2]]


def test_the_first_sentence_says_how_often_the_rule_mattered(hamlet):
    report = evenwatt.load(hamlet).run().report
    held = report.measures
    assert report.summary[0].startswith(
        f"The rule mattered in {held['intervals_contested']:,} of 192 intervals"
    )
    rows = evenwatt.load(hamlet).run().intervals
    by = rows.group_by("interval_start", "agent").agg(
        pl.col("stock_wh").first(), pl.col("claim_wh").sum(), (pl.col("claim_wh") > 0).sum().alias("who")
    )
    fought = by.filter(
        (pl.col("stock_wh") > 0) & (pl.col("stock_wh") < pl.col("claim_wh")) & (pl.col("who") > 1)
    )
    assert held["intervals_contested"] == fought["interval_start"].n_unique()
    assert held["contested_wh"] == fought["stock_wh"].sum()


def test_the_month_of_a_member_is_within_one_watt_hour_of_its_float_sum(hamlet):
    assert evenwatt.load(hamlet).run().report.measures["rounding_wh"] < 1


def test_weights_come_from_a_column_of_the_members(hamlet):
    table = hamlet / "members.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0] + ",need", lines[1] + ",5", *(f"{line},1" for line in lines[2:])]))
    plain, weighted = (evenwatt.load(hamlet).run(rule=r).members for r in ("cea", "cea:weights=need"))
    assert weighted["awarded_wh"][0] > plain["awarded_wh"][0]


def test_members_join_and_leave_in_the_middle(hamlet):
    table = hamlet / "members.csv"
    rows = pl.read_csv(table, infer_schema=False).fill_null("")
    rows[0, "valid_to"] = "2026-06-01"
    rows.write_csv(table)
    run = evenwatt.load(hamlet).run()
    days = (
        run.intervals.filter(pl.col("member") == rows[0, "id"])["interval_start"].dt.date().unique().to_list()
    )
    assert [d.isoformat() for d in days] == ["2026-06-01"]


@pytest.mark.parametrize(
    "rule",
    [
        "nash:disagreement=cel,share=0.5,weights=claims",
        "nash-minimal-rights",
        "mixture:rules=talmud+cea+cel,disagreement=minimal-rights,weights=equal",
    ],
)
def test_nash_combinations_divide_a_stock(hamlet, rule):
    run = evenwatt.load(hamlet).run(rule=rule)
    talmud = evenwatt.load(hamlet).run()
    assert run.report.measures["rule"] == rule
    assert run.report.measures["served_wh"] == talmud.report.measures["served_wh"]


def test_workers_do_not_change_a_byte(hamlet):
    case = evenwatt.load(hamlet)
    assert runs.compare(case).to_dict() == runs.compare(case, workers=2).to_dict()


def test_nothing_scarce_is_said_first(hamlet):
    meters = next((hamlet / "meters").iterdir())
    text = meters.read_text().replace(",mill,generation,0.", ",mill,generation,90.")
    meters.write_text(text)
    assert evenwatt.load(hamlet).run().report.summary[0].startswith("The rule never mattered")


def test_no_supply_at_all_is_an_ordinary_month(hamlet):
    meters = next((hamlet / "meters").iterdir())
    lines = [
        line.rpartition(",")[0] + ",0" if ",generation," in line else line
        for line in meters.read_text().splitlines()
    ]
    meters.write_text("\n".join(lines) + "\n")
    measures = evenwatt.load(hamlet).run().report.measures
    assert (measures["served_wh"], measures["pool_wh"], measures["intervals_contested"]) == (0, 0, 0)


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("pro:weights=weight", "agents have none"),
        ("cd", None),
        ("talmud", None),
        ("nash-minimal-rights", None),
    ],
)
def test_any_rule_divides_the_pool_among_agents_if_it_can(hamlet, rule, complaint):
    case = evenwatt.load(hamlet).with_settings({"rule": {"agents": rule}})
    if complaint:
        with pytest.raises(CaseError, match=complaint):
            case.run()
    else:
        assert case.run().report.measures["rule_agents"] == rule


def test_a_rule_for_two_agents_is_refused_for_three(hamlet):
    with (hamlet / "agents.csv").open("a") as table:
        table.write("a3,250.0\n")
    with pytest.raises(CaseError, match=r"rule\.agents: 'cd' divides among 2 members, not 3"):
        evenwatt.load(hamlet).with_settings({"rule": {"agents": "cd"}}).run()


def test_an_agent_without_members_takes_nothing(hamlet):
    with (hamlet / "agents.csv").open("a") as table:
        table.write("a3,250.0\n")
    rows = {row["id"]: row for row in evenwatt.load(hamlet).run().report.tables["agents"]}
    assert rows["a3"]["stock_wh"] == rows["a3"]["members"] == 0


def test_intervals_without_a_reading_are_left_out_and_counted(hamlet):
    meters = next((hamlet / "meters").iterdir())
    gap = "2026-06-02T10:15:00Z,home2,consumption,"
    lines = [line for line in meters.read_text().splitlines() if not line.startswith(gap)]
    meters.write_text("\n".join(lines) + "\n")
    report = evenwatt.load(hamlet).run().report
    assert (report.measures["intervals"], report.measures["intervals_incomplete"]) == (191, 1)
    assert "intervals that lack a reading and were not divided: 1" in report.notes


def test_a_day_without_any_whole_interval_is_an_ordinary_day(hamlet):
    case = evenwatt.load(hamlet)
    store = case.store()
    broken = store.day(store.days[0])
    broken.status[:, 0] = Status.MISSING
    plan = runs.plan_of(case)
    plan = replace(plan, members=tuple(name for name in plan.members if name != "cd"))
    owed = Residues(np.zeros(2), np.zeros(2), np.zeros((len(plan.members), 5)))
    today = day.prepare(broken, broken.days[0], case.community, plan, owed.agents)
    tally, tables, _ = day.conclude(today, day.member_awards(today), case.community, plan, owed)
    assert (tally.intervals, tally.incomplete, len(tables["intervals"])) == (0, 96, 0)
    period = findings.Period(case.community, [tally], plan.members)
    told = findings.report(period, case.config, case="x", meters=broken, skipped={}, notes=[])
    assert told.summary == ["No interval has all its readings, so nothing was divided."]
    assert "nothing was divided" in pages.cascade(told.to_dict())


def test_generation_that_no_supplier_stands_for_is_named(hamlet):
    edit(hamlet / "suppliers.csv", "home5,home5,0,140.0\n", "")
    report = evenwatt.load(hamlet).run().report
    assert any("home5 is not in suppliers.csv" in note for note in report.notes)
