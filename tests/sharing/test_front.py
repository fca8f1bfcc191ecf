"""Fairness costs energy: along the front one rises as the other falls, each point with its proof."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.data.group import group
from evenwatt.sharing.front import front, gini
from evenwatt.sharing.keys import certified


def test_more_fairness_costs_energy_and_lifts_the_worst():
    month = group(10, 40, days=10, mixed=3)
    points = front(month.supply, month.demand, tolerance=3e-4)
    shared, worst, uneven = (
        [getattr(point, name) for point in points] for name in ("shared", "worst", "gini")
    )
    assert all(point.gap <= 3e-4 for point in points)
    assert (np.diff(shared) <= 1e-3 * shared[0]).all()
    assert shared[-1] < 0.995 * shared[0]
    assert worst[-1] > worst[0]
    assert uneven[-1] < uneven[0]


def test_its_first_point_is_the_efficient_one():
    month = group(4, 12, days=3)
    best = certified(month.supply, month.demand, tolerance=1e-5)
    (point,) = front(month.supply, month.demand, alphas=(0.0,), tolerance=1e-5)
    assert point.shared == pytest.approx(best.shared, rel=2e-5)


def test_coverage_is_of_all_demand_and_zero_without():
    (point,) = front([[6], [0]], [[6, 4, 0], [0, 4, 0]], alphas=(np.inf,), tolerance=1e-6)
    assert point.coverage == pytest.approx([3 / 7, 3 / 7, 0], abs=1e-5)
    assert point.worst == pytest.approx(3 / 7, abs=1e-5)
    assert point.gini == pytest.approx(0, abs=1e-5)


def test_links_hold_at_every_point():
    month = group(4, 12, days=3)
    links = np.random.default_rng(0).random((4, 12)) < 0.5
    for point in front(month.supply, month.demand, links=links, alphas=(0.0, 2.0, np.inf)):
        assert (point.weights[~links] == 0).all()


def test_a_group_without_supply_has_a_front_of_nothing():
    (point,) = front(np.zeros((3, 2)), np.ones((3, 4)), alphas=(1.0,))
    assert (point.shared, point.worst, point.gini, point.gap) == (0, 0, 0, 0)


def test_gini_of_one_who_has_all():
    assert gini(np.array([0.0, 0.0, 0.0, 8.0])) == pytest.approx(0.75)
    assert gini(np.zeros(3)) == 0
