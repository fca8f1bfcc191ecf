"""Nuclei against Kohlberg's criterion, published values and rules that must agree."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from evenwatt import claims
from evenwatt.coalitions import masks
from evenwatt.coalitions.classic import airport_game, pessimistic_claims_game
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.microgrid import microgrid_game, surplus_deficit_game
from evenwatt.coalitions.nucleolus import (
    InexactWarning,
    nucleolus,
    nucleolus_outcome,
    per_capita_nucleolus,
    prenucleolus,
)
from evenwatt.coalitions.sum_game import SumGame
from evenwatt.core.errors import ProblemError
from evenwatt.core.rule import find


def random_game(seed: int, least: int = 2, most: int = 6) -> Game:
    """Whole or real worths; for every second one enough for everybody together."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(least, most + 1))
    values = rng.integers(-5, 20, 2**n - 1).astype(float) if seed % 2 else rng.normal(size=2**n - 1) * 10
    if seed % 3:
        values[-1] = values[:n].sum() + rng.integers(0, 30)
    return Game.from_table(n, values)


def is_balanced_collection(must: np.ndarray, may: np.ndarray) -> bool:
    """Whether everyone is a combination of all of ``must``, each above 0, and of some of ``may``.

    The largest t with weights >= t on ``must`` and weights >= 0 on ``may``: t above 0 is what we ask.
    """
    rows = np.vstack([must, may]).astype(float)
    k, n = rows.shape
    found = linprog(
        np.append(np.zeros(k), -1.0),
        A_ub=np.column_stack([-np.eye(k)[: len(must)], np.ones(len(must))]),
        b_ub=np.zeros(len(must)),
        A_eq=np.column_stack([rows.T, np.zeros(n)]),
        b_eq=np.ones(n),
        bounds=[(0, None)] * k + [(None, 1)],
    )
    return found.status == 0 and found.x[-1] > 1e-9


def meets_kohlberg(game: Game, x, *, imputations: bool, per_capita: bool = False) -> bool:
    """Kohlberg's criterion: at every level the coalitions with at least that excess are balanced."""
    n = game.n
    proper = masks.rows(np.arange(1, 2**n - 1), n)
    excesses = game.worth(proper) - proper @ x
    scale = 1 + np.abs(game.table()).max()
    if per_capita:
        excesses = excesses / proper.sum(axis=1)
    at_least = np.eye(n, dtype=bool)[np.abs(x - game.alone) <= 1e-7 * scale] if imputations else proper[:0]
    order = np.argsort(-excesses)
    levels = np.split(order, np.flatnonzero(np.diff(excesses[order]) < -1e-7 * scale) + 1)
    held = proper[:0]
    for level in levels:
        held = np.vstack([held, proper[level]])
        if not is_balanced_collection(held, at_least):
            return False
        if np.linalg.matrix_rank(held.astype(float)) == n:
            return True
    return True


@given(seed=st.integers(0, 10**6))
def test_prenucleolus_meets_kohlberg(seed):
    game = random_game(seed)
    x = prenucleolus(game)
    assert x.sum() == pytest.approx(game.total, abs=1e-9)
    assert meets_kohlberg(game, x, imputations=False)


@given(seed=st.integers(0, 10**6).filter(lambda s: s % 3 > 0))
def test_nucleolus_meets_kohlberg(seed):
    game = random_game(seed)
    x = nucleolus(game)
    assert (x >= game.alone - 1e-9).all()
    assert meets_kohlberg(game, x, imputations=True)


@given(seed=st.integers(0, 10**6).filter(lambda s: s % 3 > 0))
def test_per_capita_nucleolus_meets_kohlberg(seed):
    game = random_game(seed)
    assert meets_kohlberg(game, per_capita_nucleolus(game), imputations=True, per_capita=True)


def test_kohlberg_refuses_another_point():
    """The oracle can say no: the Shapley value of this game is not its nucleolus."""
    game = Game.from_table(3, [0, 0, 0, 6, 8, 4, 15])
    assert not meets_kohlberg(game, np.array([6.0, 4.0, 5.0]), imputations=True)


@pytest.mark.parametrize(
    ("values", "nucleus", "free", "each"),
    [
        ((0, 0, 0, 6, 8, 4, 15), (6.75, 3.5, 4.75), (6.75, 3.5, 4.75), (7, 3, 5)),
        ((1, 0, 0, 8, 5, 2, 10), (6, 3, 1), (6, 3, 1), (37 / 6, 19 / 6, 2 / 3)),
        ((0, 0, 0, 8, 8, 8, 9), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
        ((0, 0, 0, 9, 1, 1, 6), (3, 3, 0), (3.75, 3.75, -1.5), (3, 3, 0)),
    ],
)
def test_printed_games(values, nucleus, free, each):
    game = Game.from_table(3, values)
    assert nucleolus(game) == pytest.approx(nucleus, abs=1e-9)
    assert prenucleolus(game) == pytest.approx(free, abs=1e-9)
    assert per_capita_nucleolus(game) == pytest.approx(each, abs=1e-9)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 8), share=st.floats(0, 1))
def test_nucleolus_of_a_claims_game_is_the_talmud_rule(seed, n, share):
    """Aumann & Maschler 1985, theorem D."""
    asked = np.random.default_rng(seed).integers(0, 20, n).astype(float)
    held = share * asked.sum()
    found = nucleolus(pessimistic_claims_game(held, asked))
    assert found == pytest.approx(claims.talmud(held, asked), abs=1e-9 * (1 + asked.sum()))


def test_gloves():
    """One left glove, two right: who holds the left one takes all."""
    gloves = Game(3, lambda s: np.minimum(s[:, 0], s[:, 1:].sum(axis=1)))
    assert nucleolus(gloves) == pytest.approx([1, 0, 0], abs=1e-9)


@given(seed=st.integers(0, 10**6), n=st.integers(2, 8))
def test_airport(seed, n):
    """Littlechild 1974: equal fees of the smallest planes, those behind counting as one more; the last the rest."""
    costs = np.sort(np.random.default_rng(seed).integers(1, 40, n)).astype(float)
    fees, first = np.zeros(n), 0
    while first < n - 1:
        ends = np.arange(first + 1, n)
        rates = (costs[ends - 1] - fees.sum()) / (ends - first + 1)
        end = int(ends[rates.argmin()])
        fees[first:end], first = rates.min(), end
    fees[-1] = costs[-1] - fees.sum()
    assert -nucleolus(airport_game(costs)) == pytest.approx(fees, abs=1e-8)


@pytest.mark.parametrize(
    ("pairs", "total", "expected"),
    [
        # Zero-normalised, three members: equal shares where no pair earns over a third.
        ((1, 2, 3), 12, (4, 4, 4)),
        # One pair above a third: it shares half of what is left beyond its worth with the third member.
        ((6, 0, 0), 12, (4.5, 4.5, 3)),
    ],
)
def test_three_members_closed_form(pairs, total, expected):
    """Brune 1983: v(12), v(13), v(23) and v(N)."""
    assert nucleolus(Game.from_table(3, [0, 0, 0, *pairs, total])) == pytest.approx(expected, abs=1e-9)


def test_microgrid_of_four():
    z = [4, 2, -1, -3]
    assert nucleolus(surplus_deficit_game(z)) == pytest.approx([0.5, 0, 1, 2.5], abs=1e-9)
    assert nucleolus(microgrid_game(z, 0.30, 0.08)) == pytest.approx([0.43, 0.16, -0.08, -0.35], abs=1e-9)


@given(seed=st.integers(0, 10**6).filter(lambda s: s % 3 > 0))
def test_covariance(seed):
    """Another unit and another zero of every member change nothing else."""
    game = random_game(seed, most=5)
    zero = np.random.default_rng(seed).normal(size=game.n) * 100
    moved = Game(game.n, lambda s: 7 * game.worth(s) + s @ zero)
    assert nucleolus(moved) == pytest.approx(7 * nucleolus(game) + zero, abs=1e-7)


def test_symmetric_members_get_the_same_and_dummies_what_they_bring():
    found = nucleolus(Game(5, lambda s: s[:, :4].sum(axis=1) ** 2 + 3.0 * s[:, 4]))
    assert found == pytest.approx([4, 4, 4, 4, 3], abs=1e-9)


@pytest.mark.parametrize("solution", [nucleolus, prenucleolus, per_capita_nucleolus])
class TestDegenerate:
    def test_one_member_takes_all(self, solution):
        assert solution(Game.from_table(1, [5])).tolist() == [5.0]

    def test_two_members_share_the_gain(self, solution):
        assert solution(Game.from_table(2, [1, 2, 5])) == pytest.approx([2, 3])

    def test_zero_game(self, solution):
        assert solution(Game.from_table(3, np.zeros(7))).tolist() == [0.0, 0.0, 0.0]

    def test_additive_game_with_rounding(self, solution):
        worth = np.array([0.1, 0.7, -0.3, 1e3])
        game = Game(4, lambda s: s @ worth)
        assert solution(game) == pytest.approx(worth, abs=1e-9)

    def test_nothing_to_gain_together(self, solution):
        """The imputation set is a point; two could block nothing."""
        game = Game.from_table(3, [1, 1, 1, 2, 2, 1, 3])
        assert solution(game).sum() == pytest.approx(3)
        if solution is not prenucleolus:
            assert solution(game) == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("solution", [nucleolus, per_capita_nucleolus])
def test_rounding_of_the_total_is_no_missing_imputation(solution):
    values = np.array([1e6, 1e6, 1e6, 2e6 - 1, 2e6 - 2, 2e6 - 3, 3e6 - 1e-4])
    found = solution(Game.from_table(3, values))
    assert found == pytest.approx([1e6, 1e6, 1e6], abs=1e-3)
    assert found.sum() == pytest.approx(3e6 - 1e-4, abs=1e-8)


@pytest.mark.parametrize("solution", [nucleolus, per_capita_nucleolus])
def test_no_imputation_is_said(solution):
    with pytest.raises(ProblemError, match=r"earn 9 alone and 4 together.*prenucleolus"):
        solution(Game.from_table(2, [4, 5, 4]))
    assert prenucleolus(Game.from_table(2, [4, 5, 4])) == pytest.approx([1.5, 2.5])


def test_seventeen_members_by_all_their_coalitions():
    asked = np.random.default_rng(2).integers(1, 100, 17).astype(float)
    held = 0.4 * asked.sum()
    found = nucleolus_outcome(pessimistic_claims_game(held, asked))
    assert found.exact
    assert found.method == "table"
    assert found.values == pytest.approx(claims.talmud(held, asked), abs=1e-8 * asked.sum())


@given(seed=st.integers(0, 10**6), n=st.integers(2, 8), kind=st.sampled_from(["trade", "sum"]))
def test_grid_and_table_agree(seed, n, kind):
    """Also in later levels, where coalitions of the span must be passed over."""
    z = np.random.default_rng(seed).integers(-6, 7, n).astype(float)
    game = surplus_deficit_game(z) if kind == "trade" else SumGame(z, lambda s: np.abs(s) ** 1.5 + np.sin(s))
    found = nucleolus_outcome(game, method="grid", imputations=False)
    assert found.exact
    assert found.values == pytest.approx(prenucleolus(game), abs=1e-8)


def test_fifty_members_on_a_grid_are_the_talmud_rule():
    """Too many to list: 2**50 coalitions."""
    asked = np.random.default_rng(3).integers(1, 20, 50).astype(float)
    held = np.floor(0.3 * asked.sum())
    found = nucleolus_outcome(pessimistic_claims_game(held, asked))
    assert found.method == "grid"
    assert found.values == pytest.approx(claims.talmud(held, asked), abs=1e-7)


def test_a_microgrid_in_balance_is_proved_and_halves_what_both_sides_bring():
    """Surplus equals deficit: the core is the way from one price to the other, and either end is as good."""
    z = np.random.default_rng(30).integers(1, 41, 30).astype(float)
    z[15:] = -z[:15][::-1]
    found = nucleolus_outcome(surplus_deficit_game(z))
    assert found.exact
    assert found.values == pytest.approx(np.abs(z) / 2, abs=1e-8)


@given(seed=st.integers(0, 10**5), n=st.integers(2, 7), steps=st.integers(1, 9))
def test_relaxation_calls_exact_only_what_is(seed, n, steps):
    rng = np.random.default_rng(seed)
    game = microgrid_game(rng.normal(size=(steps, n)), 0.3, rng.uniform(0.05, 0.2, steps))
    found = nucleolus_outcome(game, method="relaxation")
    table = Game(n, game.worth)
    exact = nucleolus_outcome(table, method="table")
    assert found.epsilon <= exact.epsilon + 1e-9  # proved by fewer coalitions
    assert not found.exact or found.values == pytest.approx(exact.values, abs=1e-8)


def test_an_answer_not_proved_warns():
    weights = np.random.default_rng(4).random(21)
    game = Game(21, lambda s: (s @ weights) ** 2)
    with pytest.warns(InexactWarning, match="21 members by search"):
        found = nucleolus(game)
    assert found.sum() == pytest.approx(game.total)


def test_no_more_questions_than_allowed():
    game = surplus_deficit_game(np.append(np.arange(1.0, 25), -np.arange(1.0, 25)))
    found = nucleolus_outcome(game, questions=3)
    assert found.questions <= 3
    assert not found.exact
    assert found.values.sum() == pytest.approx(game.total)


def test_proved_answers_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nucleolus(Game.from_table(3, [0, 0, 0, 6, 8, 4, 15]))


def test_enrolled_by_name():
    assert find("coalitions", "nucleolus").function is nucleolus
    assert find("coalitions", "prenucleolus").function is prenucleolus
    assert find("coalitions", "per-capita-nucleolus").function is per_capita_nucleolus
