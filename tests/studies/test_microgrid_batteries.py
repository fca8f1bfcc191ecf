"""Batteries in a microgrid: what they save, for whom, and that nothing but heat is lost."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

import evenwatt
from evenwatt.core.errors import CaseError
from evenwatt.studies.verify import verify


def gains(run, rule):
    return {row["member"]: row["gain_micro"] for row in run.report.tables["gains"] if row["rule"] == rule}


def rows_of(report, table, key):
    return {row[key]: row for row in report.tables[table]}


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


BATTERIES = "member,capacity_wh,power_w,efficiency\nh1,2000,1000,0.81\nh3,1000,1000,\n"


@pytest.fixture
def stored(make, some):
    """Three homes for two days, two of them with a battery."""
    case = make(*some(7, 3, days=2))
    (case.folder / "batteries.csv").write_text(BATTERIES)
    return evenwatt.load(case.folder)


def test_batteries_save_more_and_lose_nothing_but_heat(stored):
    case = stored
    run = case.run()
    m, rows = run.report.measures, run.intervals
    assert (m["batteries"], m["battery_capacity_wh"]) == (2, 3000)
    into = rows["load_wh"] + rows["charged_wh"] + rows["sold_wh"] + rows["exported_wh"]
    out = rows["generated_wh"] + rows["discharged_wh"] + rows["bought_wh"] + rows["imported_wh"]
    assert (into == out).all()
    kept = rows.group_by("member").agg(pl.col("charged_wh").sum(), pl.col("discharged_wh").sum()).to_dicts()
    lost = {row["member"]: row["discharged_wh"] / row["charged_wh"] for row in kept if row["charged_wh"]}
    assert lost["h1"] == pytest.approx(0.81, abs=0.01)
    assert lost["h3"] == pytest.approx(0.9, abs=0.01)
    assert rows["charged_wh"].max() <= 1000
    (case.folder / "batteries.csv").unlink()
    bare = evenwatt.load(case.folder).run().report.measures
    assert m["pooled_micro"] < bare["pooled_micro"]
    assert m["alone_micro"] < bare["alone_micro"]
    assert m["imported_wh"] < bare["imported_wh"]


def test_with_batteries_money_is_that_of_the_cheapest_operation(stored):
    run = stored.run()
    m = run.report.measures
    paid = 250 * m["imported_wh"] - 60 * m["exported_wh"]
    assert m["pooled_micro"] == paid
    assert sum(gains(run, "shapley").values()) == m["gain_micro"] > 0
    into = run.ledger.filter(pl.col("payee") == "pool")["micro"].sum()
    assert into == run.ledger.filter(pl.col("payer") == "pool")["micro"].sum()
    rows = rows_of(run.report, "money", "rule")
    assert all(row["skipped"] is None for name, row in rows.items() if name not in ("tau", "seed001"))
    assert all(row["shapley_per_mwh"] is None for row in run.report.tables["prices"])
    assert verify(run).stands


def least_cost(net, batteries, buy=250.0, sell=60.0):
    """What a day costs at its best, by a programme of its own: (T,) Wh and (capacity, power, efficiency)."""
    steps, each = len(net), 3
    width = steps * (2 + each * len(batteries))
    cost = np.zeros(width)
    cost[:steps], cost[steps : 2 * steps] = buy, -sell
    rows, right, bounds = (
        np.zeros((steps * (1 + len(batteries)), width)),
        np.zeros(0),
        [(0, None)] * 2 * steps,
    )
    now, before = np.eye(steps), np.eye(steps, k=-1)
    rows[:steps, :steps], rows[:steps, steps : 2 * steps] = now, -now
    right = np.concatenate([-net, np.zeros(steps * len(batteries))]).astype(float)
    for b, (capacity, power, efficiency) in enumerate(batteries):
        first, here = steps * (2 + each * b), slice(steps * (1 + b), steps * (2 + b))
        charge, discharge, level = (slice(first + k * steps, first + (k + 1) * steps) for k in range(each))
        rows[:steps, charge], rows[:steps, discharge] = -now, now
        rows[here, level], rows[here, charge] = now - before, -now * efficiency**0.5
        rows[here, discharge] = now / efficiency**0.5
        right[here.start] = capacity / 2
        bounds += [(0, power)] * 2 * steps + [(0, capacity)] * (steps - 1) + [(capacity / 2, capacity / 2)]
    return linprog(cost, A_eq=rows, b_eq=right, bounds=bounds, method="highs").fun


def test_batteries_run_as_an_independent_programme_would(stored):
    run = stored.run()
    rows = run.intervals.with_columns(net=pl.col("generated_wh") - pl.col("load_wh"))
    table = rows.pivot("member", index="interval_start", values="net").sort("interval_start")
    net = {name: table[name].to_numpy().reshape(2, 24) for name in ("h1", "h2", "h3")}
    held = {"h1": [(2000, 1000, 0.81)], "h2": [], "h3": [(1000, 1000, 0.9)]}
    together = sum(least_cost(day, held["h1"] + held["h3"]) for day in sum(net.values()))
    # Batteries move whole Wh, so the flows cost what the programme says but for the rounding.
    assert run.report.measures["pooled_micro"] == pytest.approx(together, rel=1e-4)
    for row in run.report.tables["members"]:
        alone = sum(least_cost(day, held[row["id"]]) for day in net[row["id"]])
        assert row["alone_micro"] == pytest.approx(alone, abs=5)


def test_where_too_many_programmes_would_be_needed_the_value_is_sampled(monkeypatch, stored):
    monkeypatch.setattr("evenwatt.studies.microgrid.period.MOST_PROGRAMMES", 4)
    report = stored.run().report
    rows = rows_of(report, "money", "rule")
    assert rows["shapley"]["method"] == "sampling"
    assert not rows["shapley"]["exact"]
    assert "would each take a linear programme" in rows["nucleolus"]["skipped"]
    # Every group of three was met, so the one that would leave is the worst of all; but that is not known.
    assert rows["shapley"]["core_method"] == "the 6 groups met while sampling"
    assert (rows["shapley"]["leaving"], rows["shapley"]["core_exact"]) == (["h1", "h2"], False)
    assert rows["shapley"]["core_bound_micro"] is None
    assert any("256 sampled orders leave a standard error" in note for note in report.notes)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("h1,2000", "h9,2000", r"batteries\.csv: member 'h9' is not in members\.csv"),
        ("h1,2000", "h1,-2", r"battery of 'h1': capacity_wh -2 is below 0"),
        ("0.81", "1.2", r"battery of 'h1': efficiency 1\.2; expected above 0 and at most 1"),
    ],
)
def test_a_fault_of_a_battery_is_named(old, new, complaint, stored):
    case = stored
    edit(case.folder / "batteries.csv", old, new)
    with pytest.raises(CaseError, match=complaint):
        evenwatt.load(case.folder).run()


def test_a_batterys_owner_must_stay(stored):
    case = stored
    edit(case.folder / "members.csv", "h1,h1,prosumer,h1,,", "h1,h1,prosumer,h1,2026-06-02,")
    with pytest.raises(CaseError, match="'h1' is away on 1 days, first 2026-06-01"):
        evenwatt.load(case.folder).run()


def test_batteries_where_selling_pays_more_than_buying(stored):
    edit(stored.folder / "prices.csv", "250.0,60.0", "100.0,130.0")
    run = evenwatt.load(stored.folder).run()
    assert run.report.measures["pooling_loss_micro"] > 0
    assert sum(gains(run, "shapley").values()) == run.report.measures["gain_micro"]
