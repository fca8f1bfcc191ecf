"""One system: parts that were written apart must agree."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt import bargaining, claims
from evenwatt.engine import water

Array = npt.NDArray[np.float64]

SELF_DUAL = "pro apro av talmud rtalmud ra aa".split()


@st.composite
def problems(draw: st.DrawFn, least: int = 1, most: int = 7) -> tuple[Array, Array]:
    """Draw an endowment [Wh] and claims [Wh] with ties and zeros."""
    values = st.one_of(st.integers(0, 12).map(float), st.floats(0, 1e4, width=32))
    asked = np.array(draw(st.lists(values, min_size=least, max_size=most)))
    return np.array(draw(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0]))) * asked.sum()), asked


def near(a: Array, b: Array, asked: Array, loose: float = 1.0) -> bool:
    return bool(np.abs(np.asarray(a) - np.asarray(b)).max(initial=0.0) <= 1e-9 * loose * (1 + asked.sum()))


def kernel(endowment: Array, anchor: Array, weights: Array, lower: Array, upper: Array) -> Array:
    rows = [
        np.atleast_2d(np.broadcast_to(v, upper.shape)).astype(float) for v in (anchor, weights, lower, upper)
    ]
    return water.fill(np.atleast_1d(endowment).astype(float), *rows)[0][0]


@given(problems())
def test_every_water_filling_rule_is_the_one_kernel(problem):
    E, d = problem
    low, one, nought = d.sum() / 2 >= E, np.ones_like(d), np.zeros_like(d)
    K = 2 * d.max() + 1
    table = {
        "cea": (nought, one, nought, d),
        "pro": (nought, np.where(d > 0, d, 1.0), nought, d),
        "cel": (d - K, one, nought, d),
        "talmud": (nought, one, nought, d / 2) if low else (d - K, one, d / 2, d),
        "rtalmud": (d / 2 - K, one, nought, d / 2) if low else (d / 2, one, d / 2, d),
        "piniles": (nought, one, nought, d / 2) if low else (d / 2, one, d / 2, d),
        "ce": (nought, one, nought, d / 2) if low else (nought, one, d / 2, d),
    }
    for name, (anchor, weights, lower, upper) in table.items():
        assert near(claims.rule(name)(E, d), kernel(E, anchor, weights, lower, upper), d), name


@given(problems())
def test_symmetric_nash_is_equal_awards_and_nash_by_claims_is_proportional(problem):
    E, d = problem
    assert near(bargaining.bankruptcy_nash(E, d), claims.rule("cea")(E, d), d)
    assert near(bargaining.bankruptcy_nash(E, d, weights="claims"), claims.rule("pro")(E, d), d)


@given(problems())
def test_kalai_smorodinsky_is_proportional_of_truncated_claims_and_from_minimal_rights_adjusted(problem):
    E, d = problem
    E = min(E, d.sum())
    truncated = np.minimum(d, E)
    assert near(
        bargaining.kalai_smorodinsky(E, np.zeros_like(d), upper=d), claims.rule("pro")(E, truncated), d
    )
    rights = np.minimum(np.maximum(E - (d.sum() - d), 0), d)
    if rights.sum() < E:
        assert near(bargaining.kalai_smorodinsky(E, rights, upper=d), claims.rule("apro")(E, d), d)


@given(problems(least=2, most=2))
def test_two_claimants_concede_and_divide_by_many_names(problem):
    E, d = problem
    expected = claims.rule("cd")(E, d)
    for name in ("talmud", "ra", "mo", "apro", "aa"):
        assert near(claims.rule(name)(E, d), expected, d), name
    assert near(bargaining.bankruptcy_nash(E, d, disagreement="minimal-rights"), expected, d)


def test_two_claimants_do_not_make_the_others_concede_and_divide():
    for name in ("av", "pro", "dt", "rtalmud"):
        gaps = [
            np.abs(claims.rule(name)(E, [10.0, 30.0]) - claims.rule("cd")(E, [10.0, 30.0])).max()
            for E in (5.0, 15.0, 30.0)
        ]
        assert max(gaps) > 0.1, name


@given(problems())
def test_the_family_of_talmud_ends_in_losses_and_awards(problem):
    E, d = problem
    tal = claims.rule("tal")
    for theta, name in ((0.0, "cel"), (0.5, "talmud"), (1.0, "cea")):
        assert near(tal(E, d, theta=theta), claims.rule(name)(E, d), d), name


@given(problems(most=6))
def test_duality(problem):
    E, d = problem
    E = min(E, d.sum())
    assert near(claims.rule("cel")(E, d), d - claims.rule("cea")(d.sum() - E, d), d)
    for name in SELF_DUAL:
        rule = claims.rule(name)
        assert near(rule(E, d), d - rule(d.sum() - E, d), d), name


@given(problems())
def test_at_half_the_claims_everyone_gets_half(problem):
    _, d = problem
    for name in [*SELF_DUAL, "piniles", "ce"]:
        assert near(claims.rule(name)(d.sum() / 2, d), d / 2, d), name


@given(problems())
def test_below_half_three_rules_agree_and_above_two(problem):
    E, d = problem
    if d.sum() / 2 >= E:
        assert near(claims.rule("talmud")(E, d), claims.rule("piniles")(E, d), d)
        assert near(claims.rule("ce")(E, d), claims.rule("piniles")(E, d), d)
    else:
        assert near(claims.rule("rtalmud")(E, d), claims.rule("piniles")(E, d), d)


@given(problems(most=5))
def test_random_arrival_is_the_mean_over_all_orders(problem):
    E, d = problem
    orders = list(permutations(range(len(d))))
    mean = np.zeros_like(d)
    for order in orders:
        left = float(min(E, d.sum()))
        for i in order:
            mean[i] += min(d[i], left)
            left -= min(d[i], left)
    assert near(claims.rule("ra")(E, d), mean / len(orders), d)


@pytest.mark.parametrize("name", sorted(set(claims.rules()) - {"cd"}))
def test_a_batch_equals_its_rows(name):
    rng = np.random.default_rng(5)
    asked = rng.integers(0, 30, (40, 6)).astype(float)
    endowment = rng.random(40) * asked.sum(axis=1)
    rule = claims.rule(name)
    together = rule(endowment, asked)
    for row in range(40):
        assert near(together[row], rule(endowment[row], asked[row]), asked[row]), (name, row)
