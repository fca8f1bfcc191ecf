"""What a column of a history is: values, whose they are, and when each became known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError, EvenwattError

Array = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]
Axis = Literal["interval", "supplier", "agent", "link", "player"]

AXES: tuple[Axis, ...] = ("interval", "supplier", "agent", "link", "player")


class LeakError(EvenwattError):
    """A decision would use what was not known when it was taken."""


class ColumnKind(NamedTuple):
    """What a named column holds.

    Attributes
    ----------
    axis : str
        Whose values: ``interval`` (T,), ``supplier`` (T, S), ``agent`` (T, N), ``link`` (T, S, N),
        ``player`` (T, P).
    unit : str
        Of the values; energy and money are the history's own units.
    when : str
        ``before`` the gate closes, ``decided`` at the gate or later, ``after`` the interval has ended.
    least : float
        Smallest value there may be.
    meaning : str
        In words.
    """

    axis: Axis
    unit: str
    when: Literal["before", "decided", "after"]
    least: float
    meaning: str


ANY = -np.inf
COLUMNS: dict[str, ColumnKind] = {
    "capacity": ColumnKind("supplier", "energy", "before", 0.0, "what a supplier can deliver, as declared"),
    "cost": ColumnKind("supplier", "money per energy", "before", ANY, "what a unit costs the supplier"),
    "offer": ColumnKind("supplier", "money per energy", "before", ANY, "what an agent pays for a unit"),
    "claim": ColumnKind("agent", "energy", "before", 0.0, "what an agent claims, as stated at the gate"),
    "willingness": ColumnKind("agent", "money per energy", "before", ANY, "what a unit is worth to an agent"),
    "limit": ColumnKind("link", "energy", "before", 0.0, "most that may flow on a link; may be infinite"),
    "charge": ColumnKind("link", "money per energy", "before", ANY, "what an agent pays to use a link"),
    "disagreement": ColumnKind("player", "money", "before", ANY, "utility if the talks fail"),
    "weight": ColumnKind("player", "-", "decided", 0.0, "bargaining weights that were applied"),
    "flow": ColumnKind("link", "energy", "decided", 0.0, "what was agreed to flow"),
    "gain": ColumnKind("player", "money", "decided", ANY, "utility beyond the disagreement"),
    "metered": ColumnKind("agent", "energy", "after", 0.0, "what an agent's consumers needed, as metered"),
    "delivered": ColumnKind("agent", "energy", "after", 0.0, "what an agent's consumers received"),
    "price": ColumnKind("interval", "money per energy", "decided", ANY, "wholesale price, as cleared"),
    "temperature": ColumnKind("interval", "degC", "after", ANY, "as measured"),
}


@dataclass(frozen=True, eq=False)
class Column:
    """Values of one name over a history, each row with the time it became known.

    Attributes
    ----------
    values : (T, ...)
        NaN where there is no value, or where it is hidden.
    axis : str
        Whose values, see :class:`ColumnKind`.
    known : (T,) datetime64[s]
        When the row's value became known, UTC; NaT where it never did.
    revisions : sequence of Column
        Later vintages, in order: NaN and NaT in rows that were not revised. Nothing is overwritten.

    Examples
    --------
    >>> read = Column([4.0, 5.0], "interval", np.array(["2026-06-02", "2026-06-03"], "M8[s]"))
    >>> read.as_of(np.array(["2026-06-02", "2026-06-02"], "M8[s]"))
    array([ 4., nan])
    """

    values: Array
    axis: Axis
    known: Times
    revisions: tuple[Column, ...] = ()

    def __init__(
        self,
        values: npt.ArrayLike,
        axis: Axis,
        known: npt.ArrayLike,
        revisions: Sequence[Column] = (),
    ) -> None:
        if axis not in AXES:
            raise DataError(f"column: axis {axis!r}; expected one of {', '.join(AXES)}")
        held = np.array(values, dtype=np.float64)
        times = np.array(np.broadcast_to(np.asarray(known, dtype="M8[s]"), held.shape[:1]))
        for name, array in (("values", held), ("known", times)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        object.__setattr__(self, "axis", axis)
        object.__setattr__(self, "revisions", tuple(revisions))

    @property
    def vintages(self) -> Iterator[Column]:
        """The first values, then each revision."""
        yield self
        yield from self.revisions

    @property
    def newest(self) -> Array:
        """Values as last revised, whenever that became known, (T, ...)."""
        found = self.values
        for revision in self.revisions:
            found = np.where(_over(~np.isnat(revision.known), found), revision.values, found)
        return found

    def as_of(self, times: Times) -> Array:
        """Each row's newest vintage that was known at its time (T,); NaN where none was, (T, ...)."""
        found = np.full_like(self.values, np.nan)
        for vintage in self.vintages:
            found = np.where(_over(vintage.known <= times, found), vintage.values, found)
        return found

    def rows(self, chosen: slice | npt.NDArray[np.generic]) -> Column:
        """Some rows, by slice, index or flag."""
        return Column(
            self.values[chosen],
            self.axis,
            self.known[chosen],
            [revision.rows(chosen) for revision in self.revisions],
        )

    def hidden_after(self, time: np.datetime64) -> Column:
        """The same column as somebody at ``time`` had it: later values are NaN, later revisions are gone."""
        unseen = _over(~(self.known <= time), self.values)
        kept = [one for one in self.revisions if (one.known <= time).any()]
        return Column(
            np.where(unseen, np.nan, self.values),
            self.axis,
            self.known,
            [_seen(one, time) for one in kept],
        )


def _seen(revision: Column, time: np.datetime64) -> Column:
    seen = revision.known <= time
    known = np.where(seen, revision.known, np.datetime64("NaT", "s"))
    return Column(np.where(_over(seen, revision.values), revision.values, np.nan), revision.axis, known)


def flat(values: Array) -> Array:
    """One row per interval, however many axes follow, (T, n)."""
    return values.reshape(len(values), int(np.prod(values.shape[1:])))


def _over(rows: npt.NDArray[np.bool_], values: Array) -> npt.NDArray[np.bool_]:
    """A flag per row, shaped to choose among ``values``."""
    return rows.reshape(rows.shape + (1,) * (values.ndim - 1))


def refuse_leak(name: str, known: Times, start: Times, gate: Times) -> None:
    """Raise at the first row whose value becomes known only after its gate.

    Parameters
    ----------
    name : str
        Of the column.
    known, start, gate : (T,)
        When the value used becomes known, the interval it is of, and when the decision is taken; NaT is a
        value that never becomes known, and is served as missing.

    Raises
    ------
    LeakError
        Naming column, interval and by how long.
    """
    late = np.flatnonzero(known > gate)
    if len(late):
        row = late[0]
        more = f" (and of {len(late) - 1} more intervals)" if len(late) > 1 else ""
        by = told_time(known[row] - gate[row])
        raise LeakError(f"column '{name}' of {start[row]} is available {by} after the decision{more}")


def told_time(span: np.timedelta64) -> str:
    """A length of time in the largest unit that says it plainly."""
    seconds = int(span / np.timedelta64(1, "s"))
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds % size == 0 or seconds > 100 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds} s"
