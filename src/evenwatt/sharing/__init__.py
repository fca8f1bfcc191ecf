"""Community sharing: who gets whose surplus, by which keys and priorities, and how much better it could be."""

from evenwatt.sharing.flows import Flows
from evenwatt.sharing.history import Step
from evenwatt.sharing.problem import GRID, Agreement, agreement
from evenwatt.sharing.replay import Replay
from evenwatt.sharing.rounds import Allocation, KeyWarning, allocate, allocate_exact

__all__ = [
    "GRID",
    "Agreement",
    "Allocation",
    "Flows",
    "KeyWarning",
    "Replay",
    "Step",
    "agreement",
    "allocate",
    "allocate_exact",
]
