"""The market as an environment for learners: observations, rewards and actions of the agents that learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.core.units import MICRO_PER_UNIT
from evenwatt.policies.feasible import feasible
from evenwatt.policies.seen import ROLES
from evenwatt.studies.market.game import Episode, Game, drawn
from evenwatt.studies.market.setting import Population
from evenwatt.studies.market.spaces import (
    Array,
    Space,
    action_space,
    decided,
    learnable,
    observation_space,
    observed,
)
from evenwatt.studies.market.step import Step
from evenwatt.studies.market.world import World

Vectors = dict[str, Array]
Info = dict[str, Any]


class MarketEnvironment:
    """Agents that learn together in a market, in the manner of PettingZoo's parallel environments.

    In each step all agents see; the policies decide for everybody; what learners decide takes the place of that,
    brought within what is feasible. The same seed and actions give the same bytes.

    Parameters
    ----------
    make : callable
        ``(seed) -> Game``; see :func:`drawn`.
    learners : sequence of int
        Agent numbers, as in ``Population.agents``.
    actions : mapping of role to names, optional
        What learners of a role decide; the rest is decided by the policy. By default all but lists of others.
    seed : int
        Of the first episode; each one that is reset without a seed has the next.
    missing : float
        What stands in observations for what is not a number, such as a price before the first.

    Attributes
    ----------
    possible_agents, agents : list of str
        Names of the learners, and of those that still play.

    Raises
    ------
    ProblemError
        If a learner is no agent, is named twice, or an action cannot be learned.

    Examples
    --------
    >>> market = MarketEnvironment(drawn(consumers=3, prosumers=2), [4], actions={"prosumer": ("ask_per_mwh",)})
    >>> seen, _ = market.reset(seed=1)
    >>> market.possible_agents, market.action_space("prosumer-5").high
    (['prosumer-5'], array([4000.]))
    >>> seen, rewards, ended, cut, _ = market.step({"prosumer-5": np.array([80.0])})
    >>> ended, cut
    ({'prosumer-5': False}, {'prosumer-5': False})
    """

    metadata: Mapping[str, Any] = {"name": "evenwatt-market", "render_modes": [], "is_parallelizable": True}

    def __init__(
        self,
        make: Callable[[int], Game],
        learners: Sequence[int],
        *,
        actions: Mapping[str, tuple[str, ...]] | None = None,
        seed: int = 1,
        missing: float = 0.0,
    ) -> None:
        self.make, self.seed, self.missing = make, seed, missing
        self._chosen = dict(actions or {})
        self._next = seed
        game = make(seed)
        self._places = _places(game.people, learners)
        self.possible_agents = [_name(game.people, role, row) for role, row in self._places]
        self.agents: list[str] = []
        self._episode: Episode | None = None
        self._observations = {
            name: observation_space(role, game.people) for name, (role, _) in self._learners()
        }
        self._actions = {
            name: action_space(role, row, self._names(role), game.people, game.rules)
            for name, (role, row) in self._learners()
        }

    def observation_space(self, agent: str) -> Space:
        """What an agent sees: names and bounds."""
        return self._observations[agent]

    def action_space(self, agent: str) -> Space:
        """What an agent decides: names and bounds."""
        return self._actions[agent]

    def reset(
        self, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Vectors, dict[str, Info]]:
        """Begin an episode: observations and what else is known, by agent."""
        self.seed = self._next if seed is None else seed
        self._next = self.seed + 1
        self.close()
        self._episode = Episode(self.make(self.seed), self.seed)
        self.agents = list(self.possible_agents)
        return self._seen(self._waiting), self._known()

    def step(
        self, actions: Mapping[str, npt.ArrayLike]
    ) -> tuple[Vectors, dict[str, float], dict[str, bool], dict[str, bool], dict[str, Info]]:
        """Play a step: observations, rewards [currency], who is out, whether the weather ended, and what else is known.

        A household's reward is what it used is worth less what it paid; a company's, money; the regulator's, what
        all of them gained together. A learner that says nothing is decided for by its policy.

        Raises
        ------
        ProblemError
            If no episode runs, or an action is no vector of its space's shape.
        """
        before = self._waiting
        self._tell(before, actions)
        self._playing.go_on()
        ended, playing = self._playing.waiting is None, self.agents
        out = {name: self._is_out(name) for name in playing}
        rewards = {name: self._reward(name) for name in playing}
        # After the last step there is nothing new to see.
        seen, known = self._seen(self._playing.waiting or before), self._known()
        self.agents = [] if ended else [name for name in playing if not out[name]]
        return seen, rewards, out, dict.fromkeys(playing, ended), known

    @property
    def world(self) -> World:
        """Of this episode."""
        return self._playing.world

    def close(self) -> None:
        """Give up the episode that is played."""
        if self._episode is not None:
            self._episode.close()
        self.agents = []

    @property
    def _playing(self) -> Episode:
        if self._episode is None:
            raise ProblemError("environment: no episode runs; call reset() first")
        return self._episode

    @property
    def _waiting(self) -> Step:
        if not self.agents or self._playing.waiting is None:
            raise ProblemError("environment: no episode runs; call reset() first")
        return self._playing.waiting

    def _learners(self) -> list[tuple[str, tuple[str, int]]]:
        return list(zip(self.possible_agents, self._places, strict=True))

    def _names(self, role: str) -> tuple[str, ...]:
        return tuple(self._chosen.get(role, learnable(role)))

    def _tell(self, step: Step, actions: Mapping[str, npt.ArrayLike]) -> None:
        told: dict[str, dict[int, Array]] = {}
        for name, (role, row) in self._learners():
            if name in actions and name in self.agents:
                vector = np.asarray(actions[name], dtype=np.float64)
                if vector.shape != self._actions[name].shape:
                    expected = ", ".join(self._actions[name].names)
                    raise ProblemError(
                        f"action of {name}: shape {vector.shape}; expected one each of {expected}"
                    )
                told.setdefault(role, {})[row] = vector
        for role, vectors in told.items():
            asked = decided(role, self._names(role), vectors, step.actions[role])
            step.actions[role], clips = feasible(step.seen[role], asked)
            for action, count in clips.counts.items():
                self.world.clips[role, action] = self.world.clips.get((role, action), 0) + count

    def _seen(self, step: Step) -> Vectors:
        return {
            name: observed(step.seen[role], row, self.missing)
            for name, (role, row) in self._learners()
            if name in self.agents
        }

    def _known(self) -> dict[str, Info]:
        return {name: {"step": self.world.state.step, "seed": self.seed} for name in self.agents}

    def _is_out(self, name: str) -> bool:
        role, row = self._places[self.possible_agents.index(name)]
        state = self.world.state
        active = {"producer": state.producers.active, "utility": state.utilities.active}
        return role in active and not bool(active[role][row])

    def _reward(self, name: str) -> float:
        role, row = self._places[self.possible_agents.index(name)]
        state, first = self.world.state, self.world.people.households.consumers
        gains = {
            "consumer": state.households.gain_micro,
            "prosumer": state.households.gain_micro[first:],
            "producer": state.producers.gain_micro,
            "utility": state.utilities.gain_micro,
        }
        micro = sum(int(gains[other].sum()) for other in ("prosumer", "producer", "utility"))
        if role != "regulator":
            return int(gains[role][row]) / MICRO_PER_UNIT
        return (micro + int(gains["consumer"][:first].sum())) / MICRO_PER_UNIT


class SingleAgent:
    """One learner of a market whose other agents do not learn, in the manner of Gymnasium.

    Parameters
    ----------
    market : MarketEnvironment
        With one learner.

    Examples
    --------
    >>> alone = SingleAgent(MarketEnvironment(drawn(consumers=3, prosumers=1), [3]))
    >>> seen, _ = alone.reset(seed=2)
    >>> seen.shape == alone.observation_space.shape
    True
    """

    metadata: Mapping[str, Any] = {"render_modes": []}

    def __init__(self, market: MarketEnvironment) -> None:
        if len(market.possible_agents) != 1:
            raise ProblemError(f"single agent: {len(market.possible_agents)} learners; expected one")
        self.market, self.agent = market, market.possible_agents[0]
        self.observation_space = market.observation_space(self.agent)
        self.action_space = market.action_space(self.agent)

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Array, Info]:
        """Begin an episode."""
        seen, known = self.market.reset(seed, options)
        return seen[self.agent], known[self.agent]

    def step(self, action: npt.ArrayLike) -> tuple[Array, float, bool, bool, Info]:
        """Play a step: observation, reward, whether the agent is out, whether the weather ended, what else is known."""
        seen, rewards, out, cut, known = self.market.step({self.agent: action})
        mine = self.agent
        return seen[mine], rewards[mine], out[mine], cut[mine], known[mine]

    def close(self) -> None:
        """Give up the episode that is played."""
        self.market.close()


def _places(people: Population, learners: Sequence[int]) -> list[tuple[str, int]]:
    """Role and row of each learner."""
    agents = people.agents
    found = [
        (role, int(number) - int(agents[role][0]))
        for number in learners
        for role in ROLES
        if len(agents[role]) and agents[role][0] <= number <= agents[role][-1]
    ]
    if len(found) < len(learners) or len(set(found)) < len(found):
        last = int(agents["regulator"][0])
        raise ProblemError(f"learners {list(learners)}: expected different agent numbers from 0 to {last}")
    return found


def _name(people: Population, role: str, row: int) -> str:
    parts: Mapping[str, Sequence[str]] = {
        "consumer": people.households.ids,
        "prosumer": people.households.ids[people.households.consumers :],
        "producer": people.producers.ids,
        "utility": people.utilities.ids,
        "regulator": ("regulator",),
    }
    return parts[role][row]


__all__ = ["Game", "MarketEnvironment", "SingleAgent", "drawn"]
