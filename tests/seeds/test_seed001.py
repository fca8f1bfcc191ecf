"""Seed 001's three steps: printed numbers digit for digit, n! loops as an oracle, and the textbook beside."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt import claims
from evenwatt.coalitions import PoolingLossWarning, compat, microgrid_game, surplus_deficit_game
from evenwatt.coalitions._fitting import _chance_by_groups, _chance_by_law
from evenwatt.coalitions.nucleolus import nucleolus
from evenwatt.coalitions.shapley_enumeration import enumerated
from evenwatt.core.errors import ProblemError

PRODUCTION = [200, 300, 350, 150]
PLENTY = [150, 400, 300, 100]  # consumption that production covers
SCARCE = [300, 200, 400, 150]
PRICES = {"buy": 0.12, "sell": 0.15, "delta": 0.5}
DEMAND = [6, 12, 15, 15]
SUPPLY_THREE = [18, 25, 15, 26, 24, 25]
DEMAND_THREE = [5, 6, 17, 7, 29, 29]


def profit_as_written(used, made, buy, sell, delta):
    """Step one, prosumer by prosumer."""
    enough, found = sum(used) <= sum(made), []
    for u, m in zip(used, made, strict=True):
        if enough:
            found.append((delta if m >= u else 1.0) * (m - u) * sell)
        else:
            found.append((m - u) * buy - (delta * (m - u) * sell if m >= u else 0.0))
    above = [c - min(found) for c in found]
    own = [u * buy + delta * (m - u) * sell if m >= u else m * buy for u, m in zip(used, made, strict=True)]
    return [a / sum(above) * o for a, o in zip(above, own, strict=True)]


def order_sums(amounts, fits):
    """Sums over all orders of what each member adds, as long as the running sum ``fits``."""
    found = [0.0] * len(amounts)
    for order in permutations(range(len(amounts))):
        before = 0
        for i in order:
            if fits(before + amounts[i]):
                found[i] += abs(amounts[i]) / len(amounts)
            before += amounts[i]
    return found


def threshold_as_written(demand, total):
    """Step two, order by order."""
    counted = order_sums(demand, lambda held: held <= total)
    return [c * total / sum(counted) for c in counted]


def refined_as_written(supply, demand):
    """Step three, order by order on either side."""
    balance = [s - d for s, d in zip(supply, demand, strict=True)]
    utility = [0.0] * len(balance)
    sides = [[i for i, b in enumerate(balance) if b * sign > 0] for sign in (1, -1)]
    trade = min(abs(sum(balance[i] for i in side)) for side in sides)
    for sign, side in zip((1, -1), sides, strict=True):
        if trade > 0:
            # The deficits are negative, so that the notebook's test never stops anything.
            weights = order_sums([-abs(balance[i]) for i in side], lambda held: held <= trade)
            for i, weight in zip(side, weights, strict=True):
                utility[i] = supply[i] - sign * weight * trade / sum(weights)
    return utility


def test_step_one_prints_its_numbers():
    assert str(compat.seed001_profit(PLENTY, PRODUCTION, **PRICES)) == "[ 7.25  0.   13.25  5.25]"
    assert (
        str(compat.seed001_profit(SCARCE, PRODUCTION, **PRICES))
        == "[ 0.         15.06521739  7.30434783  6.26086957]"
    )


def test_step_two_prints_its_numbers():
    found = compat.seed001_threshold(DEMAND, 78)
    assert found.tolist() == [9.75, 19.5, 24.375, 24.375]
    assert found.sum() == 78.0


def test_step_three_prints_its_numbers():
    utility = compat.seed001_refined(SUPPLY_THREE, DEMAND_THREE)
    assert utility.tolist() == [15.19607843137255, 20.901960784313726, 17.0, 21.901960784313726, 29.0, 29.0]
    balance = compat.seed001_balance(SUPPLY_THREE, DEMAND_THREE)
    assert balance.tolist() == [10.19607843137255, 14.901960784313726, 0.0, 14.901960784313726, 0.0, 0.0]
    assert sum(utility.tolist()) == 133.0


AMOUNTS = st.integers(0, 30)


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=6), st.sampled_from([0.0, 0.3, 0.5, 1.0]))
def test_step_one_is_the_notebook_everywhere(pairs, delta):
    used, made = [p[0] for p in pairs], [p[1] for p in pairs]
    try:
        expected = profit_as_written(used, made, 0.12, 0.15, delta)
    except ZeroDivisionError:
        with pytest.raises(ProblemError, match="divides 0 by 0"):
            compat.seed001_profit(used, made, 0.12, 0.15, delta)
        return
    np.testing.assert_allclose(compat.seed001_profit(used, made, 0.12, 0.15, delta), expected, rtol=1e-12)


@given(st.lists(AMOUNTS, min_size=1, max_size=6), st.integers(0, 90))
def test_step_two_is_the_notebook_everywhere(demand, total):
    try:
        expected = threshold_as_written(demand, total)
    except ZeroDivisionError:
        with pytest.raises(ProblemError, match="divides 0 by 0"):
            compat.seed001_threshold(demand, total)
        return
    np.testing.assert_allclose(compat.seed001_threshold(demand, total), expected, rtol=1e-12)


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=6))
def test_step_three_is_the_notebook_everywhere(pairs):
    supply, demand = [p[0] for p in pairs], [p[1] for p in pairs]
    np.testing.assert_allclose(
        compat.seed001_refined(supply, demand), refined_as_written(supply, demand), rtol=1e-12
    )


@pytest.mark.parametrize("total", [3, 17, 40, 71])
def test_counting_by_sums_is_counting_by_groups(total):
    demand = np.random.default_rng(total).integers(0, 12, 15)
    np.testing.assert_allclose(
        _chance_by_law(demand, total), _chance_by_groups(demand.astype(float), total), atol=1e-14
    )


def test_step_two_for_sixty_members_is_the_mean_over_drawn_orders():
    rng = np.random.default_rng(4)
    demand = 25.0 * rng.integers(1, 20, 60)
    found = compat.seed001_threshold(demand, 6000)
    fits, draws = np.zeros(60), 4000
    for _ in range(draws):
        order = rng.permutation(60)
        fits[order] += np.cumsum(demand[order]) <= 6000
    counted = demand * fits / draws
    np.testing.assert_allclose(found, 6000 * counted / counted.sum(), rtol=0.1)
    assert found.sum() == pytest.approx(6000)


def test_step_two_for_many_members_who_all_fit_is_proportional():
    np.testing.assert_allclose(compat.seed001_threshold(np.full(500, 0.5), 1000), np.full(500, 2.0))


def test_step_three_is_the_proportional_rule_on_both_sides():
    rng = np.random.default_rng(6)
    supply, demand = rng.random((2, 300)) * 50
    balance = supply - demand
    trade = min(balance[balance > 0].sum(), -balance[balance < 0].sum())
    bought = claims.proportional(np.array(trade), np.maximum(-balance, 0))
    sold = claims.proportional(np.array(trade), np.maximum(balance, 0))
    np.testing.assert_allclose(compat.seed001_refined(supply, demand), supply + bought - sold, rtol=1e-12)


def test_whoever_does_not_trade_has_utility_zero_as_published():
    np.testing.assert_array_equal(compat.seed001_refined([3, 3], [1, 2]), [0, 0])
    np.testing.assert_array_equal(compat.seed001_balance([3, 3], [1, 2]), [2, 1])
    assert compat.seed001_refined([9, 4, 1], [5, 4, 5])[1] == 0
    np.testing.assert_array_equal(compat.seed001_balance([9, 4, 1], [5, 4, 5]), [0, 0, 0])


def test_one_member_alone():
    with pytest.raises(ProblemError, match="divides 0 by 0"):
        compat.seed001_profit([3], [5], **PRICES)
    assert compat.seed001_threshold([6], 78).tolist() == [78.0]
    assert compat.seed001_refined([6], [8]).tolist() == [0.0]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: compat.seed001_profit([1, 2], [1], **PRICES), "shapes differ"),
        (lambda: compat.seed001_profit([1, -2], [1, np.nan], **PRICES), "member 1: -2.0.*\n.*member 1: nan"),
        (lambda: compat.seed001_profit([1, 2], [2, 2], np.inf, 0.1, 2.0), "buy: inf.*\n.*delta: 2.0"),
        (lambda: compat.seed001_threshold([6, 8], 4), r"no demand above 0 fits into 4, the smallest is 6"),
        (lambda: compat.seed001_threshold([6, 8], -1), "total: -1"),
        (lambda: compat.seed001_threshold([], 4), r"shape \(0,\)"),
        (lambda: compat.seed001_threshold(np.full(30, 1.5), 20), "not a whole number"),
        (lambda: compat.seed001_threshold([10**9 + 1, *range(1, 40)], 10**9), "expected at most"),
        (lambda: compat.seed001_refined([1], [1, 2]), "shapes differ"),
    ],
)
def test_bad_input_is_named(call, told):
    with pytest.raises(ProblemError, match=told):
        call()


def test_a_larger_demand_may_get_less_by_step_two():
    found = compat.seed001_threshold(DEMAND, 20)
    np.testing.assert_allclose(found.round(3), [2.963, 5.926, 5.556, 5.556])
    assert found[1] > found[2]


@pytest.mark.parametrize(
    ("total", "seed", "textbook"),
    [
        (78, (9.75, 19.5, 24.375, 24.375), (6, 12, 15, 15)),
        (30, (3.75, 7.5, 9.375, 9.375), (3.5, 7.5, 9.5, 9.5)),
        (20, (80 / 27, 160 / 27, 50 / 9, 50 / 9), (17 / 6, 29 / 6, 37 / 6, 37 / 6)),
    ],
)
def test_step_two_beside_random_arrival(total, seed, textbook):
    np.testing.assert_allclose(compat.seed001_threshold(DEMAND, total), seed, rtol=1e-12)
    np.testing.assert_allclose(claims.rule("ra")(total, DEMAND), textbook, rtol=1e-12)


@pytest.mark.parametrize(
    ("used", "total", "alone", "shapley"),
    [
        (PLENTY, 3.75, (3.75, -12, 3.75, 3.75), (4.3125, -9.1875, 4.3125, 4.3125)),
        (SCARCE, -6, (-12, 7.5, -6, 0), (-10.5, 10.125, -5.625, 0)),
    ],
)
def test_step_one_beside_the_microgrid_game(used, total, alone, shapley):
    net = np.subtract(PRODUCTION, used)
    game = microgrid_game(net, buy=0.12, sell=0.075)
    assert game.total == pytest.approx(total)
    np.testing.assert_allclose(game.alone, alone, atol=1e-12)
    assert game.total - game.alone.sum() == pytest.approx(4.5)
    np.testing.assert_allclose(enumerated(game), shapley, atol=1e-12)
    with pytest.warns(PoolingLossWarning, match="earns 3 less than everyone alone"):
        microgrid_game(net, buy=0.12, sell=0.15)


def test_step_one_hands_out_a_part_of_what_there_is():
    own = np.array([150 * 0.12 + 50 * 0.075, 300 * 0.12, 300 * 0.12 + 50 * 0.075, 100 * 0.12 + 50 * 0.075])
    assert own.sum() == pytest.approx(113.25)
    assert compat.seed001_profit(PLENTY, PRODUCTION, **PRICES).sum() == pytest.approx(25.75)


def test_step_three_beside_the_value_of_the_trade():
    game = surplus_deficit_game(np.subtract(SUPPLY_THREE, DEMAND_THREE))
    assert game.total == 11.0
    value = enumerated(game)
    assert value.sum() == pytest.approx(11.0)
    # Any seller can be spared: in the core those who are short take all. The Shapley value pays sellers too.
    short = np.subtract(DEMAND_THREE, SUPPLY_THREE).clip(min=0)
    np.testing.assert_allclose(game.last, np.where(short > 0, short, 0.0))
    assert (value[short == 0] > 0).all()
    np.testing.assert_allclose(nucleolus(game), short, atol=1e-8)
