"""Agents that do not decide in every step: until they do, their last decision stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evenwatt.core.chance import Keyed
from evenwatt.policies.actions import ACTIONS, TYPES
from evenwatt.policies.kept import Kept
from evenwatt.policies.reading import Column
from evenwatt.policies.seen import Observation

# A battery follows its owner's rule by itself, and nobody buys the same thing again by doing nothing.
NEVER_STANDS = ("charge_wh", "upgrade")


class Standing:
    """Last decisions of the agents whose activity is below 1.

    Parameters
    ----------
    role : str
        One of ``ROLES``.
    names : tuple of str
        Actions that stand.
    """

    def __init__(self, role: str, names: tuple[str, ...]) -> None:
        kinds = {action.name: TYPES[action.kind] for action in ACTIONS[role] if action.kind != "list"}
        self.names = tuple(name for name in names if name in kinds and name not in NEVER_STANDS)
        self._last = Kept({"known": np.bool_(False), **{name: kinds[name](0) for name in self.names}})

    def decided(self, seen: Observation, rng: Keyed, fresh: dict[str, Column]) -> dict[str, Column]:
        """The fresh decisions, or the last ones of those who do not decide now."""
        activity = seen["activity"]
        if len(activity) == 0 or activity.min() >= 1.0:
            return fresh
        rows = np.flatnonzero(activity < 1.0)
        agents = seen.agents[rows]
        at = self._last.rows(agents)
        rests = self._last["known"][at] & (rng.uniform(agents, "activity") >= activity[rows])
        for name in self.names:
            # Not ``where``: a column may be shared with the observation, and only a few rows change.
            made = fresh[name].copy()
            part = np.where(rests, self._last[name][at], made[rows])
            made[rows] = part
            self._last[name][at] = part
            fresh[name] = made
        self._last["known"][at] = True
        return fresh

    def remember(self) -> dict[str, Column]:
        """Of :class:`Kept`."""
        return self._last.remember()

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Of :class:`Kept`."""
        self._last.recall(memory)


def part(memory: Mapping[str, Column], name: str) -> dict[str, Column]:
    """What of a memory belongs to one part of a policy, by the name before the stroke."""
    mine = f"{name}/"
    return {key[len(mine) :]: held for key, held in memory.items() if key.startswith(mine)}


def whole(parts: Mapping[str, Mapping[str, Column]]) -> dict[str, Column]:
    """One memory of several parts, each under its name and a stroke."""
    return {f"{name}/{key}": held for name, memory in parts.items() for key, held in memory.items()}
