"""Members who pool what a linear programme needs, and the prices that keep them together."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.optimize import linprog

from evenwatt.coalitions import masks
from evenwatt.coalitions.production import OptimumGame, production_game
from evenwatt.core.errors import ProblemError, SolverError


def works(seed: int, n: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw profits, a technology of 4 resources and 6 products, and holdings, some of them nothing."""
    rng = np.random.default_rng(seed)
    holdings = rng.uniform(0, 10, (4, n)) * (rng.random((4, n)) < 0.7)
    return rng.uniform(1, 5, 6), rng.uniform(0.1, 3, (4, 6)), holdings


@pytest.mark.parametrize("seed", range(5))
def test_worths_are_those_of_another_solver(seed: int) -> None:
    profit, matrix, holdings = works(seed)
    table = production_game(profit, matrix, holdings).table()
    for mask, row in enumerate(masks.rows(np.arange(32), 5)):
        found = linprog(-profit, A_ub=matrix, b_ub=holdings @ row, method="highs-ipm")
        assert table[mask] == pytest.approx(-found.fun, abs=1e-7)


@pytest.mark.parametrize("seed", range(20))
def test_shadow_prices_pay_out_a_point_of_the_core(seed: int) -> None:
    game = production_game(*works(seed))
    paid = game.core_point()
    assert paid.sum() == pytest.approx(game.total, abs=1e-8)
    assert (masks.sums(paid) >= game.table() - 1e-8).all()
    assert (paid >= -1e-9).all()


@pytest.mark.parametrize("seed", range(10))
def test_bounds_on_both_sides_and_on_columns_have_a_core_point_too(seed: int) -> None:
    """A transport of what each member has to what each needs: equations, lower bounds, bounded lines."""
    rng = np.random.default_rng(seed)
    n = 4
    supply, need = rng.uniform(1, 3, n), rng.uniform(0, 3, n)
    # Columns: bought, sold, burnt; rows: balance, a contract for at least some sales.
    profit, matrix = np.array([-3.0, 1.0, -0.5]), np.array([[1.0, -1.0, -1.0], [0.0, 1.0, 0.0]])
    rows = np.stack([need - supply, np.minimum(0.1, supply)]), np.stack([need - supply, np.full(n, np.inf)])
    columns = np.zeros((3, n)), np.stack([np.full(n, np.inf), rng.uniform(0.2, 1, n), np.full(n, np.inf)])
    game = OptimumGame(profit, matrix, rows, columns)
    paid = game.core_point()
    assert paid.sum() == pytest.approx(game.total, abs=1e-8)
    assert (masks.sums(paid) >= game.table() - 1e-8).all()
    for mask, row in enumerate(masks.rows(np.arange(1, 16), n), start=1):
        caps = np.where(np.isfinite(columns[1]), columns[1], 0) @ row
        found = linprog(
            -profit,
            A_ub=-matrix[1:],
            b_ub=-(rows[0] @ row)[1:],
            A_eq=matrix[:1],
            b_eq=(rows[0] @ row)[:1],
            bounds=[(0, None), (0, caps[1]), (0, None)],
            method="highs-ipm",
        )
        assert game.table()[mask] == pytest.approx(-found.fun, abs=1e-7)


def test_the_glove_market_pays_the_scarce_side() -> None:
    """One left glove, two right ones: the only point of the core gives all to the left."""
    game = production_game([1.0], [[1.0], [1.0]], [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    assert game.core_point() == pytest.approx([1.0, 0.0, 0.0], abs=1e-9)


def test_an_optimum_is_within_its_bounds_and_earns_the_worth() -> None:
    profit, matrix, holdings = works(3)
    game = production_game(profit, matrix, holdings)
    made = game.optimum([True, False, True, True, False])
    assert (matrix @ made <= holdings[:, [0, 2, 3]].sum(axis=1) + 1e-8).all()
    assert profit @ made == pytest.approx(game.value([0, 2, 3]), abs=1e-8)


def test_units_do_not_matter() -> None:
    profit, matrix, holdings = works(4)
    scaled = production_game(profit / 1e6, matrix, holdings * 1e6).table()
    assert scaled == pytest.approx(production_game(profit, matrix, holdings).table(), abs=1e-8)


def test_it_travels_to_other_processes() -> None:
    game = production_game(*works(5))
    expected = game.total
    assert pickle.loads(pickle.dumps(game)).worth([True] * 5)[0] == pytest.approx(expected, abs=1e-9)


def test_a_coalition_without_an_optimum_is_named() -> None:
    game = OptimumGame(
        [1.0], [[1.0]], (np.array([[2.0, 0.0]]), np.full((1, 2), np.inf)), ([[0, 0]], [[0, 5]])
    )
    assert game.total == pytest.approx(5.0)
    with pytest.raises(SolverError, match=r"coalition \{0\}: .*infeasible"):
        game.value([0])


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ProblemError) as caught:
        OptimumGame([1.0, np.nan], [[1.0], [2.0]], (np.ones((2, 3)), np.zeros((2, 3))), ([[0]], [[1]]))
    for part in (
        "profit: shape (2,)",
        "profit: holds",
        "rows: [0, member 0] from 1.0 to 0.0",
        "columns: bounds",
    ):
        assert part in str(caught.value)


def test_a_holding_below_nothing_is_named() -> None:
    with pytest.raises(ProblemError, match=r"\[0, 1\]: -1"):
        production_game([1.0], [[1.0]], [[1.0, -1.0]])
