"""Sharing groups with nothing to share, members who come and go, other rules, and files that contradict themselves."""

from __future__ import annotations

import json
import shutil
from datetime import date

import numpy as np
import polars as pl
import pytest

import evenwatt
from evenwatt.core.errors import CaseError, EvenwattError
from evenwatt.studies import demo, runs
from evenwatt.studies.sharing.allocation import pooled
from evenwatt.studies.sharing.keys import by_weight
from evenwatt.studies.template import create
from evenwatt.studies.verify import verify

HEAD = "consumer,producer,key,priority,valid_from,valid_to\n"


@pytest.fixture(scope="session")
def group_made(hamlet_csv, tmp_path_factory):
    """The hamlet as a sharing group with one link; not to be changed."""
    case = create(tmp_path_factory.mktemp("groups") / "group", hamlet_csv, study="sharing")
    (case.folder / "keys.csv").write_text(HEAD + "home1,mill,0.5,1,,\n")
    return case.folder


@pytest.fixture
def group(group_made, tmp_path):
    """A copy of it to do with as a test pleases."""
    return shutil.copytree(group_made, tmp_path / "group")


def set_keys(group, *rows):
    (group / "keys.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows))


def set_rule(group, *lines):
    path = group / "case.toml"
    text = path.read_text()
    path.write_text(text.replace('country = "cz"', "\n".join(['country = "cz"', *lines]), 1))


def set_country(group, name):
    path = group / "case.toml"
    path.write_text(path.read_text().replace('country = "cz"', f'country = "{name}"'))


def zero(group, role):
    meters = next((group / "meters").iterdir())
    lines = meters.read_text().splitlines()
    meters.write_text(
        "\n".join(line.rpartition(",")[0] + ",0" if f",{role}," in line else line for line in lines) + "\n"
    )


@pytest.mark.parametrize(
    ("role", "why"), [("generation", "nobody ever had a surplus"), ("consumption", "nobody wanted more")]
)
def test_nothing_to_share_is_an_ordinary_period(group, role, why):
    zero(group, role)
    run = evenwatt.load(group).run()
    m = run.report.measures
    assert (m["shared_wh"], m["ideal_wh"], m["saved_micro"]) == (0, 0, 0)
    assert why in run.report.summary[0]
    assert run.flows.columns == ["producer", "consumer", "wh"]
    assert verify(run).stands
    json.dumps(run.report.to_dict(), allow_nan=False)


def test_keys_begin_and_end_on_their_days(group):
    set_keys(
        group,
        "home1,mill,0.8,1,,2026-06-01",
        "home1,mill,0.1,1,2026-06-02,",
        "home2,mill,0.9,1,2026-06-02,",
    )
    run = evenwatt.load(group).run()
    flows = pl.read_parquet(run.folder / "flows" / "*.parquet").with_columns(
        pl.col("interval_start").dt.date().alias("day")
    )
    held = {
        (row["day"], row["consumer"]): row["wh"]
        for row in flows.group_by("day", "consumer").agg(pl.col("wh").sum()).to_dicts()
    }
    assert held.keys() == {
        (date(2026, 6, 1), "home1"), (date(2026, 6, 2), "home1"), (date(2026, 6, 2), "home2"),
    }  # fmt: skip
    assert held[date(2026, 6, 1), "home1"] > held[date(2026, 6, 2), "home1"]
    told = run.explain("home1", "2026-06-02T12:00Z")
    assert {step["key"] for step in told.steps} == {0.1}


def test_who_leaves_gets_nothing_more_and_others_may_take_its_key(group):
    table = group / "members.csv"
    members = pl.read_csv(table, infer_schema=False).fill_null("")
    members[0, "valid_to"] = "2026-06-01"
    members[1, "valid_from"] = "2026-06-02"
    members.write_csv(table)
    set_keys(group, "home1,mill,0.7,1,,", "home2,mill,0.7,1,,")
    run = evenwatt.load(group).run()
    got = {row["id"]: row["received_wh"] for row in run.report.tables["members"]}
    assert got["home1"] > 0
    assert got["home2"] > 0
    assert set(run.intervals.filter(pl.col("member") == "home1")["interval_start"].dt.day()) == {1}


def test_keys_that_change_are_not_held_against_others(group):
    """Keys chosen for all days say nothing of those that held for some: the bars end at the rule."""
    set_keys(group, "home1,mill,0.7,1,,2026-06-01", "home2,mill,0.7,1,2026-06-02,")
    bars = evenwatt.load(group).run().report.tables["waterfall"]
    assert [row["stage"] for row in bars] == ["ideal", "links", "keys", "rounds", "shared"]


def test_steady_keys_are_held_against_the_best_over_the_same_links(group):
    set_keys(group, "home1,mill,0.05,1,,", "home2,mill,0.95,1,,")
    run = evenwatt.load(group).run()
    bars = {row["stage"]: row for row in run.report.tables["waterfall"]}
    assert bars["current"]["wh"] == run.report.measures["shared_wh"]
    assert bars["current"]["loss_wh"] > 0
    assert bars["floor"]["wh"] <= bars["links"]["wh"] == run.report.measures["linked_wh"]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (["home1,mill,0.33333,1,,"], r"keys\.csv: row 1 \(mill to home1\): key 0\.33333; expected at most four"),
        (["home1,mill,30,1,,"], r"row 1 .*: key 30; expected a fraction from 0 to 1"),
        (["home1,mill,0.3,-1,,"], r"row 1 .*: priority -1; expected a whole number"),
        (["home1,mill,0.7,1,,", "home2,mill,0.4,1,,"], r"keys of producer 'mill' sum to 1\.1000; expected at most 1"),
        (["home1,mill,0.7,1,,", "home1,home5,0.4,1,,"], r"consumer 'home1': priorities 1, 1; expected a different"),
        (["home1,will,0.7,1,,"], r"row 1 .*: producer 'will' is not in members\.csv"),
        (["home5,home5,0.7,1,,"], "a member does not share with itself"),
        (["home1,mill,0.3,1,,", "home1,mill,0.2,1,2026-06-02,"], "row 2 .*: the pair appears twice on the same days"),
        (["home1,mill,0.3,1,2026-06-02,2026-06-01"], "valid_to 2026-06-01 is before valid_from 2026-06-02"),
        (["home1,mill,0.6,1,,", "home2,mill,0.6,1,2026-06-02,"], r"sum to 1\.2000; .* \(from 2026-06-02\)"),
        (["home1,*,0.5,1,,"], r"'\*' stands for all producers together"),
        ([], r"keys\.csv: has a header but no rows"),
    ],
)  # fmt: skip
def test_a_fault_in_the_keys_names_its_row(group, rows, complaint):
    set_keys(group, *rows)
    with pytest.raises(EvenwattError, match=complaint):
        evenwatt.load(group).run()


def test_all_faults_of_the_keys_are_told_at_once(group):
    set_keys(group, "home1,will,0.3,1,,", "home5,home5,0.7,1,,")
    with pytest.raises(CaseError) as caught:
        evenwatt.load(group).run()
    assert "will" in str(caught.value)
    assert "with itself" in str(caught.value)


def test_too_many_producers_are_refused_by_a_rule_that_limits_them(group):
    set_rule(group, "max_links = 1")
    set_keys(group, "home1,mill,0.7,1,,", "home1,home5,0.4,2,,")
    with pytest.raises(
        CaseError, match=r"consumer 'home1' has 2 producers; expected at most 1 \(max_links\)"
    ):
        evenwatt.load(group).run()


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["rounds = 0"], r"rule\.rounds: rounds must be at least 1"),
        (['rounds = "many"'], r"rule\.rounds"),
        (['formula = "prro"'], r"rule\.formula: unknown rule 'prro'"),
        (["quantum_wh = 0"], r"rule\.quantum_wh"),
        (["links = 5"], r"rule\.links: unknown key"),
    ],
)
def test_a_fault_in_case_toml_names_its_key(group, lines, complaint):
    set_rule(group, *lines)
    with pytest.raises(CaseError, match=complaint):
        evenwatt.load(group).run()


def test_an_unknown_country_is_told_those_there_are(group):
    set_country(group, "cs")
    with pytest.raises(CaseError, match=r"rule\.country: unknown country rule 'cs'; there are .*cz"):
        evenwatt.load(group).run()


def test_missing_keys_are_asked_for(group):
    (group / "keys.csv").unlink()
    with pytest.raises(CaseError, match=r"keys\.csv: missing; .*consumer, producer, key, priority"):
        evenwatt.load(group).run()


def test_a_formula_needs_no_keys(group):
    (group / "keys.csv").unlink()
    set_rule(group, 'keys = "interval"', 'formula = "cea"')
    run = evenwatt.load(group).run()
    m = run.report.measures
    assert m["shared_wh"] == m["ideal_wh"] > 0
    assert m["rule"] == "each interval divided by cea"
    assert [row["stage"] for row in run.report.tables["waterfall"]] == ["ideal", "links", "shared"]
    assert "divided by cea" in " ".join(run.explain("home1", "2026-06-01T12:00Z").sentences)
    assert verify(run).stands


def test_a_formula_may_weigh_by_a_column(group):
    table = group / "members.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0] + ",need", lines[1] + ",9", *(f"{line},1" for line in lines[2:])]))
    got = []
    for formula in ("cea", "cea:weights=need"):
        case = evenwatt.load(group).with_settings({"rule": {"keys": "interval", "formula": formula}})
        got.append({row["id"]: row["received_wh"] for row in case.run().report.tables["members"]}["home1"])
    assert got[1] > got[0]


def test_keys_of_all_producers_together(group):
    set_country(group, "at-static")
    set_keys(group, "home1,*,0.25,1,,", "home2,*,0.75,1,,")
    run = evenwatt.load(group).run()
    intervals = run.intervals
    for name, key in (("home1", 0.25), ("home2", 0.75)):
        mine = intervals.filter(pl.col("member") == name).sort("interval_start")
        supply = intervals.group_by("interval_start").agg(pl.col("surplus_wh").sum()).sort("interval_start")
        expected = np.minimum(mine["deficit_wh"].to_numpy(), key * supply["surplus_wh"].to_numpy())
        assert np.abs(mine["received_wh"].to_numpy() - expected).max() < 1
    assert verify(run).stands


def test_a_rule_of_the_pool_asks_for_keys_of_the_pool(group):
    set_country(group, "at-static")
    with pytest.raises(CaseError, match=r"row 1 \(mill to home1\): the rule knows one key .* producer '\*'"):
        evenwatt.load(group).run()


def test_levels_of_consumers_come_from_priorities(group):
    set_country(group, "pt-hierarchical")
    set_keys(group, *(f"home{k},*,0,{1 if k < 4 else 2},," for k in range(1, 6)))
    run = evenwatt.load(group).run()
    coverage = {row["id"]: row["coverage"] for row in run.report.tables["members"]}
    assert coverage["home4"] > coverage["home1"]
    assert run.report.measures["shared_wh"] == run.report.measures["ideal_wh"]


def test_an_hourly_rule_settles_hours(group):
    set_country(group, "it")
    run = evenwatt.load(group).run()
    m = run.report.measures
    assert (m["intervals"], m["interval_seconds"]) == (48, 3600)
    assert m["load_wh"] == evenwatt.load(group).with_rule("cz").run().report.measures["load_wh"]
    assert [row["slot"] for row in run.report.tables["hours"]] == list(range(24))
    assert run.explain("home1", "2026-06-01T12:40Z").interval_start == "2026-06-01T12:00:00Z"


def test_an_hour_that_lacks_a_quarter_is_left_out(group):
    set_country(group, "it")
    meters = next((group / "meters").iterdir())
    gap = "2026-06-02T10:15:00Z,home2,consumption,"
    lines = [line for line in meters.read_text().splitlines() if not line.startswith(gap)]
    meters.write_text("\n".join(lines) + "\n")
    report = evenwatt.load(group).run().report
    assert (report.measures["intervals"], report.measures["incomplete"]) == (47, 1)
    assert "intervals that lack a reading and were not shared in: 1" in report.notes


def test_a_reserve_is_kept_and_part_of_the_meters_takes_part(group):
    plain = evenwatt.load(group)
    m = plain.run().report.measures
    reserved = plain.with_settings({"rule": {"reserve_wh": 100_000}}).run().report
    assert reserved.measures["shared_wh"] == 0
    assert any("keeps 100,000 Wh" in note for note in reserved.notes)
    half = plain.with_settings({"rule": {"participation": 0.5}}).run()
    assert 0 < half.report.measures["shared_wh"] <= m["shared_wh"]
    told = half.explain("home1", "2026-06-01T12:00Z")
    assert sum(step["wh"] for step in told.steps) == told.energy["received_wh"]


def test_keys_below_one_are_no_reserve_and_the_report_says_so(group):
    report = evenwatt.load(group).run().report
    assert any("keys of mill sum to less than 1" in note for note in report.notes)
    assert any("no keys give from home5" in note for note in report.notes)
    assert any("no producer is linked to home2, home3, home4, home5" in note for note in report.notes)


def test_without_own_use_first_a_member_still_never_shares_with_itself(group):
    set_rule(group, "own_use_first = false", 'keys = "interval"', 'formula = "pro"')
    run = evenwatt.load(group).run()
    m = run.report.measures
    assert m["own_use_wh"] == 0
    assert m["supply_wh"] == m["generated_wh"]
    assert not any(row["producer"] == row["consumer"] for row in run.report.tables["flows"])


def own(group, **owners):
    table = group / "members.csv"
    members = pl.read_csv(table, infer_schema=False).fill_null("")
    members.with_columns(pl.col("id").replace_strict(owners, default="").alias("owner")).write_csv(table)


def test_a_key_between_two_meters_of_one_owner_is_refused(group):
    own(group, mill="Ada", home1="Ada")
    with pytest.raises(
        CaseError, match=r"row 1: 'mill' and 'home1' have the same owner, 'Ada'; a building does"
    ):
        evenwatt.load(group).run()


@pytest.mark.parametrize("country", ["fr-default", "pt-proportional"])
def test_two_meters_of_one_owner_never_share(group, country):
    """Portugal goes further: whoever feeds in takes from nobody at the same time."""
    own(group, mill="Ada", home1="Ada")
    (group / "keys.csv").unlink()
    set_country(group, country)
    run = evenwatt.load(group).run()
    flows = {(row["producer"], row["consumer"]) for row in run.report.tables["flows"]}
    assert ("mill", "home2") in flows
    assert ("mill", "home1") not in flows
    assert (("home5", "home1") in flows) == (country == "fr-default")
    compared = runs.compare(evenwatt.load(group)).tables["variants"]
    mine = next(row for row in compared if row["kind"] == "country" and row["chosen"])
    assert mine["shared_wh"] == run.report.measures["shared_wh"]
    formula = next(row for row in compared if row["kind"] == "formula" and row["name"] == "pro")
    assert formula["shared_wh"] == mine["shared_wh"]


def test_a_day_without_any_whole_interval_shares_nothing(group):
    from evenwatt.studies.sharing.day import settle

    case = evenwatt.load(group)
    store = case.store()
    meters = store.day(store.days[0])
    meters.status[:, 0] = 2  # missing
    sides = case.community.sides(meters)
    tally, tables = settle(meters, meters.days[0], case.community, sides)
    assert (tally.incomplete, len(tables["intervals"]), tally.linked) == (96, 0, 0)


def keep_members(group, *names):
    table = group / "members.csv"
    head, *lines = table.read_text().splitlines()
    table.write_text("\n".join([head, *(line for line in lines if line.split(",")[0] in names)]) + "\n")


@pytest.mark.parametrize("names", [("home1", "home2"), ("mill",), ("home1",), ("home5",), ("mill", "home1")])
@pytest.mark.parametrize("country", ["at-dynamic", "fr-default"])
def test_a_group_may_lack_producers_or_consumers(group, names, country):
    keep_members(group, *names)
    (group / "keys.csv").unlink()
    set_country(group, country)
    run = evenwatt.load(group).run()
    m = run.report.measures
    assert m["members"] == len(names)
    assert m["shared_wh"] == m["ideal_wh"]
    assert (m["shared_wh"] > 0) == (names == ("mill", "home1"))
    json.dumps(run.report.to_dict(), allow_nan=False)
    assert run.explain(names[0], "2026-06-01T12:00Z").sentences
    runs.compare(evenwatt.load(group))


def test_the_exact_rule_keeps_a_reserve_too(group):
    set_country(group, "cz-exact")
    plain = evenwatt.load(group)
    m = plain.run().report.measures
    less = plain.with_settings({"rule": {"reserve_wh": 60}}).run().report.measures
    assert 0 < less["shared_wh"] < m["shared_wh"]
    assert less["shared_wh"] + less["unused_wh"] == m["supply_wh"]


def test_pooled_keys_never_sum_to_more_than_one():
    keys = by_weight(np.ones((3, 7), dtype=bool), np.arange(1.0, 8.0))
    assert (keys.sum(axis=1) == 10_000).all()
    together = pooled(keys, np.array([5.0, 1.0, 0.1]))
    assert 9_990 <= together.sum() <= 10_000
    assert pooled(keys, np.zeros(3), whole=True).sum() == 10_000


def test_the_sample_village_is_a_sharing_group_too(tmp_path):
    case = demo.open_or_make(tmp_path / "village", study="sharing")
    m = case.run().report.measures
    assert (m["members"], m["producers"]) == (46, 9)
    assert 0.5 < m["share_of_ideal"] < 1
    with pytest.raises(EvenwattError, match="is a sharing, not a microgrid"):
        demo.open_or_make(tmp_path / "village", study="microgrid")
