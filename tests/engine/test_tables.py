"""Tables keep their margins to the unit, however large."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.core import exact
from evenwatt.core.errors import ProblemError
from evenwatt.engine.tables import proportional


def margins(seed, sellers, buyers, most=400):
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(0, most, sellers), rng.integers(0, most, buyers)
    total = min(rows.sum(), columns.sum())
    return (
        exact.vector(rows * total / max(1, rows.sum()), total),
        exact.vector(columns * total / max(1, columns.sum()), total),
    )


@given(seed=st.integers(0, 10**6), sellers=st.integers(1, 9), buyers=st.integers(1, 12))
def test_it_is_the_table_of_the_reference(seed, sellers, buyers):
    rows, columns = margins(seed, sellers, buyers)
    if rows.sum():
        expected = exact.matrix(np.outer(rows, columns) / rows.sum(), rows, columns)
        assert (proportional(rows, columns) == expected).all()


@pytest.mark.parametrize(("sellers", "buyers"), [(9, 1000), (150, 400)])
def test_large_tables_keep_both_margins(sellers, buyers):
    rows, columns = margins(3, sellers, buyers)
    table = proportional(rows, columns)
    assert (table.sum(axis=1) == rows).all()
    assert (table.sum(axis=0) == columns).all()
    assert (np.abs(table - np.outer(rows, columns) / rows.sum()) < 1).all()


def test_nothing_to_move_is_a_table_of_zeros():
    assert not proportional([0, 0], [0, 0, 0]).any()


def test_totals_that_differ_are_named():
    with pytest.raises(ProblemError, match="rows sum to 3, columns to 4"):
        proportional([1, 2], [4])
