"""A problem is checked on making; an outcome conserves or raises."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core import Bargain, Claims, ConservationError, Outcome, ProblemError


@pytest.mark.parametrize(
    ("endowment", "claims", "complaint"),
    [
        (-1.0, [1.0, 2.0], "endowment -1.0 is negative"),
        (np.inf, [1.0, 2.0], "endowment inf is not finite"),
        (1.0, [1.0, np.nan], "member 1: claim nan is not finite"),
        ([1.0, 1.0], [[1.0, 2.0], [3.0, -4.0]], "row 1, member 1: claim -4.0 is negative"),
        (
            [1.0, 1.0, 1.0],
            [[1.0, 2.0], [3.0, 4.0]],
            r"shapes do not fit: endowment \(3,\) and claims \(2, 2\)",
        ),
        (1.0, [1.0, 1e300], "member 1: claim 1e\\+300 is above 1e\\+290"),
        (1.0, 2.0, "claims need a member axis"),
        (1.0, ["a", "b"], "must be numbers"),
        ([1.0, np.nan], [[-1.0, 2.0], [3.0, 4.0]], "2 faults"),
    ],
)
def test_bad_claims_are_named(endowment, claims, complaint):
    with pytest.raises(ProblemError, match=complaint):
        Claims(endowment, claims)


def test_claims_know_what_others_concede():
    problem = Claims([12.0, 20.0], [3.0, 5.0, 9.0, 13.0])
    assert problem.minimal_rights.tolist() == [[0, 0, 0, 0], [0, 0, 0, 3]]
    assert problem.truncated[0].tolist() == [3, 5, 9, 12]
    assert problem.side.tolist() == [1, -1]


def test_a_bargain_names_every_fault():
    with pytest.raises(ProblemError, match=r"weight -1.0 .*\n.*lower bound nan"):
        Bargain(1.0, [0.0, 0.0], weights=[-1.0, 1.0], lower=[np.nan, 0.0])


def test_shares_beyond_the_claim_do_not_exist():
    whole = np.array([5, 5])
    with pytest.raises(ConservationError, match="above its claim"):
        Outcome(np.array(10), np.array([4, 8]), whole)


def test_lost_energy_does_not_exist():
    with pytest.raises(ConservationError, match="do not add up"):
        Outcome(np.array([10, 10]), np.array([[9, 9], [9, 9]]), np.array([[5, 5], [5, 4]]))


def test_lost_money_does_not_exist():
    with pytest.raises(ConservationError, match="payments do not sum to zero"):
        Outcome(np.array(3), np.array([2, 2]), np.array([2, 1]), np.array([5, -4]))


def test_floats_are_not_an_outcome():
    with pytest.raises(ConservationError, match="whole numbers"):
        Outcome(np.array(3.0), np.array([2.0, 2.0]), np.array([2.0, 1.0]))


def test_plenty_leaves_a_surplus():
    outcome = Outcome(np.array([9, 1]), np.array([[2, 2], [2, 2]]), np.array([[2, 2], [1, 0]]))
    assert outcome.surplus.tolist() == [5, 0]
    assert outcome.shortfall.tolist() == [[0, 0], [1, 2]]


def test_minus_zero_is_zero_and_any_layout_is_read():
    problem = Claims(-0.0, np.asfortranarray([[1.0, -0.0], [3.0, 4.0]]))
    assert problem.total.tolist() == [1.0, 7.0]
    assert Claims(np.float32(3), np.arange(6)[::2]).total == 6
