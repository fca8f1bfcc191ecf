"""Sharing on real meters; skipped by name where EVENWATT_DATA names no folder."""

from __future__ import annotations

import polars as pl
import pytest

from evenwatt.studies.template import create
from evenwatt.studies.verify import verify


@pytest.fixture(scope="module")
def june(real_data, tmp_path_factory):
    """SimBench's rural3 network in June 2016: 118 members, 27 of them with a roof."""
    file = real_data / "simbench" / "rural3_s2_2016_jun_15min_kw.csv.gz"
    return create(tmp_path_factory.mktemp("real") / "june", file, study="sharing")


def test_a_network_shares_by_its_first_keys(june):
    run = june.run()
    m = run.report.measures
    assert (m["members"], m["producers"], m["intervals"]) == (118, 27, 2880)
    assert m["links"] == 5 * 118
    assert m["load_wh"] == m["own_use_wh"] + m["shared_wh"] + m["unmet_wh"]
    assert m["generated_wh"] == m["own_use_wh"] + m["shared_wh"] + m["unused_wh"]
    assert 0.5 < m["share_of_ideal"] < 1
    assert run.flows["wh"].sum() == m["shared_wh"]
    assert verify(run).stands


def test_no_roof_gives_to_its_own_house(june):
    flows = june.run().flows
    assert flows.filter(pl.col("producer") == pl.col("consumer")).is_empty()


@pytest.mark.slow
def test_a_year_of_homes_shares_hour_by_hour(real_data, tmp_path):
    m = (
        create(tmp_path / "city", real_data / "citylearn2022", study="sharing", year=2021)
        .run()
        .report.measures
    )
    assert (m["members"], m["intervals"], m["interval_seconds"]) == (17, 8760, 3600)
    assert m["supply_wh"] == m["shared_wh"] + m["unused_wh"]
    assert m["shared_wh"] <= m["linked_wh"] <= m["ideal_wh"]
