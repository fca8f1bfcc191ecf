"""Certified keys are what an independent solver finds, and the certificate can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from evenwatt.core.errors import ProblemError
from evenwatt.data.group import group
from evenwatt.sharing.keys import certified, shared

CLOSE = 1e-7  # relative, of everything compared with the peer


def random_group(seed: int):
    """Few intervals, so that kinks are sharp; zeros everywhere; links for every second."""
    rng = np.random.default_rng(seed)
    steps, producers, consumers = rng.integers(1, 12), rng.integers(1, 5), rng.integers(1, 6)
    supply = 10 * rng.integers(0, 20, (steps, producers)) * (rng.random((steps, producers)) < 0.7)
    demand = 10 * rng.integers(0, 10, (steps, consumers)) * (rng.random((steps, consumers)) < 0.8)
    links = rng.random((producers, consumers)) < (0.6 if seed % 2 else 1.1)
    return supply, demand, links


def peer(supply, demand, links) -> float:
    """The same as one linear programme: served energy below demand and below what is drawn."""
    steps, producers = supply.shape
    consumers = demand.shape[1]
    pairs, cells = producers * consumers, steps * consumers
    drawn = sparse.kron(sparse.csr_matrix(-supply.astype(float)), sparse.eye(consumers))
    sums = sparse.kron(sparse.eye(producers), np.ones((1, consumers)))
    rows = sparse.bmat([[drawn, sparse.eye(cells)], [sums, None]], format="csr")
    most = np.concatenate([np.zeros(cells), np.ones(producers)])
    bounds = np.c_[np.zeros(pairs + cells), np.concatenate([links.ravel().astype(float), demand.ravel()])]
    return -linprog(np.repeat([0.0, -1.0], [pairs, cells]), A_ub=rows, b_ub=most, bounds=bounds).fun


@given(seed=st.integers(0, 10**6))
def test_the_peers_optimum_lies_between_value_and_bound(seed):
    supply, demand, links = random_group(seed)
    found = certified(supply, demand, links=links, tolerance=1e-8)
    best = peer(supply, demand, links)
    assert found.value <= best + CLOSE * (1 + best)
    assert found.bound >= best - CLOSE * (1 + best)
    assert found.gap <= 1e-8


@given(seed=st.integers(0, 10**6))
def test_weights_are_keys_and_share_what_is_said(seed):
    supply, demand, links = random_group(seed)
    found = certified(supply, demand, links=links)
    assert (found.weights >= 0).all()
    assert (found.weights[~links] == 0).all()
    assert (found.weights.sum(axis=1) <= 1 + 1e-12).all()
    assert found.shared == np.minimum(demand, supply @ found.weights).sum()
    assert found.value == pytest.approx(found.shared, rel=1e-12)


@given(seed=st.integers(0, 10**6), tolerance=st.sampled_from([1e-1, 1e-3, 1e-6]))
def test_the_lines_are_above_every_consumer_at_any_keys(seed, tolerance):
    supply, demand, links = random_group(seed)
    found = certified(supply, demand, links=links, tolerance=tolerance)
    chance = np.random.default_rng(seed)
    for _ in range(20):
        weights = chance.dirichlet(np.full(demand.shape[1], 0.3), supply.shape[1]) * links
        got = np.minimum(demand, supply @ weights).sum(axis=0)
        line = found.intercept + (found.slope * weights).sum(axis=0)
        assert (got <= line + 1e-9 * (1 + demand.sum())).all()


@given(seed=st.integers(0, 10**6))
def test_the_lines_prove_the_bound(seed):
    """Anyone can add them up: intercepts, and each producer's largest slope."""
    supply, demand, links = random_group(seed)
    found = certified(supply, demand, links=links, tolerance=1e-6)
    proved = found.intercept.sum() + found.slope.max(axis=1).sum()
    meet = links & ((supply > 0).T.astype(int) @ (demand > 0).astype(int) > 0)
    linked = supply[:, meet.any(axis=1)], demand[:, meet.any(axis=0)]
    without_keys = np.minimum(*(part.sum(axis=1) for part in linked)).sum()
    each_alone = np.minimum(demand, supply @ meet).sum()
    assert min(proved, without_keys, each_alone) <= found.bound * (1 + 1e-9)


def test_two_consumers_at_different_times_get_six():
    """By hand: at halves both get 3 of 4, and each can gain at most 4 times what its key grows."""
    found = certified([[4], [4]], [[1, 3], [3, 1]], tolerance=1e-9)
    assert found.value == pytest.approx(6, rel=1e-9)
    assert found.bound == pytest.approx(6, rel=1e-9)


@pytest.mark.parametrize("mixed", [0, 4])
def test_a_month_is_certified_to_a_thousandth(mixed):
    month = group(10, 50, mixed=mixed)
    found = certified(month.supply, month.demand)
    assert 0 < found.gap <= 1e-3
    assert found.bound <= month.ideal
    assert found.shared == shared(month.supply.astype(float), month.demand.astype(float), found.weights)


def test_more_precision_only_tightens():
    month = group(4, 12, days=3)
    coarse, fine = (certified(month.supply, month.demand, tolerance=tolerance) for tolerance in (1e-2, 1e-5))
    assert fine.gap <= 1e-5 < coarse.gap
    assert coarse.value <= fine.value <= fine.bound <= coarse.bound


def test_history_only_improves():
    month = group(5, 20, days=7, mixed=2)
    steps = certified(month.supply, month.demand, tolerance=1e-5).steps
    assert len(steps) > 5
    assert (np.diff([step.shared for step in steps]) >= 0).all()
    assert (np.diff([step.bound for step in steps]) <= 0).all()
    assert all(step.shared <= step.bound for step in steps)


def test_interrupted_at_once_it_is_still_a_certificate():
    month = group(4, 12, days=3)
    seconds = iter(range(1000))
    cut = certified(month.supply, month.demand, tolerance=1e-9, time_limit=0.5, clock=lambda: next(seconds))
    whole = certified(month.supply, month.demand, tolerance=1e-6)
    assert cut.gap > 1e-3
    assert 0 < cut.value <= whole.bound
    assert cut.bound >= whole.value


def test_results_are_no_worse_than_the_start():
    month = group(4, 12, days=3)
    best = certified(month.supply, month.demand, tolerance=1e-6)
    again = certified(month.supply, month.demand, tolerance=0.5, start=best.weights)
    assert again.value >= best.value * (1 - 1e-12)


def test_the_same_question_gets_the_same_bytes():
    month = group(6, 40, days=4, mixed=2)
    one, two = (certified(month.supply, month.demand) for _ in range(2))
    assert one.weights.tobytes() == two.weights.tobytes()
    assert (one.value, one.bound) == (two.value, two.bound)


def test_progress_is_told():
    told = []
    certified(
        [[4], [4]], [[1, 3], [3, 1]], progress=lambda done, total, what: told.append((done, total, what))
    )
    assert told
    assert all(done <= total for done, total, _ in told)


@pytest.mark.parametrize(
    ("supply", "demand", "links", "best"),
    [
        (np.zeros((3, 2)), np.ones((3, 2)), None, 0),  # no supply
        (np.ones((3, 2)), np.zeros((3, 2)), None, 0),  # no demand
        (np.zeros((0, 2)), np.zeros((0, 3)), None, 0),  # no interval
        (np.zeros((4, 0)), np.ones((4, 3)), None, 0),  # no producer
        (np.ones((4, 2)), np.zeros((4, 0)), None, 0),  # no consumer
        ([[5, 7]], [[3, 4]], None, 7),  # one interval, all saturated
        ([[5, 7]], [[30, 40]], None, 12),  # one interval, none saturated
        ([[5], [2]], [[3], [4]], None, 5),  # one of each
        ([[1, 0], [0, 1]], [[0, 1], [1, 0]], [[True, False], [False, True]], 0),  # links that never meet
        ([[4, 4]], [[9, 9]], [[True, False], [False, False]], 4),  # a producer and a consumer without links
        ([[4, 4]], [[9, 9]], [[False, False], [False, False]], 0),  # nobody
        (np.full((2, 1), 10**9), np.full((2, 2), 10**9), None, 2 * 10**9),  # large
        ([[1e-3]], [[1e-3, 1e-3]], None, 1e-3),  # small
    ],
)
def test_degenerate_groups(supply, demand, links, best):
    found = certified(supply, demand, links=links, tolerance=1e-6)
    assert found.value == pytest.approx(best, rel=2e-6)
    assert found.bound == pytest.approx(best, rel=2e-6)


def test_all_faults_of_the_energies_are_named():
    with pytest.raises(ProblemError, match=r"(?s)supply \[0, 1\]: -1.*demand \[1, 0\]: nan"):
        certified([[1, -1], [2, 3]], [[1.0], [float("nan")]])
    with pytest.raises(ProblemError, match="2 intervals of supply and 1 of demand"):
        certified([[1], [1]], [[1]])
    with pytest.raises(ProblemError, match=r"links: shape \(2, 1\)"):
        certified([[1]], [[1]], links=[[True], [True]])
    with pytest.raises(ProblemError, match=r"producer 0: weights sum to 1\.5"):
        certified([[1]], [[1, 1]], start=[[1.0, 0.5]])
