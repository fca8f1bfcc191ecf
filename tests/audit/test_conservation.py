"""What does not add up raises, and says where."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.audit import balances, conserved, efficiency_summary, served, surplus, unserved
from evenwatt.core.errors import ConservationError


def test_whole_watt_hours_must_add_up_exactly() -> None:
    assert conserved(20, [12, 18], [8, 12]).tolist() == [8, 12]
    with pytest.raises(ConservationError, match="they sum to 21 Wh, expected 20 Wh"):
        conserved(20, [12, 18], [8, 13])


def test_plenty_gives_no_more_than_claims() -> None:
    conserved(50, [12, 18], [12, 18])
    with pytest.raises(ConservationError, match=r"member 1: 38 Wh is above its claim"):
        conserved(50, [12, 18], [12, 38])


def test_floats_may_round_but_not_drift() -> None:
    conserved(0.3, [0.1, 0.3], [0.1, 0.2 + 1e-12])
    with pytest.raises(ConservationError, match="they sum to"):
        conserved(0.3, [0.1, 0.3], [0.1, 0.2 + 1e-6])


def test_an_award_that_is_not_a_number_is_no_award() -> None:
    with pytest.raises(ConservationError, match="member 0: nan Wh"):
        conserved(1.0, [1.0, 1.0], [np.nan, 0.5])


def test_the_first_rows_are_named_and_the_rest_counted() -> None:
    with pytest.raises(ConservationError) as raised:
        conserved(np.full(9, 2), np.full((9, 2), 3), np.array([[3, -1]] * 9))
    assert "row 0, member 1: -1 Wh is below 0" in str(raised.value)
    assert "and 6 more like it" in str(raised.value)


def test_a_ledger_sums_to_zero() -> None:
    found = balances(["ann", "bob", "pool"], ["pool", "pool", "sun"], [500, 250, 750])
    assert found == {"ann": -500, "bob": -250, "pool": 0, "sun": 750}
    assert sum(found.values()) == 0
    assert balances([], [], np.zeros(0, dtype=np.int64)) == {}


def test_a_statement_that_differs_from_the_ledger_is_named() -> None:
    with pytest.raises(ConservationError, match="ann: told -400 micro-units, the rows make -500"):
        balances(["ann"], ["sun"], [500], {"ann": -400, "sun": 500})


@pytest.mark.parametrize(
    ("payer", "micro", "why"),
    [(["ann"], [0.5], "whole micro-units"), ([""], [5], "row 0: payer"), (["a", "b"], [5], "2 payers")],
)
def test_a_faulty_ledger_is_refused(payer, micro, why) -> None:
    with pytest.raises(ConservationError, match=why):
        balances(payer, ["sun"], micro)


def test_sums_of_money_do_not_overflow() -> None:
    assert balances(["a"] * 4, ["b"] * 4, [2**62] * 4)["b"] == 2**64


def test_energy_served_and_left() -> None:
    assert served([[1, 2], [3, 4]]).tolist() == [3, 7]
    assert unserved([5, 5], [1, 2]) == 7
    assert surplus(10, [1, 2]) == 7
    empty = efficiency_summary(0, [0, 0], [0, 0])
    assert (empty["utilisation"], empty["satisfaction"]) == (1, 1)
    plenty = efficiency_summary([10, 2], [[2, 2], [2, 2]], [[2, 2], [1, 1]])
    assert plenty["surplus_wh"].tolist() == [6, 0]
    assert plenty["wasted_wh"].tolist() == [0, 0]
