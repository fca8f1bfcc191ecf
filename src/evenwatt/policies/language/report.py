"""What a run reports of its language models, whichever roles asked them, alone or among other policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenwatt.policies.language.health import Health
from evenwatt.policies.language.policy import LanguagePolicy
from evenwatt.policies.policy import Mixed, Policy

Rows = list[dict[str, Any]]


def asking(policy: Policy) -> list[LanguagePolicy]:
    """The language policies in a policy: itself, or parts of a mixture."""
    if isinstance(policy, Mixed):
        return [one for _, part in policy.parts for one in asking(part)]
    return [policy] if isinstance(policy, LanguagePolicy) else []


def drained(policies: Mapping[str, Policy]) -> Rows:
    """Decisions of all roles since the last time, for the log, in the order of steps and roles."""
    return sorted(
        (row for policy in policies.values() for one in asking(policy) for row in one.drain()),
        key=lambda row: row["step"],
    )


def tables(policies: Mapping[str, Policy]) -> dict[str, Rows]:
    """The tables ``language`` and ``language_clips`` of the report; empty where nobody asks a model.

    Parameters
    ----------
    policies : mapping of role to Policy
        Of the run.
    """
    found: dict[str, Rows] = {"language": [], "language_clips": []}
    for role, policy in policies.items():
        health = Health()
        for one in asking(policy):
            health.add(one.health)
        found["language"] += health.rows(role)
        found["language_clips"] += health.clip_rows(role)
    return found
