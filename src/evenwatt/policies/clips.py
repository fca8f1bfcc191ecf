"""What of asked actions was not feasible: who asked, for what, and what was used instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.policies.actions import Actions
from evenwatt.policies.seen import Observation

Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Clip:
    """What of one action was not feasible.

    Attributes
    ----------
    agents : (k,)
        Who asked for it, by rising number.
    asked, used : object
        What the first of them asked for and what was used instead, for the report.
    """

    agents: Whole
    asked: object
    used: object

    def __len__(self) -> int:
        return len(self.agents)


@dataclass(frozen=True)
class Clips:
    """Every change that made asked actions feasible.

    Attributes
    ----------
    fields : mapping of str to Clip
        By action; only those that were changed.
    odd : mapping of str to str
        Columns that were left out, unknown, or of another type or shape than expected, and in which way; a
        column left out takes its default, which is no clip.
    """

    fields: Mapping[str, Clip] = field(default_factory=dict)
    odd: Mapping[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Agents whose action was changed, by action."""
        return {name: len(clip) for name, clip in self.fields.items()}

    @property
    def examples(self) -> dict[str, tuple[object, object]]:
        """What the first agent asked for, and what was used, by action."""
        return {name: (clip.asked, clip.used) for name, clip in self.fields.items()}

    @property
    def total(self) -> int:
        """All changes together."""
        return sum(self.counts.values())


_MOST_TOLD = 100  # characters


class Tally:
    """Who was changed where; made whole once everything has been looked at."""

    def __init__(self, seen: Observation) -> None:
        self.seen = seen
        self.changed: dict[str, Flags] = {}
        self.odd: dict[str, str] = {}

    def add(self, name: str, rows: Flags) -> None:
        """Note that an action was changed in some rows."""
        if rows.any():
            self.changed[name] = self.changed.get(name, np.zeros(len(rows), dtype=np.bool_)) | rows

    def told(self, asked: Mapping[str, Any], used: Actions) -> Clips:
        """All of it, with an example of each action."""
        return Clips(
            {name: self._clip(name, rows, asked, used) for name, rows in self.changed.items()}, self.odd
        )

    def _clip(self, name: str, rows: Flags, asked: Mapping[str, Any], used: Actions) -> Clip:
        places = np.flatnonzero(rows)
        places = places[np.argsort(self.seen.agents[places], kind="stable")]
        return Clip(
            self.seen.agents[places],
            _row(asked[name], len(rows), places[0]),
            _row(used[name], len(rows), places[0]),
        )


def _row(given: Any, agents: int, place: int) -> object:
    """What one agent asked for, as plainly as can be said: this goes into reports."""
    try:
        found = np.asarray(given)
    except (TypeError, ValueError, OverflowError):
        return str(given)[:_MOST_TOLD]
    value = found[place] if found.ndim and len(found) == agents else found
    plain = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    return plain if isinstance(plain, (bool, int, float)) or plain is None else str(plain)[:_MOST_TOLD]
