"""The cascade: suppliers fill a pool, agents share the pool, members share their agent's stock."""

from __future__ import annotations

from evenwatt.studies.cascade.community import Community, read_community
from evenwatt.studies.cascade.problem import DayProblem, contested, day_problem, divide

__all__ = ["Community", "DayProblem", "contested", "day_problem", "divide", "read_community"]
