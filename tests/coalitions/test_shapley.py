"""The Shapley value by every method against sums over all coalitions, and intervals that cover."""

from __future__ import annotations

from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt import coalitions
from evenwatt.coalitions import Game, Kinked, SumGame, TwoPriceGame, shapley
from evenwatt.coalitions.sampling import SamplingWarning, sampled
from evenwatt.coalitions.sums.normal import normal
from evenwatt.coalitions.sums.quadrature import arrival_times
from evenwatt.coalitions.sums.structured import by_interval, cells, structured
from evenwatt.core.errors import ProblemError


def by_definition(n, worth):
    """Sum over coalitions, one by one, in plain Python."""
    values = np.zeros(n)
    for mask in range(1 << n):
        members = [i for i in range(n) if mask >> i & 1]
        for i in set(range(n)) - set(members):
            chance = factorial(len(members)) * factorial(n - 1 - len(members)) / factorial(n)
            values[i] += chance * (worth([*members, i]) - worth(members))
    return values


def by_orders(n, worth):
    """Mean over all n! orders."""
    total = np.zeros(n)
    for order in permutations(range(n)):
        for place, i in enumerate(order):
            total[i] += worth(order[: place + 1]) - worth(order[:place])
    return total / factorial(n)


whole_rows = st.lists(st.integers(-40, 40), min_size=1, max_size=7)


@given(
    z=whole_rows,
    kink=st.sampled_from([0.0, 1.0, -3.0, 2.5, -7.25, 1000.0, -1000.0]),
    scale=st.sampled_from([1, 0.1, 0.25]),
)
def test_law_of_sums_is_the_definition(z, kink, scale):
    numbers = np.array(z) * scale
    f = Kinked(0.3, (kink, 0.0), (0.7, -1.1))
    game = SumGame(numbers, f, base=np.arange(len(z), dtype=float))

    def worth(members):
        return float(f(numbers[list(members)].sum()) + sum(members)) if members else 0.0

    expected = by_definition(len(z), worth)
    assert structured(game)[0] == pytest.approx(expected, abs=1e-12 * (1 + np.abs(numbers).sum()))
    assert shapley(game).exact


@given(z=whole_rows, buy=st.floats(-1, 1), sell=st.floats(-1, 1))
def test_two_prices_are_the_definition(z, buy, sell):
    net = np.array([z, z[::-1]], dtype=float)
    game = TwoPriceGame(net, [buy, 0.3], [sell, 0.1])

    def worth(members):
        inside = net[:, list(members)].sum(axis=1)
        return sum(
            s * max(x, 0) - b * max(-x, 0) for x, b, s in zip(inside, (buy, 0.3), (sell, 0.1), strict=True)
        )

    expected = by_definition(len(z), worth)
    for method in ("auto", "law-of-sums", "enumeration"):
        assert shapley(game, method).values == pytest.approx(expected, abs=1e-12 * (1 + np.abs(net).sum()))


@given(z=whole_rows)
def test_any_function_of_the_sum_is_the_definition(z):
    def f(x):
        return np.sin(x) + x * np.abs(x) / 10

    numbers = np.array(z, dtype=float)
    expected = by_definition(len(z), lambda s: float(f(numbers[list(s)].sum())) if s else 0.0)
    held = shapley(SumGame(numbers, f), "law-of-sums")
    assert held.exact
    assert held.values == pytest.approx(expected, abs=1e-12 * (1 + (numbers**2).sum()))


@pytest.mark.parametrize("n", [9, 12, 14])
def test_law_of_sums_is_enumeration_to_1e12(n):
    z = np.random.default_rng(n).integers(-500, 500, n)
    game = coalitions.surplus_deficit_game(z)
    exact, listed = shapley(game, "law-of-sums").values, shapley(game, "enumeration").values
    assert np.abs(exact - listed).max() <= 1e-12 * (1 + np.abs(z).sum())


def test_definition_and_orders_agree_on_a_game_that_is_no_sum():
    rng = np.random.default_rng(5)
    game = Game.from_table(5, rng.normal(size=31))
    expected = by_orders(5, lambda s: game.value(s) if s else 0.0)
    assert shapley(game).values == pytest.approx(expected, abs=1e-13)
    assert shapley(game).method == "enumeration"


@pytest.mark.parametrize("kink", [0.02, 0.3, 0.6, 0.97])
@pytest.mark.parametrize("n", [150, 400, 1000])
def test_fewer_nodes_than_exact_lose_nothing(n, kink):
    from evenwatt.coalitions.sums._kernels import hinge_rows

    z = np.random.default_rng(n).integers(1, 10, n)
    at = np.array([float(int(kink * z.sum()))])
    roots, weights = np.polynomial.legendre.leggauss(-(-n // 2))
    left = roots <= 0
    half = (roots[left] + 1) / 2, weights[left] * np.where(roots[left] == 0, 0.5, 1.0)
    every, few = np.zeros((1, n)), np.zeros((1, n))
    hinge_rows(z[None], at, np.zeros(1, dtype=np.int64), *half, every, np.zeros((1, n)))
    hinge_rows(z[None], at, np.zeros(1, dtype=np.int64), *arrival_times(n), few, np.zeros((1, n)))
    assert np.abs(every - few).max() <= 1e-12 * np.abs(every).max()


@given(z=whole_rows)
def test_banzhaf_of_sums_is_the_mean_over_coalitions(z):
    net = np.array([z, z[::-1]], dtype=float)
    for game in (
        coalitions.microgrid_game(net, 0.3, 0.1),
        SumGame(z, Kinked(0.2, (1.5,), (-1.0,))),
        SumGame(z, lambda x: x * np.abs(x)),
    ):
        rows = np.array([[mask >> i & 1 for i in range(game.n)] for mask in range(1 << game.n)], dtype=bool)
        worth = game.worth(rows)
        mean = [worth[rows[:, i]].mean() - worth[~rows[:, i]].mean() for i in range(game.n)]
        assert coalitions.banzhaf(game) == pytest.approx(mean, abs=1e-11 * (1 + np.abs(net).sum() ** 2))


def test_a_thousand_members_share_everything():
    rng = np.random.default_rng(3)
    game = coalitions.surplus_deficit_game(rng.integers(-20, 21, 1000))
    held = shapley(game)
    assert held.exact
    assert held.values.sum() == pytest.approx(game.total, abs=1e-9 * game.total)
    assert (held.values >= -1e-12).all()


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(("few", "most", "many"), [(1, 100, 90), (7, 60, 200), (30, 12, 400), (3, 5, 1000)])
def test_a_short_side_facing_a_crowd_is_the_same_by_another_way(sign, few, most, many):
    """The short laws of lopsided intervals against the full law of everyone's sum."""
    from evenwatt.coalitions.sums._kernels import hinge_rows, lopsided_rows
    from evenwatt.coalitions.sums.quadrature import every_time

    rng = np.random.default_rng(few)
    z = sign * np.concatenate([rng.integers(1, most, few), -rng.integers(1, 80, many), [0]])
    n, values, covered = z.size, np.zeros((1, z.size)), np.zeros(1, dtype=bool)
    lopsided_rows(z[None], *every_time(n), 1e-15, values, covered)
    assert covered[0]
    full = np.zeros((1, n))
    hinge_rows(z[None], np.zeros(1), np.zeros(1, dtype=np.int64), *arrival_times(n), full, np.zeros((1, n)))
    assert values[0] == pytest.approx((np.abs(z) + z) / 2 - full[0], abs=1e-10)
    assert by_interval(z[None])[0] == pytest.approx(values[0], abs=1e-12)
    assert values.sum() == pytest.approx(np.maximum(sign * z, 0).sum())


def test_a_short_side_that_may_go_short_is_left_to_the_full_law():
    from evenwatt.coalitions.sums._kernels import lopsided_rows
    from evenwatt.coalitions.sums.quadrature import every_time

    covered = np.ones(1, dtype=bool)
    lopsided_rows(np.array([[5, -6, -7, -9]]), *every_time(4), 1e-15, np.zeros((1, 4)), covered)
    assert not covered[0]


def test_a_month_is_the_sum_of_its_intervals():
    rng = np.random.default_rng(8)
    net = rng.integers(-300, 200, (50, 12))
    buy, sell = rng.uniform(0.2, 0.4, 50), rng.uniform(0.0, 0.2, 50)
    month = shapley(coalitions.savings_game(net, buy, sell))
    parts = sum(
        shapley(coalitions.savings_game(z, b, s)).values for z, b, s in zip(net, buy, sell, strict=True)
    )
    assert month.values == pytest.approx(parts, abs=1e-9)
    assert (buy - sell) @ by_interval(net) == pytest.approx(month.values, abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_grid_stays_within_its_proven_bound(seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=10)
    for game in (
        coalitions.microgrid_game(np.array([z, z[::-1]]), 0.3, [0.1, 0.2]),
        SumGame(z, Kinked(0.5, (0.3, -0.2), (1.0, -2.0))),
    ):
        held, exact = shapley(game, "grid"), shapley(game, "enumeration").values
        assert not held.exact
        assert held.method == "grid"
        assert (held.interval[:, 0] <= exact + 1e-12).all()
        assert (exact <= held.interval[:, 1] + 1e-12).all()
        assert np.ptp(held.interval, axis=1).max() < 1e-4


def test_numbers_off_any_grid_need_a_function_with_kinks():
    with pytest.raises(ProblemError, match="nothing would bound the error"):
        shapley(SumGame(np.random.default_rng(0).normal(size=30), np.square), "law-of-sums")


def test_more_intervals_have_coarser_grids():
    assert cells(1, 100) > cells(3000, 100) >= 1 << 12


@pytest.mark.parametrize("n", [20, 60, 300, 1000])
def test_normal_law_tells_its_error(n):
    rng = np.random.default_rng(n)
    z = np.rint(rng.gamma(1.0, 30.0, n)) * rng.choice([-1, 1], n)
    for game in (
        coalitions.surplus_deficit_game(z),
        SumGame(np.abs(z), Kinked(0.0, (np.abs(z).sum() / 3,), (1.0,))),
    ):
        exact = shapley(game, "law-of-sums").values
        values, error = normal(game)
        assert (np.abs(values - exact) <= error + 1e-12).mean() >= 0.95
        assert values.sum() == pytest.approx(game.total, rel=1e-12)
        assert shapley(game, "normal").method == "normal"
        assert not shapley(game, "normal").exact


def test_normal_law_within_half_a_permille_at_a_thousand():
    z = np.random.default_rng(0).integers(-20, 21, 1000)
    game = coalitions.surplus_deficit_game(z)
    exact = shapley(game).values
    assert np.abs(shapley(game, "normal").values - exact).max() <= 5e-4 * exact.max()


@pytest.mark.parametrize("design", ["antithetic", "stratified"])
def test_all_orders_sampled_give_the_value(design):
    game = Game.from_table(3, [0, 0, 0, 6, 8, 4, 15])
    held = sampled(game, orders=60_000, design=design, rng=4)
    assert held.mean == pytest.approx([6, 4, 5], abs=6 * held.std_err.max() + 1e-9)
    assert held.mean.sum() == pytest.approx(15, abs=1e-9)


def _random_game(rng):
    """A game of some kind, with its exact value."""
    n = int(rng.integers(5, 11))
    kind = int(rng.integers(4))
    if kind == 0:
        return coalitions.surplus_deficit_game(rng.integers(-50, 50, n))
    if kind == 1:
        return coalitions.pessimistic_claims_game(float(rng.integers(10, 60)), rng.integers(20, 60, n))
    if kind == 2:
        sizes = rng.gamma(2.0, size=n)
        return Game(n, lambda s: (s @ sizes) ** 1.7)
    return Game.from_table(n, np.cumsum(rng.normal(size=2**n - 1)))


@pytest.mark.parametrize(("design", "options"), [
    ("sampling", {"orders": 400}), ("sampling", {"std_err": 0.5}), ("stratified-sampling", {"orders": 1200})
])  # fmt: skip
def test_intervals_cover_as_often_as_they_say(design, options):
    rng = np.random.default_rng(2024)
    covered = []
    for k in range(450):
        game = _random_game(rng)
        exact = shapley(game, "enumeration").values
        held = shapley(game, design, rng=k, **options)
        doubtful = held.std_err > 1e-12 * (1 + np.abs(exact).max())
        inside = (held.interval[:, 0] <= exact) & (exact <= held.interval[:, 1])
        # One member a game: members of one game err together.
        if doubtful.any():
            covered.append(inside[rng.choice(np.flatnonzero(doubtful))])
        assert np.abs(held.values - exact)[~doubtful] == pytest.approx(
            0, abs=1e-9 * (1 + np.abs(exact).max())
        )
    assert len(covered) >= 400
    assert 0.93 <= np.mean(covered) <= 0.97


def test_sampling_stops_at_the_wanted_error_and_says_what_it_took():
    game = coalitions.surplus_deficit_game(np.random.default_rng(1).integers(-50, 50, 40))
    held = shapley(game, "sampling", std_err=0.5)
    assert held.std_err.max() <= 0.5
    assert held.evaluations < 1 << 20
    assert shapley(game, "sampling", std_err=0.25).evaluations > held.evaluations


def test_a_standard_error_out_of_reach_is_warned_about():
    game = coalitions.surplus_deficit_game(np.random.default_rng(1).integers(-50, 50, 40))
    told = []
    with pytest.warns(SamplingWarning, match="400 orders left a standard error of"):
        shapley(game, "sampling", std_err=1e-6, orders=400, progress=lambda *step: told.append(step))
    assert told[-1] == (400, 400, "sampling orders")


def test_sampling_does_not_depend_on_workers():
    game = coalitions.surplus_deficit_game(np.arange(-5, 6))
    alone, shared = (sampled(game, orders=600, rng=3, workers=w) for w in (1, 2))
    assert (alone.mean == shared.mean).all()
    assert (alone.std_err == shared.std_err).all()


def test_the_choice_is_named():
    rng = np.random.default_rng(0)
    table = Game.from_table(3, [0, 0, 0, 6, 8, 4, 15])
    many = Game(40, lambda s: s.sum(axis=1) ** 2.0)
    assert shapley(table).method == "enumeration"
    assert shapley(coalitions.airport_game([1, 2, 4])).method == "closed-form"
    assert shapley(coalitions.surplus_deficit_game(rng.integers(-9, 9, 300))).method == "law-of-sums"
    assert shapley(coalitions.surplus_deficit_game(rng.normal(size=100))).method == "grid"
    assert shapley(coalitions.surplus_deficit_game(rng.normal(size=(1000, 200)))).method == "normal"
    assert shapley(coalitions.surplus_deficit_game(rng.normal(size=8))).method == "enumeration"
    assert shapley(many).method == "sampling"
    assert not shapley(many).exact


@pytest.mark.parametrize("z", [[0.0], [5.0], [0, 0, 0], [3, 3, 3], [-2, -2], [7, 0, 0], [1, 1, 1, -3]])
def test_degenerate_microgrids(z):
    game = coalitions.microgrid_game(z, 0.3, 0.1)
    expected = by_definition(
        len(z), lambda s: float(np.where(sum(z[i] for i in s) > 0, 0.1, 0.3)) * sum(z[i] for i in s)
    )
    held = shapley(game)
    assert held.exact
    assert held.values == pytest.approx(expected, abs=1e-12)


def test_equal_members_share_equally():
    held = shapley(SumGame(np.full(50, 2.0), lambda x: x**2))
    assert held.values == pytest.approx(np.full(50, 200.0))
    assert held.method == "closed-form"


def test_selling_above_buying_is_warned_about_and_explained():
    with pytest.warns(coalitions.PoolingLossWarning, match=r"earns 3 less than everyone alone"):
        game = coalitions.microgrid_game([50, -100, 50, 50], 0.12, 0.15)
    assert game.alone.sum() - game.total == pytest.approx(3.0)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: shapley(Game(3, lambda s: s.sum(axis=1)), "law-of-sums"), "law-of-sums: expected a SumGame"),
    (lambda: shapley(Game(3, lambda s: s.sum(axis=1)), "closed-form"), "there is none|has none"),
    (lambda: shapley(Game(3, lambda s: s.sum(axis=1)), "normal"), "normal: expected a SumGame"),
    (lambda: shapley(coalitions.surplus_deficit_game([1, -1]), "normal"), "at least 20"),
    (lambda: shapley(coalitions.surplus_deficit_game(np.zeros(25)), "enumeration"), "at most 24"),
    (lambda: shapley(Game(2, lambda s: s.sum(axis=1)), "magic"), "'magic'; expected one of"),
    (lambda: shapley(Game(2, lambda s: s.sum(axis=1)), confidence=95), "between 0 and 1"),
    (lambda: shapley(Game(2, lambda s: s.sum(axis=1)), "sampling", std_err=0.0), "above 0"),
    (lambda: Game(0, np.sum), "whole number above 0"),
    (lambda: Game.from_table(3, [1, 2, 3]), "3 values; expected 7"),
    (lambda: Game.from_table(2, [1, np.nan, 3]), "value 1: nan"),
    (lambda: Game(3, lambda s: s.sum(axis=0)).total, "gave shape"),
    (lambda: Game(3, lambda s: s.sum(axis=1) / 0.0).total, "not finite"),
    (lambda: SumGame([1, 2], lambda x: x + 1), "f\\(0\\) = 1"),
    (lambda: SumGame([1, np.inf], np.abs), "member 1: inf"),
    (lambda: SumGame([], np.abs), "one number a member"),
    (lambda: TwoPriceGame([[1, 2], [3, np.nan]], [1, 2, 3], 0.1), "(?s)2 faults.*buy: shape.*net\\[1, 1\\]"),
    (lambda: coalitions.pessimistic_claims_game(10, [1, 2]), "nothing to quarrel about"),
    (lambda: coalitions.airport_game([1, -2]), "member 1: -2.0 is below 0"),
])  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(ProblemError, match=message), np.errstate(divide="ignore", invalid="ignore"):
        call()


def test_worths_are_asked_once():
    asked = []

    def worth(coalitions):
        asked.extend(coalitions.tolist())
        return coalitions.sum(axis=1) ** 2.0

    game = Game(4, worth)
    game.worth(np.eye(4, dtype=bool))
    game.worth(np.eye(4, dtype=bool))
    assert len(asked) == 4
    assert game.worth(np.zeros((1, 4), dtype=bool)) == 0
    coalitions, worths = game.known()
    assert (worths == coalitions.sum(axis=1) ** 2.0).all()
    assert len(Game(9, worth).known()[1]) == 0


def test_table_order_is_by_size_then_lexicographic():
    game = Game.from_table(3, [1, 2, 3, 12, 13, 23, 123])
    assert [game.value(s) for s in ([0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2])] == [
        1,
        2,
        3,
        12,
        13,
        23,
        123,
    ]
