"""Oracles find the worst coalition that a look at all of them finds, or say that they do not know."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.coalitions import masks
from evenwatt.coalitions.classic import pessimistic_claims_game
from evenwatt.coalitions.core_set import core_excess, is_in_core
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.least_core import least_core
from evenwatt.coalitions.leaving.separation import oracle
from evenwatt.coalitions.leaving.span import Span
from evenwatt.coalitions.microgrid import microgrid_game, savings_game, surplus_deficit_game
from evenwatt.coalitions.sum_game import SumGame
from evenwatt.core.errors import ProblemError


def looked_at(game: Game, x: np.ndarray, span: Span) -> float:
    """The largest excess outside the span, the span by rank."""
    best = -np.inf
    for row in masks.rows(np.arange(1, 2**game.n - 1), game.n):
        if np.linalg.matrix_rank(np.vstack([*span.vectors, row])) > span.rank:
            best = max(best, float(game.worth(row[None])[0] - row @ x))
    return best


def some_span(rng: np.random.Generator, n: int, fixed: int) -> Span:
    span = Span(n)
    span.add(np.ones(n), 1.0)
    for _ in range(fixed):
        if span.rank < n - 1:
            span.add((rng.random(n) < 0.5).astype(float), 0.0)
    return span


def whole_game(rng: np.random.Generator, n: int) -> Game:
    z = rng.integers(-5, 6, n) * rng.choice([1.0, 0.25, 0.002])
    return [
        surplus_deficit_game(z),
        savings_game(z, 0.3, 0.1),
        SumGame(z, lambda s: np.sin(3 * s) + np.abs(s), base=rng.normal(size=n)),
        pessimistic_claims_game(float(np.floor(np.abs(z).sum() / 2)), np.abs(z)),
    ][int(rng.integers(4))]


@given(seed=st.integers(0, 10**6), n=st.integers(2, 7), fixed=st.integers(0, 4))
def test_grid_finds_the_worst_outside_the_span(seed, n, fixed):
    rng = np.random.default_rng(seed)
    game, x, span = whole_game(rng, n), rng.normal(size=n), some_span(rng, n, fixed)
    found = oracle(game, "grid")(x, span, np.inf)
    assert found.excesses[0] == pytest.approx(looked_at(game, x, span), abs=1e-9)
    assert found.bound == pytest.approx(found.excesses[0], abs=1e-8)
    assert not span.holds(found.coalitions[:1])[0]


@given(seed=st.integers(0, 10**6), n=st.integers(2, 7), fixed=st.integers(0, 4))
def test_table_finds_the_worst_outside_the_span(seed, n, fixed):
    rng = np.random.default_rng(seed)
    game, x, span = whole_game(rng, n), rng.normal(size=n), some_span(rng, n, fixed)
    found = oracle(Game(n, game.worth), "table")(x, span, -np.inf)
    assert found.excesses[0] == pytest.approx(looked_at(game, x, span), abs=1e-9)
    assert (np.diff(found.excesses) <= 0).all()
    assert not span.holds(found.coalitions).any()


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 7),
    steps=st.integers(1, 12),
    fixed=st.integers(0, 3),
    near=st.booleans(),
)
def test_relaxation_brackets_the_worst(seed, n, steps, fixed, near):
    rng = np.random.default_rng(seed)
    game = microgrid_game(rng.normal(size=(steps, n)), 0.3, rng.uniform(0.0, 0.3, steps))
    x = game.alone + rng.random(n) * 0.2
    if near:  # shares everything, as divisions do
        x += (game.total - x.sum()) / n
    span = some_span(rng, n, fixed)
    found = oracle(game, "relaxation")(x, span, np.inf)
    worst = looked_at(game, x, span)
    assert found.excesses[0] <= worst + 1e-9 <= found.bound + 2e-8
    assert not span.holds(found.coalitions).any()


@given(seed=st.integers(0, 10**6), n=st.integers(2, 7), fixed=st.integers(0, 3))
def test_search_gives_no_bound(seed, n, fixed):
    rng = np.random.default_rng(seed)
    game, x, span = whole_game(rng, n), rng.normal(size=n), some_span(rng, n, fixed)
    found = oracle(Game(n, game.worth), "search")(x, span, np.inf)
    assert found.bound == np.inf
    assert found.excesses[0] <= looked_at(game, x, span) + 1e-9
    assert not span.holds(found.coalitions).any()


def test_division_by_internal_prices_is_in_the_core_of_a_month():
    """Twenty-seven members and 400 intervals: the grid's price where there is a surplus, its own where a lack."""
    rng = np.random.default_rng(7)
    z = rng.normal(size=(400, 27)) + rng.normal(size=(400, 1))
    game = microgrid_game(z, 0.3, 0.08)
    prices = np.where(z.sum(axis=1) > 0, 0.08, 0.3)
    found = core_excess(game, prices @ z)
    assert found.method == "relaxation"
    assert found.bound <= 1e-9 * np.abs(prices @ z).sum()
    assert is_in_core(game, prices @ z)


def test_a_group_that_would_leave_a_month_is_found():
    rng = np.random.default_rng(8)
    z = rng.normal(size=(300, 25))
    game = microgrid_game(z, 0.3, 0.08)
    unfair = game.alone.copy()
    unfair[0] += game.total - game.alone.sum()  # one takes the whole gain
    found = core_excess(game, unfair)
    assert found.excess > 0
    assert found.bound >= found.excess
    assert not found.coalition[0]
    assert not is_in_core(game, unfair)


def test_the_same_questions_give_the_same_answers():
    rng = np.random.default_rng(9)
    game = microgrid_game(rng.normal(size=(50, 22)), 0.3, 0.08)
    one, two = least_core(game, questions=20), least_core(game, questions=20)
    assert one.values.tobytes() == two.values.tobytes()
    assert (one.epsilon, one.bound) == (two.epsilon, two.bound)


@pytest.mark.parametrize("z", [[1.0, -1.0], [0.0, 0.0], [3.0, 2.0], [1.5, -4.25]])
def test_two_members(z):
    game = surplus_deficit_game(z)
    expected = max(-game.total / 2, 0.0 if game.total == 0 else -np.inf)
    assert least_core(game, method="grid").epsilon == pytest.approx(expected, abs=1e-9)


def test_span_knows_what_follows():
    span = Span(4)
    span.add(np.ones(4), 10.0)
    assert span.add(np.array([1.0, 1, 0, 0]), 4.0)
    assert not span.add(np.array([0.0, 0, 1, 1]), 6.0)
    assert span.holds(np.array([[0, 0, 1, 1], [1, 0, 0, 0], [1, 0, 1, 0]], dtype=bool)).tolist() == [
        True,
        False,
        False,
    ]
    assert span.classes().tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])
    assert np.flatnonzero(span.table()).tolist() == [0, 3, 12, 15]
    span.add(np.array([1.0, 0, 0, 0]), 1.0)
    span.add(np.array([0.0, 0, 1, 0]), 2.0)
    assert span.complete
    assert span.solved() == pytest.approx([1, 3, 2, 4])


@pytest.mark.parametrize(
    ("game", "method", "message"),
    [
        (surplus_deficit_game([1.0, -1.0]), "guess", "expected auto, table, grid, relaxation, search"),
        (SumGame([np.pi, 1.0], np.abs), "grid", "does not fit a sum game off any grid, 2 members"),
        (SumGame([1.0, 1.0], np.abs), "relaxation", "does not fit"),
        (Game(25, lambda s: s.sum(axis=1)), "table", "25 members; expected at most 24"),
        (Game(2, lambda s: s.sum(axis=1)), "grid", "a game of no known structure, 2 members"),
    ],
)
def test_methods_that_do_not_fit_are_refused(game, method, message):
    with pytest.raises(ProblemError, match=message):
        oracle(game, method)


def test_method_is_chosen_by_the_game():
    z = np.arange(-20.0, 21)
    assert oracle(surplus_deficit_game(z[:10])).method == "table"
    assert oracle(surplus_deficit_game(z)).method == "grid"
    assert oracle(surplus_deficit_game(z * np.sqrt(np.arange(41) + 2.0))).method == "relaxation"
    assert oracle(surplus_deficit_game(np.vstack([z, z[::-1]]))).method == "relaxation"
    assert oracle(Game(41, lambda s: s.sum(axis=1))).method == "search"
