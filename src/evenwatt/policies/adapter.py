"""Ordinary agents with a ``step()`` of their own as a policy: asked one by one, in scalars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import Keyed
from evenwatt.core.errors import ProblemError
from evenwatt.policies.actions import ACTIONS, MOST_SELLERS, Action, Actions, defaults
from evenwatt.policies.seen import Observation

Column = npt.NDArray[Any]


@runtime_checkable
class Stepping(Protocol):
    """What an agent must have; anything else is its own affair.

    Attributes
    ----------
    seen : dict of str to number or array
        Written before each step: own columns by name, and public ones as ``public_<name>``.
    action : dict of str to number or sequence
        Read after each step, and empty before it: actions by name, as ``evenwatt.policies.ACTIONS`` lists them;
        choices also by their words. What is left out takes its default.
    chance : Chance
        Written before each step: numbers by chance that depend on the seed and the agent alone.
    """

    seen: dict[str, Any]
    action: dict[str, Any]
    chance: Chance

    def step(self) -> object:
        """Look at ``seen``, write ``action``."""
        ...


@dataclass(frozen=True)
class Chance:
    """One agent's chance at one step.

    Attributes
    ----------
    keyed : Keyed
        Of the role.
    number : int
        The agent's.
    """

    keyed: Keyed
    number: int

    def uniform(self, what: str = "") -> float:
        """A number in [0, 1); the same for the same ``what``."""
        return float(self.keyed.uniform(np.array([self.number]), what)[0])


@dataclass
class Agents:
    """A policy of agents that step one by one, at the pace of plain Python.

    All see the same frozen state, whatever the order in which they step. For some of a role's agents only, put it
    into :class:`~evenwatt.policies.policy.Mixed` beside another policy.

    Parameters
    ----------
    agents : mapping of int to object
        By agent number; those who are seen and not named take the default actions. Agents that also have
        ``remember()`` and ``recall(memory)`` (arrays by name) go on where they were after an interruption.
    name : str
        Of the policy.

    Raises
    ------
    ProblemError
        From :meth:`decide`: an agent wrote an action that does not exist, or something that cannot be one; names
        agent, role and step. What is only not feasible is clipped as for any policy. What ``step()`` itself raises
        is passed on with the same noted.

    Examples
    --------
    >>> class Generous:
    ...     def step(self):
    ...         self.action["ask_per_mwh"] = self.seen["public_feed_in_per_mwh"] + 1.0
    >>> policy = Agents({4: Generous()})
    >>> prices = {"feed_in_per_mwh": np.array(60.0)}
    >>> seen = Observation("prosumer", 0, np.array([3, 4]), {"load_wh": np.array([100, 200])}, prices)
    >>> policy.decide(seen, Keyed(1, "policy prosumer"))["ask_per_mwh"]
    array([nan, 61.])
    """

    agents: Mapping[int, Any]
    name: str = "agents"

    def decide(self, seen: Observation, rng: Keyed) -> Actions:
        """Let every agent step, and put what they decided into columns."""
        known = {action.name: action for action in ACTIONS[seen.role]}
        usual, made = defaults(seen.role, len(seen)), {}
        public = {f"public_{name}": _plain(values) for name, values in seen.public.items()}
        for row, number in enumerate(seen.agents.tolist()):
            if number not in self.agents:
                continue
            place = f"agent {number}, a {seen.role}, at step {seen.step}"
            for name, value in self._stepped(self.agents[number], seen, row, public, rng, place).items():
                made[name] = usual[_one_of(known, name, place)]
                try:
                    made[name][row] = _read(known[name], value)
                except (TypeError, ValueError, OverflowError):
                    raise ProblemError(
                        f"{place}: {name} is {value!r}; expected {_expected(known[name])}"
                    ) from None
        return made

    def _stepped(
        self, agent: Any, seen: Observation, row: int, public: dict[str, Any], rng: Keyed, place: str
    ) -> Mapping[str, Any]:
        agent.seen = {name: _plain(values[row]) for name, values in seen.own.items()} | public
        agent.action, agent.chance = {}, Chance(rng, int(seen.agents[row]))
        try:
            agent.step()
        except Exception as error:
            error.add_note(f"in step() of {place}")
            raise
        if not isinstance(agent.action, Mapping):
            found = type(agent.action).__name__
            raise ProblemError(f"{place}: its action is a {found}; expected a dict of actions by name")
        return agent.action

    def remember(self) -> Mapping[str, Column]:
        """Of every agent that remembers, its number before each name."""
        return {
            f"{number}/{name}": np.asarray(values)
            for number, agent in sorted(self.agents.items())
            if hasattr(agent, "remember")
            for name, values in agent.remember().items()
        }

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Hand each agent its own."""
        for number, agent in self.agents.items():
            if hasattr(agent, "recall"):
                mine = f"{number}/"
                agent.recall(
                    {name[len(mine) :]: held for name, held in memory.items() if name.startswith(mine)}
                )


def _one_of(known: Mapping[str, Action], name: str, place: str) -> str:
    if name not in known:
        near = get_close_matches(name, known, 1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise ProblemError(f"{place}: unknown action '{name}'; {hint}expected one of {', '.join(known)}")
    return name


def _plain(value: Any) -> Any:
    """A number of plain Python, where it is one number."""
    found = np.asarray(value)
    return found.item() if found.ndim == 0 else found


def _read(action: Action, value: Any) -> Any:
    """What an agent wrote: words of a choice as their number, a list as a row of it."""
    if action.kind == "choice" and isinstance(value, str):
        return action.choices.index(value)
    if action.kind == "list":
        return _row(value)
    return float(value) if action.kind == "number" else round(float(value))


def _row(value: Sequence[int]) -> Column:
    """Up to five numbers, the rest nobody."""
    named = np.full(MOST_SELLERS, -1, dtype=np.int64)
    given = np.atleast_1d(np.asarray(value, dtype=np.int64))[:MOST_SELLERS]
    named[: len(given)] = given
    return named


def _expected(action: Action) -> str:
    if action.kind == "choice":
        return f"one of {', '.join(action.choices)}"
    kinds = {"number": "a number", "whole": "a whole number", "flag": "true or false"}
    return kinds.get(action.kind, f"up to {MOST_SELLERS} agent numbers")
