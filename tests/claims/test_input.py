"""What may come in, in which shape, and what is refused by name."""

import subprocess
import sys

import numpy as np
import pytest

from evenwatt import claims
from evenwatt.core.errors import ProblemError, RuleError

NAMES = [
    "aa",
    "apro",
    "av",
    "ce",
    "cea",
    "cel",
    "dt",
    "mo",
    "piniles",
    "pro",
    "ra",
    "rtalmud",
    "tal",
    "talmud",
]
EVERY = pytest.mark.parametrize("name", NAMES)
WEIGHTED = pytest.mark.parametrize("name", ["pro", "cea", "cel", "talmud"])


@EVERY
@pytest.mark.parametrize("members", [4, 40])
def test_enough_for_all_serves_all_exactly(name, members):
    asked = np.random.default_rng(1).gamma(1.0, size=(3, members))
    rule = claims.rule(name)
    if name != "ra" or members <= 20:
        assert (rule(asked.sum(axis=1), asked) == asked).all()
        assert (rule(asked.sum(axis=1) * 2, asked) == asked).all()
        assert (rule(0.0, asked) == 0).all()


@EVERY
def test_no_claims_give_no_awards(name):
    assert (claims.rule(name)([0.0, 5.0], np.zeros((2, 3))) == 0).all()


@EVERY
def test_one_member_takes_what_there_is(name):
    np.testing.assert_allclose(claims.rule(name)([2.0, 7.0], [[5.0], [5.0]]), [[2.0], [5.0]], atol=1e-15)


@EVERY
def test_a_member_without_claim_changes_nothing(name):
    rule = claims.rule(name)
    with_none = rule([3.0, 12.0, 20.0], [0.0, 3.0, 5.0, 0.0, 9.0, 13.0])
    assert (with_none[:, [0, 3]] == 0).all()
    np.testing.assert_allclose(with_none[:, [1, 2, 4, 5]], rule([3.0, 12.0, 20.0], [3, 5, 9, 13]), atol=1e-12)


@EVERY
def test_endowments_and_claims_broadcast(name):
    rule = claims.rule(name)
    endowment, asked = np.array([[6.0], [20.0]]), np.array([[3, 5, 9, 13], [1, 1, 1, 9], [4, 4, 4, 4]])
    together = rule(endowment, asked)
    assert together.shape == (2, 3, 4)
    for i in range(2):
        for j in range(3):
            np.testing.assert_allclose(together[i, j], rule(endowment[i, 0], asked[j]), atol=1e-12)


@EVERY
def test_any_memory_is_read_and_none_is_written(name):
    rule = claims.rule(name)
    wide = np.array([[3, 0, 5, 0, 9, 0, 13, 0]] * 3)
    strided = wide[::-1, ::2]
    frozen = np.broadcast_to(np.array([3.0, 5.0, 9.0, 13.0]), (3, 4))
    np.testing.assert_array_equal(rule(12, strided), rule(12.0, frozen))
    assert wide[0, 6] == 13


@EVERY
def test_no_problems_give_no_awards(name):
    assert claims.rule(name)(np.empty(0), np.empty((0, 3))).shape == (0, 3)


@EVERY
@pytest.mark.parametrize(
    ("endowment", "asked", "message"),
    [
        ([5.0, 6.0], [[1.0, -2.0], [3.0, 4.0]], "row 0, member 1: claim -2.0 is negative"),
        (5.0, [1.0, np.nan], "member 1: claim nan is not finite"),
        (np.inf, [1.0, 2.0], "endowment inf is not finite"),
        (-1.0, [1.0, 2.0], "endowment -1.0 is negative"),
        ([1.0, 2.0], [[1.0, 2.0]] * 3, "shapes do not fit"),
        (1.0, 2.0, "need a member axis"),
    ],
)
def test_a_bad_entry_is_named(name, endowment, asked, message):
    with pytest.raises(ProblemError, match=message):
        claims.rule(name)(endowment, asked)


@WEIGHTED
@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan, np.inf])
def test_a_bad_weight_is_named(name, weight):
    with pytest.raises(ProblemError, match=f"weights: member 2: weight {weight} is not a finite"):
        claims.rule(name)(5.0, [1.0, 2.0, 3.0], weights=[1.0, 1.0, weight])


@WEIGHTED
def test_equal_weights_change_nothing(name):
    rng = np.random.default_rng(2)
    asked = rng.gamma(1.0, size=(50, 6)) * rng.integers(0, 2, (50, 6))
    endowment = rng.uniform(0, 1.2, 50) * asked.sum(axis=1)
    rule = claims.rule(name)
    np.testing.assert_allclose(rule(endowment, asked, weights=2.5), rule(endowment, asked), atol=1e-12)


@WEIGHTED
def test_weights_must_fit_the_claims(name):
    with pytest.raises(ProblemError, match="weights: expected numbers that broadcast"):
        claims.rule(name)(5.0, [1.0, 2.0, 3.0], weights=[1.0, 2.0])


def test_concede_and_divide_is_for_two():
    with pytest.raises(ProblemError, match="cd: concede and divide is for 2 members, found 3"):
        claims.concede_and_divide(1.0, [1.0, 2.0, 3.0])
    assert claims.rule("cd").refusal(3) == "'cd' divides among 2 members, not 3"


def test_the_hinge_lies_between_none_and_all_of_the_claims():
    with pytest.raises(ProblemError, match=r"theta 1.5 is not a number from 0 to 1"):
        claims.tal_family(1.0, [1.0, 2.0], theta=1.5)


def test_an_unknown_rule_is_answered_with_the_nearest():
    with pytest.raises(RuleError, match="did you mean 'talmud'"):
        claims.rule("talmut")


def test_importing_the_rules_compiles_nothing():
    code = (
        "import sys; from evenwatt import claims; claims.rules(); "
        "sys.exit(any(m.split('.')[0] in ('numba', 'scipy') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
