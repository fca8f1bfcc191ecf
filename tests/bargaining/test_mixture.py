"""The Nash mixture: printed blends, optimality against a certificate and a second solver, and its edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from evenwatt.bargaining import nash_mixture
from evenwatt.core import BargainError, ProblemError, SolverError

CLAIMS = [6, 12, 18]
RULES = [[4, 8, 12], [6, 9, 9], [2, 8, 14], [3, 7.5, 13.5], [5, 8, 11]]  # PRO, CEA, CEL, Talmud, Piniles


def blends(rng, rows=20):
    """Random problems and the awards of six made-up rules, two of them alike."""
    n = int(rng.integers(2, 9))
    claims = rng.gamma(1, 10, (rows, n)) + 0.01
    endowment = rng.uniform(0.1, 0.9, rows) * claims.sum(axis=-1)
    low = rng.dirichlet(np.ones(n), (5, rows))
    proportional = claims * (endowment / claims.sum(axis=-1))[:, None]
    # A step from the proportional awards towards another split, as far as the claims allow.
    step = low * endowment[:, None] - proportional
    room = np.where(step > 0, (claims - proportional) / np.where(step > 0, step, 1), np.inf).min(axis=-1)
    awards = proportional + np.minimum(room, 1)[..., None] * step
    return endowment, claims, np.concatenate([awards, awards[:1]])


def test_printed_blend_of_talmud_and_piniles() -> None:
    awards, shares = nash_mixture(24, CLAIMS, RULES, disagreement="minimal-rights")
    assert awards == pytest.approx([4.8167, 7.9542, 11.2292], abs=5e-5)
    assert shares == pytest.approx([0, 0, 0, 0.0917, 0.9083], abs=5e-5)


def test_weights_by_claims_pick_talmud_from_minimal_rights() -> None:
    blend = nash_mixture(24, CLAIMS, RULES, disagreement="minimal-rights", weights="claims")
    assert blend.awards == pytest.approx([3, 7.5, 13.5], rel=1e-9)
    assert blend.status == "optimal"


def test_weights_by_claims_pick_proportional_from_nothing() -> None:
    assert nash_mixture(24, CLAIMS, RULES, weights="claims").awards == pytest.approx([4, 8, 12], rel=1e-9)


def test_equal_weights_pick_equal_awards_from_nothing() -> None:
    assert nash_mixture(24, CLAIMS, RULES).awards == pytest.approx([6, 9, 9], rel=1e-9)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(0, 2))
def test_no_rule_would_better_the_blend(seed, spread) -> None:
    rng = np.random.default_rng(seed)
    endowment, claims, rules = blends(rng)
    weights = 10 ** rng.uniform(-spread, 0, claims.shape)
    awards, shares = nash_mixture(endowment, claims, rules, weights=weights)
    # Concave: the steepest slope towards any rule, relative to the total weight, bounds what is missed.
    slopes = (rules * weights / awards).sum(axis=-1) / weights.sum(axis=-1)
    assert slopes.max() <= 1 + 1e-10
    assert shares.min() >= 0
    assert shares.sum(axis=0) == pytest.approx(1, abs=1e-12)
    assert awards.sum(axis=-1) == pytest.approx(endowment)


def test_blend_agrees_with_a_general_solver() -> None:
    endowment, claims, rules = blends(np.random.default_rng(3), rows=5)
    awards, _ = nash_mixture(endowment, claims, rules)
    for row in range(5):
        found = minimize(
            lambda alpha, row=row: -np.log(alpha @ rules[:, row]).mean(),
            np.full(len(rules), 1 / len(rules)),
            jac=lambda alpha, row=row: -(rules[:, row] / (alpha @ rules[:, row])).mean(axis=-1),
            bounds=[(0, 1)] * len(rules),
            constraints={"type": "eq", "fun": lambda alpha: alpha.sum() - 1},
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )
        assert awards[row] == pytest.approx(found.x @ rules[:, row], rel=1e-4)


def test_two_rules_meet_where_the_slope_vanishes() -> None:
    # Gains (1 + a, 2 - a): the product is largest at a = 1/2.
    awards, shares = nash_mixture(3, [3, 3], [[2, 1], [1, 2]])
    assert awards == pytest.approx([1.5, 1.5], rel=1e-12)
    assert shares == pytest.approx([0.5, 0.5], rel=1e-12)


def test_blend_starts_inside_when_equal_shares_please_not_everybody() -> None:
    rules = [[1, 5, 6], [6, 3, 3], [1, 6, 5], [1, 4, 7]]
    blend = nash_mixture(12, [9, 9, 9], rules, disagreement=[3, 1, 1])
    gained = blend.awards - [3, 1, 1]
    slopes = ((np.array(rules) - [3, 1, 1]) / gained).mean(axis=-1)
    assert blend.status == "optimal"
    assert gained.min() > 0
    assert slopes.max() <= 1 + 1e-10


def test_member_that_cannot_gain_is_named_and_the_others_bargain() -> None:
    rules = [[2, 4, 6], [2, 6, 4], [2, 2, 8], [1, 6, 5]]
    blend = nash_mixture(
        [12, 12], [10, 10, 10], np.array(rules)[:, None], disagreement=[[2, 0, 0], [0, 0, 0]]
    )
    assert blend.status.tolist() == ["no_gain", "optimal"]
    assert blend.reasons == {0: "row 0: member 0 cannot gain by any mixture"}
    assert blend.awards[0] == pytest.approx([2, 5, 5], rel=1e-9)
    assert blend.shares[3, 0] == 0


def test_two_members_that_block_each_other_share_evenly() -> None:
    blend = nash_mixture(12, [10, 10, 10], [[2, 4, 6], [6, 4, 2]], disagreement=[4, 0, 4])
    assert blend.status == "no_gain"
    assert blend.awards == pytest.approx([4, 4, 4])


def test_rows_without_an_acceptable_mixture_are_named() -> None:
    with pytest.raises(BargainError, match="row 1: no mixture") as raised:
        nash_mixture(
            [12, 12], [10, 10, 10], [[[2, 4, 6]] * 2, [[6, 4, 2]] * 2], disagreement=[[0, 0, 0], [5, 0, 5]]
        )
    assert raised.value.rows == (1,)


@pytest.mark.parametrize(
    ("awards", "message"),
    [
        ([[2, 4, 7]], "rule 0: awards do not sum"),
        ([[4, 8, 12], [-1, 12, 13]], "rule 1: an award is below 0"),
        ([[4, 8, np.nan]], "rule 0: an award is below 0, above its claim or not finite"),
        ([4, 8, 12], "lack the axis of rules"),
        ([[4, 8]], "do not fit claims"),
    ],
)
def test_awards_that_are_none_are_named(awards, message) -> None:
    with pytest.raises(ProblemError, match=message):
        nash_mixture(24, CLAIMS, awards)


def test_degenerate_blends() -> None:
    assert nash_mixture(5, [10], [[5], [5]]).awards.tolist() == [5]
    assert nash_mixture(0, [1, 2], [[0, 0]]).awards.tolist() == [0, 0]
    assert nash_mixture(0, [0, 0], [[0, 0], [0, 0]]).shares.tolist() == [0.5, 0.5]
    assert nash_mixture(9, [1, 2], [[1, 2], [1, 2]], disagreement="minimal-rights").awards.tolist() == [1, 2]
    assert nash_mixture(3, [4, 0], [[3, 0], [3, 0]], weights="claims").awards.tolist() == [3, 0]


def test_null_claim_with_a_negative_disagreement_has_no_say() -> None:
    options = {"disagreement": [-1, 0, 0], "weights": "claims"}
    assert nash_mixture(3, [0, 3, 3], [[0, 2, 1], [0, 1, 2]], **options).awards == pytest.approx(
        [0, 1.5, 1.5]
    )
    assert nash_mixture(
        3, [0, 5], [[0, 3], [0, 3]], disagreement=[-1, 3], weights="claims"
    ).awards.tolist() == [0, 3]


def test_axes_in_front_broadcast() -> None:
    rules = np.array(RULES)[:, None, None] * np.array([[1.0], [0.5]])[..., None]
    awards, shares = nash_mixture([[24], [12]], np.array(CLAIMS), rules, disagreement="zero")
    assert awards.shape == (2, 1, 3)
    assert shares.shape == (5, 2, 1)
    assert awards[1, 0] == pytest.approx([3, 4.5, 4.5], rel=1e-9)


def test_a_mixture_that_is_not_solved_is_never_returned(monkeypatch):
    from evenwatt.bargaining import _interior

    monkeypatch.setattr(_interior, "MOST_STEPS", 2)
    with pytest.raises(SolverError, match="1 problems not solved in 2 steps"):
        nash_mixture(24, [6, 12, 18], [[3, 7.5, 13.5], [5, 8, 11], [4, 8, 12]], disagreement="minimal-rights")
