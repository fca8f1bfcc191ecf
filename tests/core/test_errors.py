"""Faults are gathered, then raised once."""

from __future__ import annotations

import pytest

from evenwatt.core.errors import CaseError, DataError, InputError, gather


def test_all_faults_of_one_input_come_together():
    with (
        pytest.raises(CaseError, match=r"case\.toml: 2 faults\n  a\n  b"),
        gather("case.toml", CaseError) as faults,
    ):
        faults += ["a", "b"]


def test_one_fault_is_one_line():
    with pytest.raises(DataError, match=r"^m\.csv: row 3: nothing there$"), gather("m.csv") as faults:
        faults.append("row 3: nothing there")


def test_no_fault_raises_nothing():
    with gather("m.csv") as faults:
        assert faults == []


def test_a_long_list_is_cut_and_the_cut_is_counted():
    with pytest.raises(DataError, match=r"and 80 more$"), gather("m.csv") as faults:
        faults += [str(k) for k in range(100)]


def test_an_error_raised_inside_is_not_hidden_by_faults():
    with pytest.raises(ZeroDivisionError), gather("m.csv") as faults:  # noqa: PT012
        faults.append("a fault")
        _ = 1 / 0


def test_input_errors_are_value_errors():
    assert issubclass(InputError, ValueError)
