"""Policies that learn from what they gained: which margin to trade at, and when to trade the battery."""

from __future__ import annotations

from evenwatt.policies.learned.bandit import Bandit
from evenwatt.policies.learned.q_learning import QLearning

__all__ = ["Bandit", "QLearning"]
