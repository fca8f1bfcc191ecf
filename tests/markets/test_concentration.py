"""Measures of market power, by the printed examples and at the edges."""

import numpy as np
import pytest

from evenwatt.markets.concentration import hhi, lerner, residual_supply_index


def test_concentration_of_the_printed_shares():
    assert hhi([0.4, 0.3, 0.2, 0.1]) == pytest.approx(0.30, abs=1e-12)


def test_concentration_counts_the_same_group_above_and_below():
    """The shares of a group sum to 1: nobody is in the denominator who is not in the sum."""
    producers = np.array([500.0, 300.0, 200.0])
    assert hhi(producers) == pytest.approx(hhi(producers / producers.sum()))
    assert hhi([7.0] * 4) == pytest.approx(0.25)
    assert hhi([7.0]) == 1.0


def test_no_sales_have_no_concentration():
    assert np.isnan(hhi([0.0, 0.0]))
    assert np.isnan(hhi(np.zeros(0)))


def test_margin_of_the_printed_price():
    assert lerner([54.5], [52.0]) == pytest.approx(0.0459, abs=5e-5)


def test_margin_is_weighted_by_what_is_sold():
    assert lerner(100.0, [50.0, 100.0], [1, 3]) == pytest.approx(0.125)
    assert lerner(100.0, [50.0, 7.0], [1, 0]) == pytest.approx(0.5)


@pytest.mark.parametrize("price", [0.0, -10.0, np.nan])
def test_margin_of_a_price_not_above_zero_is_undefined(price):
    assert np.isnan(lerner([price], [5.0]))


def test_residual_supply_of_the_printed_market():
    index = residual_supply_index([500, 300, 200], 600)
    assert index == pytest.approx([0.833, 1.167, 1.333], abs=5e-4)
    assert (index < 1).tolist() == [True, False, False]


def test_nobody_is_pivotal_where_nothing_is_needed():
    assert np.isinf(residual_supply_index([500, 0], 0)).all()


def test_measures_take_many_steps_at_once():
    volumes = np.array([[1.0, 1.0], [2.0, 0.0]])
    assert hhi(volumes).tolist() == [0.5, 1.0]
    assert residual_supply_index(volumes, np.array([1.0, 4.0])).tolist() == [[1.0, 1.0], [0.0, 0.5]]
