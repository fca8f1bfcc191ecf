"""The core, its corners and centre, the least core and its evenest point, against brute force."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog, nnls

from evenwatt import claims
from evenwatt.coalitions import masks
from evenwatt.coalitions.classic import pessimistic_claims_game
from evenwatt.coalitions.core_set import core_centre, core_excess, core_vertices, is_in_core
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.least_core import balanced, least_core, variance_core, variance_least_core
from evenwatt.coalitions.microgrid import surplus_deficit_game
from evenwatt.coalitions.sum_game import SumGame
from evenwatt.core.errors import ProblemError, SolverError
from evenwatt.core.rule import find

PRINTED = {
    "a": Game.from_table(3, [0, 0, 0, 6, 8, 4, 15]),
    "b": Game.from_table(3, [1, 0, 0, 8, 5, 2, 10]),
    "empty": Game.from_table(3, [0, 0, 0, 8, 8, 8, 9]),
    "lopsided": Game.from_table(3, [0, 0, 0, 9, 1, 1, 6]),
}


def random_game(seed: int, most: int = 6) -> Game:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, most + 1))
    values = rng.integers(-3, 12, 2**n - 1).astype(float) if seed % 2 else rng.normal(size=2**n - 1) * 5
    if seed % 3:
        values[-1] += n * rng.integers(0, 12)
    return Game.from_table(n, values)


def coalition_rows(game: Game):
    """Every coalition but nobody and everyone, with its worth."""
    proper = masks.rows(np.arange(1, 2**game.n - 1), game.n).astype(float)
    return proper, game.worth(proper.astype(bool))


def all_rows_least_core(game: Game) -> float:
    proper, worths = coalition_rows(game)
    found = linprog(
        np.append(np.zeros(game.n), 1.0),
        A_ub=-np.column_stack([proper, np.ones(len(proper))]),
        b_ub=-worths,
        A_eq=[[*np.ones(game.n), 0.0]],
        b_eq=[game.total],
        bounds=[(None, None)] * (game.n + 1),
    )
    return found.fun


def brute_corners(game: Game) -> np.ndarray:
    """Every n - 1 coalitions that, tight together, leave one division: kept if no other coalition objects."""
    proper, worths = coalition_rows(game)
    found: list[np.ndarray] = []
    for some in combinations(range(len(proper)), game.n - 1):
        matrix = np.vstack([np.ones(game.n), proper[list(some)]])
        if abs(np.linalg.det(matrix)) < 0.5:  # of zeros and ones: a whole number
            continue
        x = np.linalg.solve(matrix, np.append(game.total, worths[list(some)]))
        if (proper @ x >= worths - 1e-9).all() and not any(np.abs(x - y).max() < 1e-7 for y in found):
            found.append(x)
    return np.array(sorted(found, key=lambda x: np.round(x, 7).tolist())).reshape(-1, game.n)


def is_evenest(game: Game, x: np.ndarray, epsilon: float) -> bool:
    """Optimality: the way from even shares to x is a sum of tight coalitions, and of everyone by any sign."""
    proper, worths = coalition_rows(game)
    slack = proper @ x - worths + epsilon
    scale = 1 + np.abs(worths).max()
    pushes = np.vstack([proper[slack <= 1e-8 * scale], np.ones(game.n), -np.ones(game.n)])
    away = x - game.total / game.n
    return slack.min() >= -1e-8 * scale and nnls(pushes.T, away)[1] <= 1e-7 * scale


@given(seed=st.integers(0, 10**6))
def test_excess_is_the_largest(seed):
    game = random_game(seed)
    x = np.random.default_rng(seed + 1).normal(size=game.n) * 5
    proper, worths = coalition_rows(game)
    found = core_excess(game, x)
    assert found.excess == pytest.approx((worths - proper @ x).max(), abs=1e-9)
    assert game.worth(found.coalition[None])[0] - x[found.coalition].sum() == pytest.approx(found.excess)
    assert found.exact
    assert found.missing == pytest.approx(game.total - x.sum(), abs=1e-9)


def test_a_division_that_misses_the_total_is_in_no_core():
    game = PRINTED["a"]
    assert is_in_core(game, [6.75, 3.5, 4.75])
    assert not is_in_core(game, [7.75, 3.5, 4.75])
    assert core_excess(game, [7.75, 3.5, 4.75]).missing == pytest.approx(-1.0)
    assert not is_in_core(game, [0.0, 3.0, 12.0])


@pytest.mark.parametrize("x", [[1.0, 2.0], [1.0, 2.0, np.nan], 3.0])
def test_bad_division_is_named(x):
    with pytest.raises(ProblemError, match="one finite number for each of 3 members"):
        core_excess(PRINTED["a"], x)


def test_one_member_has_nobody_to_leave():
    game = Game.from_table(1, [4])
    assert core_excess(game, [4.0]).excess == -np.inf
    assert is_in_core(game, [4.0])
    assert not is_in_core(game, [3.0])
    assert least_core(game).values.tolist() == [4.0]
    assert core_vertices(game).tolist() == core_centre(game)[None].tolist() == [[4.0]]


@pytest.mark.parametrize(
    ("name", "epsilon", "evenest"),
    [
        ("a", -3.5, (6, 3.5, 5.5)),
        ("b", -1, (5, 4, 1)),
        ("empty", 2, (3, 3, 3)),
        ("lopsided", 1.5, (3.75, 3.75, -1.5)),
    ],
)
def test_printed_least_cores(name, epsilon, evenest):
    found = least_core(PRINTED[name])
    assert found.epsilon == pytest.approx(epsilon, abs=1e-9)
    assert found.exact
    assert variance_least_core(PRINTED[name]) == pytest.approx(evenest, abs=1e-9)


@given(seed=st.integers(0, 10**6))
def test_least_core_is_that_of_all_rows(seed):
    game = random_game(seed)
    found = least_core(game)
    assert found.epsilon == pytest.approx(all_rows_least_core(game), abs=1e-7)
    assert found.exact
    assert found.values.sum() == pytest.approx(game.total, abs=1e-9)
    assert core_excess(game, found.values).excess <= found.epsilon + 1e-8
    excesses = game.worth(found.coalitions) - found.coalitions @ found.values
    assert excesses == pytest.approx(np.full(len(excesses), found.epsilon), abs=1e-8)


@given(seed=st.integers(0, 10**6))
def test_balanced_has_a_witness(seed):
    game = random_game(seed, most=5)
    held, witness = balanced(game)
    assert held == (all_rows_least_core(game) <= 1e-9)
    if held:
        assert core_excess(game, witness).excess <= 1e-8
    else:
        # Some weights of the witness make everyone a whole, and earn more than everyone does.
        weights, miss = nnls(witness.T.astype(float), np.ones(game.n))
        best = linprog(-game.worth(witness), A_eq=witness.T.astype(float), b_eq=np.ones(game.n))
        assert miss <= 1e-9
        assert (weights >= 0).all()
        assert -best.fun > game.total


def test_printed_evenest_core_points():
    assert variance_core(PRINTED["a"]) == pytest.approx([5, 5, 5], abs=1e-9)
    assert variance_core(PRINTED["b"]) == pytest.approx([4, 4, 2], abs=1e-9)
    with pytest.raises(ProblemError, match="core is empty"):
        variance_core(PRINTED["empty"])


@given(seed=st.integers(0, 10**6))
def test_evenest_point_is_optimal(seed):
    game = random_game(seed)
    epsilon = least_core(game).epsilon
    assert is_evenest(game, variance_least_core(game), epsilon)
    if epsilon <= 0:
        assert is_evenest(game, variance_core(game), 0.0)


def test_evenest_is_refused_elsewhere():
    """The certificate can say no."""
    assert not is_evenest(PRINTED["a"], np.array([6.75, 3.5, 4.75]), -3.5)


@given(seed=st.integers(0, 10**6))
def test_corners_are_all_found(seed):
    game = random_game(seed, most=4)
    expected = brute_corners(game)
    found = core_vertices(game)
    assert found.shape == expected.shape
    assert found == pytest.approx(expected, abs=1e-8)


def test_corners_of_the_gloves_and_of_an_empty_core():
    assert core_vertices(Game(3, lambda s: np.minimum(s[:, 0], s[:, 1:].sum(axis=1)))).tolist() == [[1, 0, 0]]
    assert core_vertices(PRINTED["empty"]).shape == (0, 3)
    # By hand: x1 <= 8, x2 <= 5, x3 <= 2, all at least what they earn alone.
    expected = np.array([[3, 5, 2], [5, 5, 0], [8, 0, 2], [8, 2, 0]])
    assert core_vertices(PRINTED["b"]) == pytest.approx(expected)


@given(seed=st.integers(0, 10**6), n=st.integers(2, 6))
def test_corners_of_a_convex_game_are_its_marginal_vectors(seed, n):
    """Shapley 1971."""
    z = np.random.default_rng(seed).integers(0, 5, n).astype(float)
    game = SumGame(z, np.square)
    orders = np.array(list(permutations(range(n))))
    expected = np.unique(game.marginals(orders), axis=0)
    assert core_vertices(game) == pytest.approx(expected, abs=1e-9)


def test_general_way_agrees_where_rounding_hides_convexity():
    """A claims game whose worths are not exact: double description finds the marginal vectors."""
    asked = np.array([0.1, 0.7, 1.3, 2.9, 3.1, 0.3])
    game = pessimistic_claims_game(0.45 * asked.sum(), asked)
    added = game.marginals(np.array(list(permutations(range(6)))))
    expected = np.unique(np.round(added, 9), axis=0)
    assert core_vertices(game) == pytest.approx(expected, abs=1e-8)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 6), share=st.floats(0.01, 0.99))
def test_core_centre_of_a_claims_game_is_the_average_of_awards(seed, n, share):
    asked = np.random.default_rng(seed).integers(1, 20, n).astype(float)
    held = share * asked.sum()
    expected = claims.average_of_awards(held, asked)
    assert core_centre(pessimistic_claims_game(held, asked)) == pytest.approx(
        expected, abs=1e-7 * asked.sum()
    )


@given(seed=st.integers(0, 10**6))
def test_core_centre_is_the_mean_of_triangles(seed):
    """Four members: the core cut into tetrahedra by an independent library."""
    from scipy.spatial import Delaunay

    rng = np.random.default_rng(seed)
    game = Game.from_table(4, [0, 0, 0, 0, *rng.random(10), 6])
    flat = core_vertices(game)[:, :3]
    parts = flat[Delaunay(flat).simplices]
    sizes = np.abs(np.linalg.det(parts[:, 1:] - parts[:, :1]))
    expected = sizes @ parts.mean(axis=1) / sizes.sum()
    assert core_centre(game)[:3] == pytest.approx(expected, abs=1e-7)


def test_centre_of_an_empty_core_is_refused():
    with pytest.raises(ProblemError, match="core is empty"):
        core_centre(PRINTED["empty"])


def test_too_many_members_are_refused():
    with pytest.raises(ProblemError, match="9 members; its corners are listed for at most 8"):
        core_vertices(SumGame(np.ones(9), np.square))


def test_worths_in_thousands_change_nothing():
    thousand = Game(3, lambda s: 1e6 * PRINTED["b"].worth(s))
    assert core_vertices(thousand) == pytest.approx(1e6 * core_vertices(PRINTED["b"]), rel=1e-9)
    assert variance_core(thousand) == pytest.approx(1e6 * variance_core(PRINTED["b"]), rel=1e-9)


@pytest.mark.parametrize("balance", [0.0, 1.0, 400.0])
def test_least_core_of_a_hundred_members_is_proved(balance):
    """Surplus meets deficit on a grid of thousands of cells; 2**100 coalitions."""
    z = np.random.default_rng(5).integers(-200, 201, 100).astype(float)
    z[0] += balance - z.sum()
    game = surplus_deficit_game(z)
    found = least_core(game)
    assert found.exact
    assert found.method == "grid"
    assert is_in_core(game, found.values)
    assert found.epsilon <= 1e-9 * game.total


def test_large_games_without_structure_say_so():
    game = Game(22, lambda s: s.sum(axis=1) ** 2.0)
    found = least_core(game)
    assert not found.exact
    assert found.bound == np.inf
    assert found.epsilon == pytest.approx(1.0 - 22.0)  # right, yet unproved
    with pytest.raises(SolverError, match="may gain up to inf"):
        is_in_core(game, np.full(22, 22.0))
    assert not is_in_core(game, np.append(np.full(21, 23.0 + 0.1 / 21), 0.9))
    with pytest.raises(SolverError, match="not proved"):
        variance_least_core(game)


def test_enrolled_by_name():
    assert find("coalitions", "variance-least-core").function is variance_least_core
    assert find("coalitions", "core-centre").function is core_centre
