"""Bootstrap intervals hold the truth as often as they say, also where intervals remember one another."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.learning.bootstrap import (
    Interval,
    across,
    block_length,
    block_starts,
    mean_interval,
    resampled_sums,
)


def remembering(rng: np.random.Generator, length: int, memory: float) -> np.ndarray:
    """An AR(1) series whose mean is 0."""
    shocks = rng.standard_normal(length + 200)
    series = np.zeros(length + 200)
    for step in range(1, length + 200):
        series[step] = memory * series[step - 1] + shocks[step]
    return series[200:]


def coverage(length: int, memory: float, *, block: int | None = None, trials: int = 150) -> float:
    """Share of series whose interval holds the true mean."""
    rng = np.random.default_rng(17)
    held = 0
    for trial in range(trials):
        series = remembering(rng, length, memory)
        found = mean_interval(series, block=block or block_length(series, 3600), resamples=500, rng=trial)
        held += found.low <= 0 <= found.high
    return held / trials


@pytest.mark.parametrize(("length", "memory"), [(700, 0.5), (2000, 0.8)])
def test_intervals_hold_the_mean_of_a_series_with_memory(length: int, memory: float) -> None:
    assert 0.89 <= coverage(length, memory) <= 0.99


def test_blocks_of_one_would_claim_too_much() -> None:
    assert coverage(2000, 0.8, block=1) < 0.75


def test_blocks_are_as_long_as_memory() -> None:
    rng = np.random.default_rng(3)
    assert block_length(rng.standard_normal(20_000), 3600) == 168
    assert block_length(np.sin(np.arange(20_000) / 700), 3600) > 168


def test_a_short_series_is_cut_into_at_least_three_blocks() -> None:
    assert block_length(np.random.default_rng(1).standard_normal(300), 3600) == 100
    assert block_length([1.0], 3600) == 1


def test_differences_are_paired() -> None:
    """Rows are resampled alike: the difference of two rows that run in parallel is sure."""
    series = remembering(np.random.default_rng(5), 400, 0.9)
    starts = block_starts(400, 24, 50, 0)
    one, other = resampled_sums(np.stack([series, series + 2]), starts, 24)
    assert one.std() > 1
    assert np.allclose(other - one, 800)


def test_the_same_seed_gives_the_same_interval() -> None:
    series = remembering(np.random.default_rng(6), 400, 0.5)
    assert mean_interval(series, block=24, rng=4) == mean_interval(series, block=24, rng=4)
    assert mean_interval(series, block=24, rng=4) != mean_interval(series, block=24, rng=5)


def test_a_series_that_never_changes_is_sure() -> None:
    assert mean_interval([2.0] * 9, block=3) == Interval(2.0, 2.0, 2.0)


def test_a_single_block_has_no_interval() -> None:
    alone = mean_interval([2.0], block=1)
    assert (alone.value, alone.bounds, alone.verdict) == (2.0, (None, None), "undecided")


def test_a_verdict_needs_an_interval_without_zero() -> None:
    assert Interval(1, 0.5, 2).verdict == "better"
    assert Interval(-1, -2, -0.5).verdict == "worse"
    assert Interval(1, -0.1, 2).verdict == "undecided"


def test_one_world_proves_nothing() -> None:
    assert across([0.3]).verdict == "undecided"
    assert across([0.3, -0.1]).verdict == "undecided"


def test_nothing_has_no_mean() -> None:
    with pytest.raises(ProblemError, match="no values"):
        mean_interval([], block=1)
