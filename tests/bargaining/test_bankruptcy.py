"""Bankruptcy as a bargain: the printed table, the identities, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.bargaining import bankruptcy_nash, kalai_smorodinsky
from evenwatt.core import BargainError, Claims, ProblemError
from evenwatt.core.rule import all as rules

RULES = {
    "pro": [4, 8, 12],
    "cea": [6, 9, 9],
    "cel": [2, 8, 14],
    "talmud": [3, 7.5, 13.5],
    "piniles": [5, 8, 11],
}  # endowment 24, claims 6, 12, 18
WORST = np.min(list(RULES.values())[1:4], axis=0)  # componentwise minimum of CEA, CEL and Talmud
TABLE = [
    ("zero", "equal", [6, 9, 9]),
    ("zero", "claims", [4, 8, 12]),
    ("zero", "claims-minus-d", [4, 8, 12]),
    ("zero", [1, 1, 2], [6, 6, 12]),
    ("minimal-rights", "equal", [6, 6, 12]),
    ("minimal-rights", "claims", [3, 6, 15]),
    ("minimal-rights", "claims-minus-d", [3.6, 7.2, 13.2]),
    ("minimal-rights", [1, 1, 2], [4.5, 4.5, 15]),
    ("pro", "equal", [6, 8, 10]),
    ("pro", "claims", [4, 8, 12]),
    ("pro", "claims-minus-d", [4, 8, 12]),
    ("cea", "equal", [6, 9, 9]),
    ("cea", "claims", [5, 8.5, 10.5]),
    ("cel", "equal", [5, 8, 11]),
    ("cel", "claims", [3, 8, 13]),
    ("cel", "claims-minus-d", [3.5, 8, 12.5]),
    ("cel", [1, 1, 2], [4, 7, 13]),
    ("talmud", "equal", [5.5, 7.75, 10.75]),
    ("talmud", "claims", [3.5, 7.75, 12.75]),
    ("piniles", "equal", [6, 8.25, 9.75]),
    ("piniles", "claims", [4.5, 8, 11.5]),
    ("worst", "equal", [23 / 6, 28 / 3, 65 / 6]),
    ("worst", "claims", [35 / 12, 28 / 3, 11.75]),
]


@st.composite
def problems(draw):
    """An endowment and two to seven claims, with ties and nulls."""
    n = draw(st.integers(1, 7))
    claims = draw(
        st.lists(
            st.one_of(st.sampled_from([0.0, 1.0, 2.0, 10.0]), st.floats(0.01, 1e3)), min_size=n, max_size=n
        )
    )
    return draw(st.floats(0, 1.1)) * sum(claims), np.array(claims)


def equal_awards(endowment, claims):
    """Constrained equal awards by serving the smallest claims first, written apart from the kernel."""
    awards, left = np.zeros_like(claims), min(endowment, claims.sum())
    for served, member in enumerate(np.argsort(claims, kind="stable")):
        awards[member] = min(claims[member], left / (claims.size - served))
        left -= awards[member]
    return awards


def proportional(endowment, claims):
    return claims * (min(1.0, endowment / claims.sum()) if claims.sum() else 0.0)


@pytest.mark.parametrize(("disagreement", "weights", "expected"), TABLE)
def test_printed_table(disagreement, weights, expected) -> None:
    if disagreement in RULES:
        awards = RULES[disagreement]
        point = lambda endowment, claims: awards  # noqa: E731
    else:
        point = [2, 7.5, 9] if disagreement == "worst" else disagreement
    assert bankruptcy_nash(24, [6, 12, 18], disagreement=point, weights=weights) == pytest.approx(
        expected, abs=1e-12
    )


def test_worst_rule_of_the_table_is_the_minimum_of_rules() -> None:
    assert WORST.tolist() == [2, 7.5, 9]


@settings(deadline=None)
@given(problem=problems())
def test_equal_weights_from_nothing_are_equal_awards(problem) -> None:
    endowment, claims = problem
    near = 1e-9 * (1 + claims.sum())
    assert bankruptcy_nash(endowment, claims) == pytest.approx(equal_awards(endowment, claims), abs=near)


@settings(deadline=None)
@given(problem=problems())
def test_weights_by_claims_from_nothing_are_proportional(problem) -> None:
    endowment, claims = problem
    near = 1e-9 * (1 + claims.sum())
    awards = bankruptcy_nash(endowment, claims, weights="claims")
    assert awards == pytest.approx(proportional(endowment, claims), abs=near)


@settings(deadline=None)
@given(problem=problems())
def test_nash_from_minimal_rights_shares_the_rest_equally(problem) -> None:
    endowment, claims = problem
    endowment = min(endowment, claims.sum())
    rights = Claims(endowment, claims).minimal_rights
    expected = rights + equal_awards(endowment - rights.sum(), claims - rights)
    awards = bankruptcy_nash(endowment, claims, disagreement="minimal-rights")
    assert awards == pytest.approx(expected, abs=1e-9 * (1 + claims.sum()))


@settings(deadline=None)
@given(problem=problems())
def test_kalai_smorodinsky_from_nothing_is_proportional_to_truncated_claims(problem) -> None:
    endowment, claims = problem
    endowment = min(endowment, claims.sum())
    expected = proportional(endowment, np.minimum(claims, endowment))
    near = 1e-9 * (1 + claims.sum())
    assert kalai_smorodinsky(endowment, np.zeros_like(claims), upper=claims) == pytest.approx(
        expected, abs=near
    )


@settings(deadline=None)
@given(problem=problems())
def test_kalai_smorodinsky_from_minimal_rights_is_adjusted_proportional(problem) -> None:
    endowment, claims = problem
    endowment = min(endowment, claims.sum())
    rights = Claims(endowment, claims).minimal_rights
    rest = max(endowment - rights.sum(), 0.0)
    expected = rights + proportional(rest, np.minimum(claims - rights, rest))
    near = 1e-9 * (1 + claims.sum())
    assert kalai_smorodinsky(endowment, rights, upper=claims) == pytest.approx(expected, abs=near)


@settings(deadline=None)
@given(
    problem=problems(),
    disagreement=st.sampled_from(["zero", "minimal-rights", proportional]),
    weights=st.sampled_from(["equal", "claims", "claims-minus-d"]),
)
def test_awards_are_awards(problem, disagreement, weights) -> None:
    endowment, claims = problem
    awards = bankruptcy_nash(endowment, claims, disagreement=disagreement, weights=weights)
    assert awards.sum() == pytest.approx(min(endowment, claims.sum()), abs=1e-11 * (1 + claims.sum()))
    assert (awards >= 0).all()
    assert (awards <= claims).all()


def test_plenty_returns_the_claims_exactly() -> None:
    claims = np.array([0.1, 0.2, 0.3])
    assert np.array_equal(bankruptcy_nash([claims.sum(), 5.0], claims), [claims, claims])
    assert np.array_equal(
        bankruptcy_nash(5, claims, disagreement="minimal-rights", weights="claims-minus-d"), claims
    )


def test_null_claims_get_nothing() -> None:
    for weights in ("equal", "claims", "claims-minus-d", [1, 5]):
        assert bankruptcy_nash(3, [4, 0], weights=weights).tolist() == [3, 0]
    assert bankruptcy_nash(3, [4, 0], disagreement=[0, -2]).tolist() == [3, 0]
    assert bankruptcy_nash(3, [0, 0], weights="claims").tolist() == [0, 0]


def test_claim_that_the_disagreement_meets_stays_met() -> None:
    assert bankruptcy_nash(6, [2, 4, 4], disagreement=[2, 0, 1], weights="claims-minus-d") == pytest.approx(
        [2, 12 / 7, 16 / 7]
    )


def test_negative_disagreement_raises_the_stake_but_no_award_falls_below_zero() -> None:
    assert bankruptcy_nash(4, [6, 6], disagreement=[-10, 0]).tolist() == [0, 4]


def test_whole_and_read_only_numbers_are_welcome() -> None:
    claims = np.array([[6, 12, 18], [3, 5, 9]])
    claims.flags.writeable = False
    assert bankruptcy_nash(np.array([24, 9]), claims).tolist() == [[6, 9, 9], [3, 3, 3]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"disagreement": proportional, "share": 1}, "share 1 leaves nothing to bargain over"),
        ({"disagreement": proportional, "share": -0.1}, "share -0.1 is not a fraction"),
        ({"disagreement": "zeros"}, "unknown disagreement 'zeros'"),
        ({"disagreement": [0, np.nan]}, "member 1: disagreement nan is not finite"),
        ({"disagreement": [0, 0, 0]}, "does not fit claims"),
        ({"weights": "claim"}, "unknown weights 'claim'"),
        ({"weights": [1, 0]}, "member 1: weight 0.0 is not a finite number above 0"),
    ],
)
def test_bad_terms_are_named(options, message) -> None:
    with pytest.raises(ProblemError, match=message):
        bankruptcy_nash(5, [4, 6], **options)


def test_impossible_disagreements_are_named_row_by_row() -> None:
    with pytest.raises(BargainError, match="2 faults") as raised:
        bankruptcy_nash([5, 2, 5], [4, 6], disagreement=[[0, 0], [1, 2], [5, 0]])
    assert raised.value.rows == (1, 2)
    assert "row 1: disagreements sum to 3.0, above the endowment 2.0" in str(raised.value)
    assert "row 2: member 0: disagreement 5.0 is above upper bound 4.0" in str(raised.value)


def test_equal_weights_from_minimal_rights_are_not_resource_monotonic() -> None:
    """The counterexample that keeps the promise off the rule: 12 Wh more take 2 Wh from the first member."""
    awards = bankruptcy_nash([18, 30], [6, 12, 18], disagreement="minimal-rights")
    assert awards.tolist() == [[6, 6, 6], [4, 10, 16]]
    assert "resource-monotonic" not in rules("bargaining")["nash-minimal-rights"].satisfies


def test_import_stays_light() -> None:
    code = "import sys, evenwatt.bargaining; print(sorted({'numba', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_named_combinations_are_listed_with_sources() -> None:
    found = rules("bargaining")
    assert {"nash-equal", "nash-claims", "nash-minimal-rights", "nash-minimal-rights-claims"} <= set(found)
    for rule in found.values():
        assert "doi:" in rule.source
        assert rule(24, [6, 12, 18]).sum() == pytest.approx(24)
