"""The main job on real meters; skipped by name where EVENWATT_DATA names no folder."""

from __future__ import annotations

import polars as pl
import pytest

from evenwatt.studies import runs
from evenwatt.studies.case import Case
from evenwatt.studies.template import create
from evenwatt.studies.verify import verify


@pytest.fixture(scope="module")
def june(real_data, tmp_path_factory) -> Case:
    """SimBench's rural3 network in June 2016."""
    return create(
        tmp_path_factory.mktemp("real") / "june",
        real_data / "simbench" / "rural3_s2_2016_jun_15min_kw.csv.gz",
        rule="talmud",
    )


def test_the_network_is_dealt_among_three_agents(june):
    community = june.community
    assert (len(community.members), len(community.suppliers), len(community.agents)) == (118, 27, 3)
    assert sum(spell.role == "prosumer" for spell in community.memberships) == 27


def test_the_month_conserves_every_watt_hour_and_micro_unit(june):
    run = june.run()
    m = run.report.measures
    assert m["intervals"] == 2880
    assert m["load_wh"] == m["own_use_wh"] + m["claimed_wh"]
    assert m["claimed_wh"] == m["served_wh"] + m["unserved_wh"]
    assert m["pool_wh"] == m["served_wh"] + m["surplus_wh"]
    assert m["load_wh"] == pytest.approx(23.3e6, rel=0.005)
    assert m["pool_wh"] + m["own_use_wh"] == pytest.approx(16.9e6, rel=0.005)
    assert m["rounding_wh"] < 1
    ledger = run.ledger
    for agent in ("a1", "a2", "a3"):
        took = ledger.filter(pl.col("payee") == f"agent:{agent}")["micro"].sum()
        assert took == ledger.filter(pl.col("payer") == f"agent:{agent}")["micro"].sum()
    assert verify(run).stands


def test_every_rule_stands_side_by_side(june):
    rows = {row["rule"]: row for row in runs.compare(june).to_dict()["tables"]["rules"]}
    assert rows.keys() >= set(
        "pro apro cea cel av talmud rtalmud piniles ce ra mo dt aa tal cd nash-equal".split()
    )
    served = {row["served_wh"] for row in rows.values() if row["skipped"] is None}
    assert len(served) == 1
    assert rows["cea"]["gini"] == min(row["gini"] for row in rows.values() if row["skipped"] is None)
    assert rows["cd"]["skipped"]


def test_a_year_of_homes_runs_hour_by_hour(real_data, tmp_path):
    case = create(tmp_path / "city", real_data / "citylearn2022", agents=2, year=2021)
    m = case.run().report.measures
    assert m["intervals"] == 8760
    assert m["interval_seconds"] == 3600
    assert m["pool_wh"] == m["served_wh"] + m["surplus_wh"]
