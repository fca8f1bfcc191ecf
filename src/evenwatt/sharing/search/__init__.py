"""Searches for better keys, priorities and links under the true rule: three, named, seeded, resumable.

A search replays every candidate; it promises nothing about what is still missing, which is for the bounds.
"""

from evenwatt.sharing.search.run import METHODS, Found, run
from evenwatt.sharing.search.saved import Saved
from evenwatt.sharing.search.starts import equal, from_weights, proportional
from evenwatt.sharing.search.state import State

__all__ = ["METHODS", "Found", "Saved", "State", "equal", "from_weights", "proportional", "run"]
