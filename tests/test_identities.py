"""One system: parts that were written apart must agree."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt import bargaining, claims, markets, sharing
from evenwatt.coalitions import (
    Game,
    SumGame,
    masks,
    microgrid_game,
    optimistic_claims_game,
    pessimistic_claims_game,
    surplus_deficit_game,
)
from evenwatt.coalitions.banzhaf import banzhaf
from evenwatt.coalitions.dutta_ray import dutta_ray
from evenwatt.coalitions.egalitarian import equal_surplus
from evenwatt.coalitions.gately import gately
from evenwatt.coalitions.owen import owen
from evenwatt.coalitions.shapley_enumeration import enumerated
from evenwatt.coalitions.tau import tau
from evenwatt.engine import water
from evenwatt.sharing import rounds

Array = npt.NDArray[np.float64]

SELF_DUAL = "pro apro av talmud rtalmud ra aa".split()


@st.composite
def problems(draw: st.DrawFn, least: int = 1, most: int = 7) -> tuple[Array, Array]:
    """Draw an endowment [Wh] and claims [Wh] with ties and zeros."""
    values = st.one_of(st.integers(0, 12).map(float), st.floats(0, 1e4, width=32))
    asked = np.array(draw(st.lists(values, min_size=least, max_size=most)))
    return np.array(draw(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0]))) * asked.sum()), asked


def near(a: Array, b: Array, asked: Array, loose: float = 1.0) -> bool:
    return bool(np.abs(np.asarray(a) - np.asarray(b)).max(initial=0.0) <= 1e-9 * loose * (1 + asked.sum()))


def kernel(endowment: Array, anchor: Array, weights: Array, lower: Array, upper: Array) -> Array:
    rows = [
        np.atleast_2d(np.broadcast_to(v, upper.shape)).astype(float) for v in (anchor, weights, lower, upper)
    ]
    return water.fill(np.atleast_1d(endowment).astype(float), *rows)[0][0]


@given(problems())
def test_every_water_filling_rule_is_the_one_kernel(problem):
    E, d = problem
    low, one, nought = d.sum() / 2 >= E, np.ones_like(d), np.zeros_like(d)
    K = 2 * d.max() + 1
    table = {
        "cea": (nought, one, nought, d),
        "pro": (nought, np.where(d > 0, d, 1.0), nought, d),
        "cel": (d - K, one, nought, d),
        "talmud": (nought, one, nought, d / 2) if low else (d - K, one, d / 2, d),
        "rtalmud": (d / 2 - K, one, nought, d / 2) if low else (d / 2, one, d / 2, d),
        "piniles": (nought, one, nought, d / 2) if low else (d / 2, one, d / 2, d),
        "ce": (nought, one, nought, d / 2) if low else (nought, one, d / 2, d),
    }
    for name, (anchor, weights, lower, upper) in table.items():
        assert near(claims.rule(name)(E, d), kernel(E, anchor, weights, lower, upper), d), name


@given(problems())
def test_symmetric_nash_is_equal_awards_and_nash_by_claims_is_proportional(problem):
    E, d = problem
    assert near(bargaining.bankruptcy_nash(E, d), claims.rule("cea")(E, d), d)
    assert near(bargaining.bankruptcy_nash(E, d, weights="claims"), claims.rule("pro")(E, d), d)


@given(problems())
def test_kalai_smorodinsky_is_proportional_of_truncated_claims_and_from_minimal_rights_adjusted(problem):
    E, d = problem
    E = min(E, d.sum())
    truncated = np.minimum(d, E)
    assert near(
        bargaining.kalai_smorodinsky(E, np.zeros_like(d), upper=d), claims.rule("pro")(E, truncated), d
    )
    rights = np.minimum(np.maximum(E - (d.sum() - d), 0), d)
    if rights.sum() < E:
        assert near(bargaining.kalai_smorodinsky(E, rights, upper=d), claims.rule("apro")(E, d), d)


@given(problems(least=2, most=2))
def test_two_claimants_concede_and_divide_by_many_names(problem):
    E, d = problem
    expected = claims.rule("cd")(E, d)
    for name in ("talmud", "ra", "mo", "apro", "aa"):
        assert near(claims.rule(name)(E, d), expected, d), name
    assert near(bargaining.bankruptcy_nash(E, d, disagreement="minimal-rights"), expected, d)


def test_two_claimants_do_not_make_the_others_concede_and_divide():
    for name in ("av", "pro", "dt", "rtalmud"):
        gaps = [
            np.abs(claims.rule(name)(E, [10.0, 30.0]) - claims.rule("cd")(E, [10.0, 30.0])).max()
            for E in (5.0, 15.0, 30.0)
        ]
        assert max(gaps) > 0.1, name


@given(problems())
def test_the_family_of_talmud_ends_in_losses_and_awards(problem):
    E, d = problem
    tal = claims.rule("tal")
    for theta, name in ((0.0, "cel"), (0.5, "talmud"), (1.0, "cea")):
        assert near(tal(E, d, theta=theta), claims.rule(name)(E, d), d), name


@given(problems(most=6))
def test_duality(problem):
    E, d = problem
    E = min(E, d.sum())
    assert near(claims.rule("cel")(E, d), d - claims.rule("cea")(d.sum() - E, d), d)
    for name in SELF_DUAL:
        rule = claims.rule(name)
        assert near(rule(E, d), d - rule(d.sum() - E, d), d), name


@given(problems())
def test_at_half_the_claims_everyone_gets_half(problem):
    _, d = problem
    for name in [*SELF_DUAL, "piniles", "ce"]:
        assert near(claims.rule(name)(d.sum() / 2, d), d / 2, d), name


@given(problems())
def test_below_half_three_rules_agree_and_above_two(problem):
    E, d = problem
    if d.sum() / 2 >= E:
        assert near(claims.rule("talmud")(E, d), claims.rule("piniles")(E, d), d)
        assert near(claims.rule("ce")(E, d), claims.rule("piniles")(E, d), d)
    else:
        assert near(claims.rule("rtalmud")(E, d), claims.rule("piniles")(E, d), d)


@given(problems(most=5))
def test_random_arrival_is_the_mean_over_all_orders(problem):
    E, d = problem
    orders = list(permutations(range(len(d))))
    mean = np.zeros_like(d)
    for order in orders:
        left = float(min(E, d.sum()))
        for i in order:
            mean[i] += min(d[i], left)
            left -= min(d[i], left)
    assert near(claims.rule("ra")(E, d), mean / len(orders), d)


@pytest.mark.parametrize("name", sorted(set(claims.rules()) - {"cd"}))
def test_a_batch_equals_its_rows(name):
    rng = np.random.default_rng(5)
    asked = rng.integers(0, 30, (40, 6)).astype(float)
    endowment = rng.random(40) * asked.sum(axis=1)
    rule = claims.rule(name)
    together = rule(endowment, asked)
    for row in range(40):
        assert near(together[row], rule(endowment[row], asked[row]), asked[row]), (name, row)


# Games of a claims problem: the same divisions, reached through what groups can be sure of.


@given(problems(most=8))
def test_shapley_of_either_claims_game_is_random_arrival(problem):
    E, d = problem
    expected = claims.rule("ra")(E, d)
    assert near(enumerated(pessimistic_claims_game(float(E), d)), expected, d)
    assert near(enumerated(optimistic_claims_game(float(E), d)), expected, d)


@pytest.mark.parametrize("n", [10, 12, 14])
def test_shapley_of_a_large_claims_game_is_random_arrival(n):
    rng = np.random.default_rng(n)
    d = rng.gamma(1.0, 10.0, n)
    for E in rng.random(3) * d.sum():
        assert near(enumerated(pessimistic_claims_game(E, d)), claims.rule("ra")(E, d), d)


@given(problems(most=8))
def test_tau_of_the_claims_game_is_adjusted_proportional(problem):
    E, d = problem
    assert near(tau(pessimistic_claims_game(float(E), d)), claims.rule("apro")(E, d), d)


@given(problems(most=8))
def test_dutta_ray_of_the_claims_game_is_equal_awards(problem):
    E, d = problem
    assert near(dutta_ray(pessimistic_claims_game(float(E), d)), claims.rule("cea")(E, d), d)


@settings(max_examples=60)
@given(problems(most=6))
def test_nucleolus_of_the_claims_game_is_the_talmud(problem):
    from evenwatt.coalitions.nucleolus import nucleolus

    E, d = problem
    found = nucleolus(pessimistic_claims_game(float(E), d))
    assert near(found, claims.rule("talmud")(E, d), d, loose=1e3)  # to 1e-6: a sequence of linear programs


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_core_centre_of_the_claims_game_is_the_average_of_awards(n):
    from evenwatt.coalitions.core_set import core_centre

    rng = np.random.default_rng(n)
    for d in (rng.integers(1, 9, n).astype(float), rng.gamma(1.0, 10.0, n) + 0.1):
        for E in (0.3 * d.sum(), d.sum() / 2, 0.9 * d.sum()):
            found = core_centre(pessimistic_claims_game(E, d))
            assert near(found, claims.rule("aa")(E, d), d, loose=1e3)


@pytest.mark.parametrize("value", [enumerated, banzhaf, tau, gately, equal_surplus], ids=lambda v: v.__name__)
@given(
    net=st.lists(st.integers(-9, 9), min_size=1, max_size=7),
    prices=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
)
def test_a_microgrid_is_everyone_alone_and_the_spread_on_what_is_netted(value, net, prices):
    sell, buy = prices
    game, netted = microgrid_game(net, buy=buy, sell=sell), surplus_deficit_game(net)
    expected = game.alone + (buy - sell) * value(netted)
    assert np.abs(value(game) - expected).max() <= 1e-9 * (1 + np.abs(net).sum())


@given(net=st.lists(st.lists(st.integers(-9, 9), min_size=4, max_size=4), min_size=1, max_size=5))
def test_a_month_of_microgrids_is_valued_interval_by_interval(net):
    games = [microgrid_game(row, buy=0.3, sell=0.08) for row in net]
    together = microgrid_game(net, buy=0.3, sell=0.08)
    for value in (enumerated, banzhaf, equal_surplus):
        assert np.abs(value(together) - sum(value(game) for game in games)).max() <= 1e-9


def owen_integrand(game: SumGame, t: float) -> Array:
    """What each member adds on the mean if each of the others is there with chance t, coalition by coalition."""
    n, table = game.n, game.table()
    held = masks.rows(np.arange(1 << n), n)
    chance = np.where(held, t, 1 - t)
    found = np.empty(n)
    for i in range(n):
        without = np.flatnonzero(~held[:, i])
        weight = np.delete(chance[without], i, axis=1).prod(axis=1)
        found[i] = weight @ (table[without | 1 << i] - table[without])
    return found


@given(z=st.lists(st.integers(-6, 6).map(float), min_size=1, max_size=6), kink=st.floats(-5, 5))
def test_banzhaf_is_the_owen_integrand_at_one_half_and_shapley_its_integral(z, kink):
    game = SumGame(z, lambda s: np.maximum(s - kink, 0) - max(-kink, 0.0))
    assert np.abs(banzhaf(game) - owen_integrand(game, 0.5)).max() <= 1e-12 * (1 + np.abs(z).sum())
    nodes, weights = np.polynomial.legendre.leggauss((game.n + 1) // 2)
    integral = sum(w / 2 * owen_integrand(game, (x + 1) / 2) for x, w in zip(nodes, weights, strict=True))
    assert np.abs(enumerated(game) - integral).max() <= 1e-12 * (1 + np.abs(z).sum())


@given(st.integers(1, 6), st.integers(0, 10**6))
def test_the_mean_over_all_orders_is_enumeration_and_so_is_owen_without_unions(n, seed):
    game = Game.from_table(n, np.random.default_rng(seed).normal(0, 10, (1 << n) - 1))
    expected = enumerated(game)
    orders = np.array(list(permutations(range(n))))
    np.testing.assert_allclose(game.marginals(orders).mean(axis=0), expected, atol=1e-11)
    np.testing.assert_allclose(owen(game, [[i] for i in range(n)]), expected, atol=1e-11)


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
@settings(max_examples=60)
def test_one_producer_without_floor_and_for_ever_is_weighted_equal_awards(seed, consumers):
    rng = np.random.default_rng(seed)
    supply, demand = rng.integers(0, 5_000, (6, 1)), rng.integers(0, 2_000, (6, consumers))
    keys = np.floor(rng.dirichlet(np.ones(consumers)) * 9_000 + 1).astype(np.int64)[None]
    flows = rounds.exact_flows(
        supply, demand, held := sharing.agreement(keys, np.ones((1, consumers), dtype=int))
    )
    awards = claims.rule("cea")(
        np.minimum(supply[:, 0], demand.sum(axis=1)).astype(float),
        demand.astype(float),
        weights=keys[0].astype(float),
    )
    assert np.abs(flows[:, np.argsort(held.links[:, 1])] - awards).max() <= 1e-8 * (1 + supply.max())


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 9))
@settings(max_examples=60)
def test_rounds_raise_the_level_of_equal_awards_step_by_step(seed, consumers, count):
    """x_j = min(d_j, w_j H_R) with H_0 = 0 and H_{r+1} = H_r + s - sum_j min(d_j, w_j H_r)."""
    rng = np.random.default_rng(seed)
    supply, demand = int(rng.integers(0, 5_000)), rng.integers(0, 2_000, consumers)
    keys = np.floor(rng.dirichlet(np.ones(consumers)) * 9_000 + 1).astype(np.int64)
    level = 0.0
    for _ in range(count):
        level += supply - np.minimum(demand, keys / 10_000 * level).sum()
    held = sharing.agreement(keys[None], np.ones((1, consumers), dtype=int))
    flows = rounds.exact_flows(np.array([[supply]]), demand[None], held, count)
    assert np.abs(flows[0] - np.minimum(demand, keys / 10_000 * level)).max() <= 1e-8 * (1 + supply)


@pytest.mark.parametrize("name", "pro apro cea cel av talmud rtalmud piniles ce ra mo dt tal".split())
@given(seed=st.integers(0, 2**32 - 1), buyers=st.integers(1, 6))
@settings(max_examples=15)
def test_a_tie_at_the_margin_of_a_market_is_a_claims_problem(name, seed, buyers):
    """Buyers who bid the same for a supply too small get what the rule awards, rounded once."""
    rng = np.random.default_rng(seed)
    wanted = rng.integers(1, 500, buyers)
    supply = int(rng.integers(1, wanted.sum() + 1))
    orders = markets.Orders(
        np.arange(buyers + 1),
        ["buy"] * buyers + ["sell"],
        np.append(np.full(buyers, 60.0), 20.0),
        np.append(wanted, supply),
    )
    cleared = markets.clear(orders, ration=claims.rule(name))
    awards = claims.rule(name)(np.array(float(supply)), wanted.astype(float))
    assert cleared.fills[:-1].sum() == supply
    assert np.abs(cleared.fills[:-1] - awards).max() < 1


@given(seed=st.integers(0, 2**32 - 1), stations=st.integers(1, 6))
@settings(max_examples=40)
def test_merit_order_is_the_call_auction_of_one_buyer_at_the_cap(seed, stations):
    rng = np.random.default_rng(seed)
    asks, capacity = rng.integers(-5, 90, stations).astype(float), rng.integers(1, 200, stations)
    demand = int(rng.integers(1, capacity.sum() + 1))
    sellers = markets.Orders(np.arange(stations), "sell", asks, capacity)
    both = markets.Orders(
        np.arange(stations + 1),
        np.append(np.full(stations, -1), 1),
        np.append(asks, 3000.0),
        np.append(capacity, demand),
    )
    dispatch = markets.clear(sellers, "merit-order", demand_wh=demand)
    call = markets.clear(both, split=0.0)
    assert (dispatch.fills == call.fills[:-1]).all()
    assert dispatch.price == call.price


@given(seed=st.integers(0, 2**32 - 1), homes=st.integers(2, 8))
@settings(max_examples=40)
def test_the_middle_of_a_call_auction_is_the_mid_market_rate_of_a_balanced_community(seed, homes):
    """Everybody bids the retail price or asks the feed-in tariff, and surplus is deficit."""
    rng = np.random.default_rng(seed)
    bought = rng.integers(1, 500, homes)
    sold = np.bincount(rng.integers(0, homes, int(bought.sum())), minlength=homes)
    feed_in, retail = 80.0, 300.0
    orders = markets.Orders(
        np.arange(2 * homes),
        np.repeat([1, -1], homes),
        np.repeat([retail, feed_in], homes),
        np.concatenate([bought, sold]),
    )
    call = markets.clear(orders)
    middle = markets.clear(orders, "mid-market")
    assert call.price == middle.price == (feed_in + retail) / 2
    assert (call.fills == middle.fills).all()
