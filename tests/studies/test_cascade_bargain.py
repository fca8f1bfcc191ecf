"""A cascade whose suppliers and agents bargain conserves every watt-hour and micro-unit, and says how it agreed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evenwatt
from evenwatt.core.errors import CaseError, ConservationError, InputError
from evenwatt.core.meters import Status
from evenwatt.studies import runs
from evenwatt.studies.cascade import day, learned, settlement, weighing
from evenwatt.studies.cascade import problem as cascade
from evenwatt.studies.cascade.agreement import agreement, owed_nothing
from evenwatt.studies.cascade.bargain import STATUSES, Talks, bargain
from evenwatt.studies.cascade.community import Agent, Link, Supplier
from evenwatt.studies.cascade.conditions import conditions
from evenwatt.studies.cascade.day import Residues
from evenwatt.studies.cascade.period import bargain_period
from evenwatt.studies.cascade.statements import Stated, stating
from evenwatt.studies.cascade.whole_flows import whole_flows
from evenwatt.studies.division import division
from evenwatt.studies.template import create
from evenwatt.studies.verify import diff, verify

BARGAIN = {"rule": {"agents": "bargain"}}
LINKS = "supplier,agent,limit,fee\nmill,a1,30,2\nmill,a2,,1\n"


def bargained(folder, **settings):
    return evenwatt.load(folder).with_settings({**BARGAIN, "bargain": settings})


def stated(folder, factors):
    """Writes statements.csv: each agent's metered need times its factor, rounded."""
    case = evenwatt.load(folder)
    period = bargain_period(case, case.store())
    lines = ["interval_start,agent,claim_wh"]
    for start, needs in zip(period.start, period.needs, strict=True):
        lines += [
            f"{start}Z,{agent},{round(need * factor)}"
            for agent, need, factor in zip(period.agents, needs, factors, strict=True)
        ]
    (folder / "statements.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def talked(hamlet_made, tmp_path_factory):
    """The hamlet with limits, fees and an agent that overstates by a half, run once; not to be changed."""
    import shutil

    folder = shutil.copytree(hamlet_made, tmp_path_factory.mktemp("talks") / "hamlet")
    (folder / "links.csv").write_text(LINKS, encoding="utf-8")
    stated(folder, (1.5, 0.9))
    return bargained(folder, statements="file").run()


@pytest.fixture
def drawn(hamlet):
    """The first day of the hamlet, laid out, with its community."""
    case = evenwatt.load(hamlet)
    meters = case.store().day(case.store().days[0])
    return cascade.day_problem(meters, meters.days[0], case.community), case.community


# whole watt-hours


@st.composite
def tables(draw):
    """Flows of a few intervals that keep whole capacities and claims."""
    steps, suppliers, agents = (draw(st.integers(1, top)) for top in (6, 4, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    capacity = rng.integers(0, 40, (steps, suppliers))
    demand = rng.integers(0, 40, (steps, agents))
    flows = rng.random((steps, suppliers, agents)) * rng.integers(0, 2, (steps, suppliers, agents)) * 40
    for axis, most in ((2, capacity[:, :, None]), (1, demand[:, None, :])):
        total = flows.sum(axis=axis, keepdims=True)
        # Half of the tables use up what there is to the last drop, where rounding has least room.
        scale = np.divide(most, total, out=np.zeros_like(total), where=total > 0)
        flows = flows * (np.minimum(scale, 1) if rng.random() < 0.5 or axis == 1 else scale)
    return flows, capacity, demand


@given(tables())
def test_flows_become_their_whole_neighbours_and_so_do_their_sums(drawn):
    flows, capacity, demand = drawn
    free = np.full(flows.shape[1:], np.inf)
    whole, residue = whole_flows(flows, capacity, demand, free, np.zeros(flows.shape[1:]))
    for exact, found in ((flows, whole), (flows.sum(2), whole.sum(2)), (flows.sum(1), whole.sum(1))):
        assert (np.abs(found - exact) < 1 + 1e-4).all()
    assert (whole.sum(2) <= capacity).all()
    assert (whole.sum(1) <= demand).all()
    assert residue == pytest.approx((flows - whole).sum(axis=0), abs=1e-3)


def test_a_month_of_thirds_leaves_no_link_a_watt_hour_behind():
    rng = np.random.default_rng(5)
    capacity, demand = rng.integers(5, 40, (2880, 2)), np.full((2880, 3), 100)
    flows = np.tile((capacity / 3)[:, :, None], (1, 1, 3))
    _, residue = whole_flows(flows, capacity, demand, np.full((2, 3), np.inf), np.zeros((2, 3)))
    assert np.abs(residue).max() < 1.5


@pytest.mark.parametrize(
    ("flow", "limit", "complaint"), [(6.0, np.inf, "more than it"), (4.0, 3.0, "more than its limit")]
)
def test_flows_that_pass_a_bound_are_refused(flow, limit, complaint):
    with pytest.raises(ConservationError, match=complaint):
        whole_flows(
            np.array([[[flow]]]), np.array([[5]]), np.array([[5]]), np.array([[limit]]), np.zeros((1, 1))
        )


# identities


def agreed(problem, community, *, weights="claims", disagreement="zero", statements=None, **talks):
    said = Stated(problem.asked if statements is None else statements)
    held = conditions(problem, community, disagreement)
    weighed = weighing.weighing(weights, community)(problem, said.wh)
    return bargain(problem, held, said, weighed, Talks(**talks), owed_nothing(community))


@pytest.mark.parametrize("alone", [True, False], ids=["one supplier", "two suppliers"])
def test_by_claims_at_one_price_the_talks_are_the_proportional_rule(hamlet, alone):
    if alone:
        edit(hamlet / "suppliers.csv", "home5,home5,0,140.0\n", "")
    case = evenwatt.load(hamlet)
    meters = case.store().day(case.store().days[0])
    problem = cascade.day_problem(meters, meters.days[0], case.community)
    found = agreed(problem, case.community)
    pro = cascade.divide(problem.supply.sum(axis=1), problem.asked, division("pro"))
    assert problem.supply.shape[1] == 2 - alone
    assert (problem.asked.sum(axis=1) > problem.supply.sum(axis=1)).sum() > 20
    assert np.abs(found.allocated.sum(axis=1) - pro).max() < 1 + 1e-3
    by_rule = cascade.stage_one(problem, division("pro"), np.zeros(2)).whole
    assert np.abs(found.allocated.sum(axis=(0, 1)) - by_rule.sum(axis=0)).max() <= 2


def test_by_equal_weights_at_one_price_the_talks_are_equal_awards(drawn):
    problem, community = drawn
    found = agreed(problem, community, weights="equal")
    scarce = problem.asked.sum(axis=1) > problem.supply.sum(axis=1)
    cea = cascade.divide(problem.supply.sum(axis=1), problem.asked, division("cea"))
    assert scarce.any()
    assert np.abs(found.allocated.sum(axis=1) - cea)[scarce].max() < 1 + 1e-3


def test_the_period_at_once_is_its_days_one_by_one(hamlet):
    case = bargained(hamlet)
    store = case.store()
    period = bargain_period(case, store)
    days = []
    for held in store.days:
        meters = store.day(held)
        days.append(cascade.day_problem(meters, meters.days[0], case.community))
    assert (period.needs == np.concatenate([one.asked for one in days])).all()
    assert (period.problem.capacity == np.concatenate([one.supply for one in days])).all()
    assert period.problem.shape == (192,)
    history = period.history()
    assert history.players == ("supplier:home5", "supplier:mill", "agent:a1", "agent:a2")
    assert (history.target("metered") == period.needs).all()


# conservation


def test_what_a_supplier_has_goes_to_agents_or_to_the_grid(talked):
    ledger = talked.ledger
    for row in talked.report.tables["suppliers"]:
        sold = (
            ledger.filter(pl.col("payee") == f"supplier:{row['id']}")
            .group_by("payer")
            .agg(pl.col("wh").sum())
        )
        held = dict(sold.iter_rows())
        assert sum(held.values()) == row["pool_wh"]
        assert held["grid"] == row["surplus_wh"] > 0


def test_what_was_agreed_and_not_needed_goes_back(talked):
    m = talked.report.measures
    talks = pl.read_parquet(talked.folder / "talks" / "*.parquet").filter(
        pl.col("party").str.starts_with("agent")
    )
    back = talks["agreed_wh"].sum() - talks["delivered_wh"].sum()
    assert m["returned_wh"] == back == m["allocated_wh"] - m["served_wh"] > 0
    assert m["stated_wh"] == talks["brought_wh"].sum() > m["claimed_wh"]
    held = talked.intervals.group_by("interval_start", "agent").agg(
        pl.col("stock_wh").first(), pl.col("claim_wh").sum()
    )
    assert (held["stock_wh"] <= held["claim_wh"]).all()


def test_an_agent_gets_no_more_than_it_stated_and_no_link_carries_more_than_its_limit(talked):
    talks = pl.read_parquet(talked.folder / "talks" / "*.parquet")
    assert (talks["agreed_wh"] <= talks["brought_wh"]).all()
    flows = pl.read_parquet(talked.folder / "flows" / "*.parquet")
    limited = flows.filter((pl.col("supplier") == "mill") & (pl.col("agent") == "a1"))
    assert limited["wh"].max() <= 30
    share = {
        (r["supplier"], r["agent"]): r["limit_reached_share"] for r in talked.report.tables["bargain_links"]
    }
    assert share["mill", "a1"] > 0
    assert share["mill", "a2"] is None


def test_money_is_the_offer_to_the_supplier_and_the_fee_to_the_network(talked):
    ledger, links = talked.ledger, talked.report.tables["bargain_links"]
    paid = ledger.filter(
        pl.col("payer").str.starts_with("agent:") & pl.col("payee").str.starts_with("supplier:")
    )
    assert (paid["micro"] == 140 * paid["wh"]).all()
    network = ledger.filter(pl.col("payee") == "network")
    wh = {(row["supplier"], row["agent"]): row["wh"] for row in links}
    assert network["micro"].sum() == 2 * wh["mill", "a1"] + wh["mill", "a2"]
    assert network["micro"].sum() == talked.report.measures["network_micro"] > 0
    assert {row["price_per_mwh"] for row in links if row["wh"]} == {140.0}


def test_agents_keep_what_members_pay_less_what_they_pass_on(talked):
    ledger, kept = talked.ledger, {row["id"]: row["kept_micro"] for row in talked.report.tables["agents"]}
    for agent, held in kept.items():
        taken = ledger.filter(pl.col("payee") == f"agent:{agent}")["micro"].sum()
        passed = ledger.filter(pl.col("payer") == f"agent:{agent}")["micro"].sum()
        assert taken - passed == held
    assert kept["a1"] < 0
    assert any("a1, a2 take less from members" in sentence for sentence in talked.report.summary)


def test_members_bills_keep_their_form(talked):
    rows = talked.intervals
    bills = talked.ledger.filter(pl.col("payer").str.starts_with("member:"))
    assert bills["micro"].sum() == talked.members["cost_micro"].sum()
    assert bills.filter(pl.col("payee").str.starts_with("agent"))["wh"].sum() == rows["award_wh"].sum()
    by = rows.group_by("interval_start", "agent").agg(pl.col("award_wh").sum(), pl.col("stock_wh").first())
    assert (by["award_wh"] == by["stock_wh"]).all()


def anybody(rng, problem, community):
    """A day and a community drawn by chance: prices cross, links are cut, some have nothing."""
    steps, suppliers, agents = 24, int(rng.integers(1, 5)), int(rng.integers(1, 4))
    prices = [
        [float(value) for value in rng.uniform(0, 200, count)] for count in (suppliers, suppliers, agents)
    ]
    sellers = tuple(Supplier(f"s{i}", f"s{i}", f"m{i}", prices[0][i], prices[1][i]) for i in range(suppliers))
    buyers = tuple(Agent(f"b{j}", f"b{j}", prices[2][j]) for j in range(agents))
    links = tuple(
        Link(s.id, b.id, float(rng.choice([0.0, 7.5, np.inf])), float(rng.uniform(0, 9)))
        for s in sellers for b in buyers if rng.random() < 0.7
    )  # fmt: skip
    members = [replace(spell, agent=f"b{k % agents}") for k, spell in enumerate(community.memberships)]
    there = replace(community, memberships=tuple(members), suppliers=sellers, agents=buyers, links=links)
    supply = rng.integers(0, 60, (steps, suppliers)) * rng.integers(0, 2, (steps, suppliers))
    claims = rng.integers(0, 40, (steps, 5)) * rng.integers(0, 2, (steps, 5))
    drawn = replace(
        problem, start=problem.start[:steps], load=claims, own_use=0 * claims, claims=claims, generated=supply,
        supply=supply, agent=np.arange(5) % agents, agents=agents,
        prices={name: values[:steps] for name, values in problem.prices.items()},
    )  # fmt: skip
    return drawn, there


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("disagreement", ["zero", "grid"])
def test_whoever_bargains_energy_and_money_are_conserved(drawn, seed, disagreement):
    rng = np.random.default_rng(seed)
    problem, community = anybody(rng, *drawn)
    statements = np.rint(problem.asked * rng.uniform(0.5, 2, problem.asked.shape)).astype(np.int64)
    found = agreed(problem, community, disagreement=disagreement, statements=statements)
    assert (found.allocated.sum(axis=2) <= problem.supply).all()
    assert (found.allocated.sum(axis=1) <= statements).all()
    assert (found.allocated <= community.limits).all()
    stock = found.flows.sum(axis=1)
    assert (stock == np.minimum(found.allocated.sum(axis=1), problem.asked)).all()
    awards = cascade.member_awards(problem, stock, division("pro"))
    whole = cascade.member_rounding(problem, stock, awards, np.zeros(5)).whole
    paid = settlement.bargained_payments(problem, whole, found)
    rows = settlement.ledger(problem, community, whole, found.flows, paid)
    kept = settlement.kept_by_agents(problem, found.flows, paid)
    settlement.balanced(rows, [agent.id for agent in community.agents], kept.tolist())
    to_suppliers = rows.filter(pl.col("payee").str.starts_with("supplier:"))
    assert to_suppliers["wh"].sum() == problem.supply.sum()
    bought = rows.filter(pl.col("payer").str.starts_with("member:"))
    assert bought["wh"].sum() == problem.claims.sum()
    # Nobody is worse off than without an agreement, but for a watt-hour's rounding.
    assert (found.gains >= -300 * problem.supply.shape[1]).all()


def test_transfers_leave_everybody_with_its_weights_share(drawn):
    problem, community = drawn
    found = agreed(problem, community, weights="equal", transferable=True)
    both = (problem.supply > 0).all(axis=1)
    assert both.any()
    share = found.gains[both] / found.gains[both].sum(axis=1, keepdims=True)
    assert share == pytest.approx(np.full(share.shape, 0.25), abs=1e-3)
    assert (found.transfers.sum(axis=1) == 0).all()
    night = problem.supply[:, 0] == 0
    assert night.any()
    assert np.abs(found.gains[night, 0]).max() <= 1


def test_transfers_pass_through_the_ledger_and_sum_to_zero(hamlet):
    run = bargained(hamlet, transferable=True, weights="equal").run()
    ledger = run.ledger
    took = ledger.filter(pl.col("payee") == "bargain").group_by("interval_start").agg(pl.col("micro").sum())
    gave = ledger.filter(pl.col("payer") == "bargain").group_by("interval_start").agg(pl.col("micro").sum())
    assert took.sort("interval_start").equals(gave.sort("interval_start"))
    assert took["micro"].sum() > 0
    for row in run.report.tables["suppliers"]:
        name = f"supplier:{row['id']}"
        got = ledger.filter(pl.col("payee") == name)["micro"].sum()
        assert row["earned_micro"] == got - ledger.filter(pl.col("payer") == name)["micro"].sum()
    assert any("money changes hands beside the prices" in note for note in run.report.notes)


# what the report says


def test_a_run_by_a_claims_rule_holds_nothing_of_talks(hamlet):
    run = evenwatt.load(hamlet).run()
    assert not [name for name in run.report.tables if name.startswith("bargain")]
    assert not (run.folder / "talks").exists()
    assert "stage_one" not in run.report.measures


def test_the_report_of_talks_counts_every_interval_and_party(talked):
    report = talked.report
    assert [row["status"] for row in report.tables["bargain_status"]] == list(STATUSES)
    assert (
        sum(row["intervals"] for row in report.tables["bargain_status"])
        == report.measures["intervals"]
        == 192
    )
    assert (report.measures["stage_one"], report.measures["rule_agents"]) == ("bargain", "bargain")
    assert 0 <= report.measures["certificate_worst"] <= 1e-9
    weights = report.tables["bargain_weights"]
    assert len(weights) == 2 * 4
    for held in {row["day"] for row in weights}:
        assert sum(row["weight"] for row in weights if row["day"] == held) == pytest.approx(1)
    assert {row["party"]: row["gain_micro"] > 0 for row in report.tables["bargain_parties"]} == dict.fromkeys(
        ("supplier:home5", "supplier:mill", "agent:a1", "agent:a2"), True
    )
    assert any(
        sentence.startswith("Suppliers and agents agreed in 192 of 192") for sentence in report.summary
    )
    json.dumps(report.to_dict(), allow_nan=False)


def test_a_member_is_told_how_its_agents_stock_came_about(talked):
    row = talked.intervals.filter((pl.col("stock_wh") > 0) & (pl.col("agent") == "a1")).row(0, named=True)
    answer = talked.explain(row["member"], row["interval_start"].isoformat() + "Z")
    assert sum(answer.stock.suppliers.values()) == row["stock_wh"]
    assert answer.stock.status == "optimal"
    told = " ".join(answer.sentences)
    assert f"a1 stated {answer.stock.stated_wh:,} Wh to the suppliers" in told
    assert "Wh from mill" in told
    json.dumps(answer.to_dict(), allow_nan=False)


def test_a_member_of_a_claims_rule_is_told_from_whom_its_agent_had_its_stock(hamlet):
    run = evenwatt.load(hamlet).run()
    row = run.intervals.filter(pl.col("stock_wh") > 0).row(0, named=True)
    answer = run.explain(row["member"], row["interval_start"].isoformat() + "Z")
    assert sum(answer.stock.suppliers.values()) == row["stock_wh"]
    assert (answer.stock.rule, answer.stock.status) == ("pro", None)


# prices and outside trades


def test_an_empty_offer_is_the_local_price_and_an_empty_value_the_grids(hamlet):
    edit(hamlet / "suppliers.csv", "mill,mill,0,140.0", "mill,mill,0,")
    edit(hamlet / "agents.csv", "a1,250.0", "a1,")
    case = evenwatt.load(hamlet)
    meters = case.store().day(case.store().days[0])
    problem = cascade.day_problem(meters, meters.days[0], case.community)
    held = conditions(problem, case.community, "zero")
    assert (held.offer[:, 1] == problem.prices["local_per_mwh"]).all()
    assert (held.value[:, 0] == problem.prices["grid_buy_per_mwh"]).all()


def test_the_grid_is_what_parties_have_without_an_agreement(hamlet):
    run = bargained(hamlet, disagreement="grid").run()
    rows = {row["party"]: row for row in run.report.tables["bargain_parties"]}
    pool = {row["id"]: row["pool_wh"] for row in run.report.tables["suppliers"]}
    assert rows["supplier:mill"]["disagreement_micro"] == 60 * pool["mill"]
    sold = sum(row["wh"] for row in run.report.tables["bargain_links"] if row["supplier"] == "mill")
    assert rows["supplier:mill"]["gain_micro"] == (140 - 60) * sold


def test_nobody_sells_below_what_the_grid_gives(hamlet):
    edit(hamlet / "suppliers.csv", "mill,mill,0,140.0", "mill,mill,0,55.0")
    run = bargained(hamlet, disagreement="grid").run()
    sold = {row["id"]: row["delivered_wh"] for row in run.report.tables["suppliers"]}
    assert sold["mill"] == 0 < sold["home5"]


def test_a_limit_of_zero_cuts_a_link(hamlet):
    (hamlet / "links.csv").write_text("supplier,agent,limit,fee\nmill,a2,0,\n", encoding="utf-8")
    rows = bargained(hamlet).run().report.tables["bargain_links"]
    held = {(row["supplier"], row["agent"]): row["wh"] for row in rows}
    assert held["mill", "a2"] == 0 < held["mill", "a1"]


def test_no_supply_at_all_is_nothing_to_trade(hamlet):
    meters = next((hamlet / "meters").iterdir())
    lines = [
        line.rpartition(",")[0] + ",0" if ",generation," in line else line
        for line in meters.read_text().splitlines()
    ]
    meters.write_text("\n".join(lines) + "\n")
    report = bargained(hamlet).run().report
    held = {row["status"]: row["intervals"] for row in report.tables["bargain_status"]}
    assert held == {"optimal": 0, "no_gain": 0, "no_agreement": 0, "nothing_to_trade": 192}
    assert report.measures["allocated_wh"] == 0
    assert "In no interval had suppliers and agents anything to trade." in report.summary


def test_a_day_without_any_whole_interval_is_an_ordinary_day(hamlet):
    case = bargained(hamlet)
    store = case.store()
    broken = store.day(store.days[0])
    broken.status[:, 0] = Status.MISSING
    plan = runs.plan_of(case)
    names = tuple(name for name in plan.members if name != "cd")
    owed = Residues(owed_nothing(case.community), np.zeros(2), np.zeros((len(names), 5)))
    plan = day.Plan(plan.agents, names, 0.0, 0, plan.bargain)
    today = day.prepare(broken, broken.days[0], case.community, plan, owed.agents, agreement(case, store))
    tally, tables, _ = day.conclude(today, day.member_awards(today), case.community, plan, owed)
    assert (tally.intervals, tally.statuses.sum(), len(tables["talks"])) == (0, 0, 0)


# statements and weights


def test_last_weeks_need_is_stated_and_the_first_week_is_counted(tmp_path):
    start, lines = datetime(2026, 3, 23, tzinfo=UTC), ["interval_start,meter,role,kwh"]
    for hour in range(24 * 9):
        stamp = (start + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines += [f"{stamp},home,consumption,{hour / 1000}", f"{stamp},mill,generation,0.05"]
    (tmp_path / "hours.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    case = create(tmp_path / "case", tmp_path / "hours.csv", agents=1)
    store = case.store()
    state = stating("last-week", case.community, store, case.folder, "UTC")
    meters = store.day(store.days[7])
    eighth = cascade.day_problem(meters, meters.days[0], case.community)
    said = state(eighth)
    assert (said.wh[:, 0] == np.arange(24)).all()
    assert (eighth.asked[:, 0] == np.arange(168, 192)).all()
    run = case.with_settings({**BARGAIN, "bargain": {"statements": "last-week"}}).run()
    assert run.report.measures["intervals_unstated"] == 7 * 24
    assert any("stood in for statements: 168" in note for note in run.report.notes)


def test_given_weights_favour_who_weighs_more(hamlet):
    for table, rows in (
        ("suppliers.csv", {"home5": 1, "mill": 1}),
        ("agents.csv", {"a1": 1, "a2": 9}),
    ):
        held = pl.read_csv(hamlet / table)
        held.with_columns(weight=pl.Series([rows[name] for name in held["id"]])).write_csv(hamlet / table)
    plain, given_ = (
        {row["id"]: row["stock_wh"] for row in bargained(hamlet, weights=w).run().report.tables["agents"]}
        for w in ("equal", "given")
    )
    assert given_["a2"] > plain["a2"]


def test_a_learned_policy_weighs_and_caps(hamlet, monkeypatch):
    from evenwatt.learning import keeping

    asked = []

    class Policy:
        def predict(self, rows):
            asked.append(rows)
            return SimpleNamespace(
                weights=np.tile([0.1, 0.1, 0.2, 0.6], (len(rows), 1)), caps=0.5 * rows["claim"]
            )

    monkeypatch.setattr(keeping, "load", lambda path: Policy())
    window = {"rows": 96, "first": "2026-05-01T00:00:00", "last": "2026-05-01T23:45:00"}
    monkeypatch.setattr(keeping, "described", lambda path: {"training": window})
    (hamlet / "models").mkdir()
    (hamlet / "models" / learned.POLICY).write_text("a policy")
    run = bargained(hamlet, weights="learned", model="models").run()
    rows = {row["id"]: row for row in run.report.tables["agents"]}
    assert rows["a1"]["stock_wh"] <= rows["a1"]["stated_wh"] / 2
    weights = {row["party"]: row["weight"] for row in run.report.tables["bargain_weights"]}
    assert weights["agent:a2"] == pytest.approx(0.6)
    assert any(
        "fitted on 96 intervals" in note and "all before this period" in note for note in run.report.notes
    )
    with pytest.raises(Exception, match="metered"):
        asked[0]["metered"]


def test_another_policy_is_another_run(hamlet, monkeypatch):
    (hamlet / "policy").write_text("one")
    case = bargained(hamlet, weights="learned", model="policy")
    store = case.store()
    before = runs.run_id(case, store, runs.plan_of(case))
    (hamlet / "policy").write_text("two")
    assert runs.run_id(case, store, runs.plan_of(case)) != before


# refusals


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "files", "complaint"),
    [
        ({"statements": "file"}, {}, r"bargain\.statements = 'file': there is no statements\.csv"),
        ({"weights": "given"}, {}, r"4 faults\n  suppliers\.csv: 'home5': weight is empty"),
        ({"weights": "learned", "model": "models/none"}, {}, "there is no '.*models/none'"),
        ({}, {"links.csv": "supplier,agent,limit,fee\nmill,a9,,\ndam,a1,-2,\n"},
         r"'a9' is not in agents\.csv\n.*'dam' is not in suppliers\.csv\n.*limit -2\.0 Wh is below 0"),
        ({}, {"links.csv": "supplier,agent,limit,fee\nmill,a1,,\nmill,a1,,1\n"}, "appears twice"),
        ({"statements": "file"}, {"statements.csv": "interval_start,agent,claim_wh\n2026-06-01T00:00,a9,3\n"
          "2026-06-01T00:00Z,a1,2.5\n2026-06-01T00:15Z,a1,-1\n"},
         r"(?s)3 faults.*agent 'a9': is not in agents.*2\.5 Wh is not a whole.*-1\.0 Wh"),
        ({"statements": "file"}, {"statements.csv": "interval_start,agent,claim_wh\n2026-06-01T00:00Z,a1,3\n"},
         r"agent 'a2' states nothing for 2026-06-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_what_talks_lack_is_named_and_nothing_is_written(hamlet, settings, files, complaint):
    for name, text in files.items():
        (hamlet / name).write_text(text, encoding="utf-8")
    before = sorted(path.name for path in hamlet.rglob("*"))
    with pytest.raises(InputError, match=complaint):
        bargained(hamlet, **settings).run()
    assert sorted(path.name for path in hamlet.rglob("*")) == before


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"bargain": {"weights": "learned"}}, r"bargain: weights = 'learned' needs model"),
        ({"bargain": {"weights": "loud"}}, r"bargain\.weights"),
        ({"bargain": {"model": "m"}}, "model is read only where weights = 'learned'"),
        ({"rule": {"agents": "bargian"}}, "unknown rule 'bargian'"),
        ({"rule": {"members": "bargain"}}, "unknown rule 'bargain'"),
    ],
)
def test_settings_of_talks_are_checked(hamlet, settings, complaint):
    with pytest.raises(CaseError, match=complaint):
        evenwatt.load(hamlet).with_settings(settings)


def test_a_margin_beside_a_bargain_is_refused(hamlet):
    case = bargained(hamlet).with_settings({"money": {"agent_margin_per_mwh": 2.0}})
    with pytest.raises(CaseError, match="an agent keeps what its talks leave it"):
        case.run()


# runs


def test_talks_that_were_interrupted_go_on_and_stand(hamlet):
    stated(hamlet, (1.2, 1.0))
    case = bargained(hamlet, statements="file")

    def interrupt(done, total, what):
        if what == "dividing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        case.run(progress=interrupt)
    finished = []
    run = case.run(progress=lambda done, total, what: finished.append((what, done)))
    assert [done for what, done in finished if what == "dividing"] == [2]
    assert verify(run).stands


def test_talks_differ_from_a_claims_rule_only_in_who_gets_it(hamlet):
    rows = diff(evenwatt.load(hamlet).run(), bargained(hamlet, weights="equal").run())
    assert rows["awarded_delta_wh"].sum() == 0
    assert rows["awarded_delta_wh"].abs().max() > 100


def test_workers_do_not_change_a_byte_of_talks(hamlet):
    case = bargained(hamlet)
    assert runs.compare(case).to_dict() == runs.compare(case, workers=2).to_dict()


def test_links_are_written_for_a_new_case_only_when_asked(hamlet_csv, tmp_path):
    plain = create(tmp_path / "plain", hamlet_csv, agents=2)
    asked = create(tmp_path / "asked", hamlet_csv, agents=2, links=True)
    assert not (plain.folder / "links.csv").exists()
    assert pl.read_csv(asked.folder / "links.csv").rows() == [
        (supplier, agent, None, 0) for supplier in ("home5", "mill") for agent in ("a1", "a2")
    ]
    assert np.isinf(asked.community.limits).all()
    with pytest.raises(CaseError, match="only a cascade has"):
        create(tmp_path / "grid", hamlet_csv, study="microgrid", links=True)
