"""The microgrid conserves energy and money, divides what it saves by every rule, and says who would leave."""

from __future__ import annotations

import json
from datetime import date
from importlib import import_module
from itertools import combinations, permutations

import numpy as np
import polars as pl
import pytest

import evenwatt
from evenwatt.coalitions.compat import seed001_refined
from evenwatt.core.errors import CaseError
from evenwatt.studies import runs
from evenwatt.studies.division import division, polynomial
from evenwatt.studies.microgrid import DayEnergy, trade
from evenwatt.studies.template import create
from evenwatt.studies.verify import diff, verify

MONEY = ["bill-sharing", "equal", "mid-market", "nucleolus", "proportional", "seed001", "shapley", "tau"]
KEYS = """case first last days interval_seconds intervals incomplete members prosumers currency timezone energy_rule
money_rule load_wh generated_wh own_use_wh surplus_wh deficit_wh traded_wh imported_wh exported_wh traded_intervals
alone_micro pooled_micro gain_micro self_sufficiency self_consumption pooling_loss_micro pooling_loss_intervals
batteries battery_capacity_wh game_method game_exact game_evaluations""".split()


def positions(run):
    """Net position of each member in each interval, (T, n) [Wh], in the order of the report."""
    rows = run.intervals.with_columns(net=pl.col("surplus_wh") - pl.col("deficit_wh"))
    table = rows.pivot("member", index="interval_start", values="net").sort("interval_start").fill_null(0)
    return table.select([row["id"] for row in run.report.tables["members"]]).to_numpy()


def worths(net, spread):
    """Gain of every coalition by its members [micro-units]."""
    n = net.shape[1]
    groups = [group for size in range(1, n + 1) for group in combinations(range(n), size)]
    inside = {
        group: np.minimum(np.maximum(net[:, group], 0).sum(1), np.maximum(-net[:, group], 0).sum(1))
        for group in groups
    }
    return {frozenset(group): float(spread * wh.sum()) for group, wh in inside.items()} | {frozenset(): 0.0}


def gains(run, rule):
    return {row["member"]: row["gain_micro"] for row in run.report.tables["gains"] if row["rule"] == rule}


def rows_of(report, table, key):
    return {row[key]: row for row in report.tables[table]}


def test_proportional_is_what_the_notebooks_third_step_reduces_to():
    supply, demand = np.array([18, 25, 15, 26, 24, 25]), np.array([5, 6, 17, 7, 29, 29])
    energy = one_interval(demand * 10**6, supply * 10**6)
    traded = trade(energy, division("pro"), (np.zeros(6), np.zeros(6)))
    held = (supply * 10**6 + traded.bought[0] - traded.sold[0]) / 10**6
    assert held == pytest.approx(seed001_refined(supply, demand), abs=1e-6)
    printed = [15.19607843137255, 20.901960784313726, 17.0, 21.901960784313726, 29.0, 29.0]
    assert held == pytest.approx(printed, abs=1e-6)


def one_interval(load, generated):
    n = len(load)
    nothing = np.zeros((1, n), dtype=np.int64)
    return DayEnergy(
        date=date(2026, 6, 1), start=np.array(["2026-06-01T12:00"], dtype="datetime64[s]"), slots=np.array([48]),
        incomplete=0, load=load[None], generated=generated[None], charged=nothing, discharged=nothing,
        present=np.ones(n, dtype=bool), selling=generated > 0, buy=np.array([250.0]), sell=np.array([60.0]),
    )  # fmt: skip


def test_every_watt_hour_is_used_traded_or_seen_by_the_grid(grid):
    rows = evenwatt.load(grid).run().intervals
    assert (rows["load_wh"] == rows["own_use_wh"] + rows["bought_wh"] + rows["imported_wh"]).all()
    assert (rows["generated_wh"] == rows["own_use_wh"] + rows["sold_wh"] + rows["exported_wh"]).all()
    by = rows.group_by("interval_start").agg(pl.col("^.*_wh$").sum())
    inside = pl.select(pl.min_horizontal(by["surplus_wh"], by["deficit_wh"])).to_series()
    assert (by["sold_wh"] == inside).all()
    assert (by["bought_wh"] == inside).all()


@pytest.mark.parametrize("rule", [d.spelling for d in polynomial() if d.refusal(5) is None])
def test_every_claims_rule_trades_the_same_in_all(grid, rule):
    case = evenwatt.load(grid)
    usual = case.run().report.measures
    traded = case.with_settings({"rule": {"energy": rule}}).run().report.measures
    assert traded["energy_rule"] == division(rule).spelling
    for name in ("traded_wh", "imported_wh", "exported_wh", "gain_micro"):
        assert traded[name] == usual[name]


def test_pair_flows_keep_what_each_sold_and_bought(grid):
    run = evenwatt.load(grid).run()
    flows = pl.read_parquet(run.folder / "flows" / "*.parquet")
    for side, column in (("seller", "sold_wh"), ("buyer", "bought_wh")):
        summed = flows.group_by("interval_start", side).agg(pl.col("wh").sum()).rename({side: "member"})
        both = run.intervals.join(summed, on=["interval_start", "member"], how="left").fill_null(0)
        assert (both["wh"] == both[column]).all()
    assert run.flows["wh"].sum() == run.report.measures["traded_wh"]


def test_the_ledger_closes_to_the_micro_unit(grid):
    run = evenwatt.load(grid).run()
    into = run.ledger.filter(pl.col("payee") == "pool")["micro"].sum()
    assert into == run.ledger.filter(pl.col("payer") == "pool")["micro"].sum()
    bills = run.members["bill_micro"].sum()
    assert bills == run.report.measures["pooled_micro"]
    grid_paid = run.ledger.filter(pl.col("payee") == "grid")["micro"].sum()
    grid_pays = run.ledger.filter(pl.col("payer") == "grid")["micro"].sum()
    assert grid_paid - grid_pays == bills


def test_a_rule_that_does_not_balance_shows_who_is_missing_the_money(grid):
    run = evenwatt.load(grid).run(rule="seed001")
    row = run.report.tables["money"][0]
    assert row["kind_of"] == "published script"
    assert row["budget_micro"] != 0
    nobody = run.ledger.filter((pl.col("payer") == "nobody") | (pl.col("payee") == "nobody"))
    assert nobody["micro"].to_list() == [abs(row["budget_micro"])]


def test_gains_sum_exactly_to_what_is_saved(grid):
    run = evenwatt.load(grid).run()
    for name in set(MONEY) - {"seed001"}:
        assert sum(gains(run, name).values()) == run.report.measures["gain_micro"], name
        assert rows_of(run.report, "money", "rule")[name]["budget_micro"] == 0


def test_shapley_of_the_period_is_the_mean_over_all_orders(grid):
    run = evenwatt.load(grid).run()
    worth = worths(positions(run), 250.0 - 60.0)
    added = np.zeros(6)
    for order in permutations(range(6)):
        for place, member in enumerate(order):
            added[member] += worth[frozenset(order[: place + 1])] - worth[frozenset(order[:place])]
    assert list(gains(run, "shapley").values()) == pytest.approx(added / 720, abs=2)
    assert run.report.measures["game_exact"]


@pytest.mark.parametrize("rule", MONEY)
def test_the_coalition_that_would_leave_is_the_worst_of_all(grid, rule):
    run = evenwatt.load(grid).run()
    held, row = gains(run, rule), rows_of(run.report, "money", "rule")[rule]
    ids = list(held)
    excess = {
        group: worth - sum(held[ids[k]] for k in group)
        for group, worth in worths(positions(run), 190.0).items()
        if 0 < len(group) < 6
    }
    assert row["core_excess_micro"] == pytest.approx(max(excess.values()), abs=1)
    if row["leaving"]:
        chosen = frozenset(ids.index(member) for member in row["leaving"])
        assert excess[chosen] == pytest.approx(row["leaving_gain_micro"], abs=1)
        assert row["leaving_gain_micro"] > 0
    else:
        assert max(excess.values()) <= 6


def test_nobody_leaves_the_nucleolus_and_bill_sharing_hurts_sellers(grid):
    rows = rows_of(evenwatt.load(grid).run().report, "money", "rule")
    assert rows["nucleolus"]["leaving"] == []
    assert rows["bill-sharing"]["worse_than_alone"] == ["home5", "mill"]
    assert rows["bill-sharing"]["gini"] is None
    assert rows["equal"]["gini"] == pytest.approx(0, abs=1e-6)
    assert rows["shapley"]["gainers"] == rows["shapley"]["losers"] == 0


def test_the_report_holds_what_a_page_needs(grid):
    report = evenwatt.load(grid).run().report.to_dict()
    assert set(KEYS) <= report["measures"].keys()
    assert report["study"] == "microgrid"
    assert set(report["tables"]) >= {"members", "flows", "money", "gains", "prices", "hours", "explained"}
    assert next(row["rule"] for row in report["tables"]["money"]) == "shapley"
    assert sorted(row["rule"] for row in report["tables"]["money"]) == MONEY
    assert len(report["tables"]["prices"]) == 2
    assert len(report["tables"]["hours"]) == 96
    json.dumps(report, allow_nan=False)


def test_two_neighbours_meet_halfway(make):
    load, made = [[0.0, 1.0]] * 12 + [[0.0, 3.0]] * 12, [[2.0, 0.0]] * 24
    report = make(load, made).run().report
    for row in report.tables["hours"]:
        assert row["shapley_per_mwh"] == pytest.approx(155.0)  # of 250 and 60
        assert row["marginal_per_mwh"] == (60.0 if row["slot"] < 12 else 250.0)
    day = report.tables["prices"][0]
    assert day["marginal_per_mwh"] == pytest.approx((12 * 1 * 60 + 12 * 2 * 250) / 36)
    assert (day["mid_per_mwh"], day["traded_wh"]) == (155.0, 36_000)
    assert set(gains_of(report, "shapley")) == {36_000 * 95}


def gains_of(report, rule):
    return [row["gain_micro"] for row in report.tables["gains"] if row["rule"] == rule]


def test_an_hourly_price_holds_for_its_quarters(grid):
    lines = ["interval_start,grid_buy_per_mwh,grid_sell_per_mwh"]
    lines += [f"2026-06-0{1 + h // 24}T{h % 24:02}:00:00Z,{200 + h},{50 + h % 24}" for h in range(48)]
    (grid / "prices.csv").write_text("\n".join(lines) + "\n")
    run = evenwatt.load(grid).run()
    hour = run.intervals["interval_start"].dt.epoch("s").to_numpy() // 3600
    hour = hour - hour.min()
    spread = (200 + hour) - (50 + hour % 24)
    assert run.report.measures["gain_micro"] == (spread * run.intervals["bought_wh"].to_numpy()).sum()
    assert verify(run).stands


def test_an_interrupted_run_goes_on_where_it_stopped(grid):
    def interrupt(done, total, what):
        if what == "trading":
            raise KeyboardInterrupt

    case = evenwatt.load(grid).with_settings({"rule": {"energy": "cea"}})
    with pytest.raises(KeyboardInterrupt):
        case.run(progress=interrupt)
    finished = []
    run = case.run(progress=lambda done, total, what: finished.append((what, done)))
    assert [done for what, done in finished if what == "trading"] == [2]
    assert verify(run).stands
    assert not (grid / ".work").exists()


def test_a_run_stands_when_recomputed_and_falls_when_touched(grid):
    run = evenwatt.load(grid).run(rule="equal")
    assert verify(run).stands
    money = run.folder / "money.csv"
    money.write_text(money.read_text().replace("equal", "eqaul", 1))
    assert verify(run).faults == ("money.csv: differs from what its inputs give",)


def test_two_runs_differ_by_the_bill(grid):
    case = evenwatt.load(grid)
    rows = diff(case.run(), case.run(rule="nucleolus"))
    assert rows["bill_delta_micro"].sum() == 0
    assert rows["bill_delta_micro"].abs().max() > 0
    assert rows["imported_delta_wh"].abs().max() == 0


def test_runs_of_two_studies_are_not_compared(grid, hamlet):
    with pytest.raises(CaseError, match="is a microgrid"):
        diff(runs.open_run(grid), runs.open_run(hamlet))


def test_comparing_sets_energy_rules_beside_money_rules(grid):
    report = runs.compare(evenwatt.load(grid))
    pairs = {(row["energy"], row["money"]): row for row in report.tables["combinations"]}
    energies = [row["rule"] for row in report.tables["energy"] if row["skipped"] is None]
    assert len(pairs) == len(energies) * len(MONEY)
    assert {"pro", "cea", "talmud"} <= set(energies)
    assert pairs["pro", "shapley"]["moved_micro"] == 0
    assert pairs["cea", "shapley"]["moved_micro"] == 0
    assert pairs["cea", "mid-market"]["moved_micro"] != pairs["pro", "mid-market"]["moved_micro"]
    changes = rows_of(report, "money", "rule")
    assert changes["equal"]["change"].startswith("equal instead of shapley: ")
    skipped = rows_of(report, "energy", "rule")
    assert "cd" not in energies
    assert skipped["cd"]["skipped"].startswith("'cd' divides among 2 members")


def test_explaining_an_interval_names_partners_and_the_value(grid):
    run = evenwatt.load(grid).run()
    mine = run.intervals.filter((pl.col("member") == "home5") & (pl.col("sold_wh") > 0)).row(0, named=True)
    answer = run.explain("home5", mine["interval_start"].isoformat() + "Z")
    assert answer.energy["sold_wh"] == mine["sold_wh"] == sum(answer.partners.values())
    assert answer.gains["shapley"] == gains(run, "shapley")["home5"]
    told = " ".join(answer.sentences)
    assert f"long of {mine['surplus_wh']} Wh" in told
    assert "its Shapley value" in told
    json.dumps(answer.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("member", "time", "complaint"),
    [
        ("nobody", "2026-06-01T12:00Z", "not one of the 6 members"),
        ("home1", "2026-07-01T12:00Z", "the run covers 2026-06-01 to 2026-06-02"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(grid, member, time, complaint):
    with pytest.raises(CaseError, match=complaint):
        evenwatt.load(grid).run().explain(member, time)


def test_a_household_is_told_its_own_numbers(grid):
    run = evenwatt.load(grid).run()
    worth = worths(positions(run), 190.0)
    labels = [row["label"] for row in run.report.tables["members"]]
    for told in run.report.tables["explained"]:
        assert told["gain_micro"] == gains(run, "shapley")[told["member"]]
        for shown in told["orders"]:
            order = [labels.index(label) for label in shown["order"]]
            place = order.index(labels.index(told["label"]))
            added = worth[frozenset(order[: place + 1])] - worth[frozenset(order[:place])]
            assert shown["gain_micro"] == pytest.approx(added, abs=1)
        assert any("comes last" in sentence for sentence in told["sentences"])


def test_a_sampled_value_comes_with_an_interval(monkeypatch, make, some):
    module = import_module("evenwatt.coalitions.shapley")
    value = module.shapley
    monkeypatch.setattr(module, "shapley", lambda game, **options: value(game, "sampling", **options))
    report = make(*some(5, 6)).run().report
    assert not report.measures["game_exact"]
    assert report.measures["game_evaluations"] > 0
    wanted = 0.005 * report.measures["gain_micro"] / 6
    for row in report.tables["gains"]:
        if row["rule"] == "shapley":
            assert 0 <= row["std_err_micro"] <= wanted + 1
            assert row["low_micro"] <= row["gain_micro"] <= row["high_micro"]
    assert sum(gains_of(report, "shapley")) == report.measures["gain_micro"]


def test_a_year_of_homes_saves_by_staying_together(real_data, tmp_path):
    case = create(tmp_path / "city", real_data / "citylearn2022", year=2021, study="microgrid")
    run = case.run()
    m = run.report.measures
    assert (m["members"], m["intervals"], m["interval_seconds"]) == (17, 8760, 3600)
    assert m["load_wh"] == m["own_use_wh"] + m["traded_wh"] + m["imported_wh"]
    assert m["generated_wh"] == m["own_use_wh"] + m["traded_wh"] + m["exported_wh"]
    assert m["gain_micro"] == 190 * m["traded_wh"]
    assert m["game_exact"]
    rows = rows_of(run.report, "money", "rule")
    assert rows["nucleolus"]["leaving"] == []
    assert rows["shapley"]["core_excess_micro"] >= rows["nucleolus"]["core_excess_micro"] - 17
    assert all(row["skipped"] is None for row in rows.values())


@pytest.mark.slow
def test_a_month_of_a_village_is_divided_exactly(real_data, tmp_path):
    export = real_data / "simbench" / "rural3_s2_2016_jun_15min_kw.csv.gz"
    run = create(tmp_path / "june", export, study="microgrid").run()
    m = run.report.measures
    assert (m["members"], m["prosumers"], m["intervals"]) == (118, 27, 2880)
    assert m["game_exact"]
    assert m["gain_micro"] == 190 * m["traded_wh"]
    rows = rows_of(run.report, "money", "rule")
    assert sum(gains(run, "shapley").values()) == m["gain_micro"]
    assert rows["nucleolus"]["core_bound_micro"] <= 0.005 * m["gain_micro"]
    assert rows["tau"]["skipped"]
