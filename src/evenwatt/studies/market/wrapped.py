"""The market's environments as those of Gymnasium and PettingZoo, for their learners; each where it is installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evenwatt.core.errors import EvenwattError
from evenwatt.studies.market.environment import MarketEnvironment, SingleAgent
from evenwatt.studies.market.spaces import Space


def gymnasium_environment(alone: SingleAgent) -> Any:
    """A ``gymnasium.Env`` of one learner.

    Raises
    ------
    EvenwattError
        If Gymnasium is not installed.
    """
    gymnasium = _module("gymnasium")

    class Environment(gymnasium.Env):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            self.metadata = dict(alone.metadata)
            self.observation_space = _box(alone.observation_space)
            self.action_space = _box(alone.action_space)

        def reset(self, *, seed: int | None = None, options: Mapping[str, Any] | None = None) -> Any:
            super().reset(seed=seed)
            return alone.reset(seed=seed, options=options)

        def step(self, action: Any) -> Any:
            return alone.step(action)

    return Environment()


def pettingzoo_environment(market: MarketEnvironment) -> Any:
    """A ``pettingzoo.ParallelEnv`` of all learners.

    Raises
    ------
    EvenwattError
        If PettingZoo is not installed.
    """
    _module("pettingzoo")
    from pettingzoo.utils.env import ParallelEnv  # type: ignore[import-not-found]

    seen = {name: _box(market.observation_space(name)) for name in market.possible_agents}
    done = {name: _box(market.action_space(name)) for name in market.possible_agents}

    class Environment(ParallelEnv):  # type: ignore[misc]
        def __init__(self) -> None:
            self.metadata = dict(market.metadata)
            self.possible_agents = list(market.possible_agents)

        @property
        def agents(self) -> list[str]:
            return market.agents

        def observation_space(self, agent: str) -> Any:
            return seen[agent]

        def action_space(self, agent: str) -> Any:
            return done[agent]

        def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> Any:
            return market.reset(seed, options)

        def step(self, actions: Mapping[str, Any]) -> Any:
            return market.step(actions)

    return Environment()


def _box(space: Space) -> Any:
    return _module("gymnasium").spaces.Box(space.low, space.high, dtype=np.float64)


def _module(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        raise EvenwattError(f"this environment needs {name}: pip install {name}") from None
