"""A coalition with batteries earns what its best dispatch earns, and the dispatch shows it."""

from __future__ import annotations

import pickle
import sys
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from evenwatt.coalitions import masks
from evenwatt.coalitions.batteries.battery import Battery, sorted_by_make
from evenwatt.coalitions.batteries.battery_game import BatteryGame, battery_game, battery_savings_game
from evenwatt.coalitions.microgrid import PoolingLossWarning, microgrid_game, savings_game
from evenwatt.coalitions.nucleolus import InexactWarning, nucleolus
from evenwatt.coalitions.shapley import shapley
from evenwatt.core.errors import ProblemError


def street(seed: int, n: int = 4, steps: int = 8, batteries: int = 3) -> dict:
    """Draw prosumers [kWh], batteries, and prices with buy >= sell >= 0 [EUR/kWh]."""
    rng = np.random.default_rng(seed)
    sell = rng.uniform(0.0, 0.15, steps)
    stores = [
        Battery(
            int(rng.integers(n)),
            capacity=rng.uniform(1, 6),
            power=rng.uniform(0.5, 3),
            efficiency_in=rng.uniform(0.8, 1.0),
            efficiency_out=rng.uniform(0.8, 1.0),
            start=rng.uniform(),
        )
        for _ in range(batteries)
    ]
    return {
        "net": rng.normal(0, 2, (steps, n)),
        "batteries": stores,
        "buy": sell + rng.uniform(0.0, 0.3, steps),
        "sell": sell,
    }


def least_cost(net, batteries, buy, sell, *, idle=()) -> float:
    """Cost by another programme: no stores, but cumulated flows between two bounds; ``idle`` columns are 0."""
    steps, count = len(net), len(batteries)
    cumulate = np.tril(np.ones((steps, steps)))
    width = 2 * steps * (1 + count)
    balance = np.zeros((steps, width))
    balance[:, :steps], balance[:, steps : 2 * steps] = np.eye(steps), -np.eye(steps)
    rows, most, ends, left = [], [], [], []
    bounds = [(0, None)] * (2 * steps)
    for k, battery in enumerate(batteries):
        taken = slice(2 * steps * (1 + k), 2 * steps * (1 + k) + steps)
        given = slice(taken.stop, taken.stop + steps)
        balance[:, taken], balance[:, given] = -np.eye(steps), np.eye(steps)
        level = np.zeros((steps, width))
        level[:, taken] = battery.efficiency_in * cumulate
        level[:, given] = -cumulate / battery.efficiency_out
        rows += [level, -level]
        most += [np.full(steps, (1 - battery.start) * battery.capacity)]
        most += [np.full(steps, battery.start * battery.capacity)]
        ends.append(level[-1:])
        left.append(0.0)
        bounds += [(0, battery.power)] * (2 * steps)
    for column in idle:
        bounds[column] = (0, 0)
    found = linprog(
        np.concatenate([buy, -np.asarray(sell), np.zeros(width - 2 * steps)]),
        A_ub=np.vstack(rows) if rows else None,
        b_ub=np.concatenate(most) if rows else None,
        A_eq=np.vstack([balance, *ends]),
        b_eq=np.concatenate([-np.asarray(net), left]),
        bounds=bounds,
        method="highs-ipm",
        options={"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9},
    )
    assert found.status == 0
    return float(found.fun)


def least_cost_one_way(net, batteries, buy, sell) -> float:
    """Cost by trying every direction of each battery, and of the grid, in each interval."""
    steps = len(net)
    best = np.inf
    # The grid needs no choice where it asks at least what it pays.
    free = range(int((np.asarray(buy) >= sell).all()), 1 + len(batteries))
    for choice in product([0, 1], repeat=steps * len(free)):
        pick = np.reshape(choice, (len(free), steps))
        idle = [2 * steps * free[g] + steps * pick[g, t] + t for g in range(len(free)) for t in range(steps)]
        try:
            best = min(best, least_cost(net, batteries, buy, sell, idle=idle))
        except AssertionError:  # these directions cannot meet the net position
            continue
    return best


def members_of(mask: int, n: int) -> list[int]:
    return [i for i in range(n) if mask >> i & 1]


def oracle_table(net, batteries, buy, sell, blocks=None) -> np.ndarray:
    n = net.shape[1]
    found = np.zeros(1 << n)
    for mask in range(1, 1 << n):
        inside = members_of(mask, n)
        own = [b for b in batteries if b.member in inside]
        for block in blocks or [slice(0, len(net))]:
            found[mask] -= least_cost(net[block][:, inside].sum(axis=1), own, buy[block], sell[block])
    return found


@pytest.mark.parametrize("seed", range(6))
def test_every_worth_is_that_of_another_programme(seed: int) -> None:
    case = street(seed)
    assert battery_game(**case).table() == pytest.approx(oracle_table(**case), abs=1e-7)


def test_one_member_shifts_by_hand() -> None:
    """Buy 1 kWh more at 0.10 to save 0.81 kWh at 0.40, at 90 % each way; the store holds 0.9 of it."""
    store = Battery(0, capacity=0.9, power=5.0, efficiency_in=0.9, efficiency_out=0.9, start=0.0)
    game = battery_game([[-1.0], [-1.0]], [store], buy=[0.10, 0.40], sell=0.0)
    assert game.total == pytest.approx(-(0.10 * 2 + 0.40 * 0.19), abs=1e-12)


def test_without_batteries_it_is_the_microgrid_game() -> None:
    case = street(1) | {"batteries": []}
    game = battery_game(**case)
    plain = microgrid_game(case["net"], case["buy"], case["sell"])
    assert game.table() == pytest.approx(plain.table(), abs=1e-13)
    assert (game.worth(masks.rows(np.arange(16), 4)) == plain.worth(masks.rows(np.arange(16), 4))).all()


def test_a_battery_of_nothing_changes_nothing() -> None:
    case = street(2)
    nothing = [Battery(0, capacity=0.0, power=3.0), Battery(1, capacity=3.0, power=0.0)]
    plain = microgrid_game(case["net"], case["buy"], case["sell"])
    assert battery_game(**case | {"batteries": nothing}).table() == pytest.approx(plain.table(), abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_together_is_never_worse(seed: int) -> None:
    game = battery_game(**street(seed, n=4, steps=6, batteries=4))
    table = game.table()
    for one, other in product(range(1, 16), repeat=2):
        if one & other == 0:
            assert table[one | other] >= table[one] + table[other] - 1e-9


def test_a_battery_never_harms_its_owner() -> None:
    case = street(5)
    plain = microgrid_game(case["net"], case["buy"], case["sell"])
    assert (battery_game(**case).table() >= plain.table() - 1e-9).all()


def test_an_endless_lossless_battery_leaves_one_price_each_way() -> None:
    """All surplus meets all deficit, whatever its hour; what is left trades at the best hour."""
    rng = np.random.default_rng(3)
    net, sell = rng.normal(0.3, 2, (12, 3)), rng.uniform(0.05, 0.1, 12)
    store = Battery(0, capacity=1e5, power=1e4, efficiency_in=1.0, efficiency_out=1.0)
    game = battery_game(net, [store], buy=sell.max() + 0.1, sell=sell)
    left = net.sum()
    expected = sell.max() * left if left > 0 else (sell.max() + 0.1) * left
    assert game.total == pytest.approx(expected, abs=1e-7)


def test_savings_are_worths_over_alone() -> None:
    case = street(4)
    game, gains = battery_game(**case), battery_savings_game(**case)
    assert gains.table() == pytest.approx(game.table() - masks.sums(game.alone), abs=1e-9)
    without = battery_savings_game(**case | {"batteries": []})
    plain = savings_game(case["net"], case["buy"], case["sell"])
    assert without.table() == pytest.approx(plain.table(), abs=1e-12)


def test_base_is_brought_along() -> None:
    case = street(4)
    base = np.array([1.0, -2.0, 0.5, 0.0])
    lifted = battery_game(**case, base=base).table() - battery_game(**case).table()
    assert lifted == pytest.approx(masks.sums(base), abs=1e-9)


def test_blocks_add_up() -> None:
    case = street(6, steps=9)
    whole = battery_game(**case, blocks=[2, 4, 3])
    sliced = battery_game(**case, blocks=[slice(0, 2), slice(2, 6), slice(6, 9)])
    parts = sum(
        battery_game(case["net"][cut], case["batteries"], case["buy"][cut], case["sell"][cut]).table()
        for cut in whole.blocks
    )
    assert whole.blocks == (slice(0, 2), slice(2, 6), slice(6, 9))
    assert whole.table() == pytest.approx(parts, abs=1e-9)
    assert (sliced.table() == whole.table()).all()
    assert whole.table() == pytest.approx(oracle_table(**case, blocks=whole.blocks), abs=1e-7)


def test_a_horizon_is_blocks_of_one_length() -> None:
    case = street(7, steps=8)
    assert (battery_game(**case, horizon=4).table() == battery_game(**case, blocks=[4, 4]).table()).all()


def test_a_shorter_horizon_never_earns_more() -> None:
    case = street(8, steps=12)
    assert (battery_game(**case, horizon=3).table() <= battery_game(**case).table() + 1e-9).all()


def test_more_prices_than_programmes_kept_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    case = street(9, steps=8)
    expected = battery_game(**case, horizon=2).table()
    monkeypatch.setattr(sys.modules["evenwatt.coalitions.batteries.battery_game"], "KEPT", 1)
    assert battery_game(**case, horizon=2).table() == pytest.approx(expected, abs=1e-9)


def test_a_warm_start_and_a_cold_one_agree() -> None:
    case = street(10, n=6, steps=24, batteries=5)
    rng = np.random.default_rng(10)
    warm = battery_game(**case)
    for coalition in rng.random((40, 6)) < 0.5:
        cold = battery_game(**case).worth(coalition)
        assert warm.worth(coalition) == pytest.approx(cold, abs=1e-8)


def test_one_make_is_one_battery() -> None:
    """Batteries that differ in size alone are solved as one; the answer is that of each by itself."""
    case = street(11, n=4)
    same = [Battery(k, capacity=size, power=size / 2) for k, size in enumerate([2.0, 4.0, 1.0])]
    assert len(sorted_by_make(same).full) == 1
    game = battery_game(**case | {"batteries": same})
    assert game.table() == pytest.approx(oracle_table(**case | {"batteries": same}), abs=1e-7)


def test_one_price_both_ways_makes_everyone_independent() -> None:
    case = street(12)
    case["sell"] = case["buy"]
    game = battery_game(**case)
    assert game.table() == pytest.approx(masks.sums(game.alone), abs=1e-9)
    assert game.table() == pytest.approx(oracle_table(**case), abs=1e-7)


@pytest.mark.parametrize("seed", range(8))
def test_negative_prices_do_not_pay_a_battery_for_burning(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sell = rng.uniform(-0.3, 0.1, 3)
    buy = sell + rng.uniform(0.0, 0.1, 3)
    net = rng.normal(0, 1, (3, 2))
    stores = [Battery(k, 2.0, 1.0, 0.8, 0.8, start=0.5) for k in range(2)]
    table = battery_game(net, stores, buy, sell).table()
    burning = oracle_table(net, stores, buy, sell)
    for mask in (1, 2, 3):
        inside = members_of(mask, 2)
        position, own = net[:, inside].sum(axis=1), [stores[k] for k in inside]
        assert table[mask] == pytest.approx(-least_cost_one_way(position, own, buy, sell), abs=1e-7)
        assert table[mask] <= burning[mask] + 1e-7


def test_burning_would_have_paid() -> None:
    """The counterexample behind the rule above: paid 1 a kWh to consume, a battery could lose 0.36 of each."""
    store = Battery(0, capacity=1.0, power=1.0, efficiency_in=0.8, efficiency_out=0.8)
    game = battery_game([[0.0]], [store], buy=-1.0, sell=-1.0)
    assert game.total == pytest.approx(0.0, abs=1e-12)
    assert -least_cost([0.0], [store], [-1.0], [-1.0]) == pytest.approx(0.36, abs=1e-9)


def test_a_grid_that_pays_more_than_it_asks_is_warned_of_and_bounded() -> None:
    net, store = np.array([[-2.0, 1.0], [1.0, 0.0]]), Battery(0, 1.0, 1.0, 0.9, 0.9, start=0.5)
    buy, sell = np.array([0.1, 0.2]), np.array([0.4, 0.2])
    with pytest.warns(PoolingLossWarning, match="not superadditive"):
        game = battery_game(net, [store], buy, sell)
    for mask in (1, 3):
        inside = members_of(mask, 2)
        position = net[:, inside].sum(axis=1)
        assert game.table()[mask] == pytest.approx(
            -least_cost_one_way(position, [store], buy, sell), abs=1e-7
        )


@pytest.mark.parametrize("prices", ["ordinary", "free", "negative"])
def test_a_dispatch_earns_the_worth_and_keeps_to_its_batteries(prices: str) -> None:
    case = street(13, n=4, steps=6)
    if prices == "free":
        case["buy"], case["sell"] = np.zeros(6), np.zeros(6)
    if prices == "negative":
        case["buy"], case["sell"] = case["buy"] - 0.2, case["sell"] - 0.2
    game = battery_game(**case, blocks=[4, 2])
    present = np.array([True, False, True, True])
    found = game.dispatch(present)
    for k, battery in enumerate(case["batteries"]):
        gained = battery.efficiency_in * found.charge[:, k] - found.discharge[:, k] / battery.efficiency_out
        begin = battery.start * battery.capacity * present[battery.member]
        before = np.concatenate([[begin], found.stored[:-1, k]])
        assert found.stored[:, k] == pytest.approx(before + gained, abs=1e-8)
        assert found.stored[[3, 5], k] == pytest.approx(begin, abs=1e-8)
        assert (found.stored[:, k] >= -1e-8).all()
        assert (found.stored[:, k] <= battery.capacity + 1e-8).all()
        assert (np.maximum(found.charge, found.discharge)[:, k] <= battery.power + 1e-8).all()
    assert np.minimum(found.charge, found.discharge).max() < 1e-7
    assert np.minimum(found.bought, found.sold).max() == 0
    seen = found.net[:, present].sum(axis=1)
    assert found.sold - found.bought == pytest.approx(seen, abs=1e-12)
    earned = case["sell"] @ found.sold - case["buy"] @ found.bought
    assert earned == pytest.approx(game.worth(present)[0], abs=1e-7)
    assert (found.net[:, 1] == case["net"][:, 1]).all()


def test_a_battery_rests_where_moving_earns_nothing() -> None:
    case = street(14)
    case["batteries"] = [Battery(0, 5.0, 2.0, efficiency_in=1.0, efficiency_out=1.0)]
    case["buy"] = case["sell"] = np.full(8, 0.2)
    found = battery_game(**case).dispatch([True] * 4)
    assert found.charge.max() < 1e-7
    assert found.discharge.max() < 1e-7


def test_a_dispatch_without_batteries_is_the_grid_alone() -> None:
    case = street(15)
    case["batteries"] = [Battery(3, 5.0, 2.0)]
    found = battery_game(**case).dispatch([True, True, False, False])
    assert not found.charge.any()
    assert not found.stored.any()
    assert (found.net == case["net"]).all()


def test_the_unit_of_energy_and_money_does_not_matter() -> None:
    case = street(16)
    watt_hours = [
        Battery(b.member, b.capacity * 1000, b.power * 1000, b.efficiency_in, b.efficiency_out, b.start)
        for b in case["batteries"]
    ]
    scaled = battery_game(case["net"] * 1000, watt_hours, case["buy"] / 1000, case["sell"] / 1000)
    assert scaled.table() == pytest.approx(battery_game(**case).table(), abs=1e-9)


def test_marginals_are_differences_of_the_table() -> None:
    game = battery_game(**street(17))
    orders = np.array([[0, 1, 2, 3], [3, 1, 0, 2], [2, 3, 1, 0]])
    found, table = game.marginals(orders), game.table()
    for row, order in zip(found, orders, strict=True):
        seen = 0
        for member in order:
            assert row[member] == pytest.approx(table[seen | 1 << member] - table[seen], abs=1e-8)
            seen |= 1 << member


@pytest.mark.parametrize("method", ["enumeration", "sampling"])
def test_its_shapley_value_shares_out_the_whole(method: str) -> None:
    game = battery_game(**street(22))
    found = shapley(game, method=method, rng=1)
    assert found.values.sum() == pytest.approx(game.total, abs=1e-9)


def test_it_travels_to_other_processes() -> None:
    case = street(18)
    game = battery_game(**case)
    expected = game.worth(masks.rows(np.arange(16), 4))
    copy = pickle.loads(pickle.dumps(game))
    assert isinstance(copy, BatteryGame)
    assert copy.worth(masks.rows(np.arange(16), 4)) == pytest.approx(expected, abs=1e-9)


def test_workers_change_nothing() -> None:
    case = street(19, n=9, steps=4, batteries=2)
    shared = battery_game(**case, workers=2).table()
    assert shared == pytest.approx(battery_game(**case).table(), abs=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_prices_pay_out_a_point_of_the_core(seed: int) -> None:
    case = street(seed, n=5, steps=8, batteries=4)
    game = battery_game(**case, blocks=[5, 3])
    found, prices = game.core_point(), game.prices()
    assert found.sum() == pytest.approx(game.total, abs=1e-8)
    assert (masks.sums(found) >= game.table() - 1e-8).all()
    assert (prices.energy >= case["sell"] - 1e-9).all()
    assert (prices.energy <= case["buy"] + 1e-9).all()
    assert (prices.rent >= -1e-9).all()


def test_prices_that_need_not_exist_are_refused() -> None:
    game = battery_game([[1.0]], [Battery(0, 1.0, 1.0)], buy=0.1, sell=-0.1)
    with pytest.raises(ProblemError, match="flows both ways pay"):
        game.core_point()


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ProblemError) as caught:
        battery_game(
            [[1.0, np.nan], [0.0, 1.0]], [Battery(2, 1.0, 1.0)], buy=[0.1, 0.2, 0.3], sell=0.1, horizon=3
        )
    for part in ("net[0, 1]: nan", "buy: shape (3,)", "battery 0: member 2", "horizon 3"):
        assert part in str(caught.value)


def test_a_bad_battery_is_named() -> None:
    with pytest.raises(ProblemError) as caught:
        Battery(-1, capacity=np.inf, power=-1.0, efficiency_in=0.0, efficiency_out=1.1, start=2.0)
    for part in ("member -1", "capacity inf", "power -1", "efficiency_in 0", "efficiency_out 1.1", "start 2"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"blocks": [3, 2]}, "5 intervals in all; expected 8"),
        ({"blocks": [slice(0, 4), slice(5, 8)]}, "block 1"),
        ({"blocks": [0, 8]}, "block 0: 0"),
        ({"blocks": [4, 4], "horizon": 4}, "both given"),
        ({"horizon": 3}, "divides 8 intervals"),
    ],
)
def test_a_bad_block_is_named(given: dict, said: str) -> None:
    with pytest.raises(ProblemError, match=said):
        battery_game(**street(20), **given)


def test_a_coalition_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ProblemError, match=r"expected \(4,\)"):
        battery_game(**street(21)).dispatch([True])


def test_a_worth_that_is_a_programme_is_sampled_sooner():
    """Listing 2**12 coalitions would take 4,095 programmes; the method chosen unasked takes a few orders."""
    case = street(5, n=12, steps=4)
    held = shapley(battery_game(**case), orders=8)
    assert held.method == "sampling"
    assert held.evaluations == 8
    with pytest.warns(InexactWarning, match="proved"):
        nucleolus(battery_game(**case))
