"""A regulator reacts within bounds, charges what it announces, and gives away no more than it has."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt import claims
from evenwatt.core.errors import ProblemError
from evenwatt.markets.ledger import Ledger
from evenwatt.markets.regulator import (
    LIMITS,
    Alarm,
    Instruments,
    Screen,
    bid_caps,
    bounded,
    carbon_charges,
    certificates,
    cost_with_carbon,
    gouging_fines,
    mean_price,
    rebates,
    subsidies,
    surrender,
    wanted,
)

ANYTHING = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([1e9, -1e9, 0.0, -0.0, 1e308])


@given(asked=st.lists(st.dictionaries(st.sampled_from([*LIMITS]), ANYTHING), min_size=1, max_size=30))
def test_whatever_is_asked_keeps_bounds_and_pace(asked):
    now = Instruments()
    for changes in asked:
        after, changed = bounded(now, changes)
        for name, value in asdict(after).items():
            before, limit = getattr(now, name), LIMITS[name]
            assert limit.low <= value <= limit.high
            assert abs(value - before) <= limit.room(before) * (1 + 1e-12)
            assert (value != before) <= (name in [change.instrument for change in changed])
        assert after.floor_per_mwh <= 0 < after.cap_per_mwh
        now = after


def test_a_quota_raised_at_every_review_stays_a_share():
    """An increase of a tenth at each decision, without a bound, once passed 1."""
    now = Instruments()
    for _ in range(100):
        now, _ = bounded(now, wanted(now, quota_change=0.1))
    assert now.quota == 1.0


def test_a_quota_rises_by_two_hundredths_a_review():
    after, changed = bounded(Instruments(quota=0.3), {"quota": 0.9})
    assert after.quota == pytest.approx(0.32)
    assert changed[0].reason == "asked for 0.9, may change by 0.02 a review"


def test_a_carbon_price_rises_by_a_tenth_a_review():
    after, _ = bounded(
        Instruments(carbon_per_t=80.0), wanted(Instruments(carbon_per_t=80.0), carbon_change=0.5)
    )
    assert after.carbon_per_t == pytest.approx(88.0)


def test_a_carbon_price_of_nothing_can_rise():
    now = Instruments()
    for _ in range(3):
        now, _ = bounded(now, wanted(now, carbon_change=0.1))
    assert now.carbon_per_t == pytest.approx(3.0)


def test_not_a_number_leaves_an_instrument_alone():
    now = Instruments(fine_rate=0.5)
    assert bounded(now, wanted(now)) == (now, [])


def test_a_bound_is_told():
    after, changed = bounded(Instruments(carbon_per_t=299.0), {"carbon_per_t": 310.0})
    assert after.carbon_per_t == 300.0
    assert changed[0].reason == "asked for 310, lies within 0 to 300"


def test_an_unknown_instrument_is_named():
    with pytest.raises(ProblemError, match="no 'tariff'; there are cap_per_mwh"):
        bounded(Instruments(), {"tariff": 3.0})


def test_instruments_outside_their_bounds_are_named_together():
    with pytest.raises(ProblemError) as raised:
        Instruments(quota=1.5, cap_per_mwh=float("nan"))
    assert "quota 1.5" in str(raised.value)
    assert "cap_per_mwh nan" in str(raised.value)


def test_orders_are_clipped_and_no_order_stays_none():
    clipped = Instruments(cap_per_mwh=100.0, floor_per_mwh=-20.0).clip([-50.0, 50.0, 150.0, np.nan, np.inf])
    assert clipped.tolist()[:3] == [-20.0, 50.0, 100.0]
    assert np.isnan(clipped[3])
    assert clipped[4] == 100.0


def test_gouging_is_fined_by_excess_and_volume():
    """A detector that wrote one word while the fine looked for another once made every fine zero."""
    fines = gouging_fines([70.0, 62.5, 60.0], [100, 100, 100], 50.0, rate=1.0, tolerance=0.25)
    assert fines.tolist() == [700, 0, 0]
    doubled = gouging_fines([70.0], [200], 50.0, rate=1.0, tolerance=0.25)
    assert doubled.tolist() == [1400]


def test_a_fine_is_at_most_a_tenth_of_revenue():
    assert gouging_fines([500.0], [100], 50.0, rate=2.0, tolerance=0.05).tolist() == [5_000]


@pytest.mark.parametrize("reference", [float("nan"), float("inf")])
def test_without_a_reference_nobody_is_fined(reference):
    assert not gouging_fines([1e6], [100], reference, rate=2.0, tolerance=0.05).any()


def test_nobody_is_fined_for_what_is_not_sold_or_not_priced():
    assert not gouging_fines([500.0, np.nan], [0, 100], 50.0, rate=2.0, tolerance=0.05).any()


def test_the_tolerance_around_a_price_below_zero_lies_above_it():
    assert not gouging_fines([-42.0], [100], -40.0, rate=1.0, tolerance=0.25).any()
    assert not gouging_fines([-31.0], [100], -40.0, rate=1.0, tolerance=0.25).any()


def test_a_reference_price_is_weighted_by_volume():
    assert mean_price([50.0, 80.0, np.nan], [300, 100, 0]) == 57.5
    assert np.isnan(mean_price([50.0], [0]))
    assert np.isnan(mean_price([], []))


def test_a_carbon_price_is_charged_not_only_shown():
    ledger = Ledger(2, opening=1_000_000)
    charges = carbon_charges([2_000, 500], [0.5, 0.0], 60.0)
    ledger.post_column("carbon", 0, charges, ledger.account("fund"))
    assert ledger.cash.tolist() == [940_000, 1_000_000]
    assert ledger.balance[ledger.account("fund")] == 60_000


def test_a_carbon_price_is_seen_in_marginal_cost():
    assert cost_with_carbon([40.0, 45.0], [0.8, 0.0], 100.0).tolist() == [120.0, 45.0]


def test_certificates_are_for_energy_delivered():
    """A contract with a plant that did not run is worth no certificate."""
    assert certificates(0, [100, 100], [0, 40]).tolist() == [0, 40]
    assert certificates(101, [300, 100]).sum() == 101


def test_more_renewable_energy_than_was_bought_is_refused():
    with pytest.raises(ProblemError, match="5 renewable Wh were sold, 4 Wh bought"):
        certificates(5, [4])


def test_what_is_short_of_the_quota_is_paid():
    met = surrender([1_000, 1_000, 0], [400, 100, 7], quota=0.3, penalty_per_mwh=50.0)
    assert met.due.tolist() == [300, 300, 0]
    assert met.short.tolist() == [0, 200, 0]
    assert met.left.tolist() == [100, 0, 7]
    assert met.penalties.tolist() == [0, 10_000, 0]


def test_a_fund_that_is_short_is_shared_by_the_rule_passed_in():
    assert subsidies([100, 300], 10.0, 5_000).tolist() == [1_000, 3_000]
    assert subsidies([100, 300], 10.0, 2_000).tolist() == [500, 1_500]
    assert subsidies([100, 300], 10.0, 2_000, ration=claims.rule("cea")).tolist() == [1_000, 1_000]


@given(
    made=st.lists(st.integers(0, 10**9), max_size=8),
    rate=st.floats(0, 100),
    fund=st.integers(-(10**6), 10**12),
)
def test_subsidies_never_exceed_the_fund(made, rate, fund):
    paid = subsidies(made, rate, fund)
    assert paid.sum() <= max(fund, 0)
    assert (paid >= 0).all()


@given(
    fund=st.integers(0, 10**13),
    used=st.lists(st.integers(0, 10**7), min_size=1, max_size=40),
    by=st.sampled_from(["head", "consumption"]),
)
def test_a_rebate_gives_back_the_fund_to_the_micro_unit(fund, used, by):
    back = rebates(fund, used, by=by)
    assert back.sum() == fund
    assert (back >= 0).all()
    if by == "head":
        assert back.max() - back.min() <= 1


def test_a_rebate_does_not_depend_on_who_is_first():
    ties = np.array([5, 9, 7])
    assert rebates(1000, [1, 1, 1], tie=ties).tolist() == [333, 334, 333]
    assert rebates(1000, [1, 1, 1], tie=ties[::-1]).tolist() == [333, 334, 333][::-1]


def test_a_rebate_by_nothing_gives_nothing():
    assert not rebates(1000, [1, 2], by="none").any()
    assert len(rebates(1000, [])) == 0
    with pytest.raises(ProblemError, match="'luck'; expected head"):
        rebates(1000, [1], by="luck")


def test_fines_have_somebody_to_go_to():
    """What one pays another gets: fines once left the payer and reached nobody."""
    ledger = Ledger(3, opening=10_000)
    fund = ledger.account("fund")
    ledger.post_column(
        "fine", 0, gouging_fines([70.0, 50.0], [100, 100], 50.0, rate=1.0, tolerance=0.25), fund
    )
    assert ledger.balance[fund] == 700
    ledger.post_column("rebate", 0, -rebates(int(ledger.balance[fund]), [1, 1, 1]), fund)
    assert ledger.balance[fund] == 0
    assert ledger.cash.tolist() == [9_534, 10_233, 10_233]
    ledger.check()


@pytest.mark.parametrize(("steps", "abused"), [(5, False), (6, True)])
def test_abuse_is_more_than_a_twentieth_of_steps(steps, abused):
    margins = np.where(np.arange(100) < steps, 0.31, 0.0)
    alarm = Screen().alarm(0.2, margins, np.full(100, 1.05))
    assert alarm.abused == abused
    assert alarm.share == steps / 100


def test_a_margin_alone_is_no_abuse():
    assert not Screen().alarm(0.2, np.full(9, 0.9), np.full(9, 1.1)).raised
    assert not Screen().alarm(0.2, np.full(9, 0.3), np.full(9, 0.5)).raised
    assert not Screen().alarm(float("nan"), [], []).raised


def test_concentration_raises_the_alarm():
    assert Screen().alarm(0.26, [], []).concentrated
    assert not Screen().alarm(0.25, [], []).concentrated


def test_only_sellers_that_are_needed_are_capped_and_only_after_an_alarm():
    raised, quiet = Alarm(True, False, 0.0), Alarm(False, False, 0.0)
    assert bid_caps([40.0, 60.0], [True, False], raised, margin=0.2).tolist() == [48.0, np.inf]
    assert bid_caps([40.0, 60.0], [True, False], quiet).tolist() == [np.inf, np.inf]


def test_a_cap_lies_above_a_cost_below_zero():
    assert bid_caps([-40.0], [True], Alarm(True, False, 0.0), margin=0.1).tolist() == [-36.0]
