"""What a policy is: all agents of one role decide at once, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import Keyed
from evenwatt.core.errors import ProblemError
from evenwatt.policies.actions import Actions, defaults
from evenwatt.policies.seen import Observation

Column = npt.NDArray[Any]


@runtime_checkable
class Policy(Protocol):
    """Decides for the agents of one role.

    A policy may leave out actions, which then take their defaults, and may return what is not feasible: it is
    clipped, and the clip is counted. ``rng`` is keyed by agent number: the order of agents changes nothing.
    """

    name: str

    def decide(self, seen: Observation, rng: Keyed) -> Actions:
        """Actions of every agent seen, as ``evenwatt.policies.ACTIONS[role]`` lists them."""
        ...

    def remember(self) -> Mapping[str, Column]:
        """What must be kept to go on after an interruption; empty for a policy without memory."""
        ...

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Go on from what :meth:`remember` gave."""
        ...


class Forgetful:
    """A policy without memory."""

    def remember(self) -> Mapping[str, Column]:
        """Nothing."""
        return {}

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Nothing to go on from."""


@dataclass
class Mixed:
    """Several policies for the agents of one role, each for its own.

    Parameters
    ----------
    name : str
        Of the mixture.
    parts : sequence of (agent numbers, Policy)
        Who decides for whom; agents that no part names take the default actions.

    Raises
    ------
    ProblemError
        If two parts name one agent.
    """

    name: str
    parts: Sequence[tuple[npt.NDArray[np.int64], Policy]]

    def __post_init__(self) -> None:
        named = np.concatenate([agents for agents, _ in self.parts]) if self.parts else np.zeros(0)
        values, counts = np.unique(named, return_counts=True)
        if (counts > 1).any():
            raise ProblemError(
                f"policy '{self.name}': agents {values[counts > 1].tolist()[:5]} are in two parts; name each once"
            )

    def decide(self, seen: Observation, rng: Keyed) -> Actions:
        """Each part decides for its own agents, and sees nothing else."""
        made = defaults(seen.role, len(seen))
        for agents, policy in self.parts:
            rows = np.flatnonzero(np.isin(seen.agents, agents))
            if len(rows):
                for name, values in policy.decide(seen.rows(rows), rng).items():
                    made[name][rows] = values
        return made

    def remember(self) -> Mapping[str, Column]:
        """Of every part, its number before each name."""
        return {
            f"{number}/{name}": values
            for number, (_, policy) in enumerate(self.parts)
            for name, values in policy.remember().items()
        }

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Hand each part its own."""
        for number, (_, policy) in enumerate(self.parts):
            mine = f"{number}/"
            policy.recall({name[len(mine) :]: held for name, held in memory.items() if name.startswith(mine)})
