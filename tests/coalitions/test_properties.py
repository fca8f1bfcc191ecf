"""Properties of games: against their definitions taken literally, and with breaches that can be seen."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.coalitions import (
    Game,
    PoolingLossWarning,
    masks,
    microgrid_game,
    pessimistic_claims_game,
    surplus_deficit_game,
)
from evenwatt.coalitions.properties import (
    additive,
    balanced,
    convex,
    essential,
    monotone,
    properties,
    quasi_balanced,
    superadditive,
)
from evenwatt.core.errors import ProblemError

BREACHES = {
    "monotone": lambda v, s, t: v[s & t] - v[s],
    "superadditive": lambda v, s, t: v[s] + v[t] - v[s | t] if s & t == 0 else -np.inf,
    "convex": lambda v, s, t: v[s] + v[t] - v[s | t] - v[s & t],
}
CHECKS = {"monotone": monotone, "superadditive": superadditive, "convex": convex}


@st.composite
def games(draw: st.DrawFn) -> Game:
    """Draw a game of few members with small whole worths, so that ties and near misses occur."""
    n = draw(st.integers(1, 4))
    worths = draw(st.lists(st.integers(0, 4), min_size=(1 << n) - 1, max_size=(1 << n) - 1))
    slope = draw(st.sampled_from([0, 1, 2, 4]))
    sizes = masks.sizes(n)[masks.by_size(n)]
    return Game.from_table(n, np.array(worths) + slope * (sizes - 1) * sizes)


@pytest.mark.parametrize("name", sorted(CHECKS))
@given(game=games())
def test_a_property_holds_where_no_two_coalitions_break_it(name, game):
    verdict, table = CHECKS[name](game), game.table()
    worst = max(BREACHES[name](table, s, t) for s, t in product(range(table.size), repeat=2))
    assert bool(verdict) == (worst <= 1e-9)


@pytest.mark.parametrize("name", sorted(CHECKS))
@given(game=games())
def test_the_coalitions_shown_break_it_by_the_gap_shown(name, game):
    verdict = CHECKS[name](game)
    if not verdict:
        s, t = (sum(1 << i for i in group) for group in verdict.coalitions)
        if name == "monotone":
            s, t = t, s
        assert BREACHES[name](game.table(), s, t) == pytest.approx(verdict.gap)
        assert verdict.gap > 0


def test_superadditivity_beyond_what_is_held_at_once_finds_the_one_breach():
    table = masks.sums(np.random.default_rng(2).integers(1, 9, 13).astype(float))
    assert superadditive(Game.from_table(13, table[masks.by_size(13)]))
    table[0b1010000000110] -= 0.5
    verdict = superadditive(Game.from_table(13, table[masks.by_size(13)]))
    assert verdict.gap == pytest.approx(0.5)
    assert sorted(verdict.coalitions[0] + verdict.coalitions[1]) == [1, 2, 10, 12]


def test_a_claims_game_has_every_property_but_additivity():
    held = properties(pessimistic_claims_game(20.0, [3, 5, 9, 13]))
    assert [name for name, holds in held.items() if not holds] == ["additive"]


def test_a_surplus_deficit_game_is_superadditive_but_not_convex():
    game = surplus_deficit_game([4, 2, -1, -3])
    assert superadditive(game)
    assert monotone(game)
    verdict = convex(game)
    assert verdict.reason == "{0, 3} and {1, 3} are worth 5, but their union and intersection 3"


def test_selling_dearer_than_buying_breaks_superadditivity_and_says_where():
    with pytest.warns(PoolingLossWarning):
        game = microgrid_game([1.0, -1.0], buy=0.1, sell=0.3)
    verdict = superadditive(game)
    assert not verdict
    assert verdict.gap == pytest.approx(0.2)


def test_additive_games_are_additive_and_leave_nothing_to_gain():
    game = Game(4, lambda held: held @ np.array([3.0, -1.0, 0.0, 2.0]))
    assert additive(game)
    assert not essential(game)
    assert essential(game).reason == "all together are worth 4, everyone alone 4"
    assert convex(game)


def test_one_member_alone_is_everything_but_essential():
    held = properties(Game.from_table(1, [2.0]))
    assert [name for name, holds in held.items() if not holds] == ["essential"]


def test_quasi_balance_is_what_the_tau_value_needs():
    assert quasi_balanced(Game.from_table(3, [1, 0, 0, 8, 5, 2, 10]))
    verdict = quasi_balanced(Game.from_table(3, [0, 0, 0, 9, 1, 1, 6]))
    assert not verdict
    assert verdict.gap == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("worths", "expected"),
    [((0, 0, 0, 6, 8, 4, 15), True), ((0, 0, 0, 8, 8, 8, 9), False), ((0, 0, 0, 6, 6, 6, 9), True)],
)
def test_balance_is_a_core_with_a_point(worths, expected):
    assert bool(balanced(Game.from_table(3, worths))) is expected


def test_an_empty_core_tells_what_groups_forgo():
    assert balanced(Game.from_table(3, [0, 0, 0, 8, 8, 8, 9])).gap == pytest.approx(2.0)


def test_too_many_members_for_all_pairs_are_refused():
    with pytest.raises(ProblemError, match=r"3\*\*17 pairs"):
        superadditive(surplus_deficit_game(np.ones(17)))
