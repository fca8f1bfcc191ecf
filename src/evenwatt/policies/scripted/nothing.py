"""Deciding nothing: every action takes its default, and instruments stay what they are."""

from __future__ import annotations

from dataclasses import dataclass

from evenwatt.core.chance import Keyed
from evenwatt.policies.policy import Forgetful
from evenwatt.policies.reading import Column
from evenwatt.policies.seen import Observation


@dataclass
class Nothing(Forgetful):
    """The control: what a market comes to if a role does not act of its own."""

    name: str = "nothing"

    def decide(self, seen: Observation, rng: Keyed) -> dict[str, Column]:
        """No action."""
        return {}
