"""A kept linear programme finds what an independent solver finds, however it came to be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog, milp

from evenwatt.core.errors import ProblemError, SolverError
from evenwatt.engine.lp import Kept


def random_problem(seed: int):
    """A bounded, feasible programme of a few rows and columns."""
    rng = np.random.default_rng(seed)
    m, k = rng.integers(1, 8, 2)
    matrix = rng.integers(-3, 4, (m, k)) * (rng.random((m, k)) < 0.7)
    cost, inside = rng.normal(size=k), rng.uniform(-1, 1, k)
    return matrix.astype(float), matrix @ inside - rng.random(m), cost, -np.ones(k), np.ones(k)


def peer(matrix, least, cost, lower, upper):
    return linprog(cost, A_ub=-matrix, b_ub=-least, bounds=np.c_[lower, upper], method="highs")


def triple(matrix):
    starts = np.concatenate([[0], np.cumsum((matrix != 0).sum(axis=1))])
    return starts, np.nonzero(matrix)[1], matrix[matrix != 0]


@given(seed=st.integers(0, 10**6), sparse=st.booleans())
def test_optimum_is_the_peers(seed, sparse):
    matrix, least, cost, lower, upper = random_problem(seed)
    model = Kept(cost, lower, upper)
    model.add_rows(triple(matrix) if sparse else matrix, least, np.full(len(least), np.inf))
    found = model.solve()
    assert found.objective == pytest.approx(peer(matrix, least, cost, lower, upper).fun, abs=1e-8)
    assert (matrix @ found.x >= least - 1e-8).all()


@given(seed=st.integers(0, 10**6))
def test_duals_price_the_bounds(seed):
    """Strong duality: the objective is what the duals say the acting bounds are worth."""
    matrix, least, cost, lower, upper = random_problem(seed)
    model = Kept(cost, lower, upper)
    model.add_rows(matrix, least, np.full(len(least), np.inf))
    found = model.solve()
    assert (found.duals >= -1e-9).all()
    assert found.reduced_costs == pytest.approx(cost - found.duals @ matrix, abs=1e-8)
    priced = found.duals @ least + np.where(found.reduced_costs > 0, lower, upper) @ found.reduced_costs
    assert priced == pytest.approx(found.objective, abs=1e-7)


def test_dual_is_the_change_of_the_objective_with_the_bound():
    model = Kept([1.0, 3.0], [0.0, 0.0], [2.0, 9.0])
    model.add_rows([[1.0, 1.0], [0.0, 1.0]], [4.0, -np.inf], [np.inf, 8.0])
    before = model.solve()
    model.set_rows([0], [4.5], [np.inf])
    assert before.duals.tolist() == [3.0, 0.0]
    assert model.solve().objective - before.objective == pytest.approx(0.5 * 3.0)


def test_dual_of_an_upper_bound_is_not_positive():
    model = Kept([-2.0], [0.0], [9.0])
    model.add_rows([[1.0]], [-np.inf], [4.0])
    assert model.solve().duals.tolist() == [-2.0]


@given(seed=st.integers(0, 10**6))
def test_a_programme_built_in_steps_is_the_one_built_at_once(seed):
    """Rows, columns, bounds and costs changed between solves, then compared with the final programme."""
    matrix, least, cost, lower, upper = random_problem(seed)
    rng, (m, k) = np.random.default_rng(seed + 1), matrix.shape
    model = Kept(cost[:1] + 1, lower[:1] - 1, upper[:1] + 1)
    spare = model.add_rows(np.ones((2, 1)), [-9.0, -9.0], [9.0, 9.0])
    half = m // 2
    model.add_rows(matrix[:half, :1], np.full(half, -99.0), np.full(half, np.inf))
    model.solve()
    model.delete_rows(spare)
    model.add_columns(cost[1:], lower[1:], upper[1:], triple(matrix[:half, 1:]))
    model.solve()
    model.add_rows(matrix[half:], least[half:], np.full(m - half, np.inf))
    model.set_rows(rng.permutation(half), np.full(half, -50.0), np.full(half, np.inf))
    model.set_rows(np.arange(half), least[:half], np.full(half, np.inf))
    model.set_columns([0], lower[:1], upper[:1])
    model.set_cost([0], cost[:1])
    assert (model.rows, model.columns) == (m, k)
    assert model.solve().objective == pytest.approx(peer(matrix, least, cost, lower, upper).fun, abs=1e-8)


def test_integer_columns_are_whole():
    cost, matrix = np.array([-5.0, -4.0, -3.0]), np.array([[2.0, 3.0, 1.0], [4.0, 1.0, 2.0], [3.0, 4.0, 2.0]])
    most = np.array([5.0, 11.0, 8.0])
    model = Kept(cost, np.zeros(3), np.full(3, 3.0), integer=[True, True, False])
    model.add_rows(matrix, np.full(3, -np.inf), most)
    found = model.solve()
    expected = milp(
        cost,
        constraints=(matrix, -np.inf, most),
        bounds=(np.zeros(3), np.full(3, 3.0)),
        integrality=[1, 1, 0],
    )
    assert found.objective == pytest.approx(expected.fun)
    assert found.x[:2] == pytest.approx(np.round(found.x[:2]), abs=1e-9)
    assert np.isnan(found.duals).all()


def test_a_wide_programme_is_solved():
    """100,000 columns, one row: everything is bought from the cheapest."""
    rng = np.random.default_rng(1)
    cost = rng.random(100_000) + 0.5
    model = Kept(cost, np.zeros(100_000), np.ones(100_000))
    model.add_rows(np.ones((1, 100_000)), [1000.0], [np.inf])
    assert model.solve().objective == pytest.approx(np.sort(cost)[:1000].sum())


def test_infeasible_is_said():
    model = Kept([1.0], [0.0], [1.0])
    model.add_rows([[1.0]], [2.0], [np.inf])
    with pytest.raises(SolverError, match="infeasible"):
        model.solve()
    model.set_rows([0], [0.5], [np.inf])
    assert model.solve().objective == pytest.approx(0.5)


def test_unbounded_is_said():
    model = Kept([-1.0, 0.0], [0.0, 0.0], [np.inf, np.inf])
    model.add_rows([[1.0, -1.0]], [-np.inf], [1.0])
    with pytest.raises(SolverError, match=r"1 rows and 2 columns: unbounded"):
        model.solve()


def test_another_model_with_threads_does_not_disturb():
    from highspy import Highs

    other = Highs()
    other.setOptionValue("output_flag", False)
    other.setOptionValue("threads", 2)
    other.addVar(0.0, 1.0)
    other.run()
    assert Kept([1.0], [2.0], [3.0]).solve().objective == 2.0


def test_no_rows_and_no_columns_to_change_is_no_fault():
    model = Kept([1.0], [2.0], [3.0])
    assert model.add_rows(np.zeros((0, 1)), [], []).size == 0
    model.set_rows([], [], [])
    model.delete_rows([])
    assert model.solve().x.tolist() == [2.0]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda m: m.add_rows([[1.0]], [0.0], [1.0]), r"shape \(1, 1\), expected \(m, 2\)"),
        (lambda m: m.add_rows([[1.0, np.nan]], [0.0], [1.0]), r"\[0, 1\]: nan is not finite"),
        (lambda m: m.add_rows([[1.0, 1.0]], [2.0], [1.0]), "0: from 2.0 to 1.0"),
        (lambda m: m.add_rows([[1.0, 1.0]], [np.nan], [1.0]), "0: from nan to 1.0"),
        (lambda m: m.add_rows([[1.0, 1.0]], [0.0, 0.0], [1.0]), r"shapes \(2,\) and \(1,\)"),
        (lambda m: m.add_rows(([0, 1], [2], [1.0]), [0.0], [1.0]), "indices from 2 to 2; expected 0 to 1"),
        (
            lambda m: m.add_rows(([0, 2], [0], [1.0]), [0.0], [1.0]),
            "1 indices and 1 values; indptr ends at 2",
        ),
        (lambda m: m.set_rows([0], [0.0], [1.0]), "different numbers from 0 to -1"),
        (lambda m: m.set_columns([2], [0.0], [1.0]), "different numbers from 0 to 1"),
        (lambda m: m.set_cost([0, 0], [1.0, 1.0]), "different numbers"),
        (lambda m: m.set_cost([0.5], [1.0]), "expected a row of whole numbers"),
        (lambda m: m.set_cost([0], [np.inf]), "inf is not finite"),
        (lambda m: m.add_columns([1.0], [0.0], [1.0], [[1.0]]), "matrix of 1 rows; there are 0"),
        (lambda m: Kept([1.0], [0.0], [1.0], tolerance=1e-12), "expected from 1e-10 to 0.01"),
        (lambda m: Kept([1.0], [0.0], [1.0], integer=[1]), r"expected \(1,\) booleans"),
    ],
)
def test_bad_input_is_named(act, message):
    with pytest.raises(ProblemError, match=message):
        act(Kept([1.0, 1.0], [0.0, 0.0], [1.0, 1.0]))
