"""Weights behind the divisions of one pot: exact without noise, honest about members always served."""

import numpy as np
import pytest

from evenwatt.bargaining import nash
from evenwatt.core.errors import ProblemError
from evenwatt.learning.single_resource import pot_weights

MEMBERS, INTERVALS = 6, 4000


def divided(seed, noise=0.0, disagreement=0.0):
    rng = np.random.default_rng(seed)
    claims = rng.uniform(5, 20, (INTERVALS, MEMBERS)) * rng.uniform(0.5, 1.5, MEMBERS)
    weights = np.maximum(rng.dirichlet(np.full(MEMBERS, 3.0)), 0.02)
    weights /= weights.sum()
    kept = np.full_like(claims, disagreement)
    pot = kept.sum(axis=1) + (claims - kept).sum(axis=1) * rng.uniform(0.3, 1.0, INTERVALS)
    exact = nash(pot, kept, weights=np.broadcast_to(weights, claims.shape), upper=claims)
    gains = (exact - kept) * np.exp(noise * rng.standard_normal(claims.shape))
    return kept + gains, claims, weights, exact >= claims * (1 - 1e-12)


@pytest.mark.parametrize("disagreement", [0.0, 1.0])
def test_weights_are_exact_without_noise(disagreement):
    awards, claims, weights, _ = divided(1, disagreement=disagreement)
    np.testing.assert_allclose(
        pot_weights(awards, claims, disagreement=disagreement).weights, weights, rtol=1e-9
    )


def test_weights_are_found_through_noise_where_the_capped_are_known():
    awards, claims, weights, capped = divided(2, noise=0.15)
    found = pot_weights(awards, claims, capped=capped)
    assert np.abs(found.weights - weights).sum() < 0.005
    assert found.sigma == pytest.approx(0.15, rel=0.03)


def test_who_was_served_in_full_is_better_told_by_the_fit_than_by_the_noisy_award():
    awards, claims, weights, _ = divided(3, noise=0.15)
    by_fit = pot_weights(awards, claims)
    by_award = pot_weights(awards, claims, capped=awards >= (1 - 3 * 0.15) * claims)
    assert np.abs(by_fit.weights - weights).sum() < 0.01
    assert np.abs(by_award.weights - weights).sum() > 2 * np.abs(by_fit.weights - weights).sum()


def test_standard_errors_shrink_with_the_root_of_the_intervals():
    awards, claims, _, capped = divided(4, noise=0.15)
    few = pot_weights(awards[::4], claims[::4], capped=capped[::4])
    many = pot_weights(awards, claims, capped=capped)
    np.testing.assert_allclose(few.log_se / many.log_se, 2, rtol=0.1)


def test_a_member_always_served_in_full_has_no_weight():
    awards, claims, weights, _ = divided(5)
    modest = claims.copy()
    modest[:, 0] = 0.01
    pot = np.minimum(awards.sum(axis=1), 0.9 * modest.sum(axis=1))
    again = nash(pot, np.zeros_like(modest), weights=np.broadcast_to(weights, modest.shape), upper=modest)
    found = pot_weights(again, modest)
    assert np.isnan(found.weights[0])
    assert found.log_se[0] == np.inf
    np.testing.assert_allclose(found.weights[1:], weights[1:] / weights[1:].sum(), rtol=1e-9)


def test_an_unseen_award_is_missing_not_zero():
    awards, claims, weights, _ = divided(6)
    awards[::3, 1] = np.nan
    np.testing.assert_allclose(pot_weights(awards, claims).weights, weights, rtol=1e-9)


@pytest.mark.parametrize("rows", [0, 1])
def test_short_histories_do_not_fail(rows):
    awards, claims, _, _ = divided(7)
    found = pot_weights(awards[:rows], claims[:rows])
    assert found.weights.shape == (MEMBERS,)


def test_a_pot_for_one_has_no_weight():
    assert np.isnan(pot_weights([[1.0], [2.0]], [[3.0], [3.0]]).weights).all()


def test_bad_input_is_named():
    with pytest.raises(ProblemError, match=r"claims: 1 entries are not finite"):
        pot_weights([[1.0, 2.0]], [[np.inf, 3.0]])
