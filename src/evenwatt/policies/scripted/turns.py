"""Whose turn it is: what is decided once a day is decided by a few agents in each step."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.policies.reading import figure
from evenwatt.policies.seen import Observation

Whole = npt.NDArray[np.int64]
DAY = 96  # quarter-hours, where the observation does not say


def steps_a_day(seen: Observation) -> int:
    """Steps of a day, at least 1."""
    return max(1, int(figure(seen, "steps_a_day", DAY)))


def whose_turn(seen: Observation) -> Whole:
    """(k,) rows of the agents whose daily review falls on this step, by their numbers and nothing else.

    Examples
    --------
    >>> seen = Observation("consumer", 2, np.array([5, 2, 6]), {}, {"steps_a_day": np.array(4)})
    >>> whose_turn(seen)
    array([1, 2])
    """
    day = steps_a_day(seen)
    # A whole number less its rounded-down part is several times faster than its remainder.
    due = seen.agents + seen.step
    return np.flatnonzero(due == due // day * day)
