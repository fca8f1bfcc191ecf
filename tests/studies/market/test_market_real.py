"""A market on real meters and real wholesale prices; skipped by name where EVENWATT_DATA names no folder."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

import evenwatt
from evenwatt.data.imports import read_series
from evenwatt.studies.template import create
from evenwatt.studies.verify import verify

FIRST, LAST = "2016-06-06", "2016-06-09"


@pytest.fixture(scope="module")
def rural(real_data, tmp_path_factory):
    """SimBench's rural1 network on three days of June 2016, with that week's German day-ahead prices."""
    folder = tmp_path_factory.mktemp("real")
    export = folder / "rural1.csv.gz"
    with gzip.open(real_data / "simbench" / "rural1_s2_2016_15min_kw.csv.gz", "rt") as whole:
        header, *rows = whole
        kept = [header, *(row for row in rows if FIRST <= row.split(",")[0].replace('"', "")[:10] < LAST)]
    with gzip.open(export, "wt") as part:
        part.writelines(kept)
    case = create(folder / "case", export, study="market")
    wholesale = read_series(
        real_data / "wholesale" / "epf_DE_2012_2017_hourly.csv.gz", kind="prices", zone="Europe/Berlin",
        repair={"clock-changes": "normalised"}, first=np.datetime64("2016-06-05T00:00:00"),
        last=np.datetime64("2016-06-10T00:00:00"),
    )  # fmt: skip
    lines = [
        f"{stamp}Z,{price}" for stamp, price in zip(wholesale.series.start, wholesale.value, strict=True)
    ]
    (case.folder / "prices.csv").write_text("interval_start,price_per_mwh\n" + "\n".join(lines) + "\n")
    return case.folder


@pytest.fixture(scope="module")
def run(rural):
    return evenwatt.load(rural).run()


def test_every_bus_is_a_household(rural):
    people = evenwatt.load(rural).community
    assert (len(people.consumers), len(people.prosumers)) == (5, 8)
    assert (len(people.producers), len(people.utilities)) == (7, 3)


def test_stations_are_sized_to_the_load(rural, run):
    m, people = run.report.measures, evenwatt.load(rural).community
    mean_kw = m["load_wh"] / 1000 / (m["steps"] / 4)
    together = sum(agent["capacity_kw"] for agent in people.producers)
    assert 3 < together / mean_kw < 6


def test_the_outside_price_is_the_markets_own(run):
    steps = run.report.tables["steps"]
    assert len(steps) == 3 * 96
    # The day-ahead price of 6 June 2016, 12:00 to 13:00 in Berlin, holds for four quarters.
    held = [
        row["outside_per_mwh"] for row in steps if "2016-06-06T10:00" <= row["start"] < "2016-06-06T11:00"
    ]
    assert len(held) == 4
    assert len(set(held)) == 1


def test_nothing_is_lost_and_the_run_stands(run):
    m = run.report.measures
    assert m["local_wh"] > 0
    assert 0.5 < m["welfare_share"] <= 1.0
    assert m["violations_rational"] == 0
    assert verify(run).stands
