"""Water-filling meets the endowment and the level, whatever the bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.engine.water import fill


def holds(endowment, anchor, weights, lower, upper):
    """Awards sum to the endowment and lie on one level, to rounding."""
    awards, level = fill(endowment, anchor, weights, lower, upper)
    size = 1 + np.abs(awards).sum(axis=1) + np.abs(anchor).max(axis=1)
    assert (np.abs(awards.sum(axis=1) - endowment) <= 1e-12 * size).all()
    on_level = np.clip(anchor + weights * level[:, None], lower, upper)
    assert (np.abs(on_level - awards) <= 1e-11 * size[:, None]).all()
    assert (awards >= lower).all()
    assert (awards <= upper).all()


def test_the_bargain_of_the_note():
    awards, level = fill([12.0], [[1.0, 0, 2]], [[1.0, 2, 1]], [[0.0, 0, 4]], [[3.0, 10, 8]])
    np.testing.assert_allclose(awards, [[3, 14 / 3, 13 / 3]], rtol=1e-14)
    np.testing.assert_allclose(level, [7 / 3], rtol=1e-14)


def test_without_an_upper_bound_the_surplus_goes_by_weight():
    awards, level = fill([12.0], [[1.0, 0, 2]], [[1.0, 2, 1]], [[1.0, 0, 2]], np.inf)
    np.testing.assert_allclose(awards, [[3.25, 4.5, 4.25]], rtol=1e-14)
    assert level[0] == pytest.approx(2.25)


@pytest.mark.parametrize("decades", [0, 4, 12])
@pytest.mark.parametrize("members", [1, 2, 7, 300])
def test_random_problems_with_every_bound_at_work(decades, members):
    rng = np.random.default_rng(decades + members)
    shape = (200, members)
    size = 10 ** rng.uniform(-decades / 2, decades / 2, shape)
    anchor = rng.normal(size=shape) * size
    weights = 10 ** rng.uniform(-decades / 4, decades / 4, shape)
    lower = anchor + rng.normal(size=shape)
    upper = lower + rng.gamma(1.0, size=shape) * size * (rng.random(shape) < 0.8)
    share = rng.choice([0.0, 0.5, 1.0, rng.random()], 200)
    endowment = lower.sum(axis=1) + share * (upper - lower).sum(axis=1)
    awards, _ = fill(endowment, anchor, weights, lower, upper)
    scale = np.abs(lower).sum(axis=1) + np.abs(upper).sum(axis=1)
    assert (np.abs(awards.sum(axis=1) - endowment) <= 1e-12 * scale).all()
    assert (awards >= lower).all()
    assert (awards <= upper).all()


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(st.integers(-5, 5), st.integers(1, 4), st.integers(-5, 5), st.integers(0, 4)),
        min_size=1,
        max_size=8,
    ),
    st.floats(0, 1),
)
def test_ties_and_flats_do_not_make_it_cycle(members, share):
    anchor, weights, lower, width = (np.array([column], dtype=float) for column in zip(*members, strict=True))
    upper = lower + width
    holds(lower.sum(axis=1) + share * width.sum(axis=1), anchor, weights, lower, upper)


def test_one_row_of_bounds_serves_every_problem():
    endowment = np.linspace(0, 10, 50)
    caps = np.array([1.0, 2.0, 7.0])
    together, _ = fill(endowment, 0.0, 1.0, 0.0, caps[None])
    for e, row in zip(endowment, together, strict=True):
        np.testing.assert_allclose(row, fill([e], 0.0, 1.0, 0.0, caps[None])[0][0], atol=1e-14)


def test_sums_outside_the_bounds_give_the_nearer_bound():
    awards, _ = fill([-1.0, 99.0], 0.0, 1.0, [[1.0, 2.0]], [[3.0, 4.0]])
    assert awards.tolist() == [[1.0, 2.0], [3.0, 4.0]]
