"""Values of games: printed numbers, definitions taken literally, and what degenerate games give."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.coalitions import Game, airport_game, masks, pessimistic_claims_game, surplus_deficit_game
from evenwatt.coalitions.banzhaf import banzhaf, banzhaf_index, normalised_banzhaf
from evenwatt.coalitions.dutta_ray import dutta_ray
from evenwatt.coalitions.egalitarian import egalitarian, equal_surplus
from evenwatt.coalitions.gately import gately
from evenwatt.coalitions.microgrid import microgrid_game
from evenwatt.coalitions.nucleolus import InexactWarning
from evenwatt.coalitions.owen import owen
from evenwatt.coalitions.shapley_enumeration import enumerated
from evenwatt.coalitions.tau import minimal_rights, tau, tau_bounds
from evenwatt.core.errors import ProblemError

# Worths by size, then lexicographic.
FIRST = Game.from_table(3, [0, 0, 0, 6, 8, 4, 15])
SECOND = Game.from_table(3, [1, 0, 0, 8, 5, 2, 10])
EMPTY_CORE = Game.from_table(3, [0, 0, 0, 8, 8, 8, 9])
UNBALANCED = Game.from_table(3, [0, 0, 0, 9, 1, 1, 6])

ANCHORS = [
    (enumerated, FIRST, (6, 4, 5)),
    (enumerated, SECOND, (31 / 6, 19 / 6, 5 / 3)),
    (enumerated, EMPTY_CORE, (3, 3, 3)),
    (enumerated, UNBALANCED, (10 / 3, 10 / 3, -2 / 3)),
    (banzhaf, FIRST, (6.25, 4.25, 5.25)),
    (tau, FIRST, (55 / 9, 35 / 9, 5)),
    (gately, FIRST, (55 / 9, 35 / 9, 5)),
    (tau, SECOND, (71 / 12, 35 / 12, 7 / 6)),
    (gately, SECOND, (5.5, 45 / 14, 9 / 7)),
]
DIVIDING = [enumerated, normalised_banzhaf, tau, gately, egalitarian, equal_surplus]
EVERY = [*DIVIDING, dutta_ray, banzhaf]


def name_of(value) -> str:
    return value.__name__


def random_game(rng: np.random.Generator, n: int) -> Game:
    return Game.from_table(n, rng.normal(0, 10, (1 << n) - 1))


def additive_game(worths) -> Game:
    worths = np.asarray(worths, dtype=float)
    return Game(worths.size, lambda held: held @ worths)


def subsets(members):
    return [set(some) for size in range(len(members) + 1) for some in combinations(members, size)]


@pytest.mark.parametrize(("value", "game", "expected"), ANCHORS)
def test_printed_values(value, game, expected):
    np.testing.assert_allclose(value(game), expected, atol=1e-12)


@pytest.mark.parametrize("n", range(1, 7))
def test_shapley_is_the_mean_over_all_orders(n):
    game = random_game(np.random.default_rng(n), n)
    mean = game.marginals(np.array(list(permutations(range(n))))).mean(axis=0)
    np.testing.assert_allclose(enumerated(game), mean, atol=1e-12)


def test_shapley_of_many_members_is_that_of_a_sum_of_two_halves():
    # Members of an additive part and of one unanimity game: known in closed form at any size.
    alone = np.arange(22.0)
    game = Game(22, lambda held: held @ alone + 22.0 * held.all(axis=1))
    np.testing.assert_allclose(enumerated(game), alone + 1.0, atol=1e-9)


def test_an_airport_is_paid_step_by_step_by_those_who_need_the_step():
    np.testing.assert_allclose(enumerated(airport_game([1, 2, 4])), [-1 / 3, -5 / 6, -17 / 6], atol=1e-12)


@pytest.mark.parametrize("n", range(1, 7))
def test_banzhaf_is_the_mean_over_all_coalitions_of_the_others(n):
    game = random_game(np.random.default_rng(n + 50), n)
    for i in range(n):
        others = subsets([j for j in range(n) if j != i])
        mean = np.mean([game.value(some | {i}) - game.value(some) for some in others])
        assert banzhaf(game)[i] == pytest.approx(mean, abs=1e-12)


def test_normalised_banzhaf_divides_everything_and_the_index_sums_to_one():
    assert normalised_banzhaf(FIRST).sum() == pytest.approx(15)
    assert banzhaf(FIRST).sum() == pytest.approx(15.75)
    np.testing.assert_allclose(banzhaf_index(FIRST), np.array([6.25, 4.25, 5.25]) / 15.75)


def test_banzhaf_that_cannot_be_normalised_says_why():
    with pytest.raises(ProblemError, match=r"Banzhaf values sum to 0 and everyone together is worth 2"):
        normalised_banzhaf(Game.from_table(3, [1, 1, 1, -1, -1, -1, 2]))
    with pytest.raises(ProblemError, match="no positive factor"):
        normalised_banzhaf(Game.from_table(3, [1, 1, 1, -9, -9, -9, 2]))
    with pytest.raises(ProblemError, match="nothing to take shares of"):
        banzhaf_index(Game.from_table(2, [0, 0, 0]))


@pytest.mark.parametrize("n", range(1, 6))
def test_tau_bounds_are_those_of_the_definition(n):
    game = random_game(np.random.default_rng(n + 90), n)
    everyone = set(range(n))
    utopia = [game.total - (game.value(everyone - {i}) if n > 1 else 0.0) for i in range(n)]
    rights = [
        max(game.value(some) - sum(utopia[j] for j in some - {i}) for some in subsets(range(n)) if i in some)
        for i in range(n)
    ]
    found = tau_bounds(game)
    np.testing.assert_allclose(found[0], rights, atol=1e-12)
    np.testing.assert_allclose(found[1], utopia, atol=1e-12)


def test_tau_of_a_game_that_is_not_quasi_balanced_says_why():
    with pytest.raises(ProblemError, match="not quasi-balanced") as refused:
        tau(UNBALANCED)
    assert "member 2: minimal right 0 is above its utopia payoff -3" in str(refused.value)
    assert "minimal rights sum to 8, more than the 6 of everyone together" in str(refused.value)
    with pytest.raises(ProblemError, match="utopia payoffs sum to -9, less than the 6"):
        tau(Game.from_table(3, [0, 0, 0, 9, 9, 9, 6]))


def test_tau_at_a_point_gives_the_point():
    np.testing.assert_allclose(tau(additive_game([1, -2, 3])), [1, -2, 3])


def test_gately_makes_all_equally_ready_to_disrupt():
    for game in (FIRST, SECOND):
        x = gately(game)
        readiness = [
            (game.total - x[i] - game.value({0, 1, 2} - {i})) / (x[i] - game.alone[i]) for i in range(3)
        ]
        np.testing.assert_allclose(readiness, readiness[0])


def test_gately_without_anything_to_lose_says_why():
    with pytest.raises(ProblemError, match="expected more than 0"):
        gately(Game.from_table(3, [0, 0, 0, 9, 9, 9, 6]))


def test_gately_asks_few_coalitions():
    rng = np.random.default_rng(3)
    net = rng.integers(-9, 10, 60).astype(float)
    game = surplus_deficit_game(net)
    assert gately(game).sum() == pytest.approx(game.total)


@pytest.mark.parametrize("value", EVERY, ids=name_of)
def test_one_member_gets_what_there_is(value):
    np.testing.assert_allclose(value(Game.from_table(1, [5.0])), [5.0])
    np.testing.assert_allclose(value(Game.from_table(1, [-5.0])), [-5.0])
    np.testing.assert_allclose(value(Game.from_table(1, [0.0])), [0.0])


@pytest.mark.parametrize("value", EVERY, ids=name_of)
def test_a_game_of_nothing_gives_nothing(value):
    np.testing.assert_array_equal(value(Game.from_table(4, np.zeros(15))), np.zeros(4))


@pytest.mark.parametrize(
    "value", [enumerated, banzhaf, normalised_banzhaf, tau, gately, equal_surplus], ids=name_of
)
def test_an_additive_game_gives_each_its_own(value):
    np.testing.assert_allclose(value(additive_game([3, 0, 2.5, 7])), [3, 0, 2.5, 7], atol=1e-12)


@pytest.mark.parametrize(
    "value", [enumerated, tau, gately, egalitarian, equal_surplus, dutta_ray], ids=name_of
)
@given(claims=st.lists(st.integers(0, 20).map(float), min_size=1, max_size=6), part=st.floats(0, 1))
def test_a_dividing_value_hands_out_all(value, claims, part):
    game = pessimistic_claims_game(part * sum(claims), claims)
    try:
        found = value(game)
    except ProblemError:
        # Nobody's last contribution beats what it has alone, while nobody alone has all: Gately is undefined.
        assert value is gately
        assert (game.last - game.alone).sum() <= 1e-9
        return
    assert found.sum() == pytest.approx(game.total, abs=1e-9)


def test_equal_division_and_equal_surplus():
    np.testing.assert_allclose(egalitarian(SECOND), [10 / 3] * 3)
    np.testing.assert_allclose(equal_surplus(SECOND), [4, 3, 3])


def test_dutta_ray_of_a_game_that_is_not_convex_shows_two_coalitions():
    with pytest.raises(ProblemError, match=r"not convex: \{0, 2\} and \{1, 2\} are worth 16, but .* 9"):
        dutta_ray(EMPTY_CORE)


@given(claims=st.lists(st.integers(0, 20).map(float), min_size=2, max_size=6), part=st.floats(0, 1))
def test_dutta_ray_is_in_the_core_and_as_even_as_any_marginal_vector(claims, part):
    game = pessimistic_claims_game(part * sum(claims), claims)
    x, close = dutta_ray(game), 1e-9 * (1 + sum(claims))
    assert (game.table() - masks.sums(x)).max() <= close
    least_first = np.cumsum(np.sort(x))
    for order in permutations(range(game.n)):
        corner = game.marginals(np.array([order]))[0]
        assert (least_first >= np.cumsum(np.sort(corner)) - close).all()


def owen_by_orders(game: Game, unions) -> np.ndarray:
    """The mean over all orders of members in which unions stay together."""
    vectors = []
    for order in permutations(range(game.n)):
        seen = [next(k for k, union in enumerate(unions) if i in union) for i in order]
        if len([k for k, before in zip(seen, [None, *seen], strict=False) if k != before]) == len(unions):
            vectors.append(game.marginals(np.array([order]))[0])
    return np.mean(vectors, axis=0)


@pytest.mark.parametrize(
    "unions", [[[0, 1], [2, 3, 4]], [[4], [0, 2], [3, 1]], [[3, 0], [1], [4], [2]], [[2, 1, 0, 3], [4]]]
)
def test_owen_is_the_mean_over_orders_that_keep_unions_together(unions):
    game = random_game(np.random.default_rng(11), 5)
    np.testing.assert_allclose(owen(game, unions), owen_by_orders(game, unions), atol=1e-12)


def test_owen_of_one_union_or_of_singles_is_shapley():
    game = random_game(np.random.default_rng(12), 7)
    np.testing.assert_allclose(owen(game, [range(7)]), enumerated(game), atol=1e-12)
    np.testing.assert_allclose(owen(game, [[i] for i in range(7)]), enumerated(game), atol=1e-12)


def test_unions_together_get_the_shapley_value_of_the_game_between_them():
    game, unions = random_game(np.random.default_rng(13), 8), [[0, 5], [1, 2, 7], [3, 4, 6]]

    def between(held):
        member = np.zeros((len(held), 8), dtype=bool)
        for k, union in enumerate(unions):
            member[:, union] = held[:, [k]]
        return game.worth(member)

    found = owen(game, unions)
    np.testing.assert_allclose([found[u].sum() for u in unions], enumerated(Game(3, between)), atol=1e-12)


def test_owen_of_forty_members_in_unions_asks_no_table():
    net = np.random.default_rng(14).integers(-9, 10, 40).astype(float)
    game = surplus_deficit_game(net)
    unions = [list(range(k, 40, 8)) for k in range(8)]
    found = owen(game, unions)
    assert found.sum() == pytest.approx(game.total)
    blocks = enumerated(surplus_deficit_game([net[u].sum() for u in unions]))
    # Netting inside a union goes on besides; what is left is the game between them.
    inside = [surplus_deficit_game(net[u]).total for u in unions]
    np.testing.assert_allclose([found[u].sum() for u in unions], blocks + inside, atol=1e-9)


def test_all_faults_of_unions_are_named_at_once():
    with pytest.raises(ProblemError) as refused:
        owen(FIRST, [[0, 0], [], [5]])
    told = str(refused.value)
    for fault in (
        "union 1 is empty",
        "union 2 names member 5",
        "member 1 is in no union",
        "member 0 is named 2 times",
    ):
        assert fault in told


def test_unions_too_large_to_enumerate_are_refused():
    with pytest.raises(ProblemError, match=r"more than 2\*\*24"):
        owen(surplus_deficit_game(np.ones(40)), [list(range(39)), [39]])


@pytest.mark.parametrize("value", [enumerated, banzhaf, normalised_banzhaf, tau, dutta_ray], ids=name_of)
def test_more_members_than_can_be_listed_are_refused(value):
    with pytest.raises(ProblemError, match="at most 24"):
        value(Game(25, lambda coalitions: coalitions.sum(axis=1)))


def test_minimal_rights_of_many_intervals_are_searched_and_bounded():
    """Search finds the rights that the table shows; the relaxation never bounds them from below."""
    rng = np.random.default_rng(4)
    for _ in range(12):
        n, steps = int(rng.integers(3, 9)), int(rng.integers(1, 30))
        net = rng.integers(-30, 30, (steps, n)) + (rng.random(n) < 0.4) * 15
        game = microgrid_game(net, rng.uniform(0.2, 0.4, steps), rng.uniform(0.0, 0.2, steps))
        listed = minimal_rights(game)
        assert (listed.exact, listed.method) == (True, "table")
        game.most_listed = 0
        searched = minimal_rights(game)
        assert searched.method == "relaxation"
        assert searched.values == pytest.approx(listed.values, abs=1e-9 * np.abs(net).sum())
        assert (searched.bound >= listed.values - 1e-7).all()


def test_tau_of_many_members_says_what_is_not_proved():
    rng = np.random.default_rng(0)
    net = rng.integers(-30, 30, (20, 25)) + (rng.random(25) < 0.4) * 15
    game = microgrid_game(net, 0.3, 0.1)
    with pytest.warns(InexactWarning, match="minimal rights of 25 members by relaxation"):
        found = tau(game)
    assert found.sum() == pytest.approx(game.total)
    assert (found >= game.alone - 1e-9).all()
