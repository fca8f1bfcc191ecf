"""Named streams, plain JSON, exact conversions."""

from __future__ import annotations

import json

import numpy as np

from evenwatt.core import Report, chance, units


def test_streams_are_independent_of_who_asks_first():
    one = chance.stream(5, "clouds").random(3)
    chance.stream(5, "loads").random(100)
    assert (chance.stream(5, "clouds").random(3) == one).all()
    assert (chance.stream(5, "loads").random(3) != one).all()
    assert (chance.stream(6, "clouds").random(3) != one).all()


def test_no_seed_is_a_seed_not_the_clock():
    assert chance.generator(None).random() == chance.generator(0).random()


def test_a_report_is_plain_json_with_its_schema():
    report = Report(
        "cascade",
        ["All served."],
        measures={"gini": np.float64(0.5), "n": np.int64(3), "none": float("nan")},
        tables={"lorenz": [{"x": np.array([0.0, 1.0])}]},
    )
    held = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert held["schema"] == 1
    assert held["measures"] == {"gini": 0.5, "n": 3, "none": None}
    assert held["tables"]["lorenz"] == [{"x": [0.0, 1.0]}]


def test_a_quarter_hour_of_power_is_a_quarter_of_the_energy():
    assert units.micro_wh_per_kw(900) / units.MICRO_WH_PER_WH == 250.0
    assert units.micro_wh_per_kw(3600) == units.MICRO_WH_PER_KWH


def test_one_per_mwh_is_one_micro_unit_per_wh():
    assert float(units.micro(7, 1.0)) == 7.0
    assert float(units.money(2_500_000)) == 2.5
