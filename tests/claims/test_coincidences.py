"""Rules that must agree with one another, and with the one kernel they all come from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt import claims
from evenwatt.engine.water import fill

SELF_DUAL = ["pro", "apro", "av", "talmud", "rtalmud", "ra", "aa", "cd"]
AT_HALF = [*SELF_DUAL, "piniles", "ce"]


@st.composite
def problems(draw, least=1, most=8):
    """Draw claims with ties and zeros, and an endowment that is not always short of them."""
    values = st.one_of(st.integers(0, 12).map(float), st.floats(0, 1e4, width=32))
    asked = np.array(draw(st.lists(values, min_size=least, max_size=most)))
    return draw(st.floats(0, 1.1)) * asked.sum(), asked


def agree(first, second, asked):
    assert np.abs(first - second).max() <= 1e-9 * (1 + asked.sum())


def kernel(endowment, anchor, weights, lower, upper):
    awards, _ = fill([endowment], *(np.atleast_2d(a) for a in (anchor, weights, lower, upper)))
    return awards[0]


everywhere = settings(deadline=None, max_examples=60)


@everywhere
@given(problems())
def test_the_kernel_rows_are_the_rules(problem):
    endowment, d = problem
    total, zero, half = d.sum(), np.zeros(d.size), d / 2
    e = min(endowment, total)
    shift = 1.0 + d.max()
    below = e <= total / 2
    agree(kernel(e, zero, 1.0, zero, d), claims.constrained_equal_awards(e, d), d)
    agree(kernel(e, zero, np.where(d > 0, d, 1.0), zero, d), claims.proportional(e, d), d)
    agree(kernel(e, d - shift, 1.0, zero, d), claims.constrained_equal_losses(e, d), d)
    talmud = kernel(e, zero, 1.0, zero, half) if below else kernel(e, d - shift, 1.0, half, d)
    agree(talmud, claims.talmud(e, d), d)
    reverse = kernel(e, half - shift, 1.0, zero, half) if below else kernel(e, half, 1.0, half, d)
    agree(reverse, claims.reverse_talmud(e, d), d)
    piniles = kernel(e, zero, 1.0, zero, half) if below else kernel(e, half, 1.0, half, d)
    agree(piniles, claims.piniles(e, d), d)
    egalitarian = kernel(e, zero, 1.0, zero, half) if below else kernel(e, zero, 1.0, half, d)
    agree(egalitarian, claims.constrained_egalitarian(e, d), d)


@everywhere
@given(problems(2, 2))
@pytest.mark.parametrize("name", ["talmud", "ra", "mo", "apro", "aa"])
def test_between_two_they_concede_and_divide(name, problem):
    endowment, d = problem
    agree(claims.rule(name)(endowment, d), claims.concede_and_divide(endowment, d), d)


@everywhere
@given(problems(2, 2))
@pytest.mark.parametrize("name", SELF_DUAL)
def test_self_dual_rules_share_gains_as_losses(name, problem):
    endowment, d = problem
    divide = claims.rule(name)
    agree(divide(endowment, d), claims.dual(divide)(endowment, d), d)


@everywhere
@given(problems())
def test_equal_losses_are_dual_to_equal_awards(problem):
    endowment, d = problem
    agree(
        claims.constrained_equal_losses(endowment, d),
        claims.dual(claims.constrained_equal_awards)(endowment, d),
        d,
    )


@everywhere
@given(problems())
def test_the_family_runs_from_losses_through_talmud_to_awards(problem):
    endowment, d = problem
    agree(claims.tal_family(endowment, d, theta=0.0), claims.constrained_equal_losses(endowment, d), d)
    agree(claims.tal_family(endowment, d), claims.talmud(endowment, d), d)
    agree(claims.tal_family(endowment, d, theta=1.0), claims.constrained_equal_awards(endowment, d), d)


@everywhere
@given(problems())
def test_the_three_hinged_rules_part_only_above_half(problem):
    endowment, d = problem
    e = min(endowment, d.sum() / 2)
    agree(claims.talmud(e, d), claims.piniles(e, d), d)
    agree(claims.talmud(e, d), claims.constrained_egalitarian(e, d), d)
    e = max(endowment, d.sum() / 2)
    agree(claims.reverse_talmud(e, d), claims.piniles(e, d), d)


@pytest.mark.parametrize("name", AT_HALF)
def test_half_the_claims_are_halves(name):
    rng = np.random.default_rng(4)
    for members in (2,) if name == "cd" else (2, 5, 12):
        d = rng.integers(0, 9, (20, members)).astype(float)
        np.testing.assert_allclose(claims.rule(name)(d.sum(axis=1) / 2, d), d / 2, atol=1e-10)


@everywhere
@given(problems())
def test_operators_make_the_rules_they_should(problem):
    endowment, d = problem
    cea, cel = claims.constrained_equal_awards, claims.constrained_equal_losses
    agree(claims.average_of(cea, cel)(endowment, d), claims.average(endowment, d), d)
    first = claims.from_minimal_rights(claims.truncated(claims.proportional))
    agree(first(endowment, d), claims.adjusted_proportional(endowment, d), d)


@everywhere
@given(problems())
@pytest.mark.parametrize("name", ["apro", "cea", "talmud", "mo", "dt", "ra", "aa"])
def test_a_claim_beyond_the_endowment_is_no_stronger(name, problem):
    endowment, d = problem
    divide = claims.rule(name)
    agree(divide(endowment, d), claims.truncated(divide)(endowment, d), d)
