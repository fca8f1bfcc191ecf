"""Rounding keeps the whole: the parts sum to it, and nobody moves by a unit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.core import exact
from evenwatt.core.errors import ProblemError


@st.composite
def divided_wholes(draw):
    """A whole total and non-negative parts that sum to it."""
    total = draw(st.integers(0, 10**9))
    share = np.array(draw(st.lists(st.floats(0, 1), min_size=1, max_size=12)))
    if share.sum() == 0:
        share = np.ones_like(share)
    return total, total * (share / share.sum())


@given(divided_wholes())
def test_parts_sum_to_the_whole_and_no_part_moves_by_a_unit(problem):
    total, parts = problem
    whole = exact.vector(parts, total)
    assert whole.sum() == total
    assert (np.abs(whole - parts) < 1 + 1e-6 * (1 + total)).all()
    assert (whole >= 0).all()


@given(divided_wholes(), st.randoms(use_true_random=False))
def test_order_does_not_matter_except_for_equals(problem, random):
    total, parts = problem
    order = list(range(len(parts)))
    random.shuffle(order)
    straight, shuffled = exact.vector(parts, total), exact.vector(parts[order], total)
    for value in set(parts.tolist()):
        assert sorted(straight[parts == value]) == sorted(shuffled[parts[order] == value])


def test_a_tie_goes_to_the_larger_part_then_to_the_earlier_member():
    assert exact.vector([0.5, 2.5, 2.5, 0.5], 6).tolist() == [0, 3, 3, 0]
    assert exact.vector([0.5, 2.5, 2.5, 0.5], np.array(6)).sum() == 6
    assert exact.vector([1.5, 1.5], 3).tolist() == [2, 1]


def test_many_rows_at_once_equal_row_by_row():
    rng = np.random.default_rng(1)
    totals = rng.integers(0, 1000, 50)
    parts = rng.dirichlet(np.ones(7), 50) * totals[:, None]
    together = exact.vector(parts, totals)
    assert (together == [exact.vector(p, t) for p, t in zip(parts, totals, strict=True)]).all()


def test_whole_parts_stay_as_they_are():
    assert exact.vector([3.0, 4.0], 7).tolist() == [3, 4]
    assert exact.vector([3.0000000001, 3.9999999999], 7).tolist() == [3, 4]


@pytest.mark.parametrize(
    ("parts", "total", "complaint"),
    [
        ([1.0, np.nan], 1, "finite"),
        ([1.0, 1.0], 3, r"parts sum to .*2\.0.*, the total is 3"),
        ([1.5, 1.5], 3.5, "whole units"),
        (1.0, 1, "array"),
    ],
)
def test_contradictions_are_named(parts, total, complaint):
    with pytest.raises(ProblemError, match=complaint):
        exact.vector(parts, total)


@st.composite
def tables(draw):
    """A table with whole margins: a mixture of the proportional table and a whole one."""
    rows = np.array(draw(st.lists(st.integers(0, 40), min_size=1, max_size=6)))
    width = draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    columns = rng.multinomial(rows.sum(), np.ones(width) / width)
    if rows.sum() == 0:
        return np.zeros((len(rows), width)), rows, columns
    smooth = np.outer(rows, columns) / rows.sum()
    mix = draw(st.floats(0, 1))
    return mix * smooth + (1 - mix) * exact.matrix(smooth, rows, columns), rows, columns


@given(tables())
def test_rows_and_columns_both_keep_their_sums(problem):
    cells, rows, columns = problem
    whole = exact.matrix(cells, rows, columns)
    assert whole.sum(axis=1).tolist() == rows.tolist()
    assert whole.sum(axis=0).tolist() == columns.tolist()
    assert (np.abs(whole - cells) < 1).all()


def test_a_greedy_start_that_blocks_itself_is_rerouted():
    # By remainder row 0 takes column 0; only rerouting it lets row 1, which has no other door, be served.
    cells = np.array([[0.6, 0.4, 0.0], [0.4, 0.0, 0.6], [0.0, 0.6, 0.4]])
    whole = exact.matrix(cells, [1, 1, 1], [1, 1, 1])
    assert whole.sum(axis=0).tolist() == whole.sum(axis=1).tolist() == [1, 1, 1]


def test_margins_that_contradict_are_refused():
    with pytest.raises(ProblemError, match=r"parts sum to .*1\.5.*, the total is 1"):
        exact.matrix([[1.0, 1.0], [0.5, 0.5]], [2, 1], [1, 1])
