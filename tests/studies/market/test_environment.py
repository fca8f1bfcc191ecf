"""Learners in the market: the same world as without them, rewards that are what they gained, one seed one episode."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from evenwatt.core.errors import EvenwattError, ProblemError
from evenwatt.policies.seen import PUBLIC, SEEN
from evenwatt.studies.market.environment import Game, MarketEnvironment, SingleAgent, drawn
from evenwatt.studies.market.world import World
from evenwatt.studies.market.wrapped import gymnasium_environment, pettingzoo_environment

SIZES = {"consumers": 4, "prosumers": 3, "producers": 3, "utilities": 2}
MAKE = drawn(**SIZES)
EVERYBODY = list(range(13))
STEPS = 40


def market(learners=(4, 7, 10), **options):
    return MarketEnvironment(MAKE, learners, **options)


def played(environment, seed, decide, steps=STEPS):
    """Everything that an episode says."""
    told = [environment.reset(seed=seed)]
    for _ in range(steps):
        told.append(environment.step(decide(environment)))
        if not environment.agents:
            break
    return told


def silent(_):
    return {}


def boldly(environment):
    """The same draws in each episode of a step's number."""
    rng = np.random.default_rng(environment.world.state.step)
    return {
        name: rng.uniform(*np.clip([space.low, space.high], -1e4, 1e4))
        for name, space in ((name, environment.action_space(name)) for name in environment.agents)
    }


def test_learners_who_say_nothing_leave_the_market_as_it_is():
    """Bit by bit over two days: what the environment splits is the world's own step."""
    environment = MarketEnvironment(drawn(**SIZES, days=2), EVERYBODY)
    played(environment, 3, silent, steps=192)
    game = drawn(**SIZES, days=2)(3)
    world = World(game.people, game.rules, game.policies, 3)
    world.run(game.weather)
    held, other = world.memory(), environment.world.memory()
    assert held.keys() == other.keys()
    for name in held:
        np.testing.assert_array_equal(held[name], other[name], err_msg=name)


def test_the_same_seed_and_actions_give_the_same_episode_and_another_seed_another():
    one, again, other = (played(market(), seed, boldly) for seed in (1, 1, 2))
    assert repr(one) == repr(again)
    assert repr(one) != repr(other)


def test_rewards_are_what_learners_gained():
    environment = market((7, 10))
    environment.reset(seed=1)
    opening = environment.world.ledger.cash[[7, 10]].copy()
    earned = np.zeros(2)
    for _ in range(STEPS):
        _, rewards, *_ = environment.step({})
        earned += [rewards[name] for name in environment.possible_agents]
    moved = environment.world.ledger.cash[[7, 10]] - opening
    np.testing.assert_allclose(earned, moved / 1e6, atol=1e-9)
    assert (moved != 0).all()


def test_the_regulator_gains_what_all_gain_together():
    environment = market(EVERYBODY)
    environment.reset(seed=1)
    _, rewards, *_ = environment.step({})
    others = sum(value for name, value in rewards.items() if name != "regulator")
    assert rewards["regulator"] == pytest.approx(others)
    assert others != 0


def test_what_a_learner_decides_is_what_happens():
    environment = market((4,), actions={"prosumer": ("ask_per_mwh", "source")})
    environment.reset(seed=1)
    for _ in range(48):
        environment.step({"prosumer-5": np.array([77.0, 1.0])})
    orders = environment.world.state.households
    assert orders.last_ask[0] == 77.0
    assert np.isfinite(orders.last_ask[1:]).any()
    assert 77.0 not in orders.last_ask[1:]


def test_what_is_not_feasible_is_clipped_and_counted():
    environment = market((4,), actions={"prosumer": ("ask_per_mwh", "charge_wh")})
    environment.reset(seed=1)
    environment.step({"prosumer-5": np.array([np.inf, 1e9])})
    assert environment.world.clips["prosumer", "ask_per_mwh"] == 1
    assert environment.world.clips["prosumer", "charge_wh"] == 1


def test_not_a_number_leaves_an_action_to_the_policy():
    said, unsaid = (market((4,), actions={"prosumer": ("ask_per_mwh", "charge_wh")}) for _ in range(2))
    nothing = {"prosumer-5": np.full(2, np.nan)}
    assert repr(played(said, 1, lambda _: nothing)) == repr(played(unsaid, 1, silent))


@pytest.mark.parametrize("seed", range(3))
def test_whatever_learners_do_neither_energy_nor_money_is_made(seed):
    environment = market(EVERYBODY)
    played(environment, seed, boldly, steps=96)
    environment.world.ledger.check()
    assert (environment.world.ledger.cash >= 0).all()
    assert sum(environment.world.clips.values()) > 0


def test_observations_name_every_fact_and_hold_no_gap():
    environment = market(EVERYBODY, missing=-1.0)
    seen, _ = environment.reset(seed=1)
    for name, (role, _) in zip(environment.possible_agents, environment._places, strict=True):
        space = environment.observation_space(name)
        own = [fact.name for fact in SEEN[role]]
        assert list(space.names[: len(own)]) == own
        single = [fact.name for fact in PUBLIC if f"public_{fact.name}" in space.names]
        assert len(single) == len(PUBLIC) - 4
        assert seen[name].shape == space.shape
        assert space.contains(seen[name])
    consumer = dict(zip(environment.observation_space("consumer-1").names, seen["consumer-1"], strict=True))
    assert consumer["local_per_mwh"] == -1.0  # no auction yet
    assert consumer["public_steps_a_day"] == 96


def test_bounds_are_floor_and_cap_and_what_a_battery_can():
    environment = market(
        (4, 5, 6), actions={"prosumer": ("charge_wh", "ask_per_mwh", "utility", "connected")}
    )
    batteries = environment.make(1).people.households.batteries
    for name, place in zip(environment.possible_agents, (4, 5, 6), strict=True):
        space = environment.action_space(name)
        assert space.high.tolist() == [batteries.charge_wh[place], 4000.0, 1.0, 1.0]
        assert space.low.tolist() == [-batteries.discharge_wh[place], -500.0, 0.0, 0.0]
        assert space.contains(space.sample(np.random.default_rng(1)))


def test_an_episode_ends_with_the_weather_and_the_next_has_another_seed():
    environment = market(seed=5)
    first = played(environment, None, silent, steps=200)
    assert len(first) == 97
    assert set(first[-1][3].values()) == {True}
    assert environment.agents == []
    with pytest.raises(ProblemError, match=r"call reset\(\) first"):
        environment.step({})
    _, known = environment.reset()
    assert known["prosumer-5"]["seed"] == 6


def test_a_company_that_defaults_is_out():
    def poor(seed):
        game = MAKE(seed)
        companies = replace(game.people.utilities, cash_micro=np.zeros(2, dtype=np.int64))
        return Game(replace(game.people, utilities=companies), game.rules, game.weather, game.policies)

    environment = MarketEnvironment(poor, [10, 11], actions={"utility": ("retail_per_mwh",)})
    environment.reset(seed=1)
    out = {}
    for _ in range(96):
        if not environment.agents:
            break
        # Who sells for nothing cannot pay for what it buys.
        _, _, ended, *_ = environment.step({name: np.zeros(1) for name in environment.agents})
        out |= {name: True for name, is_out in ended.items() if is_out}
    assert out
    assert not set(out) & set(environment.agents)


@pytest.mark.parametrize(
    ("learners", "options", "message"),
    [
        ((99,), {}, "different agent numbers from 0 to 12"),
        ((4, 4), {}, "different agent numbers"),
        ((4,), {"actions": {"prosumer": ("price",)}}, "a prosumer cannot learn price; expected some of source"),
        ((4,), {"actions": {"prosumer": ("sellers",)}}, "a prosumer cannot learn sellers"),
    ],
)  # fmt: skip
def test_who_or_what_cannot_learn_is_named(learners, options, message):
    with pytest.raises(ProblemError, match=message):
        market(learners, **options)


def test_an_action_of_another_shape_is_named():
    environment = market((4,), actions={"prosumer": ("ask_per_mwh",)})
    environment.reset(seed=1)
    with pytest.raises(ProblemError, match=r"prosumer-5: shape \(2,\); expected one each of ask_per_mwh"):
        environment.step({"prosumer-5": np.zeros(2)})


def test_one_learner_alone_sees_and_gains_the_same():
    alone = SingleAgent(market((4,)))
    together = market((4,))
    seen, _ = alone.reset(seed=1)
    all_seen, _ = together.reset(seed=1)
    np.testing.assert_array_equal(seen, all_seen["prosumer-5"])
    seen, reward, out, cut, _ = alone.step(np.full(alone.action_space.shape, np.nan))
    all_seen, rewards, *_ = together.step({})
    np.testing.assert_array_equal(seen, all_seen["prosumer-5"])
    assert (reward, out, cut) == (rewards["prosumer-5"], False, False)
    with pytest.raises(ProblemError, match="2 learners; expected one"):
        SingleAgent(market((4, 5)))


@pytest.mark.parametrize(
    ("module", "make"),
    [
        ("gymnasium", lambda: gymnasium_environment(SingleAgent(market((4,))))),
        ("pettingzoo", lambda: pettingzoo_environment(market((4,)))),
    ],
)
def test_without_the_other_package_it_is_named(module, make):
    if importlib.util.find_spec(module):
        pytest.skip(f"{module} is installed")
    with pytest.raises(EvenwattError, match=f"pip install {module}"):
        make()


@pytest.mark.filterwarnings("ignore::UserWarning")  # advice on units and bounds, which are the market's
def test_gymnasium_finds_nothing_wrong():
    pytest.importorskip("gymnasium", reason="the environment of one learner needs gymnasium")
    from gymnasium.utils.env_checker import check_env

    check_env(gymnasium_environment(SingleAgent(market((4,)))), skip_render_check=True)


def test_pettingzoo_finds_nothing_wrong():
    pytest.importorskip("pettingzoo", reason="the environment of many learners needs pettingzoo")
    from pettingzoo.test import parallel_api_test

    parallel_api_test(pettingzoo_environment(market()), num_cycles=20)
