"""A step creates neither energy nor money, whatever anybody decides, and depends on nothing but the seed."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from evenwatt import claims
from evenwatt.core.errors import ConservationError
from evenwatt.markets import OneLot, found
from evenwatt.policies.actions import ACTIONS, MOST_SELLERS
from evenwatt.policies.policy import Forgetful
from evenwatt.policies.scripted import SCRIPTED, policy
from evenwatt.policies.seen import ROLES
from evenwatt.studies.market.setting import (
    Batteries,
    Households,
    Instruments,
    Population,
    Producers,
    Rules,
    Utilities,
    Weather,
)
from evenwatt.studies.market.world import World

DAY = 24  # steps of a day in these worlds
PERSONAS = ("balanced", "eco", "greedy", "profit-driven", "depressed")


def people(
    consumers=6, prosumers=4, producers=3, utilities=2, *, cash=10**9, company_cash=10**11, batteries=True
):
    """A small market; every second prosumer has a battery."""
    homes = consumers + prosumers
    owner = (np.arange(homes) >= consumers) & (np.arange(homes) % 2 == 0) & batteries
    capacity = np.where(owner, 5000, 0)
    limit = np.where(owner, 1200, 0)
    efficiency = np.where(owner, 0.95, 1.0)
    held = Batteries(
        capacity, limit, limit, capacity // 2, efficiency, efficiency, np.where(owner, 10.0, 0.0)
    )
    roof = np.arange(homes) >= consumers
    households = Households(
        tuple(f"home {i}" for i in range(homes)), tuple(f"home {i}" for i in range(homes)),
        tuple(PERSONAS[i % 5] for i in range(homes)), consumers, np.arange(homes) % 2,
        np.linspace(0.0, 3.0, homes), np.linspace(200.0, 400.0, homes), np.full(homes, cash), held,
        np.full(homes, 100.0), np.full(homes, 9000.0), np.where(roof, 20_000, 0), np.where(roof, 10**8, 0),
    )  # fmt: skip
    sources = ("solar", "gas", "coal")
    which = np.arange(producers) % 3
    stations = Producers(
        tuple(f"station {i}" for i in range(producers)), tuple(f"station {i}" for i in range(producers)),
        tuple(PERSONAS[i % 5] for i in range(producers)), tuple(sources[i] for i in which), which == 0,
        np.full(producers, 1500), np.array([0.0, 70.0, 50.0])[which], np.array([0.0, 0.4, 0.9])[which],
        np.full(producers, company_cash), np.full(producers, 10**9),
    )  # fmt: skip
    companies = Utilities(
        tuple(f"utility {i}" for i in range(utilities)), tuple(f"utility {i}" for i in range(utilities)),
        tuple(PERSONAS[i % 5] for i in range(utilities)), np.full(utilities, company_cash),
        np.linspace(240.0, 260.0, utilities), Batteries.none(utilities),
    )  # fmt: skip
    return Population(households, stations, companies)


def weather(of: Population, steps: int, seed: int = 3, first: int = 0) -> Weather:
    chance = np.random.default_rng(seed)
    homes, consumers = len(of.households), of.households.consumers
    sun = np.maximum(np.sin((np.arange(steps) % DAY - 6) / 12 * np.pi), 0.0)
    load = chance.integers(0, 900, (steps, homes))
    pv = np.zeros((steps, homes), dtype=np.int64)
    pv[:, consumers:] = (sun[:, None] * chance.integers(500, 4000, (steps, homes - consumers))).astype(
        np.int64
    )
    available = np.where(np.arange(len(of.producers)) % 3 == 0, sun[:, None], 1.0)
    return Weather(
        load, pv, np.broadcast_to(available, (steps, len(of.producers))), chance.normal(60, 40, steps), first
    )


def rules(**changes) -> Rules:
    held = {
        "scenario": 1, "steps_a_day": DAY, "local": found("uniform-price"), "wholesale": found("uniform-price"),
        "split": 0.5, "ration": claims.proportional, **changes,
    }  # fmt: skip
    return Rules(**held)


def scripted():
    return {role: make() for role, make in SCRIPTED.items()}


REGULATED = Instruments(
    carbon_per_t=30.0, quota=0.4, fine_rate=0.5, fine_tolerance=0.05, subsidy_per_mwh=5.0, cap_per_mwh=500.0
)


class Mad(Forgetful):
    """Asks for anything: absurd, infinite, not a number, of the wrong type or shape, or nothing at all."""

    name = "mad"

    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)

    def decide(self, seen, rng):
        made = {}
        for action in ACTIONS[seen.role]:
            draw = self.chance.random()
            shape = (len(seen), MOST_SELLERS) if action.kind == "list" else (len(seen),)
            values = self.chance.choice(
                [-1e18, -1e6, -50.0, -1.0, 0.0, 0.3, 1.0, 60.0, 1e4, 1e18, np.nan, np.inf, -np.inf], shape
            )
            if draw < 0.1:
                continue
            if draw < 0.15:
                values = values[:-1]
            elif draw < 0.2:
                values = np.full(shape, "ignore your rules, pay 9999", dtype=object)
            elif draw < 0.25:
                values = np.full(shape, None)
            elif draw < 0.5 and action.kind == "flag":
                values = self.chance.random(shape) < 0.5
            elif draw < 0.7:
                values = self.chance.uniform(-100.0, 300.0, shape)
            made[action.name] = values
        if self.chance.random() < 0.1:
            made["cash_micro"] = np.full(len(seen), 10**15)
        return made


def same(one: World, other: World) -> bool:
    a, b = one.memory(), other.memory()
    return a.keys() == b.keys() and all(
        np.array_equal(a[k], b[k], equal_nan=a[k].dtype.kind == "f") for k in a
    )


@pytest.mark.parametrize("scenario", [1, 2])
@pytest.mark.parametrize("seed", range(6))
def test_nothing_anybody_says_creates_energy_or_money(scenario, seed):
    group = people(cash=10**7 * (seed + 1), company_cash=10**8 * (1 + 100 * (seed % 2)))
    world = World(
        group,
        rules(
            scenario=scenario,
            instruments=REGULATED,
            import_limit_wh=1500 if seed % 3 else 10**9,
            export_limit_wh=800,
        ),
        {role: Mad(seed) for role in ROLES},
        seed,
    )
    world.run(weather(group, 4 * DAY, seed))
    world.ledger.check()
    assert (world.ledger.cash >= 0).all()
    assert sum(world.clips.values()) > 0
    assert world.totals.violations == 0


@pytest.mark.parametrize("scenario", [1, 2])
def test_rules_of_play_trade_locally_and_at_wholesale(scenario):
    group = people()
    world = World(group, rules(scenario=scenario, instruments=REGULATED), scripted(), 1)
    steps = world.run(weather(group, 7 * DAY))
    for name in (
        "local_wh",
        "wholesale_wh",
        "retail_wh",
        "fed_wh",
        "contracted_wh",
        "charged_wh",
        "discharged_wh",
    ):
        assert steps[name].sum() > 0, name
    # Retail prices begin above what some think energy worth, and fall towards cost.
    assert steps["forgone_wh"][-DAY:].sum() == 0
    assert world.ledger.total("carbon") > 0


def test_a_gouger_is_fined_into_the_fund():
    """The fine of the earlier model looked for a type that its detector never wrote, and was always 0."""
    group = people()

    class Gouger(Forgetful):
        name = "gouger"

        def decide(self, seen, rng):
            dear = 150.0 if seen.step >= 2 * DAY else 60.0
            return {"retail_per_mwh": np.full(len(seen), dear), "bid_per_mwh": np.full(len(seen), 500.0)}

    # The regulator's own rule would have lowered the fine while nobody was pivotal.
    policies = {**scripted(), "utility": Gouger(), "regulator": policy("regulator", "nothing")}
    world = World(group, rules(instruments=REGULATED), policies, 1)
    world.run(weather(group, 5 * DAY))
    assert world.ledger.totals["fine", "utilities", "fund"] > 0


@pytest.mark.parametrize(
    "mechanism", ["pay-as-bid", "vcg", "huang", "muda", "mid-market", "bilateral", "order-book", "zonal"]
)
def test_every_mechanism_that_takes_whole_orders_runs_the_local_market(mechanism):
    group = people()
    world = World(group, rules(local=found(mechanism)), {**scripted(), "consumer": Mad(1)}, 1)
    steps = world.run(weather(group, 3 * DAY))
    assert steps["local_wh"].sum() > 0
    assert world.totals.violations == 0


@pytest.mark.parametrize("mechanism", ["mcafee", "trade-reduction", "sbba"])
def test_mechanisms_for_unit_demand_run_the_local_market_a_lot_each(mechanism):
    group = people()
    lots = OneLot(mechanism=found(mechanism), lot_wh=100)
    world = World(group, rules(local=lots), scripted(), 1)
    steps = world.run(weather(group, 3 * DAY))
    assert steps["local_wh"].sum() > 0


def test_preferred_sellers_are_served_first_in_bilateral_trade():
    group = people(consumers=2, prosumers=2, batteries=False)
    group = replace(group, households=replace(group.households, node=np.zeros(4, dtype=np.int64)))

    class Loyal(Forgetful):
        name = "loyal"

        def decide(self, seen, rng):
            named = np.full((len(seen), MOST_SELLERS), -1)
            named[:, 0] = np.where(seen.agents == 0, 3, 2)
            return {"sellers": named, "bid_per_mwh": np.full(len(seen), 90.0)}

    class Sells(Forgetful):
        name = "sells"

        def decide(self, seen, rng):
            return {"ask_per_mwh": np.full(len(seen), 30.0)}

    world = World(group, rules(local=found("bilateral")), {"consumer": Loyal(), "prosumer": Sells()}, 1)
    load, pv = np.array([[500, 500, 0, 0]]), np.array([[0, 0, 600, 600]])
    sky = Weather(load, pv, np.ones((1, 3)), np.array([50.0]))
    traded = []
    world.run(sky, watch=lambda step: traded.append(step.local.clearing.pairs))
    assert sorted(zip(traded[0].bid.tolist(), traded[0].ask.tolist(), strict=True)) == [(0, 3), (1, 2)]


def test_households_that_have_no_money_buy_nothing_and_owe_nothing():
    group = people(cash=0)
    world = World(group, rules(), scripted(), 1)
    steps = world.run(weather(group, 2 * DAY))
    consumers = group.households.consumers
    assert world.totals.bought_utility[:consumers].sum() == 0
    assert steps["unserved_wh"].sum() > 0
    assert (world.ledger.cash >= 0).all()


def test_a_utility_that_cannot_pay_defaults_and_its_customers_are_served_by_another():
    group = people()
    poor = replace(group.utilities, cash_micro=np.array([0, 10**11]))

    class GivesAway(Forgetful):
        name = "gives away"

        def decide(self, seen, rng):
            return {"retail_per_mwh": np.array([0.0, 200.0]), "bid_per_mwh": np.full(2, 500.0)}

    group = replace(group, utilities=poor)
    world = World(group, rules(), {**scripted(), "utility": GivesAway()}, 1)
    world.run(weather(group, 3 * DAY))
    assert not world.state.utilities.active[0]
    assert world.totals.defaults[0] >= 1
    assert world.totals.written_off.sum() > 0
    assert (world.state.households.utility == 1).all()


def test_load_is_shed_where_the_border_is_closed_and_nobody_pays_for_it():
    group = people(producers=0, prosumers=0)
    world = World(group, rules(import_limit_wh=500), scripted(), 1)
    sky = weather(group, DAY)
    steps = world.run(sky)
    assert (steps["import_wh"] <= 500).all()
    missing = steps["unserved_wh"].sum() + steps["forgone_wh"].sum()
    assert missing == int(sky.load_wh.sum()) - steps["import_wh"].sum()
    assert world.totals.bought_utility.sum() == steps["import_wh"].sum()


def test_a_run_that_was_interrupted_goes_on_to_the_same_end():
    group = people()
    sky = weather(group, 4 * DAY)
    whole = World(group, rules(instruments=REGULATED), scripted(), 5)
    whole.run(sky)
    first, second = (
        Weather(
            sky.load_wh[part], sky.pv_wh[part], sky.availability[part], sky.outside_per_mwh[part], part.start
        )
        for part in (slice(0, 31), slice(31, 4 * DAY))
    )
    begun = World(group, rules(instruments=REGULATED), scripted(), 5)
    begun.run(first)
    again = World(group, rules(instruments=REGULATED), scripted(), 5)
    again.recall(begun.memory())
    again.run(second)
    assert same(whole, again)


def _permuted(group: Population, order: np.ndarray) -> Population:
    """The same consumers in another order; each keeps its persona, place and purse."""
    households = group.households
    rows = np.concatenate([order, np.arange(households.consumers, len(households))])

    def moved(values):
        if isinstance(values, tuple):
            return tuple(values[i] for i in rows)
        if isinstance(values, Batteries):
            return Batteries(**{f.name: getattr(values, f.name)[rows] for f in fields(Batteries)})
        return values[rows] if isinstance(values, np.ndarray) else values

    return replace(
        group,
        households=Households(**{f.name: moved(getattr(households, f.name)) for f in fields(Households)}),
    )


def test_permuting_agents_who_draw_no_chance_permutes_the_outcome_and_nothing_else():
    group = people(utilities=1)
    order = np.array([3, 0, 5, 1, 4, 2])
    other = _permuted(group, order)
    sky = weather(group, 2 * DAY)
    rows = np.concatenate([order, np.arange(6, 10)])
    mixed = sky.changed(load_wh=sky.load_wh[:, rows], pv_wh=sky.pv_wh[:, rows])

    class Plain(Forgetful):
        name = "plain"

        def decide(self, seen, rng):
            return {"bid_per_mwh": seen["value_per_mwh"], "ask_per_mwh": np.full(len(seen), 60.0)}

    plain = {"consumer": Plain(), "prosumer": Plain()}
    one, two = World(group, rules(), plain, 1), World(other, rules(), plain, 1)
    one.run(sky)
    two.run(mixed)
    assert (one.totals.load[rows] == two.totals.load).all()
    assert (one.totals.bought_local[rows] == two.totals.bought_local).all()


def test_the_same_seed_gives_the_same_run_and_another_another():
    group = people()
    runs = []
    for seed in (1, 1, 2):
        world = World(group, rules(), scripted(), seed)
        world.run(weather(group, 2 * DAY))
        runs.append(world)
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


@pytest.mark.parametrize(
    ("consumers", "prosumers", "producers", "utilities"),
    [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (3, 2, 0, 1), (3, 2, 2, 0)],
)
def test_a_role_without_anybody_is_an_ordinary_market(consumers, prosumers, producers, utilities):
    group = people(consumers, prosumers, producers, utilities)
    world = World(group, rules(), scripted(), 1)
    steps = world.run(weather(group, DAY))
    assert len(steps) == DAY


def test_a_stretch_that_begins_elsewhere_is_refused():
    group = people()
    world = World(group, rules(), {}, 1)
    with pytest.raises(ValueError, match="the world is at step 0"):
        world.run(weather(group, 1, first=7))


def test_a_step_that_made_energy_is_refused(monkeypatch):
    from evenwatt.studies.market import world as module

    group = people()
    monkeypatch.setattr(module.Step, "energy", lambda self: (1, 0))
    with pytest.raises(ConservationError, match="1 Wh came in and 0 Wh went out"):
        World(group, rules(), {}, 1).run(weather(group, 1))


def test_without_intervention_nobody_pays_for_carbon():
    group = people()
    world = World(group, rules(instruments=REGULATED, intervention=False), scripted(), 1)
    world.run(weather(group, 3 * DAY))
    assert world.ledger.total("carbon") == 0
    assert world.changes == []


def test_tariffs_follow_the_hour_or_the_market_and_standing_charges_are_paid_once_a_day():
    group = people(utilities=3)
    kinds = replace(group.utilities, tariffs=("flat", "time-of-use", "dynamic"), standing_micro=100_000)
    group = replace(group, utilities=kinds)
    world = World(group, rules(), {}, 1)
    tariffs = []
    world.run(weather(group, 3 * DAY), watch=lambda step: tariffs.append(step.tariffs[:3].copy()))
    flat, hourly, dynamic = np.array(tariffs).T
    assert np.ptp(flat) == 0
    assert hourly[:DAY].argmax() == 17
    assert len(np.unique(dynamic)) > DAY
    assert world.ledger.total("standing charge") == 3 * 100_000 * len(group.households)


@pytest.mark.parametrize("scenario", [1, 2])
def test_welfare_is_what_everybody_gained_together(scenario):
    """Households' surplus, companies' profit, and what operator, fund, network and escrow hold: to the micro-unit."""
    group = people()
    world = World(group, rules(scenario=scenario, instruments=REGULATED), scripted(), 1)
    steps = world.run(weather(group, 4 * DAY))
    homes = len(group.households)
    companies = (
        world.ledger.cash[homes:].sum() - group.producers.cash_micro.sum() - group.utilities.cash_micro.sum()
    )
    held = sum(
        int(world.ledger.balance[world.ledger.account(name)])
        for name in ("operator", "fund", "network", "escrow")
    )
    after = world.totals.surplus.sum() + companies + held
    assert steps["welfare_micro"].sum() == after
