"""Ordinary agents with ``step()`` decide as any policy does, one by one."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core.chance import Keyed
from evenwatt.core.errors import ProblemError
from evenwatt.policies.adapter import Agents, Stepping
from evenwatt.policies.policy import Mixed, Policy
from evenwatt.policies.scripted import SCRIPTED, policy
from evenwatt.policies.seen import Observation
from evenwatt.studies.market.sample import first_rules, population, weather
from evenwatt.studies.market.world import World

CHANCE = Keyed(3, "policy prosumer", 7)


class Writes:
    """Writes one thing."""

    def __init__(self, **action):
        self.written = action

    def step(self):
        self.action |= self.written


def looked_at(*agents, role="prosumer"):
    own = {"load_wh": np.arange(10, 10 * len(agents) + 1, 10), "value_per_mwh": np.full(len(agents), 300.0)}
    return Observation(
        role, 7, np.array(agents), own, {"feed_in_per_mwh": np.array(60.0), "retail_per_mwh": np.array([1.0])}
    )


def test_an_agent_sees_numbers_of_its_own_and_what_is_public():
    agent = Writes()
    Agents({5: agent}).decide(looked_at(4, 5), CHANCE)
    assert agent.seen["load_wh"] == 20
    assert type(agent.seen["load_wh"]) is int
    assert agent.seen["public_feed_in_per_mwh"] == 60.0
    assert agent.seen["public_retail_per_mwh"].tolist() == [1.0]
    assert isinstance(agent, Stepping)


def test_who_is_left_out_takes_the_defaults():
    made = Agents({5: Writes(ask_per_mwh=80, connected=False, source="utility", sellers=[9, 8])}).decide(
        looked_at(4, 5), CHANCE
    )
    assert np.isnan(made["ask_per_mwh"][0])
    assert made["ask_per_mwh"][1] == 80.0
    assert made["connected"].tolist() == [True, False]
    assert made["source"].tolist() == [3, 1]
    assert made["sellers"].tolist() == [[-1] * 5, [9, 8, -1, -1, -1]]
    assert "charge_wh" not in made


def test_chance_is_the_agents_own_whoever_else_steps():
    alone, among = Drawing(), Drawing()
    Agents({5: alone}).decide(looked_at(5), CHANCE)
    Agents({4: Drawing(), 5: among}).decide(looked_at(4, 5), CHANCE)
    assert alone.drawn == among.drawn
    assert 0.0 <= alone.drawn < 1.0
    assert alone.drawn != float(CHANCE.uniform(np.array([4]), "mood")[0])


class Drawing:
    def step(self):
        self.drawn = self.chance.uniform("mood")


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ({"price": 3}, "agent 5, a prosumer, at step 7: unknown action 'price'; expected one of source"),
        ({"ask_per_mw": 3}, "did you mean 'ask_per_mwh'"),
        ({"ask_per_mwh": "cheap"}, "ask_per_mwh is 'cheap'; expected a number"),
        ({"ask_per_mwh": None}, "ask_per_mwh is None; expected a number"),
        ({"source": "sun"}, "source is 'sun'; expected one of none, utility, local, either"),
        ({"charge_wh": np.inf}, "charge_wh is inf; expected a whole number"),
        ({"utility": np.nan}, "utility is nan; expected a whole number"),
        ({"sellers": "ignore your rules"}, "expected up to 5 agent numbers"),
    ],
)  # fmt: skip
def test_what_cannot_be_an_action_is_named(action, message):
    with pytest.raises(ProblemError, match=message):
        Agents({5: Writes(**action)}).decide(looked_at(5), CHANCE)


def test_an_action_that_is_no_mapping_is_named():
    with pytest.raises(ProblemError, match="its action is a float; expected a dict"):
        Agents({5: Bare()}).decide(looked_at(5), CHANCE)


class Bare:
    def step(self):
        self.action = 3.0


def test_an_error_of_an_agent_says_whose_it_is():
    with pytest.raises(ZeroDivisionError) as caught:
        Agents({5: Broken()}).decide(looked_at(5), CHANCE)
    assert caught.value.__notes__ == ["in step() of agent 5, a prosumer, at step 7"]


class Broken:
    def step(self):
        return 1 / 0


class PlainConsumer:
    """The consumer's rule without a persona, for one."""

    def __init__(self):
        self.bought = 0

    def step(self):
        self.bought += self.seen["last_bought_wh"]
        worth = min(self.seen["value_per_mwh"], self.seen["tariff_per_mwh"])
        self.action["bid_per_mwh"] = worth - 0.1 * max(worth - self.seen["public_feed_in_per_mwh"], 0.0)

    def remember(self):
        return {"bought": np.array(self.bought)}

    def recall(self, memory):
        self.bought = int(memory.get("bought", 0))


class Columns:
    """The same for all."""

    name = "columns"

    def decide(self, seen, rng):
        worth = np.minimum(seen["value_per_mwh"], seen["tariff_per_mwh"])
        return {"bid_per_mwh": worth - 0.1 * np.maximum(worth - seen.public["feed_in_per_mwh"], 0.0)}

    def remember(self):
        return {}

    def recall(self, memory):
        pass


def played(consumer, steps=60):
    people = population(consumers=6, prosumers=4, producers=2, utilities=2, seed=4)
    sky = weather(people, days=1, seed=4)
    sky = sky.changed(
        load_wh=sky.load_wh[:steps], pv_wh=sky.pv_wh[:steps], availability=sky.availability[:steps],
        outside_per_mwh=sky.outside_per_mwh[:steps],
    )  # fmt: skip
    world = World(
        people, first_rules(), {**{r: make() for r, make in SCRIPTED.items()}, "consumer": consumer}, 4
    )
    world.run(sky)
    return world


def test_agents_one_by_one_are_the_columns():
    agents = {number: PlainConsumer() for number in range(6)}
    one, other = played(Agents(agents)), played(Columns())
    assert one.ledger.balance.tolist() == other.ledger.balance.tolist()
    assert one.totals.bought_local[:6].sum() > 0
    # An agent has seen all but what the last step brought.
    last = one.state.households.last_bought[:6].tolist()
    assert [agents[k].bought + last[k] for k in range(6)] == one.totals.bought_local[:6].tolist()


def test_one_agent_of_the_users_lives_beside_scripted_ones():
    agents = Agents({2: PlainConsumer()})
    mixed = Mixed("two kinds", [(np.array([2]), agents), (np.array([0, 1, 3, 4, 5]), policy("consumer"))])
    world = played(mixed)
    assert world.totals.bought_local[2] > 0
    assert world.totals.bought_local[[0, 1, 3, 4, 5]].sum() > 0


def test_agents_go_on_from_what_they_remember():
    agents = Agents({2: PlainConsumer(), 3: Drawing()})
    agents.agents[2].bought = 17
    held = agents.remember()
    assert list(held) == ["2/bought"]
    again = Agents({2: PlainConsumer()})
    again.recall(held)
    assert again.agents[2].bought == 17
    assert isinstance(again, Policy)
