"""What a battery holds is what was put in, less what is lost on the way."""

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.core.errors import ConservationError
from evenwatt.markets.storage import charged, most_charge, most_discharge

# As people write them; as floats, products with these are not always what they should be.
EFFICIENCIES = st.sampled_from(["1", "0.95", "0.9", "0.29", "0.1", "0.7", "1/3", "0.999999", "0.57"])
WH = st.integers(0, 10**12)


def test_the_printed_example():
    after, lost = charged(1000, 625, 10_000, 0.95, 0.95)
    assert (after, lost) == (1593, 32)
    after, lost = charged(after, -500, 10_000, 0.95, 0.95)
    assert (after, lost) == (1066, 27)


@given(wh=WH, efficiency=EFFICIENCIES)
def test_rounding_is_that_of_the_exact_number(wh, efficiency):
    share = Fraction(efficiency)
    charge, _ = charged(0, wh, 10**13, float(share), 1.0)
    discharge, _ = charged(10**14, -wh, 10**14, 1.0, float(share))
    assert charge == floor(wh * share)
    assert 10**14 - discharge == ceil(wh / share)


@given(
    capacity=WH,
    filled=st.floats(0, 1),
    limit=WH,
    share=st.floats(0, 1),
    charge=EFFICIENCIES,
    discharge=EFFICIENCIES,
)
def test_whatever_is_feasible_fits(capacity, filled, limit, share, charge, discharge):
    stored = int(capacity * filled)
    up, down = float(Fraction(charge)), float(Fraction(discharge))
    most_in, most_out = most_charge(stored, capacity, limit, up), most_discharge(stored, limit, down)
    for moved in (int(most_in), int(most_in * share), -int(most_out), -int(most_out * share), 0):
        after, lost = charged(stored, moved, capacity, up, down)
        assert 0 <= after <= capacity
        assert lost >= 0
        assert after == stored + moved - lost


@given(stored=WH, efficiency=EFFICIENCIES)
def test_one_more_wh_cannot_be_delivered(stored, efficiency):
    share = float(Fraction(efficiency))
    most = int(most_discharge(stored, 10**14, share))
    with pytest.raises(ConservationError):
        charged(stored, -(most + 1), 10**12, 1.0, share)


def test_what_must_stay_stays():
    most = most_discharge(1593, 10_000, 0.95, least=1066)
    after, _ = charged(1593, -most, 10_000, 0.95, 0.95)
    assert after >= 1066


def test_energy_out_of_nowhere_is_named():
    with pytest.raises(ConservationError, match=r"1: 10 Wh, charged by -11, would hold -1 of 100"):
        charged([50, 10], [0, -11], [100, 100], 1.0, 1.0)


def test_an_overflow_is_named():
    with pytest.raises(ConservationError, match="would hold 101 of 100"):
        charged([50], [51], [100], 1.0, 1.0)


def test_fading_is_lost():
    after, lost = charged([1000, 999], 0, 2000, 0.9, 0.9, fade=0.001)
    assert after.tolist() == [999, 999]
    assert lost.tolist() == [1, 0]


def test_no_battery_is_an_ordinary_battery():
    nothing = np.zeros(3, dtype=np.int64)
    assert not most_charge(nothing, nothing, nothing, np.ones(3)).any()
    assert not most_discharge(nothing, nothing, np.ones(3)).any()
    after, lost = charged(nothing, nothing, nothing, np.ones(3), np.ones(3))
    assert not after.any()
    assert not lost.any()


def test_nobody_is_ordinary():
    nobody = np.zeros(0, dtype=np.int64)
    after, lost = charged(nobody, nobody, nobody, nobody + 1.0, nobody + 1.0)
    assert after.shape == lost.shape == (0,)
