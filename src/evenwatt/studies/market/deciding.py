"""Who decides for whom: the policies that a case names, dealt to the agents of each role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import Keyed
from evenwatt.studies.market.config import MarketConfig, PartConfig
from evenwatt.studies.market.listening import Listening
from evenwatt.studies.market.named import LANGUAGE, RULE
from evenwatt.studies.market.participants import Participants

if TYPE_CHECKING:
    from evenwatt.policies.policy import Policy

Whole = npt.NDArray[np.int64]
Told = tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]


class Deciders:
    """Makes the policies of a run; language models of all roles share one client and one budget.

    Parameters
    ----------
    config : MarketConfig
        The settings.
    people : Participants
        The agents.
    folder : Path
        Of the case, where a recording lies.
    share : float
        Of the language model's budget.
    """

    def __init__(self, config: MarketConfig, people: Participants, folder: Path, share: float = 1.0) -> None:
        self.config, self.people, self.folder, self.share = config, people, folder, share
        self.language: Listening | None = None  # opened where a role asks it
        self._told: Told = ([], [], [])

    def policies(self) -> dict[str, Policy]:
        """One policy for each role."""
        return {role: self._of(role, chosen) for role, chosen in self.config.policies.named().items()}

    def health(self) -> Told:
        """What asking a language model came to: rows by role, rows of clips, and notes."""
        return self._told if self.language is None else self.language.health()

    def decisions(self) -> str:
        """What a language model decided since the last time, a JSON object a line."""
        return "" if self.language is None else self.language.decisions()

    def close(self) -> None:
        """Let a language model go; what it came to stays."""
        if self.language is not None:
            self._told = self.language.health()
            self.language.close()
            self.language = None

    def _of(self, role: str, chosen: str | Sequence[PartConfig]) -> Policy:
        from evenwatt.policies.policy import Mixed

        if isinstance(chosen, str):
            return self._one(role, chosen)
        parts = [(rows, self._one(role, name)) for name, rows in self._dealt(role, chosen)]
        return Mixed("+".join(dict.fromkeys(policy.name for _, policy in parts)), parts)

    def _dealt(self, role: str, parts: Sequence[PartConfig]) -> list[tuple[str, Whole]]:
        """Agents of each part: by persona first, then shares of those left, who else by rule."""
        mine = [(number, agent) for number, agent in enumerate(self.people.agents) if agent.role == role]
        dealt, left = [], mine
        for part in parts:
            if part.personas:
                named = set(_proper(part.personas))
                dealt.append((part.policy, [number for number, agent in left if agent.persona in named]))
                left = [(number, agent) for number, agent in left if agent.persona not in named]
        order = self._shuffled(role, [number for number, _ in left])
        done = 0
        for part in parts:
            if part.share is not None:
                count = min(len(order) - done, round(part.share * len(left)))
                dealt.append((part.policy, order[done : done + count]))
                done += count
        dealt.append((RULE, order[done:]))
        return [(name, np.array(sorted(rows), dtype=np.int64)) for name, rows in dealt if rows]

    def _shuffled(self, role: str, numbers: Sequence[int]) -> list[int]:
        drawn = Keyed(self.config.seed, f"policies of {role}").uniform(np.array(numbers, dtype=np.int64))
        return [numbers[k] for k in np.argsort(drawn, kind="stable")]

    def _one(self, role: str, name: str) -> Policy:
        from evenwatt.policies.scripted import policy

        if name != LANGUAGE:
            return policy(role, name, self.config.seed)
        if self.language is None:
            self.language = Listening(self.config.language, self.folder, self.config.seed, self.share)
        return self.language.policy(role)


def _proper(personas: Sequence[str]) -> list[str]:
    from evenwatt.policies.persona import persona

    return [persona(name).name for name in personas]


def asks_model(config: MarketConfig) -> bool:
    """Whether a language model decides for anybody."""
    return any(LANGUAGE in told.split("+") for told in decided_by(config).values())


def decided_by(config: MarketConfig) -> Mapping[str, str]:
    """Each role's policy in words.

    Examples
    --------
    >>> from evenwatt.studies.market.config import PoliciesConfig
    >>> from types import SimpleNamespace
    >>> decided_by(SimpleNamespace(policies=PoliciesConfig.model_construct(consumer="zip")))["consumer"]
    'zip'
    """
    return {
        role: chosen if isinstance(chosen, str) else "+".join(part.policy for part in chosen)
        for role, chosen in config.policies.named().items()
    }
