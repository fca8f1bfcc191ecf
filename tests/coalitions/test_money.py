"""Money rules against formulae written out, and against what each promises."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.coalitions.compat import seed001_profit
from evenwatt.coalitions.microgrid import savings_game
from evenwatt.coalitions.money import Pool, Split, kind_of
from evenwatt.core import rule as registry
from evenwatt.core.errors import ProblemError

RULES = registry.all("coalitions.money")
BALANCED = [
    "bill-sharing", "mid-market", *sorted(name for name, held in RULES.items() if "efficiency" in held.satisfies)
]  # fmt: skip


def pool_of(load, generated, buy, sell, **options) -> Pool:
    """Trade in proportion, interval by interval."""
    load, generated = np.asarray(load, float), np.asarray(generated, float)
    net = generated - load
    surplus, deficit = np.maximum(net, 0), np.maximum(-net, 0)
    inside = np.minimum(surplus.sum(1), deficit.sum(1))[:, None]
    buy, sell = np.broadcast_to(buy, len(net)).astype(float), np.broadcast_to(sell, len(net)).astype(float)
    return Pool(
        net=net,
        sold=surplus * inside / np.maximum(surplus.sum(1, keepdims=True), 1e-300),
        bought=deficit * inside / np.maximum(deficit.sum(1, keepdims=True), 1e-300),
        buy=buy,
        sell=sell,
        alone=buy @ deficit - sell @ surplus,
        load=load.sum(0),
        generated=generated.sum(0),
        game=savings_game(net, buy, sell),
        **options,
    )


def gains(name: str, pool: Pool) -> np.ndarray:
    answer = RULES[name].function(pool)
    assert isinstance(answer, Split)
    return answer.gains


@st.composite
def pools(draw: st.DrawFn) -> Pool:
    """One to three intervals of two to five homes; whole Wh, buying dearer than selling."""
    steps, n = draw(st.integers(1, 3)), draw(st.integers(2, 5))
    energy = st.lists(st.integers(0, 900), min_size=steps * n, max_size=steps * n)
    load, generated = (np.reshape(draw(energy), (steps, n)) for _ in range(2))
    sell = draw(st.integers(0, 200))
    return pool_of(load, generated, sell + draw(st.integers(0, 200)), sell)


@pytest.mark.parametrize("name", BALANCED)
@given(pool=pools())
def test_a_balanced_rule_hands_out_the_gain(name, pool):
    assert gains(name, pool).sum() == pytest.approx(pool.total, abs=1e-6 * (1 + abs(pool.alone).sum()))


@pytest.mark.parametrize(
    "name",
    sorted(n for n, r in RULES.items() if "dummy" in r.satisfies or "individual-rationality" in r.satisfies),
)
@given(pool=pools())
def test_no_value_leaves_anybody_worse_off_than_alone(name, pool):
    assert gains(name, pool).min() >= -1e-6 * (1 + abs(pool.total))


@given(pool=pools())
def test_shapley_is_the_mean_over_all_orders(pool):
    def worth(group):
        net = pool.net[:, list(group)]
        inside = np.minimum(np.maximum(net, 0).sum(1), np.maximum(-net, 0).sum(1))
        return float((pool.buy - pool.sell) @ inside)

    orders = list(permutations(range(pool.n)))
    added = np.zeros(pool.n)
    for order in orders:
        for place, member in enumerate(order):
            added[member] += worth(order[: place + 1]) - worth(order[:place])
    assert gains("shapley", pool) == pytest.approx(added / len(orders), abs=1e-6 * (1 + pool.total))


def test_at_constant_prices_the_mid_market_rate_is_proportional_to_energy():
    pool = pool_of([[1, 2, 9], [5, 2, 4]], [[6, 6, 0], [0, 9, 0]], 250, 60)
    assert gains("mid-market", pool) == pytest.approx(gains("proportional", pool))


def test_they_part_where_the_spread_changes():
    pool = pool_of([[1, 9, 0], [1, 0, 9]], [[6, 0, 0], [6, 0, 0]], [400, 100], 60)
    assert gains("mid-market", pool).tolist() == [5 * 170 + 5 * 20, 5 * 170, 5 * 20]
    assert gains("proportional", pool)[1] == gains("proportional", pool)[2]


def test_bill_sharing_pays_nothing_for_what_neighbours_use():
    pool = pool_of([[0, 10]], [[4, 0]], 250, 60)
    # Six units are imported, all by the second; the first would have sold four alone.
    assert gains("bill-sharing", pool).tolist() == [-4 * 60, 4 * 250]


def test_bill_sharing_charges_one_price_a_unit():
    pool = pool_of([[0, 10, 30]], [[4, 0, 0]], 250, 60)
    bills = pool.alone - gains("bill-sharing", pool)
    assert bills == pytest.approx([0, 36 * 250 / 4, 36 * 250 * 3 / 4])


@pytest.mark.filterwarnings("ignore::evenwatt.coalitions.PoolingLossWarning")
def test_the_published_script_sees_the_totals_of_the_period():
    # The notebook's first case; its sell price is credited by delta.
    load, made = [[150, 400, 300, 100]], [[200, 300, 350, 150]]
    pool = pool_of(load, made, 0.12, 0.15, delta=0.5)
    assert gains("seed001", pool) == pytest.approx([7.25, 0, 13.25, 5.25])


def test_the_published_script_weighs_prices_by_energy():
    pool = pool_of([[10, 0], [30, 5]], [[0, 8], [0, 2]], [100, 300], [50, 70])
    expected = seed001_profit([40, 5], [0, 10], (100 * 10 + 300 * 33) / 43, 50, 1.0)
    assert gains("seed001", pool) == pytest.approx(expected)
    assert kind_of("seed001") == "published script"
    assert "not a value" in RULES["seed001"].function(pool).remark


def test_the_published_script_divides_zero_by_zero_and_says_so():
    with pytest.raises(ProblemError, match="0 by 0"):
        gains("seed001", pool_of([[5, 5]], [[2, 2]], 250, 60))


@pytest.mark.filterwarnings("ignore::evenwatt.coalitions.PoolingLossWarning")
def test_the_nucleolus_refuses_where_together_is_worse_than_alone():
    with pytest.raises(ProblemError, match="imputation"):
        gains("nucleolus", pool_of([[0, 4]], [[4, 0]], 60, 250))


def test_tau_says_how_many_members_it_takes():
    assert RULES["tau"].refusal(61) == "'tau' divides among 1 to 60 members, not 61"


def test_a_pool_names_every_array_that_does_not_fit():
    good = pool_of([[1, 2]], [[2, 0]], 250, 60)
    with pytest.raises(ProblemError, match=r"2 faults[\s\S]*buy[\s\S]*load"):
        Pool(**{**vars(good), "buy": np.zeros(3), "load": np.zeros(5)})


@pytest.mark.parametrize("name", [n for n in RULES if n != "seed001"])
def test_nothing_to_gain_is_nothing_to_divide(name):
    assert gains(name, pool_of([[3, 4]], [[0, 1]], 250, 60)).tolist() == [0, 0]


@pytest.mark.parametrize("name", [n for n in RULES if n not in ("seed001", "equal")])
def test_a_member_alone_gains_nothing(name):
    assert gains(name, pool_of([[3], [0]], [[0], [4]], 250, 60)) == pytest.approx([0])
