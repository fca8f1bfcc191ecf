"""A simulation draws the same worlds whoever computes them, and goes on where it stopped."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from typer.testing import CliRunner

import evenwatt
from evenwatt.app.cli import app
from evenwatt.core.errors import CaseError
from evenwatt.studies.cascade import problem as cascade
from evenwatt.studies.cascade.config import AS_IS, ScenarioConfig, SimulateConfig
from evenwatt.studies.cascade.draws import drawn_days
from evenwatt.studies.cascade.scenarios import scenarios, usual, world
from evenwatt.studies.cascade.simulate import TABLES, rule_pairs, simulate
from evenwatt.studies.template import create

STILL = {"block_days": 1, "window_days": 0, "demand_spread": 0.0, "supply_spread": 0.0}


def wished(folder, *, scenario=(), rule=(), bargain=(), **settings):
    return evenwatt.load(folder).with_settings(
        {
            "simulate": {"draws": 2, "block_days": 1, **settings},
            "scenario": list(scenario),
            "rule": dict(rule),
            "bargain": dict(bargain),
        }
    )


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def village(hamlet_made, tmp_path_factory):
    """The hamlet with its store, to be simulated in; what is simulated stays."""
    return shutil.copytree(hamlet_made, tmp_path_factory.mktemp("worlds") / "hamlet")


@pytest.fixture(scope="module")
def five(village):
    """The usual five worlds, drawn twice each."""
    return simulate(wished(village))


def rows(made, table, **wanted):
    return [
        row for row in made.report["tables"][table] if all(row[name] == held for name, held in wanted.items())
    ]


def each_draw(made, measure, scenario, rule):
    return np.array([row[measure] for row in rows(made, "draws", scenario=scenario, rule=rule)])


# what is drawn


def test_days_come_in_blocks_from_nearby():
    days = [date(2026, 1, 1) + timedelta(days=k) for k in range(100)]
    for seed in range(20):
        drawn = drawn_days(days, 7, 20, np.random.default_rng(seed))
        assert len(drawn) == 100
        for place, held in enumerate(drawn):
            assert abs(days.index(held) - place) <= 20
        for k in range(0, 98, 7):
            block = drawn[k : k + 7]
            assert all(after - before == timedelta(days=1) for before, after in pairwise(block))
    assert drawn_days(days, 7, 20, np.random.default_rng(0)) != drawn_days(
        days, 7, 20, np.random.default_rng(1)
    )


def test_without_a_window_every_day_stands_for_itself():
    days = [date(2026, 1, 1) + timedelta(days=k) for k in range(10)]
    assert drawn_days(days, 3, 0, np.random.default_rng(0)) == days


def test_a_period_shorter_than_a_block_is_one_block():
    days = [date(2026, 1, 1)]
    assert drawn_days(days, 7, 30, np.random.default_rng(0)) == days


def test_as_it_is_without_any_chance_is_the_run(village):
    case = wished(village, **STILL, scenario=[{"name": "dry", "supply": 0.5}])
    made, run = simulate(case), case.run()
    served, claimed = (run.report.measures[name] for name in ("served_wh", "claimed_wh"))
    shares = each_draw(made, "served_share", AS_IS, "pro / talmud")
    assert shares.tolist() == [served / claimed] * 2
    assert each_draw(made, "cost_micro", AS_IS, "pro / talmud")[0] == pytest.approx(
        run.members["cost_micro"].sum(), abs=len(run.intervals)
    )


def test_as_it_is_without_any_chance_is_the_run_of_talks(village):
    case = wished(village, **STILL, scenario=[{"name": "dry", "supply": 0.5}], rule={"agents": "bargain"},
        bargain={"grade": "learning"},
    )  # fmt: skip
    made, run = simulate(case), case.run()
    served, claimed = (run.report.measures[name] for name in ("served_wh", "claimed_wh"))
    assert each_draw(made, "served_share", AS_IS, "bargain / talmud").tolist() == [served / claimed] * 2
    agents = {row["id"]: row["coverage"] for row in run.report.tables["agents"]}
    for row in rows(made, "agents", scenario=AS_IS, rule="bargain / talmud"):
        assert row["served_share"] == pytest.approx(agents[row["agent"]])


# what the worlds do


def laid(folder):
    case = evenwatt.load(folder)
    meters = case.store().day(case.store().days[0])
    return cascade.day_problem(meters, meters.days[0], case.community), case.community


def drawn_world(folder, seed=0, **knobs):
    problem, community = laid(folder)
    scenario, still = ScenarioConfig(name="x", **knobs), SimulateConfig(**STILL)
    days = [problem.date + timedelta(days=k) for k in range(10)]
    made = world(scenario, still, community, days, *(np.random.default_rng(seed + k) for k in (0, 1)))
    return problem, made


def test_a_drought_concerns_the_suppliers_it_names(village):
    problem, dry = drawn_world(village, supply=0.5, suppliers=("mill",))
    found = dry.day(problem, 0)
    assert (found.supply[:, 0] == problem.supply[:, 0]).all()
    assert np.abs(found.supply[:, 1] - problem.supply[:, 1] / 2).max() <= 0.5
    assert (found.claims == problem.claims).all()


def test_an_outage_lasts_its_share_of_its_days_in_one_piece(village):
    problem, dark = drawn_world(village, outage={"suppliers": ["mill"], "first": "2026-06-03", "share": 0.5})
    off = [place for place in range(10) if not dark.day(problem, place).supply[:, 1].any()]
    assert len(off) == 4
    assert off == list(range(off[0], off[0] + 4))
    assert off[0] >= 2
    assert (dark.day(problem, off[0]).supply[:, 0] == problem.supply[:, 0]).all()


def test_an_outage_outside_the_period_hits_nobody(village):
    problem, dark = drawn_world(village, outage={"suppliers": ["mill"], "first": "2027-01-01"})
    assert all((dark.day(problem, place).supply == problem.supply).all() for place in range(10))


def test_an_outage_of_nobody_in_particular_hits_one_by_chance(village):
    hit = set()
    for seed in range(20):
        problem, dark = drawn_world(village, seed, outage={})
        found = dark.day(problem, 0).supply.sum(axis=0) == 0
        assert found.sum() == 1
        hit.add(int(np.flatnonzero(found)[0]))
    assert hit == {0, 1}


def test_a_spike_moves_its_price_in_its_hours_and_no_energy(village):
    problem, dear = drawn_world(village, spike={"factor": 3.0, "hours": [17, 18]})
    found = dear.day(problem, 0)
    at = (problem.slots >= 68) & (problem.slots < 76)
    assert found.prices["grid_buy_per_mwh"] == pytest.approx(np.where(at, 750.0, 250.0))
    assert (found.prices["local_per_mwh"] == problem.prices["local_per_mwh"]).all()
    assert (found.claims == problem.claims).all()


def test_newcomers_are_copies_that_join_their_models_agent(village):
    problem, grown = drawn_world(village, growth=0.5, growth_spread=0.0)
    found = grown.day(problem, 0)
    assert found.claims.shape[1] == 5 + 3
    for k, model in enumerate(grown.newcomers):
        assert (found.claims[:, 5 + k] == problem.claims[:, model]).all()
        assert found.agent[5 + k] == problem.agent[model]
    assert (found.supply == problem.supply).all()
    assert grown.columns(np.arange(5.0)).tolist() == [0, 1, 2, 3, 4, *grown.newcomers.tolist()]


def test_drought_outage_and_growth_leave_less_in_every_draw(five):
    for rule in ("pro / talmud", "bargain / talmud"):
        base = each_draw(five, "served_share", AS_IS, rule)
        for scenario in ("drought", "outage", "growth"):
            assert (each_draw(five, "served_share", scenario, rule) < base).all()


def test_a_spike_costs_members_more_for_the_same_energy(five):
    base = each_draw(five, "cost_micro", AS_IS, "pro / talmud")
    assert (each_draw(five, "cost_micro", "spike", "pro / talmud") > base).all()
    shares = [each_draw(five, "served_share", name, "pro / talmud").tolist() for name in (AS_IS, "spike")]
    assert shares[0] == shares[1]


def test_who_overclaims_gains_and_the_others_pay_for_it(five):
    for rule in ("pro / talmud", "bargain / talmud"):
        base, lied = (
            {row["agent"]: row["served_share"] for row in rows(five, "agents", scenario=name, rule=rule)}
            for name in (AS_IS, "overclaim")
        )
        assert lied["a1"] > base["a1"]
        assert lied["a2"] < base["a2"]
        assert (each_draw(five, "returned_wh", "overclaim", rule) > 0).all()


# the report


def test_the_usual_worlds_are_offered_where_the_case_names_none(village, five):
    names = ["as-is", "drought", "outage", "spike", "overclaim", "growth"]
    assert list(dict.fromkeys(row["scenario"] for row in five.report["tables"]["scenarios"])) == names
    assert [one.name for one in usual(evenwatt.load(village).community)] == names[1:]
    assert len(five.report["tables"]["draws"]) == 6 * 2 * 2
    assert len(five.report["tables"]["bands"]) == 6 * 2 * 2


def test_bands_hold_their_means_and_the_draws_lie_in_them(village):
    made = simulate(wished(village, draws=5, level=0.999, scenario=[{"name": "dry", "supply": 0.5}]))
    for row in rows(made, "scenarios", measure="served_share"):
        held = each_draw(made, "served_share", row["scenario"], row["rule"])
        assert len(set(held)) > 1
        assert row["low"] < row["mean"] < row["high"]
        assert row["mean"] == pytest.approx(held.mean())
        assert (held.min(), held.max()) == pytest.approx((row["low"], row["high"]), abs=1e-3)


def test_every_table_has_its_columns_and_json_holds_it_all(five):
    for table, columns in TABLES.items():
        assert set(columns) <= set(five.report["tables"][table][0])
        assert (five.folder / f"{table}.parquet").is_file()
        assert (five.folder / f"{table}.csv").is_file()
    assert five.report["measures"]["kind"] == "simulation"
    assert json.loads((five.folder / "report.json").read_text()) == five.report
    assert five.report["summary"][0].startswith("As it is, pro / talmud meets")
    assert any(sentence.startswith("Hardest is drought") for sentence in five.report["summary"])


def test_all_scenarios_of_a_draw_share_its_seed_and_its_days(five):
    seeds = {
        row["draw"]: {r["seed"] for r in rows(five, "draws", draw=row["draw"])} for row in rows(five, "draws")
    }
    assert [len(held) for held in seeds.values()] == [1, 1]
    assert seeds[0] != seeds[1]


def test_stage_one_rules_beside_the_cases_are_pro_and_bargain(village):
    case = wished(village, rule={"agents": "cea"}, members=["talmud", "cel"])
    assert rule_pairs(case.config) == (
        ("cea", "talmud"), ("pro", "talmud"), ("bargain", "talmud"), ("cea", "cel"), ("pro", "cel"), ("bargain", "cel"),
    )  # fmt: skip


def test_a_case_in_which_nobody_asks_is_told_so(hamlet):
    meters = next((hamlet / "meters").iterdir())
    lines = [
        line.rpartition(",")[0] + ",0" if ",consumption," in line else line
        for line in meters.read_text().splitlines()
    ]
    meters.write_text("\n".join(lines) + "\n")
    made = simulate(wished(hamlet, draws=1))
    assert made.report["summary"] == [
        "Nobody asked for anything in any draw, so there was nothing to divide."
    ]


# runs


def test_workers_do_not_change_a_byte(village, tmp_path):
    case = wished(village, scenario=[{"name": "dry", "supply": 0.5}])
    one = simulate(case, out=tmp_path / "one")
    two = simulate(case, out=tmp_path / "two", workers=2)
    assert files(one.folder) == files(two.folder)


def test_another_seed_draws_other_days(village):
    case = wished(village, scenario=[{"name": "dry", "supply": 0.5}])
    one, two = simulate(case), simulate(case.with_settings({"seed": 7}))
    assert one.folder != two.folder
    assert one.report["tables"]["draws"] != two.report["tables"]["draws"]


def test_an_interrupted_simulation_goes_on_where_it_stopped(village, tmp_path):
    case = wished(village, draws=3, scenario=[{"name": "dry", "supply": 0.4}])

    def interrupt(done, total, what):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(case, out=tmp_path / "stopped", progress=interrupt)
    assert not (tmp_path / "stopped").exists()
    counted = []
    made = simulate(
        case, out=tmp_path / "stopped", progress=lambda done, total, what: counted.append((done, total, what))
    )
    assert [step for step in counted if step[2] == "simulating"] == [(k, 6, "simulating") for k in (4, 5, 6)]
    assert files(made.folder) == files(simulate(case, out=tmp_path / "straight").folder)
    assert not (village / ".work").exists()


def test_the_same_question_is_answered_once(village):
    case = wished(village, scenario=[{"name": "dry", "supply": 0.5}])
    first, counted = simulate(case), []
    again = simulate(case, progress=lambda *step: counted.append(step))
    assert (again.folder, again.report) == (first.folder, first.report)
    assert not [step for step in counted if step[2] == "simulating"]


# refusals


@pytest.mark.parametrize(
    ("scenario", "complaint"),
    [
        ([{"name": "x", "supply": 0.5, "suppliers": ["dam"]}], r"scenario\.x\.suppliers: 'dam' is not in suppliers"),
        ([{"name": "x", "outage": {"suppliers": ["dam"]}}], r"scenario\.x\.outage\.suppliers: 'dam'"),
        ([{"name": "x", "claims": {"a9": 2.0}}], r"scenario\.x\.claims: 'a9' is not in agents\.csv; there are a1, a2"),
        ([{"name": "x", "suppliers": ["mill"]}], "names whom `supply` concerns, but there is no supply"),
    ],
)  # fmt: skip
def test_whom_a_scenario_does_not_know_is_named_and_nothing_is_written(hamlet, scenario, complaint):
    before = sorted(path.name for path in hamlet.rglob("*"))
    with pytest.raises(CaseError, match=complaint):
        simulate(wished(hamlet, scenario=scenario))
    assert sorted(path.name for path in hamlet.rglob("*")) == before


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"scenario": [{"name": "as-is"}]}, "every simulation begins with"),
        ({"scenario": [{"name": "x"}, {"name": "x"}]}, "name 'x' stands twice"),
        ({"scenario": [{"name": "Dry season"}]}, r"scenario\.0\.name"),
        (
            {"scenario": [{"name": "x", "spike": {"factor": 2, "hours": [24]}}]},
            r"hours \[24\] are not on a clock",
        ),
        ({"scenario": [{"name": "x", "rain": 3}]}, r"scenario\.0\.rain: unknown key"),
        ({"scenario": [{"name": "x", "claims": {"a1": -1}}]}, "a factor is a number from 0"),
        (
            {"scenario": [{"name": "x", "outage": {"first": "2026-06-02", "last": "2026-06-01"}}]},
            "is before first",
        ),
        ({"simulate": {"draws": 0}}, r"simulate\.draws"),
        ({"simulate": {"agents": ["bargian"]}}, "unknown rule 'bargian'"),
    ],
)
def test_settings_of_scenarios_are_checked(hamlet, settings, complaint):
    with pytest.raises(CaseError, match=complaint):
        evenwatt.load(hamlet).with_settings(settings)


def test_what_cannot_be_simulated_is_refused(hamlet, hamlet_csv, tmp_path):
    with pytest.raises(CaseError, match="'flood' is not a scenario; there are drought, outage"):
        simulate(wished(hamlet), only=["flood"])
    with pytest.raises(CaseError, match="exists already"):
        simulate(wished(hamlet), out=tmp_path)
    with pytest.raises(CaseError, match="only a cascade has worlds to simulate"):
        simulate(create(tmp_path / "grid", hamlet_csv, study="microgrid"))
    with pytest.raises(CaseError, match=r"simulate\.members: 'cd' divides among 2 members, not 3"):
        simulate(wished(hamlet, members=["cd"]))
    assert not (hamlet / "simulated").exists()


def test_scenarios_are_read_from_the_case_in_their_order(hamlet):
    with (hamlet / "case.toml").open("a") as text:
        text.write('\n[[scenario]]\nname = "b"\nsupply = 0.1\n[[scenario]]\nname = "a"\ngrowth = 0.4\n')
    case = evenwatt.load(hamlet)
    assert [one.name for one in scenarios(case.config.scenario, case.community)] == ["as-is", "b", "a"]


def test_a_rule_that_cannot_divide_among_newcomers_is_named_and_no_draw_is_left(hamlet):
    table = hamlet / "members.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(line for line in lines if not line.startswith("home5")))
    assert simulate(wished(hamlet, members=["cd"], draws=1), only=["drought"]).folder.is_dir()
    with pytest.raises(CaseError, match=r"scenario\.growth: 'cd' divides among 2 members, not 3"):
        simulate(wished(hamlet, members=["cd"], draws=1), only=["growth"])
    assert not (hamlet / ".work").exists()


def test_statements_that_lack_an_interval_leave_no_draw_behind(hamlet):
    (hamlet / "statements.csv").write_text("interval_start,agent,claim_wh\n2026-06-01T00:00Z,a1,3\n")
    with pytest.raises(CaseError, match="agent 'a2' states nothing"):
        simulate(wished(hamlet, bargain={"statements": "file"}))
    assert not (hamlet / ".work").exists()


# the verb


def test_the_verb_tells_what_would_happen(village):
    answer = CliRunner().invoke(app, ["simulate", str(village), "--draws", "2", "--scenario", "drought"])
    assert answer.exit_code == 0, answer.output
    assert "Hardest is drought" in answer.output
    assert "bargain / talmud" in answer.output
    assert "report: " in answer.output
    found = json.loads(
        CliRunner()
        .invoke(app, ["simulate", str(village), "--draws", "2", "--scenario", "drought", "--json"])
        .stdout
    )
    assert found["measures"]["kind"] == "simulation"


def test_the_verb_refuses_with_two(hamlet):
    answer = CliRunner().invoke(app, ["simulate", str(hamlet), "--scenario", "flood"])
    assert answer.exit_code == 2
    assert "'flood' is not a scenario" in answer.output
