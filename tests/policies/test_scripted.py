"""The rules of each role, against the figures and signs that their formulas give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evenwatt.core.chance import Keyed
from evenwatt.policies.actions import EITHER, LOCAL, NONE, UTILITY
from evenwatt.policies.scripted.buying import Taste, purchases, utility_chances
from evenwatt.policies.scripted.consumer import Consumer
from evenwatt.policies.scripted.investing import Investing
from evenwatt.policies.scripted.producer import Producer
from evenwatt.policies.scripted.prosumer import Prosumer, asked, self_use, threshold
from evenwatt.policies.scripted.regulator import Regulator
from evenwatt.policies.scripted.trader import price_range
from evenwatt.policies.scripted.turns import whose_turn
from evenwatt.policies.scripted.utility import Utility, next_retail, ranked
from evenwatt.policies.scripted.zero_intelligence import ZeroIntelligence
from evenwatt.policies.scripted.zip import Zip, gained
from evenwatt.policies.seen import Observation

CHANCE = Keyed(5, "test", 0)


def changed(seen: Observation, **columns: Any) -> Observation:
    n = len(seen)
    own = {name: np.broadcast_to(np.asarray(value), n).copy() for name, value in columns.items()}
    return replace(seen, own={**seen.own, **own})


def told(seen: Observation, **figures: Any) -> Observation:
    return replace(
        seen, public={**seen.public, **{name: np.asarray(value) for name, value in figures.items()}}
    )


@pytest.fixture
def home(observe: Any) -> Observation:
    """A consumer worth 400, with a tariff of 300, at no distance and without preferences."""
    return changed(
        observe("consumer", [1]), value_per_mwh=400.0, tariff_per_mwh=300.0, distance_km=0.0, margin=0.0, green=0.0,
        activity=1.0, connected=True, utility=0,
    )  # fmt: skip


def bought(seen: Observation) -> tuple[float, int]:
    made = purchases(seen, CHANCE, Taste())
    return float(made["bid_per_mwh"][0]), int(made["source"][0])


def test_a_household_never_pays_a_neighbour_more_than_its_utility(home: Observation) -> None:
    assert bought(home) == (300.0, EITHER)


def test_a_household_forgoes_what_it_does_not_value(home: Observation) -> None:
    assert bought(changed(home, value_per_mwh=250.0)) == (250.0, LOCAL)


def test_a_bid_below_the_feed_in_tariff_is_none(home: Observation) -> None:
    assert bought(changed(home, value_per_mwh=50.0))[1] == NONE
    assert bought(changed(home, value_per_mwh=50.0, tariff_per_mwh=40.0))[1] == UTILITY


def test_who_is_not_connected_asks_the_utility(home: Observation) -> None:
    assert bought(changed(home, connected=False))[1] == UTILITY


def test_green_energy_is_worth_its_premium(home: Observation) -> None:
    assert bought(changed(home, green=20.0))[0] == 320.0


def test_the_margin_is_taken_off_what_exceeds_the_feed_in_tariff(home: Observation) -> None:
    assert bought(changed(home, margin=0.25))[0] == 300.0 - 0.25 * (300.0 - 60.0)


def test_fee_and_loss_of_the_way_are_for_the_buyer(home: Observation) -> None:
    assert bought(changed(home, distance_km=2.0))[0] == pytest.approx(300.0 * 0.99 - 4.0)


def test_without_a_utility_only_the_neighbours_are_left(home: Observation) -> None:
    assert bought(changed(home, tariff_per_mwh=np.nan)) == (400.0, LOCAL)


def test_prices_of_150_and_160_split_69_to_31(home: Observation) -> None:
    seen = told(changed(home, utility=-1), retail_per_mwh=[150.0, 160.0], retail_green=[0.0, 0.0])
    assert utility_chances(seen, Taste()).round(2).tolist() == [[0.69, 0.31]]


def test_switching_costs_hold_customers_and_green_draws_them(home: Observation) -> None:
    seen = told(home, retail_per_mwh=[150.0, 150.0], retail_green=[0.0, 1.0])
    assert utility_chances(seen, Taste())[0, 0] > 0.5
    assert utility_chances(changed(seen, green=20.0), Taste())[0, 0] < 0.5


def test_a_utility_without_a_price_is_never_chosen(observe: Any) -> None:
    seen = told(observe("consumer", range(400)), retail_per_mwh=[np.nan, 900.0, np.nan], steps_a_day=1)
    assert (purchases(seen, CHANCE, Taste())["utility"] == 1).all()


def test_chosen_shares_follow_the_chances(observe: Any) -> None:
    seen = changed(observe("consumer", range(20_000)), utility=-1, green=0.0)
    seen = told(seen, retail_per_mwh=[150.0, 160.0], retail_green=[0.0, 0.0], steps_a_day=1)
    share = (purchases(seen, CHANCE, Taste())["utility"] == 0).mean()
    # Four standard errors of 20,000 draws.
    assert abs(share - 0.690) < 4 * np.sqrt(0.69 * 0.31 / 20_000)


def test_each_agent_reviews_once_a_day(observe: Any) -> None:
    turns = [whose_turn(observe("consumer", range(10), step)).tolist() for step in range(4)]
    assert sorted(number for turn in turns for number in turn) == list(range(10))


def test_self_use_stores_the_surplus_and_covers_the_deficit() -> None:
    surplus = np.array([50, 500, -50, -500])
    assert self_use(surplus, np.full(4, 200), np.full(4, 300)).tolist() == [50, 200, -50, -300]


@pytest.fixture
def roof(observe: Any) -> Observation:
    """A prosumer with a battery of 0.9 both ways, in a day whose quartiles are 100 and 180."""
    return changed(
        observe("prosumer", [1]), charge_efficiency=0.9, discharge_efficiency=1.0, wear_per_mwh=10.0, margin=0.1,
        tariff_per_mwh=300.0, activity=1.0, stored_wh=500, battery_wh=1000, most_charge_wh=400,
        most_discharge_wh=400, load_wh=100, pv_wh=300,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("price", "wear", "charge"),
    [(90.0, 10.0, 200), (150.0, 10.0, 200), (190.0, 10.0, -400), (190.0, 70.0, 200)],
)
def test_a_battery_is_sold_when_dear_and_only_if_the_cycle_pays(
    roof: Observation, price: float, wear: float, charge: int
) -> None:
    # Sold at 180 a unit bought at 100 brings 0.9 x 180 = 162: a wear of 70 eats that up.
    seen = changed(roof, local_per_mwh=price, wear_per_mwh=wear)
    assert threshold(seen, np.array([200]), np.array([400]), np.array([400])).tolist() == [charge]


def test_a_battery_is_filled_from_the_grid_only_if_that_pays_at_the_tariff(roof: Observation) -> None:
    seen = changed(roof, local_per_mwh=90.0, tariff_per_mwh=140.0)
    assert threshold(seen, np.array([-100]), np.array([400]), np.array([400])).tolist() == [400]
    seen = changed(seen, tariff_per_mwh=160.0)
    assert threshold(seen, np.array([-100]), np.array([400]), np.array([400])).tolist() == [0]


def test_the_ask_is_what_the_energy_would_bring_elsewhere(roof: Observation) -> None:
    assert asked(roof, np.array([False])).round(9).tolist() == [66.0]
    assert asked(roof, np.array([True])).round(9).tolist() == [round(0.9 * 210 * 1.1, 9)]


def test_personas_differ_in_what_their_batteries_do(roof: Observation) -> None:
    seen = changed(roof, local_per_mwh=190.0)
    charges = [
        int(Prosumer().decide(changed(seen, trades_battery=trades), CHANCE)["charge_wh"][0])
        for trades in (False, True)
    ]
    assert charges == [200, -400]


def away(seen: Observation, step: int, **columns: Any) -> Observation:
    return replace(changed(seen, **columns), step=step, agents=np.array([0]))


def test_a_prosumer_leaves_a_grid_that_costs_more_than_it_brings_and_comes_back(roof: Observation) -> None:
    rule, day = Prosumer(patience_days=2), 4
    rich = {"local_gain_micro": 500, "fee_micro": 400, "connected": True}
    joined = [bool(rule.decide(away(roof, s, **rich), CHANCE)["connected"][0]) for s in range(3 * day)]
    assert all(joined)
    poor = {**rich, "local_gain_micro": 300}
    assert not rule.decide(away(roof, 3 * day, **poor), CHANCE)["connected"][0]
    # Away, at a local price of 160: 200 Wh a step would bring 20,000 more than fed in, far more than the fee.
    out = {**poor, "connected": False, "local_per_mwh": 160.0}
    back = [bool(rule.decide(away(roof, s, **out), CHANCE)["connected"][0]) for s in range(13, 25)]
    # Two days of four steps away, from step 13 on, end at step 20, which is its turn.
    assert back.index(True) == 20 - 13
    dear = {**out, "fee_micro": 10**9}
    rule = Prosumer(patience_days=2)
    assert not any(rule.decide(away(roof, s, **dear), CHANCE)["connected"][0] for s in range(40))


def test_a_new_prosumer_does_not_judge_the_grid_at_once(roof: Observation) -> None:
    poor = {"local_gain_micro": 0, "fee_micro": 400, "connected": True}
    assert all(Prosumer().decide(away(roof, s, **poor), CHANCE)["connected"][0] for s in range(20))


def test_an_investment_pays_or_is_not_made(roof: Observation) -> None:
    worth, poor, dear = (
        {"cash_micro": 10**6, "upgrade_cost_micro": 10**6, "upgrade_gain_micro": 10**5} for _ in range(3)
    )
    poor["cash_micro"], dear["upgrade_gain_micro"] = 10**6 - 1, 8 * 10**4
    for columns, buys in ((worth, True), (poor, False), (dear, False)):
        rule = Investing(patience_days=1)
        made = [bool(rule.upgrades(away(roof, s, **columns))[0]) for s in range(5)]
        assert made == [False, False, False, False, buys]


def test_an_investment_is_made_once_and_not_every_day(roof: Observation) -> None:
    columns = {"cash_micro": 10**9, "upgrade_cost_micro": 1, "upgrade_gain_micro": 10**5}
    rule = Investing(patience_days=3)
    steps = [s for s in range(60) if rule.upgrades(away(roof, s, **columns))[0]]
    assert steps == [12, 24, 36, 48]


@pytest.fixture
def plant(observe: Any) -> Observation:
    """A power station at a cost of 50."""
    return changed(
        observe("producer", [0]), cost_per_mwh=50.0, margin=0.1, hedge=0.6, activity=1.0, expected_per_mwh=80.0,
        capacity_wh=1000, contracted_wh=0, gain_micro=0,
    )  # fmt: skip


def test_a_producer_asks_cost_and_margin(plant: Observation) -> None:
    made = Producer(step=0.0).decide(plant, CHANCE)
    assert made["ask_per_mwh"].round(9).tolist() == [55.0]
    assert made["contract_per_mwh"].round(9).tolist() == [0.97 * 80.0]


def test_a_negative_cost_is_marked_up_too(plant: Observation) -> None:
    assert Producer(step=0.0).decide(changed(plant, cost_per_mwh=-50.0), CHANCE)["ask_per_mwh"][0] > -50.0


def test_who_hedges_takes_less_for_a_secured_price(plant: Observation) -> None:
    made = [Producer().decide(changed(plant, hedge=hedge), CHANCE) for hedge in (0.0, 0.3, 0.9)]
    assert [bool(one["accept_contracts"][0]) for one in made] == [False, True, True]
    assert [round(float(one["contract_per_mwh"][0]), 9) for one in made] == [80.0, 78.8, 76.4]


def test_a_markup_turns_round_when_profit_fell_and_keeps_its_bounds(plant: Observation) -> None:
    rule, markups = Producer(), []
    for step in range(400):
        # Most profit at a markup of 0.2: the search has to come near and stay there.
        markup = markups[-1] if markups else 0.1
        gain = int(10_000 - 100_000 * (markup - 0.2) ** 2)
        seen = changed(replace(plant, step=step), gain_micro=gain)
        markups.append(float(rule.decide(seen, CHANCE)["ask_per_mwh"][0]) / 50.0 - 1.0)
    assert all(0.0 <= markup <= 0.4 + 1e-12 for markup in markups)
    assert abs(np.mean(markups[200:]) - 0.2) < 0.03
    falling = Producer()
    asks = [
        falling.decide(changed(replace(plant, step=s), gain_micro=-s), CHANCE)["ask_per_mwh"][0]
        for s in range(400)
    ]
    assert min(asks) >= 50.0 - 1e-9


def test_a_retail_price_of_120_moves_to_116_70() -> None:
    moved = next_retail(np.array([120.0, 120.0]), np.array([90.0, np.nan]), np.array([0.15, 0.15]), 0.2)
    assert moved.round(9).tolist() == [116.7, 120.0]


def test_a_utility_moves_its_price_once_a_day(observe: Any) -> None:
    prices = []
    for step in range(4):
        seen = changed(
            observe("utility", [2], step), retail_per_mwh=120.0, cost_per_mwh=90.0, margin=0.15, activity=1.0
        )
        prices.append(round(float(Utility().decide(seen, CHANCE)["retail_per_mwh"][0]), 9))
    assert prices == [120.0, 120.0, 116.7, 120.0]


def test_suppliers_are_ranked_by_price_less_what_green_is_worth(observe: Any) -> None:
    seen = changed(observe("utility", [1]), green=0.0, renewable_share=1.0, quota=0.0)
    seen = told(seen, contract_per_mwh=[60.0, 50.0, np.nan, 50.0], contract_green=[1.0, 0.0, 1.0, 0.0])
    assert ranked(seen).tolist() == [[1, 3, 0, -1, -1]]
    assert ranked(changed(seen, green=20.0)).tolist() == [[0, 1, 3, -1, -1]]


def test_a_utility_short_of_its_quota_asks_renewable_producers_first(observe: Any) -> None:
    seen = changed(observe("utility", [1]), green=0.0, renewable_share=0.2, quota=0.3)
    seen = told(seen, contract_per_mwh=[60.0, 50.0, 99.0], contract_green=[1.0, 0.0, 1.0])
    assert ranked(seen).tolist() == [[0, 2, 1, -1, -1]]


def test_a_utility_pays_at_wholesale_what_a_lack_would_cost(observe: Any) -> None:
    seen = told(changed(observe("utility", [1]), activity=1.0), outside_per_mwh=95.0)
    assert Utility().decide(seen, CHANCE)["bid_per_mwh"].round(9).tolist() == [110.0]
    seen = told(seen, outside_per_mwh=-105.0)
    assert Utility().decide(seen, CHANCE)["bid_per_mwh"].round(9).tolist() == [-90.0]


@pytest.fixture
def review(observe: Any) -> Observation:
    """A regulator at a review of a market in which nothing is amiss."""
    return changed(
        observe("regulator", [9]), review=True, hhi=0.2, lerner=0.1, rsi_least=2.0, pivotal_share=0.0,
        renewable_share=0.4, renewable_target=0.5, unserved_share=0.0, fund_micro=0, quota=0.3, fine_rate=0.5,
        subsidy_per_mwh=3.0,
    )  # fmt: skip


def ruled(seen: Observation) -> dict[str, float]:
    return {name: round(float(held[0]), 9) for name, held in Regulator().decide(seen, CHANCE).items()}


def test_the_carbon_price_follows_the_renewable_share(review: Observation) -> None:
    assert ruled(review)["carbon_change"] == 0.1
    assert ruled(changed(review, renewable_share=0.6))["carbon_change"] == -0.1
    assert ruled(changed(review, renewable_share=0.5))["carbon_change"] == 0.0


def test_a_regulator_does_nothing_between_reviews(review: Observation) -> None:
    made = ruled(changed(review, review=False))
    assert (made["carbon_change"], made["cap_change"], made["quota_change"]) == (0.0, 0.0, 0.0)
    assert np.isnan([made["fine_rate"], made["subsidy_per_mwh"]]).all()


def test_abuse_needs_all_three_signs_and_lowers_the_cap(review: Observation) -> None:
    abused = changed(review, hhi=0.4, lerner=0.4, rsi_least=1.0, pivotal_share=0.2)
    assert (ruled(abused)["cap_change"], ruled(abused)["fine_rate"]) == (-0.1, 0.75)
    for sign in ({"lerner": 0.2}, {"rsi_least": 1.2}, {"pivotal_share": 0.01}):
        assert (
            ruled(changed(abused, **sign))["cap_change"],
            ruled(changed(abused, **sign))["fine_rate"],
        ) == (0.0, 0.25)


def test_load_that_was_not_served_lifts_the_cap(review: Observation) -> None:
    abused = changed(review, hhi=0.4, lerner=0.4, rsi_least=1.0, pivotal_share=0.2, unserved_share=0.01)
    assert ruled(abused)["cap_change"] == 0.1


def test_the_quota_never_passes_its_target(review: Observation) -> None:
    quota = 0.3
    for _ in range(50):
        quota += ruled(changed(review, quota=quota))["quota_change"]
    assert quota == pytest.approx(0.5)


def test_a_subsidy_needs_money_in_the_fund(review: Observation) -> None:
    assert ruled(changed(review, fund_micro=10))["subsidy_per_mwh"] == 4.0
    assert ruled(review)["subsidy_per_mwh"] == 2.0


def test_who_rests_repeats_the_last_prices_but_not_the_battery(observe: Any) -> None:
    rule, agents = Prosumer(), np.arange(300)
    before = rule.decide(changed(observe("prosumer", agents, 0), activity=0.3), Keyed(5, "test", 0))
    after = rule.decide(changed(observe("prosumer", agents, 1), activity=0.3), Keyed(5, "test", 1))
    rests = after["bid_per_mwh"] == before["bid_per_mwh"]
    assert 0.6 < rests.mean() < 0.8
    assert np.array_equal(after["ask_per_mwh"][rests], before["ask_per_mwh"][rests])
    fresh = Prosumer().decide(changed(observe("prosumer", agents, 1), activity=1.0), Keyed(5, "test", 1))
    assert np.array_equal(after["charge_wh"], fresh["charge_wh"])
    assert np.array_equal(after["bid_per_mwh"][~rests], fresh["bid_per_mwh"][~rests])


def test_zero_intelligence_never_trades_at_a_loss(observe: Any) -> None:
    homes = changed(observe("consumer", range(3000)), distance_km=0.0)
    limit = np.minimum(homes["value_per_mwh"], homes["tariff_per_mwh"] + homes["green"])
    bids = ZeroIntelligence("consumer").decide(homes, CHANCE)["bid_per_mwh"]
    assert (bids <= limit + 1e-9).all()
    plants = observe("producer", range(3000))
    asks = ZeroIntelligence("producer").decide(plants, CHANCE)["ask_per_mwh"]
    assert (asks >= plants["cost_per_mwh"]).all()
    # Uniform up to the dearest retail price: the mean is in the middle, within five standard errors.
    high = price_range(plants)[1]
    place = (asks - plants["cost_per_mwh"]) / np.maximum(high - plants["cost_per_mwh"], 1e-9)
    place = place[plants["cost_per_mwh"] < high]
    assert abs(place.mean() - 0.5) < 5 * np.sqrt(1 / 12 / len(place))


@pytest.mark.parametrize(
    ("side", "margin", "price", "traded", "sign"),
    [
        (-1, 5.0, 60.0, True, 1), (-1, 5.0, 50.0, False, -1), (-1, 5.0, 60.0, False, 0), (-1, 5.0, np.nan, False, -1),
        (1, 5.0, 40.0, True, 1), (1, 5.0, 48.0, False, -1), (1, 5.0, 40.0, False, 0), (1, 5.0, np.nan, False, -1),
    ],
)  # fmt: skip
def test_a_trader_wants_more_when_it_could_have_had_it(
    side: int, margin: float, price: float, traded: bool, sign: int
) -> None:
    # Limits of 50: the own price is 55 to sell and 45 to buy.
    amounts = np.array([[0.02], [0.1]])
    one = gained(np.array([margin]), np.array([50.0]), np.array([price]), np.array([traded]), side, amounts)
    assert np.sign(one).tolist() == [sign]


@pytest.mark.parametrize("limit", [-20.0, 0.0, 30.0])
def test_zip_keeps_to_limits_of_any_sign(observe: Any, limit: float) -> None:
    rule = Zip("producer", seed=2)
    for step in range(60):
        seen = told(
            changed(observe("producer", range(20), step), cost_per_mwh=limit), wholesale_per_mwh=-30.0
        )
        asks = rule.decide(seen, Keyed(5, "test", step))["ask_per_mwh"]
        assert (asks >= limit).all()
    # Nobody sold above a price below the limit, so everybody ends at the limit.
    idle = changed(seen, cost_per_mwh=limit, last_sold_wh=0, last_offered_wh=10)
    for step in range(60, 300):
        asks = rule.decide(replace(told(idle, wholesale_per_mwh=-30.0), step=step), Keyed(5, "test", step))[
            "ask_per_mwh"
        ]
    assert asks == pytest.approx(np.full(20, limit))


def test_a_consumer_that_is_alone_is_served_as_in_a_crowd(observe: Any) -> None:
    crowd = Consumer().decide(observe("consumer", range(50)), CHANCE)
    alone = Consumer().decide(observe("consumer", [31]), CHANCE)
    assert all(alone[name][0] == held[31] for name, held in crowd.items())
