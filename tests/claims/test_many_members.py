"""Random arrival and average of awards where enumeration ends: what is exact, and what is said when not."""

import warnings
from fractions import Fraction

import numpy as np
import pytest

from evenwatt import claims


def test_whole_claims_are_exact_for_any_number_of_members():
    rng = np.random.default_rng(1)
    d = rng.integers(0, 90, (6, 60)).astype(float)
    e = np.array([0.1, 0.3, 0.5, 0.7, 0.9, 1.0]) * d.sum(axis=1)
    awards, error, method = claims.random_arrival_estimate(e, d)
    assert method == "exact"
    assert (error == 0).all()
    np.testing.assert_allclose(awards.sum(axis=1), e, rtol=1e-12)
    mirrored = d - claims.random_arrival(d.sum(axis=1) - e, d)
    np.testing.assert_allclose(awards, mirrored, atol=1e-9)


@pytest.mark.parametrize("unit", [0.25, 0.001, 7.0])
def test_the_unit_of_whole_claims_does_not_matter(unit):
    d = np.random.default_rng(2).integers(1, 60, 30)
    awards = claims.random_arrival(0.4 * d.sum() * unit, d * unit)
    np.testing.assert_allclose(awards, claims.random_arrival(0.4 * d.sum(), d) * unit, rtol=1e-11)


def test_the_law_of_sums_and_all_coalitions_agree():
    d = np.random.default_rng(3).integers(1, 40, 14).astype(float)
    whole = claims.random_arrival([5.0, 77.7, 200.0], d)
    # A member of irrational claim and no weight in the result: its coalitions are counted, its award is tiny.
    real = claims.random_arrival([5.0, 77.7, 200.0], [*d, 1e-10 * np.pi])
    np.testing.assert_allclose(real[:, :-1], whole, atol=1e-8)


def test_real_claims_of_many_members_are_approximated_and_say_so():
    rng = np.random.default_rng(4)
    d = rng.gamma(1.0, size=24)
    with pytest.warns(claims.ApproximationWarning, match="no award is off by more than"):
        awards = claims.random_arrival(0.4 * d.sum(), d)
    assert awards.sum() == pytest.approx(0.4 * d.sum(), rel=1e-12)
    assert (awards >= 0).all()
    assert (awards <= d).all()


def test_the_bound_on_the_grid_holds():
    rng = np.random.default_rng(5)
    fine = rng.integers(1, 2000, 24) / 1024.0  # whole in 1024ths, so a finer unit than the scales tried
    e = 0.35 * fine.sum()
    exact = claims.random_arrival(e * 1024, fine * 1024) / 1024
    for cells in (200, 1000, 20_000):
        awards, bound, method = claims.random_arrival_estimate(e, fine, cells=cells)
        assert method == "grid"
        assert (np.abs(awards - exact) <= bound).all()
        assert bound.max() <= 30 * fine.sum() / cells


def test_sampling_stops_at_the_error_asked_for():
    d = np.random.default_rng(6).integers(1, 50, 12).astype(float)
    exact = claims.random_arrival(100.0, d)
    awards, error, method = claims.random_arrival_estimate(100.0, d, std_err=0.05, rng=1)
    assert method == "sampling"
    assert 0 < error.max() <= 0.05
    assert awards.sum() == pytest.approx(100.0)
    assert np.abs(awards - exact).max() <= 5 * 0.05
    again, _, _ = claims.random_arrival_estimate(100.0, d, std_err=0.05, rng=1)
    assert (again == awards).all()


def test_exact_answers_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        claims.random_arrival(3.0, np.ones(100))


@pytest.mark.parametrize("members", [10, 40, 1000])
def test_average_of_awards_is_self_dual_and_efficient(members):
    rng = np.random.default_rng(members)
    d = rng.gamma(1.0, size=(3, members)) * 10
    total = d.sum(axis=1)
    e = np.array([0.02, 0.4, 0.9]) * total
    awards = claims.average_of_awards(e, d)
    np.testing.assert_allclose(awards.sum(axis=1), e, rtol=1e-11)
    np.testing.assert_allclose(awards, d - claims.average_of_awards(total - e, d), atol=1e-9)


def test_average_of_equal_claims_is_equal():
    np.testing.assert_allclose(claims.average_of_awards(7.0, np.ones(30)), 7 / 30, rtol=1e-12)


def test_average_of_awards_spans_forty_powers_of_two():
    d = 2.0 ** np.arange(41)
    awards = claims.average_of_awards(0.3 * d.sum(), d)
    assert abs(awards.sum() - 0.3 * d.sum()) <= 1e-12 * d.sum()
    # The small claims hardly matter to the large: the ten largest alone, with the rest at half their claim.
    few = claims.average_of_awards(0.3 * d.sum() - d[:29].sum() / 2, d[29:])
    assert np.abs(awards[29:] - few).max() <= 1e-3 * d.sum()


def exact_centre(endowment, asked):
    """Inclusion-exclusion in rationals over the simplices cut off at the claims."""
    e, d = Fraction(endowment), [Fraction(v) for v in asked]
    volume, moments = Fraction(0), [Fraction(0)] * len(d)
    for mask in range(1 << len(d)):
        inside = [v if mask >> i & 1 else Fraction(0) for i, v in enumerate(d)]
        left = e - sum(inside)
        if left > 0:
            weight = (-1) ** mask.bit_count() * left ** (len(d) - 1)
            volume += weight
            moments = [m + weight * (left / len(d) + v) for m, v in zip(moments, inside, strict=True)]
    return np.array([float(m / volume) for m in moments])


@pytest.mark.parametrize(
    "asked",
    [
        [1.0, 0.8, *[1e-5 * (1 + i) for i in range(11)]],
        [1.0, 0.99, 0.5, *[3e-9] * 10],
        [1.0, 0.7, 1e-3, *[1e-9 * (1 + i) for i in range(10)]],
        [1.0, 0.75, *[10.0**-i for i in range(1, 12)]],
    ],
)
def test_a_few_large_claims_beside_many_tiny_ones(asked):
    total = sum(asked)
    for endowment in (total / 2, 0.3 * total, asked[1] + 2 * asked[-1]):
        awards = claims.average_of_awards(endowment, asked)
        assert np.abs(awards - exact_centre(endowment, asked)).max() <= 1e-9 * total
