"""What a household pays: standing charge, energy, less what it feeds in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.core.errors import ProblemError
from evenwatt.markets.tariffs import Dynamic, Flat, TimeOfUse, bill, part_of_day

DAY = TimeOfUse((200.0,) * 24 + (320.0,) * 72)


def test_a_flat_price_is_the_same_at_any_time():
    assert Flat(300.0).price(np.arange(96), 50.0).tolist() == [300.0] * 96


def test_a_time_of_use_price_follows_the_clock():
    assert DAY.price([0, 23, 24, 95], 50.0).tolist() == [200.0, 200.0, 320.0, 320.0]


def test_a_dynamic_price_follows_the_market_below_zero():
    assert Dynamic(0.1, 150.0).price(0, np.array([80.0, -20.0])) == pytest.approx([238.0, 128.0])


@pytest.mark.parametrize("slot", [96, -1])
def test_a_slot_without_a_price_is_refused(slot):
    with pytest.raises(ProblemError, match=f"slots {slot}"):
        DAY.price(slot, 50.0)


@given(charge=st.integers(0, 10**9), steps=st.sampled_from([92, 96, 100, 24, 1]))
def test_the_parts_of_a_day_sum_to_it(charge, steps):
    parts = part_of_day(charge, np.arange(steps), steps)
    assert parts.sum() == charge
    assert parts.max() - parts.min() <= 1


@pytest.mark.parametrize(
    "tariff", [Flat(300.0, 960), TimeOfUse((300.0,) * 96, 960), Dynamic(0.0, 300.0, 960)]
)
def test_a_bill_is_standing_charge_and_energy_less_feed_in(tariff):
    owed = bill(
        tariff, [100, 0, 0], slot=3, steps_a_day=96, spot=0.0, exported_wh=[0, 50, 0], feed_in_per_mwh=60.0
    )
    assert owed.tolist() == [30_010, -2_990, 10]
