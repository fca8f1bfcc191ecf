"""Where work runs does not show; what rounding takes it gives back."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evenwatt.core.chance import sequence
from evenwatt.core.errors import InputError, ProblemError
from evenwatt.engine.carry import carried
from evenwatt.engine.executor import Processes, Serial, executor


def test_any_number_of_workers_gives_the_same_results():
    # Work with chance of its own: the stream belongs to the item, not to the worker.
    children = sequence(3, "chunks").spawn(7)
    here = [rng.random() for rng in Serial().map(np.random.default_rng, children)]
    for workers in (1, 2):
        with executor(workers) as crew:
            assert [rng.random() for rng in crew.map(np.random.default_rng, children)] == here
            assert crew.submit(np.random.default_rng, children[3]).result().random() == here[3]


def test_failures_come_back_whoever_works():
    for crew in (Serial(), Processes(1)):
        with crew, pytest.raises(ValueError, match="math domain error"):
            list(crew.map(math.sqrt, [-1.0]))
        assert isinstance(Serial().submit(math.sqrt, -1.0).exception(), ValueError)


def test_no_workers_is_a_mistake():
    with pytest.raises(InputError, match="workers: 0"):
        executor(0)


@pytest.mark.parametrize("members", [2, 3, 40, 118])
def test_a_month_of_rounding_keeps_rows_exact_and_members_within_one_unit(members):
    rng = np.random.default_rng(members)
    claims = rng.integers(0, 200, (2880, members))
    endowment = (rng.random(2880) * claims.sum(axis=1)).astype(np.int64)
    parts = claims * (endowment / np.maximum(claims.sum(axis=1), 1))[:, None]
    whole, owed = carried(parts, endowment, np.zeros(members))
    assert (whole.sum(axis=1) == endowment).all()
    assert (whole <= claims).all()
    assert (np.abs(whole - parts) < 1).all()
    # Nobody is favoured 2,880 times: at no time is anyone a whole unit off its float sum.
    assert np.abs(np.cumsum(parts - whole, axis=0)).max() < 1
    assert owed == pytest.approx((parts - whole).sum(axis=0), abs=1e-6)


def test_days_in_a_row_equal_one_long_day():
    rng = np.random.default_rng(0)
    parts = rng.dirichlet(np.ones(5), 200) * 7
    totals = np.full(200, 7)
    together, end = carried(parts, totals, np.zeros(5))
    first, owed = carried(parts[:96], totals[:96], np.zeros(5))
    second, final = carried(parts[96:], totals[96:], owed)
    assert (np.concatenate([first, second]) == together).all()
    assert final == pytest.approx(end, abs=1e-12)


def test_parts_that_miss_their_total_are_named():
    with pytest.raises(ProblemError, match="interval 1"):
        carried(np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([2, 3]), np.zeros(2))
