"""The synthetic group: the printed sums come out, and members do not depend on each other."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.data.group import group


def test_the_printed_sums_come_out_to_the_watt_hour() -> None:
    made = group(3, 5, seed=7)
    assert made.supply.sum(axis=0).tolist() == [471490, 300230, 615570]
    assert made.demand.sum(axis=0).tolist() == [229210, 351180, 207190, 246940, 353350]
    assert made.ideal == 616940


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    first, again, other = group(2, 3, seed=1), group(2, 3, seed=1), group(2, 3, seed=2)
    assert first.supply.tobytes() == again.supply.tobytes()
    assert first.demand.tobytes() == again.demand.tobytes()
    assert (first.demand != other.demand).any()


@pytest.mark.parametrize("drift", [False, True])
def test_adding_a_consumer_changes_no_other_and_scales_all_producers_alike(drift: bool) -> None:
    few, more = (group(2, n, seed=3, drift=drift, coverage=2.0) for n in (70, 71))
    assert (few.demand == more.demand[:, :70]).all()
    factor = more.supply.sum() / few.supply.sum()
    assert factor > 1
    assert np.abs(few.supply * factor - more.supply).max() <= 10 * (1 + factor)


def test_adding_a_producer_changes_no_demand_and_no_other_shape() -> None:
    few, more = (group(n, 2, seed=3, mixed=3, coverage=500.0) for n in (66, 67))
    assert (few.demand == more.demand).all()
    shape = more.supply[:, :66].sum(axis=0) / few.supply.sum(axis=0)
    assert np.ptp(shape) <= 0.02 * shape.mean()


def test_supply_covers_what_was_asked_and_all_values_are_multiples_of_10_wh() -> None:
    made = group(4, 6, seed=5, coverage=3.0)
    assert made.supply.sum() == pytest.approx(3.0 * made.demand.sum(), rel=1e-3)
    assert not (made.supply % 10).any()
    assert not (made.demand % 10).any()


def test_other_kinds_give_as_much_as_the_plant_they_replace() -> None:
    plain, mixed = (group(6, 4, seed=2, coverage=30.0, mixed=mixed) for mixed in (0, 5))
    assert mixed.kinds == ("hydro", "wind", "chp", "battery", "hydro", "pv")
    assert mixed.supply.sum(axis=0) == pytest.approx(plain.supply.sum(axis=0), rel=0.01)
    night = mixed.supply[:8]
    assert (night[:, 0] > 0).all()
    assert not night[:, [2, 3, 5]].any()


def test_a_year_follows_the_sun_and_the_working_week() -> None:
    made = group(1, 8, seed=4, days=365, first_day=1)
    daily = made.supply.reshape(365, 96).sum(axis=1)
    assert daily[150:180].mean() > 3 * daily[:30].mean()
    assert made.start[0] == np.datetime64("2018-12-31T22:00:00")
    assert (np.diff(made.start) == np.timedelta64(900, "s")).all()


def test_drift_changes_months_differently_and_supply_only_in_scale() -> None:
    calm, moved = (group(1, 6, seed=6, days=92, drift=drift) for drift in (False, True))
    ratio = [
        moved.demand[a:b].sum(axis=0) / calm.demand[a:b].sum(axis=0)
        for a, b in ((0, 2976), (2976, 5856), (5856, 8832))
    ]
    assert np.std(np.log(ratio), axis=0).min() > 0.01
    lit = calm.supply[:, 0] > 1000
    assert np.ptp(moved.supply[lit, 0] / calm.supply[lit, 0]) < 0.03


@pytest.mark.parametrize(("producers", "consumers"), [(0, 0), (0, 3), (2, 0), (1, 1)])
def test_nobody_on_a_side_is_a_group_too(producers: int, consumers: int) -> None:
    made = group(producers, consumers, days=1)
    assert made.supply.shape == (96, producers)
    assert made.demand.shape == (96, consumers)
    assert (made.ideal > 0) == (min(producers, consumers) > 0)


def test_everything_out_of_range_is_said_at_once() -> None:
    with pytest.raises(ProblemError, match="5 faults") as told:
        group(-1, 2, days=0, first_day=400, coverage=float("nan"), mixed=3)
    assert "mixed is 3" in str(told.value)
