"""What a step comes to was paid for by somebody: no free energy, no price beyond one's own, no loss forgotten."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evenwatt.markets import found
from evenwatt.markets.ledger import money
from evenwatt.markets.regulator.instruments import Instruments
from evenwatt.policies.actions import EITHER, LOCAL
from evenwatt.policies.policy import Forgetful
from evenwatt.policies.scripted import policy
from evenwatt.studies.market.contracting import Contracting
from evenwatt.studies.market.optimum import most
from evenwatt.studies.market.sample import first_rules, population, weather
from evenwatt.studies.market.setting import Weather
from evenwatt.studies.market.weather import slots_of
from evenwatt.studies.market.world import World

FREE = Instruments()


class Says(Forgetful):
    """The same at every step."""

    name = "says"

    def __init__(self, **said: float) -> None:
        self.said = said

    def decide(self, seen, rng):
        return {name: np.full(len(seen), value) for name, value in self.said.items()}


def sky(load, pv, *, producers=0, outside=50.0, steps=1, available=1.0, slots=None) -> Weather:
    """The same weather at every step."""
    load, pv = np.tile(load, (steps, 1)), np.tile(pv, (steps, 1))
    return Weather(
        load, pv, np.full((steps, producers), available), np.full(steps, outside), slots=slots
    )  # fmt: skip


def told(world: World, given: Weather) -> list:
    steps = []
    world.run(given, watch=steps.append)
    return steps


@pytest.mark.parametrize("source", [LOCAL, EITHER])
def test_nobody_stores_energy_that_never_came(source):
    """A battery that was to be charged from the grid, by a home that will not or cannot pay, stays as it is."""
    people = population(consumers=0, prosumers=1, producers=0, utilities=1, seed=1)
    homes = people.households
    battery = replace(
        homes.batteries, capacity_wh=np.array([9000]), charge_wh=np.array([1200]), stored_wh=np.array([0])
    )
    homes = replace(homes, batteries=battery, cash_micro=np.array([0]))
    world = World(
        replace(people, households=homes), replace(first_rules(), instruments=FREE),
        {"prosumer": Says(charge_wh=1200, source=source)}, 1,
    )  # fmt: skip
    steps = world.run(sky([100], [0], steps=20))
    assert (steps["stored_wh"] == 0).all()
    assert steps["charged_wh"].sum() == 0
    assert (steps["unserved_wh"] + steps["forgone_wh"] == 100).all()


def test_load_comes_before_charging_where_the_border_is_closed():
    people = population(consumers=1, prosumers=1, producers=0, utilities=1, seed=1)
    homes = people.households
    battery = replace(homes.batteries, capacity_wh=np.array([0, 9000]), charge_wh=np.array([0, 1200]))
    world = World(
        replace(people, households=replace(homes, batteries=battery)),
        replace(first_rules(), instruments=FREE, import_limit_wh=0),
        {"prosumer": Says(charge_wh=1200)}, 1,
    )  # fmt: skip
    steps = world.run(sky([100, 100], [0, 0], steps=3))
    assert steps["charged_wh"].sum() == 0
    assert (steps["unserved_wh"] == 200).all()


@pytest.mark.parametrize(
    ("km", "per_km", "short"), [(0.24, 0.005, 1), (0.12, 0.02, 1247), (0.06, 0.02, 2497)]
)
def test_no_more_arrives_than_was_short_however_long_the_way(km, per_km, short):
    """1 - loss is not a whole number of anything in floats: 1,250 x 0.0024 fell below 3, and a Wh too many arrived."""
    people = population(consumers=1, prosumers=1, producers=0, utilities=1, seed=1)
    people = replace(people, households=replace(people.households, distance_km=np.array([km, 0.1])))
    rules = replace(first_rules(), instruments=FREE, loss_per_km=per_km)
    for load in (short, *range(short + 1, short + 3000, 7)):
        world = World(
            people, rules, {"consumer": Says(bid_per_mwh=300.0), "prosumer": Says(ask_per_mwh=20.0)}, 1
        )
        step = told(world, sky([load, 0], [0, 9000]))[0]
        arrived = world.totals.bought_local[0] - step.left.lost[0]
        assert 0 <= load - arrived <= 1
        assert arrived + step.left.retail[0] == load


def test_the_outside_grid_sells_nothing_below_its_price_and_buys_nothing_above_it():
    """A cap of 60 does not make energy of 200 cost 60: it comes as balancing energy, at what it costs."""
    people = population(consumers=3, prosumers=0, producers=0, utilities=1, seed=1)
    rules = replace(first_rules(), instruments=Instruments(cap_per_mwh=60.0, floor_per_mwh=-1.0))
    for outside in (200.0, -200.0):
        world = World(people, rules, {}, 1)
        world.state.utilities.forecast[:], world.state.utilities.known[:] = 300.0, True
        given = sky([100, 100, 100], [0, 0, 0], outside=outside, steps=4)
        steps = world.run(given)
        paid = -int(world.ledger.balance[world.ledger.account("outside")])
        assert steps["import_wh"].sum() == 4 * 300
        assert -paid >= money(outside + 5.0, 4 * 300)
        none = np.zeros(4, dtype=np.int64)
        bound = most(
            people, rules, given, pv=none, available=np.zeros((4, 0), np.int64), charged=none, discharged=none
        )  # fmt: skip
        assert (steps["welfare_micro"] <= bound + 4).all()


def test_who_is_short_of_a_contract_pays_what_it_costs_to_fetch_it():
    """The contract asks for the wholesale price; energy over the border costs more, and nobody gives it away."""
    people = population(consumers=2, prosumers=0, producers=1, utilities=1, seed=1)
    rules = replace(first_rules(), instruments=FREE, imbalance_penalty=0.0)
    contracts = Contracting(people, rules)
    producer, utility = int(people.agents["producer"][0]), int(people.agents["utility"][0])
    contracts.contracts.sign(
        "forward", seller=producer, buyer=utility, start=0, end=9, price=60.0, volume_wh=200, seniority=1
    )
    world = World(people, rules, {}, 1, contracts=contracts)
    world.run(sky([100, 100], [0, 0], producers=1, outside=50.0, available=0.0))
    assert world.ledger.totals["replacement", "producers", "outside"] == 200 * 50
    assert world.ledger.totals["imbalance", "producers", "outside"] == 200 * 5


def test_a_fine_is_for_what_was_asked_within_the_cap():
    """Who says 10,000 under a cap of 100 asked 100, and sold at no more."""
    people = population(consumers=40, prosumers=0, producers=1, utilities=1, seed=1)
    rules = replace(
        first_rules(),
        instruments=Instruments(cap_per_mwh=100.0, fine_rate=0.05, fine_tolerance=0.05),
        import_limit_wh=0,
    )
    world = World(
        people, rules, {"producer": Says(ask_per_mwh=10_000.0), "utility": Says(bid_per_mwh=500.0)}, 1
    )
    world.state.review.reference = 40.0
    load = np.full(40, 10)
    world.state.utilities.forecast[:], world.state.utilities.known[:] = 400.0, True
    step = told(world, sky(load, 0 * load, producers=1))[0]
    sold = int(step.market.sold.sum())
    assert sold > 0
    assert world.ledger.total("fine") == int(0.05 * (100.0 - 42.0) * sold)


def test_creditors_of_a_company_are_paid_out_of_the_pledges_that_come_home():
    """A utility without cash, whose money is pledged for a contract, leaves nobody unpaid while it is given back."""
    people = population(consumers=2, prosumers=0, producers=1, utilities=1, seed=1)
    people = replace(people, utilities=replace(people.utilities, cash_micro=np.array([1_000_000])))
    contracts = Contracting(people, first_rules())
    world = World(
        people, replace(first_rules(), instruments=FREE), {"consumer": Says(source=0)}, 1, contracts=contracts
    )
    utility, producer = int(people.agents["utility"][0]), int(people.agents["producer"][0])
    held = contracts.contracts
    held.sign(
        "future", seller=producer, buyer=utility, start=0, end=96, price=60.0, volume_wh=10, collateral=10**9
    )  # fmt: skip
    held.buyer_pledge[:] = 1_000_000
    world.ledger.post("collateral", utility, world.ledger.account("escrow"), 1_000_000)
    # Discharged energy that nobody takes earns less than nothing: dues without cash.
    step = sky([0, 0], [0, 0], producers=1, outside=-400.0)
    b = people.utilities.batteries
    stored = replace(b, capacity_wh=np.array([900]), discharge_wh=np.array([900]), stored_wh=np.array([900]))
    world.people = replace(people, utilities=replace(people.utilities, batteries=stored))
    world._observer.people = world.people
    world.state.utilities.stored_wh[:] = 900
    world.policies["utility"] = Says(charge_wh=-800, purchase_share=0.0)
    world.run(step)
    assert not world.state.utilities.active[0]
    assert world.ledger.total("written-off") > 0
    assert world.ledger.total("recovered") == world.ledger.total("written-off")
    assert world.totals.written_off.sum() == 0
    assert world.ledger.cash[utility] > 0


def test_energy_that_was_never_paid_for_was_used_all_the_same():
    """A bankrupt utility owes for balancing energy: what nobody paid is no gain of everybody's."""
    people = population(consumers=3, prosumers=0, producers=0, utilities=1, seed=1)
    people = replace(people, utilities=replace(people.utilities, cash_micro=np.array([0])))
    rules = replace(first_rules(), instruments=FREE)
    world = World(people, rules, {"utility": Says(purchase_share=0.0, retail_per_mwh=0.0)}, 1)
    world.state.utilities.retail[:] = 0.0
    given = sky([100, 100, 100], [0, 0, 0], outside=1000.0)
    steps = world.run(given)
    assert world.totals.written_off.sum() > 0
    worth = money(people.households.value_per_mwh, 100).sum()
    upkeep = int(world.ledger.balance[world.ledger.account("costs")])
    assert steps["welfare_micro"][0] == worth - money(1005.0 * 1.1, 300) - upkeep


def test_companies_see_what_their_contracts_give_in_this_step():
    """A share of a solar park gives nothing at midnight and much at noon, whatever it gave in the mean."""
    people = population(consumers=2, prosumers=0, producers=1, utilities=1, seed=1)
    assert people.producers.sources == ("solar",)
    rules = replace(first_rules(), instruments=FREE)
    contracts = Contracting(people, rules)
    producer, utility = int(people.agents["producer"][0]), int(people.agents["utility"][0])
    contracts.contracts.sign("ppa", seller=producer, buyer=utility, start=0, end=960, price=40.0, share=0.5)
    world = World(people, rules, {"producer": Says(accept_contracts=False)}, 1, contracts=contracts)
    steps = told(world, weather(people, days=2, seed=1))
    seen = np.array([step.seen["utility"]["contracted_wh"][0] for step in steps])
    given = np.array([step.contracts.bought[0] for step in steps])
    assert given[48] > 0
    assert given[0] == 0
    assert (seen == given).all()
    # Half of yesterday's generation is covered for tomorrow, at midnight as at noon.
    covered = np.array([step.seen["utility"]["covered_share"][0] for step in steps])
    assert (covered[96:] > 0).all()


def test_the_day_follows_the_clock_on_the_wall():
    """A period that begins at 14:30 is in the afternoon, and dear hours of a tariff are in the evening."""
    people = population(consumers=2, prosumers=0, producers=0, utilities=1, seed=1)
    people = replace(people, utilities=replace(people.utilities, tariffs=("time-of-use",)))
    start = np.datetime64("2026-03-28T14:30:00") + np.arange(3 * 96) * np.timedelta64(900, "s")
    slots = slots_of(start, 900, "Europe/Berlin")
    assert slots[0] == 62  # 15:30 in Berlin
    assert len(slots[start >= np.datetime64("2026-03-29T00:00:00")]) == len(start) - 38
    rules = replace(first_rules(), instruments=FREE)
    world = World(people, rules, {}, 1)
    steps = told(world, sky([100, 100], [0, 0], steps=len(start), slots=slots))
    tariff = np.array([step.tariffs[0] for step in steps])
    assert {int(slots[k]) // 4 for k in np.flatnonzero(tariff == tariff.max())} == {17, 18, 19, 20}
    assert int(steps[0].seen["consumer"].public["slot"]) == 62
    assert world.state.utilities.known.all()


def test_a_missing_reading_or_a_change_of_clocks_moves_no_hour():
    start = np.datetime64("2026-03-28T23:00:00") + np.arange(96) * np.timedelta64(900, "s")
    slots = slots_of(start, 900, "Europe/Berlin")  # midnight; two o'clock is left out on the 29th
    assert slots[0] == 0
    assert slots[8] == 12
    assert 8 not in slots[:20]
    assert slots_of(np.delete(start, 5), 900, "Europe/Berlin")[5] == 6


def test_nobody_goes_without_while_a_station_stands_idle():
    """A utility that bought too little is helped out over the border, and then by stations that offered more."""
    people = population(consumers=3, prosumers=0, producers=7, utilities=1, seed=1)
    rules = replace(first_rules(), instruments=FREE, import_limit_wh=50, imbalance_penalty=0.1)
    world = World(people, rules, {"utility": Says(purchase_share=0.0, retail_per_mwh=200.0)}, 1)
    given = sky([100, 100, 100], [0, 0, 0], producers=7, outside=20.0)
    step = told(world, given)[0]
    assert step.sums["unserved_wh"] == 0
    assert step.sums["import_wh"] == 50
    called = step.delivered.activated
    assert called.sum() == 250
    dearest = step.cost[called > 0].max()
    assert (called[step.cost < dearest] == step.market.idle[step.cost < dearest]).all()
    # Each gets at least its cost, and who was short pays at least as much.
    assert (step.delivered.activation >= money(step.cost, called)).all()
    assert world.ledger.totals["imbalance", "utilities", "outside"] >= step.delivered.activation.sum()


def test_what_batteries_took_is_given_back_stored_or_lost():
    """Over ten days, to the Wh, utilities' batteries among them."""
    people = population(consumers=2, prosumers=4, producers=4, utilities=2, seed=3)
    b = people.utilities.batteries
    big = replace(
        b, capacity_wh=np.full(2, 9000), charge_wh=np.full(2, 700), discharge_wh=np.full(2, 700),
        charge_efficiency=np.full(2, 0.93), discharge_efficiency=np.full(2, 0.95),
    )  # fmt: skip
    people = replace(people, utilities=replace(people.utilities, batteries=big))

    class Cycles(Forgetful):
        name = "cycles"

        def decide(self, seen, rng):
            return {"charge_wh": np.full(len(seen), 700 if seen.step % 20 < 10 else -700)}

    policies = {role: policy(role, "rule") for role in ("consumer", "prosumer", "producer")}
    world = World(people, first_rules(), {**policies, "utility": Cycles()}, 1)
    steps = world.run(weather(people, days=10, seed=3))
    first = int(people.households.batteries.stored_wh.sum() + big.stored_wh.sum())
    assert steps["discharged_wh"].sum() > 100_000
    # What came in and did not go out was lost on its way to neighbours; the rest of the losses is the batteries'.
    came = ("pv_wh", "produced_wh", "discharged_wh", "import_wh", "unserved_wh", "forgone_wh")
    went = ("load_wh", "charged_wh", "export_wh", "curtailed_wh")
    on_its_way = sum(steps[name].sum() for name in came) - sum(steps[name].sum() for name in went)
    within = steps["lost_wh"].sum() - on_its_way
    assert steps["stored_wh"][-1] == first + steps["charged_wh"].sum() - steps["discharged_wh"].sum() - within


def test_what_cheap_stations_earn_at_the_price_of_dear_ones_is_no_market_power():
    """Wind at 0 and gas at its cost, which sets the price: nobody asks more than his cost, so the margin is 0."""
    people = population(consumers=30, prosumers=0, producers=7, utilities=1, seed=1)
    rules = replace(first_rules(), instruments=FREE, import_limit_wh=0, export_limit_wh=0, split=0.0)

    class Honest(Forgetful):
        name = "honest"

        def __init__(self, over):
            self.over = over

        def decide(self, seen, rng):
            return {
                "ask_per_mwh": seen["cost_per_mwh"] * self.over,
                "accept_contracts": np.zeros(len(seen), bool),
            }

    for over, margin in ((1.0, 0.0), (1.25, 0.2)):
        world = World(people, rules, {"producer": Honest(over), "utility": Says(bid_per_mwh=900.0)}, 1)
        world.state.utilities.forecast[:], world.state.utilities.known[:] = 6000.0, True
        step = told(world, sky(np.full(30, 100), np.zeros(30, int), producers=7, available=0.8))[0]
        sold = step.market.sold > 0
        assert step.cost[sold].min() < 10.0 < step.market.price / over
        assert step.figures["lerner"] == pytest.approx(margin, abs=1e-9)


@pytest.mark.parametrize("name", ["pay-as-bid", "vcg", "order-book", "bilateral"])
def test_a_wholesale_market_without_one_price_tells_the_mean(name):
    """Otherwise nobody would learn what energy costs, and contracts would be settled at another market's price."""
    people = population(consumers=20, prosumers=4, producers=7, utilities=2, seed=1)
    policies = {role: policy(role, "rule") for role in ("consumer", "prosumer", "producer", "utility")}
    world = World(people, replace(first_rules(), wholesale=found(name)), policies, 1)
    steps = told(world, weather(people, days=1, seed=1))
    for step in steps:
        sold = int(step.market.sold.sum()) + step.market.imported
        assert (sold > 0) == (not np.isnan(step.market.price))
        if sold:
            orders = step.market.orders
            assert orders.price[orders.side < 0].min() - 1 <= step.market.price <= orders.price.max() + 1
            assert step.spot == step.market.price
    assert np.isfinite(world.state.public.expected)
